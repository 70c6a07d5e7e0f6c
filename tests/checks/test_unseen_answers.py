"""Answers that nobody listed: odd right ones keep their points, slips are named truly or described, never accused."""

import importlib.util

import pytest

from course_lib import checks
from course_lib.checks import judge, probe

SEEDS = (0, 7)

#: exercise, label, "right" or the key of the slip, or a part of the message; the code
ANSWERS = [
    (
        "01.1",
        "loops lists",
        "right",
        """import math
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    out = []
    for x, h in zip(x_t, h_prev):
        row = []
        for i in range(len(b_h)):
            s = b_h[i]
            for d in range(len(x)): s += W_xh[i][d] * x[d]
            for j in range(len(h)): s += W_hh[i][j] * h[j]
            row.append(math.tanh(s))
        out.append(row)
    return out
""",
    ),
    (
        "01.1",
        "class",
        "right",
        """class Cell:
    def __init__(self, f): self.f = f
    def __call__(self, x_t, h_prev, W_xh, W_hh, b_h):
        print('nn.RNN'); import warnings; warnings.warn('x')
        return self.f(np.c_[x_t, h_prev, np.ones(len(x_t))] @ np.c_[W_xh, W_hh, b_h].T)
rnn_step = Cell(np.tanh)
""",
    ),
    (
        "01.1",
        "mentions",
        "right",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    '''like torch.nn.RNNCell and course_lib.nn.cells.rnn_step'''
    # torch.nn is not used
    nn = W_xh
    note = "torch.nn.RNNCell"
    return np.tanh(np.matmul(x_t, nn.T) + np.dot(h_prev, W_hh.T) + b_h)
""",
    ),
    (
        "01.1",
        "matrix",
        "right",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.matrix(x_t) * np.matrix(W_xh).T + np.matrix(h_prev) * np.matrix(W_hh).T + b_h)
""",
    ),
    (
        "01.1",
        "vars local",
        "right",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    vars = (W_xh, W_hh)
    eval = b_h
    return np.tanh(x_t @ vars[0].T + h_prev @ vars[1].T + eval)
""",
    ),
    (
        "01.1",
        "S05 einsum",
        "S05",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.einsum('bd,hd->bh', x_t, W_xh) + np.einsum('bk,kh->bh', h_prev, W_hh) + b_h)
""",
    ),
    (
        "01.1",
        "minus bias",
        "Right when b_h = 0: look at the bias",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T - b_h)
""",
    ),
    (
        "01.1",
        "custom exception",
        "raised Odd",
        """class Odd(Exception):
    def __str__(self): raise ValueError('no str')
def rnn_step(*a):
    raise Odd()
""",
    ),
    (
        "01.1",
        "custom eq",
        "12 of 12 entries differ",
        """class Eq:
    shape = (3, 4); dtype = float
    def __eq__(self, o): return True
    def __array__(self, *a, **k): return np.zeros((3, 4))
def rnn_step(*a):
    return Eq()
""",
    ),
    (
        "01.1",
        "mutates x and right",
        "your code changes `x_t`",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    h = np.tanh(x_t @ W_xh.T + h_prev @ W_hh.T + b_h)
    x_t *= 2
    return h
""",
    ),
    (
        "01.2",
        "recursion",
        "right",
        """def unroll(step, xs, h0, *params):
    if len(xs) == 0:
        return np.zeros((0, *np.shape(h0)))
    h = step(xs[0], h0, *params)
    return np.concatenate([h[None], unroll(step, xs[1:], h, *params)])
""",
    ),
    (
        "01.2",
        "reduce and operator",
        "right",
        """from functools import reduce
from operator import add
def unroll(step, xs, h0, *params):
    return reduce(lambda hs, x: add(hs, [step(x, hs[-1], *params)]), xs, [h0])[1:]
""",
    ),
    (
        "02.5",
        "bisect",
        "right",
        """from bisect import bisect_right
from itertools import accumulate
def generate(step, s, h, u, params):
    out = []
    for r in u:
        y, h = step(s, h, params); c = list(accumulate(np.exp(y))); s = bisect_right(c, r*c[-1]); out.append(s)
    return out
""",
    ),
    (
        "01.2",
        "S21 proper",
        "S21",
        """def unroll(step, xs, h0, *params):
    h = h0.astype(float); out = []
    for x in xs:
        np.copyto(h, step(x, h, *params))
        out.append(h)
    return np.array(out)
""",
    ),
    (
        "01.3",
        "h0 counted",
        "P08",
        """def count_parameters(D, H, V, T):
    return H*D+H*H+H+V*H+V + H
""",
    ),
    (
        "01.4",
        "another word",
        "['C'] got 'turns'",
        """BEHAVIOUR = dict(A="keeps", B="forgets", C="turns", D="turns", E="keeps", F="forgets")
""",
    ),
    (
        "01.5",
        "put back by subtraction",
        "right",
        """def influence(f, xs):
    base = f(xs); out = []
    for k in range(len(xs)):
        xs[k] += 1
        out.append(f(xs) != base)
        xs[k] -= 1
    return np.array(out)
""",
    ),
    (
        "01.5",
        "alias",
        "C03.alias",
        """def influence(f, xs):
    T = len(xs); m = np.zeros((T, T), bool)
    for k in range(T):
        c = xs; c[k] += 1
        m[k] = f(c) != f(xs)
    return m
""",
    ),
    (
        "01.1",
        "two in one line: no bias, W_hh turned",
        "S02+S05",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh)
""",
    ),
    (
        "01.1",
        "in place without a tanh",
        "S03",
        """def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    x_t *= 1
    h_prev[:] = x_t @ W_xh.T + h_prev @ W_hh.T + b_h
    return h_prev + 0
""",
    ),
    (
        "01.2",
        "zeros stored in the place of h0",
        "S18+S22",
        """def unroll(step, xs, h0, *params):
    hs = [np.zeros(h0.shape)]
    for x in xs: hs.append(step(x, hs[-1], *params))
    return np.array(hs)
""",
    ),
    (
        "01.2",
        "returned last first",
        "Right when T = 1: look at what happens from the second step on",
        """def unroll(step, xs, h0, *params):
    hs = []
    for x in xs:
        h0 = step(x, h0, *params); hs.insert(0, h0)
    return hs
""",
    ),
    (
        "01.5",
        "only what is large",
        "input: a window of two steps",
        """def influence(f, xs):
    e = np.eye(len(xs))[:, :, None]
    return [abs(f(xs + e[k]) - f(xs)) > 0.02 for k in range(len(xs))]
""",
    ),
    (
        "01.6",
        "written into the first input",
        "S21",
        """def generate(x_1, h0, T, W_xh, W_hh, b_h, W_hy, b_y):
    ys, h, x = [], h0, x_1.copy()
    for _ in range(T):
        h = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        x[:] = h @ W_hy.T + b_y
        ys.append(x)
    return ys
""",
    ),
    (
        "01.7",
        "always yes",
        "E08",
        """EDGE = dict(W_xh=[[1]], W_hh=[[0]], b_h=[0], W_hy=[[0]], b_y=[1])
""",
    ),
    (
        "01.7",
        "a function of both bits that nobody listed",
        "wrong: 0 after 0, 0 after 1; right: 1 after 0, 1 after 1",
        """EDGE = dict(W_xh=[[6], [0]], W_hh=[[0, 0], [6, 0]], b_h=[-3, 0], W_hy=[[0, -1]], b_y=[0])
""",
    ),
    (
        "01.2",
        "h0 in the first row",
        "S22.first",
        """def unroll(step, xs, h0, *params):
    hs = np.zeros((len(xs), *h0.shape)); hs[0] = h0
    for t in range(1, len(xs)): hs[t] = step(xs[t], hs[t - 1], *params)
    return hs
""",
    ),
    (
        "01.3",
        "two arrays left out",
        "P05+P07",
        """def count_parameters(D, H, V, T):
    return D*H + H*H
""",
    ),
    (
        "01.5",
        "last feature only",
        "C06.last",
        """def influence(f, xs):
    e = np.eye(len(xs))[:, :, None] * [0, 1]
    return [f(xs + e[k]) != f(xs) for k in range(len(xs))]
""",
    ),
    (
        "01.5",
        "later outputs only",
        "C05.half",
        """def influence(f, xs):
    e, T = np.eye(len(xs))[:, :, None], len(xs)
    return [[t >= k and bool(f(xs + e[k])[t] != f(xs)[t]) for t in range(T)] for k in range(T)]
""",
    ),
    (
        "01.7",
        "a row too long",
        "W_xh: expected numbers in rows of one length, got [[6], [6, 1]]",
        """EDGE = dict(W_xh=[[6], [6, 1]], W_hh=[[0, 0], [0, 0]], b_h=[0, 0], W_hy=[[0, 0]], b_y=[1])
""",
    ),
    (
        "02.1",
        "torch autograd",
        "right",
        """import torch
def softmax_cross_entropy(logits, targets):
    z = torch.tensor(logits, requires_grad=True)
    loss = (torch.logsumexp(z, 1) - z[torch.arange(len(z)), torch.tensor(targets)]).mean()
    loss.backward()
    return loss, z.grad
""",
    ),
    (
        "02.1",
        "log of p",
        "H02.log",
        """def softmax_cross_entropy(logits, targets):
    e = np.exp(logits - logits.max(1, keepdims=True)); p = e/e.sum(1, keepdims=True)
    Y = np.eye(p.shape[1])[targets]
    return -np.log(p[np.arange(len(p)), targets]).mean(), (p-Y)/len(p)
""",
    ),
    (
        "02.1",
        "H04 coded",
        "H04",
        """def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True); lse = np.log(np.exp(z).sum(1)); r = range(len(z))
    loss = np.mean([lse[i]-z[i, targets[i]] for i in r])
    g = np.exp(z - lse[:, None])
    for i in r: g[i, targets[i]] -= 1
    return loss, g
""",
    ),
    (
        "02.1",
        "two: loss sign + no N",
        "H04+H05.loss",
        """def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True); lse = np.log(np.exp(z).sum(1)); r = np.arange(len(z))
    g = np.exp(z - lse[:, None]); g[r, targets] -= 1
    return -(lse - z[r, targets]).mean(), g
""",
    ),
    (
        "02.1",
        "both summed",
        "H04.sum+H04",
        """def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True); lse = np.log(np.exp(z).sum(1)); r = np.arange(len(z))
    g = np.exp(z - lse[:, None]); g[r, targets] -= 1
    return (lse - z[r, targets]).sum(), g
""",
    ),
    (
        "02.1",
        "mean taken off",
        "H02.mean2",
        """def softmax_cross_entropy(z, y):
    z = z - z.mean(1, keepdims=True); log_p = z - np.log(np.exp(z).sum(1, keepdims=True)); n = np.arange(len(y))
    d = np.exp(log_p); d[n, y] -= 1
    return -log_p[n, y].mean(), d/len(y)
""",
    ),
    (
        "02.1",
        "largest of the whole array",
        "H02.one1",
        """def softmax_cross_entropy(z, y):
    e = np.exp(z - z.max()); p = e/e.sum(1, keepdims=True); n = np.arange(len(y)); loss = -np.log(p[n, y]).mean()
    p[n, y] -= 1
    return loss, p/len(y)
""",
    ),
    (
        "02.1",
        "results exchanged",
        "order",
        """def softmax_cross_entropy(z, y):
    log_p = z - np.logaddexp.reduce(z, 1)[:, None]; Y = np.eye(z.shape[1])[y]
    return (np.exp(log_p) - Y)/len(y), -(Y*log_p).sum()/len(y)
""",
    ),
    (
        "02.2",
        "a column for each symbol met",
        "H10.unique",
        """def one_hot(ids, V):
    seen, at = np.unique(ids, return_inverse=True)
    return np.eye(len(seen))[at.reshape(ids.shape)]
""",
    ),
    (
        "02.3",
        "nothing at all",
        "got 0, expected",
        """def sequence_loss(z, ids):
    return 0.0
""",
    ),
    (
        "02.3",
        "the gradient too",
        "expected one number, got 2 items of different shapes",
        """def sequence_loss(z, ids):
    log_p = z - np.logaddexp.reduce(z, -1, keepdims=True); Y = np.eye(z.shape[-1])[ids[1:]]
    return -(Y*log_p).sum(-1).mean(), (np.exp(log_p) - Y)/Y[..., 0].size
""",
    ),
    (
        "02.4",
        "largest of the whole array",
        "H02.one",
        """def temperature_probs(z, tau):
    e = np.exp((z - z.max())/tau); return e/e.sum(-1, keepdims=True)
""",
    ),
    (
        "02.5",
        "equal is enough",
        "H20.side",
        """def generate(step, s, h, u, params):
    out = []
    for r in u:
        y, h = step(s, h, params); p = np.exp(y)/np.exp(y).sum(); s = int((np.cumsum(p) < r).sum()); out.append(s)
    return out
""",
    ),
    (
        "02.5",
        "log-softmax in float32, u used up",
        "right",
        """def generate(step, s, h, u, params):
    out = []
    for r in u:
        y, h = step(s, h, params); y = np.float32(y); p = np.exp(y - np.logaddexp.reduce(y)); s = 0
        while (r := r - p[s]) >= 0: s += 1
        out.append(s)
    return out
""",
    ),
    (
        "02.5",
        "two: h0 ignored, the likeliest",
        "S18+H20",
        """def generate(step, s, h, u, params):
    out, h = [], 0*h
    for r in u:
        y, h = step(s, h, params); s = int(y.argmax()); out.append(s)
    return out
""",
    ),
    (
        "02.2",
        "every col",
        "entries differ",
        """def one_hot(ids, V):
    out = np.zeros(ids.shape + (V,)); out[..., ids] = 1
    return out
""",
    ),
    (
        "02.4",
        "p**(1/tau) underflow",
        "H02",
        """def temperature_probs(logits, tau):
    e = np.exp(logits - logits.max(-1, keepdims=True)); p = e/e.sum(-1, keepdims=True); p = p**(1/tau)
    return p/p.sum(-1, keepdims=True)
""",
    ),
    (
        "02.1",
        "logits shifted in place",
        "H14.argument",
        """def softmax_cross_entropy(z, y):
    z -= z.max(1, keepdims=True); n = np.arange(len(y))
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True)); d = np.exp(log_p); d[n, y] -= 1
    return -log_p[n, y].mean(), d/len(y)
""",
    ),
    (
        "02.1",
        "two in one line: overflows, sign",
        "H02+H05",
        """def softmax_cross_entropy(z, y):
    e = np.exp(z); p = e/e.sum(1, keepdims=True); n = np.arange(len(y)); d = -p; d[n, y] += 1
    return -np.log(p[n, y]).mean(), d/len(y)
""",
    ),
    (
        "02.1",
        "p is dlogits",
        "H14",
        """def softmax_cross_entropy(z, y):
    e = np.exp(z - z.max(1, keepdims=True)); p = e/e.sum(1, keepdims=True); n = np.arange(len(y)); p[n, y] -= 1
    return -np.log(p[n, y]).mean(), p/len(y)
""",
    ),
    (
        "02.1",
        "mean of a table of zeros",
        "H11.loss",
        """def softmax_cross_entropy(z, y):
    log_p = z - np.logaddexp.reduce(z, 1)[:, None]; Y = np.eye(z.shape[1])[y]
    return -(Y*log_p).mean(), (np.exp(log_p) - Y)/len(y)
""",
    ),
    (
        "02.3",
        "two in one line: not shifted, summed",
        "A25+H04.total",
        """def sequence_loss(z, ids):
    return (np.log(np.exp(z).sum(2)) - np.take_along_axis(z, ids[:-1, :, None], 2)[..., 0]).sum()
""",
    ),
    (
        "02.4",
        "axis 0",
        "H01",
        """def temperature_probs(logits, tau):
    e = np.exp((logits - logits.max(0))/tau); return e/e.sum(0)
""",
    ),
    (
        "02.5",
        "two in one line: argmax, first fed again",
        "H20+H24",
        """def generate(step, first, h, u, params):
    out = []
    for _ in u:
        y, h = step(first, h, params); out.append(int(y.argmax()))
    return out
""",
    ),
    (
        "02.5",
        "stores what it reads",
        "H24.shifted",
        """def generate(step, s, h, u, params):
    out = []
    for r in u:
        out.append(s); y, h = step(s, h, params); s = int((np.cumsum(np.exp(y)) <= r*np.exp(y).sum()).sum())
    return out
""",
    ),
    (
        "02.6",
        "a total beyond all numbers",
        "H26.total",
        """def perplexity(losses, counts):
    return np.exp(losses @ (1000*counts)/1000)
""",
    ),
    (
        "03.1",
        "list",
        "right",
        """def leaky_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_h, leak):
    a = x_t @ W_xh.T + h_prev @ W_hh.T + b_h; u = np.tanh(a); h = (1-leak)*h_prev + leak*u
    da = leak*dh_t*(1-u*u)
    return [da @ W_xh, da @ W_hh + (1-leak)*dh_t, da.T @ x_t, da.T @ h_prev, da.sum(0)]
""",
    ),
    (
        "03.2",
        "two: B33+B27",
        "B33+B27",
        """def leaky_bptt(xs, h0, W_xh, W_hh, b_h, leak, dhs):
    T = len(xs); H = [h0]; U = []
    for x in xs:
        U.append(np.tanh(x @ W_xh.T + H[-1] @ W_hh.T + b_h)); H.append((1-leak)*H[-1] + leak*U[-1])
    dxs = np.zeros_like(xs)
    dh = np.zeros_like(h0)
    dU, dW, db = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for t in range(T-1, -1, -1):
        g = dhs[t] + dh
        da = leak*g*(1-U[t]**2)
        dxs[t] = da @ W_xh
        dU += da.T @ xs[t]
        dW += da.T @ H[t+1]
        db = da.sum(0)
        dh = da @ W_hh + (1-leak)*g
    return dxs, dh, dU, dW, db
""",
    ),
    (
        "03.3",
        "flat loop",
        "right",
        """def truncated(xs, h0, W_hh, dhs, k):
    H = [h0]
    for x in xs: H.append(np.tanh(x + np.einsum('bk,hk->bh', H[-1], W_hh)))
    dxs = [None]*len(xs); dW = 0; dh = 0
    for t in reversed(range(len(xs))):
        if (t + 1) % k == 0: dh = 0
        da = (dhs[t] + dh)*(1-H[t+1]**2); dxs[t] = da; dW = dW + da.T @ H[t]; dh = da @ W_hh
    return H[1:], dxs, dW
""",
    ),
    (
        "03.1",
        "a dataclass",
        "right",
        """from dataclasses import dataclass
@dataclass(frozen=True)
class Grads:
    dx_t: np.ndarray
    dh_prev: np.ndarray
    dW_xh: np.ndarray
    dW_hh: np.ndarray
    db_h: np.ndarray
def leaky_backward(dh_t, x, h, U, W, b, leak):
    g = leak*dh_t/np.cosh(x @ U.T + h @ W.T + b)**2
    return Grads(g @ U, g @ W + (1 - leak)*dh_t, g.T @ x, g.T @ h, g.sum(0))
""",
    ),
    (
        "03.1",
        "weights first",
        "order",
        """def leaky_backward(dh_t, x, h, U, W, b, leak):
    g = leak*dh_t/np.cosh(x @ U.T + h @ W.T + b)**2
    return g.T @ x, g.T @ h, g.sum(0), g @ U, g @ W + (1 - leak)*dh_t
""",
    ),
    (
        "03.1",
        "a mean in two of five",
        "Right when B = 1: look at the sums over the batch",
        """def leaky_backward(dh_t, x, h, U, W, b, leak):
    g = leak*dh_t/np.cosh(x @ U.T + h @ W.T + b)**2
    return g @ U, g @ W + (1 - leak)*dh_t, g.T @ x/len(x), g.T @ h/len(x), g.sum(0)
""",
    ),
    (
        "03.2",
        "the candidate in dW_hh",
        "B07-u",
        """def leaky_bptt(xs, h, U, W, b, leak, dhs):
    tape = []
    for x in xs:
        u = np.tanh(x @ U.T + h @ W.T + b); h = (1 - leak)*h + leak*u; tape.append((x, u))
    dxs, dh, dU, dW, db = [], 0, 0, 0, 0
    for (x, u), d in zip(tape[::-1], dhs[::-1]):
        g = d + dh; a = leak*g*(1 - u*u); dxs.insert(0, a @ U); dh = a @ W + (1 - leak)*g
        dU = dU + a.T @ x; dW = dW + a.T @ u; db = db + a.sum(0)
    return np.array(dxs), dh, dU, dW, db
""",
    ),
    (
        "03.3",
        "dW_hh left at zero",
        "wrong: dW_hh; right: hs, dxs",
        """def truncated(xs, h, W, dhs, k):
    H = [h]; g = 0; dxs = np.zeros_like(xs)
    for x in xs: H.append(np.tanh(x + H[-1] @ W.T))
    for t in reversed(range(len(xs))):
        g = 0 if (t + 1) % k == 0 else g
        dxs[t] = (dhs[t] + g)*(1 - H[t+1]**2); g = dxs[t] @ W
    return H[1:], dxs, np.zeros_like(W)
""",
    ),
    (
        "03.4",
        "nothing stored",
        "B52-copy",
        """def numerical_gradient(f, w, eps):
    g = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        p, m = w.copy(), w.copy(); p[i] += eps; m[i] -= eps; (f(p) - f(m))/(2*eps)
    return g
""",
    ),
    (
        "03.4",
        "rows",
        "B55-rows",
        """def numerical_gradient(f, w, eps):
    g = np.zeros_like(w)
    for i in range(len(w)):
        p, m = w.copy(), w.copy(); p[i] += eps; m[i] -= eps; g[i] = (f(p) - f(m))/(2*eps)
    return g
""",
    ),
    (
        "03.5",
        "the smallest error",
        "B55-least",
        """def worst_error(a, b):
    return min(np.abs(a[n]-b[n]).max()/(max(np.abs(a[n]).max(), np.abs(b[n]).max()) or 1) for n in a)
""",
    ),
    (
        "03.7",
        "never enough above the diagonal",
        "band-all",
        """def band_needed(triangle, share):
    size, T = np.abs(triangle), len(triangle)
    for k in range(1, T + 1):
        if sum(np.diag(size, j).sum() for j in range(k)) >= share*size.sum(): return k
    return T
""",
    ),
    (
        "03.4",
        "4th order",
        "B51-own",
        """def numerical_gradient(f, w, eps):
    g = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        F = lambda s: f(w + s*eps*np.array([j == i for j in np.ndindex(w.shape)]).reshape(w.shape))
        g[i] = (8*(F(1)-F(-1)) - (F(2)-F(-2)))/(12*eps)
    return g
""",
    ),
    (
        "03.1",
        "two in one line: no slope, turned",
        "B01+B06",
        """def leaky_backward(dh_t, x, h, U, W, b, leak):
    g = leak*dh_t
    return g @ U, g @ W.T + (1 - leak)*dh_t, g.T @ x, g.T @ h, g.sum(0)
""",
    ),
    (
        "03.1",
        "dh_t scaled in place before the path reads it",
        "leak-twice",
        """def leaky_backward(dh_t, x, h, U, W, b, leak):
    u = np.tanh(x @ U.T + h @ W.T + b); dh_t *= leak; g = dh_t*(1 - u**2)
    return g @ U, g @ W + (1 - leak)*dh_t, g.T @ x, g.T @ h, g.sum(0)
""",
    ),
    (
        "03.2",
        "appended on the way back",
        "dxs-order",
        """def leaky_bptt(xs, h0, U, W, b, leak, dhs):
    hs, us, dx, g, a, c, e = [h0], [], [], 0*h0, 0, 0, 0
    for x in xs: us.append(np.tanh(x @ U.T + hs[-1] @ W.T + b)); hs.append((1 - leak)*hs[-1] + leak*us[-1])
    for t in range(len(xs) - 1, -1, -1):
        d = g + dhs[t]; s = leak*d*(1 - us[t]**2); dx.append(s @ U)
        a += s.T @ xs[t]; c += s.T @ hs[t]; e += s.sum(0); g = s @ W + (1 - leak)*d
    return dx, g, a, c, e
""",
    ),
    (
        "03.2",
        "states written into one array",
        "S21-dW",
        """def leaky_bptt(xs, h0, U, W, b, leak, dhs):
    h = h0.copy(); hs, us, dx, g, a, c, e = [h], [], 0*xs, 0*h0, 0, 0, 0
    for x in xs: us.append(np.tanh(x @ U.T + h @ W.T + b)); h *= 1 - leak; h += leak*us[-1]; hs.append(h)
    for t in range(len(xs) - 1, -1, -1):
        d = g + dhs[t]; s = leak*d*(1 - us[t]**2); dx[t] = s @ U
        a += s.T @ xs[t]; c += s.T @ hs[t]; e += s.sum(0); g = s @ W + (1 - leak)*d
    return dx, g, a, c, e
""",
    ),
    (
        "03.3",
        "two: no border, no slope",
        "B45+B01",
        """def truncated(xs, h, W, dhs, k):
    hs, d, g = [h], [], 0
    for x in xs: hs.append(np.tanh(x + hs[-1] @ W.T))
    for t in range(len(xs) - 1, -1, -1): d.insert(0, dhs[t] + g); g = d[0] @ W
    return hs[1:], d, sum(a.T @ h for a, h in zip(d, hs))
""",
    ),
    (
        "03.4",
        "left where it was moved",
        "B52-restore",
        """def numerical_gradient(f, w, eps):
    g = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        w[i] += eps; a = f(w); w[i] -= 2*eps; g[i] = (a - f(w))/(2*eps)
    return g
""",
    ),
    (
        "03.4",
        "brackets",
        "B52-brackets",
        """def numerical_gradient(f, w, eps):
    e = eps*np.eye(w.size).reshape(w.size, *w.shape)
    return np.array([(f(w + d) - f(w - d))/2*eps for d in e]).reshape(w.shape)
""",
    ),
    (
        "03.5",
        "the smaller scale",
        "B53-smaller",
        """def worst_error(grads, judges):
    size = lambda a: np.abs(a).max()
    pairs = [(size(grads[k] - judges[k]), min(size(grads[k]), size(judges[k]))) for k in judges]
    return max(a/b if b else 0 for a, b in pairs)
""",
    ),
    (
        "03.7",
        "more than the share",
        "band-more",
        """def band_needed(tri, share):
    a, k = np.abs(tri), 1
    while np.triu(a, 1 - k).sum() <= share*a.sum(): k += 1
    return k
""",
    ),
    (
        "03.7",
        "every row",
        "band-rows",
        """def band_needed(tri, share):
    a = np.abs(tri)
    return next(k for k in range(1, len(a) + 1) if all(np.triu(a, 1 - k).sum(1) >= share*a.sum(1)))
""",
    ),
    (
        "04.2",
        "recursion",
        "right",
        """def jacobian_product(hs, W_hh, k):
    if k == 0: return np.identity(W_hh.shape[0])
    return ((1 - hs[-1]**2)[:, None] * W_hh) @ jacobian_product(hs[:-1], W_hh, k-1)
""",
    ),
    (
        "04.2",
        "hs[-k:] bug at 0",
        "(input: lag 0). Right on lag 3",
        """def jacobian_product(hs, W_hh, k):
    P = np.eye(len(W_hh))
    for h in hs[-k:]: P = np.diag(1-h**2) @ W_hh @ P
    return P
""",
    ),
    (
        "04.4",
        "torch eps 1e-6",
        "right",
        """def clip_by_norm(grads, max_norm):
    n = np.sqrt(sum(np.vdot(g, g) for g in grads))
    if np.isnan(n) or np.isinf(n): return None, n
    c = max_norm/(n+1e-6)
    return [g * min(c, 1) for g in grads], n
""",
    ),
    (
        "04.4",
        "raises on nan",
        "it is right on norm above the limit",
        """def clip_by_norm(grads, max_norm):
    n = np.sqrt(sum((g*g).sum() for g in grads))
    if not np.isfinite(n): raise ValueError('bad gradient')
    return (grads if n <= max_norm else [g*max_norm/n for g in grads]), n
""",
    ),
    (
        "04.2",
        "two in one line: order and side",
        "G25+G27",
        """def jacobian_product(hs, W, k):
    P = np.eye(len(W))
    for t in range(len(hs) - k, len(hs)): P = P @ W @ np.diag(1 - hs[t]**2)
    return P
""",
    ),
    (
        "04.3",
        "two: short path, turned",
        "leak-short+G26",
        """def gradient_by_lag(xs, h, U, W, b, leak, dh):
    ns, out = [], [dh]
    for x in xs: ns.append(np.tanh(x @ U.T + h @ W.T + b)); h = (1 - leak)*h + leak*ns[-1]
    for n in ns[::-1]: out.append(leak*(out[-1]*(1 - n**2)) @ W.T)
    return [np.linalg.norm(d) for d in out]
""",
    ),
    (
        "04.3",
        "slopes read forward",
        "B26",
        """def gradient_by_lag(xs, h, U, W, b, leak, dh):
    ns, out = [], [dh]
    for x in xs: ns.append(np.tanh(x @ U.T + h @ W.T + b)); h = (1 - leak)*h + leak*ns[-1]
    for n in ns: out.append(leak*(out[-1]*(1 - n**2)) @ W + (1 - leak)*out[-1])
    return [np.linalg.norm(d) for d in out]
""",
    ),
    (
        "04.4",
        "two: each array, no guard",
        "G01+G16",
        """def clip_by_norm(grads, c):
    return [g*min(1, c/(np.linalg.norm(g) + 1e-12)) for g in grads], np.sqrt(sum((g**2).sum() for g in grads))
""",
    ),
    (
        "04.5",
        "w moved in place, into a list",
        "same-array",
        """def clipped_descent(gradient, w, lr, c, steps):
    path, norms = [w], []
    for _ in range(steps):
        g = gradient(w); norms.append(np.linalg.norm(g)); w -= lr*g*min(1, c/norms[-1]); path.append(w)
    return np.array(path), norms
""",
    ),
    (
        "04.3",
        "two: last first, the largest entry",
        "lag-order+G07",
        """def gradient_by_lag(xs, h, U, W, b, leak, dh):
    ns, out = [], [np.abs(dh).max()]
    for x in xs: n = np.tanh(x @ U.T + h @ W.T + b); ns.append(n); h = h + leak*(n - h)
    for n in ns[::-1]: dh = (leak*dh*(1 - n*n)) @ W + (1 - leak)*dh; out.append(np.abs(dh).max())
    return out[::-1]
""",
    ),
    (
        "04.4",
        "all lost, whatever the norm",
        "G17b",
        """def clip_by_norm(gs, c):
    n = np.sqrt(sum((g*g).sum() for g in gs))
    return ([0*g for g in gs] if np.isfinite(n) else None), n
""",
    ),
    (
        "04.4",
        "the square against the limit",
        "G05c",
        """def clip_by_norm(gs, c):
    s = sum((g*g).sum() for g in gs); n = s**0.5
    if not np.isfinite(s): return None, n
    return [g*c/n if s > c else g for g in gs], n
""",
    ),
    (
        "04.4",
        "the guard reads the first array only",
        "expected None, got",
        """def clip_by_norm(gs, c):
    n = np.sqrt(sum((g*g).sum() for g in gs))
    return ([g*min(1, c/(n + 1e-6)) for g in gs] if np.isfinite(gs[0]).all() else None), n
""",
    ),
    (
        "04.5",
        "always rescaled, as torch does with 1e-6",
        "G03",
        """def clipped_descent(gradient, w, lr, c, steps):
    path, norms = [w], []
    for _ in range(steps):
        g = gradient(w); norms.append(np.linalg.norm(g)); w = w - lr*g*c/(norms[-1] + 1e-6); path.append(w)
    return np.array(path), np.array(norms)
""",
    ),
    (
        "04.6",
        "the form as it is printed",
        "not answered",
        """POWERS = {"largest at": ..., "below 1 from": ...}
""",
    ),
    (
        "04.6",
        "words",
        "expected two whole numbers, got ['three', None]",
        """POWERS = {"largest at": "three", "below 1 from": None}
""",
    ),
    (
        "05.1",
        "L01 coded",
        "L01",
        """def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    H = h_prev.shape[1]; s = lambda a: np.tanh(a/2)/2 + .5
    a = x_t @ W_xh.T + h_prev @ W_hh.T + b_h
    c = s(a[:, :H])*c_prev + s(a[:, H:2*H])*np.tanh(a[:, 2*H:3*H])
    return s(a[:, 3*H:])*np.tanh(c), c
""",
    ),
    (
        "05.1",
        "namedtuple class float32",
        "right",
        """from collections import namedtuple
State = namedtuple("State", "h_t c_t")
size = len
class Cell:
    def __call__(self, *args):
        x_t, h_prev, c_prev, W_xh, W_hh, b_h = map(np.float32, args)
        z = np.hstack([x_t, h_prev, np.ones((size(x_t), 1), "f")]) @ np.hstack([W_xh, W_hh, b_h[:, None]]).T
        i, f, g, o = z.reshape(size(x_t), 4, -1).swapaxes(0, 1)
        c = c_prev.copy(); c *= 1/(1+np.exp(-f)); c += np.tanh(g)/(1+np.exp(-i))
        return State(c_t=c, h_t=np.tanh(c)/(1+np.exp(-o)))
lstm_step = Cell()
""",
    ),
    (
        "05.1",
        "three results",
        "got 3 items",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c = sig(f)*c_prev + sig(i)*np.tanh(g); return sig(o)*np.tanh(c), c, o
""",
    ),
    (
        "05.1",
        "two in one formula",
        "L05+L07",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c = c_prev + sig(i)*np.tanh(g); return sig(o)*c, c
""",
    ),
    (
        "05.2",
        "two in one formula",
        "L26+L30.candidate",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = sig(i), sig(f), np.tanh(g), sig(o); c = f*c_prev + i*g
    dc = dh_t*o/np.cosh(c)**2
    da = np.hstack([dc*g*i*(1-i), dc*c_prev*f*(1-f), dc*i, dh_t*np.tanh(c)*o*(1-o)])
    return da @ W_xh, da @ W_hh, dc*f, da.T @ x_t, da.T @ h_prev, da.sum(0)
""",
    ),
    (
        "05.4",
        "L24 of the step without peepholes",
        "L24",
        """sig = lambda a: 1/(1+np.exp(-a))
def peephole_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h, p):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c = sig(f + p[1]*c_prev)*c_prev + sig(i + p[0]*c_prev)*np.tanh(g)
    return sig(o + p[2]*c)*sig(c), c
""",
    ),
    (
        "06.2",
        "the square block as it is",
        "S05.candidate",
        """sig = lambda a: 1/(1+np.exp(-a))
def gru_step_before(x_t, h, U, W, b_x, b_h):
    H = h.shape[1]; a = x_t @ U.T + b_x
    r = sig(a[:, :H] + h @ W[:H].T + b_h[:H]); z = sig(a[:, H:2*H] + h @ W[H:2*H].T + b_h[H:2*H])
    n = np.tanh(a[:, 2*H:] + (r*h) @ W[2*H:] + b_h[2*H:])
    return z*h + (1 - z)*n
""",
    ),
    (
        "06.5",
        "two in one formula",
        "U01+U03",
        """sig = lambda a: 1/(1+np.exp(-a))
def mgu_step(x_t, h_prev, W_xh, W_hh, b_h):
    (U, V), (W, X), (b, d) = np.split(W_xh, 2), np.split(W_hh, 2), np.split(b_h, 2)
    f = sig(x_t @ U.T + h_prev @ W.T + b)
    n = np.tanh(x_t @ V.T + f*(h_prev @ X.T) + d)
    return f*h_prev + (1-f)*n
""",
    ),
    (
        "05.2",
        "slopes of a tanh on the gates",
        "L31.gates",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = sig(i), sig(f), np.tanh(g), sig(o); c = f*c_prev + i*g
    dc = dc_t + dh_t*o/np.cosh(c)**2
    da = np.hstack([d*(1-s*s) for d, s in ((dc*g, i), (dc*c_prev, f), (dc*i, g), (dh_t*np.tanh(c), o))])
    return da @ W_xh, da @ W_hh, dc*f, da.T @ x_t, da.T @ h_prev, da.sum(0)
""",
    ),
    (
        "05.3",
        "the step is called twice",
        "N03",
        """def unroll_lstm(step, xs, h, c, *params):
    hs, cs = [], []
    for x in xs:
        h, _ = step(x, h, c, *params)
        _, c = step(x, h, c, *params)
        hs.append(h); cs.append(c)
    return hs, cs
""",
    ),
    (
        "05.3",
        "one buffer",
        "S21",
        """def unroll_lstm(step, xs, h0, c0, *params):
    h, c = h0.copy(), c0.copy(); hs, cs = [], []
    for x in xs:
        h[:], c[:] = step(x, h, c, *params); hs.append(h); cs.append(c)
    return np.array(hs), np.array(cs)
""",
    ),
    (
        "05.1",
        "an order that no library has",
        "L03.fgoi",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    f, g, o, i = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    c = sig(f)*c_prev + sig(i)*np.tanh(g); return sig(o)*np.tanh(c), c
""",
    ),
    (
        "05.2",
        "half a slope in one block",
        "in db_h wrong: o, right: i, f, g",
        """sig = lambda a: 1/(1+np.exp(-a))
def lstm_step_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh.T + h_prev @ W_hh.T + b_h, 4, axis=1)
    i, f, g, o = sig(i), sig(f), np.tanh(g), sig(o); c = f*c_prev + i*g
    dc = dc_t + dh_t*o/np.cosh(c)**2
    da = np.hstack([dc*g*i*(1-i), dc*c_prev*f*(1-f), dc*i*(1-g*g), dh_t*np.tanh(c)*(1-o)])
    return da @ W_xh, da @ W_hh, dc*f, da.T @ x_t, da.T @ h_prev, da.sum(0)
""",
    ),
    (
        "05.3",
        "stored before the step",
        "S22.early",
        """def unroll_lstm(step, xs, h, c, *params):
    hs, cs = [], []
    for x in xs:
        hs.append(h); cs.append(c); h, c = step(x, h, c, *params)
    return hs, cs
""",
    ),
    (
        "06.2",
        "two of three blocks turned are not three and one",
        "S05.gates",
        """sig = lambda a: 1/(1+np.exp(-a))
def gru_step_before(x_t, h, U, W, b_x, b_h):
    H = h.shape[1]; a = x_t @ U.T + b_x + b_h
    r = sig(a[:, :H] + h @ W[:H]); z = sig(a[:, H:2*H] + h @ W[H:2*H])
    return z*h + (1 - z)*np.tanh(a[:, 2*H:] + (r*h) @ W[2*H:].T)
""",
    ),
    (
        "06.3",
        "the way back of the other convention",
        "GB15",
        """def gru_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    s = lambda a: 1/(1+np.exp(-a))
    ax = np.split(x_t @ W_xh.T + b_x, 3, 1)
    ah = np.split(h_prev @ W_hh.T + b_h, 3, 1)
    r, z = s(ax[0]+ah[0]), s(ax[1]+ah[1]); n = np.tanh(ax[2] + r*ah[2])
    dn = dh_t*z*(1-n*n); dz = dh_t*(n-h_prev)*z*(1-z); dr = dn*ah[2]*r*(1-r)
    A = np.hstack([dr, dz, dn]); B = np.hstack([dr, dz, dn*r])
    return A @ W_xh, B @ W_hh + dh_t*(1-z), A.T @ x_t, B.T @ h_prev, A.sum(0), B.sum(0)
""",
    ),
    (
        "06.5",
        "one block turned is not both and one",
        "S05.gate",
        """sig = lambda a: 1/(1+np.exp(-a))
def mgu_step(x_t, h, U, W, b):
    H = h.shape[1]; a = x_t @ U.T + b
    f = sig(a[:, :H] + h @ W[:H])
    return (1 - f)*h + f*np.tanh(a[:, H:] + (f*h) @ W[H:].T)
""",
    ),
    (
        "05.5",
        "both in one array",
        "right",
        """def open_forget_gate(bias_ih, bias_hh, value):
    b = np.zeros((2, 4, len(bias_ih)//4)); b[0, 1] = value; return b.reshape(2, -1)
""",
    ),
    (
        "05.5",
        "cancel",
        "right",
        """def open_forget_gate(bias_ih, bias_hh, value):
    H = len(bias_ih)//4
    b = bias_ih.copy(); b2 = -b; b2[H:2*H] += value; return b, b2
""",
    ),
    (
        "05.5",
        "in place, in both",
        "L42.both",
        """def open_forget_gate(bias_ih, bias_hh, value):
    H = len(bias_ih)//4
    for b in (bias_ih, bias_hh): b[:] = 0; b[H:2*H] = value
    return bias_ih, bias_hh
""",
    ),
    (
        "05.7",
        "input closes for . and #",
        "right",
        """COUNTER = ([[20,20,-20,-20],[20,20,20,-20],[20,-20,0,0],[20,20,20,20]], np.zeros((4,1)), np.zeros(4))
""",
    ),
    (
        "06.1",
        "rows",
        "right",
        """def row(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    s = lambda a: 1/(1+np.exp(-a))
    ax = np.split(x_t @ W_xh.T + b_x, 3, 1)
    ah = np.split(h_prev @ W_hh.T + b_h, 3, 1)
    r, z = s(ax[0]+ah[0]), s(ax[1]+ah[1])
    n = np.tanh(ax[2] + r*ah[2])
    return (1-z)*n + z*h_prev

def gru_step(x_t, h_prev, *w):
    return [row(x[None], h[None], *w)[0] for x, h in zip(x_t, h_prev)]
""",
    ),
    (
        "06.3",
        "A everywhere",
        "GB14+GB12.weights",
        """def gru_step_backward(dh_t, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    s = lambda a: 1/(1+np.exp(-a))
    ax = np.split(x_t @ W_xh.T + b_x, 3, 1)
    ah = np.split(h_prev @ W_hh.T + b_h, 3, 1)
    r, z = s(ax[0]+ah[0]), s(ax[1]+ah[1]); n = np.tanh(ax[2] + r*ah[2])
    dn = dh_t*(1-z)*(1-n*n); dz = dh_t*(h_prev-n)*z*(1-z); dr = dn*ah[2]*r*(1-r)
    A = np.hstack([dr, dz, dn]); B = np.hstack([dr, dz, dn*r])
    return A @ W_xh, B @ W_hh + dh_t*z, A.T @ x_t, A.T @ h_prev, A.sum(0), A.sum(0)
""",
    ),
    (
        "06.6",
        "4+4",
        "Right when lstm, 1 layer,",
        """def count_parameters(kind, D, H, layers, bidirectional):
    return 4*H*(D+H+2)
""",
    ),
    (
        "07.2",
        "rows of length 1 share facts with two slips",
        "wrong: columns of each gate have length 1",
        """def orthogonal_gates(n_gates, H, rng):
    W = rng.normal(size=(n_gates*H, H)); return W/np.linalg.norm(W, axis=1, keepdims=True)
""",
    ),
    (
        "07.1",
        "one-sided on the other side",
        "T09c",
        """def xavier_gates(n_gates, H, D, rng):
    return -np.sqrt(6/(D + H))*rng.random((n_gates*H, D))
""",
    ),
    (
        "07.2",
        "one rotation, and the identity for the rest",
        "got 'not so'",
        """def orthogonal_gates(n_gates, H, rng):
    Q = [np.linalg.qr(rng.normal(size=(H, H)))[0]] + [np.eye(H)]*(n_gates - 1); return np.concatenate(Q)
""",
    ),
    (
        "07.2",
        "the columns of the whole have length 1",
        "wrong: columns of each gate have length 1",
        """def orthogonal_gates(n_gates, H, rng):
    W = rng.normal(size=(n_gates*H, H)); return W/np.linalg.norm(W, axis=0)
""",
    ),
    (
        "07.3",
        "two in one: a mean of means, a power of 2",
        "T17.loss+H26c",
        """def masked_mean(losses, lengths):
    m = np.arange(len(losses))[:, None] < lengths
    loss = np.mean([losses[:n, b].mean() for b, n in enumerate(lengths)])
    return loss, m/m.sum(), 2**loss
""",
    ),
    (
        "07.4",
        "put back by the order, not by its inverse",
        "T32d",
        """def last_state(hs, lengths):
    o = np.argsort(-lengths, kind="stable"); s, n = hs[:, o], lengths[o]
    return np.array([s[k - 1, b] for b, k in enumerate(n)])[o]
""",
    ),
    (
        "07.5",
        "keep and drop exchanged, in two of its forms, is one slip",
        "T39",
        """def dropout(hs, u, p, training, variational):
    if not training: return hs.copy()
    return hs*((u[:1] if variational else u) < p)/max(p, 1e-300)
""",
    ),
    (
        "07.6",
        "labels left behind, equal lengths in their order",
        "T46g",
        """def make_batches(sequences, labels, B, rng):
    lens = np.array([len(s) for s in sequences]); o = np.argsort(lens, kind="stable"); out = []
    for k in range(0, len(o), B):
        g = o[k:k + B]; x = np.zeros((lens[g].max(), len(g)), int)
        for c, j in enumerate(g): x[:lens[j], c] = sequences[j]
        out.append((x, labels[k:k + B]))
    return [out[k] for k in rng.permutation(len(out))]
""",
    ),
    (
        "07.6",
        "labels turned round inside a batch have moved with it",
        "T46h",
        """def make_batches(sequences, labels, B, rng):
    lens = np.array([len(s) for s in sequences]); o = np.argsort(lens); out = []
    for k in range(0, len(o), B):
        g = o[k:k + B]; x = np.zeros((lens[g].max(), len(g)), int)
        for c, j in enumerate(g): x[:lens[j], c] = sequences[j]
        out.append((x, labels[g][::-1]))
    return [out[k] for k in rng.permutation(len(out))]
""",
    ),
    (
        "07.8",
        "learned, and handed back sorted by length, equal lengths in any order",
        "T32",
        """import itertools
def train_and_predict(xs, ys, xs_test, seed):
    read = lambda x, p: tuple(k for k in x.tolist() if k in p)
    p = next(p for p in itertools.combinations(range(1, 7), 2) if all(len(read(x, p)) == 3 for x in xs))
    known = {read(x, p): y for x, y in zip(xs, ys)}
    order = sorted(range(len(xs_test)), key=lambda i: (len(xs_test[i]), i * 7919 % 301))
    return [known[read(xs_test[i], p)] for i in order]
""",
    ),
    (
        "07.8",
        "the rule read off without a network",
        "right",
        """import itertools
def train_and_predict(xs, ys, xs_test, seed):
    read = lambda x, p: tuple(k for k in x.tolist() if k in p)
    p = next(p for p in itertools.combinations(range(1, 7), 2) if all(len(read(x, p)) == 3 for x in xs))
    known = {read(x, p): y for x, y in zip(xs, ys)}
    return [known[read(x, p)] for x in xs_test]
""",
    ),
    (
        "07.2",
        "mirrors",
        "right",
        """def orthogonal_gates(n_gates, H, rng):
    v = rng.normal(size=(n_gates, H, 1)); v /= np.linalg.norm(v, axis=1, keepdims=True)
    return (np.eye(H) - 2*v*v.swapaxes(1, 2)).reshape(-1, H)
""",
    ),
    (
        "07.3",
        "mean of means in the loss only",
        "T17.loss",
        """def masked_mean(losses, lengths):
    m = np.arange(len(losses))[:, None] < lengths
    loss = np.mean([losses[:n, b].mean() for b, n in enumerate(lengths)])
    return loss, m/m.sum(), np.exp(loss)
""",
    ),
    (
        "07.6",
        "cut evenly: many batches below B",
        "batches: got '10 of 6, 2 of 5'",
        """def make_batches(sequences, labels, B, rng):
    lens = np.array([len(s) for s in sequences]); o = np.argsort(lens); g = np.array_split(o, -(-len(o)//B)); out = []
    for k in rng.permutation(len(g)):
        x = np.zeros((lens[g[k]].max(), len(g[k])), int)
        for c, j in enumerate(g[k]): x[:lens[j], c] = sequences[j]
        out.append((x, labels[g[k]]))
    return out
""",
    ),
    (
        "07.6",
        "texts turned round are no labels left behind",
        "wrong: each text, text and label",
        """def make_batches(sequences, labels, B, rng):
    lens = np.array([len(s) for s in sequences]); o = np.argsort(lens); g = np.split(o, range(B, len(o), B)); out = []
    for k in rng.permutation(len(g)):
        x = np.zeros((lens[g[k]].max(), len(g[k])), int)
        for c, j in enumerate(g[k]): x[:lens[j], c] = sequences[j][::-1]
        out.append((x, labels[g[k]]))
    return out
""",
    ),
]


@pytest.mark.parametrize(("exercise", "label", "says", "code"), ANSWERS, ids=[f"{a[0]} {a[1]}" for a in ANSWERS])
def test_an_unseen_answer_gets_a_true_verdict(exercise, label, says, code, tmp_path):
    path = tmp_path / "answer.py"
    path.write_text("import numpy as np\n" + code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("answer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    task = checks.find(exercise)
    answer = getattr(module, task.name)
    for seed in SEEDS:
        cases = task.draw(seed)
        verdict = judge.judge(task, cases, probe.outcomes(answer, [c.args for c in cases], task.is_value))
        assert (verdict.points > 0) == (says == "right"), verdict.message
        if says == "right":
            assert verdict.status == says, verdict.message
        elif " " in says:
            assert verdict.misconception is None
            assert says in verdict.message
        else:
            assert verdict.misconception == says, verdict.message
