"""Unrolling in time: one loop forward over any cell, one loop backward, whole or in chunks of k steps.

Sequences are (T, B, D). A state is a plain array (B, H) for cells with one state and a tuple (h, c) for an LSTM.
`bptt` and `truncated` take a cell by name or as a `Cell`; a cell of your own works as soon as it has a step and a
backward.

Inputs are checked once on the way in (shapes, dtypes, NaN and inf); what grows during the loop is not checked, so
that an exploding state can be watched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from course_lib.nn import cells
from course_lib.nn._shapes import AXES, check, check_finite, check_float_array

Array = np.ndarray
State = Array | tuple[Array, ...]


class Params(NamedTuple):
    """The weights of a cell with one bias: rnn, lstm."""

    W_xh: Array
    W_hh: Array
    b_h: Array


class GRUParams(NamedTuple):
    """The weights of a GRU, whose two biases cannot be merged."""

    W_xh: Array
    W_hh: Array
    b_x: Array
    b_h: Array


class DParams(NamedTuple):
    """The gradients of `Params`, each with the shape of its weight."""

    dW_xh: Array
    dW_hh: Array
    db_h: Array


class DGRUParams(NamedTuple):
    """The gradients of `GRUParams`, each with the shape of its weight."""

    dW_xh: Array
    dW_hh: Array
    db_x: Array
    db_h: Array


class Gradients(NamedTuple):
    """What backpropagation through time returns: dxs (T, B, D), dstate0 shaped as state0, and dparams by name."""

    dxs: Array
    dstate0: State
    dparams: DParams | DGRUParams


@dataclass(frozen=True)
class Cell:
    """A recurrent cell as the loops see it.

        step(x_t, *state, *params) -> state
        backward(dstate, x_t, state_prev, state_t, params) -> (dx_t, *dstate_prev, *dparams), every state a tuple

    n_gates is the number of blocks stacked in W_xh (n_gates H, D).

    Example:
        >>> LSTM.n_states, LSTM.n_gates, GRU.params._fields
        (2, 4, ('W_xh', 'W_hh', 'b_x', 'b_h'))
    """

    name: str
    step: Callable
    backward: Callable
    n_states: int = 1
    n_gates: int = 1
    params: type = Params
    dparams: type = DParams


def _rnn_backward(dstate, x_t, state_prev, state_t, params, f=np.tanh):
    return cells.rnn_step_backward(*dstate, x_t, *state_prev, *state_t, params.W_xh, params.W_hh, f)


def _recomputing(step_backward: Callable) -> Callable:
    """Fit a backward twin that computes its gates again, and so needs no state_t, to the form of `Cell.backward`."""
    return lambda dstate, x_t, state_prev, state_t, params: step_backward(*dstate, x_t, *state_prev, *params)


RNN = Cell("rnn", cells.rnn_step, _rnn_backward)
RNN_RELU = Cell("rnn_relu", partial(cells.rnn_step, f=cells.relu), partial(_rnn_backward, f=cells.relu))
LSTM = Cell("lstm", cells.lstm_step, _recomputing(cells.lstm_step_backward), n_states=2, n_gates=4)
GRU = Cell("gru", cells.gru_step, _recomputing(cells.gru_step_backward), 1, 3, GRUParams, DGRUParams)
GRU_BEFORE = Cell(
    "gru_before", cells.gru_step_before, _recomputing(cells.gru_step_before_backward), 1, 3, GRUParams, DGRUParams
)
CELLS = {cell.name: cell for cell in (RNN, RNN_RELU, LSTM, GRU, GRU_BEFORE)}


def get_cell(cell: Cell | str) -> Cell:
    """The cell of that name; a `Cell` is handed through.

    Example:
        >>> get_cell("LSTN")
        Traceback (most recent call last):
        ValueError: cell: expected one of rnn, rnn_relu, lstm, gru, gru_before, got 'LSTN'
    """
    if isinstance(cell, Cell):
        return cell
    if not isinstance(cell, str) or cell not in CELLS:
        raise ValueError(f"cell: expected one of {', '.join(CELLS)}, got {cell!r}")
    return CELLS[cell]


def unroll(step: Callable, xs: Array, h0: State, *params: Array) -> Array:
    """Apply one step to a whole sequence: the loop of the recurrence, and nothing else.

        h_t = step(x_t, h_{t-1}, *params)        t = 1 .. T

    Args: step, such as `rnn_step`; xs (T, B, D); h0 (B, H), or a tuple (h0, c0) for `lstm_step`; params as the step
        takes them.
    Returns: hs (T, B, H), the hidden state of every time step.
    Raises: ValueError for an empty sequence, NaN or inf in the inputs, and what the step itself refuses.

    Example:
        >>> one = np.ones((1, 1))
        >>> unroll(cells.rnn_step, np.ones((3, 1, 1)), 0 * one, one, one, np.zeros(1)).round(3).ravel().tolist()
        [0.762, 0.943, 0.96]

    Derived in notebooks/01_recurrence.ipynb.
    """
    if not callable(step):
        raise ValueError(f"step: expected a function such as rnn_step, got {step!r}")
    state = h0 if isinstance(h0, tuple) else (h0,)
    arrays = dict(zip(("xs", "h0", "c0"), (xs, *state), strict=False))
    for name, array in (arrays | {f"params[{i}]": p for i, p in enumerate(params)}).items():
        check_float_array(name, array)
        check_finite(**{name: array})
    check(xs=xs)
    return _stack(states[0] for states in _forward(step, xs, state, params))


def forward(cell: Cell | str, xs: Array, state0: State, params: Sequence[Array]) -> tuple[Array, State]:
    """Unroll a cell and hand back its last state too, so that the next chunk of a stream can start from it.

    Args: xs (T, B, D); state0 (B, H), or (h0, c0); params in the cell's order, or by name in a mapping.
    Returns: hs (T, B, H), state_T shaped as state0.
    Raises: ValueError for inputs that do not fit, an empty sequence, NaN or inf.

    Example:
        >>> one = np.ones((1, 1))
        >>> hs, h_T = forward("rnn", np.ones((3, 1, 1)), 0 * one, (one, one, np.zeros(1)))
        >>> bool(hs[-1] == h_T)
        True

    Derived in notebooks/01_recurrence.ipynb.
    """
    cell, state0, params = _checked(cell, xs, state0, params)
    states = list(_forward(cell.step, xs, state0, params))
    return _stack(state[0] for state in states), _bare(states[-1])


def bptt(
    cell: Cell | str,
    xs: Array,
    state0: State,
    params: Sequence[Array],
    dhs: Array | Callable,
    dstate_T: State | None = None,
) -> tuple[Array, Gradients]:
    """Backpropagation through time over the whole sequence (Werbos 1990).

        dh_t = direct dL/dh_t (given in dhs) + what step t + 1 hands back        dW = sum over t of step t's share

    Args: xs (T, B, D); state0 (B, H), or (h0, c0); params in the cell's order, or by name in a mapping;
        dhs (T, B, H), the direct derivative of the loss with respect to every h_t, or a function (hs, start) -> dhs
        that computes it from the states; dstate_T, a further gradient on the last state (an encoder's), 0 if left out.
    Returns: hs (T, B, H) and the `Gradients` (dxs, dstate0, dparams).
    Raises: ValueError for inputs that do not fit, an empty sequence, NaN or inf.

    Example:
        >>> one = np.ones((1, 1))
        >>> hs, grads = bptt("rnn", 0 * np.ones((3, 1, 1)), 0 * one, (one, 0.5 * one, np.zeros(1)), np.ones((3, 1, 1)))
        >>> grads.dxs.ravel().tolist()  # x_1 is reached along three paths, x_3 along one
        [1.75, 1.5, 1.0]

    Derived in notebooks/03_bptt.ipynb.
    """
    cell, state0, params = _checked(cell, xs, state0, params)
    states = [state0, *_forward(cell.step, xs, state0, params)]
    hs = _stack(state[0] for state in states[1:])
    dhs = _direct(dhs, hs, 0)
    dstate = _zeros_like(states[-1]) if dstate_T is None else _state(cell, "dstate_T", dstate_T)
    arrays = dict(zip(("dh_T", "dc_T"), dstate, strict=False))
    check(xs=xs, h0=state0[0], **arrays)
    check_finite(**arrays)
    dxs, totals = np.empty_like(xs), [np.zeros_like(p) for p in params]
    dstate0 = _add_backward(cell, xs, states, params, dhs, dstate, dxs, totals)
    return hs, Gradients(dxs, _bare(dstate0), cell.dparams(*totals))


def truncated(
    cell: Cell | str, xs: Array, state0: State, params: Sequence[Array], dhs: Array | Callable, k: int
) -> tuple[Array, Gradients]:
    """Truncated BPTT: the state flows through the whole sequence, the gradient stops every k steps.

        chunks x_1..x_k, x_{k+1}..x_2k, ...; each starts from the last state of the one before, taken as a constant

    Only k steps of states are kept for the backward loop, however long the sequence is. The forward result equals
    the full one; the gradients equal it when k >= T, and miss the paths that cross a border otherwise. The last
    chunk may be shorter.

    Args: as in `bptt`, and k >= 1, the length of a chunk. A function dhs is called once a chunk, with `start` its
        first step.
    Returns: hs (T, B, H) and the `Gradients`; dstate0 and dxs hold what stays inside each chunk.
    Raises: ValueError as in `bptt`, and for k below 1.

    Example:
        >>> one = np.ones((1, 1))
        >>> args = "rnn", 0 * np.ones((3, 1, 1)), 0 * one, (one, 0.5 * one, np.zeros(1)), np.ones((3, 1, 1))
        >>> truncated(*args, k=2)[1].dxs.ravel().tolist()  # nothing reaches back from x_3
        [1.5, 1.0, 1.0]

    Derived in notebooks/03_bptt.ipynb.
    """
    _check_k(k)
    cell, state, params = _checked(cell, xs, state0, params)
    if not callable(dhs):
        check(xs=xs, h0=state[0], dhs=dhs)
        check_finite(dhs=dhs)
    hs, dxs = np.empty((*xs.shape[:2], state[0].shape[1]), xs.dtype), np.empty_like(xs)
    totals = [np.zeros_like(p) for p in params]
    dstate0 = None
    for start in range(0, len(xs), k):
        chunk = slice(start, start + k)
        states = [state, *_forward(cell.step, xs[chunk], state, params)]
        hs[chunk] = _stack(s[0] for s in states[1:])
        direct = _direct(dhs if callable(dhs) else dhs[chunk], hs[chunk], start)
        dstate = _add_backward(cell, xs[chunk], states, params, direct, _zeros_like(state), dxs[chunk], totals)
        dstate0 = dstate if dstate0 is None else dstate0
        state = states[-1]
        del states  # before the next chunk's are made: never more than k steps at a time
    return hs, Gradients(dxs, _bare(dstate0), cell.dparams(*totals))


def truncated_stream(
    cell: Cell | str, chunks: Iterable[Array], state0: State, params: Sequence[Array], loss_gradient: Callable
) -> tuple[State, DParams | DGRUParams]:
    """Truncated BPTT over a stream that is never held as a whole: memory does not grow with T at all.

    Args: chunks, any iterable (a generator, say) of xs (k, B, D), k may differ from chunk to chunk; state0 (B, H), or
        (h0, c0); params as in `bptt`; loss_gradient(hs, start) -> dhs, both (k, B, H), start the first step of the
        chunk.
    Returns: state_T shaped as state0, and dparams summed over all chunks.
    Raises: ValueError as in `bptt`, and for a stream without chunks.

    Example:
        >>> one = np.ones((1, 1))
        >>> chunks = (np.ones((10, 1, 1)) for _ in range(100))
        >>> h_T, dparams = truncated_stream("rnn", chunks, 0 * one, (one, one, np.zeros(1)), lambda hs, start: hs)
        >>> h_T.round(3).item()
        0.961

    Derived in notebooks/03_bptt.ipynb.
    """
    state, totals, start = state0, None, 0
    for xs in chunks:
        cell, state, params = _checked(cell, xs, state, params)
        totals = [np.zeros_like(p) for p in params] if totals is None else totals
        states = [state, *_forward(cell.step, xs, state, params)]
        dhs = _direct(loss_gradient, _stack(s[0] for s in states[1:]), start)
        _add_backward(cell, xs, states, params, dhs, _zeros_like(state), np.empty_like(xs), totals)
        state, start = states[-1], start + len(xs)
        del states
    if totals is None:
        raise ValueError("chunks: expected at least one array (k, B, D), got none")
    return _bare(state), cell.dparams(*totals)


# --- the two loops ----------------------------------------------------------------------------------------------------


def _forward(step: Callable, xs: Array, state: tuple, params: Sequence[Array]) -> Iterator[tuple]:
    """The state after every step, always as a tuple."""
    for x_t in xs:
        state = step(x_t, *state, *params)
        state = state if isinstance(state, tuple) else (state,)
        yield state


def _backward(
    cell: Cell, xs: Array, states: list, params: Sequence[Array], dhs: Array, dstate: tuple
) -> Iterator[tuple]:
    """From t = T - 1 down to 0: (t, dx_t, the gradient of the state before step t, the step's share of dparams)."""
    for t in reversed(range(len(xs))):
        dstate = (dstate[0] + dhs[t], *dstate[1:])
        dx_t, *rest = cell.backward(dstate, xs[t], states[t], states[t + 1], params)
        dstate = tuple(rest[: cell.n_states])
        yield t, dx_t, dstate, rest[cell.n_states :]


def _add_backward(cell, xs, states, params, dhs, dstate, dxs, totals):
    """Run `_backward` to its end: fill dxs, add each step's share to totals, return the gradient of the first state."""
    for t, dx_t, dstate_prev, dparams in _backward(cell, xs, states, params, dhs, dstate):
        dxs[t], dstate0 = dx_t, dstate_prev
        for total, dparam in zip(totals, dparams, strict=True):
            total += dparam
    return dstate0


# --- small helpers ----------------------------------------------------------------------------------------------------


def _checked(cell, xs, state0, params):
    """The cell, the state as a tuple and the params by name, once they all fit together."""
    cell = get_cell(cell)
    params = _named(cell, params)
    state0 = _state(cell, "state0", state0)
    arrays = params._asdict() | {"xs": xs} | dict(zip(("h0", "c0"), state0, strict=False))
    for name, array in arrays.items():
        check_float_array(name, array)
    check(cell.n_gates, **{name: array for name, array in arrays.items() if name in AXES})  # your own names are yours
    check_finite(**arrays)
    return cell, state0, params


def _named(cell: Cell, params: Sequence[Array] | Mapping[str, Array]) -> Sequence[Array]:
    fields = cell.params._fields
    if not isinstance(params, Sequence | Mapping):
        raise ValueError(f"params: expected {', '.join(fields)} for {cell.name}, got {type(params).__name__}")
    names = tuple(params) if isinstance(params, Mapping) else fields[: len(params)]
    if sorted(names) != sorted(fields) or len(params) != len(fields):
        came = ", ".join(names) if isinstance(params, Mapping) else f"{len(params)} arrays"
        raise ValueError(f"params: expected {', '.join(fields)} for {cell.name}, got {came}")
    return cell.params(**params) if isinstance(params, Mapping) else cell.params(*params)


def _state(cell: Cell, name: str, state: State) -> tuple[Array, ...]:
    came = len(state) if isinstance(state, tuple) else 1
    if came != cell.n_states or (cell.n_states > 1 and not isinstance(state, tuple)):
        expected = "one array (B, H)" if cell.n_states == 1 else "a tuple (h, c)"
        what = f"a tuple of {came}" if isinstance(state, tuple) else type(state).__name__
        raise ValueError(f"{name}: expected {expected} for {cell.name}, got {what}")
    return state if isinstance(state, tuple) else (state,)


def _direct(dhs: Array | Callable, hs: Array, start: int) -> Array:
    direct = dhs(hs, start) if callable(dhs) else dhs
    check(hs=hs, dhs=direct)
    if not callable(dhs):  # what a function makes of an exploding state may well be NaN, and is there to be seen
        check_finite(dhs=direct)
    return direct


def _check_k(k: int) -> None:
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k: expected a whole number of steps >= 1, got {k!r}")


def _bare(state: tuple[Array, ...]) -> State:
    return state[0] if len(state) == 1 else state


def _zeros_like(state: tuple[Array, ...]) -> tuple[Array, ...]:
    return tuple(np.zeros_like(s) for s in state)


def _stack(hs: Iterable[Array]) -> Array:
    return np.stack(list(hs))  # (T, B, H)
