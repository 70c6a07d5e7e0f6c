"""Plots of lesson 08, second half: words that are mended. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from course_lib.show.colours import ink
from course_lib.show.figure import axes

MARKS = "os^Dv"


def candidate_bars(
    typed: str, words: Sequence[str], shares: Mapping[str, Sequence[float]], ax: Axes | None = None
) -> Axes:
    """How likely each candidate is to have been meant, by several judgements: bars side by side, 0 to 1.

    words (n,); shares name -> (n,), drawn in this order from top to bottom
    """
    ax = axes(ax, (7, 0.55 * len(words) + 1.2))
    high = 0.8 / len(shares)
    looks = [{"color": "0.75"}, {"color": ink("y")["color"], "hatch": "///", "edgecolor": "white"}, {"color": "0.2"}]
    for k, (name, values) in enumerate(shares.items()):
        places = np.arange(len(words)) + (k + 0.5) * high - 0.4
        ax.barh(places, values, high * 0.92, label=name, **looks[k % 3])
        for place, value in zip(places, values, strict=True):
            ax.text(value + 0.01, place, f"{value:.0%}", va="center", size=9)
    ax.set_yticks(range(len(words)), words)
    ax.set(xlim=(0, 1.1), ylim=(len(words) - 0.5, -0.5), xlabel="probability that it was meant")
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.grid(visible=False, axis="y")
    if len(shares) > 1:
        ax.legend(loc="best")
    ax.set_title(f"Typed: {typed}", loc="left")
    return ax


def shares_right(rows: Mapping[str, Sequence[Sequence[float]]], groups: Sequence[str], ax: Axes | None = None) -> Axes:
    """A row for each way to choose, a mark for each group of cases and start: share of words mended.

    rows   name -> a list for each group, with one number a start
    """
    ax = axes(ax, (7, 0.5 * len(rows) + 1.5))
    colours = [ink("y")["color"], ink("c")["color"], "0.3"]
    for g, group in enumerate(groups):
        label = group
        for k, values in enumerate(rows.values()):
            spread = values[g]
            ax.plot(spread, [k] * len(spread), MARKS[g], mfc="none", color=colours[g], ms=8, mew=1.8, label=label)
            label = None
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="share of the words that are mended")
    ax.xaxis.set_major_formatter("{x:.0%}")
    ax.legend(loc="center left")
    ax.set_title("What each prior is worth", loc="left")
    return ax
