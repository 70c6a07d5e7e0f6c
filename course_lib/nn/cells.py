"""The recurrent cells, one time step each, with the backward twin right below the step.

Axis letters: B batch, D input, H hidden. A batch keeps its vectors as rows, so the equation's `W_xh x_t` is the code's
`x_t @ W_xh.T`. Weights are stored as PyTorch stores them, gates stacked in the order i, f, g, o (LSTM) and r, z, n
(GRU). A gradient is `d` + the name: `dW_hh` is the derivative of the loss with respect to `W_hh`, and has its shape.

A step computes, and a loop elsewhere (`course_lib.nn.bptt`) unrolls. Every function checks its shapes and dtypes
(float32 or float64, not mixed) and raises a ValueError such as `h_prev: expected (B, H) = (4, 8), got (4, 7)`.
NaN and inf pass through a single step, so that an overflow can be watched; the loops of `bptt` refuse them.
The backward twins compute the gates again from the inputs: nothing but the states has to be remembered.
"""

from collections.abc import Callable

import numpy as np

from course_lib.nn._shapes import check

Array = np.ndarray


def sigmoid(a: Array) -> Array:
    """The logistic function, between 0 and 1, written with tanh so that it never overflows.

        sigmoid(a) = 1 / (1 + exp(-a)) = 1/2 + 1/2 tanh(a / 2)

    Example:
        >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
        [0.0, 0.5, 1.0]
    """
    return 0.5 + 0.5 * np.tanh(a / 2)


def relu(a: Array) -> Array:
    """The positive part, max(a, 0): an activation whose slope is 1 or 0.

    Example:
        >>> relu(np.array([-2.0, 3.0])).tolist()
        [0.0, 3.0]
    """
    return np.maximum(a, 0)


# --- the simple recurrent network -------------------------------------------------------------------------------------


def rnn_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array, f: Callable = np.tanh) -> Array:
    """One step of the simple recurrent network (Elman 1990).

        a_t = W_xh x_t + W_hh h_prev + b_h
        h_t = f(a_t)

    Args: x_t (B, D), h_prev (B, H), W_xh (H, D), W_hh (H, H), b_h (H,), f: np.tanh or relu.
    Returns: h_t (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> one = np.ones((1, 1))
        >>> rnn_step(one, 0 * one, 0.5 * one, one, np.zeros(1)).round(4).tolist()
        [[0.4621]]

    Derived in notebooks/01_recurrence.ipynb.
    """
    check(W_xh=W_xh, W_hh=W_hh, b_h=b_h, x_t=x_t, h_prev=h_prev)
    a_t = x_t @ W_xh.T + h_prev @ W_hh.T + b_h  # (B, H)
    h_t = f(a_t)
    return h_t


def rnn_step_backward(
    dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_xh: Array, W_hh: Array, f: Callable = np.tanh
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of one `rnn_step`, from the gradient of its result; weight gradients sum over the batch.

        da_t = dh_t * f'(a_t)        f' = 1 - h_t^2 for tanh, [h_t > 0] for relu

    Args: dh_t (B, H), the total derivative: from the loss at t plus what step t + 1 handed back. The rest as in the
        step.
    Returns: dx_t (B, D), dh_prev (B, H), dW_xh (H, D), dW_hh (H, H), db_h (H,).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> one = np.ones((1, 1))
        >>> dx_t, dh_prev, dW_xh, dW_hh, db_h = rnn_step_backward(one, one, one, 0.5 * one, one, 2 * one)
        >>> dh_prev.tolist()
        [[1.5]]

    Derived in notebooks/03_bptt.ipynb.
    """
    check(W_xh=W_xh, W_hh=W_hh, x_t=x_t, h_prev=h_prev, h_t=h_t, dh_t=dh_t)
    da_t = dh_t * (1 - h_t**2 if f is np.tanh else h_t > 0)
    dx_t = da_t @ W_xh  # (B, D)
    dh_prev = da_t @ W_hh  # (B, H)
    dW_xh = da_t.T @ x_t  # (H, D)
    dW_hh = da_t.T @ h_prev  # (H, H)
    db_h = da_t.sum(axis=0)  # (H,)
    return dx_t, dh_prev, dW_xh, dW_hh, db_h


# --- LSTM -------------------------------------------------------------------------------------------------------------


def lstm_gates(
    x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> tuple[Array, Array, Array, Array]:
    """The four blocks of an LSTM at time step t: input gate, forget gate, candidate, output gate.

        i_t = sigmoid(W_xi x_t + W_hi h_prev + b_i)        f_t = sigmoid(W_xf x_t + W_hf h_prev + b_f)
        g_t = tanh(W_xg x_t + W_hg h_prev + b_g)           o_t = sigmoid(W_xo x_t + W_ho h_prev + b_o)

    Args: x_t (B, D), h_prev (B, H), W_xh (4H, D), W_hh (4H, H), b_h (4H,), stacked in the order i, f, g, o.
    Returns: i_t, f_t, g_t, o_t, each (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> gates = lstm_gates(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
        >>> [gate.item() for gate in gates]
        [0.5, 0.5, 0.0, 0.5]

    Derived in notebooks/05_lstm.ipynb.
    """
    check(4, W_xh=W_xh, W_hh=W_hh, b_h=b_h, x_t=x_t, h_prev=h_prev)
    a_t = x_t @ W_xh.T + h_prev @ W_hh.T + b_h  # (B, 4H)
    a_i, a_f, a_g, a_o = np.split(a_t, 4, axis=1)  # each (B, H)
    return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)


def lstm_step(
    x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> tuple[Array, Array]:
    """One step of the LSTM with forget gate, as `nn.LSTMCell` computes it.

        c_t = f_t * c_prev + i_t * g_t
        h_t = o_t * tanh(c_t)        gates: see `lstm_gates`

    PyTorch keeps two biases and adds them; `b_h` is their sum. Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.

    Args: x_t (B, D), h_prev and c_prev (B, H), W_xh (4H, D), W_hh (4H, H), b_h (4H,), stacked i, f, g, o.
    Returns: h_t (B, H), c_t (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero = np.zeros((1, 1))
        >>> h_t, c_t = lstm_step(zero, zero, zero + 8, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
        >>> c_t.item()
        4.0

    Derived in notebooks/05_lstm.ipynb.
    """
    i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, W_xh, W_hh, b_h)
    check(4, W_hh=W_hh, x_t=x_t, c_prev=c_prev)
    c_t = f_t * c_prev + i_t * g_t
    h_t = o_t * np.tanh(c_t)
    return h_t, c_t


def lstm_step_backward(
    dh_t: Array, dc_t: Array, x_t: Array, h_prev: Array, c_prev: Array, W_xh: Array, W_hh: Array, b_h: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The gradients of one `lstm_step`, from the gradients of its two results.

        dc_t += dh_t o_t (1 - tanh^2 c_t)        do = dh_t tanh(c_t)
        di = dc_t g_t        df = dc_t c_prev        dg = dc_t i_t        dc_prev = dc_t f_t

    Args: dh_t and dc_t (B, H), what arrives from the loss and from step t + 1; the rest as in the step.
    Returns: dx_t (B, D), dh_prev (B, H), dc_prev (B, H), dW_xh (4H, D), dW_hh (4H, H), db_h (4H,).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
        >>> grads = lstm_step_backward(zero, one, zero, zero, one, np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
        >>> grads[2].item()  # dc_prev = f_t
        0.5

    Derived in notebooks/05_lstm.ipynb.
    """
    i_t, f_t, g_t, o_t = lstm_gates(x_t, h_prev, W_xh, W_hh, b_h)
    check(4, W_hh=W_hh, x_t=x_t, c_prev=c_prev, dh_t=dh_t, dc_t=dc_t)
    c_t = f_t * c_prev + i_t * g_t
    dc_t = dc_t + dh_t * o_t * (1 - np.tanh(c_t) ** 2)
    da_i = dc_t * g_t * i_t * (1 - i_t)
    da_f = dc_t * c_prev * f_t * (1 - f_t)
    da_g = dc_t * i_t * (1 - g_t**2)
    da_o = dh_t * np.tanh(c_t) * o_t * (1 - o_t)
    da_t = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (B, 4H)
    dx_t = da_t @ W_xh  # (B, D)
    dh_prev = da_t @ W_hh  # (B, H)
    dc_prev = dc_t * f_t
    return dx_t, dh_prev, dc_prev, da_t.T @ x_t, da_t.T @ h_prev, da_t.sum(axis=0)


# --- GRU, reset after the matrix product (PyTorch, cuDNN) -------------------------------------------------------------


def gru_gates(
    x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array, Array]:
    """The three blocks of a reset-after GRU at time step t: reset gate, update gate, candidate.

        r_t = sigmoid(W_xr x_t + b_xr + W_hr h_prev + b_hr)
        z_t = sigmoid(W_xz x_t + b_xz + W_hz h_prev + b_hz)
        n_t = tanh(W_xn x_t + b_xn + r_t * (W_hn h_prev + b_hn))

    Args: x_t (B, D), h_prev (B, H), W_xh (3H, D), W_hh (3H, H), b_x and b_h (3H,), stacked in the order r, z, n.
    Returns: r_t, z_t, n_t, each (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero = np.zeros((1, 1))
        >>> gates = gru_gates(zero, zero, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3))
        >>> [gate.item() for gate in gates]
        [0.5, 0.5, 0.0]

    Derived in notebooks/06_gru.ipynb.
    """
    check(3, W_xh=W_xh, W_hh=W_hh, b_x=b_x, b_h=b_h, x_t=x_t, h_prev=h_prev)
    a_r, a_z, a_n = np.split(x_t @ W_xh.T + b_x, 3, axis=1)  # each (B, H)
    u_r, u_z, u_n = np.split(h_prev @ W_hh.T + b_h, 3, axis=1)  # each (B, H)
    r_t = sigmoid(a_r + u_r)
    z_t = sigmoid(a_z + u_z)
    n_t = np.tanh(a_n + r_t * u_n)
    return r_t, z_t, n_t


def gru_step(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array) -> Array:
    """One step of the GRU that `nn.GRUCell` computes: the reset gate acts after the matrix product.

        h_t = (1 - z_t) * n_t + z_t * h_prev        gates: see `gru_gates`

    z_t = 1 keeps h_prev. The two biases cannot be merged: `b_h`'s third block stands inside the reset gate's product.

    Args: x_t (B, D), h_prev (B, H), W_xh (3H, D), W_hh (3H, H), b_x and b_h (3H,), stacked r, z, n.
    Returns: h_t (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero = np.zeros((1, 1))
        >>> gru_step(zero, zero + 8, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3)).item()
        4.0

    Derived in notebooks/06_gru.ipynb.
    """
    _, z_t, n_t = gru_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    h_t = (1 - z_t) * n_t + z_t * h_prev
    return h_t


def gru_step_backward(
    dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The gradients of one `gru_step`, from the gradient of its result.

        dn = dh_t (1 - z_t)        dz = dh_t (h_prev - n_t)        dr = da_n (W_hn h_prev + b_hn)

    Args: dh_t (B, H); the rest as in the step.
    Returns: dx_t (B, D), dh_prev (B, H), dW_xh (3H, D), dW_hh (3H, H), db_x (3H,), db_h (3H,).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
        >>> grads = gru_step_backward(one, zero, zero, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3))
        >>> grads[1].item()  # dh_prev = z_t
        0.5

    Derived in notebooks/06_gru.ipynb.
    """
    r_t, z_t, n_t = gru_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    check(3, W_hh=W_hh, x_t=x_t, dh_t=dh_t)
    u_n = np.split(h_prev @ W_hh.T + b_h, 3, axis=1)[2]  # (B, H)
    da_n = dh_t * (1 - z_t) * (1 - n_t**2)
    da_z = dh_t * (h_prev - n_t) * z_t * (1 - z_t)
    da_r = da_n * u_n * r_t * (1 - r_t)
    da_x = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H)
    da_h = np.concatenate([da_r, da_z, da_n * r_t], axis=1)  # (B, 3H)
    dx_t = da_x @ W_xh  # (B, D)
    dh_prev = da_h @ W_hh + dh_t * z_t  # (B, H)
    return dx_t, dh_prev, da_x.T @ x_t, da_h.T @ h_prev, da_x.sum(axis=0), da_h.sum(axis=0)


# --- GRU, reset before the matrix product (Cho et al. 2014, EMNLP version) --------------------------------------------


def gru_before_gates(
    x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array, Array]:
    """The three blocks of a reset-before GRU at time step t. Only the candidate differs from `gru_gates`.

        n_t = tanh(W_xn x_t + b_xn + W_hn (r_t * h_prev) + b_hn)

    Args, returns and errors: as in `gru_gates`.

    Example:
        >>> zero = np.zeros((1, 1))
        >>> gates = gru_before_gates(zero, zero, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3))
        >>> [gate.item() for gate in gates]
        [0.5, 0.5, 0.0]

    Derived in notebooks/06_gru.ipynb.
    """
    check(3, W_xh=W_xh, W_hh=W_hh, b_x=b_x, b_h=b_h, x_t=x_t, h_prev=h_prev)
    W_hr, W_hz, W_hn = np.split(W_hh, 3)  # each (H, H)
    a_r, a_z, a_n = np.split(x_t @ W_xh.T + b_x + b_h, 3, axis=1)  # each (B, H)
    r_t = sigmoid(a_r + h_prev @ W_hr.T)
    z_t = sigmoid(a_z + h_prev @ W_hz.T)
    n_t = np.tanh(a_n + (r_t * h_prev) @ W_hn.T)
    return r_t, z_t, n_t


def gru_step_before(x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array) -> Array:
    """One step of the GRU of Cho et al. (2014): the reset gate acts on h_prev before the matrix product.

        h_t = (1 - z_t) * n_t + z_t * h_prev        gates: see `gru_before_gates`

    The update gate keeps h_prev when z_t = 1, as in Cho's equation and in PyTorch; Chung et al. (2014) write it the
    other way round. Weights have the same shapes as in `gru_step` but cannot be converted from one GRU to the other.
    Here the two biases only ever appear as a sum; both are kept so that the two variants take the same arguments.

    Args: x_t (B, D), h_prev (B, H), W_xh (3H, D), W_hh (3H, H), b_x and b_h (3H,), stacked r, z, n.
    Returns: h_t (B, H).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero = np.zeros((1, 1))
        >>> gru_step_before(zero, zero + 8, np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3)).item()
        4.0

    Derived in notebooks/06_gru.ipynb.
    """
    _, z_t, n_t = gru_before_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    h_t = (1 - z_t) * n_t + z_t * h_prev
    return h_t


def gru_step_before_backward(
    dh_t: Array, x_t: Array, h_prev: Array, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The gradients of one `gru_step_before`, from the gradient of its result.

        dn = dh_t (1 - z_t)        dz = dh_t (h_prev - n_t)        dr = (W_hn^T da_n) h_prev

    Args: dh_t (B, H); the rest as in the step.
    Returns: dx_t (B, D), dh_prev (B, H), dW_xh (3H, D), dW_hh (3H, H), db_x (3H,), db_h (3H,).
    Raises: ValueError for a shape or dtype that does not fit.

    Example:
        >>> zero, one = np.zeros((1, 1)), np.ones((1, 1))
        >>> weights = np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3)
        >>> gru_step_before_backward(one, zero, zero, *weights)[1].item()  # dh_prev = z_t
        0.5

    Derived in notebooks/06_gru.ipynb.
    """
    r_t, z_t, n_t = gru_before_gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    check(3, W_hh=W_hh, x_t=x_t, dh_t=dh_t)
    W_hr, W_hz, W_hn = np.split(W_hh, 3)  # each (H, H)
    da_n = dh_t * (1 - z_t) * (1 - n_t**2)
    da_z = dh_t * (h_prev - n_t) * z_t * (1 - z_t)
    dreset = da_n @ W_hn  # (B, H), the gradient of r_t * h_prev
    da_r = dreset * h_prev * r_t * (1 - r_t)
    da_t = np.concatenate([da_r, da_z, da_n], axis=1)  # (B, 3H)
    dx_t = da_t @ W_xh  # (B, D)
    dh_prev = dh_t * z_t + dreset * r_t + da_z @ W_hz + da_r @ W_hr
    dW_hh = np.concatenate([da_r.T @ h_prev, da_z.T @ h_prev, da_n.T @ (r_t * h_prev)])  # (3H, H)
    return dx_t, dh_prev, da_t.T @ x_t, dW_hh, da_t.sum(axis=0), da_t.sum(axis=0)
