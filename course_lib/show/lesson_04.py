"""Pictures of lesson 04: success by distance, gradients along a sentence and by lag, the cliff, the four patients.

Plot functions take arrays and an Axes; `draw_*` functions take the values of an explorer and return a Figure.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_lib.nn import bptt, cells, gradients, init
from course_lib.show.along import word_axis
from course_lib.show.colours import ink
from course_lib.show.figure import axes

FLOOR = 1e-30  # the axis has to end somewhere
MARKS = "os^Dv"


def flow(
    curves: Mapping[str, np.ndarray], ax: Axes | None = None, title: str = "", bottom: float = FLOOR, top: float = 1e16
) -> Axes:
    """Gradient norm against lag; each line (lags,) is divided by its value at lag 0.

    Lines are dashed and black, as gradients are everywhere, and told apart by their marks; one alone has no mark.
    """
    ax = ax or plt.figure(figsize=(7, 3.6)).subplots()
    marks = MARKS if len(curves) > 1 else ("",)
    for k, ((name, norms), mark) in enumerate(zip(curves.items(), marks)):
        every = (k * len(norms) // 50, max(1, len(norms) // 8))
        ax.semilogy(norms / norms[0], label=name, marker=mark, markevery=every, **ink("d"))  # the axes cut it off
    ax.axhline(1, color="0.6", lw=0.8, ls="-", zorder=0)
    ax.set(xlabel="lag k (steps back)", ylabel="|dL/dh(T-k)| / |dL/dh(T)|", title=title, ylim=(bottom, top))
    return ax


def bars(values: Sequence[float], first: int, ax: Axes | None = None, **labels: str) -> Axes:
    """The size of a product of matrices as one bar with its number for each k = first, first + 1, ..."""
    ax = ax or plt.figure(figsize=(7, 3.2), layout="constrained").subplots()
    ks = range(first, first + len(values))
    drawn = ax.bar(ks, values, color="0.85", edgecolor="black", linestyle="--", lw=1.5)
    ax.bar_label(drawn, [f"{value:.2g}" for value in values], padding=2)
    ax.set(xticks=ks, ylim=(0, 1.15 * max(values)), **labels)
    return ax


def success(distances: Sequence[int], solved: Mapping[str, Sequence[int]], n: int, ax: Axes | None = None) -> Axes:
    """How many of n networks learned to answer at each distance: grouped bars with their numbers, one hatch a name."""
    ax = axes(ax)
    width, at = 0.8 / len(solved), np.arange(len(distances))
    for k, ((name, counts), hatch) in enumerate(zip(solved.items(), ("", "//", ".."), strict=False)):
        place, grey = at + (k - (len(solved) - 1) / 2) * width, ("0.35", "0.75", "0.9")[k]
        drawn = ax.bar(place, counts, width * 0.92, label=name, hatch=hatch, color=grey, edgecolor="black")
        ax.bar_label(drawn, padding=2)
    ax.set_xticks(at, [str(d) for d in distances])
    ax.set(xlabel="distance: words between the noun and the gap", ylabel=f"networks, of {n}", ylim=(0, 1.15 * n))
    if len(solved) > 1:
        ax.set_ylim(0, 1.4 * n)
        ax.legend(loc="upper right", ncols=2)
    return ax


def shares_along(words: Sequence[str], shares: Sequence[float], ax: Axes | None = None) -> Axes:
    """The share of the gradient that reaches each word (T,), as bars on a log axis above the words."""
    ax = axes(ax, (7, 3.4))
    ax.bar(range(len(words)), shares, 0.75, color="0.75", edgecolor=ink("d")["color"], ls="--", lw=1.2)
    ax.set_yscale("log")
    ax.set(ylabel="share of the gradient", ylim=(min(shares) / 3, 6))
    ax.annotate(f"{shares[1]:.0e} at the noun", (1, shares[1]), (1, 0.03), arrowprops={"arrowstyle": "->"})
    return word_axis(ax, words)


def memory_and_gradient(w: np.ndarray, right: np.ndarray, log10_share: np.ndarray) -> Figure:
    """Over the weight w of one neuron: share of right answers (above), log10 of the gradient's share (below)."""
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), layout="constrained", sharex=True)
    above.plot(w, right, marker="o", ms=5, **ink("h"))
    above.set(ylabel="answers right", ylim=(0.4, 1.06), title="One neuron, 202 words: what it remembers")
    below.plot(w, log10_share, marker="s", ms=5, **ink("d"))
    below.set(
        xlabel="recurrent weight w",
        ylabel="log10 of the share",
        title="What its gradient could teach: the share at the noun",
    )
    return fig


def training_run(norms: Sequence[float], right: Sequence[float], every: int) -> Figure:
    """One run, update by update: the norm of the gradient (above, log axis), the right answers of the exams (below)."""
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.6), layout="constrained", sharex=True)
    above.semilogy(range(1, len(norms) + 1), norms, lw=1, color=ink("d")["color"], ls="-")
    above.set(ylabel="norm of the gradient")
    below.plot(every * np.arange(1, len(right) + 1), right, marker="o", ms=4, **ink("h"))
    below.set(xlabel="update", ylabel="answers right", ylim=(0.4, 1.03))
    return fig


def cliff(w: np.ndarray, b: np.ndarray, loss: np.ndarray, paths: Mapping[str, np.ndarray]) -> Figure:
    """Above: loss (b, w) as a map with descent paths (steps, 2). Below: the loss along b at the w of their start."""
    fig, (left, right) = plt.subplots(2, 1, figsize=(7, 7), height_ratios=(1.6, 1), layout="constrained")
    image = left.pcolormesh(w, b, np.log10(loss + 1e-6), cmap="cividis", rasterized=True)
    fig.colorbar(image, ax=left, label="log10 loss")
    for (name, path), colour, line, marker in zip(paths.items(), ("w", "#FFB000"), ("--", "-"), "o^", strict=False):
        inside = (path[:, 0] >= w[0]) & (path[:, 0] <= w[-1]) & (path[:, 1] >= b[0]) & (path[:, 1] <= b[-1])
        told = f"{name}: {inside.sum()} places on the map"
        left.plot(*path.T, color=colour, ls=line, marker=marker, ms=5, lw=1.5, label=told)
    start = next(iter(paths.values()))[0]
    left.plot(*start, marker="*", ms=14, color="w", mec="k", ls="none", label="start")
    left.set(
        xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="weight w", ylabel="bias b", title="Loss of h_50, two parameters"
    )
    left.grid(False)
    left.legend(loc="lower left", fontsize=10, labelcolor="w", frameon=True, facecolor="0.25", framealpha=0.9)
    column = int(np.argmin(np.abs(w - start[0])))
    right.plot(b, loss[:, column], color="0.15")
    right.set(xlabel=f"bias b, at w = {w[column]:.2f}", ylabel="loss", title="The same loss from the side: a wall")
    return fig


# ---------------------------------------------------------------- explorers


ASIDE = "the cats which sat near the {} and slept there and played alone and sat again and waited quietly"


def neuron_reads(w: float, second_noun: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words of a sentence, the state h = tanh(w h + push) after each, and log10 of the last state's gradient there."""
    words = ASIDE.format(second_noun).split()
    push = {"cats": 1, "dogs": 1, "dog": -1}
    h, states = 0.0, []
    for word in words:
        h = np.tanh(w * h + push.get(word, 0))
        states.append(h)
    hs = np.array(states)
    factors = np.log10(w * (1 - hs**2))
    return words, hs, np.append(np.cumsum(factors[:0:-1])[::-1], 0.0)


def draw_neuron(w: float, second_noun: str) -> Figure:
    """Along a sentence of distance 17: the state of one neuron (above), the gradient of its last state (below)."""
    words, hs, log10_share = neuron_reads(w, second_noun)
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.8), sharex=True)
    fig.subplots_adjust(left=0.11, right=0.98, top=0.93, bottom=0.2, hspace=0.3)
    above.axhline(0, color="0.5", lw=0.8, ls="-")
    above.plot(hs, marker="o", ms=4, gid="state", **ink("h"))
    above.set(ylim=(-1.1, 1.1), ylabel="state h")
    above.text(0, 1.05, _answer(hs), transform=above.transAxes, gid="answer")
    below.plot(log10_share, marker="s", ms=4, gid="gradient", **ink("d"))
    below.set(ylim=(-26, 2), ylabel="log10 of the share")
    below.text(0, 1.05, _left(log10_share), transform=below.transAxes, gid="left")
    word_axis(below, [word if k != 6 else "dog(s)" for k, word in enumerate(words)])
    return fig


def _answer(hs: np.ndarray) -> str:
    return f"last state {_plain(hs[-1], 2)}: {'were, right' if hs[-1] > 0 else 'was, wrong'}"


def _left(log10_share: np.ndarray) -> str:
    return f"share of the gradient at the noun: 10^{_plain(log10_share[1], 1)}"


def _plain(value: float, digits: int) -> str:
    """A number with so many digits, and no minus before a zero."""
    told = f"{value:.{digits}f}"
    return told.removeprefix("-") if float(told) == 0 else told


def neuron_text(w: float, second_noun: str) -> str:
    """The alt text of `draw_neuron`."""
    words, hs, log10_share = neuron_reads(w, second_noun)
    return (
        f"Two lines along the words “{' '.join(words)}” for w = {w:.2f}. Above: the state, "
        f"{_plain(hs[1], 2)} at cats, {_plain(hs[6], 2)} at {second_noun}, {_plain(hs[-1], 2)} at the end. "
        f"Below: log10 of the share of the gradient, {_plain(log10_share[1], 1)} at cats, 0.0 at the end."
    )


@functools.cache
def network(
    radius: float, input_size: float, H: int = 32, T: int = 100, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient norm by lag (T + 1,) and all slopes 1 - h^2 of a random tanh network; read-only."""
    rng = np.random.default_rng(seed)
    W_hh = init.scaled_to_radius(rng.standard_normal((H, H)), radius)
    drive = input_size * rng.standard_normal((T, 4, H))  # what the inputs add to a_t
    h0, dh_T = np.zeros((4, H)), rng.standard_normal((4, H))
    params = (np.eye(H), W_hh, np.zeros(H))
    hs = bptt.unroll(cells.rnn_step, drive, h0, *params)
    found = gradients.gradient_by_lag("rnn", drive, h0, params, dh_T), 1 - hs.ravel() ** 2
    for array in found:
        array.flags.writeable = False
    return found


def draw_flow(spectral_radius: float, input_size: float) -> Figure:
    """Gradient against lag (left) and the distribution of the slopes 1 - h^2 (right) of a tanh network."""
    norms, slopes = network(spectral_radius, input_size)
    fig = plt.figure(figsize=(7, 3.6))
    left, right = fig.add_axes((0.12, 0.16, 0.47, 0.7)), fig.add_axes((0.7, 0.16, 0.28, 0.7))
    end = norms[-1] / norms[0]
    word = "grows" if end > 1 else "shrinks"
    flow({"": norms}, left)
    left.set_title(f"radius {spectral_radius:g}, inputs {input_size:g}: {word}, x {end:.0e}", fontsize=11)
    left.set(xlim=(0, 100), xticks=(0, 50, 100), yticks=(1e-30, 1e-15, 1, 1e15))
    left.minorticks_off()
    slope_bars(slopes, right)
    right.set(ylim=(0, 100), yticks=(0, 50, 100), ylabel="% of units and steps")
    right.set_title(f"median slope {np.median(slopes):.2f}", fontsize=11)
    return fig


def slope_bars(slopes: np.ndarray, ax: Axes) -> None:
    """The distribution of the slopes 1 - h^2 in per cent, as one filled staircase."""
    share, edges = np.histogram(slopes, np.linspace(0, 1, 21))
    ax.stairs(100 * share / slopes.size, edges, fill=True, color=ink("h")["color"])
    ax.set(xlabel="slope 1 - h²", xlim=(0, 1))
    ax.set_xticks((0, 0.5, 1), ("0", "0.5", "1"))


def flow_text(spectral_radius: float, input_size: float) -> str:
    """The alt text of `draw_flow`."""
    norms, slopes = network(spectral_radius, input_size)
    k = [norms[i] / norms[0] for i in (10, 50, 100)]
    return (
        f"Two panels for spectral radius {spectral_radius:g} and input size {input_size:g}. Left: gradient norm "
        f"against lag on a log axis, relative to lag 0: {k[0]:.0e} at lag 10, {k[1]:.0e} at lag 50, "
        f"{k[2]:.0e} at lag 100. "
        f"Right: histogram of the slopes 1 - h squared, median {np.median(slopes):.2f}."
    )


def clipped(gradient: np.ndarray, limit: float, by: str) -> np.ndarray:
    """One gradient after clipping by "norm" or by "value"."""
    return gradients.clip_by_norm(gradient, limit)[0] if by == "norm" else gradients.clip_by_value(gradient, limit)


def angle(a: np.ndarray, b: np.ndarray) -> float:
    """The angle between two vectors in degrees."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def draw_clip(limit: float, g1: float, g2: float) -> Figure:
    """A gradient of two entries before and after clipping by norm and by value, in units of the limit."""
    g = np.array([g1, g2])
    fig = plt.figure(figsize=(7, 4.4))
    ax = fig.add_axes((0.09, 0.13, 0.44, 0.76))
    turn = np.linspace(0, 2 * np.pi, 73)
    ax.plot(np.cos(turn), np.sin(turn), color="0.4", lw=1, ls="-")
    ax.plot([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], color="0.4", lw=1, ls="-.")
    lines = {"gradient": g, "by norm": clipped(g, limit, "norm"), "by value": clipped(g, limit, "value")}
    looks = {"lw": 2, **ink("d")}, {"lw": 6, "color": "0.65", "ls": "-"}, {"lw": 2.5, "color": "#882255", "ls": "-."}
    for (name, v), look, y in zip(lines.items(), looks, (0.75, 0.48, 0.21), strict=True):
        x, z = v / limit
        ax.plot([0, x], [0, z], zorder=2.5 if name == "gradient" else 2, **look)  # what leaves the axes is cut off
        ax.plot(x, z, "o", ms=9, color=look["color"], zorder=2.2)
        turned = (
            f"turned by {angle(g, v):.0f}°" if name != "gradient" and np.linalg.norm(g) > 0 else f"({g1:g}, {g2:g})"
        )
        fig.text(0.56, y, f"{name}: length {np.linalg.norm(v):.1f}\n{turned}", va="center")
        fig.add_artist(Line2D([0.56, 0.66], [y + 0.09] * 2, **look))
    ax.set(xlim=(-1.3, 2.3), ylim=(-2.1, 2.1), xlabel="g_1 / limit", ylabel="g_2 / limit")
    ax.set(xticks=(-1, 0, 1, 2), yticks=(-2, -1, 0, 1, 2), aspect="equal")
    fig.suptitle(f"Clipping at {limit:g}: to the circle (norm) or into the square (value)")
    return fig


def clip_text(limit: float, g1: float, g2: float) -> str:
    """The alt text of `draw_clip`."""
    g = np.array([g1, g2])
    v, shorter = clipped(g, limit, "value"), clipped(g, limit, "norm")
    turned = f"{angle(g, v):.0f} degrees" if np.linalg.norm(g) > 0 else "nothing"
    return (
        f"Three lines from the origin, in units of the limit {limit:g}: the gradient ({g1:g}, {g2:g}), of length "
        f"{np.linalg.norm(g):.1f}; clipped by norm, on the same line, of length {np.linalg.norm(shorter):.1f}; clipped "
        f"by value, ({v[0]:g}, {v[1]:g}), turned by {turned}. A circle and a square mark the limits."
    )


# ---------------------------------------------------------------- the four patients of the exercise

#: radius, input size and leak of each network: what is wrong with it is the exercise.
PATIENTS: dict[str, dict[str, Any]] = {
    "A": {"radius": 1.5, "input_size": 3.0},
    "B": {"radius": 2.6, "input_size": 0.3},
    "C": {"radius": 0.55, "input_size": 0.05},
    "D": {"radius": 1.0, "input_size": 0.01},
}


def patients() -> Figure:
    """Four networks: gradient against lag above, histogram of the slopes 1 - h^2 below."""
    fig, axes = plt.subplots(2, 4, figsize=(7, 5), layout="constrained", sharey="row")
    for k, (name, values) in enumerate(PATIENTS.items()):
        norms, slopes = network(**values)
        flow({"": norms}, axes[0, k], f"network {name}")
        axes[0, k].set(xlabel="lag k", xticks=(0, 50, 100), yticks=(1e-30, 1e-15, 1, 1e15))
        slope_bars(slopes, axes[1, k])
        axes[1, k].set_title(f"median {np.median(slopes):.2f}")
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    axes[1, 0].set_ylabel("% of units and steps")
    return fig
