"""Plots and explorers of lesson 05: gates, and what they leave of c and its gradient. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.data import distance
from course_lib.show.along import lines_along, word_axis
from course_lib.show.colours import ink
from course_lib.show.figure import LINES, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
GREY = "#777777"


# --- along the sentence ----------------------------------------------------------------------------------------------


def cells_along(words: Sequence[str], lines: Mapping[str, Sequence[float]], title: str = "") -> Axes:
    """The cell state after each word, one line for each way of reading; the zero line divides "were" from "was"."""
    ax = lines_along(words, lines, quantity="c", ylabel="cell state c", title=title)
    ax.axhline(0, color=GREY, lw=1)
    return ax


def stored_and_shown(words: Sequence[str], c: Sequence[float], h: Sequence[float]) -> Axes:
    """What is stored and what is shown of it, after each word, each in its colour."""
    ax = axes(None, (7, 2.8))
    for letter, values, name in (("c", c, "stored: cell state c"), ("h", h, "shown: state h")):
        ax.plot(values, marker="o" if letter == "c" else "s", markersize=5, label=name, color=ink(letter)["color"])
    ax.set_ylabel("c and h")
    ax.legend(loc="center left", bbox_to_anchor=(0.3, 0.5))
    return word_axis(ax, words)


def shares_along(words: Sequence[str], shares: Mapping[str, Sequence[float]], title: str = "") -> Axes:
    """The share of the gradient that arrives at each word, on its way back from the last one; a logarithmic axis."""
    ax = lines_along(words, shares, quantity="d", ylabel="share of the gradient", title=title)
    ax.set_yscale("log")
    ax.legend(loc="lower right")
    return ax


def reading_unit(words: Sequence[str], f: Array, i: Array, cats: Array, cat: Array) -> Figure:
    """One trained unit along the sentence: its two gates above, its cell state for "cats" and for "cat" below."""
    import matplotlib.pyplot as plt

    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), sharex=True, layout="constrained", height_ratios=[2, 3])
    for letter, values, name in (("f", f, "forget gate f"), ("i", i, "input gate i")):
        above.plot(values, marker="o", markersize=4, label=name, **ink(letter))
    above.set(ylim=(0, 1.05), ylabel="gate", yticks=[0, 0.5, 1])
    above.legend(loc="lower left", ncols=2)
    for values, name, mark, line in ((cats, "the cats which …", "o", "-"), (cat, "the cat which …", "s", "--")):
        below.plot(values, marker=mark, markersize=4, label=name, color=ink("c")["color"], linestyle=line)
    below.axhline(0, color=GREY, lw=1)
    below.set_ylabel("cell state c")
    below.legend(loc="upper left")
    for ax in (above, below):
        ax.axvspan(5.5, 6.5, color=GREY, alpha=0.15, lw=0)
        word_axis(ax, words)
    above.set_title("One unit reads; the grey word is the second noun", loc="left", fontsize=11)
    return fig


# --- what is left at the verb -----------------------------------------------------------------------------------------


def memory_time(bias: float) -> float:
    """Steps of memory of a gate with this bias: 1 / (1 - sigmoid(bias)) = 1 + exp(bias).

    >>> round(memory_time(2.0), 1)
    8.4
    """
    return 1 + float(np.exp(bias))


def left_at_verb(forget_bias: float = 0.0, clauses: int = 5) -> Figure:
    """Explorer: what is left of the noun after each word, for a constant forget gate; dots mark the gap of the verb."""
    import matplotlib.pyplot as plt

    k, f = distance(clauses), 1 / (1 + np.exp(-forget_bias))
    words = np.arange(71)
    fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    ax.plot(words, f**words, gid="left", lw=2.2, color=ink("c")["color"])
    ax.axhline(np.exp(-1), color=GREY, lw=1, ls=":")
    ax.text(70, np.exp(-1) + 0.02, "about a third", ha="right", fontsize=10, color=GREY)
    ax.plot([k, k], [0, 1], gid="verb", color=GREY, lw=1.5, ls="--")
    ax.plot([k], [f**k], gid="dot", marker="o", ms=9, color=ink("c")["color"], ls="")
    ax.set_title(_left_title(forget_bias, k), gid="title", fontsize=11, loc="left")
    ax.set(xlim=(0, 70), ylim=(-0.03, 1.05), xlabel="words after the noun (dashed: the gap)", ylabel="left of the noun")
    return fig


def _left_title(bias: float, k: int) -> str:
    f = 1 / (1 + np.exp(-bias))
    return f"gate {f:.3f}, memory time {memory_time(bias):.1f} words; left after {k} words: {100 * f**k:.1f} %"


def left_at_verb_alt(forget_bias: float = 0.0, clauses: int = 5) -> str:
    """What `left_at_verb` shows, in words."""
    return (
        f"A falling curve: what is left of the noun after 0 to 70 words for a forget bias of {forget_bias:.2f}. "
        f"{_left_title(forget_bias, distance(clauses))}."
    )


# --- updates until it learns ------------------------------------------------------------------------------------------


def in_words(found: Sequence[int | None]) -> str:
    """Updates until learned, one for each start, as a text.

    >>> in_words([110, None]), in_words([None, None])
    ('110, not learned', 'not learned by any of 2 starts')
    """
    if not any(updates is not None for updates in found):
        return f"not learned by any of {len(found)} starts"
    return ", ".join("not learned" if updates is None else str(updates) for updates in found)


def learned_after(results: Mapping[str, Sequence[int | None]], limit: int, ax: Axes | None = None) -> Axes:
    """Updates until 99 % right, one dot for each start; a start that did not learn stands as a cross on the limit."""
    ax = axes(ax, (7, 0.45 * len(results) + 1.1))
    for row, found in enumerate(results.values()):
        spread = np.linspace(-0.2, 0.2, len(found)) if len(found) > 1 else [0.0]
        for updates, shift in zip(found, spread, strict=True):
            learned = updates is not None
            ax.plot(updates if learned else limit, row + shift, "o" if learned else "x",
                    color="#0072B2" if learned else "#D55E00", ms=7, mew=2)  # fmt: skip
    ax.axvline(limit, color=GREY, lw=1, ls=":")
    ax.set_yticks(range(len(results)), list(results))
    ax.set(xlabel=f"updates until 99 % right   (×: not within {limit})", xlim=(0, limit * 1.05))
    ax.set(ylim=(len(results) - 0.5, -0.5))
    return ax


# --- values against the time step -------------------------------------------------------------------------------------


def legend_below(ax: Axes, ncols: int = 3) -> None:
    """The legend under the axis label, where it covers no data."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=ncols, fontsize=10, handlelength=2.6)


def gradient_against_lag(norms: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """|dL/dx_{T-k}| relative to k = 0 against the lag k, one line per model, on a logarithmic axis."""
    ax = axes(ax, (7, 3.8))
    for name, curve in norms.items():
        ax.semilogy(np.arange(len(curve)), np.maximum(curve, 1e-16) / curve[0], label=name, lw=1.8)
    ax.set(xlabel="lag k (time steps)", ylabel="gradient, relative to lag 0")
    legend_below(ax, 2 if len(norms) == 4 else 3)
    return ax


def runs(curves: Mapping[str, Array], ax: Axes | None = None, ylabel: str = "cell state c", inks: str = "") -> Axes:
    """Values against the time step; an array (n, T) is drawn as n thin lines in one style.

    inks  the quantity of each curve, one letter a curve; those left out are black, each in a style of its own
    """
    ax = axes(ax, (7, 3.4))
    for k, (name, values) in enumerate(curves.items()):
        rows = np.atleast_2d(values)
        look = ink(inks[k]) if k < len(inks) else {"color": "black", "linestyle": LINES[k]}
        (line,) = ax.plot(rows[0], label=name, lw=1.8 if len(rows) == 1 else 1.0, **look)
        for row in rows[1:]:
            ax.plot(row, color=line.get_color(), ls=line.get_linestyle(), lw=1.0)
    ax.set(xlabel="time step t", ylabel=ylabel)
    if len(curves) > 1:
        legend_below(ax, 2 if len(curves) == 2 else 1)
    return ax


def counted(c: Sequence[float], h: Sequence[float]) -> Figure:
    """The counter: what is stored above, what is shown below."""
    import matplotlib.pyplot as plt

    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4), sharex=True, layout="constrained")
    runs({"c": np.array(c)}, above, inks="c")
    runs({"h": np.array(h)}, below, ylabel="state h", inks="h")
    above.set_title("stored: the count", fontsize=11)
    above.set_xlabel("")
    below.set_title("shown: only that it is above 0", fontsize=11)
    return fig


def gates_by_hand(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> Figure:
    """Explorer: c and h of one cell with gates held by hand, for a candidate that is 1 up to step 40 and then 0."""
    import matplotlib.pyplot as plt

    T, on = 80, 40
    c, h = np.zeros(T + 1), np.zeros(T + 1)
    for t in range(1, T + 1):
        c[t] = forget_gate * c[t - 1] + input_gate * (1.0 if t <= on else 0.0)
        h[t] = output_gate * np.tanh(c[t])
    fig, (stored, shown) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True, layout="constrained")
    for ax, values, letter, name in ((stored, c, "c", "cell state c"), (shown, h, "h", "hidden state h")):
        ax.axvspan(0, on, alpha=0.12, color=GREY, lw=0)
        ax.plot(values, lw=2.2, gid=letter, **ink(letter))
        ax.set(ylabel=name, xlim=(0, T))
    stored.set(ylim=(-1, 42), yticks=[0, 5, 10, 20, 30, 40])
    shown.set(ylim=(-0.05, 1.1), xlabel="time step t (grey: the candidate is 1)")
    stored.set_title(f"stored: c at step {on} is {c[on]:.2f}, at the end {c[-1]:.2f}", gid="stored", fontsize=11)
    shown.set_title(f"shown: h at the end is {h[-1]:.2f}", gid="shown", fontsize=11)
    return fig


def gates_by_hand_alt(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> str:
    """What `gates_by_hand` shows, in words."""
    end = "stays where it is" if forget_gate == 1 else "decays" if forget_gate else "falls to 0 at once"
    return (
        f"Two line plots over 80 steps with i = {input_gate:.2f}, f = {forget_gate:.2f}, o = {output_gate:.2f}. "
        f"Above: the cell state c while the candidate is 1, up to step 40, and after that, when it {end}. "
        f"Below: the hidden state h, which is never above {output_gate:.2f}."
    )


def gradient_paths(direct: Array, side: Array, ax: Axes | None = None, title: str = "") -> Axes:
    """Paths of the gradient through a few steps: along the cell state (straight) and through h (arcs).

    direct, side  the measured gain of each step; the width of a line is its gain, and the number stands beside it.
    """
    from matplotlib.patches import FancyArrowPatch

    ax = axes(ax, (7, 2.2))
    n, cell, hidden = len(direct), ink("c")["color"], ink("h")["color"]
    for k in range(n + 1):
        ax.text(k, 0, f"$c_{{{k}}}$", ha="center", va="center", fontsize=12, zorder=3,
                bbox={"boxstyle": "circle,pad=0.3", "fc": "white", "ec": cell, "lw": 1.5})  # fmt: skip
    for k in range(n):
        width, look = 14 * direct[k], {"color": cell, "ls": "-", "solid_capstyle": "butt", "zorder": 1}
        ax.plot([k + 1, k], [0, 0], lw=max(width, 0.3), **look)
        look = {"connectionstyle": "arc3,rad=0.55", "arrowstyle": "-", "color": hidden, "ls": "-"}
        ax.add_patch(FancyArrowPatch((k + 1, 0.2), (k, 0.2), lw=max(14 * side[k], 0.3), **look))
        ax.text(k + 0.5, -0.22, f"{direct[k]:.2f}", ha="center", va="top", fontsize=11)
        ax.text(k + 0.5, 0.6, f"{side[k]:.2f}", ha="center", va="bottom", fontsize=11)
    ax.set(xlim=(-0.4, n + 0.4), ylim=(-0.6, 1.0))
    ax.set_title(title, fontsize=11)
    ax.axis("off")
    return ax
