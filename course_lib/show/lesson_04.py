"""Pictures of lesson 04: gradients against lag, memory against gradient, the cliff, clipping, the four patients.

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
from course_lib.show.colours import ink

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


def memory_and_gradient(w: np.ndarray, kept: np.ndarray, log10_gradient: np.ndarray) -> Figure:
    """Over the weight w of one neuron: share of bits kept (left axis), log10 of the gradient (right axis)."""
    fig, ax = plt.subplots(figsize=(7, 4))
    (a,) = ax.plot(w, kept, marker="o", ms=5, label="bits kept (left)", **ink("h"))
    right = ax.twinx()
    (b,) = right.plot(w, log10_gradient, marker="s", ms=5, label="gradient (right)", **ink("d"))
    right.grid(False)
    right.spines["right"].set_visible(True)
    ax.set(xlabel="recurrent weight w", ylabel="share of bits kept", ylim=(0.45, 1.03))
    ax.set_title("One neuron, one bit, 200 noisy steps: memory up, gradient down")
    right.set_ylabel("log10 |dh_200 / dh_0|, median")
    ax.legend(handles=[a, b], loc="center right", bbox_to_anchor=(1, 0.72))
    return fig


def horizon(lags: Sequence[int], solved: Mapping[str, Sequence[int]], n: int, ax: Axes | None = None) -> Axes:
    """How many of n runs solved the recall task at each lag, grouped bars, one hatch per name."""
    ax = ax or plt.figure(figsize=(7, 3.6), layout="constrained").subplots()
    width, at = 0.8 / len(solved), np.arange(len(lags))
    for k, ((name, counts), hatch) in enumerate(zip(solved.items(), ("", "//", "..", "xx"), strict=False)):
        place, grey = at + (k - (len(solved) - 1) / 2) * width, ("0.3", "0.65", "0.9", "0.5")[k]
        ax.bar(place, counts, width * 0.92, label=name, hatch=hatch, color=grey, edgecolor="black")
    ax.set_xticks(at, [str(lag) for lag in lags])
    ax.set(xlabel="lag: noise symbols before the question", ylabel=f"runs solved, of {n}")
    ax.set_ylim(0, n + 0.1)
    ax.set_yticks(range(n + 1))
    ax.figure.legend(loc="outside lower center", ncols=len(solved))
    return ax


def sentence(words: Sequence[str], norms: Mapping[str, np.ndarray], ax: Axes | None = None) -> Axes:
    """Gradient of one answer with respect to each word, (T,) per name, on a log axis over the words."""
    ax = ax or plt.figure(figsize=(7, 4.6), layout="constrained").subplots()
    for (name, values), marker in zip(norms.items(), MARKS, strict=False):
        ax.semilogy(np.maximum(values, FLOOR), label=name, marker=marker, ms=6, **ink("d"))
    ax.set_xticks(range(len(words)), words, rotation=60, ha="right", rotation_mode="anchor")
    ax.set(ylabel="|dL/dx_t|", xlabel="word t")
    ax.figure.legend(loc="outside lower center", ncols=len(norms))
    return ax


def cliff(w: np.ndarray, b: np.ndarray, loss: np.ndarray, paths: Mapping[str, np.ndarray]) -> Figure:
    """Above: loss (b, w) as a map with descent paths (steps, 2). Below: the loss along b at the w of their start."""
    fig, (left, right) = plt.subplots(2, 1, figsize=(7, 7), height_ratios=(1.6, 1), layout="constrained")
    image = left.pcolormesh(w, b, np.log10(loss + 1e-6), cmap="cividis", rasterized=True)
    fig.colorbar(image, ax=left, label="log10 loss")
    for (name, path), colour, line, marker in zip(paths.items(), ("w", "#FFB000"), ("--", "-"), "o^", strict=False):
        inside = (path[:, 0] >= w[0]) & (path[:, 0] <= w[-1]) & (path[:, 1] >= b[0]) & (path[:, 1] <= b[-1])
        told = f"{name}: {inside.sum()} steps here"
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


def losses(curves: Mapping[str, np.ndarray], level: float, ax: Axes | None = None, top: float = 12) -> Axes:
    """Training loss against update, one line per name; `level` is the loss of guessing."""
    ax = ax or plt.figure(figsize=(7, 3.8), layout="constrained").subplots()
    for name, loss in curves.items():
        ax.plot(np.minimum(loss, top), label=name, lw=1.5)
    ax.axhline(level, color="0.25", lw=1.5, ls=":", label="guessing")
    ax.set(xlabel="update", ylabel="loss (nats)")
    ax.figure.legend(loc="outside lower center", ncols=len(curves) + 1)
    return ax


# ---------------------------------------------------------------- explorers


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
