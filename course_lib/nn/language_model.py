"""A next-symbol model in NumPy: one-hot input, a tanh recurrent layer, an output head, softmax and cross-entropy.

    h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)      y_t = W_hy h_t + b_y      p_t = softmax(y_t)

Derived in notebooks/02_prediction.ipynb (head and loss) and notebooks/03_bptt.ipynb (the way back through time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import check_float_array, check_size
from course_lib.nn.bptt import RNN, Params, bptt, forward
from course_lib.nn.gradients import clip_by_norm

Array = np.ndarray


class Weights(NamedTuple):
    """The numbers that training sets: W_xh (H, V), W_hh (H, H), b_h (H,), W_hy (V, H), b_y (V,)."""

    W_xh: Array
    W_hh: Array
    b_h: Array
    W_hy: Array
    b_y: Array


def softmax(logits: Array) -> Array:
    """p_k = exp(y_k) / sum_j exp(y_j) along the last axis, with the row's maximum taken off first.

    Example:
        >>> softmax(np.array([1000.0, 1000.0])).tolist()
        [0.5, 0.5]

    Derived in notebooks/02_prediction.ipynb.
    """
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(logits: Array, targets: Array) -> tuple[float, Array]:
    """The mean of -log p[target] over all predictions, and its gradient (p - one_hot(target)) / number of predictions.

    Args: logits (..., V), targets (...) symbols 0 to V - 1.
    Returns: loss in nats, dlogits (..., V).
    Raises: ValueError for targets of another shape or symbols outside the alphabet.

    Example:
        >>> loss, dlogits = cross_entropy(np.zeros((1, 2)), np.array([0]))  # ln 2: two symbols, no idea
        >>> round(loss, 4), dlogits.tolist()
        (0.6931, [[-0.5, 0.5]])

    Derived in notebooks/02_prediction.ipynb.
    """
    check_float_array("logits", logits)
    _check_symbols("targets", targets, logits.shape[-1])
    if targets.shape != logits.shape[:-1]:
        raise ValueError(f"targets: expected {logits.shape[:-1]}, got {targets.shape}")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    dlogits = np.exp(log_p)
    at = (*np.indices(targets.shape), targets)
    dlogits[at] -= 1
    return float(-log_p[at].mean()), dlogits / targets.size


def init_weights(V: int, H: int, rng: np.random.Generator) -> Weights:
    """Small uniform weights U(±1/sqrt(H)), biases 0.

    Example:
        >>> [w.shape for w in init_weights(V=5, H=3, rng=np.random.default_rng(0))]
        [(3, 5), (3, 3), (3,), (5, 3), (5,)]
    """
    bound = check_size("H", H) ** -0.5
    check_size("V", V)

    def draw(*shape: int) -> Array:
        return rng.uniform(-bound, bound, shape)

    return Weights(draw(H, V), draw(H, H), np.zeros(H), draw(V, H), np.zeros(V))


def logits_of(weights: Weights, ids: Array, h0: Array | None = None, memory: bool = True) -> tuple[Array, Array]:
    """Logits (T, B, V) for the symbols ids (T, B), and all states hs (T, B, H); without memory, h_{t-1} is 0.

    Raises: ValueError for ids that are no symbols of the alphabet, and as in `bptt.forward`.

    Example:
        >>> logits, hs = logits_of(init_weights(5, 3, np.random.default_rng(0)), np.array([[4], [0]]))
        >>> logits.shape, hs.shape
        ((2, 1, 5), (2, 1, 3))

    Derived in notebooks/02_prediction.ipynb.
    """
    xs, h0 = _inputs(weights, ids, h0)
    if memory:
        hs, _ = forward(RNN, xs, h0, Params(*weights[:3]))
    else:
        hs = np.tanh(xs @ weights.W_xh.T + weights.b_h)
    return hs @ weights.W_hy.T + weights.b_y, hs


def _inputs(weights: Weights, ids: Array, h0: Array | None) -> tuple[Array, Array]:
    H, V = weights.W_xh.shape
    _check_symbols("ids", ids, V)
    if ids.ndim != 2:
        raise ValueError(f"ids: expected (T, B), got {ids.shape}")
    xs = np.eye(V)[ids]  # (T, B, V)
    return xs, np.zeros((ids.shape[1], H)) if h0 is None else h0


def _check_symbols(name: str, ids: Array, V: int) -> None:
    came = ids.dtype if isinstance(ids, np.ndarray) else type(ids).__name__
    if not isinstance(ids, np.ndarray) or ids.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected an array of whole numbers, got {came}")
    if ids.size == 0 or ids.min() < 0 or ids.max() >= V:  # a negative one would count from the end
        came = f"{ids.min()} to {ids.max()}" if ids.size else "none"
        raise ValueError(f"{name}: expected symbols 0 to {V - 1}, got {came}")


def loss_and_gradients(
    weights: Weights, inputs: Array, targets: Array, h0: Array | None = None, memory: bool = True
) -> tuple[float, Weights, Array]:
    """Mean loss in nats, its gradients, and the last state (B, H), for symbols inputs and targets of shape (T, B).

    Example:
        >>> weights, ids = init_weights(5, 3, np.random.default_rng(0)), np.array([[0], [1], [2]])
        >>> loss, grads, h_T = loss_and_gradients(weights, ids[:-1], ids[1:])
        >>> grads.W_hy.shape, h_T.shape
        ((5, 3), (1, 3))

    Derived in notebooks/03_bptt.ipynb.
    """
    logits, hs = logits_of(weights, inputs, h0, memory)
    loss, dys = cross_entropy(logits, targets)
    dhs = dys @ weights.W_hy
    dW_hy = np.einsum("tbv,tbh->vh", dys, hs, optimize=True)
    db_y = dys.sum(axis=(0, 1))
    xs, h0 = _inputs(weights, inputs, h0)
    if memory:
        _, grads = bptt(RNN, xs, h0, Params(*weights[:3]), dhs)
        dW_xh, dW_hh, db_h = grads.dparams
    else:
        das = dhs * (1 - hs**2)
        dW_xh, dW_hh, db_h = np.einsum("tbh,tbv->hv", das, xs), np.zeros_like(weights.W_hh), das.sum(axis=(0, 1))
    return loss, Weights(dW_xh, dW_hh, db_h, dW_hy, db_y), hs[-1]


def adam(lr: float = 0.01, betas: tuple[float, float] = (0.9, 0.99)) -> Callable[[Weights, Weights], Weights]:
    """An update rule weights, gradients -> new weights (Kingma and Ba 2015, algorithm 1); it remembers its averages.

    Example:
        >>> weights = init_weights(2, 1, np.random.default_rng(0))
        >>> adam(lr=0.5)(weights, weights._replace(b_y=np.array([3.0, -40.0]))).b_y.round(6).tolist()
        [-0.5, 0.5]
    """
    m: list[Array] = []
    v: list[Array] = []
    step = 0

    def update(weights: Weights, grads: Weights) -> Weights:
        nonlocal step, m, v
        step += 1
        m = m or [np.zeros_like(g) for g in grads]
        v = v or [np.zeros_like(g) for g in grads]
        m = [betas[0] * a + (1 - betas[0]) * g for a, g in zip(m, grads)]
        v = [betas[1] * a + (1 - betas[1]) * g * g for a, g in zip(v, grads)]
        m_hat = [a / (1 - betas[0] ** step) for a in m]
        v_hat = [b / (1 - betas[1] ** step) for b in v]
        return Weights(*(w - lr * a / (np.sqrt(b) + 1e-8) for w, a, b in zip(weights, m_hat, v_hat)))

    return update


def train(
    weights: Weights,
    batches: Iterable[tuple[Array, Array]],
    lr: float = 0.01,
    clip: float = 1.0,
    memory: bool = True,
) -> tuple[Weights, list[float]]:
    """One Adam update for each (inputs, targets) of shape (T, B); each window starts from a zero state.

    Returns: the trained weights and the loss before each update, in nats.

    Example:
        >>> ids = np.array([[0], [1], [0], [1]])
        >>> _, losses = train(init_weights(2, 3, np.random.default_rng(0)), [(ids[:-1], ids[1:])] * 50, lr=0.1)
        >>> bool(losses[-1] < 0.1 < losses[0])
        True
    """
    update, losses = adam(lr), []
    for inputs, targets in batches:
        loss, grads, _ = loss_and_gradients(weights, inputs, targets, memory=memory)
        clipped, _ = clip_by_norm(grads, clip)
        weights = update(weights, Weights(*clipped))
        losses.append(loss)
    return weights, losses


def sample(weights: Weights, start: Array, n: int, rng: np.random.Generator, temperature: float = 1.0) -> list[int]:
    """n symbols after the prefix `start` (at least one symbol): each is drawn, then fed back as the next input.

    Temperature 0 always takes the most likely symbol. Raises: ValueError for one below 0, or a prefix that is empty.

    Example:
        >>> weights = init_weights(2, 3, np.random.default_rng(0))._replace(b_y=np.array([0.0, 9.0]))
        >>> sample(weights, start=[0], n=3, rng=np.random.default_rng(0), temperature=0)
        [1, 1, 1]
    """
    if not temperature >= 0:
        raise ValueError(f"temperature: expected a number >= 0, got {temperature}")
    logits, hs = logits_of(weights, np.asarray(start)[:, None])
    y, h = logits[-1, 0], hs[-1, 0]
    drawn = []
    for _ in range(n):
        k = int(y.argmax()) if temperature == 0 else int(rng.choice(len(y), p=softmax(y / temperature)))
        drawn.append(k)
        h = np.tanh(weights.W_xh[:, k] + weights.W_hh @ h + weights.b_h)
        y = weights.W_hy @ h + weights.b_y
    return drawn


def count_table_bits(train_ids: Array, test_ids: Array, V: int, order: int, prior: float = 0.1) -> float:
    """Bits per symbol of a table that counts what followed each context of `order` symbols: the rival to beat.

    p(k | context) = (count + prior) / (total + prior V), an unseen context giving 1 / V. Perplexity is 2 to this power.
    Raises: ValueError unless both texts are longer than `order` >= 0.

    Example:
        >>> coin = np.random.default_rng(0).integers(0, 2, 10_000)
        >>> round(count_table_bits(coin[:9000], coin[9000:], V=2, order=1), 2)
        1.0
    """
    if not 0 <= order < min(len(train_ids), len(test_ids)):
        raise ValueError(f"order: expected 0 or more, below the length of both texts, got {order}")
    counts: dict[tuple[int, ...], Array] = {}
    for t in range(order, len(train_ids)):
        context = tuple(train_ids[t - order : t])
        counts.setdefault(context, np.zeros(V))[train_ids[t]] += 1
    bits = 0.0
    for t in range(order, len(test_ids)):
        row = counts.get(tuple(test_ids[t - order : t]))
        p = 1 / V if row is None else (row[test_ids[t]] + prior) / (row.sum() + prior * V)
        bits -= np.log2(p)
    return float(bits / (len(test_ids) - order))
