"""Plots and explorers of lesson 13: what an output has seen, leaks, feelings along a sentence. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.show.along import MOST, word_axis
from course_lib.show.colours import ink
from course_lib.show.figure import LINES, axes

Array = np.ndarray
GOOD, BAD = "#0072B2", "#D55E00"
SEEN, UNSEEN = "#F2C879", "white"
STEPS = 8  # positions in the explorer of what an output has seen


# ---------------------------------------------------------------- opinions


def opinion_along(words: Sequence[str], shares: Sequence[float], ax: Axes | None = None) -> Axes:
    """How good a sentence is meant, after each word: bars from -1 (bad) to 1 (good); the last one is the answer.

    shares  (T,) the probability of "good" after each word, 0 to 1
    """
    if len(words) > MOST:
        words, shares = ["…", *words[-MOST + 1 :]], [*shares[-MOST:]]
    ax = axes(ax, (7, 2.6))
    heights = 2 * np.asarray(shares) - 1
    for t, height in enumerate(heights):
        last = t == len(words) - 1
        look = {"color": GOOD if height > 0 else BAD, "hatch": "" if height > 0 else "///", "edgecolor": "white"}
        ax.bar(t, height, 0.8, alpha=1 if last else 0.45, **look)
    ax.axhline(0, color="0.25", lw=1)
    word_axis(ax, words)
    ax.set(ylim=(-1.1, 1.1), ylabel="bad ← → good")
    ax.set_yticks([-1, 0, 1])
    answer = "good" if heights[-1] > 0 else "bad"
    ax.set_title(f"meant as {answer}, says the model: {max(shares[-1], 1 - shares[-1]):.0%} sure", loc="left")
    return ax


def draw_opinion(text: str, read) -> Figure:
    """The picture behind the box to type in; `read(text)` returns the words and the share of good after each one."""
    return opinion_along(*read(text)).figure


def opinion_text(text: str, read) -> str:
    """The alt text of `draw_opinion`."""
    words, shares = read(text)
    said = ", ".join(f"{word} {2 * share - 1:+.1f}" for word, share in zip(words, shares))
    return f"Bars above the words of a sentence, from -1 for bad to 1 for good, after each word: {said}."


def draw_not(place: int, words: str, shares: Mapping[tuple[str, int], Array]) -> Figure:
    """A sentence with *not* at one of its places, and the answer after each word.

    shares  (words, place) -> the share of good after each word, *not* included
    """
    said = words.split()
    return opinion_along([*said[:place], "not", *said[place:]], shares[words, place]).figure


def not_text(place: int, words: str, shares: Mapping[tuple[str, int], Array]) -> str:
    """The alt text of `draw_not`."""
    said, last = words.split(), shares[words, place][-1]
    text = " ".join([*said[:place], "not", *said[place:]])
    answer = "good" if last > 0.5 else "bad"
    return f"Bars along the sentence “{text}”; the last one says {answer}, {last:.2f} for good."


# ---------------------------------------------------------------- what an output has seen


def seen_by(layer: int, reader: str, position: int, T: int = STEPS) -> Array:
    """Which of T inputs an output has seen, (T,) bool: `position` counts from 1; reader is forward or backward."""
    places = np.arange(1, T + 1)
    if layer > 1:  # it reads both readers of the layer below
        return np.ones(T, dtype=bool)
    return places <= position if reader == "forward" else places >= position


def draw_seen(layer: int, reader: str, position: int) -> Figure:
    """Two bidirectional layers over STEPS inputs: one output framed, the inputs it has seen filled."""
    seen = seen_by(layer, reader, position)
    rows = {"input": 0, "layer 1, forward": 1, "layer 1, backward": 2, "layer 2, forward": 3, "layer 2, backward": 4}
    chosen = rows[f"layer {layer}, {reader}"]
    fig = plt.figure(figsize=(7, 3.4))
    ax = fig.add_axes((0.2, 0.12, 0.78, 0.76))
    for name, y in rows.items():
        for t in range(1, STEPS + 1):
            used = _used(y, t, layer, reader, position) if y else seen[t - 1]
            here = y == chosen and t == position
            look = {"edgecolor": "black", "lw": 3} if here else {"edgecolor": "0.7", "lw": 1}
            ax.add_patch(Rectangle((t - 0.4, y - 0.3), 0.8, 0.6, facecolor=SEEN if used or here else UNSEEN, **look))
            mark = f"x{t}" if y == 0 else ("→" if "forward" in name else "←")
            ax.text(t, y, mark, ha="center", va="center", weight="bold" if used or here else "normal")
    ax.set(xlim=(0.4, STEPS + 0.6), ylim=(-0.5, 4.5), xlabel="position")
    ax.set_yticks(list(rows.values()), list(rows))
    ax.set_xticks(range(1, STEPS + 1))
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(f"layer {layer}, {reader}, position {position}: has seen {seen.sum()} of {STEPS} inputs", loc="left")
    return fig


def _used(row: int, t: int, layer: int, reader: str, position: int) -> bool:
    """Whether the state in a row (1 to 4) at position t has a part in the chosen output."""
    below, forward = row <= 2, row % 2 == 1
    if layer == 1 or not below:
        same = (row - 1) // 2 + 1 == layer and forward == (reader == "forward")
        return same and (t <= position if forward else t >= position)
    last = position if reader == "forward" else STEPS  # the outer ends of what the chosen reader reads
    first = 1 if reader == "forward" else position
    return t <= last if forward else t >= first


def seen_text(layer: int, reader: str, position: int) -> str:
    """The alt text of `draw_seen`."""
    places = np.flatnonzero(seen_by(layer, reader, position)) + 1
    return (
        f"Two bidirectional layers over {STEPS} inputs. The {reader} output of layer {layer} at position {position} "
        f"has seen {len(places)} of them, from {places[0]} to {places[-1]}."
    )


# ---------------------------------------------------------------- leaks, ends and distances


def surprise_by_position(readers: Mapping[str, Array], floor: float, ax: Axes | None = None) -> Axes:
    """Mean surprise in bits at each position, one line a reader, with the floor as a dotted line."""
    ax = axes(ax, (7, 2.9))
    for k, (name, bits) in enumerate(readers.items()):
        look = {"color": ink("y")["color"], "linestyle": LINES[k], "marker": "os^D"[k], "markersize": 4}
        ax.plot(np.arange(1, len(bits) + 1), bits, label=name, **look)
    ax.axhline(floor, color="0.4", lw=1.5, ls=":")
    ax.text(0.6, 1.05 * floor, f"floor: {floor:g} bits", color="0.3")
    ax.set(xlabel="position", ylabel="surprise (bits)", ylim=(-0.15, 1.35 * floor))
    ax.set_xticks([1, *range(5, len(bits) + 1, 5)])
    ax.set_title("Below the floor wherever the answer can be seen", loc="left")
    ax.legend(loc="center")
    return ax


def moved(change: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """How far each output moves when the last input is changed: bars side by side, a group for each position."""
    ax = axes(ax, (7, 2.6))
    width = 0.8 / len(change)
    for k, (name, sizes) in enumerate(change.items()):
        places = np.arange(1, len(sizes) + 1) + (k + 0.5) * width - 0.4
        look = {"color": ink("h")["color"], "alpha": 1 - 0.5 * k, "hatch": ("", "///")[k % 2], "edgecolor": "white"}
        ax.bar(places, sizes, 0.95 * width, label=name, **look)
    ax.set(xlabel="position", ylabel="change of the output")
    ax.set_xticks(range(1, len(sizes) + 1))
    ax.set_title("The last input is changed: which outputs move?", loc="left")
    ax.legend(loc="upper left")
    return ax


def by_distance(shares: Mapping[str, Mapping[str, float]], ax: Axes | None = None) -> Axes:
    """Share of names told right, a group of bars for each distance of what decides, a bar for each reader."""
    ax = axes(ax, (7, 3.2))
    groups = list(next(iter(shares.values())))
    width = 0.84 / len(shares)
    greys = ("0.75", ink("h")["color"], "#56B4E9", "0.15")
    for k, (name, values) in enumerate(shares.items()):
        places = np.arange(len(groups)) + (k + 0.5) * width - 0.42
        ax.bar(places, [100 * values[g] for g in groups], 0.94 * width, label=name, color=greys[k % 4],
               hatch=("", "///", "...", "xx")[k % 4], edgecolor="white")  # fmt: skip
    ax.set_xticks(range(len(groups)), groups)
    ax.set(ylabel="names told right (%)", xlabel="what decides stands …", ylim=(0, 128))
    ax.set_yticks(range(0, 101, 25))
    ax.grid(visible=False, axis="x")
    ax.set_title("One direction fails where the next token decides", loc="left")
    ax.legend(ncols=2, loc="upper center")
    return ax
