"""Pictures of a sentence: its words stand along the horizontal axis, and above each of them what happens there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.show.colours import ink
from course_lib.show.figure import LINES, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (7, 2.8)
FLAT = 14  # words; more of them are written upright, to have room
MOST = 28  # words that can be read below a picture of full width


def word_axis(ax: Axes, words: Sequence[str]) -> Axes:
    """Write a word below each place 0, 1, .. of the horizontal axis: level while there is room, else upright.

    Raises ValueError for more words than can be read.
    """
    if len(words) > MOST:
        raise ValueError(f"words: expected at most {MOST}, got {len(words)}")
    ax.set_xticks(range(len(words)), words, rotation=0 if _room(words) else 90)
    ax.set_xlim(-0.6, len(words) - 0.4)
    ax.grid(visible=False, axis="x")
    return ax


def _room(words: Sequence[str]) -> bool:
    return len(words) <= FLAT and sum(map(len, words)) <= 4 * FLAT


def lines_along(
    words: Sequence[str],
    lines: Mapping[str, Sequence[float]],
    quantity: str | None = None,
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """One line for each name in `lines`: a number after each word (T,).

    quantity  a letter of `colours.QUANTITIES`: all lines have its colour, and differ in dashes and markers
    """
    ax = axes(ax, SIZE)
    for k, (label, values) in enumerate(lines.items()):
        look = {} if quantity is None else {"color": ink(quantity)["color"], "linestyle": LINES[k % len(LINES)]}
        ax.plot(np.arange(len(words)), values, marker="os^Dvx"[k % 6], markersize=5, label=label, **look)
    return _dressed(word_axis(ax, words), ylabel, title, lines)


def bars_along(
    words: Sequence[str],
    bars: Mapping[str, Sequence[float]],
    quantity: str | None = None,
    ylabel: str = "",
    title: str = "",
    ax: Axes | None = None,
    log: bool = False,
) -> Axes:
    """Bars above each word, side by side for each name in `bars`: a number for each word (T,); NaN draws none."""
    ax = axes(ax, SIZE)
    width = 0.8 / len(bars)
    for k, (label, values) in enumerate(bars.items()):
        left = np.arange(len(words)) + (k + 0.5) * width - 0.4
        colour = {} if quantity is None else {"color": ink(quantity)["color"], "alpha": 1 - 0.55 * k / len(bars)}
        ax.bar(left, values, width * 0.95, label=label, hatch=("", "///", "...", "xx")[k % 4], **colour)
    if log:
        ax.set_yscale("log")
    return _dressed(word_axis(ax, words), ylabel, title, bars)


def _dressed(ax: Axes, ylabel: str, title: str, named: Mapping[str, Sequence[float]]) -> Axes:
    ax.set_ylabel(ylabel)
    if title:
        ax.set_title(title, loc="left")
    if len(named) > 1:
        ax.legend(loc="best")
    return ax
