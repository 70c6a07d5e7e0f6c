"""Plots and explorers of lesson 06: the cell with one knob, what a knob leaves, and the races. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.diagram import pens
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
PARTS = ("all", "update", "reset", "candidate")
MARKERS = "o^sD"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#555555")


def cell_diagram(lit: str = "all", ax: Axes | None = None) -> Axes:
    """The GRU cell (reset after the product) as boxes and arrows; `lit` is the part that stands out."""
    ax = axes(ax, (7, 3.2))
    look, arrow, node = pens(ax, lit, PARTS)

    arrow((0, 4), (4.4, 4), "update")
    arrow((4.9, 4), (7.6, 4), "update")
    arrow((8.1, 4), (9.6, 4), "update")
    for x, part in [(0.5, "reset"), (4.65, "update"), (2.5, "candidate"), (6.6, "candidate")]:
        ax.plot([x, x], [0.6, 1.3], **look(part))
    arrow((4.65, 1.8), (4.65, 3.75), "update")
    arrow((5.0, 1.8), (7.55, 2.75), "update")
    arrow((0.9, 1.75), (2.2, 2.5), "reset")
    arrow((2.5, 1.8), (2.5, 2.35), "candidate")
    arrow((2.8, 2.6), (5.95, 1.7), "candidate")
    arrow((7.1, 1.75), (7.7, 2.5), "candidate")
    arrow((7.85, 3.05), (7.85, 3.75), "candidate")
    ax.plot([0, 6.6], [0.6, 0.6], color="#777777" if lit == "all" else "#bbbbbb", lw=1.4, ls="-")
    node(0.5, 1.5, "$r_t=\\sigma$", "reset")
    node(2.5, 1.5, "$W_{hn}h+b$", "candidate")
    node(4.65, 1.5, "$z_t=\\sigma$", "update")
    node(6.6, 1.5, "$n_t=\\tanh$", "candidate")
    node(2.5, 2.6, "×", "reset", True)
    node(4.65, 4, "×", "update", True)
    node(7.85, 2.8, "×", "candidate", True)
    node(7.85, 4, "+", "update", True)
    ax.text(6.3, 2.55, "$1-z_t$", fontsize=10, ha="right", color=look("update")["color"])
    ends = [(-0.1, 4, "$h_{t-1}$", "right"), (9.7, 4, "$h_t$", "left"), (-0.1, 0.6, "$h_{t-1}, x_t$", "right")]
    for x, y, text, side in ends:
        ax.text(x, y, text, ha=side, va="center", fontsize=12)
    ax.set(xlim=(-1.5, 10.5), ylim=(0.2, 4.6))
    ax.axis("off")
    return ax


def keep_and_write(pairs: Mapping[str, tuple[Array, Array]], ax: Any = None) -> Any:
    """One square per cell: a dot for each unit and step at (share kept, share written)."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(1, len(pairs), figsize=(2.7 * len(pairs), 2.9), sharey=True, layout="constrained")[1]
    for panel, (name, (keep, write)) in zip(np.atleast_1d(ax), pairs.items(), strict=True):
        panel.plot(np.ravel(keep), np.ravel(write), ".", ms=2.5, alpha=0.5, color=COLOURS[0])
        panel.plot([0, 1], [1, 0], color="#777777", lw=1, ls=":")
        panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="share kept of the old")
        panel.set_title(name, fontsize=10)
    np.atleast_1d(ax)[0].set(ylabel="share written of the new")
    return ax


def left_of_the_first(bias: float | Array, steps: float | Array) -> Any:
    """(1 - z) z**steps with z = sigmoid(bias): what the first write is worth `steps` later steps of a silent unit."""
    z = 1 / (1 + np.exp(-np.asarray(bias, dtype=float)))
    return (1 - z) * z ** np.asarray(steps, dtype=float)


def one_knob(keep_bias: float = 0.0, steps: int = 50) -> Figure:
    """Explorer: the knob of a GRU unit on the line keep + write = 1, and what a first input of 1 leaves behind."""
    import matplotlib.pyplot as plt

    z = 1 / (1 + np.exp(-keep_bias))
    lags = np.arange(steps + 1)
    left = left_of_the_first(keep_bias, lags)
    fig, (square, curve) = plt.subplots(1, 2, figsize=(8, 3), width_ratios=(1, 1.9), layout="constrained")
    square.plot([0, 1], [1, 0], color="#777777", lw=1.5, ls=":")
    square.plot(z, 1 - z, "o", ms=12, color=COLOURS[1])
    square.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal", xlabel="keep: z", ylabel="write: 1 - z")
    square.set_title(f"keep {z:.3f}, write {1 - z:.3f}", fontsize=10)
    curve.semilogy(lags, np.maximum(left, 1e-12))
    curve.plot(steps, max(left[-1], 1e-12), "o", color=COLOURS[1])
    curve.set(ylim=(1e-8, 1), xlabel="steps after the first input", ylabel="share of the first input in h")
    curve.set_title(f"at once {left[0]:.4f}, after {steps} steps {left[-1]:.2g}", fontsize=10)
    return fig


def one_knob_alt(keep_bias: float = 0.0, steps: int = 50) -> str:
    """What `one_knob` shows, in words."""
    first, last = left_of_the_first(keep_bias, [0, steps])
    return (
        f"Left: a knob on the line from keep 0, write 1 to keep 1, write 0, for a keep bias of {keep_bias:.2f}. "
        f"Right: the share of the first input in the state falls from {first:.4f} to {last:.2g} after {steps} steps."
    )


def updates_by_bias(
    results: Mapping[str, Mapping[float, Sequence[int | None]]],
    limit: int,
    ax: Axes | None = None,
    mark: tuple[float, str] | None = None,
) -> Axes:
    """Updates until solved against the keep bias: a mark per seed, a line through the medians, x = not solved.

    mark  a bias to point out, and its name
    """
    ax = axes(ax)
    if mark:
        ax.axvline(mark[0], color="#777777", lw=1, ls=":")
        ax.text(mark[0] + 0.05, 0.97 * limit, mark[1], fontsize=9, va="top", color="#555555")
    for k, (name, by_bias) in enumerate(results.items()):
        shift = 0.06 * (2 * k - len(results) + 1)
        medians = [np.median([limit if u is None else u for u in found]) for found in by_bias.values()]
        style = {"color": COLOURS[k], "lw": 1.2, "ls": ("-", "--", ":")[k % 3]}
        ax.plot([b + shift for b in by_bias], medians, **style)
        ax.plot([], [], marker=MARKERS[k], label=name, **style)
        for bias, found in by_bias.items():
            for n, updates in enumerate(found):
                mark = "x" if updates is None else MARKERS[k]
                x = bias + shift + 0.1 * (n - (len(found) - 1) / 2) * (updates is None)
                ax.plot(x, limit if updates is None else updates, mark, ms=6, mew=1.6, color=COLOURS[k])
    ax.axhline(limit, color="#777777", lw=1, ls=":")
    ax.set(xlabel="keep bias (f of the LSTM, z of the GRU)", ylabel="updates until solved", ylim=(0, 1.12 * limit))
    ax.legend(fontsize=9, loc="center right")
    return ax


def race(results: Mapping[str, Mapping[str, Sequence[int | None]]], limit: int, ax: Axes | None = None) -> Axes:
    """One row per task, one kind of mark per cell, one mark per seed: updates until solved; x = not solved."""
    ax = axes(ax, (7, 0.55 * len(results) + 1.3))
    for row, by_cell in enumerate(results.values()):
        for k, (cell, found) in enumerate(by_cell.items()):
            for n, updates in enumerate(found):
                y = row + 0.34 * (k - (len(by_cell) - 1) / 2) + 0.07 * (n - (len(found) - 1) / 2)
                mark = "x" if updates is None else MARKERS[k]
                label = cell if row == 0 and n == 0 else None
                ax.plot(limit if updates is None else updates, y, mark, ms=7, mew=1.6, color=COLOURS[k], label=label)
    ax.set_yticks(range(len(results)), list(results))
    ax.axvline(limit, color="#777777", lw=1, ls=":")
    ax.set(xlabel="updates until solved (x: not within the limit)", xlim=(0, 1.05 * limit))
    ax.set(ylim=(len(results) - 0.5, -0.5))
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1, 1))  # inside, its marks would look like runs
    return ax
