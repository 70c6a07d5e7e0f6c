"""How weights start. All randomness comes through a generator that you pass: `np.random.default_rng(seed)`.

Recurrent matrices decide how far gradients reach before any training; notebooks/04_vanishing_gradients.ipynb and
notebooks/07_training_tips.ipynb measure what each choice does.
"""

from collections.abc import Callable

import numpy as np

from course_lib.nn._shapes import check_finite, check_name, check_size
from course_lib.nn.bptt import Cell, GRUParams, Params, get_cell
from course_lib.nn.gradients import spectral_radius

Array = np.ndarray
SCHEMES = ("uniform", "xavier", "orthogonal", "identity")
# The gate that keeps the state is the second block of both: f in i, f, g, o and z in r, z, n.
_KEEP = 1


def uniform(shape: tuple[int, ...], rng: np.random.Generator, H: int | None = None, dtype: type = np.float64) -> Array:
    """What `torch.nn.RNN`, `LSTM` and `GRU` start from: U(-1/sqrt(H), 1/sqrt(H)) for every weight and every bias.

    Args: shape; rng; H, the hidden size, the last axis of shape if left out (right for W_hh, not for W_xh or a bias).
    Returns: an array of that shape. Raises: ValueError for an empty shape.

    Example:
        >>> bool(np.abs(uniform((8, 3), np.random.default_rng(0), H=4)).max() < 0.5)
        True

    Measured in notebooks/07_training_tips.ipynb.
    """
    _check_shape(shape)
    bound = 1 / np.sqrt(shape[-1] if H is None else check_size("H", H))
    return _cast(rng.uniform(-bound, bound, shape), dtype)


def xavier(shape: tuple[int, int], rng: np.random.Generator, dtype: type = np.float64) -> Array:
    """Glorot's uniform initialisation, an argument about feed-forward layers: variances keep their size both ways.

        U(-a, a)        a = sqrt(6 / (in + out))

    Args: shape (out, in). For gates stacked in one matrix use `per_gate(xavier, ...)`: `out` is the size of one gate.
    Returns: an array of that shape. Raises: ValueError unless shape has two positive sizes.

    Example:
        >>> bool(np.abs(xavier((8, 4), np.random.default_rng(0))).max() < np.sqrt(6 / 12))
        True

    Measured in notebooks/07_training_tips.ipynb. Source: Glorot & Bengio 2010, equation 16.
    """
    n_out, n_in = _check_shape(shape, axes=2)
    bound = np.sqrt(6 / (n_in + n_out))
    return _cast(rng.uniform(-bound, bound, shape), dtype)


def orthogonal(shape: tuple[int, int], rng: np.random.Generator, gain: float = 1.0, dtype: type = np.float64) -> Array:
    """A random rotation (and perhaps reflection): every singular value is `gain`, so no vector shrinks or grows.

    The Q of a QR decomposition of a normal matrix, each column with the sign that makes R's diagonal positive; without
    that the result is not uniform over the rotations.

    Args: shape (out, in); a wide matrix has orthonormal rows, a tall one orthonormal columns.
    Returns: an array of that shape. Raises: ValueError unless shape has two positive sizes.

    Example:
        >>> W = orthogonal((3, 3), np.random.default_rng(0))
        >>> bool(np.allclose(W @ W.T, np.eye(3)))
        True

    Measured in notebooks/04_vanishing_gradients.ipynb. Source: Saxe et al. 2013; Henaff et al. 2016.
    """
    rows, columns = _check_shape(shape, axes=2)
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q = Q * np.where(np.diag(R) < 0, -1, 1)
    return _cast(gain * (Q if rows >= columns else Q.T), dtype)


def identity(
    shape: tuple[int, int], rng: np.random.Generator | None = None, scale: float = 1.0, dtype: type = np.float64
) -> Array:
    """The identity, scaled: with relu, a network that starts by remembering (IRNN). rng is not used.

    Args: shape (out, in). Returns: an array of that shape. Raises: ValueError unless shape has two positive sizes.

    Example:
        >>> identity((2, 2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]

    Measured in notebooks/04_vanishing_gradients.ipynb. Source: Le et al. 2015.
    """
    return _cast(scale * np.eye(*_check_shape(shape, axes=2)), dtype)


def per_gate(init: Callable, n_gates: int, shape: tuple[int, int], rng: np.random.Generator, **options) -> Array:
    """Initialise each gate's block of a stacked matrix by itself, then stack them.

    Args: init, such as `orthogonal`; n_gates, 4 for an LSTM, 3 for a GRU; shape of the whole, (n_gates H, D);
        options for init.
    Returns: an array of that shape. Raises: ValueError if the rows do not divide by n_gates.

    Example:
        >>> W_hh = per_gate(orthogonal, 4, (8, 2), np.random.default_rng(0))
        >>> bool(np.allclose(W_hh[2:4] @ W_hh[2:4].T, np.eye(2)))
        True

    Measured in notebooks/07_training_tips.ipynb.
    """
    rows, columns = _check_shape(shape, axes=2)
    if rows % check_size("n_gates", n_gates):
        raise ValueError(f"shape: expected rows that divide by n_gates = {n_gates}, got {shape}")
    return np.concatenate([init((rows // n_gates, columns), rng, **options) for _ in range(n_gates)])


def scaled_to_radius(W: Array, radius: float) -> Array:
    """The matrix, scaled to a spectral radius of your choice.

    Args: W (H, H); radius >= 0. Returns: (H, H). Raises: ValueError if W's own radius is 0: no factor can change that.

    Example:
        >>> scaled_to_radius(np.diag([2.0, 1.0]), 0.5).tolist()
        [[0.5, 0.0], [0.0, 0.25]]

    Measured in notebooks/04_vanishing_gradients.ipynb.
    """
    own = spectral_radius(W)
    if own == 0 or not 0 <= radius < np.inf:
        came = "a matrix with radius 0" if own == 0 else f"radius {radius}"
        raise ValueError(f"radius: expected a finite radius >= 0 and a matrix with one above 0, got {came}")
    return W * (radius / own)


def forget_bias(H: int, value: float = 1.0, cell: Cell | str = "lstm", dtype: type = np.float64) -> Array:
    """A bias vector that is 0 except for the gate that keeps the state: `value` there.

    For an LSTM this is the forget gate. A GRU has none; its update gate keeps h_prev when it is open, so that block
    gets the value. sigmoid(1) = 0.73: a bias of 1 keeps 73 % a step, 4 % over ten steps.

    In PyTorch the same bias is the sum of `bias_ih` and `bias_hh`: put the value in one of the two and 0 in the
    other, or you get it twice. Here there is one.

    Args: H; value; cell "lstm", "gru" or "gru_before".
    Returns: b_h (4H,) or (3H,). Raises: ValueError for another cell.

    Example:
        >>> forget_bias(2).tolist()
        [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]

    Measured in notebooks/05_lstm.ipynb. Source: Gers et al. 2000; Jozefowicz et al. 2015.
    """
    b_h = np.zeros(_gated(cell).n_gates * check_size("H", H))
    b_h[_KEEP * H : (_KEEP + 1) * H] = value
    return _cast(b_h, dtype)


def chrono(H: int, T_max: int, rng: np.random.Generator, cell: Cell | str = "lstm", dtype: type = np.float64) -> Array:
    """A bias vector that gives every unit its own memory span, from 1 step to T_max (chrono initialisation).

        b_f = log U(1, T_max - 1)        b_i = -b_f        the rest 0

    A gate with bias b keeps sigmoid(b) a step, a memory of about 1 + exp(b) steps. For a GRU the update gate gets
    b_f (the paper's sign is the other way round: its gate replaces where PyTorch's keeps).

    Args: H; T_max >= 2, the longest span that matters, in steps; rng; cell "lstm", "gru" or "gru_before".
    Returns: b_h (4H,) or (3H,); for PyTorch's two biases see `forget_bias`. Raises: ValueError for another cell or
    T_max < 2.

    Example:
        >>> b_i, b_f, b_g, b_o = np.split(chrono(3, 100, np.random.default_rng(0)), 4)
        >>> bool(np.all(b_f > 0) and np.all(b_i == -b_f))
        True

    Measured in notebooks/05_lstm.ipynb. Source: Tallec & Ollivier 2018, section 2.
    """
    if not 2 <= T_max < np.inf:
        raise ValueError(f"T_max: expected at least 2 steps, got {T_max}")
    b_h = np.zeros(_gated(cell).n_gates * check_size("H", H))
    b_keep = np.log(rng.uniform(1, T_max - 1, H))
    b_h[_KEEP * H : (_KEEP + 1) * H] = b_keep
    if get_cell(cell).name == "lstm":
        b_h[:H] = -b_keep
    return _cast(b_h, dtype)


def init_params(
    cell: Cell | str,
    D: int,
    H: int,
    rng: np.random.Generator,
    scheme: str = "uniform",
    *,
    forget: float | None = None,
    T_max: int | None = None,
    dtype: type = np.float64,
) -> Params | GRUParams:
    """All weights of a cell, ready for `bptt` and `unroll`.

    scheme: "uniform" as PyTorch starts (but one bias, not a sum of two); "xavier" for both matrices, biases 0;
    "orthogonal": Xavier for W_xh, orthogonal for W_hh, biases 0, as Keras starts; "identity": N(0, 0.001^2) for
    W_xh, identity for W_hh, biases 0, meant for "rnn_relu". Stacked gates are initialised one by one.

    Args: cell; D, H sizes; rng; scheme; forget, a value for the keeping gate's bias (see `forget_bias`), or T_max,
        chrono's longest span, not both; dtype np.float64 or np.float32.
    Returns: Params(W_xh, W_hh, b_h), or GRUParams(W_xh, W_hh, b_x, b_h).
    Raises: ValueError for an unknown cell or scheme, sizes below 1, forget and T_max together or for a cell without
    gates.

    Example:
        >>> [p.shape for p in init_params("lstm", D=3, H=5, rng=np.random.default_rng(0), forget=1.0)]
        [(20, 3), (20, 5), (20,)]

    Measured in notebooks/07_training_tips.ipynb.
    """
    cell, G = get_cell(cell), get_cell(cell).n_gates
    D, H = check_size("D", D), check_size("H", H)
    check_name("scheme", scheme, SCHEMES)
    if forget is not None and T_max is not None:
        raise ValueError(f"forget, T_max: expected one of the two, got forget = {forget} and T_max = {T_max}")
    x_init, h_init = {
        "uniform": (lambda shape, rng: uniform(shape, rng, H), uniform),
        "xavier": (xavier, xavier),
        "orthogonal": (xavier, orthogonal),
        "identity": (lambda shape, rng: 0.001 * rng.standard_normal(shape), identity),
    }[scheme]
    W_xh = per_gate(x_init, G, (G * H, D), rng)
    W_hh = per_gate(h_init, G, (G * H, H), rng)
    n_biases = len(cell.params._fields) - 2
    biases = [uniform((G * H,), rng, H) if scheme == "uniform" else np.zeros(G * H) for _ in range(n_biases)]
    if forget is not None or T_max is not None:
        chosen = forget_bias(H, forget, cell) if T_max is None else chrono(H, T_max, rng, cell)
        gates = slice(0, 2 * H) if T_max is not None and cell.name == "lstm" else slice(_KEEP * H, (_KEEP + 1) * H)
        for bias in biases:
            bias[gates] = 0
        biases[-1][gates] = chosen[gates]
    return cell.params(*(_cast(p, dtype) for p in (W_xh, W_hh, *biases)))


def _gated(cell: Cell | str) -> Cell:
    cell = get_cell(cell)
    if cell.name not in ("lstm", "gru", "gru_before"):
        raise ValueError(f"cell: expected lstm, gru or gru_before (a gate that keeps the state), got {cell.name!r}")
    return cell


def _check_shape(shape: tuple[int, ...], axes: int | None = None) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, tuple | list) else ()
    whole = all(isinstance(n, int | np.integer) and n > 0 for n in sizes)
    if not sizes or not whole or len(sizes) != (axes or len(sizes)):
        raise ValueError(f"shape: expected {'(out, in)' if axes else 'positive sizes'}, got {shape}")
    return shape


def _cast(array: Array, dtype: type) -> Array:
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype: expected float32 or float64, got {np.dtype(dtype)}")
    check_finite(result=array)
    return array.astype(dtype)
