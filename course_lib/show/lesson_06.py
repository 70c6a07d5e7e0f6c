"""Plots and explorers of lesson 06: what the update gate keeps and writes, the races. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.colours import ink
from course_lib.show.figure import axes
from course_lib.show.lesson_05 import GREY, legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
MARKERS = "o^sD"
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#555555")  # LSTM, GRU, and what else there may be


def keep_and_write(pairs: Mapping[str, tuple[Array, Array]], ax: Any = None) -> Any:
    """One square per cell: a dot for each unit and step at (share kept, share written)."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(1, len(pairs), figsize=(7, 3.0), sharey=True, layout="constrained")[1]
    for panel, (name, (keep, write)) in zip(np.atleast_1d(ax), pairs.items(), strict=True):
        panel.plot(np.ravel(keep), np.ravel(write), ".", ms=2.5, alpha=0.5, color="#333333")
        panel.plot([0, 1], [1, 0], color=GREY, lw=1, ls=":")
        panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="share kept of the old", xticks=[0, 0.5, 1])
        panel.set_title(name, fontsize=11)
    np.atleast_1d(ax)[0].set(ylabel="share written of the new")
    return ax


def left_of_the_first(bias: float | Array, steps: float | Array) -> Any:
    """(1 - z) z**steps with z = sigmoid(bias): what the first write is worth `steps` later steps of a silent unit."""
    z = 1 / (1 + np.exp(-np.asarray(bias, dtype=float)))
    return (1 - z) * z ** np.asarray(steps, dtype=float)


def update_gate(keep_bias: float = 0.0, steps: int = 50) -> Figure:
    """Explorer: the update gate of a GRU unit on the line keep + write = 1, and what a first input of 1 leaves behind.

    The vertical axis is logarithmic: it shows log10 of the share, with the shares as its labels.
    """
    import matplotlib.pyplot as plt

    z = 1 / (1 + np.exp(-keep_bias))
    lags = np.arange(201)
    left = np.log10(np.maximum(left_of_the_first(keep_bias, lags), 1e-9))
    fig, (square, curve) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=(1, 1.6), layout="constrained")
    square.plot([0, 1], [1, 0], color=GREY, lw=1.5, ls=":")
    point = {"lw": 12, "solid_capstyle": "round"}  # a short thick line: a formula can move it
    square.plot([z - 0.01, z + 0.01], [1 - z, 1 - z], gid="point", color=ink("z")["color"], ls="-", **point)
    square.set(xlim=(-0.08, 1.08), ylim=(-0.08, 1.08), aspect="equal", xlabel="keep: z", ylabel="write: 1 - z")
    square.set_title(f"keep {z:.3f}, write {1 - z:.3f}", gid="shares", fontsize=11)
    curve.plot(lags, left, gid="left", lw=2, **ink("h"))
    curve.plot([steps - 1, steps + 1], [left[steps]] * 2, gid="here", **ink("h"), **point)
    curve.set(
        xlim=(-6, 206), ylim=(-8, 0.3), xlabel="steps after the first input", ylabel="share of the first input in h"
    )
    curve.set_yticks(range(-8, 1, 2), ["1e-8", "1e-6", "1e-4", "0.01", "1"])
    first, last = left_of_the_first(keep_bias, [0, steps])
    curve.set_title(f"at once {first:.4f}, after {steps} steps {_share(last)}", gid="shown", fontsize=11)
    return fig


def _share(left: float) -> str:
    return f"{left:.4f}" if left >= 0.0001 else "< 0.0001"


def update_gate_alt(keep_bias: float = 0.0, steps: int = 50) -> str:
    """What `update_gate` shows, in words."""
    first, last = left_of_the_first(keep_bias, [0, steps])
    return (
        f"Left: a point on the line from keep 0, write 1 to keep 1, write 0, for a keep bias of {keep_bias:.2f}. "
        f"Right: the share of the first input in the state is {first:.4f} at once, {_share(last)} after {steps} steps."
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
    ax = axes(ax, (7, 3.8))
    if mark:
        ax.axvline(mark[0], color=GREY, lw=1, ls=":")
        ax.text(mark[0] + 0.05, 1.03 * limit, mark[1], fontsize=11, va="bottom", color="#444444")
    for k, (name, by_bias) in enumerate(results.items()):
        shift = 0.15 * (2 * k - len(results) + 1)
        medians = [np.median([limit if u is None else u for u in found]) for found in by_bias.values()]
        style = {"color": COLOURS[k], "lw": 1.5, "ls": ("-", "--", ":")[k % 3]}
        ax.plot([b + shift for b in by_bias], medians, **style)
        ax.plot([], [], marker=MARKERS[k], label=name, **style)
        for bias, found in by_bias.items():
            for n, updates in enumerate(found):
                mark = "x" if updates is None else MARKERS[k]
                x = bias + shift + 0.08 * (n - (len(found) - 1) / 2) * (updates is None)
                ax.plot(x, limit if updates is None else updates, mark, ms=7, mew=1.8, color=COLOURS[k])
    ax.axhline(limit, color=GREY, lw=1, ls=":")
    ax.set(
        xlabel="keep bias (of f in the LSTM, of z in the GRU)", ylabel="updates until solved", ylim=(0, 1.15 * limit)
    )
    ax.text(
        0.005, 1.03 * limit, f"×: not solved in {limit}", fontsize=10, va="bottom", transform=ax.get_yaxis_transform()
    )
    legend_below(ax)
    return ax


def race(results: Mapping[str, Mapping[str, Sequence[int | None]]], limit: int, ax: Axes | None = None) -> Axes:
    """One row per task, one kind of mark per cell, one mark per seed: updates until solved; x = not solved."""
    ax = axes(ax, (7, 0.6 * len(results) + 1.3))
    for row, by_cell in enumerate(results.values()):
        for k, (cell, found) in enumerate(by_cell.items()):
            for n, updates in enumerate(found):
                y = row + 0.34 * (k - (len(by_cell) - 1) / 2) + 0.07 * (n - (len(found) - 1) / 2)
                mark = "x" if updates is None else MARKERS[k]
                label = cell if row == 0 and n == 0 else None
                ax.plot(limit if updates is None else updates, y, mark, ms=7, mew=1.6, color=COLOURS[k], label=label)
    ax.set_yticks(range(len(results)), list(results))
    ax.axvline(limit, color=GREY, lw=1, ls=":")
    ax.set(xlabel=f"updates until solved   (×: not solved in {limit})", xlim=(0, 1.05 * limit))
    ax.set(ylim=(len(results) - 0.5, -0.5))
    legend_below(ax)
    return ax
