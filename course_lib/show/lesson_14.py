"""Plots and explorers of lesson 14: cards, a block, two races, clocks, bytes, a scan. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from course_lib.show.colours import ink
from course_lib.show.figure import axes

Array = np.ndarray
Point = tuple[float, float]
FAMILIES = {  # one colour, one line and one mark for each kind of network, in all figures of the lesson
    "RNN": ("#666666", ":", "o"),
    "GRU": ("#882255", "-.", "^"),
    "LSTM": ("#0072B2", "--", "s"),
    "LSTM, Python loop": ("#3399CC", (0, (5, 1)), "v"),
    "LSTM, bias 5": ("#3399CC", (0, (5, 1)), "v"),
    "Transformer": ("#D55E00", "-", "D"),
}
BITS = (1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1)
ROOMS = {"Anna": 12, "Ben": 3, "Clara": 9, "Dan": 14, "Eva": 3, "Finn": 7, "Gita": 16, "Hugo": 5}
ASKED = ("Finn", "Anna", "Hugo", "Clara", "Ben", "Gita", "Dan", "Eva")
CARDS = 17  # sixteen to read and the answer


def family(name: str) -> dict[str, Any]:
    """Colour, line and mark of a kind of network, as keywords for matplotlib."""
    colour, line, mark = FAMILIES[name]
    return {"color": colour, "linestyle": line, "marker": mark}


# ---------------------------------------------------------------- one card at a time


def card_says(game: str, card: int) -> str:
    """What stands on a card of a game, "odd or even" or "guest list": 1 to 16 are read, 17 tells the answer.

    >>> card_says("odd or even", 1), card_says("guest list", 2)
    ('1', 'Ben has room 3')
    """
    if game == "odd or even":
        return str(BITS[card - 1]) if card < CARDS else f"{sum(BITS)} ones: {'odd' if sum(BITS) % 2 else 'even'}"
    if card == CARDS:
        return ", ".join(f"{name} {ROOMS[name]}" for name in ASKED)
    if card > len(ROOMS):
        return f"Which room has {ASKED[card - len(ROOMS) - 1]}?"
    name, room = list(ROOMS.items())[card - 1]
    return f"{name} has room {room}"


def draw_card(game: str, card: int) -> Figure:
    """One card of a game, and a row of dots that tells which one it is."""
    fig = plt.figure(figsize=(7, 2.4))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 7), ylim=(0, 2.4))
    ax.axis("off")
    ax.add_patch(FancyBboxPatch((0.6, 0.62), 5.8, 1.55, boxstyle="round,pad=0.05", fc="#FFF8E7", ec="0.4", lw=1.5))
    said = card_says(game, card)
    size = 48 if len(said) == 1 else 26 if len(said) < 40 else 12
    ax.text(3.5, 1.4, said, ha="center", va="center", fontsize=size)
    for k in range(1, CARDS + 1):
        ax.plot(0.7 + 0.35 * (k - 1), 0.25, "o", ms=10 if k == card else 5, color="black" if k == card else "0.7")
    return fig


def card_text(game: str, card: int) -> str:
    """The alt text of `draw_card`."""
    kind = "the answer" if card == CARDS else f"card {card} of {CARDS - 1}"
    return f"The game “{game}”, {kind}: {card_says(game, card)}"


# ---------------------------------------------------------------- drawings


def _arrow(ax: Axes, start: Point, end: Point, colour: str, lw: float = 1.4, ls: Any = "-") -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=colour, lw=lw, ls=ls,
                                 shrinkA=0, shrinkB=0))  # fmt: skip


def _box(ax: Axes, x: float, y: float, words: str, colour: str) -> None:
    shape = FancyBboxPatch((x - 0.42, y - 0.22), 0.84, 0.44, boxstyle="round,pad=0.04", fc="white", ec=colour, lw=1.8)
    ax.add_patch(shape)
    ax.text(x, y, words, ha="center", va="center")


def machine() -> Figure:
    """A block over three words: each looks at itself and at those before it, then thinks alone; both are added."""
    fig = plt.figure(figsize=(7, 4.4))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 7), ylim=(0, 4.4))
    ax.axis("off")
    x, h, c = (ink(name)["color"] for name in "xhc")
    columns = (0.7, 2.9, 5.1)
    for t, at in enumerate(columns, 1):
        ax.text(at, 0.15, f"$x_{t}$", ha="center", va="center")
        ax.plot([at, at], [0.4, 3.95], color=x, lw=4, ls="-", solid_capstyle="butt", zorder=0)
        _arrow(ax, (at, 3.9), (at, 4.25), x, lw=4)
        ax.plot(at, 0.8, "o", ms=8, color=c)
        for place in columns[:t]:
            _arrow(ax, (place, 0.8), (at + 0.62 + 0.12 * columns.index(place), 1.38), c)
        for y, words, colour in ((1.65, "look", c), (3.05, "think", h)):
            _box(ax, at + 0.9, y, words, colour)
            _arrow(ax, (at + 0.9, y + 0.26), (at + 0.13, y + 0.55), colour)
            ax.plot(at, y + 0.6, "o", ms=15, mfc="white", mec="black", mew=1.5)
            ax.text(at, y + 0.585, "+", ha="center", va="center")
        _arrow(ax, (at, 2.55), (at + 0.62, 2.8), h)
    return fig


def rounds() -> Figure:
    """A scan over eight steps: three rounds that join neighbours, and rounds back that fill in what stands between."""
    fig = plt.figure(figsize=(7, 3.7))
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 7), ylim=(0, 3.7))
    ax.axis("off")
    grey, blue, orange = "0.35", ink("h")["color"], ink("c")["color"]
    xs = [1.2 + 0.72 * t for t in range(8)]
    rows = {0: 3.3, 1: 2.75, 2: 2.2, 3: 1.65, 4: 1.2, 5: 0.75, 6: 0.25}
    label = {0: "a, b", 1: "pairs", 2: "fours", 3: "eights", 5: "between", 6: "states"}
    for row, words in label.items():
        ax.text(0.75, rows[row], words, ha="right", va="center", color=grey)
    for row in (1, 2, 3):
        for t in range(2**row - 1, 8, 2**row):
            for before in (t - 2 ** (row - 1), t):
                _arrow(ax, (xs[before], rows[row - 1] - 0.12), (xs[t], rows[row] + 0.12), blue)
            ax.plot(xs[t], rows[row], "o", ms=9, color=blue)
    for t in range(8):
        ax.plot(xs[t], rows[0], "o", ms=9, mfc="white", mec=grey)
        ax.plot(xs[t], rows[6], "s", ms=9, color=grey)
        ax.text(xs[t], rows[0] + 0.25, str(t + 1), ha="center", va="center")
    known = {7: 3, 3: 2, 1: 1, 0: 0}  # the row in which a state is complete on the way down
    for t, row in known.items():
        ax.plot([xs[t], xs[t]], [rows[row] - 0.14, rows[6] + 0.14], color="0.8", lw=1.2, ls="-", zorder=0)
    for t, row, earlier in ((5, 4, 3), (2, 5, 1), (4, 5, 3), (6, 5, 5)):
        _arrow(ax, (xs[earlier], rows[row] + (0.12 if earlier != 5 else 0.33)), (xs[t] - 0.1, rows[row]), orange)
        ax.plot(xs[t], rows[row], "o", ms=9, color=orange)
        ax.plot([xs[t], xs[t]], [rows[row] - 0.12, rows[6] + 0.14], color="0.8", lw=1.2, ls="-", zorder=0)
    return fig


# ---------------------------------------------------------------- the races


def by_place(shares: Mapping[tuple[str, int], Array], ax: Axes | None = None) -> Axes:
    """The share of right answers at each place, one line for each start of a network. shares: (kind, start) -> (T,)."""
    ax = axes(ax)
    for (kind, start), right in shares.items():
        places = np.arange(1, len(right) + 1)
        look = family(kind) | {"markersize": 4, "lw": 1.5, "label": kind if start == 0 else None}
        ax.plot(places, 100 * right, **look)
    ax.axhline(50, color="0.3", lw=1, ls="-")
    ax.text(1, 52, "a coin", color="0.3")
    ax.set(xlabel="place in the string", ylabel="right answers (%)", ylim=(40, 104))
    ax.set_xticks([1, *range(5, len(right) + 1, 5)])
    ax.legend(loc="lower left", bbox_to_anchor=(0.12, 0.1))
    return ax


def learning(
    curves: Mapping[tuple[str, int], Sequence[tuple[int, float]]],
    floor: float,
    by_luck: float,
    ax: Axes | None = None,
) -> Axes:
    """The share of rooms right against updates, a line for each start. curves: (kind, start) -> (update, share)."""
    ax = axes(ax)
    for (kind, start), curve in curves.items():
        updates, shares = zip(*curve, strict=True)
        look = family(kind) | {"markersize": 4, "lw": 1.5, "label": kind if start == 0 else None}
        ax.plot(updates, 100 * np.array(shares), **look)
    most = max(curve[-1][0] for curve in curves.values())
    for level, words in ((floor, "any room"), (by_luck, "the commonest room of the list")):
        ax.axhline(100 * level, color="0.3", lw=1, ls="-")
        ax.text(most, 100 * level + 2, words, color="0.3", ha="right")
    ax.set(xlabel="updates", ylabel="rooms right (%)", ylim=(0, 104), xlim=(0, None))
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.88))
    return ax


def the_map(tracks: Mapping[str, float], looks_up: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """A network for each name: to the right its share of rooms looked up, upwards its share of parities tracked."""
    ax = axes(ax, (7, 3.6))
    for kind in tracks:
        look = family(kind)
        ax.plot(100 * looks_up[kind], 100 * tracks[kind], marker=look["marker"], color=look["color"], ms=11, ls="none")
    loops = [kind for kind in tracks if kind != "Transformer"]
    for names, shift, side in ((loops, 12, "left"), (["Transformer"], -12, "right")):
        place = (100 * looks_up[names[-1]], 100 * tracks[names[-1]])
        ax.annotate(", ".join(names), place, (shift, -4), textcoords="offset points", ha=side)
    ax.text(100, 101, "both?", ha="right", va="bottom", color="0.4", style="italic")
    ax.set(xlabel="rooms of the guest list looked up (%)", ylabel="odd or even, last ten of 200 (%)")
    ax.set(xlim=(0, 106), ylim=(40, 110))
    return ax


# ---------------------------------------------------------------- the clock and the bytes


def times(
    spent: Mapping[tuple[str, int], float], lengths: Sequence[int], xlabel: str, ylabel: str, ax: Axes | None = None
) -> Axes:
    """Milliseconds against length, both axes logarithmic, a line for each kind. spent: (kind, length) -> ms."""
    ax = axes(ax, (7, 3.4))
    for kind in dict.fromkeys(name for name, _ in spent):
        ax.plot(lengths, [spent[kind, T] for T in lengths], label=kind, lw=1.8, markersize=5, **family(kind))
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.set_xticks(lengths, [f"{T:,}" for T in lengths])
    ax.minorticks_off()
    ax.legend()
    return ax


def gradient_by_distance(shares: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """The share of the gradient that arrives k steps back, a line for each network. shares: kind -> (T,)."""
    ax = axes(ax, (7, 3.4))
    for kind, share in shares.items():
        look = family(kind) | {"marker": None, "lw": 2}
        ax.plot(np.arange(len(share)), np.maximum(share, 1e-16), label=kind, **look)
    ax.set(yscale="log", ylim=(1e-12, 100), xlabel="steps back", ylabel="share of the gradient")
    ax.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 0.2))
    return ax


def kept(words: int, width: int) -> dict[str, int]:
    """Bytes in float32: an LSTM of `width` units, the cache of a block as wide, and all scores of one look at once."""
    return {"state of the LSTM": 8 * width, "cache of a block": 8 * width * words, "scores of all pairs": 4 * words**2}


def size(count: float) -> str:
    """A number of bytes as people write it.

    >>> size(512), size(8192), size(2**36)
    ('512 bytes', '8 KiB', '64 GiB')
    """
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count >= 2**power:
            return f"{count / 2**power:.4g} {unit}"
    return f"{count:.0f} bytes"


def draw_kept(words: int, width: int) -> Figure:
    """Three bars on a logarithmic axis: what is kept after so many words."""
    fig = plt.figure(figsize=(7, 2.5))
    ax = fig.add_axes((0.25, 0.22, 0.72, 0.62))
    colours = (FAMILIES["LSTM"][0], FAMILIES["Transformer"][0], "0.6")
    for y, (count, colour) in enumerate(zip(kept(words, width).values(), colours, strict=True)):
        ax.barh(y, count, 0.6, color=colour, hatch=("", "///", "...")[y], edgecolor="white")
        inside = count > 1e7
        ax.text(count * (0.6 if inside else 1.6), y, size(count), va="center", ha="right" if inside else "left",
                color="black", bbox={"fc": "white", "ec": "none", "pad": 1.5})  # fmt: skip
    ax.set(xscale="log", xlim=(1, 2e11), ylim=(2.6, -0.6), xlabel="bytes")
    ax.set_yticks(range(3), list(kept(words, width)))
    ax.set_xticks([1, 1e3, 1e6, 1e9], ["1", "thousand", "million", "billion"])
    ax.minorticks_off()
    ax.grid(visible=False, axis="y")
    ax.set_title(f"after {words:,} word{'s' if words > 1 else ''}, width {width}", loc="left")
    return fig


def kept_text(words: int, width: int) -> str:
    """The alt text of `draw_kept`."""
    parts = ", ".join(f"{name} {size(count)}" for name, count in kept(words, width).items())
    return f"Three bars on a logarithmic axis. After {words:,} words at width {width}: {parts}."
