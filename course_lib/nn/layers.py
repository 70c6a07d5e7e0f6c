"""Fast recurrent layers over whole sequences (T, B, D), NumPy only: the equations of `course_lib.nn.cells`, fused.

What makes them fast, in the order of its effect; every trick is measured by `course bench layers`:

1. Hoisting. `W_xh x_t + b_h` does not depend on the past, so the time steps share one matrix product. The bias is the
   weight of an input that is always 1, so that the same product adds it.
2. One weight gradient. `dW = sum_t da_t^T h_prev` is one matrix product over all rows of all steps, not T small ones.
3. Blocks. Gates lie in memory as (gate, T, B, H): one call serves all gates of a step, on long contiguous runs.
   NumPy pays about 0.4 us per call, whatever the size.
4. `sigmoid(a) = 1/2 + 1/2 tanh(a/2)`, with the inner 1/2 folded into the weights: a single tanh call does every gate.
5. Derivative factors. Whatever in the backward equations does not wait for `dh_t` is computed for a chunk of steps in
   one call, just before the loop needs it, while it still fits into the processor's cache.
6. Prepared buffers and weights: nothing is allocated, reordered or transposed inside the loop over time.

A layer keeps its own read-only copy of the weights: hand new ones over with `load`. `backward` belongs to the last
`forward`. Weights, shapes and gate orders are those of PyTorch: i, f, g, o and r, z, n (reset after the product).
The loops are derived in notebooks/03_bptt.ipynb, 05_lstm.ipynb and 06_gru.ipynb, the tricks in 07_training_tips.ipynb.
"""

from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from course_lib.nn._shapes import check, check_finite, check_name, check_size

Array = np.ndarray


class LSTMState(NamedTuple):
    """What an LSTM carries from one window to the next: h (B, H) and c (B, H)."""

    h: Array
    c: Array


class RNNGrads(NamedTuple):
    """Gradients of one `RNN.backward`; `dxs` is None where it was not asked for."""

    dxs: Array | None  # (T, B, D)
    dh0: Array  # (B, H)
    dW_xh: Array  # (H, D)
    dW_hh: Array  # (H, H)
    db_h: Array  # (H,)


class LSTMGrads(NamedTuple):
    """Gradients of one `LSTM.backward`; `dxs` is None where it was not asked for."""

    dxs: Array | None  # (T, B, D)
    dh0: Array  # (B, H)
    dc0: Array  # (B, H)
    dW_xh: Array  # (4H, D)
    dW_hh: Array  # (4H, H)
    db_h: Array  # (4H,)


class GRUGrads(NamedTuple):
    """Gradients of one `GRU.backward`; `dxs` is None where it was not asked for."""

    dxs: Array | None  # (T, B, D)
    dh0: Array  # (B, H)
    dW_xh: Array  # (3H, D)
    dW_hh: Array  # (3H, H)
    db_x: Array  # (3H,)
    db_h: Array  # (3H,)


class _Layer:
    """What the three layers share: checks, buffers, chunks of time. Each layer adds its equations."""

    gates: int
    chunk: int | None = None  # time steps per chunk; None: chosen by size, 16 at B = 32, H = 128

    def _keep(self, **params: Array) -> None:
        """Check the weights and keep read-only copies, so that no change to them can go unnoticed."""
        check(self.gates, **params)
        check_finite(**params)
        for name, value in params.items():
            value = value.copy()
            value.setflags(write=False)
            setattr(self, name, value)
        self.H, self.D, self.dtype = self.W_hh.shape[1], self.W_xh.shape[1], self.W_hh.dtype
        self._half = np.array(0.5, self.dtype)  # NumPy would convert a Python number anew on each call
        self._buffers: dict[str, Array] = {}
        self._hs = None  # a forward pass with other weights is of no use to `backward`

    def _buffer(self, name: str, *shape: int) -> Array:
        """Scratch memory that survives from call to call: the system charges for a first touch only."""
        flat, size = self._buffers.get(name), prod(shape)
        if flat is None or flat.size < size:
            flat = self._buffers[name] = np.empty(size, self.dtype)
        return flat[:size].reshape(shape)

    def _start(self, xs: Array, lengths, **states: Array | None) -> tuple[Array, ...]:
        """Check the inputs of `forward`; return the initial states, zeros where none was given."""
        given = {name: state for name, state in states.items() if state is not None}
        check(self.gates, W_xh=self.W_xh, W_hh=self.W_hh, xs=xs, **given)
        _check_finite_fast(xs=xs, **given)
        T, B, D = xs.shape
        self._lengths = None if lengths is None else check_lengths(lengths, T, B)
        # A copy that `backward` can rely on, with a last column of ones that multiplies the bias.
        self._x1 = self._buffer("x1", T, B, D + 1)
        self._x1[..., :D], self._x1[..., D] = xs, 1
        return tuple(np.zeros((B, self.H), self.dtype) if state is None else state for state in states.values())

    def steps_per_chunk(self, B: int) -> int:
        """Time steps per chunk: more save calls, fewer save memory and stay in the cache (`course bench memory`)."""
        return self.chunk or min(max(65536 // (B * self.H), 4), 64)

    def _chunks(self, T: int, B: int) -> list[tuple[int, int]]:
        n = self.steps_per_chunk(B)
        return [(start, min(start + n, T)) for start in range(0, T, n)]

    def _finish(self, hs: Array, *states: Array) -> tuple[Array, tuple[Array, ...]]:
        """Outputs (T, B, H) and last states; after the end of a short sequence outputs are 0 and states stay."""
        if self._lengths is None:
            hs.setflags(write=False)  # `backward` reads them again, so nobody may change them in between
            return hs[1:], tuple(state[-1].copy() for state in states)
        T, B, _ = self._x1.shape
        mask = (np.arange(T)[:, None] < self._lengths)[..., None]  # (T, B, 1)
        return hs[1:] * mask, tuple(state[self._lengths, np.arange(B)] for state in states)

    def _gradients_in(self, dhs: Array | None, **dstates: Array | None) -> tuple[Array, ...]:
        """Check the gradients that come into `backward`; zeros where none was given."""
        if self._hs is None:
            raise ValueError("backward: expected a forward pass with these weights before it, got none")
        T, B, _ = self._x1.shape
        given = {name: d for name, d in {"dhs": dhs, **dstates}.items() if d is not None}
        check(self.gates, W_hh=self.W_hh, sizes={"T": T, "B": B}, **given)
        _check_finite_fast(**{name: d for name, d in given.items() if name != "dhs"})  # dhs: see `_finite_chunk`
        dhs = np.zeros((T, B, self.H), self.dtype) if dhs is None else dhs
        if self._lengths is not None:  # outputs after the end were replaced by zeros: no gradient flows into them
            dhs = dhs * (np.arange(T)[:, None] < self._lengths)[..., None]
        return dhs, *(np.zeros((B, self.H), self.dtype) if d is None else d.copy() for d in dstates.values())

    def _no_gradients(self, blocks: int) -> tuple[Array, Array, Array]:
        """Zeros for dW_xh and dW_hh (gates H, ...) and db (blocks H,), to which the chunks add their shares."""
        rows = self.gates * self.H
        return tuple(np.zeros(shape, self.dtype) for shape in ((rows, self.D), (rows, self.H), (blocks * self.H,)))

    def _add_gradients(self, da: Array, start: int, stop: int, sums: tuple[Array, Array, Array]) -> None:
        """Add one chunk's share: rows of `da` times rows of inputs, of previous states, and of ones.

        `matmul` and not `dot`: a part of the columns goes to BLAS as it lies, where `dot` would copy it first.
        """
        dW_xh, dW_hh, db = sums
        x1, h_prev = _rows(self._x1[start:stop]), _rows(self._hs[start:stop])
        dW_xh += np.matmul(da[:, : len(dW_xh)].T, x1[:, :-1], out=self._buffer("dW_xh", *dW_xh.shape))
        dW_hh += np.matmul(da[:, -len(dW_hh) :].T, h_prev, out=self._buffer("dW_hh", *dW_hh.shape))
        db += np.matmul(np.ones(len(da), self.dtype), da)  # half the time of da.sum(axis=0)


class RNN(_Layer):
    """The simple recurrent network over a whole sequence.

        a_t = W_xh x_t + W_hh h_prev + b_h
        h_t = f(a_t)

    Args: W_xh (H, D), W_hh (H, H), b_h (H,), float32 or float64; nonlinearity: "tanh" or "relu".
    Raises: ValueError for a shape, dtype, value or name that does not fit.

    Example:
        >>> rnn = RNN(np.zeros((2, 3)), np.eye(2), np.zeros(2), nonlinearity="relu")
        >>> hs, h_T = rnn.forward(np.ones((5, 1, 3)), h0=np.array([[1.0, 2.0]]))
        >>> hs.shape, h_T.tolist()
        ((5, 1, 2), [[1.0, 2.0]])
        >>> rnn.backward(np.zeros((5, 1, 2)), dh_T=np.ones((1, 2))).dh0.tolist()
        [[1.0, 1.0]]

    Derived in notebooks/01_recurrence.ipynb (step) and 03_bptt.ipynb (backward).
    """

    gates = 1

    def __init__(self, W_xh: Array, W_hh: Array, b_h: Array, nonlinearity: str = "tanh"):
        check_name("nonlinearity", nonlinearity, ("tanh", "relu"))
        self.nonlinearity = nonlinearity
        self.load(W_xh, W_hh, b_h)

    def load(self, W_xh: Array, W_hh: Array, b_h: Array) -> None:
        """Take new weights (after a step of an optimiser) and prepare them for the products of the loops."""
        self._keep(W_xh=W_xh, W_hh=W_hh, b_h=b_h)
        self._W_in = np.column_stack([W_xh, b_h]).T  # (D + 1, H)
        self._W_rec = self.W_hh.T
        # A transposed second operand: OpenBLAS packs it faster than a plain one (25 % of the product in float64).
        self._W_back = _transposed(self.W_hh)

    def forward(self, xs: Array, h0: Array | None = None, lengths=None) -> tuple[Array, Array]:
        """Outputs hs (T, B, H), read-only, and the last state h_T (B, H).

        Args: xs (T, B, D), h0 (B, H) or None for zeros, lengths (B,) of right-padded sequences or None.
        """
        (h0,) = self._start(xs, lengths, h0=h0)
        T, B, _ = xs.shape
        hs = np.empty((T + 1, B, self.H), self.dtype)
        hs[0] = h0
        recurrent = self._buffer("recurrent", B, self.H)
        for start, stop in self._chunks(T, B):
            # Step t's share of the input waits in the place of h_t until the loop arrives there.
            np.dot(_rows(self._x1[start:stop]), self._W_in, out=_rows(hs[start + 1 : stop + 1]))
            for h_prev, h_t in zip(hs[start:stop], hs[start + 1 : stop + 1]):
                h_t += np.dot(h_prev, self._W_rec, out=recurrent)
                np.tanh(h_t, out=h_t) if self.nonlinearity == "tanh" else np.maximum(h_t, 0, out=h_t)
        self._hs = hs
        hs, (h_T,) = self._finish(hs, hs)
        return hs, h_T

    def backward(self, dhs: Array | None, dh_T: Array | None = None, inputs: bool = True) -> RNNGrads:
        """Gradients of a loss from its gradients for the outputs and, if the loss uses it, the last state.

            dh_t = dhs_t + W_hh^T da_next
            da_t = dh_t * f'(a_t)        f' = 1 - h_t^2 for tanh, [h_t > 0] for relu

        Args: dhs (T, B, H) or None, dh_T (B, H) or None, inputs: False leaves `dxs` out, as a first layer may.
        """
        dhs, dh = self._gradients_in(dhs, dh_T=dh_T)
        T, B, H = dhs.shape
        if self._lengths is not None:
            dhs[self._lengths - 1, np.arange(B)] += dh
            dh[:] = 0
        dxs = np.empty((T, B, self.D), self.dtype) if inputs else None
        sums = self._no_gradients(1)
        for start, stop in reversed(self._chunks(T, B)):
            da = self._slope(start, stop)  # f'(a_t) waits in the place of da_t until the loop arrives there
            for dh_direct, da_t in zip(_finite_chunk(dhs, start, stop)[::-1], da[::-1]):
                dh += dh_direct
                da_t *= dh
                np.dot(da_t, self._W_back, out=dh)
            rows = _rows(da)
            self._add_gradients(rows, start, stop, sums)
            if inputs:
                np.dot(rows, self.W_xh, out=_rows(dxs[start:stop]))
        return RNNGrads(dxs, dh, *sums)

    def stream(self, h0: Array) -> "RNNStream":
        """The layer one time step at a time from the state h0 (B, H): `h_t = step(x_t)`."""
        return RNNStream(self, h0)

    def _slope(self, start: int, stop: int) -> Array:
        hs = self._hs[start + 1 : stop + 1]
        slope = self._buffer("da", *hs.shape)
        if self.nonlinearity == "relu":
            return np.greater(hs, 0, out=slope)
        np.multiply(hs, hs, out=slope)
        return np.subtract(1, slope, out=slope)


class LSTM(_Layer):
    """The LSTM with forget gate over a whole sequence, the one of `torch.nn.LSTM`.

        i, f, o = sigmoid(W_x x_t + W_h h_prev + b)        g = tanh(W_x x_t + W_h h_prev + b), each with its rows
        c_t = f * c_prev + i * g
        h_t = o * tanh(c_t)

    Args: W_xh (4H, D), W_hh (4H, H), b_h (4H,) in the order i, f, g, o; PyTorch's two biases are added into one.
    Raises: ValueError for a shape, dtype or value that does not fit.

    Example:
        >>> lstm = LSTM(np.zeros((8, 3)), np.zeros((8, 2)), np.zeros(8))
        >>> hs, state = lstm.forward(np.ones((3, 1, 3)), c0=np.array([[8.0, 16.0]]))
        >>> state.c.tolist()
        [[1.0, 2.0]]

    Derived in notebooks/05_lstm.ipynb.
    """

    gates = 4
    # Inside, blocks are stacked o, i, f, g, c_prev, tanh c: the three sigmoids are neighbours, the four tanh calls
    # are, and one product of the pairs (i, f) and (g, c_prev) gives both terms of c_t.
    _ORDER, _BACK = [3, 0, 1, 2], [1, 2, 3, 0]

    def __init__(self, W_xh: Array, W_hh: Array, b_h: Array):
        self.load(W_xh, W_hh, b_h)

    def load(self, W_xh: Array, W_hh: Array, b_h: Array) -> None:
        """Take new weights (after a step of an optimiser) and prepare them for the products of the loops."""
        self._keep(W_xh=W_xh, W_hh=W_hh, b_h=b_h)
        half = np.array([0.5, 0.5, 0.5, 1], self.dtype)[:, None, None]  # of sigmoid's tanh(a / 2)
        W_x1 = _blocks(np.column_stack([W_xh, b_h]), 4)[self._ORDER]  # (4, H, D + 1)
        W_hh = _blocks(W_hh, 4)[self._ORDER]  # (4, H, H)
        self._W_in = (half * W_x1).transpose(0, 2, 1)
        self._W_rec = (half * W_hh).transpose(0, 2, 1)  # (4, H, H): one product per gate, out in blocks
        self._W_back = _transposed(W_hh.reshape(-1, self.H))  # (4H, H)
        self._W_out = np.ascontiguousarray(W_x1[..., :-1]).reshape(-1, self.D)  # (4H, D)

    def forward(
        self, xs: Array, h0: Array | None = None, c0: Array | None = None, lengths=None
    ) -> tuple[Array, LSTMState]:
        """Outputs hs (T, B, H), read-only, and the last state (h, c), each (B, H).

        Args: xs (T, B, D), h0 and c0 (B, H) or None for zeros, lengths (B,) of right-padded sequences or None.
        """
        h0, c0 = self._start(xs, lengths, h0=h0, c0=c0)
        T, B, _ = xs.shape
        H = self.H
        hs, z = np.empty((T + 1, B, H), self.dtype), self._buffer("z", 6, T + 1, B, H)
        hs[0], z[4, 0] = h0, c0
        recurrent, terms = self._buffer("recurrent", 4, B, H), self._buffer("terms", 2, B, H)
        for start, stop in self._chunks(T, B):
            np.matmul(_rows(self._x1[start:stop]), self._W_in, out=z[:4, start:stop].reshape(4, -1, H))
            for t in range(start, stop):
                z_t = z[:, t]
                gates, sigmoids = z_t[:4], z_t[:3]
                gates += np.matmul(hs[t], self._W_rec, out=recurrent)
                np.tanh(gates, out=gates)
                sigmoids *= self._half
                sigmoids += self._half
                np.multiply(z_t[1:3], z_t[3:5], out=terms)
                c_t = np.add(terms[0], terms[1], out=z[4, t + 1])
                np.tanh(c_t, out=z_t[5])
                np.multiply(z_t[0], z_t[5], out=hs[t + 1])
        self._hs, self._z = hs, z
        hs, state = self._finish(hs, hs, z[4])
        return hs, LSTMState(*state)

    def backward(self, dhs: Array | None, dstate: tuple | None = None, inputs: bool = True) -> LSTMGrads:
        """Gradients of a loss from its gradients for the outputs and, if the loss uses it, the last state.

            dh_t = dhs_t + W_h^T da_next        dc_t = f_next * dc_next + dh_t * o (1 - tanh^2 c_t)
            da_o = dh_t * tanh(c_t) o (1 - o)   da_i = dc_t * g i (1 - i)
            da_f = dc_t * c_prev f (1 - f)      da_g = dc_t * i (1 - g^2)

        Args: dhs (T, B, H) or None, dstate = (dh_T, dc_T), each (B, H) or None, inputs: False leaves `dxs` out.
        """
        dh_T, dc_T = _pair(dstate)
        dhs, dh, dc = self._gradients_in(dhs, dh_T=dh_T, dc_T=dc_T)
        T, B, H = dhs.shape
        ends, dc_T = self._lengths, dc.copy()
        if ends is not None:
            dhs[ends - 1, np.arange(B)] += dh
            dh[:], dc[:] = 0, 0
        dxs = np.empty((T, B, self.D), self.dtype) if inputs else None
        sums = self._no_gradients(4)
        through_c = self._buffer("through_c", B, H)
        for start, stop in reversed(self._chunks(T, B)):
            direct, factors = _finite_chunk(dhs, start, stop), self._factors(start, stop)
            da = self._buffer("da", stop - start, B, 4 * H)
            da_blocks = da.reshape(-1, B, 4, H).transpose(0, 2, 1, 3)  # (n, 4, B, H)
            for t in reversed(range(start, stop)):
                k = t - start
                dh += direct[k]
                if ends is not None:
                    dc[ends == t + 1] += dc_T[ends == t + 1]
                dc += np.multiply(dh, factors[k, 4], out=through_c)
                np.multiply(dh, factors[k, 0], out=da_blocks[k, 0])
                np.multiply(dc, factors[k, 1:4], out=da_blocks[k, 1:])
                dc *= self._z[2, t]
                np.dot(da[k], self._W_back, out=dh)
            rows = _rows(da)
            self._add_gradients(rows, start, stop, sums)
            if inputs:
                np.dot(rows, self._W_out, out=_rows(dxs[start:stop]))
        return LSTMGrads(dxs, dh, dc, *(_blocks(d, 4)[self._BACK].reshape(d.shape) for d in sums))

    def stream(self, h0: Array, c0: Array) -> "LSTMStream":
        """The layer one time step at a time from the state h0, c0 (B, H): `h_t = step(x_t)`."""
        return LSTMStream(self, h0, c0)

    def _factors(self, start: int, stop: int) -> Array:
        """What multiplies dh_t or dc_t at each step of a chunk, blocks o, i, f, g, and dh_t -> dc_t: (n, 5, B, H)."""
        z = self._z[:, start:stop]
        factors = self._buffer("factors", 5, *z.shape[1:])
        sigmoids, tanhs = factors[:3], factors[3:]
        np.multiply(z[:3], z[:3], out=sigmoids)
        np.subtract(z[:3], sigmoids, out=sigmoids)  # s - s^2 = s (1 - s)
        sigmoids[0] *= z[5]
        sigmoids[1:] *= z[3:5]
        np.multiply(z[3::2], z[3::2], out=tanhs)
        np.subtract(1, tanhs, out=tanhs)
        tanhs *= z[1::-1]  # g with i, tanh c with o
        return factors.transpose(1, 0, 2, 3)


class GRU(_Layer):
    """The GRU over a whole sequence as `torch.nn.GRU` computes it: the reset gate acts after the recurrent product.

        r, z = sigmoid(W_x x_t + b_x + W_h h_prev + b_h), each with its rows
        n = tanh(W_xn x_t + b_xn + r * (W_hn h_prev + b_hn))
        h_t = (1 - z) * n + z * h_prev

    Args: W_xh (3H, D), W_hh (3H, H), b_x (3H,), b_h (3H,) in the order r, z, n.
    Raises: ValueError for a shape, dtype or value that does not fit.

    Example:
        >>> gru = GRU(np.zeros((6, 3)), np.zeros((6, 2)), np.zeros(6), np.zeros(6))
        >>> hs, h_T = gru.forward(np.ones((3, 1, 3)), h0=np.array([[8.0, 16.0]]))
        >>> h_T.tolist()
        [[1.0, 2.0]]

    Derived in notebooks/06_gru.ipynb.
    """

    gates = 3
    # Inside, blocks are stacked n, r, z, q with q = W_hn h_prev + b_hn: inputs feed the first three,
    # the previous state the last three, so that each kind of weight meets neighbouring rows.
    _ORDER_X, _BACK_X = [2, 0, 1], [1, 2, 0]

    def __init__(self, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array):
        self.load(W_xh, W_hh, b_x, b_h)

    def load(self, W_xh: Array, W_hh: Array, b_x: Array, b_h: Array) -> None:
        """Take new weights (after a step of an optimiser) and prepare them for the products of the loops."""
        self._keep(W_xh=W_xh, W_hh=W_hh, b_x=b_x, b_h=b_h)
        H = self.H
        bias = b_x.copy()
        bias[: 2 * H] += b_h[: 2 * H]  # r and z only ever see the sum; n keeps b_hn inside the reset
        W_x1 = _blocks(np.column_stack([W_xh, bias]), 3)[self._ORDER_X]  # (3, H, D + 1): n, r, z
        half = np.array([1, 0.5, 0.5, 1], self.dtype)[:, None, None]
        self._W_in = (half[:3] * W_x1).transpose(0, 2, 1)
        self._W_rec = (half[1:] * _blocks(W_hh, 3)).transpose(0, 2, 1)  # (3, H, H): r, z, q
        self._W_back = _transposed(W_hh)
        self._W_out = np.ascontiguousarray(W_x1[..., :-1]).reshape(-1, self.D)  # (3H, D)

    def forward(self, xs: Array, h0: Array | None = None, lengths=None) -> tuple[Array, Array]:
        """Outputs hs (T, B, H), read-only, and the last state h_T (B, H).

        Args: xs (T, B, D), h0 (B, H) or None for zeros, lengths (B,) of right-padded sequences or None.
        """
        (h0,) = self._start(xs, lengths, h0=h0)
        T, B, _ = xs.shape
        H = self.H
        hs, z = np.empty((T + 1, B, H), self.dtype), self._buffer("z", 4, T, B, H)
        hs[0] = h0
        recurrent, change = self._buffer("recurrent", 3, B, H), self._buffer("change", B, H)
        for start, stop in self._chunks(T, B):
            np.matmul(_rows(self._x1[start:stop]), self._W_in, out=z[:3, start:stop].reshape(3, -1, H))
            z[3, start:stop] = self.b_h[2 * H :]
            for t in range(start, stop):
                z_t, h_prev = z[:, t], hs[t]
                n_t, sigmoids = z_t[0], z_t[1:3]
                z_t[1:] += np.matmul(h_prev, self._W_rec, out=recurrent)
                np.tanh(sigmoids, out=sigmoids)
                sigmoids *= self._half
                sigmoids += self._half
                n_t += np.multiply(z_t[1], z_t[3], out=change)
                np.tanh(n_t, out=n_t)
                np.subtract(h_prev, n_t, out=change)  # h_t = n + z (h_prev - n): one product fewer
                change *= z_t[2]
                np.add(n_t, change, out=hs[t + 1])
        self._hs, self._z = hs, z
        hs, (h_T,) = self._finish(hs, hs)
        return hs, h_T

    def backward(self, dhs: Array | None, dh_T: Array | None = None, inputs: bool = True) -> GRUGrads:
        """Gradients of a loss from its gradients for the outputs and, if the loss uses it, the last state.

            dh_t = dhs_t + z_next * dh_next + W_h^T (da_r, da_z, da_q)_next
            da_n = dh_t * (1 - z) (1 - n^2)     da_r = dh_t * (1 - z) (1 - n^2) q r (1 - r)
            da_q = dh_t * (1 - z) (1 - n^2) r   da_z = dh_t * (h_prev - n) z (1 - z)

        Args: dhs (T, B, H) or None, dh_T (B, H) or None, inputs: False leaves `dxs` out, as a first layer may.
        """
        dhs, dh = self._gradients_in(dhs, dh_T=dh_T)
        T, B, H = dhs.shape
        if self._lengths is not None:
            dhs[self._lengths - 1, np.arange(B)] += dh
            dh[:] = 0
        dxs = np.empty((T, B, self.D), self.dtype) if inputs else None
        sums = self._no_gradients(4)
        through_W = self._buffer("through_W", B, H)
        for start, stop in reversed(self._chunks(T, B)):
            direct, factors = _finite_chunk(dhs, start, stop), self._factors(start, stop)
            da = self._buffer("da", stop - start, B, 4 * H)
            da_blocks = da.reshape(-1, B, 4, H).transpose(0, 2, 1, 3)  # (n, 4, B, H)
            for t in reversed(range(start, stop)):
                k = t - start
                dh += direct[k]
                np.multiply(dh, factors[k], out=da_blocks[k])
                np.matmul(da[k, :, H:], self._W_back, out=through_W)
                dh *= self._z[2, t]
                dh += through_W
            rows = _rows(da)
            self._add_gradients(rows, start, stop, sums)
            if inputs:
                np.matmul(rows[:, : 3 * H], self._W_out, out=_rows(dxs[start:stop]))
        dW_xh, dW_hh, db = sums
        db_n, db_r, db_z, db_q = db.reshape(4, H)
        dW_xh = _blocks(dW_xh, 3)[self._BACK_X].reshape(dW_xh.shape)
        return GRUGrads(dxs, dh, dW_xh, dW_hh, np.r_[db_r, db_z, db_n], np.r_[db_r, db_z, db_q])

    def stream(self, h0: Array) -> "GRUStream":
        """The layer one time step at a time from the state h0 (B, H): `h_t = step(x_t)`."""
        return GRUStream(self, h0)

    def _factors(self, start: int, stop: int) -> Array:
        """What multiplies dh_t at each step of a chunk to give da_n, da_r, da_z, da_q: (n, 4, B, H)."""
        z = self._z[:, start:stop]
        factors = self._buffer("factors", 4, *z.shape[1:])
        f_n, f_r, f_z, f_q = factors
        np.multiply(z[0], z[0], out=f_n)
        np.subtract(1, f_n, out=f_n)
        np.subtract(1, z[2], out=f_q)
        f_n *= f_q
        np.multiply(z[1:3], z[1:3], out=factors[1:3])
        np.subtract(z[1:3], factors[1:3], out=factors[1:3])
        np.multiply(f_n, z[1], out=f_q)
        f_r *= f_n
        f_r *= z[3]
        f_z *= np.subtract(self._hs[start:stop], z[0], out=self._buffer("h_minus_n", *z.shape[1:]))
        return factors.transpose(1, 0, 2, 3)


class _Stream:
    """One time step per call, for generation and live data: state, buffers and weights stay prepared between calls.

    Everything lies feature by feature, (H, B), and one column vector [h_prev; x_t; 1] meets all weights in one product.
    """

    def __init__(self, layer: _Layer, W: Array, more: int = 0, **states: Array):
        check(layer.gates, W_hh=layer.W_hh, **states)
        check_finite(**states)
        self._B, self._D, self._H, self._dtype = len(states["h0"]), layer.D, layer.H, layer.dtype
        self._W = _transposed(W)  # (blocks H, H + D + 1); for one vector, BLAS runs faster down columns
        self._half = layer._half
        self._v = np.ones((self._H + self._D + 1, self._B), self._dtype)
        self._z = np.zeros((len(W) // self._H + more, self._H, self._B), self._dtype)
        self._link()
        self._h[:] = states["h0"].T

    def _link(self) -> None:
        """Name the parts of the buffers; a subclass adds its own."""
        self._h, self._x = self._v[: self._H], self._v[self._H : -1]
        self._a = self._z.reshape(-1, self._B)[: len(self._W)]

    def __getstate__(self) -> dict:
        """A copy goes on by itself: it has its own buffers, and links its parts to those."""
        return self.__dict__ | {"_v": self._v.copy(), "_z": self._z.copy()}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._link()

    def _take(self, x_t: Array) -> None:
        """Check one input at the price of a comparison and a scalar product, and put it under the state."""
        if not isinstance(x_t, np.ndarray) or x_t.shape != (self._B, self._D) or x_t.dtype != self._dtype:
            W_xh = np.empty((1, self._D), self._dtype)
            check(W_xh=W_xh, sizes={"B": self._B}, x_t=x_t)
        if not isfinite(np.vdot(x_t, x_t)):
            check_finite(x_t=x_t)
        self._x[...] = x_t.T

    @property
    def state(self) -> Array:
        """The state after the last call, h (B, H)."""
        return self._h.T.copy()


class RNNStream(_Stream):
    """`RNN.stream`: h_t = f(W_xh x_t + W_hh h_prev + b_h), one call per time step.

    Example:
        >>> step = RNN(np.zeros((2, 3)), np.eye(2), np.zeros(2), "relu").stream(np.array([[1.0, 2.0]]))
        >>> step(np.ones((1, 3))).tolist()
        [[1.0, 2.0]]
    """

    def __init__(self, layer: RNN, h0: Array):
        super().__init__(layer, np.column_stack([layer.W_hh, layer.W_xh, layer.b_h]), h0=h0)
        self._tanh = layer.nonlinearity == "tanh"

    def __call__(self, x_t: Array) -> Array:
        """Take x_t (B, D), return h_t (B, H)."""
        self._take(x_t)
        a_t = np.dot(self._W, self._v, out=self._a)
        np.tanh(a_t, out=self._h) if self._tanh else np.maximum(a_t, 0, out=self._h)
        return self._h.T.copy()


class LSTMStream(_Stream):
    """`LSTM.stream`: the equations of `LSTM`, one call per time step.

    Example:
        >>> step = LSTM(np.zeros((4, 3)), np.zeros((4, 1)), np.zeros(4)).stream(np.zeros((1, 1)), np.array([[8.0]]))
        >>> h_t = step(np.ones((1, 3)))
        >>> step.state.c.tolist()
        [[4.0]]
    """

    def __init__(self, layer: LSTM, h0: Array, c0: Array):
        W = np.column_stack([layer.W_hh, layer.W_xh, layer.b_h])
        W = _blocks(W, 4)[LSTM._ORDER]  # o, i, f, g
        W[:3] *= 0.5
        super().__init__(layer, W.reshape(-1, W.shape[-1]), more=1, h0=h0, c0=c0)  # blocks o, i, f, g, c
        self._c[:] = c0.T

    def _link(self) -> None:
        super()._link()
        z, terms, tanh_c = self._z, np.empty_like(self._z[:2]), np.empty_like(self._z[0])
        self._c = z[4]
        self._views = self._a, z[:3], z[1:3], z[3:5], terms, *terms, z[0], z[4], tanh_c

    def __call__(self, x_t: Array) -> Array:
        """Take x_t (B, D), return h_t (B, H)."""
        self._take(x_t)
        a_t, sigmoids, i_and_f, g_and_c, terms, input_term, kept_term, o, c, tanh_c = self._views
        np.dot(self._W, self._v, a_t)
        np.tanh(a_t, a_t)
        sigmoids *= self._half
        sigmoids += self._half
        np.multiply(i_and_f, g_and_c, terms)
        np.add(input_term, kept_term, c)
        np.tanh(c, tanh_c)
        np.multiply(o, tanh_c, self._h)
        return self._h.T.copy()

    @property
    def state(self) -> LSTMState:
        """The state after the last call, (h, c), each (B, H)."""
        return LSTMState(self._h.T.copy(), self._c.T.copy())


class GRUStream(_Stream):
    """`GRU.stream`: the equations of `GRU`, one call per time step.

    Example:
        >>> step = GRU(np.zeros((3, 3)), np.zeros((3, 1)), np.zeros(3), np.zeros(3)).stream(np.array([[8.0]]))
        >>> step(np.ones((1, 3))).tolist()
        [[4.0]]
    """

    def __init__(self, layer: GRU, h0: Array):
        H, D = layer.H, layer.D
        W = np.zeros((4, H, H + D + 1), layer.dtype)  # n, r, z, q: n sees the input only, q the state only
        W[:3, :, H:-1] = _blocks(layer.W_xh, 3)[GRU._ORDER_X]
        W[:3, :, -1] = layer.b_x.reshape(3, H)[GRU._ORDER_X]
        W[1:, :, :H] = _blocks(layer.W_hh, 3)
        W[1:, :, -1] += layer.b_h.reshape(3, H)
        W[1:3] *= 0.5
        super().__init__(layer, W.reshape(-1, W.shape[-1]), h0=h0)

    def _link(self) -> None:
        super()._link()
        self._change = np.empty_like(self._z[0])
        self._blocks = (*self._z, self._z[1:3])

    def __call__(self, x_t: Array) -> Array:
        """Take x_t (B, D), return h_t (B, H)."""
        self._take(x_t)
        (n, r, z, q, sigmoids), change, h = self._blocks, self._change, self._h
        np.dot(self._W, self._v, out=self._a)
        np.tanh(sigmoids, sigmoids)
        sigmoids *= self._half
        sigmoids += self._half
        n += np.multiply(r, q, change)
        np.tanh(n, n)
        np.subtract(h, n, change)
        change *= z
        np.add(n, change, h)
        return h.T.copy()


LAYERS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def make_layer(name: str, D: int, H: int, rng: np.random.Generator, dtype=np.float32) -> RNN | LSTM | GRU:
    """A layer with PyTorch's default weights, uniform in +-1/sqrt(H), drawn from `rng`.

    Args: name: "rnn", "lstm" or "gru"; D and H: sizes; dtype: np.float32 or np.float64.
    Raises: ValueError for an unknown name, a size below 1 or another dtype.

    Example:
        >>> make_layer("lstm", 3, 8, np.random.default_rng(0)).W_xh.shape
        (32, 3)
        >>> make_layer("lstmm", 3, 8, np.random.default_rng(0))
        Traceback (most recent call last):
        ValueError: cell: expected one of rnn, lstm, gru, got 'lstmm'
    """
    check_name("cell", name, LAYERS)
    D, H = check_size("D", D), check_size("H", H)
    cls, bound = LAYERS[name], H**-0.5
    rows = cls.gates * H
    shapes = [(rows, D), (rows, H), (rows,)] + [(rows,)] * (name == "gru")
    return cls(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def check_lengths(lengths, T: int, B: int) -> Array:
    """Lengths of B right-padded sequences as an integer array (B,), each in 1..T, or ValueError.

    Example:
        >>> check_lengths([3, 9], 5, 2)
        Traceback (most recent call last):
        ValueError: lengths: expected values in 1..T = 1..5, got 9 at index 1
    """
    a = np.asarray(lengths)
    if a.shape != (B,):
        raise ValueError(f"lengths: expected (B,) = ({B},), got {a.shape}")
    if a.dtype.kind not in "iu":
        raise ValueError(f"lengths: expected integers, got {a.dtype}")
    for i in np.flatnonzero((a < 1) | (a > T)):
        raise ValueError(f"lengths: expected values in 1..T = 1..{T}, got {a[i]} at index {i}")
    return a.copy()  # `backward` needs the lengths that `forward` had


def _check_finite_fast(**arrays: Array) -> None:
    """`check_finite` at the price of one scalar product per array: BLAS, and no temporary array.

    Squares of huge finite numbers may overflow, so a suspicious sum is looked at again, exactly.
    """
    for name, a in arrays.items():
        if not isfinite(np.vdot(a, a)):  # `dot` would warn of the overflow, `vdot` does not
            check_finite(**{name: a})


def _finite_chunk(dhs: Array, start: int, stop: int) -> Array:
    """The chunk, checked just before it is used: the check brings it into the cache, where the loop finds it."""
    chunk = dhs[start:stop]
    if not isfinite(np.vdot(chunk, chunk)):
        check_finite(dhs=dhs)
    return chunk


def _pair(dstate: tuple | None) -> tuple[Array | None, Array | None]:
    if dstate is None:
        return None, None
    if not isinstance(dstate, tuple) or len(dstate) != 2:
        raise ValueError(f"dstate: expected a tuple (dh_T, dc_T), got {type(dstate).__name__}")
    return dstate


def _blocks(W: Array, gates: int) -> Array:
    return W.reshape(gates, -1, *W.shape[1:])  # (gates, H, D), or (gates, H) for a bias


def _rows(a: Array) -> Array:
    return a.reshape(-1, a.shape[-1])  # (T, B, D) as (T B, D)


def _transposed(W: Array) -> Array:
    """The same matrix, stored column by column."""
    return np.asfortranarray(W)
