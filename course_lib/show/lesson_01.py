"""Pictures of lesson 01: the loop and its unrolled copy, a sentence on its way through, a net that tells odd from even.

Plot functions turn arrays into Axes; draw functions turn values into Figures and serve the explorers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from course_lib.show.along import bars_along, lines_along
from course_lib.show.colours import QUANTITIES, ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
X, H_, Y = (QUANTITIES[letter].colour for letter in "xhy")
FILL = {"x": "#EBEBEB", "h": "#D9EAF6", "y": "#E0DDF0"}  # light shades of the three inks
MARKS = ("o", "s", "^", "D")
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"  # plain text: quicker to draw than a formula

# ---------------------------------------------------------------- parts of a diagram


def node(ax: Axes, x: float, y: float, text: str, kind: str, faint: bool = False) -> None:
    """One node of a diagram: kind x is a square (input), h a circle (state), y a rounded box (output)."""
    edge = "0.75" if faint else ink(kind)["color"]
    look = {"facecolor": "white" if faint else FILL[kind], "edgecolor": edge, "linewidth": 1.8, "zorder": 3}
    look["linestyle"] = ":" if faint else "-"
    if kind == "h":
        ax.add_patch(Circle((x, y), 0.36, **look))
    elif kind == "y":
        ax.add_patch(FancyBboxPatch((x - 0.3, y - 0.2), 0.6, 0.4, boxstyle="round,pad=0.08", **look))
    else:
        half = 0.38 if len(text) < 5 or "$" in text else 0.54
        ax.add_patch(Rectangle((x - half, y - 0.28), 2 * half, 0.56, **look))
    ax.text(x, y, text, ha="center", va="center", color="0.6" if faint else "black", zorder=4)


def arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], text: str = "", bend: float = 0.0, **look: Any
) -> None:
    """An arrow between two nodes, with a label beside its middle; `bend` bows it."""
    look = {"color": "0.25", "linewidth": 1.4, **look}
    shape = {"arrowstyle": "-|>", "mutation_scale": 12, "connectionstyle": f"arc3,rad={bend}", "zorder": 2}
    ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **shape, **look))
    if text:
        upright = abs(end[1] - start[1]) > abs(end[0] - start[0])
        dx, dy = (0.1, 0.0) if upright else (0.0, 0.12)
        at = ((start[0] + end[0]) / 2 + dx, (start[1] + end[1]) / 2 + dy)
        ax.text(*at, text, ha="left" if upright else "center", va="center" if upright else "bottom", fontsize=10)


def arrows(ax: Axes, ends: Sequence[tuple[float, float, float, float]], head: str, **look: Any) -> None:
    """Straight arrows (x0, y0, x1, y1) as one line and one row of marks: quick enough for an explorer's frames.

    head: the mark at their ends, ">" for arrows to the right, "^" for arrows up.
    """
    if not len(ends):
        return
    x0, y0, x1, y1 = np.transpose(ends)
    gap = np.full(len(x0), np.nan)
    xs, ys = np.column_stack([x0, x1, gap]).ravel(), np.column_stack([y0, y1, gap]).ravel()
    ax.plot(xs, ys, zorder=2, **{"linestyle": "-", "linewidth": 1.4, "marker": "", **look})
    ax.plot(x1, y1, head, markersize=8, zorder=2, color=look["color"])


def canvas(ax: Axes, width: tuple[float, float], height: tuple[float, float], title: str = "") -> None:
    """An Axes for a diagram: equal scales, no frame."""
    ax.set_xlim(*width)
    ax.set_ylim(*height)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.grid(False)
    ax.text(0.5, 1.01, title, transform=ax.transAxes, ha="center", va="bottom")  # a real title looks for tick labels


def fold_unfold(T: int = 4) -> Figure:
    """The loop as it is usually drawn, and the same network unrolled over T steps, from the same arrows."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4), gridspec_kw={"width_ratios": [4.0, 1.5 * T + 1.7]})
    fig.subplots_adjust(left=0, right=1, bottom=0, top=0.92, wspace=0.02)
    canvas(left, (-1.7, 2.3), (-0.6, 4.0), "folded")
    for y, text, kind, name in ((0, "$x_t$", "x", "input"), (1.7, "$h_t$", "h", "hidden\nstate"),
                                (3.4, "$y_t$", "y", "output")):  # fmt: skip
        node(left, 0, y, text, kind)
        left.text(-0.5, y, name, ha="right", va="center", fontsize=10, color=ink(kind)["color"])
    arrow(left, (0, 0.3), (0, 1.32), "$W_{xh}$")
    arrow(left, (0, 2.08), (0, 3.08), "$W_{hy}$")
    arrow(left, (0.33, 1.9), (0.33, 1.5), bend=-2.6)
    left.text(1.02, 1.7, "$W_{hh}$\none step\nlater", va="center", fontsize=10)
    canvas(right, (-1.6, 1.5 * T + 0.1), (-0.6, 4.0), f"unrolled: the same network, drawn for {T} steps")
    node(right, -1.15, 1.7, "$h_0$", "h")
    for t in range(T):
        x = 1.5 * t + 0.4
        node(right, x, 0, f"$x_{t + 1}$", "x")
        node(right, x, 1.7, f"$h_{t + 1}$", "h")
        node(right, x, 3.4, f"$y_{t + 1}$", "y")
        arrow(right, (x, 0.3), (x, 1.32), "$W_{xh}$")
        arrow(right, (x, 2.08), (x, 3.08), "$W_{hy}$")
        arrow(right, (x - 1.12 if t else -0.77, 1.7), (x - 0.38, 1.7), "$W_{hh}$")
    return fig


# ---------------------------------------------------------------- a sentence below its states

SENTENCE = ("the", "cats", "which", "sat", "near", "the", "dog", "and", "slept", "there")


def state_along(words: Sequence[str], lines: Mapping[str, Sequence[float]], title: str = "",
                pushes: Mapping[str, float] | None = None, verbs: bool = True,
                ax: Axes | None = None) -> Axes:  # fmt: skip
    """States (T,) above the words of a sentence, one line for each name.

    pushes  the words that push, and how much: an arrow at each of them
    verbs   name the answer on both sides of zero, at the right edge
    """
    ax = lines_along(words, lines, "h", "state h", title, ax)
    ax.axhline(0, color="0.25", linewidth=1, linestyle="-", zorder=1)
    ax.set(ylim=(-1.12, 1.12), yticks=(-1, 0, 1))
    for y, answer in ((0.5, "were"), (-0.5, "was")) if verbs else ():
        ax.text(1.01, y, answer, transform=ax.get_yaxis_transform(), va="center", color=H_)
    for t, word in enumerate(words):
        push = (pushes or {}).get(word, 0)
        if push:
            up = 0.4 if push > 0 else -0.4
            look = {"arrowstyle": "-|>", "color": X, "linewidth": 2}
            ax.annotate("", (t, up), (t, 0), arrowprops=look)
            ax.text(t + 0.12, up / 2, f"{push:+g}".replace("-", "−"), va="center", color=X)
    if len(lines) > 1:
        ax.legend(loc="lower left")
    return ax


def numbers_found(before: Mapping[str, float], after: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Named numbers before and after training, as bars above their names."""
    names = list(before)
    bars = {"at random": [before[name] for name in names], "after training": [after[name] for name in names]}
    ax = bars_along(names, bars, "x", "value", "Twelve numbers, before and after", ax)
    ax.axhline(0, color="0.25", linewidth=1, linestyle="-")
    return ax


def change_along(words: Sequence[str], change: Array, title: str = "", ax: Axes | None = None) -> Axes:
    """By how much something moved at each word; where it is exactly zero, a 0 stands in the place of a bar."""
    ax = bars_along(words, {"change": change}, "h", "size of the change", title, ax)
    for t, moved in enumerate(change):
        if moved == 0:
            ax.text(t, 0.02 * change.max(), "0", ha="center", va="bottom", color=H_)
    return ax


def _states(w: float, push: float) -> list[float]:
    h, states = 0.0, []
    for word in SENTENCE:
        h = math.tanh(w * h + {"cats": push, "dog": -push}.get(word, 0.0))
        states.append(h)
    return states


def _verdict(w: float, push: float) -> str:
    last = _states(w, push)[-1]
    answer = "were, right" if last > 0 else "was, wrong" if last < 0 else "no answer"
    return f"w = {w:.1f}, push {push:.1f}: the last state is {last:.2f}, so the answer is: {answer}"


def withstand(w: float = 1.0, push: float = 1.0) -> Figure:
    """Explorer: the neuron h = tanh(w h + x) on the sentence, for a weight and a size of the nouns' push."""
    ax = state_along(SENTENCE, {"state h": _states(w, push)})
    ax.lines[0].set_gid("state")
    ax.set_title(_verdict(w, push), loc="left", gid="verdict")
    return ax.figure


def withstand_alt(w: float = 1.0, push: float = 1.0) -> str:
    """What `withstand` shows, in words."""
    return f"The state along the sentence “{' '.join(SENTENCE)}”. {_verdict(w, push)}."


# ---------------------------------------------------------------- curves


def draw_pulse(w: float = 0.9, silence: int = 50) -> Figure:
    """Explorer: the state of one neuron h = tanh(w h + x) after a pulse, for one weight."""
    hs = _after_pulse(w, silence)
    fig = plt.figure(figsize=(7, 3))
    ax = fig.add_axes((0.1, 0.19, 0.87, 0.68))
    ax.plot(hs, marker="o", markersize=3.5, gid="state", **ink("h"))
    ax.set(ylim=(-1.1, 1.1), xlabel="silent steps after the pulse", ylabel="state h", xlim=(-1, silence + 1))
    ax.set(yticks=(-1, 0, 1), xticks=range(0, silence + 1, 10))
    ax.set_title(f"w = {w:.1f}: after {silence} silent steps the state is {_three(hs[-1])}", gid="left")
    return fig


def tell_pulse(w: float = 0.9) -> str:
    """The alt text of `draw_pulse`."""
    flips = "; its sign changes at each step" if w < 0 else ""
    left = f"After 50 silent steps it is {_three(_after_pulse(w)[-1])}{flips}."
    return f"The state of one neuron with weight {w:.1f} after a pulse. {left}"


def _three(value: float) -> str:
    """A number with three digits, without the sign of a zero."""
    return f"{value + 0.0:.3f}".replace("-0.000", "0.000")


def _after_pulse(w: float, silence: int = 50) -> Array:
    hs = [math.tanh(1.0)]
    for _ in range(silence):
        hs.append(math.tanh(w * hs[-1]))
    return np.array(hs)


def plot_context(ns: Sequence[int], tables: Array, windows: Array, network: float, gap: int,
                 ax: Axes | None = None) -> Axes:  # fmt: skip
    """Accuracy for the last word against the words of context; the recurrent net is a level: it has no such number."""
    ax = ax or plt.subplots()[1]
    look = {"color": "0.15", "markersize": 5}
    ax.plot(ns, tables, linestyle="--", marker="o", label="table of counts", **look)
    ax.plot(ns, windows, linestyle="-.", marker="s", label="window into a\ntrained net", **look)
    ax.axhline(network, linewidth=2.5, label="recurrent net", **ink("h"))
    ax.set(title=f"{gap} filler words", xlabel="words of context n", ylabel="accuracy for the last word", ylim=(0, 1))
    ax.set_xticks(list(ns))
    return ax


def plot_influence(moves: Array, title: str, ax: Axes | None = None) -> Axes:
    """Who moves whom: row k is the changed input, column t the output; black squares moved."""
    ax = ax or plt.subplots(figsize=(4, 4))[1]
    T = len(moves)
    ax.imshow(~moves, cmap="gray", vmin=-0.35, vmax=1, extent=(0.5, T + 0.5, T + 0.5, 0.5))
    ax.set(title=title, xlabel="output of step t", ylabel="changed input k")
    ax.set_xticks(range(1, T + 1))
    ax.set_yticks(range(1, T + 1))
    ax.grid(False)
    return ax


def plot_probe(lags: Sequence[int], accuracy: Mapping[str, tuple[Array, Array]], ax: Axes | None = None) -> Axes:
    """How well a bit of k steps ago can be read from the state: mean and a band of one deviation for each size."""
    ax = ax or plt.subplots(figsize=(7, 3.6))[1]
    for mark, (label, (mean, spread)) in zip(MARKS, accuracy.items()):
        ax.plot(lags, mean, marker=mark, markersize=5, label=label, **ink("h"))
        ax.fill_between(lags, mean - spread, mean + spread, color=H_, alpha=0.15, linewidth=0)
    ax.axhline(0.5, color="0.25", linewidth=1.5, linestyle=":")
    ax.text(lags[-1], 0.455, "guessing", ha="right", va="top", fontsize=10, color="0.25")
    ax.set(title="What the state still holds of a bit read k steps ago", xlabel="k (time steps)", ylabel="accuracy")
    ax.set_ylim(0.4, 1.03)
    ax.legend()
    return ax


def plot_free_run(truth: Array, forced: Array, free: Array, start: int, ax: Axes | None = None) -> Axes:
    """A sequence, its one-step predictions from true inputs, and the run in which the net hears only itself."""
    ax = ax or plt.subplots(figsize=(7, 2.8))[1]
    steps = np.arange(len(truth))
    ax.plot(steps, truth, color="0.75", linewidth=5, linestyle="-", label="truth")
    ax.plot(steps, forced, color=Y, linestyle="-", label="fed the truth")
    ax.plot(steps[start:], free[start:], color="black", linestyle=":", linewidth=2.5, label="fed its own output")
    ax.axvline(start, color="0.3", linewidth=1)
    ax.set(title="The same weights, two wirings", xlabel="time step", ylabel="value")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=3)
    return ax


def gallery(items: Mapping[str, tuple[Array, str, str]]) -> Figure:
    """Sequences as arrays, one panel each: title -> (values, label of the time axis, label of the values)."""
    fig, axes = plt.subplots((len(items) + 1) // 2, 2, figsize=(7, 5.4), layout="constrained")
    for ax, (title, (values, time, unit)) in zip(axes.flat, items.items()):
        few = len(values) < 80
        ax.plot(values, color=X, linestyle="none" if few else "-", marker="o" if few else "", markersize=4)
        ax.set_title(title, fontsize=10.5)
        ax.set_xlabel(time, fontsize=10)
        ax.set_ylabel(unit, fontsize=10)
        ax.tick_params(labelsize=10)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    for ax in list(axes.flat)[len(items) :]:
        ax.axis("off")
    return fig


# ---------------------------------------------------------------- a sentence on its way through the network


class Reading(NamedTuple):
    """A sentence that was read: words (T), states hs (T, H), and for each step the best guesses [(word, score)]."""

    words: tuple[str, ...]
    hs: Array
    guesses: list[list[tuple[str, float]]]


def draw_reading(readings: Mapping[str, Reading], sentence: str, step: int) -> Figure:
    """The unrolled network after `step` words: each state as bars, the message that is handed on, and the guess."""
    words, hs, guesses = readings[sentence]
    T, H = hs.shape
    step = min(max(step, 1), T)
    fig = plt.figure(figsize=(7, 3.9))
    ax = fig.add_axes((0, 0, 1, 0.9))
    told = f"step {step} of {T}: has read “{' '.join(words[:step])}”; its guess for the next word"
    canvas(ax, (-1.8, 1.9 * T - 0.5), (-0.8, 5.0), told)
    node(ax, -1.3, 1.9, "h₀", "h")
    largest = float(np.abs(hs).max())  # of the whole sentence, so that steps can be compared
    ax.text(-1.3, 0.95, f"full bar:\n±{largest:.2f}", ha="center", va="center", fontsize=10, color="0.25")
    places = 1.9 * np.arange(T) + 0.4
    for t, x in enumerate(places):
        node(ax, x, -0.35, words[t], "x", faint=t >= step)
        ax.text(x, 3.08, f"h{SUBSCRIPTS[t + 1]}", ha="center", va="bottom", color="black" if t < step else "0.7")
    ups = [(x, -0.05, x, 0.66) for x in places]
    rights = [(-0.92 if t == 0 else x - 1.26, 1.9, x - 0.72, 1.9) for t, x in enumerate(places)]
    for head, ends in (("^", ups), (">", rights)):
        arrows(ax, ends[: step - 1], head, color="0.25")
        arrows(ax, ends[step - 1 : step], head, color="0.25", linewidth=3)
        arrows(ax, ends[step:], head, color="0.8")
    _state_boxes(ax, places, 1.9, step)
    _state_bars(ax, places[:step], 1.9, hs[:step] / largest)
    x = places[step - 1]
    ax.text(x + 0.12, 0.3, "W_xh", va="center", fontsize=10)
    ax.text(x - 0.95, 2.05, "W_hh", ha="center", va="bottom", fontsize=10)
    lines = "\n".join(f"{word}  {score:.2f}" for word, score in guesses[step - 1])
    ax.text(x, 4.3, lines, ha="center", va="center", fontsize=10, zorder=4,
            bbox={"boxstyle": "round", "facecolor": FILL["y"], "edgecolor": Y})  # fmt: skip
    arrows(ax, [(x, 3.42, x, 3.6)], "^", color="0.25")
    return fig


def _state_boxes(ax: Axes, xs: Sequence[float], y: float, read: int, size: float = 1.0) -> None:
    """The frames of states: read ones in the ink of h, the last of them bold, unread ones dotted."""
    for t, x in enumerate(xs):
        look = {"facecolor": FILL["h"], "edgecolor": H_, "linestyle": "-"}
        if t >= read:
            look = {"facecolor": "white", "edgecolor": "0.75", "linestyle": ":"}
        width = 2.4 if t == read - 1 else 1.0
        ax.add_patch(Rectangle((x - 0.6 * size, y - 1.1 * size), 1.2 * size, 2.2 * size, linewidth=width, **look))


def _state_bars(ax: Axes, xs: Sequence[float], y: float, hs: Array, size: float = 1.0) -> None:
    """States (n, H) as horizontal bars around a middle line at each of n places: right above 0, left below it.

    All bars are one line and all middle lines another: an explorer draws them in every frame.
    """
    H = hs.shape[1]
    heights = np.linspace(y + 0.92 * size, y - 0.92 * size, H)
    gap = np.full(hs.shape, np.nan)
    middle = np.repeat(np.asarray(xs)[:, None], H, axis=1)
    bars = np.stack([middle, middle + 0.56 * size * hs, gap], axis=2).ravel()
    places = np.stack([np.broadcast_to(heights, hs.shape)] * 3, axis=2).ravel()
    points = (
        72 * ax.figure.get_figwidth() * ax.get_position().width / np.ptp(ax.get_xlim())
    )  # of one unit of the drawing
    look = {"solid_capstyle": "butt", "linestyle": "-", "marker": "", "zorder": 4}
    ax.plot(bars, places, color=H_, linewidth=1.3 * size / H * points, **look)
    ends = np.tile([y - 1.05 * size, y + 1.05 * size, np.nan], len(xs))
    ax.plot(np.repeat(xs, 3), ends, color="0.4", linewidth=0.8, **look)


def tell_reading(readings: Mapping[str, Reading], sentence: str, step: int) -> str:
    """The alt text of `draw_reading`: what has been read, the state in numbers, and the guesses."""
    words, hs, guesses = readings[sentence]
    step = min(max(step, 1), len(words))
    state = ", ".join(f"{v:.2f}" for v in hs[step - 1])
    best = ", ".join(f"{word} {score:.2f}" for word, score in guesses[step - 1])
    return (
        f"An unrolled recurrent network with {len(words)} steps. It has read “{' '.join(words[:step])}”. "
        f"The state after step {step} is {state}. Its best guesses for the next word: {best}."
    )


MOMENTS = 3  # of each student: the note arrives, the word is heard, the new note is written


def plot_notes(reading: Reading, moment: int, ax: Axes | None = None) -> Axes:
    """Students in a row who pass one note: three moments for each of them, counted from 1."""
    ax = ax or plt.figure(figsize=(7, 3.3)).add_axes((0, 0, 1, 0.9))
    words, hs, guesses = reading
    T = len(words)
    canvas(ax, (-1.7, 1.9 * T + 1.0), (-1.8, 2.8), f"moment {moment}: {tell_moment(reading, moment)}")
    now, phase = divmod(moment - 1, MOMENTS)
    for t in range(T):
        x = 1.9 * t + 0.4
        spoken = t < now or (t == now and phase > 0)
        node(ax, x, 0, f"{t + 1}", "h", faint=t != now)
        node(ax, x, -1.4, words[t], "x", faint=not spoken)
    at = 1.9 * now + 0.4
    if phase == 1:
        arrows(ax, [(at, -1.1, at, -0.5)], "^", color="0.25", linewidth=3)
    if phase == 0:
        arrows(ax, [(at - 1.75, 0.62, at - 0.15, 0.62)], ">", color="0.25", linewidth=3)
    note, number = (hs[now], now + 1) if phase == 2 else (0 * hs[0] if now == 0 else hs[now - 1], now)
    x = at - 0.95 if phase == 0 else at
    _state_boxes(ax, [x], 1.75, 1, size=0.8)
    _state_bars(ax, [x], 1.75, note[None] / np.abs(hs).max(), size=0.8)
    ax.text(x - 0.6, 1.75, f"h{SUBSCRIPTS[number]}", ha="right", va="center")
    if phase == 2:
        said = "\n".join(["says aloud:", *(f"{word} {score:.2f}" for word, score in guesses[now][:2])])
        bubble = {"boxstyle": "round", "facecolor": FILL["y"], "edgecolor": Y}
        ax.text(at + 0.72, 1.75, said, va="center", fontsize=10, bbox=bubble)
    return ax


def tell_moment(reading: Reading, moment: int) -> str:
    """What happens at one moment of `plot_notes`, in words."""
    now, phase = divmod(moment - 1, MOMENTS)
    me = f"student {now + 1}"
    return (
        f"the note of student {now} is on its way to {me}" if now else f"a blank note is on its way to {me}",
        f"{me} holds the old note and hears “{reading.words[now]}”",
        f"{me} has written a new note, the old one is gone",
    )[phase]


def draw_notes(readings: Mapping[str, Reading], sentence: str, moment: int) -> Figure:
    """The explorer of the classroom: one moment of one sentence."""
    return plot_notes(readings[sentence], moment).figure


def tell_notes(readings: Mapping[str, Reading], sentence: str, moment: int) -> str:
    """The alt text of `draw_notes`."""
    reading = readings[sentence]
    told = tell_moment(reading, moment)
    T, H = reading.hs.shape
    return f"{T} students in a row, numbered, and one note of {H} bars. Moment {moment} of {MOMENTS * T}: {told}."


# ---------------------------------------------------------------- parity by hand


def parity_run(bits: Sequence[int], K: float) -> tuple[Array, int | None]:
    """The states (a, b) of the hand-set parity net after each bit, and the first step (from 1) that is wrong.

        a_t = tanh(K (s - 1/2))    b_t = tanh(K (s - 3/2))    s = x_t + (a_{t-1} - b_{t-1}) / 2

    The start a = b = -1 stands for "even so far". Derived in notebooks/01_recurrence.ipynb.

    >>> parity_run([1, 1, 1], K=6.0)[1] is None
    True
    """
    a = b = -1.0
    states, odd, first = [], 0, None
    for t, x in enumerate(bits, 1):
        s = x + (a - b) / 2
        a, b = math.tanh(K * (s - 0.5)), math.tanh(K * (s - 1.5))
        odd ^= int(x)
        states.append((a, b))
        if first is None and (a - b > 1) != odd:
            first = t
    return np.array(states), first


@functools.cache
def first_error(K: float, seed: int, n: int = 20_000) -> int | None:
    """The first step (from 1) at which the parity net errs on n random bits of a seed; None when it never does.

    The same as `parity_run` tells, but it stops at the error.

    >>> first_error(1.0, 0) == parity_run(np.random.default_rng(0).integers(0, 2, 20_000), 1.0)[1]
    True
    """
    tanh, a, b, odd = math.tanh, -1.0, -1.0, 0
    for t, x in enumerate(np.random.default_rng(seed).integers(0, 2, n).tolist(), 1):
        s = x + (a - b) / 2
        a, b = tanh(K * (s - 0.5)), tanh(K * (s - 1.5))
        odd ^= x
        if (a - b > 1) != odd:
            return t
    return None


def draw_parity(K: float, seed: int = 0, shown: int = 40, n: int = 20_000) -> Figure:
    """The parity net on random bits: its two units, what it answers, and the first of n bits where it is wrong."""
    first, bits = first_error(K, seed, n), np.random.default_rng(seed).integers(0, 2, n)[:shown]
    a, b = parity_run(bits.tolist(), K)[0].T
    odd, answer = np.cumsum(bits) % 2, (a - b > 1).astype(int)
    steps = np.arange(1, shown + 1)
    fig = plt.figure(figsize=(7, 4.4))
    top, low = fig.add_axes((0.1, 0.48, 0.87, 0.41)), fig.add_axes((0.1, 0.22, 0.87, 0.18))
    top.plot(steps, a, marker="o", markersize=5, markevery=5, label="unit a", **ink("h"))
    top.plot(steps, b, marker="s", markersize=6, markevery=5, markerfacecolor="white", label="unit b", **ink("h"))
    top.set(ylim=(-1.15, 1.15), ylabel="state h", yticks=(-1, 0, 1))
    told = "no error" if first is None else f"first error at bit {first:,}"
    top.set_title(f"K = {K:.1f}, seed {seed}: {told} in {n:,} bits")
    low.step(steps, odd, where="mid", color="0.75", linewidth=5, linestyle="-", label="truth")
    low.step(steps, answer, where="mid", color=Y, linestyle="-", label="answer")
    wrong = answer != odd
    low.plot(steps[wrong], answer[wrong], "X", color="black", markersize=9, label="wrong")
    low.set(xlabel=f"time step (the first {shown} bits)", yticks=[0, 1], yticklabels=["even", "odd"], ylim=(-0.4, 1.4))
    for ax in (top, low):
        ax.set(xlim=(0, shown + 1), xticks=range(0, shown + 1, 10))
    handles = [*top.lines, *low.lines]
    fig.legend(handles, [line.get_label() for line in handles], ncols=5, loc="lower center", fontsize=10,
               columnspacing=1.2, handlelength=1.6)  # fmt: skip
    return fig


def tell_parity(K: float, seed: int = 0) -> str:
    """The alt text of `draw_parity`."""
    first = first_error(K, seed)
    told = "makes no error in 20,000" if first is None else f"makes its first error at bit {first:,} of 20,000"
    return f"Two units of the hand-set parity network over 40 random bits. With K = {K:.1f} and seed {seed} it {told}."


def draw_parity_plane(K: float = 6.0) -> Figure:
    """The plane of the two units: three corners that the states visit, and the arrows that the bits make."""
    fig, ax = plt.subplots(figsize=(7, 5))
    corner = {"even (s = 0)": (-1, -1), "odd (s = 1)": (1, -1), "even (s = 2)": (1, 1)}
    states = parity_run(np.random.default_rng(0).integers(0, 2, 200).tolist(), K)[0]
    ax.plot(*states.T, ".", color="0.5", markersize=12, alpha=0.3, zorder=1)
    for text, (a, b) in corner.items():
        look = {"markerfacecolor": FILL["h"], "markeredgecolor": H_, "markeredgewidth": 2}
        ax.plot(a, b, "o" if "even" in text else "s", markersize=26, zorder=0.5, **look)
        ax.text(a, b + 0.24 if b > 0 else b - 0.3, text, ha="center", va="center")
    ax.plot(-1, 1, "x", color="0.4", markersize=12)
    ax.text(-1, 1.24, "never visited", ha="center", va="center", color="0.3")
    moves = [((-1, -1), (1, -1), "1", 0.25), ((1, -1), (1, 1), "1", 0.25), ((1, 1), (1, -1), "1", 0.25),
             ((1, 1), (-1, -1), "0", 0.18)]  # fmt: skip
    for (a0, b0), (a1, b1), bit, bend in moves:
        away = 0.17 / math.hypot(a1 - a0, b1 - b0)
        start = (a0 + away * (a1 - a0), b0 + away * (b1 - b0))
        end = (a1 - away * (a1 - a0), b1 - away * (b1 - b0))
        arrow(ax, start, end, bend=bend, linestyle="-" if bit == "1" else "--", linewidth=1.8)
        side = bend * 0.62
        at = ((a0 + a1) / 2 + side * (b1 - b0), (b0 + b1) / 2 - side * (a1 - a0))
        ax.text(*at, f"x = {bit}", ha="center", va="center",
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    for (a, b), side in (((-1, -1), -1), ((1, -1), 1)):
        arrow(ax, (a + 0.16 * side, b + 0.1), (a + 0.16 * side, b - 0.1), bend=-2.4 * side, linestyle="--",
              linewidth=1.8)  # fmt: skip
        ax.text(a + 0.47 * side, b, "x = 0", ha="left" if side > 0 else "right", va="center")
    ax.set(title="A machine with two answers, drawn by its own states", xlabel="unit a", ylabel="unit b",
           xlim=(-2.1, 2.1), ylim=(-1.6, 1.5))  # fmt: skip
    return fig


# ---------------------------------------------------------------- wirings and shapes


def feedback_wirings() -> Figure:
    """Three ways to hand something on: the state (Elman), the output (Jordan), the true symbol (teacher forcing)."""
    fig, axes = plt.subplots(1, 3, figsize=(7, 3.7))
    fig.subplots_adjust(left=0, right=1, bottom=0, top=0.9, wspace=0.02)
    titles = ("Elman 1990:\nthe state", "Jordan 1986:\nthe output", "teacher forcing:\nthe truth")
    for ax, title in zip(axes, titles):
        canvas(ax, (-0.75, 3.15), (-1.35, 3.7), title)
        for x, name in ((0, "t"), (2.4, "t+1")):
            node(ax, x, 0, f"$x_{{{name}}}$", "x")
            node(ax, x, 1.6, f"$h_{{{name}}}$", "h")
            node(ax, x, 3.2, f"$y_{{{name}}}$", "y")
            arrow(ax, (x, 0.3), (x, 1.22))
            arrow(ax, (x, 1.98), (x, 2.9))
    bold = {"color": H_, "linewidth": 3}
    arrow(axes[0], (0.38, 1.6), (2.02, 1.6), "$W_{hh}$", **bold)
    arrow(axes[1], (0.4, 3.1), (2.1, 1.84), "$W_{yh}$", **bold | {"color": Y})
    arrow(axes[2], (0.38, 1.6), (2.02, 1.6))
    axes[2].text(2.4, -0.42, "the true symbol\nof step t", ha="center", va="top", fontsize=10, weight="bold")
    axes[2].plot([0.4, 1.2, 1.2, 2.0], [3.2, 3.2, 0, 0], color=Y, linestyle=":", linewidth=1.8)
    axes[2].text(1.15, -0.42, "own output\nwhen it\nruns free", ha="right", va="top", fontsize=10, color=Y)
    return fig


def five_shapes() -> Figure:
    """One, many, and both: which inputs are read and which outputs are used."""
    rows = (
        {"one to one": ([0], [0], 0.9), "one to many": ([0], [0, 1, 2], 3.4), "many to one": ([0, 1, 2], [2], 7.2)},
        {"many to many,\nin step": ([0, 1, 2], [0, 1, 2], 0.9),
         "many to many,\nencoder and decoder": ([0, 1, 2], [3, 4], 5.0)},
    )  # fmt: skip
    fig, axes = plt.subplots(2, 1, figsize=(7, 6.4), layout="constrained")
    for ax, shapes in zip(axes, rows):
        canvas(ax, (0, 10.4), (-0.5, 4.2))
        for title, (inputs, outputs, left) in shapes.items():
            last = max(inputs + outputs)
            ax.text(left + 0.55 * last, 3.5, title, ha="center", va="bottom")
            for t in range(last + 1):
                x = left + 1.1 * t
                node(ax, x, 1.45, "h", "h")
                if t < last:
                    arrow(ax, (x + 0.36, 1.45), (x + 0.74, 1.45))
                if t in inputs:
                    node(ax, x, 0, "x", "x")
                    arrow(ax, (x, 0.28), (x, 1.07))
                if t in outputs:
                    node(ax, x, 2.9, "y", "y")
                    arrow(ax, (x, 1.83), (x, 2.6))
    return fig
