"""Plots and explorers of lesson 09: alignments, scores by length, how sharp a softmax is. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib.show.colours import ink
from course_lib.show.figure import COLOURS, axes

Array = np.ndarray
MARKS = "osv^D"
MOST = 64  # symbols of a source that can be read below a picture
KEYS = 1000
WHITE = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none"}


# ---------------------------------------------------------------- letters below a map


@cache
def _letter(symbol: str) -> str:
    """A symbol as the figure's font can write it; a box where it cannot."""
    from matplotlib.font_manager import findfont, get_font

    if symbol == " ":
        return "␣"
    known = all(get_font(findfont("DejaVu Sans")).get_char_index(ord(c)) for c in symbol)
    return symbol if known else "□"


def alignment(source: Sequence[str], written: Sequence[str], weights: Array, ax: Axes | None = None) -> Axes:
    """One row for each symbol that was written, one column for each that was read; dark is much. weights (S, T).

    Raises ValueError for a source that is too long to be drawn, or weights of another shape.
    """
    if len(source) > MOST:
        raise ValueError(f"text: expected at most {MOST} symbols, got {len(source)}: take a shorter one")
    if np.shape(weights) != (len(written), len(source)):
        raise ValueError(f"weights: expected (S, T) = {(len(written), len(source))}, got {np.shape(weights)}")
    ax = axes(ax, (7, 0.26 * len(written) + 1.1))
    ax.imshow(weights, aspect="auto", cmap="Blues", vmin=0, vmax=max(1e-9, float(np.max(weights))))
    ax.set_xticks(range(len(source)), [_letter(s) for s in source])
    ax.set_yticks(range(len(written)), [_letter(s) for s in written])
    ax.set_xticks(np.arange(-0.5, len(source)), minor=True)
    ax.grid(visible=False)
    ax.grid(visible=True, which="minor", axis="x", color="0.9", lw=0.5)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, which="both")
    ax.set(xlabel="read", ylabel="written")
    return ax


def reading(source: Sequence[str], written: Sequence[str], weights: Array) -> Figure:
    """What was written for a text, with the alignment below it."""
    ax = alignment(source, written, weights)
    ax.set_title(f"{''.join(written)}", loc="left", family="monospace", size=15)
    return ax.figure


def two_maps(source: Sequence[str], written: Sequence[str], weights: Array, drops: Array) -> Figure:
    """Where attention looked, above what the answer needs: two maps with the same letters."""
    high = 0.26 * len(written) + 0.95
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 2 * high), layout="constrained")
    alignment(source, written, weights, above).set(xlabel="")
    above.set_title(f"Where it looks: weights of attention (darkest: {np.max(weights):.2f})", loc="left")
    alignment(source, written, drops, below)
    below.set_title(f"What it needs: chance lost when the word is blanked (darkest: {np.max(drops):.2f})", loc="left")
    return fig


def one_step(source: Sequence[str], written: Sequence[str], weights: Array, step: int) -> Figure:
    """The weights of one step as bars over the text, and what has been written up to it; steps count from 1.

    A step behind the end shows the last one.
    """
    k = min(step, len(written)) - 1
    ax = axes(None, (7, 2.4))
    ax.bar(range(len(source)), weights[k], color=ink("h")["color"])
    ax.set_xticks(range(len(source)), [_letter(s) for s in source])
    ax.set(ylim=(0, 1), ylabel="weight", xlabel="read")
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False, axis="x")
    done = "".join(written[:k]) or "nothing yet"
    ax.set_title(f"written: {done}     next: {written[k]}", loc="left")
    return ax.figure


def one_step_text(source: Sequence[str], written: Sequence[str], weights: Array, step: int) -> str:
    """The same in words."""
    k = min(step, len(written)) - 1
    most = int(np.argmax(weights[k]))
    return (
        f"Bars over the letters of {''.join(source)}: when it writes {written[k]}, the largest weight, "
        f"{weights[k][most]:.2f}, is on the letter {source[most]} in place {most + 1}."
    )


# ---------------------------------------------------------------- the model


def machine(looks: Sequence[bool] = (False, True)) -> Figure:
    """Encoder and decoder, a panel without attention (False: one arrow from the last state) or with it (True)."""
    fig, panels = plt.subplots(1, len(looks), figsize=(3.5 * len(looks), 3.1), layout="constrained", squeeze=False)
    for ax, look in zip(panels.flat, looks, strict=True):
        ax.set(xlim=(-0.7, 6.6), ylim=(-0.9, 3.9), xticks=(), yticks=())
        ax.spines[:].set_visible(False)
        ax.grid(visible=False)
        ax.set_title("attention: a look at every state" if look else "one vector for everything", loc="left")
        x, h, c, y = (ink(name)["color"] for name in "xhcy")
        for k, letter in enumerate("sept"):
            _box(ax, k, 0.6, f"$h_{k + 1}$", h)
            ax.text(k, -0.55, letter, ha="center", va="center")
            _arrow(ax, (k, -0.3), (k, 0.25), x)
            if k:
                _arrow(ax, (k - 0.68, 0.6), (k - 0.32, 0.6), h)
        _box(ax, 3.3, 2.8, "$s_0$", y)
        _arrow(ax, (3.02, 0.95), (3.27, 2.45), y)  # made of the last state, once
        for k, (fed, said) in enumerate((("start", "7"), ("7", "end"))):
            at = 4.6 + 1.3 * k  # of s_{k + 1}
            _box(ax, at, 2.8, f"$s_{k + 1}$", y)
            ax.text(at, 3.7, said, ha="center", va="center")
            _arrow(ax, (at, 3.15), (at, 3.5), y)
            _arrow(ax, (at - 0.96, 2.8), (at - 0.34, 2.8), y)
            ax.text(at, -0.55, fed, ha="center", va="center")
            _arrow(ax, (at, -0.3), (at, 2.45), x)
            if look:
                for j in range(4):
                    _arrow(ax, (j + 0.1, 0.95), (at - 0.68, 1.62), c, lw=0.8)
                _arrow(ax, (at - 1.2, 2.45), (at - 0.68, 1.85), y, ls=(0, (3, 1.5)))  # the query
                _arrow(ax, (at - 0.5, 1.75), (at - 0.12, 2.45), c)
                ax.text(at - 0.55, 1.65, f"$c_{k + 1}$", ha="center", va="center", color=c, bbox=WHITE)
            else:
                _arrow(ax, (3.1, 0.95), (at - 0.15, 2.45), c, lw=1.6)
    return fig


def _box(ax: Axes, x: float, y: float, name: str, colour: str) -> None:
    shape = FancyBboxPatch((x - 0.28, y - 0.28), 0.56, 0.56, boxstyle="round,pad=0.04", fc="white", ec=colour, lw=1.8)
    ax.add_patch(shape)
    ax.text(x, y, name, ha="center", va="center")


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, lw: float = 1.4, ls: Any = "-"
) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color=colour, lw=lw, ls=ls))


# ---------------------------------------------------------------- scores


def by_length(shares: Mapping[str, Sequence[float]], lengths: Sequence[int], ax: Axes | None = None) -> Axes:
    """Share of exact translations against the number of digits, one line for each model."""
    ax = axes(ax, (7, 3))
    for k, (name, values) in enumerate(shares.items()):
        ax.plot(lengths, 100 * np.asarray(values), marker=MARKS[k], ms=7, label=name)
    ax.set(xlabel="digits of the number", ylabel="exact, %", ylim=(-4, 104))
    ax.set_xticks(lengths)
    ax.legend(loc="lower left")
    return ax


def by_place(shares: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """Share of right symbols against the place in what was written, one line for each way to feed the decoder."""
    ax = axes(ax, (7, 2.8))
    for k, (name, values) in enumerate(shares.items()):
        ax.plot(range(1, len(values) + 1), 100 * np.asarray(values), marker=MARKS[k], ms=7, label=name)
    ax.set(xlabel="place of the digit", ylabel="right, %", ylim=(-4, 104))
    ax.set_xticks(range(1, max(map(len, shares.values())) + 1))
    ax.legend(loc="upper left")
    return ax


# ---------------------------------------------------------------- how sharp


def share_of_right(scale: float, keys: int = KEYS) -> float:
    """The weight of one key whose score is `scale` among others whose score is 0."""
    return 1 / (1 + (keys - 1) * np.exp(-scale))


def draw_scale(scale: float) -> Figure:
    """The weight of the right key among a thousand, against the scale of the score, with the chosen one marked."""
    ax = axes(None, (7, 2.8))
    grid = np.linspace(0, 20, 201)
    ax.plot(grid, 100 * share_of_right(grid), color=ink("h")["color"])
    here = 100 * share_of_right(scale)
    ax.plot([scale], [here], "o", ms=10, color=COLOURS[1])
    ax.axhline(99, color="0.25", ls=":", lw=1.5)
    ax.text(0.2, 93, "99 %", color="0.25", va="top")
    ax.set(xlabel="scale of the score", ylabel="weight of the right key, %", xlim=(0, 20), ylim=(-4, 104))
    ax.set_title(f"scale {scale:.1f}: the right key gets {here:.1f} %, the 999 others {100 - here:.1f} %", loc="left")
    return ax.figure


def scale_text(scale: float) -> str:
    """The same in words."""
    here = 100 * share_of_right(scale)
    return (
        "An S-shaped curve from 0.1 % at scale 0 to nearly 100 % at 20. "
        f"At scale {scale:.1f} the right key gets {here:.1f} % of the weight."
    )
