"""Gradients looked at from outside: are they right, how far do they reach, how are they kept from exploding.

A set of gradients is one array, a list or tuple of arrays, a NamedTuple such as `DParams`, or a dict; what comes
back has the same form. Only `autograd_gradients` needs torch, and imports it when it is called.
"""

from collections.abc import Callable
from numbers import Real
from typing import NamedTuple

import numpy as np

from course_lib.nn import bptt
from course_lib.nn._shapes import check, check_finite, check_float_array
from course_lib.nn.cells import lstm_gates, relu

Array = np.ndarray
Arrays = Array | list[Array] | tuple[Array, ...] | dict[str, Array]


# --- is the gradient right? -------------------------------------------------------------------------------------------


class Comparison(NamedTuple):
    """How one gradient compares with its judge; printed, it is one line."""

    name: str
    shape: tuple[int, ...]
    max_abs: float
    relative: float
    ok: bool

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "DIFFERS"
        size = f"{self.name:<8} {self.shape!s:<12}"
        return f"{size} max |diff| {self.max_abs:.1e}   relative {self.relative:.1e}   {verdict}"


def numerical_gradient(f: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    """The gradient of a scalar function by central differences, one entry at a time.

        df/dx_i = (f(x + step e_i) - f(x - step e_i)) / (2 step) + O(step^2)

    Args: f(x) -> one number; x, a float64 array of any shape, not changed; step, where 1e-5 balances the two errors
        (the truncation shrinks with step^2, the rounding grows with 1/step).
    Returns: an array shaped as x.
    Raises: ValueError unless x is float64 and finite, and f returns one finite number.

    Example:
        >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6).tolist()
        [2.0, -6.0]

    Derived in notebooks/03_bptt.ipynb.
    """
    check_float_array("x", x)
    if x.dtype != np.float64:
        raise ValueError(f"x: expected float64 (differences in float32 are mostly rounding), got {x.dtype}")
    check_finite(x=x)
    _positive("step", step)
    x, gradient = x.copy(), np.empty_like(x)
    for i in np.ndindex(x.shape):
        x_i = x[i]
        x[i] = x_i + step
        above = _number(f(x))
        x[i] = x_i - step
        below = _number(f(x))
        x[i] = x_i
        gradient[i] = (above - below) / (2 * step)
    return gradient


def autograd_gradients(loss: Callable, params: Arrays) -> Arrays:
    """The gradients that torch's autograd finds, the second judge beside `numerical_gradient`.

    Args: loss(params) -> a scalar tensor, written with torch operations; params, arrays, handed to loss as float64
        tensors.
    Returns: arrays in the form and with the shapes of params; zeros where the loss does not depend on a parameter.
    Raises: ValueError if the loss is not one number.

    Example:
        >>> autograd_gradients(lambda x: (x**2).sum(), np.array([1.0, -3.0])).tolist()
        [2.0, -6.0]

    Derived in notebooks/03_bptt.ipynb.
    """
    import torch

    tensors = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for _, array in _items(params)]
    value = loss(_rebuild(params, tensors))
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        raise ValueError(f"loss: expected a tensor with one number, got {_describe(value)}")
    grads = torch.autograd.grad(value.reshape(()), tensors, allow_unused=True, materialize_grads=True)
    return _rebuild(params, [grad.numpy() for grad in grads])


def compare_gradients(
    ours: Arrays, judge: Arrays, tol: float = 1e-6, floor: float = 0.0, show: Callable | None = print
) -> list[Comparison]:
    """Compare two sets of gradients and print one line for each.

        relative = max |ours - judge| / max(max |ours|, max |judge|)
        ok when relative <= tol or max |ours - judge| <= floor

    Args: ours, judge of equal form or order (dicts match by name, with or without the leading d); show=None prints
        nothing.
    Returns: a list of `Comparison`.
    Raises: ValueError if the number of arrays, a name or a shape differs.

    Example:
        >>> _ = compare_gradients({"dW_hh": np.ones((2, 2))}, {"dW_hh": np.ones((2, 2))})
        dW_hh    (2, 2)       max |diff| 0.0e+00   relative 0.0e+00   ok

    Derived in notebooks/03_bptt.ipynb.
    """
    rows = []
    for name, a, b in _pairs(ours, judge):
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, and NaN is not ok
            max_abs = float(np.abs(a - b).max())
        scale = float(max(np.abs(a).max(), np.abs(b).max()))
        relative = max_abs / scale if scale > 0 else max_abs
        rows.append(Comparison(name, a.shape, max_abs, relative, relative <= tol or max_abs <= floor))
        if show is not None:
            show(str(rows[-1]))
    return rows


def check_gradients(
    loss: Callable[[Arrays], float],
    params: Arrays,
    grads: Arrays,
    tol: float = 1e-6,
    step: float = 1e-5,
    show: Callable | None = print,
) -> list[Comparison]:
    """Compare gradients with central differences of the loss, one printed line per parameter.

    Args: loss(params) -> one number, where params arrives in the form given here; params float64; grads in the same
        order (or by name), each with its parameter's shape. A difference below 1e-9 counts as rounding.
    Returns: a list of `Comparison`; `all(row.ok for row in rows)` is the verdict.
    Raises: ValueError for shapes or names that do not match, and as in `numerical_gradient`.

    Example:
        >>> _ = check_gradients(lambda w: float((w["W"] ** 2).sum()), {"W": np.eye(2)}, {"dW": np.eye(2)}, show=None)
        >>> str(_[0]).split()[-1]
        'DIFFERS'

    Derived in notebooks/03_bptt.ipynb.
    """
    _pairs(grads, params)
    arrays = [array for _, array in _items(params)]

    def with_array(i: int) -> Callable[[Array], float]:
        return lambda x: loss(_rebuild(params, [*arrays[:i], x, *arrays[i + 1 :]]))

    numerical = [numerical_gradient(with_array(i), array, step) for i, array in enumerate(arrays)]
    return compare_gradients(grads, _rebuild(params, numerical), tol, floor=1e-9, show=show)


# --- how far does it reach? -------------------------------------------------------------------------------------------


def gradient_by_lag(
    cell: bptt.Cell | str,
    xs: Array,
    state0: bptt.State,
    params: Arrays,
    dh_T: Array | None = None,
    of: str = "h",
) -> Array:
    """How strongly the last hidden state depends on what happened k steps earlier, k = 0, 1, 2, ...

        norms[k] = |dL / dh_{T-k}|        L = sum of h_T, or any loss on h_T with gradient dh_T

    Args: cell, xs (T, B, D), state0, params as in `bptt`; dh_T (B, H), ones if left out; of "h" (k = 0 .. T, the
        last one is h_0), "c" (an LSTM's cell state, same lags, its way out through h_t included) or "x" (k < T).
        An LSTM has two ways back: "h" is the derivative at fixed c_{T-k}, "c" is that of the other.
    Returns: norms, (T + 1,) or (T,): the Euclidean norm of each row, averaged over the batch.
    Raises: ValueError as in `bptt`, and for an `of` that the cell does not have.

    Example:
        >>> one = np.ones((1, 1))
        >>> gradient_by_lag("rnn", np.zeros((3, 1, 1)), 0 * one, (one, 0.5 * one, np.zeros(1))).tolist()
        [1.0, 0.5, 0.25, 0.125]

    Derived in notebooks/04_vanishing_gradients.ipynb. Source: Pascanu et al. 2013, section 2.
    """
    cell, state, params = bptt._checked(cell, xs, state0, params)
    if of not in ("h", "x", "c")[: 3 if cell is bptt.LSTM else 2]:
        raise ValueError(f"of: expected {'h, x or c' if cell is bptt.LSTM else 'h or x'} for {cell.name}, got {of!r}")
    states = [state, *bptt._forward(cell.step, xs, state, params)]
    dh_T = np.ones_like(state[0]) if dh_T is None else dh_T
    check(xs=xs, h0=state[0], dh_T=dh_T)
    check_finite(dh_T=dh_T)
    dhs = np.zeros((len(xs), *dh_T.shape), xs.dtype)
    dhs[-1] = dh_T
    none = bptt._zeros_like(state)
    steps = list(bptt._backward(cell, xs, states, params, dhs, none))
    if of == "x":
        return _row_norms(dx_t for _, dx_t, _, _ in steps)
    dstates = [(dh_T, *none[1:]), *(dstate for _, _, dstate, _ in steps)]
    if of == "h":
        return _row_norms(dstate[0] for dstate in dstates)
    return _row_norms(_total_dc(dstate, len(xs) - k, xs, states, params) for k, dstate in enumerate(dstates))


def effective_horizon(norms: Array, fraction: float = 0.01) -> int | None:
    """The first lag at which a gradient has fallen below a fraction of its value at lag 0.

    Args: norms, as from `gradient_by_lag`; fraction, 0.01 for one per cent.
    Returns: the lag, or None if the gradient stays above it everywhere: the horizon is longer than the sequence.
    Raises: ValueError for norms that are empty, start at 0, are not finite at lag 0, or hold NaN.

    Example:
        >>> effective_horizon(0.5 ** np.arange(20.0))
        7

    Derived in notebooks/04_vanishing_gradients.ipynb.
    """
    norms = np.asarray(norms)
    if norms.ndim != 1 or norms.size == 0 or not 0 < norms[0] < np.inf or np.isnan(norms).any():
        raise ValueError(f"norms: expected (lags,) with a positive first entry and no NaN, got {_describe(norms)}")
    below = np.flatnonzero(norms < fraction * norms[0])
    return int(below[0]) if below.size else None


def spectral_radius(W: Array) -> float:
    """The largest absolute eigenvalue: what a matrix does to a vector per step, in the long run.

    Args: W (H, H). Raises: ValueError unless W is square and finite.

    Example:
        >>> spectral_radius(np.array([[0.0, 50.0], [0.0, 0.0]])), round(spectral_radius(np.full((2, 2), 0.9)), 6)
        (0.0, 1.8)

    Derived in notebooks/04_vanishing_gradients.ipynb.
    """
    return float(np.abs(np.linalg.eigvals(_matrix(W, square=True))).max())


def spectral_norm(W: Array) -> float:
    """The largest singular value: the most that a matrix can stretch any vector in one step.

    Args: W (H, D). Raises: ValueError unless W is a finite matrix.

    Example:
        >>> spectral_norm(np.array([[0.0, 50.0], [0.0, 0.0]]))
        50.0

    Derived in notebooks/04_vanishing_gradients.ipynb.
    """
    return float(np.linalg.norm(_matrix(W), 2))


def jacobian(h_t: Array, W_hh: Array, f: Callable = np.tanh) -> Array:
    """How the next state of a simple recurrent network depends on the state before it.

        dh_t/dh_{t-1} = diag(f'(a_t)) W_hh        f' = 1 - h_t^2 for tanh, [h_t > 0] for relu

    Args: h_t (H,) or (B, H), the state after the step; W_hh (H, H); f np.tanh or relu.
    Returns: (H, H) or (B, H, H); row i, column j is dh_t[i] / dh_{t-1}[j].
    Raises: ValueError for shapes that do not fit.

    Example:
        >>> jacobian(np.array([0.0, 0.5]), np.eye(2)).tolist()
        [[1.0, 0.0], [0.0, 0.75]]

    Derived in notebooks/04_vanishing_gradients.ipynb. Source: Pascanu et al. 2013, section 2.1.
    """
    W_hh = _matrix(W_hh, square=True)
    check_float_array("h_t", h_t)
    if h_t.ndim not in (1, 2) or h_t.shape[-1] != len(W_hh):
        raise ValueError(f"h_t: expected (H,) or (B, H) with H = {len(W_hh)}, got {h_t.shape}")
    return _slope(h_t, f)[..., None] * W_hh


def jacobian_product(hs: Array, W_hh: Array, f: Callable = np.tanh) -> Array:
    """The Jacobians of a whole run multiplied up, from the last state back to every earlier one.

        J[k] = dh_T/dh_{T-k} = J_T J_{T-1} ... J_{T-k+1}        J_i = diag(f'(a_i)) W_hh, J[0] = 1

    Args: hs (T, H) or (T, B, H), the states h_1 .. h_T; W_hh (H, H); f np.tanh or relu.
    Returns: (T + 1, H, H) or (T + 1, B, H, H), indexed by the lag k; the last one reaches h_0.
    Raises: ValueError for shapes that do not fit.

    Example:
        >>> jacobian_product(np.zeros((3, 1)), np.array([[0.5]])).ravel().tolist()
        [1.0, 0.5, 0.25, 0.125]

    Derived in notebooks/04_vanishing_gradients.ipynb. Source: Pascanu et al. 2013, section 2.1.
    """
    W_hh = _matrix(W_hh, square=True)
    check_float_array("hs", hs)
    if hs.ndim not in (2, 3) or len(hs) == 0 or hs.shape[-1] != len(W_hh):
        raise ValueError(f"hs: expected (T, H) or (T, B, H) with H = {len(W_hh)}, T >= 1, got {hs.shape}")
    product = np.broadcast_to(np.eye(len(W_hh), dtype=W_hh.dtype), (*hs.shape[1:], len(W_hh)))
    products = [product]
    for h_t in hs[::-1]:
        product = product @ jacobian(h_t, W_hh, f)
        products.append(product)
    return np.stack(products)


# --- how is it kept from exploding? -----------------------------------------------------------------------------------


def clip_by_norm(grads: Arrays, max_norm: float, error_if_nonfinite: bool = False) -> tuple[Arrays, float]:
    """Shrink all gradients by one common factor if their joint norm is above a threshold: the direction stays.

        g <- g * min(1, max_norm / (norm + 1e-6))        norm over all entries of all arrays

    A gradient with NaN or inf in it has lost its direction. As in `torch.nn.utils.clip_grad_norm_`, a norm of NaN makes
    every entry NaN, a norm of inf makes the finite entries 0 and the infinite ones NaN: look at the norm that is
    returned, and skip the update; or ask for an error.

    Args: grads in any form (see the module's first lines); max_norm > 0; error_if_nonfinite, raise instead.
    Returns: new arrays in the same form, and the norm before clipping.
    Raises: ValueError for max_norm <= 0, for no array at all, and for a NaN or inf norm if asked to.

    Example:
        >>> clipped, norm = clip_by_norm([np.array([3.0, 4.0])], max_norm=1.0)
        >>> clipped[0].round(3).tolist(), norm
        ([0.6, 0.8], 5.0)

    Derived in notebooks/04_vanishing_gradients.ipynb. Source: Pascanu et al. 2013, algorithm 1.
    """
    _positive("max_norm", max_norm)
    arrays = [array for _, array in _items(grads)]
    norm = float(np.linalg.norm([np.linalg.norm(np.asarray(array, np.float64)) for array in arrays]))
    if error_if_nonfinite and not np.isfinite(norm):
        raise ValueError(f"grads: expected a finite norm, got {norm}")
    factor = min(1.0, max_norm / (norm + 1e-6)) if not np.isnan(norm) else np.nan
    with np.errstate(invalid="ignore"):  # inf * 0 is the NaN of the docstring
        return _rebuild(grads, [array * factor for array in arrays]), norm


def descend(params: Arrays, grads: Arrays, step_size: float) -> Arrays:
    """One update by plain gradient descent: every weight goes a small step against its gradient.

        W <- W - step_size dW

    Args: params and grads in any form, the same number of arrays in the same order; step_size > 0.
    Returns: new arrays in the form of params.
    Raises: ValueError for step_size <= 0, and for arrays whose number or shapes differ.

    Example:
        >>> descend([np.array([1.0, 2.0])], [np.array([0.5, -0.5])], step_size=0.1)[0].tolist()
        [0.95, 2.05]

    Derived in notebooks/03_bptt.ipynb.
    """
    _positive("step_size", step_size)
    pairs = list(zip(_items(params), _items(grads), strict=True))
    for (name, weight), (_, gradient) in pairs:
        if np.shape(weight) != np.shape(gradient):
            raise ValueError(f"{name}: expected a gradient of shape {np.shape(weight)}, got {np.shape(gradient)}")
    return _rebuild(params, [weight - step_size * gradient for (_, weight), (_, gradient) in pairs])


def clip_by_value(grads: Arrays, limit: float) -> Arrays:
    """Cut every single entry to the range -limit .. limit: large entries lose more, so the direction turns.

        g_i <- min(max(g_i, -limit), limit)

    Args: grads in any form; limit > 0. NaN stays NaN.
    Returns: new arrays in the same form.
    Raises: ValueError for limit <= 0, and for no array at all.

    Example:
        >>> clip_by_value(np.array([3.0, -40.0]), 5.0).tolist()
        [3.0, -5.0]

    Derived in notebooks/04_vanishing_gradients.ipynb. Source: Mikolov 2012.
    """
    _positive("limit", limit)
    return _rebuild(grads, [np.clip(array, -limit, limit) for _, array in _items(grads)])


# --- small helpers ----------------------------------------------------------------------------------------------------


def _items(arrays: Arrays) -> list[tuple[str, Array]]:
    """Name and array, whatever the form."""
    if isinstance(arrays, np.ndarray):
        return [("gradient", arrays)]
    if isinstance(arrays, dict):
        items = list(arrays.items())
    else:
        names = getattr(arrays, "_fields", [f"[{i}]" for i in range(len(arrays))])
        items = list(zip(names, arrays, strict=True))
    if not items:
        raise ValueError("expected at least one array, got none")
    for name, array in items:
        check_float_array(name, array)
    return items


def _rebuild(like: Arrays, values: list) -> Arrays:
    """The values in the form of `like`."""
    if isinstance(like, np.ndarray):
        return values[0]
    if isinstance(like, dict):
        return dict(zip(like, values, strict=True))
    return type(like)(*values) if hasattr(like, "_fields") else type(like)(values)


def _pairs(ours: Arrays, judge: Arrays) -> list[tuple[str, Array, Array]]:
    mine, theirs = _items(ours), _items(judge)
    if len(mine) != len(theirs):
        raise ValueError(f"gradients: expected {len(theirs)} arrays, got {len(mine)}")
    if isinstance(ours, dict) and isinstance(judge, dict):
        by_name = {name.removeprefix("d"): array for name, array in theirs}
        missing = [name for name, _ in mine if name.removeprefix("d") not in by_name]
        if missing:
            raise ValueError(f"gradients: expected the names {', '.join(judge)}, got {missing[0]}")
        theirs = [(name, by_name[name.removeprefix("d")]) for name, _ in mine]
    for (name, a), (_, b) in zip(mine, theirs, strict=True):
        if a.shape != b.shape:
            raise ValueError(f"{name}: expected {b.shape}, got {a.shape}")
    return [(name, a, b) for (name, a), (_, b) in zip(mine, theirs, strict=True)]


def _number(value) -> float:
    number = isinstance(value, Real | np.ndarray) and np.size(value) == 1
    if not number or not np.isfinite(value):
        raise ValueError(f"f(x): expected one finite number, got {_describe(value)}")
    return float(np.reshape(value, ()))


def _describe(value) -> str:
    shape = getattr(value, "shape", ())
    return f"shape {tuple(shape)}" if tuple(shape) not in ((), (1,)) else repr(value)


def _positive(name: str, value: float) -> None:
    if not isinstance(value, Real) or not value > 0:
        raise ValueError(f"{name}: expected a positive number, got {value!r}")


def _matrix(W: Array, square: bool = False) -> Array:
    check_float_array("W", W)
    if W.ndim != 2 or W.size == 0 or (square and W.shape[0] != W.shape[1]):
        raise ValueError(f"W: expected {'(H, H)' if square else 'a matrix'}, got {W.shape}")
    check_finite(W=W)
    return W


def _slope(h_t: Array, f: Callable) -> Array:
    if f is not np.tanh and f is not relu:
        raise ValueError(f"f: expected np.tanh or relu, got {f!r}")
    return 1 - h_t**2 if f is np.tanh else (h_t > 0).astype(h_t.dtype)


def _row_norms(ds) -> Array:
    return np.array([np.linalg.norm(d, axis=1).mean() for d in ds])


def _total_dc(dstate, t: int, xs: Array, states: list, params) -> Array:
    """dL/dc_t of an LSTM, its way through h_t = o_t tanh(c_t) included; c_0 has no h_0 to go through."""
    dh, dc = dstate
    if t == 0:
        return dc
    o_t = lstm_gates(xs[t - 1], states[t - 1][0], *params)[3]
    return dc + dh * o_t * (1 - np.tanh(states[t][1]) ** 2)
