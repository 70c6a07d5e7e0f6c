"""Pictures of lesson 01: the loop and its unrolled copy, a sentence on its way through, a net that tells odd from even.

Plot functions turn arrays into Axes; draw functions turn values into Figures and serve the explorers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from course_lib.show.figure import COLOURS, LINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
BLUE, RED, GREEN, PINK = COLOURS[:4]
FILL = {"x": "#DCEBF7", "h": "#FCE3D4", "y": "#D5F0E6", "": "white"}
MARKS = ("o", "s", "^", "D", "v", "P", "X")

# ---------------------------------------------------------------- parts of a diagram


def node(ax: Axes, x: float, y: float, text: str, kind: str, faint: bool = False) -> None:
    """One node of a diagram: kind x is a square (input), h a circle (state), y a rounded box (output)."""
    edge = {"facecolor": "white" if faint else FILL[kind], "edgecolor": "0.75" if faint else "0.15", "linewidth": 1.3}
    dash = {"linestyle": ":" if faint else "-", "zorder": 3}
    if kind == "h":
        ax.add_patch(Circle((x, y), 0.36, **edge, **dash))
    elif kind == "y":
        ax.add_patch(FancyBboxPatch((x - 0.3, y - 0.2), 0.6, 0.4, boxstyle="round,pad=0.08", **edge, **dash))
    else:
        ax.add_patch(Rectangle((x - 0.38, y - 0.28), 0.76, 0.56, **edge, **dash))
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


def canvas(ax: Axes, width: tuple[float, float], height: tuple[float, float], title: str = "") -> None:
    """An Axes for a diagram: equal scales, no frame."""
    ax.set_xlim(*width)
    ax.set_ylim(*height)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.grid(False)
    if title:
        ax.set_title(title, fontsize=11)


def fold_unfold(T: int = 4) -> Figure:
    """The loop as it is usually drawn, and the same network unrolled over T steps, from the same arrows."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.9), gridspec_kw={"width_ratios": [3.2, 1.7 * T + 1.9]})
    canvas(left, (-1.2, 2.0), (-0.6, 4.3), "folded: one network with a loop")
    for y, text, kind, name in ((0, "$x_t$", "x", "input layer"), (1.7, "$h_t$", "h", "hidden layer"),
                                (3.4, "$y_t$", "y", "output layer")):  # fmt: skip
        node(left, 0, y, text, kind)
        left.text(-0.5, y, name, ha="right", va="center", fontsize=9, color="0.35")
    arrow(left, (0, 0.3), (0, 1.32), "$W_{xh}$")
    arrow(left, (0, 2.08), (0, 3.08), "$W_{hy}$")
    arrow(left, (0.33, 1.9), (0.33, 1.5), bend=-2.6)
    left.text(1.05, 1.7, "$W_{hh}$\none step\nlater", va="center", fontsize=10)
    canvas(right, (-1.6, 1.7 * T + 0.3), (-0.6, 4.3), f"unrolled: the same network, drawn once for each of {T} steps")
    node(right, -1.15, 1.7, "$h_0$", "h")
    for t in range(T):
        x = 1.7 * t + 0.5
        node(right, x, 0, f"$x_{t + 1}$", "x")
        node(right, x, 1.7, f"$h_{t + 1}$", "h")
        node(right, x, 3.4, f"$y_{t + 1}$", "y")
        arrow(right, (x, 0.3), (x, 1.32), "$W_{xh}$")
        arrow(right, (x, 2.08), (x, 3.08), "$W_{hy}$")
        arrow(right, (x - 1.29, 1.7), (x - 0.38, 1.7), "$W_{hh}$")
    return fig


# ---------------------------------------------------------------- curves


def _line(ax: Axes, x: Any, y: Any, k: int, label: str, **look: Any) -> None:
    ax.plot(x, y, color=COLOURS[k % 7], linestyle=LINES[k % 7], marker=MARKS[k % 7], markersize=4, label=label, **look)


def plot_pulse(states: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """The state of one neuron after a pulse at step 0: one curve for each weight."""
    ax = ax or plt.subplots(figsize=(7, 3.4))[1]
    lowest = 2.0
    for k, (label, hs) in enumerate(sorted(states.items(), key=lambda item: -item[1][-1])):
        _line(ax, np.arange(len(hs)), hs, k, label, markevery=5)
        lowest = min(hs[-1], lowest - 0.08)  # labels keep their distance
        ax.plot(len(hs) + 1, lowest, MARKS[k % 7], color=COLOURS[k % 7], markersize=5)
        ax.text(len(hs) + 2, lowest, f"{label}: {hs[-1]:.3f}", va="center", fontsize=10)
    ax.set(title="One pulse, then silence: who still knows?", xlabel="silent steps after the pulse", ylabel="state h")
    ax.set(ylim=(-0.13, 1.05), xlim=(-1, len(hs) + 12), xticks=range(0, len(hs), 10))
    return ax


def draw_pulse(w: float, silence: int = 50) -> Figure:
    """The state of one neuron h = tanh(w h + x) after a pulse, for one weight."""
    hs = _after_pulse(w, silence)
    fig, ax = plt.subplots(figsize=(7, 2.8))
    ax.plot(hs, color=BLUE, linestyle="-", marker="o", markersize=3.5)
    ax.axhline(0, color="0.5", linewidth=1)
    ax.set(title=f"w = {w:.1f}: after {silence} silent steps the state is {hs[-1]:.3f}", ylim=(-1.1, 1.1))
    ax.set(xlabel="silent steps after the pulse", ylabel="state h")
    return fig


def tell_pulse(w: float) -> str:
    """The alt text of `draw_pulse`."""
    hs = _after_pulse(w)
    flips = "; its sign changes at each step" if w < 0 else ""
    left = f"After 50 silent steps it is {hs[-1]:.3f}{flips}."
    return f"The state of one neuron with weight {w:.1f} after a pulse. {left}"


def _after_pulse(w: float, silence: int = 50) -> Array:
    hs = [math.tanh(1.0)]
    for _ in range(silence):
        hs.append(math.tanh(w * hs[-1]))
    return np.array(hs)


def plot_context(ks: Sequence[int], tables: Array, windows: Array, network: float, gap: int,
                 ax: Axes | None = None) -> Axes:  # fmt: skip
    """Accuracy for the last word against the words of context; the recurrent net is a level: it has no such number."""
    ax = ax or plt.subplots()[1]
    _line(ax, ks, tables, 0, "table of counts")
    _line(ax, ks, windows, 1, "window into a trained net")
    ax.axhline(network, color=GREEN, linestyle=":", linewidth=2.5, label="recurrent net")
    ax.set(title=f"{gap} filler words", xlabel="words of context k", ylabel="accuracy for the last word", ylim=(0, 1))
    ax.set_xticks(list(ks))
    return ax


def plot_effect(change: Array, moved: int, ax: Axes | None = None) -> Axes:
    """How much each output moves when one input is changed; exact zeros are marked by crosses on the floor."""
    ax = ax or plt.subplots()[1]
    steps = np.arange(1, len(change) + 1)
    zero = change == 0
    floor = change[~zero].min() / 10
    ax.bar(steps[~zero], change[~zero], color=BLUE, label="moved")
    ax.plot(steps[zero], np.full(zero.sum(), floor * 1.5), "x", color=RED, markersize=8, label="exactly 0")
    ax.set_yscale("log")
    ax.set(xlabel="time step t", ylabel="size of change")
    ax.set_title(f"Change of the outputs when $x_{{{moved}}}$ is changed")
    ax.set_ylim(floor, 2 * change.max())
    ax.set_xticks(steps)
    ax.legend()
    return ax


def plot_influence(moves: Array, title: str, ax: Axes | None = None) -> Axes:
    """Who moves whom: row k is the changed input, column t the output; black squares moved."""
    ax = ax or plt.subplots(figsize=(3.4, 3.4))[1]
    T = len(moves)
    ax.imshow(~moves, cmap="gray", vmin=-0.35, vmax=1, extent=(0.5, T + 0.5, T + 0.5, 0.5))
    ax.set(title=title, xlabel="output of step t", ylabel="changed input k")
    ax.set_xticks(range(1, T + 1))
    ax.set_yticks(range(1, T + 1))
    ax.grid(False)
    return ax


def plot_probe(lags: Sequence[int], accuracy: Mapping[str, tuple[Array, Array]], ax: Axes | None = None) -> Axes:
    """How well a bit of k steps ago can be read from the state: mean and a band of one deviation for each size."""
    ax = ax or plt.subplots(figsize=(7, 3.4))[1]
    for i, (label, (mean, spread)) in enumerate(accuracy.items()):
        _line(ax, lags, mean, i, label)
        ax.fill_between(lags, mean - spread, mean + spread, color=COLOURS[i], alpha=0.15, linewidth=0)
    ax.axhline(0.5, color="0.4", linewidth=1, linestyle=":")
    ax.text(lags[-1], 0.455, "guessing", ha="right", va="top", fontsize=9, color="0.3")
    ax.set(title="What the state still holds of a bit read k steps ago", xlabel="k (time steps)", ylabel="accuracy")
    ax.set_ylim(0.4, 1.03)
    ax.legend()
    return ax


def plot_free_run(truth: Array, forced: Array, free: Array, start: int, ax: Axes | None = None) -> Axes:
    """A sequence, its one-step predictions from true inputs, and the run in which the net hears only itself."""
    ax = ax or plt.subplots(figsize=(8, 3))[1]
    steps = np.arange(len(truth))
    ax.plot(steps, truth, color="0.6", linewidth=4, linestyle="-", label="truth")
    ax.plot(steps, forced, color=BLUE, linestyle="--", label="fed the truth (teacher forcing)")
    ax.plot(steps[start:], free[start:], color=RED, linestyle=":", linewidth=2.5, label="fed its own output")
    ax.axvline(start, color="0.3", linewidth=1)
    ax.set(title="The same weights, two wirings", xlabel="time step", ylabel="value")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3, fontsize=9)
    return ax


def gallery(items: Mapping[str, tuple[Array, str, str]]) -> Figure:
    """Sequences as arrays, one panel each: title -> (values, label of the time axis, label of the values)."""
    fig, axes = plt.subplots(2, (len(items) + 1) // 2, figsize=(9, 4.6), layout="constrained")
    for k, (ax, (title, (values, time, unit))) in enumerate(zip(axes.flat, items.items())):
        few = len(values) < 80
        ax.plot(values, color=COLOURS[k % 6], linestyle="-" if not few else "none", marker="o" if few else "",
                markersize=3.5, linewidth=0.9)  # fmt: skip
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(time, fontsize=9)
        ax.set_ylabel(unit, fontsize=9)
        ax.tick_params(labelsize=8)
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
    fig, ax = plt.subplots(figsize=(1.55 * T + 1.2, 4.6))
    canvas(ax, (-1.75, 1.9 * T - 0.6), (-0.8, 5.1))
    node(ax, -1.3, 1.9, "$h_0$", "h")
    largest = float(np.abs(hs).max())  # of the whole sentence, so that steps can be compared
    ax.text(-1.3, 0.95, f"full bar:\n±{largest:.2f}", ha="center", va="center", fontsize=9, color="0.35")
    for t in range(T):
        x, read = 1.9 * t + 0.4, t < step
        now = t == step - 1
        node(ax, x, -0.35, words[t], "x", faint=not read)
        colour = {"color": "0.25" if read else "0.8", "linewidth": 2.6 if now else 1.2}
        arrow(ax, (x, -0.05), (x, 0.78), "$W_{xh}$" if now else "", **colour)
        left = (-0.92 if t == 0 else x - 1.9 + 0.62, 1.9)
        arrow(ax, left, (x - 0.64, 1.9), "$W_{hh}$" if now else "", **colour)
        _state_bars(ax, x, 1.9, hs[t] / largest if read else None, now)
        ax.text(x, 3.15, f"$h_{t + 1}$", ha="center", va="bottom", color="black" if read else "0.7")
    x = 1.9 * (step - 1) + 0.4
    lines = "\n".join(f"{word}  {score:.2f}" for word, score in guesses[step - 1])
    ax.text(x, 4.25, lines, ha="center", va="center", fontsize=10, zorder=4,
            bbox={"boxstyle": "round", "facecolor": FILL["y"], "edgecolor": "0.15"})  # fmt: skip
    arrow(ax, (x, 3.5), (x, 3.72))
    read_so_far = " ".join(words[:step])
    ax.set_title(f"step {step} of {T}: has read “{read_so_far}”; its guess for the next word", fontsize=11)
    return fig


def _state_bars(ax: Axes, x: float, y: float, h: Array | None, now: bool, size: float = 1.0) -> None:
    """A state as horizontal bars around a middle line: to the right above 0, to the left below; empty when unread."""
    look = {"facecolor": "white", "edgecolor": "0.75", "linestyle": ":"}
    if h is not None:
        look = {"facecolor": FILL["h"], "edgecolor": "0.15", "linestyle": "-"}
    corner = (x - 0.6 * size, y - 1.1 * size)
    ax.add_patch(Rectangle(corner, 1.2 * size, 2.2 * size, linewidth=2.4 if now else 1.0, zorder=3, **look))
    if h is None:
        return
    ax.plot([x, x], [y - 1.05 * size, y + 1.05 * size], color="0.6", linewidth=0.8, linestyle="-", zorder=4)
    places = np.linspace(y + 0.92 * size, y - 0.92 * size, len(h))
    look = {"color": np.where(h > 0, BLUE, RED), "zorder": 4}
    ax.barh(places, 0.56 * size * h, height=1.4 * size / len(h), left=x, **look)


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
    ax = ax or plt.subplots(figsize=(9, 3.6))[1]
    words, hs, guesses = reading
    T = len(words)
    canvas(ax, (-1.9, 1.9 * T - 0.6), (-1.8, 2.8), f"moment {moment}: {tell_moment(reading, moment)}")
    now, phase = divmod(moment - 1, MOMENTS)
    for t in range(T):
        x = 1.9 * t + 0.4
        spoken = t < now or (t == now and phase > 0)
        node(ax, x, 0, f"{t + 1}", "h", faint=t != now)
        node(ax, x, -1.4, words[t], "x", faint=not spoken)
        if t == now and phase == 1:
            arrow(ax, (x, -1.1), (x, -0.4), linewidth=2.6)
    at = 1.9 * now + 0.4
    if phase == 0:
        arrow(ax, (at - 1.75, 0.62), (at - 0.15, 0.62), linewidth=2.6)
    note, number = (hs[now], now + 1) if phase == 2 else (0 * hs[0] if now == 0 else hs[now - 1], now)
    x = at - 0.95 if phase == 0 else at
    _state_bars(ax, x, 1.75, note / np.abs(hs).max(), True, size=0.8)
    ax.text(x - 0.6, 1.75, f"$h_{number}$", ha="right", va="center")
    if phase == 2:
        said = "\n".join(["says aloud:", *(f"{word} {score:.2f}" for word, score in guesses[now][:2])])
        bubble = {"boxstyle": "round", "facecolor": FILL["y"], "edgecolor": "0.15"}
        ax.text(at + 0.7, 1.75, said, va="center", fontsize=10, bbox=bubble)
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


def notes_strip(reading: Reading, moments: Sequence[int]) -> Figure:
    """Several moments of `plot_notes` below each other, for paper."""
    fig, axes = plt.subplots(len(moments), 1, figsize=(7.5, 2.9 * len(moments)), layout="constrained")
    for ax, moment in zip(axes, moments):
        plot_notes(reading, moment, ax)
    return fig


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


def draw_parity(K: float, seed: int, shown: int = 40, n: int = 20_000) -> Figure:
    """The parity net on random bits: its two units, what it answers, and the first of n bits where it is wrong."""
    bits = np.random.default_rng(seed).integers(0, 2, n)
    states, first = parity_run(bits.tolist(), K)
    a, b = states[:shown].T
    odd, answer = np.cumsum(bits[:shown]) % 2, (a - b > 1).astype(int)
    steps = np.arange(1, shown + 1)
    fig, (top, low) = plt.subplots(2, 1, figsize=(8.5, 4.2), sharex=True, height_ratios=[2, 1], layout="constrained")
    top.plot(steps, a, color=BLUE, linestyle="-", marker="o", markersize=4, label="unit a")
    top.plot(steps, b, color=RED, linestyle="--", marker="s", markersize=4, label="unit b")
    top.set(ylim=(-1.15, 1.15), ylabel="state")
    top.legend(loc="upper right", ncols=2, bbox_to_anchor=(1, 1.22), fontsize=9)
    told = "no error" if first is None else f"first error at bit {first:,}"
    top.set_title(f"K = {K:.1f}, seed {seed}: {told} in {n:,} bits", loc="left", fontsize=11)
    low.step(steps, odd, where="mid", color="0.6", linewidth=4, linestyle="-", label="truth")
    right = answer == odd
    low.plot(steps[right], answer[right], "o", color=GREEN, markersize=4, label="answer, right")
    low.plot(steps[~right], answer[~right], "X", color=RED, markersize=9, label="answer, wrong")
    low.set(xlabel=f"time step (the first {shown} bits)", yticks=[0, 1], yticklabels=["even", "odd"], ylim=(-0.3, 1.3))
    low.legend(ncols=3, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.45))
    return fig


def tell_parity(K: float, seed: int) -> str:
    """The alt text of `draw_parity`."""
    bits = np.random.default_rng(seed).integers(0, 2, 20_000)
    first = parity_run(bits.tolist(), K)[1]
    told = "makes no error" if first is None else f"makes its first error at bit {first}"
    return f"Two units of the hand-set parity network over 40 random bits. With K = {K:.1f} and seed {seed} it {told}."


def draw_parity_plane(K: float = 6.0) -> Figure:
    """The plane of the two units: three corners that the states visit, and the arrows that the bits make."""
    fig, ax = plt.subplots(figsize=(5.6, 4.6))
    corner = {"even (s = 0)": (-1, -1), "odd (s = 1)": (1, -1), "even (s = 2)": (1, 1)}
    states = parity_run(np.random.default_rng(0).integers(0, 2, 200).tolist(), K)[0]
    ax.plot(*states.T, ".", color="0.5", markersize=12, alpha=0.3, zorder=1)
    for text, (a, b) in corner.items():
        ax.plot(a, b, "o", color=GREEN if "even" in text else PINK, markersize=26, alpha=0.55, zorder=2)
        ax.text(a, b + 0.24 if b > 0 else b - 0.3, text, ha="center", va="center", fontsize=10)
    ax.plot(-1, 1, "x", color="0.5", markersize=12)
    ax.text(-1, 1.24, "never visited", ha="center", va="center", color="0.4")
    moves = [((-1, -1), (1, -1), "1", 0.25), ((1, -1), (1, 1), "1", 0.25), ((1, 1), (1, -1), "1", 0.25),
             ((1, 1), (-1, -1), "0", 0.18)]  # fmt: skip
    for (a0, b0), (a1, b1), bit, bend in moves:
        away = 0.17 / math.hypot(a1 - a0, b1 - b0)
        start = (a0 + away * (a1 - a0), b0 + away * (b1 - b0))
        end = (a1 - away * (a1 - a0), b1 - away * (b1 - b0))
        dash = "-" if bit == "1" else "--"
        arrow(ax, start, end, bend=bend, linestyle=dash, color=BLUE if bit == "1" else RED)
        side = bend * 0.62
        at = ((a0 + a1) / 2 + side * (b1 - b0), (b0 + b1) / 2 - side * (a1 - a0))
        ax.text(*at, f"x = {bit}", ha="center", va="center", fontsize=10,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
    for (a, b), side in (((-1, -1), -1), ((1, -1), 1)):
        arrow(ax, (a + 0.16 * side, b + 0.1), (a + 0.16 * side, b - 0.1), bend=-2.4 * side, linestyle="--", color=RED)
        ax.text(a + 0.47 * side, b, "x = 0", ha="left" if side > 0 else "right", va="center", fontsize=10)
    ax.set(title="A machine with two answers, drawn by its own states", xlabel="unit a", ylabel="unit b",
           xlim=(-2.1, 2.1), ylim=(-1.6, 1.5))  # fmt: skip
    return fig


# ---------------------------------------------------------------- wirings and shapes


def feedback_wirings() -> Figure:
    """Three ways to hand something on: the state (Elman), the output (Jordan), the true symbol (teacher forcing)."""
    fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.9))
    titles = ("Elman 1990: the state", "Jordan 1986: the output", "teacher forcing: the truth")
    for ax, title in zip(axes, titles):
        canvas(ax, (-0.6, 3.4), (-0.95, 3.9), title)
        for x, name in ((0, "t"), (2.8, "t+1")):
            node(ax, x, 0, f"$x_{{{name}}}$", "x")
            node(ax, x, 1.6, f"$h_{{{name}}}$", "h")
            node(ax, x, 3.2, f"$y_{{{name}}}$", "y")
            arrow(ax, (x, 0.3), (x, 1.22))
            arrow(ax, (x, 1.98), (x, 2.9))
    bold = {"color": RED, "linewidth": 2.6}
    arrow(axes[0], (0.38, 1.6), (2.42, 1.6), "$W_{hh}$", **bold)
    arrow(axes[1], (0.4, 3.1), (2.5, 1.82), "$W_{yh}$", **bold)
    arrow(axes[2], (0.38, 1.6), (2.42, 1.6))
    axes[2].text(2.8, -0.42, "the true symbol\nof step t", ha="center", va="top", fontsize=9, color=RED)
    axes[2].plot([0.4, 1.4, 1.4, 2.4], [3.2, 3.2, 0, 0], color="0.55", linestyle=":", linewidth=1.4)
    axes[2].text(1.3, 2.42, "own\noutput,\nwhen it\nruns\nfree", ha="right", va="center", fontsize=8, color="0.35")
    return fig


def five_shapes() -> Figure:
    """One, many, and both: which inputs are read and which outputs are used."""
    shapes = {
        "one to one": ([0], [0], 1),
        "one to many": ([0], [0, 1, 2], 3),
        "many to one": ([0, 1, 2], [2], 3),
        "many to many,\nin step": ([0, 1, 2], [0, 1, 2], 3),
        "many to many,\nencoder and decoder": ([0, 1, 2], [3, 4], 5),
    }
    widths = {"width_ratios": [1.1 * T for *_, T in shapes.values()], "wspace": 0.12}
    fig, axes = plt.subplots(1, 5, figsize=(10.5, 3), gridspec_kw=widths)
    for ax, (title, (inputs, outputs, T)) in zip(axes, shapes.items()):
        canvas(ax, (-0.55, 1.1 * (T - 1) + 0.55), (-0.6, 3.5), title)
        for t in range(T):
            x = 1.1 * t
            node(ax, x, 1.45, "", "h")
            if t + 1 < T:
                arrow(ax, (x + 0.36, 1.45), (x + 0.74, 1.45))
            if t in inputs:
                node(ax, x, 0, "x", "x")
                arrow(ax, (x, 0.28), (x, 1.07))
            if t in outputs:
                node(ax, x, 2.9, "y", "y")
                arrow(ax, (x, 1.83), (x, 2.6))
    return fig
