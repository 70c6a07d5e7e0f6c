"""The cells of RNN, LSTM and GRU as drawings with one part lit, and as drawings in which one sets the gates by hand.

Derived in notebooks/01_recurrence.ipynb, notebooks/05_lstm.ipynb and notebooks/06_gru.ipynb.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_lib.show.colours import ink
from course_lib.show.diagram import ROUND, Drawing, two

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RNN_PARTS = {  # part: what it does
    "all": "The whole cell",
    "input": "The input, through its matrix",
    "recurrent": "The old state, through its matrix: what comes round from the last time step",
    "bias": "The bias, a number for each unit",
    "activation": "The sum, through the tanh: the new state",
}
LSTM_PARTS = {
    "all": "The whole cell",
    "sums": "Four sums: each reads the input and the last hidden state",
    "forget": "Forget gate f: how much of the old cell state is kept",
    "input": "Input gate i: how much of the candidate is let in",
    "candidate": "Candidate g: what would be added",
    "cell state": "Cell state c: a product and a sum, no tanh and no matrix",
    "output": "Output gate o: how much of tanh(c) is shown as h",
}
GRU_PARTS = {
    "all": "The whole cell",
    "sums": "The sums: input and state each have their own three blocks",
    "update": "Update gate z: keeps z of the old state, writes 1 - z of the candidate",
    "reset": "Reset gate r: how much of the past the candidate sees",
    "candidate": "Candidate n: what would come in",
    "state": "State h: a mean of the old state and the candidate",
}
UNIT = 0.2  # inches of a bar for a state of 1
GATE = 0.5  # inches of a bar for a gate of 1


# ---------------------------------------------------------------- RNN


def _titled(ax: Axes, title: str) -> Figure:
    ax.set_title(title, fontsize=12)
    return ax.figure


def _rnn(sheet: Drawing, words: tuple[str, str, str]) -> None:
    """Wires, boxes and nodes of the RNN cell; `words` name the two products and the activation."""
    x, y = 3.2, 2.35
    for text, place in (("$h_{t-1}$", (0.3, y)), ("$x_t$", (x, 0.25)), ("$h_t$", (6.72, y)), ("$b_h$", (x, 3.6))):
        sheet.text(
            *place, text, {"$x_t$": "input", "$b_h$": "bias", "$h_t$": "activation"}.get(text, "recurrent"), fontsize=14
        )
    sheet.wire("h", "recurrent", (0.62, y), (0.97, y))
    sheet.wire("h", "recurrent", (2.13, y), (x - ROUND, y))
    sheet.wire("x", "input", (x, 0.45), (x, 0.85))
    sheet.wire("x", "input", (x, 1.35), (x, y - ROUND))
    sheet.wire("", "bias", (x, 3.42), (x, y + ROUND))
    sheet.wire("h", "activation", (x + ROUND, y), (4.25, y))
    sheet.wire("h", "activation", (5.45, y), (6.5, y))
    sheet.branch("h", "activation", 6.1, y)
    sheet.wire("h", "recurrent", (6.1, y), (6.1, 4.05), (0.3, 4.05), (0.3, y + 0.22))
    sheet.text(3.2, 4.25, "the new state is the old state of the next time step", "recurrent", fontsize=11)
    sheet.box("h", "recurrent", 1.55, y, words[0], (1.15, 0.5))
    sheet.box("x", "input", x, 1.1, words[1], (1.15, 0.5))
    sheet.node("h", ("input", "recurrent", "bias", "activation"), x, y, "+")
    sheet.box("h", "activation", 4.85, y, words[2], (1.2, 0.62))


def rnn_diagram(lit: str = "all", ax: Axes | None = None) -> Axes:
    """The cell of a plain RNN, h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h); `lit` is the part that stands out."""
    sheet = Drawing(ax, (7, 4.5), lit, RNN_PARTS)
    _rnn(sheet, ("$W_{hh}\\,h_{t-1}$", "$W_{xh}\\,x_t$", "$\\tanh(a_t)$"))
    sheet.text(3.75, 2.6, "$a_t$", "activation")
    return sheet.ax


def rnn_parts(part: str = "all") -> Figure:
    """Explorer: the RNN cell with one part lit, and what that part does."""
    return _titled(rnn_diagram(part), RNN_PARTS[part])


def rnn_parts_alt(part: str = "all") -> str:
    """What `rnn_parts` shows, in words."""
    return (
        f"Diagram of the RNN cell. Lit: {RNN_PARTS[part]}. The old state and the input, each times its matrix, and the "
        "bias are added up; tanh of the sum is the new state, which goes round to the next time step."
    )


def rnn_cell(x: float = 1.0, w_xh: float = 0.8, h_prev: float = 0.5, w_hh: float = 0.9, bias: float = 0.0) -> Figure:
    """Explorer: one step of an RNN with one unit and one input, with the numbers at the wires."""
    sheet = Drawing(None, (7, 4.5), "all", RNN_PARTS)
    a_t = w_xh * x + w_hh * h_prev + bias
    _rnn(sheet, ("", "", "$\\tanh(a_t)$"))
    for name, gid, at, value, quantity, reach in (
        ("$h_{t-1}$", "h_prev", (0.62, 1.75), h_prev, "h", 1),
        ("$w_{hh} h_{t-1}$", "from_h", (2.4, 1.75), w_hh * h_prev, "h", 2),
        ("$x_t$", "x", (3.95, 0.3), x, "x", 1),
        ("$w_{xh} x_t$", "from_x", (4.4, 1.75), w_xh * x, "x", 2),
        ("$b_h$", "bias", (2.1, 3.45), bias, "", 1),
        ("$a_t$", "a_t", (4.7, 3.05), a_t, "h", 5),
        ("$h_t$", "h_t", (6.4, 1.75), np.tanh(a_t), "h", 1),
    ):
        sheet.number(gid, at, name, value, quantity, UNIT, reach)
    sheet.text(5.75, 1.3, "tanh", fontsize=11)
    a, h_t = np.linspace(-5, 5, 61), np.tanh(a_t)
    sheet.ax.plot(5.75 + UNIT * a, 0.7 + 0.45 * np.tanh(a), color="#8a8a8a", lw=1.5, ls="-")
    sheet.ax.plot([4.75, 6.75], [0.7, 0.7], color="#8a8a8a", lw=0.8, ls="-")
    ends = [5.75 + UNIT * (a_t - 0.05), 5.75 + UNIT * (a_t + 0.05)]
    sheet.ax.plot(ends, [0.7 + 0.45 * h_t] * 2, gid="point", solid_capstyle="round", lw=10, **ink("h"))
    sheet.value("w_hh", 1.53, 2.3, "$w_{hh}$", w_hh)
    sheet.value("w_xh", 3.18, 1.05, "$w_{xh}$", w_xh)
    return sheet.ax.figure


def rnn_cell_alt(x: float = 1.0, w_xh: float = 0.8, h_prev: float = 0.5, w_hh: float = 0.9, bias: float = 0.0) -> str:
    """What `rnn_cell` shows, in words."""
    a_t = w_xh * x + w_hh * h_prev + bias
    return (
        f"An RNN cell with numbers at its wires: {two(w_xh * x)} from the input, {two(w_hh * h_prev)} from the state "
        f"before and a bias of {two(bias)} add up to {two(a_t)}; the new state is tanh of it, {two(np.tanh(a_t))}."
    )


# ---------------------------------------------------------------- LSTM


def _lstm(sheet: Drawing, words: dict[str, str]) -> None:
    """Wires, boxes and nodes of the LSTM cell from the gates upwards; `words` stand in the boxes of the gates."""
    f, i, g, o, top, out, low = 1.35, 2.7, 4.0, 5.25, 4.0, 5.95, 1.7
    keep, write = ("forget", "cell state"), ("input", "candidate", "cell state")
    sheet.text(0.3, top, "$c_{t-1}$", "cell state", fontsize=14)
    sheet.text(6.75, top, "$c_t$", "cell state", fontsize=14)
    sheet.text(6.75, 2.15, "$h_t$", "output", fontsize=14)
    sheet.wire("c", "cell state", (0.62, top), (f - ROUND, top))
    sheet.wire("c", "cell state", (f + ROUND, top), (g - ROUND, top))
    sheet.wire("c", "cell state", (g + ROUND, top), (6.55, top))
    sheet.wire("f", "forget", (f, low), (f, top - ROUND))
    sheet.wire("i", "input", (i, low), (i, 2.6), (g - ROUND, 2.6))
    sheet.wire("g", "candidate", (g, low), (g, 2.6 - ROUND))
    sheet.wire("c", write, (g, 2.6 + ROUND), (g, top - ROUND))
    sheet.branch("c", "cell state", out, top)
    sheet.wire("c", "output", (out, top), (out, 3.4))
    sheet.wire("c", "output", (out, 2.96), (out, 2.15 + ROUND))
    sheet.wire("o", "output", (o, low), (o, 2.15), (out - ROUND, 2.15))
    sheet.wire("h", "output", (out + ROUND, 2.15), (6.55, 2.15))
    for x, quantity, part in ((f, "f", "forget"), (i, "i", "input"), (g, "g", "candidate"), (o, "o", "output")):
        sheet.box(quantity, part, x, 1.45, words[quantity])
    sheet.node("c", keep, f, top, "×")
    sheet.node("c", write, g, top, "+")
    sheet.node("c", write, g, 2.6, "×")
    sheet.box("c", "output", out, 3.18, "tanh", (0.75, 0.44))
    sheet.node("h", "output", out, 2.15, "×")


def lstm_diagram(lit: str = "all", ax: Axes | None = None) -> Axes:
    """The LSTM cell as `course_lib.nn.cells.lstm_step` computes it; `lit` is the part that stands out."""
    sheet = Drawing(ax, (7, 4.4), lit, LSTM_PARTS)
    squash = {"f": "\\sigma", "i": "\\sigma", "g": "\\tanh", "o": "\\sigma"}
    _lstm(sheet, {k: f"${k}_t={name}(a_{k})$" for k, name in squash.items()})
    for x, k, part in ((1.35, "f", "forget"), (2.7, "i", "input"), (4.0, "g", "candidate"), (5.25, "o", "output")):
        sheet.wire(k, ("sums", part), (x, 0.8), (x, 1.2))
        sheet.text(x + 0.22, 0.98, f"$a_{k}$", ("sums", part))
    sheet.box(
        "", "sums", 3.3, 0.55, "$a_t = W_{xh}\\,x_t + W_{hh}\\,h_{t-1} + b_h$   (four blocks of rows)", (5.05, 0.5)
    )
    for y, name, k in ((0.68, "$h_{t-1}$", "h"), (0.4, "$x_t$", "x")):
        sheet.text(0.25, y, name, "sums", fontsize=13)
        sheet.wire(k, "sums", (0.5, y), (0.78, y))
    sheet.text(1.55, 2.35, "keep", "forget", fontsize=11, ha="left")
    sheet.text(3.25, 2.75, "let in", "input", fontsize=11)
    sheet.text(4.15, 2.2, "what", "candidate", fontsize=11, ha="left")
    sheet.text(5.1, 2.35, "show", "output", fontsize=11, ha="left")
    return sheet.ax


def lstm_parts(part: str = "all") -> Figure:
    """Explorer: the LSTM cell with one part lit, and what that part does."""
    return _titled(lstm_diagram(part), LSTM_PARTS[part])


def lstm_parts_alt(part: str = "all") -> str:
    """What `lstm_parts` shows, in words."""
    return (
        f"Diagram of the LSTM cell. Lit: {LSTM_PARTS[part]}. The cell state c runs from left to right "
        "through a product with f and a sum with i times g; below, f, i, g, o read x and h; h is o times tanh of c."
    )


def lstm_cell(
    forget_gate: float = 0.9,
    input_gate: float = 0.5,
    candidate: float = 0.8,
    output_gate: float = 0.6,
    c_prev: float = 1.0,
) -> Figure:
    """Explorer: one step of an LSTM with one unit, its gates set by hand, with the numbers at the wires."""
    sheet = Drawing(None, (7, 4.2), "all", LSTM_PARTS)
    sheet.ax.set_ylim(0.6, 4.8)
    kept, written = forget_gate * c_prev, input_gate * candidate
    c_t = kept + written
    _lstm(sheet, dict.fromkeys("figo", ""))
    for px, k, value, words in (
        (1.35, "f", forget_gate, "forget gate"),
        (2.7, "i", input_gate, "input gate"),
        (4.0, "g", candidate, "candidate"),
        (5.25, "o", output_gate, "output gate"),
    ):
        _by_hand(sheet, px, k, value, words)
    for name, gid, at, value, quantity, reach in (
        ("$c_{t-1}$", "c_prev", (0.75, 4.45), c_prev, "c", 2),
        ("$f_t\\,c_{t-1}$", "kept", (2.7, 4.45), kept, "c", 2),
        ("$c_t$", "c_t", (5.0, 4.45), c_t, "c", 3),
        ("$i_t\\,g_t$", "written", (4.7, 3.3), written, "c", 1),
        ("$h_t$", "h_t", (6.38, 1.65), output_gate * np.tanh(c_t), "h", 1),
    ):
        sheet.number(gid, at, name, value, quantity, UNIT, reach)
    sheet.text(6.08, 2.65, two(np.tanh(c_t)), gid="squashed", ha="left")
    return sheet.ax.figure


def _by_hand(sheet: Drawing, x: float, k: str, value: float, words: str) -> None:
    """A gate from 0 to 1, or the candidate g from -1 to 1, that one sets by hand, at x below its box."""
    sheet.value(k, x - 0.05, 1.4, f"${k}_t$", value)
    begin, unit, low = (x, GATE, -1) if k == "g" else (x - GATE, 2 * GATE, 0)
    sheet.bar(k, k, (begin, 1.02), value, unit, (low, 1))
    sheet.text(x, 0.78, words, fontsize=11)


def lstm_cell_alt(
    forget_gate: float = 0.9,
    input_gate: float = 0.5,
    candidate: float = 0.8,
    output_gate: float = 0.6,
    c_prev: float = 1.0,
) -> str:
    """What `lstm_cell` shows, in words."""
    kept, written = forget_gate * c_prev, input_gate * candidate
    c_t = kept + written
    return (
        f"An LSTM cell with numbers at its wires: a forget gate of {two(forget_gate)} keeps {two(kept)} of the cell "
        f"state {two(c_prev)}, an input gate of {two(input_gate)} adds {two(written)}, the new cell state is "
        f"{two(c_t)}; an output gate of {two(output_gate)} shows {two(output_gate * np.tanh(c_t))} as hidden state."
    )


# ---------------------------------------------------------------- GRU


def _gru(sheet: Drawing, words: dict[str, str]) -> None:
    """Wires, boxes and nodes of the GRU cell (reset after the product); `words` stand in the boxes."""
    z, n, s, r, top, low = 1.6, 3.85, 5.0, 6.2, 4.0, 1.45
    sheet.text(0.3, top, "$h_{t-1}$", "state", fontsize=14)
    sheet.text(6.75, top, "$h_t$", "state", fontsize=14)
    sheet.wire("h", "state", (0.62, top), (z - ROUND, top))
    sheet.wire("h", "state", (z + ROUND, top), (n - ROUND, top))
    sheet.wire("h", "state", (n + ROUND, top), (6.5, top))
    sheet.wire("z", "update", (z, low + 0.25), (z, top - ROUND))
    sheet.branch("z", "update", z, 2.75)
    sheet.wire("z", "update", (z, 2.75), (2.05, 2.75))
    sheet.wire("z", "update", (3.25, 2.75), (n - ROUND, 2.75))
    sheet.wire("n", "candidate", (n, low + ROUND), (n, 1.85))
    sheet.wire("n", "candidate", (n, 2.3), (n, 2.75 - ROUND))
    sheet.wire("n", ("candidate", "update", "state"), (n, 2.75 + ROUND), (n, top - ROUND))
    sheet.wire("r", ("reset", "candidate"), (s - ROUND, low), (n + ROUND, low))
    sheet.wire("r", "reset", (r - 0.575, low), (s + ROUND, low))
    sheet.box("z", "update", z, low, words["z"])
    sheet.box("z", "update", 2.65, 2.75, words["1-z"], (1.2, 0.46))
    sheet.box("n", "candidate", n, 2.07, words["n"], (1.3, 0.46))
    sheet.box("r", "reset", r, low, words["r"])
    sheet.node("h", ("update", "state"), z, top, "×")
    sheet.node("h", ("update", "state"), n, top, "+")
    sheet.node("n", ("candidate", "update"), n, 2.75, "×")
    sheet.node("r", "reset", s, low, "×")
    sheet.node("n", "candidate", n, low, "+")


def gru_diagram(lit: str = "all", ax: Axes | None = None) -> Axes:
    """The GRU cell as PyTorch computes it (reset after the product, z keeps); `lit` is the part that stands out."""
    sheet = Drawing(ax, (7, 4.4), lit, GRU_PARTS)
    _gru(sheet, {"z": "$z_t=\\sigma(a_z)$", "1-z": "$1-z_t$", "n": "$n_t=\\tanh(a_n)$", "r": "$r_t=\\sigma(a_r)$"})
    sums = ((1.6, "$a_z$", "z", "update"), (3.85, "$x_n$", "x", "candidate"), (5.0, "$h_n$", "h", "reset"),
            (6.2, "$a_r$", "r", "reset"))  # fmt: skip
    for x, name, k, part in sums:
        top = 1.45 - (0.25 if name in ("$a_z$", "$a_r$") else ROUND)
        sheet.wire(k, ("sums", part), (x, 0.8), (x, top))
        sheet.text(x + 0.24, 1.0, name, ("sums", part))
    sheet.box(
        "",
        "sums",
        3.875,
        0.55,
        "$W_{xh}\\,x_t + b_x$   and   $W_{hh}\\,h_{t-1} + b_h$   (three blocks of rows)",
        (5.75, 0.5),
    )
    sheet.branch("h", "state", 0.75, 4.0)
    sheet.wire("h", "sums", (0.75, 4.0), (0.75, 0.68), (1.0, 0.68))
    sheet.wire("x", "sums", (0.5, 0.4), (1.0, 0.4))
    sheet.text(0.25, 0.4, "$x_t$", "sums", fontsize=13)
    return sheet.ax


def gru_parts(part: str = "all") -> Figure:
    """Explorer: the GRU cell with one part lit, and what that part does."""
    return _titled(gru_diagram(part), GRU_PARTS[part])


def gru_parts_alt(part: str = "all") -> str:
    """What `gru_parts` shows, in words."""
    return (
        f"Diagram of the GRU cell. Lit: {GRU_PARTS[part]}. The state h runs from left to right through a "
        "product with z and a sum with 1 - z times n; r multiplies the state's part of the candidate n."
    )


def gru_cell(
    reset_gate: float = 0.5, update_gate: float = 0.8, x_n: float = 0.5, h_n: float = 1.0, h_prev: float = -0.5
) -> Figure:
    """Explorer: one step of a GRU with one unit, its gates set by hand, with the numbers at the wires.

    x_n, h_n  what the candidate gets from the input and, before the reset gate, from the state
    """
    sheet, unit = Drawing(None, (7, 4.2), "all", GRU_PARTS), 2 * UNIT
    sheet.ax.set_ylim(0.6, 4.8)
    n_t = np.tanh(x_n + reset_gate * h_n)
    kept, written = update_gate * h_prev, (1 - update_gate) * n_t
    _gru(sheet, dict.fromkeys(("z", "1-z", "n", "r"), ""))
    for px, k, value, words in ((1.6, "z", update_gate, "update gate"), (6.2, "r", reset_gate, "reset gate")):
        _by_hand(sheet, px, k, value, words)
    for px, k, gid, value, quantity in ((3.85, "$x_n$", "x_n", x_n, "x"), (5.0, "$h_n$", "h_n", h_n, "h")):
        sheet.wire(quantity, "all", (px, 1.12), (px, 1.45 - ROUND))
        sheet.value(gid, px - 0.05, 0.92, k, value)
        sheet.bar(gid, quantity, (px, 0.76), value, UNIT, (-2, 2))
    for name, gid, at, value in (
        ("$h_{t-1}$", "h_prev", (0.75, 4.45), h_prev),
        ("$z_t\\,h_{t-1}$", "kept", (2.75, 4.45), kept),
        ("$h_t$", "h_t", (5.1, 4.45), kept + written),
        ("$(1-z_t)\\,n_t$", "written", (5.1, 3.3), written),
    ):
        sheet.number(gid, at, name, value, "n" if gid == "written" else "h", unit, 1)
    sheet.value("keep_not", 2.69, 2.7, "$1-z_t$", 1 - update_gate)
    sheet.value("n_t", 3.8, 2.02, "$n_t$", n_t)
    sheet.bar("n_t", "n", (5.1, 2.07), n_t, unit, (-1, 1))
    sheet.text(4.42, 1.63, two(reset_gate * h_n), gid="passed")
    return sheet.ax.figure


def gru_cell_alt(
    reset_gate: float = 0.5, update_gate: float = 0.8, x_n: float = 0.5, h_n: float = 1.0, h_prev: float = -0.5
) -> str:
    """What `gru_cell` shows, in words."""
    n_t = np.tanh(x_n + reset_gate * h_n)
    kept, written = update_gate * h_prev, (1 - update_gate) * n_t
    return (
        f"A GRU cell with numbers at its wires: a reset gate of {two(reset_gate)} lets {two(reset_gate * h_n)} of the "
        f"state's part into the candidate, which is {two(n_t)}. An update gate of {two(update_gate)} keeps {two(kept)} "
        f"of the state {two(h_prev)} and adds {two(written)} of the candidate: the new state is {two(kept + written)}."
    )
