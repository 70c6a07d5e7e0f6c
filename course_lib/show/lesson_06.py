"""Plots and explorers of lesson 06: what a gate keeps and writes, and how many updates a cell needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.along import word_axis
from course_lib.show.colours import ink
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
GREY = "#777777"
POINT = {"lw": 12, "solid_capstyle": "round"}  # a short thick line: a formula can move it


def in_words(found: Sequence[int | None]) -> str:
    """The updates that each start needed, in words.

    >>> in_words([110, None]), in_words([None, None])
    ('110, not learned', 'none of 2')
    """
    if all(updates is None for updates in found):
        return f"none of {len(found)}"
    return ", ".join("not learned" if updates is None else str(updates) for updates in found)


def parts_taken_out(results: Mapping[str, Sequence[int | None]], limit: int, ax: Axes | None = None) -> Figure:
    """One row for each cell, a dot for each start at the updates that it needed; a cross at the limit: not learned."""
    ax = axes(ax, (7, 0.45 * len(results) + 1.1))
    for row, found in enumerate(results.values()):
        for n, updates in enumerate(found):
            y = row + 0.1 * (n - (len(found) - 1) / 2)
            _dot(ax, limit if updates is None else updates, y, updates is None)
    ax.set_yticks(range(len(results)), list(results))
    ax.axvline(limit, color=GREY, lw=1, ls=":")
    ax.set(xlim=(0, 1.05 * limit), ylim=(len(results) - 0.5, -0.5))
    ax.set_xlabel(f"updates until learned, five starts   (×: not within {limit})")
    return ax.figure


def _dot(ax: Axes, x: float, y: float, failed: bool) -> None:
    ax.plot(x, y, "x" if failed else "o", ms=7, mew=1.8, color=ink("d")["color"] if failed else ink("h")["color"])


def kept_and_written(words: Sequence[str], panels: Mapping[str, tuple[Array, Array]]) -> Figure:
    """For each cell a row of stacked bars over the words: the share kept of the old, and the share written of the new.

    panels  name of a cell: the two shares (T,) of one unit
    """
    import matplotlib.pyplot as plt

    fig, rows = plt.subplots(len(panels), 1, figsize=(7, 2.1 * len(panels)), sharex=True, layout="constrained")
    for ax, (name, (kept, written)) in zip(np.atleast_1d(rows), panels.items(), strict=True):
        place = np.arange(len(words))
        ax.bar(place, kept, 0.75, color=ink("z")["color"], label="kept of the old")
        ax.bar(place, written, 0.75, bottom=kept, color=ink("i")["color"], alpha=0.55, hatch="//", label="written")
        ax.axhline(1, color="#333333", lw=1, ls="--")
        ax.set(ylim=(0, 1.75), yticks=[0, 0.5, 1, 1.5], ylabel="share")
        ax.set_title(name, loc="left")
        word_axis(ax, words)
    np.atleast_1d(rows)[0].legend(loc="upper right", ncols=2)
    return fig


def smoothing(walk: Sequence[float], average: Sequence[float], ax: Axes | None = None) -> Figure:
    """A random walk and the moving average that follows it."""
    ax = axes(ax, (7, 2.8))
    ax.plot(walk, lw=1, label="input x", **ink("x"))
    ax.plot(average, lw=2, label="state h, with z = 0.9", **ink("h"))
    ax.set(xlabel="step", ylabel="value")
    ax.legend()
    return ax.figure


def left_of_the_first(bias: float | Array, steps: float | Array) -> Any:
    """(1 - z) z**steps with z = sigmoid(bias): what the first write is worth `steps` later steps of a silent unit."""
    z = 1 / (1 + np.exp(-np.asarray(bias, dtype=float)))
    return (1 - z) * z ** np.asarray(steps, dtype=float)


def update_gate(keep_bias: float = 0.0, words: int = 11) -> Figure:
    """Explorer: the gate z on the line keep + write = 1, and what is left of a noun so many words later.

    The vertical axis is logarithmic: it shows log10 of the share, with the shares as its labels.
    """
    import matplotlib.pyplot as plt

    z = 1 / (1 + np.exp(-keep_bias))
    lags = np.arange(101)
    left = np.log10(np.maximum(left_of_the_first(keep_bias, lags), 1e-9))
    fig, (square, curve) = plt.subplots(1, 2, figsize=(7, 3.4), width_ratios=(1, 1.6), layout="constrained")
    square.plot([0, 1], [1, 0], color=GREY, lw=1.5, ls=":")
    square.plot([z - 0.01, z + 0.01], [1 - z, 1 - z], gid="point", color=ink("z")["color"], ls="-", **POINT)
    square.set(xlim=(-0.08, 1.08), ylim=(-0.08, 1.08), aspect="equal", xlabel="keep: z", ylabel="write: 1 - z")
    square.set_title(f"keep {z:.3f}, write {1 - z:.3f}", gid="shares", fontsize=11)
    curve.plot(lags, left, gid="left", lw=2, **ink("h"))
    curve.plot([words - 0.5, words + 0.5], [left[words]] * 2, gid="here", **ink("h"), **POINT)
    curve.set(xlim=(-3, 103), ylim=(-8, 0.3), xlabel="words after the noun", ylabel="share of the noun in h")
    curve.set_yticks(range(-8, 1, 2), ["1e-8", "1e-6", "1e-4", "0.01", "1"])
    first, last = left_of_the_first(keep_bias, [0, words])
    curve.set_title(f"at once {first:.4f}, {words} words later {_share(last)}", gid="shown", fontsize=11)
    return fig


def _share(left: float) -> str:
    return f"{left:.4f}" if left >= 0.0001 else "< 0.0001"


def update_gate_alt(keep_bias: float = 0.0, words: int = 11) -> str:
    """What `update_gate` shows, in words."""
    first, last = left_of_the_first(keep_bias, [0, words])
    return (
        f"Left: a point on the line from keep 0, write 1 to keep 1, write 0, for a keep bias of {keep_bias:.2f}. "
        f"Right: the share of the noun in the state is {first:.4f} at once, {_share(last)} after {words} words."
    )


def updates_by_bias(
    results: Mapping[float, Sequence[int | None]], limit: int, mark: float, ax: Axes | None = None
) -> Figure:
    """Updates until learned against the keep bias, a dot for each start; a cross at the limit: not learned.

    mark  the bias that the rule gives
    """
    ax = axes(ax, (7, 3.2))
    ax.axvline(mark, color=ink("z")["color"], lw=1.5, ls=":")
    ax.text(mark + 0.06, 0.03 * limit, f"the rule: {mark:.1f}", fontsize=11, va="bottom")
    for bias, found in results.items():
        for n, updates in enumerate(found):
            _dot(ax, bias + 0.03 * (n - (len(found) - 1) / 2), limit if updates is None else updates, updates is None)
    ax.axhline(limit, color=GREY, lw=1, ls=":")
    ax.set(xlabel="keep bias of the update gate", ylabel="updates until learned", ylim=(0, 1.15 * limit))
    ax.set_xticks(list(results))
    ax.text(0.005, 1.05 * limit, f"×: not within {limit}", fontsize=10, transform=ax.get_yaxis_transform())
    return ax.figure
