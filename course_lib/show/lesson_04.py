"""Pictures of lesson 04: gradients against lag, memory against gradient, the cliff, clipping, the four patients.

Plot functions take arrays and an Axes; `draw_*` functions take the values of an explorer and return a Figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.nn import bptt, cells, gradients, init

FLOOR = 1e-30  # the axis has to end somewhere


def flow(
    curves: Mapping[str, np.ndarray], ax: Axes | None = None, title: str = "", bottom: float = FLOOR, top: float = 1e16
) -> Axes:
    """Gradient norm against lag, one line per name; each line (lags,) is divided by its value at lag 0."""
    ax = ax or plt.figure().subplots()
    for name, norms in curves.items():
        ax.semilogy(norms / norms[0], label=name)  # what leaves the axes is cut off, not drawn along their edge
    ax.axhline(1, color="0.6", lw=0.8, ls="-", zorder=0)
    ax.set(xlabel="lag k (steps back)", ylabel="|dL/dh(T-k)| / |dL/dh(T)|", title=title, ylim=(bottom, top))
    return ax


def memory_and_gradient(w: np.ndarray, kept: np.ndarray, log10_gradient: np.ndarray) -> Figure:
    """Over the weight w of one neuron: share of bits kept (left axis), log10 of the gradient (right axis)."""
    fig, ax = plt.subplots(figsize=(7, 3.6))
    (a,) = ax.plot(w, kept, color="#0072B2", ls="-", marker="o", ms=4, label="bits kept (left)")
    right = ax.twinx()
    (b,) = right.plot(w, log10_gradient, color="#D55E00", ls="--", marker="s", ms=4, label="log10 gradient (right)")
    right.grid(False)
    right.spines["right"].set_visible(True)
    ax.set(xlabel="recurrent weight w", ylabel="share of bits kept", ylim=(0.45, 1.03))
    ax.set_title("One neuron, one bit, 200 noisy steps: memory up, gradient down")
    right.set_ylabel("log10 |dh_200 / dh_0|, median")
    ax.legend(handles=[a, b], loc="center right", bbox_to_anchor=(1, 0.78))
    return fig


def horizon(lags: Sequence[int], solved: Mapping[str, Sequence[int]], n: int, ax: Axes | None = None) -> Axes:
    """How many of n runs solved the recall task at each lag, grouped bars, one hatch per name."""
    ax = ax or plt.figure().subplots()
    width, at = 0.8 / len(solved), np.arange(len(lags))
    for k, ((name, counts), hatch) in enumerate(zip(solved.items(), ("", "//", "..", "xx"), strict=False)):
        ax.bar(at + (k - (len(solved) - 1) / 2) * width, counts, width * 0.92, label=name, hatch=hatch, edgecolor="w")
    ax.set_xticks(at, [str(lag) for lag in lags])
    ax.set(xlabel="noise symbols between the first symbol and the question", ylabel=f"runs solved, of {n}")
    ax.set_ylim(0, n + 0.1)
    ax.set_yticks(range(n + 1))
    return ax


def sentence(words: Sequence[str], norms: Mapping[str, np.ndarray], ax: Axes | None = None) -> Axes:
    """Gradient of one answer with respect to each word, (T,) per name, on a log axis over the words."""
    ax = ax or plt.figure(figsize=(9, 3.4)).subplots()
    for (name, values), marker in zip(norms.items(), "os^D", strict=False):
        ax.semilogy(np.maximum(values, FLOOR), label=name, marker=marker, ms=5)
    ax.set_xticks(range(len(words)), words, rotation=60, ha="right", rotation_mode="anchor")
    ax.set(ylabel="|dL/dx_t|", xlabel="word t")
    ax.legend(loc="lower right")
    return ax


def cliff(w: np.ndarray, b: np.ndarray, loss: np.ndarray, paths: Mapping[str, np.ndarray]) -> Figure:
    """Left: loss (b, w) as a map with descent paths (steps, 2). Right: the loss along b where w is the paths' start."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.7), width_ratios=(1.25, 1), layout="constrained")
    image = left.pcolormesh(w, b, np.log10(loss + 1e-6), cmap="cividis", rasterized=True)
    fig.colorbar(image, ax=left, label="log10 loss")
    for (name, path), colour, line, marker in zip(paths.items(), ("w", "#FFB000"), ("--", "-"), "o^", strict=False):
        inside = (path[:, 0] >= w[0]) & (path[:, 0] <= w[-1]) & (path[:, 1] >= b[0]) & (path[:, 1] <= b[-1])
        left.plot(
            *path.T, color=colour, ls=line, marker=marker, ms=4, lw=1.5, label=f"{name}: {inside.sum()} steps here"
        )
    start = next(iter(paths.values()))[0]
    left.plot(*start, marker="*", ms=14, color="w", mec="k", ls="none", label="start")
    left.set(
        xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="weight w", ylabel="bias b", title="Loss of h_50, two parameters"
    )
    left.grid(False)
    left.legend(loc="lower left", fontsize=9, labelcolor="w", frameon=True, facecolor="0.25", framealpha=0.9)
    fig.get_layout_engine().set(wspace=0.08)
    column = int(np.argmin(np.abs(w - start[0])))
    right.plot(b, loss[:, column])
    right.set(xlabel=f"bias b, at w = {w[column]:.2f}", ylabel="loss", title="The same loss from the side: a wall")
    return fig


def losses(curves: Mapping[str, np.ndarray], level: float, ax: Axes | None = None, top: float = 12) -> Axes:
    """Training loss against update, one line per name; `level` is the loss of guessing."""
    ax = ax or plt.figure().subplots()
    for name, loss in curves.items():
        ax.plot(np.minimum(loss, top), label=name, lw=1.5)
    ax.axhline(level, color="0.4", lw=1, ls=":")
    ax.annotate("guessing", (1.01, level), xycoords=("axes fraction", "data"), va="center", color="0.3")
    ax.set(xlabel="update", ylabel="loss (nats)")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 0.6))
    return ax


# ---------------------------------------------------------------- explorers


def network(
    radius: float, input_size: float, H: int = 32, T: int = 100, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient norm by lag (T + 1,) and all slopes 1 - h^2 of a random tanh network."""
    rng = np.random.default_rng(seed)
    W_hh = init.scaled_to_radius(rng.standard_normal((H, H)), radius)
    drive = input_size * rng.standard_normal((T, 4, H))  # what the inputs add to a_t
    h0, dh_T = np.zeros((4, H)), rng.standard_normal((4, H))
    params = (np.eye(H), W_hh, np.zeros(H))
    hs = bptt.unroll(cells.rnn_step, drive, h0, *params)
    return gradients.gradient_by_lag("rnn", drive, h0, params, dh_T), 1 - hs.ravel() ** 2


def draw_flow(spectral_radius: float, input_size: float) -> Figure:
    """Gradient against lag (left) and the distribution of the slopes 1 - h^2 (right) of a tanh network."""
    norms, slopes = network(spectral_radius, input_size)
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), width_ratios=(1.6, 1), layout="constrained")
    end = norms[-1] / norms[0]
    word = "grows" if end > 1 else "shrinks"
    flow({"": norms}, left, f"radius {spectral_radius:g}: over 100 steps it {word}, x {end:.0e}")
    right.hist(slopes, np.linspace(0, 1, 21), weights=np.full(slopes.size, 100 / slopes.size), color="#009E73")
    right.set(xlim=(0, 1), ylim=(0, 100), xlabel="slope 1 - h^2", ylabel="% of units and steps")
    right.set_title(f"inputs of size {input_size:g}: median slope {np.median(slopes):.2f}")
    return fig


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
    """A gradient of two entries before and after clipping by norm and by value, as arrows."""
    g = np.array([g1, g2])
    fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    arrows = {"gradient": g, "by norm": clipped(g, limit, "norm"), "by value": clipped(g, limit, "value")}
    for (name, v), colour, line in zip(arrows.items(), ("0.5", "#0072B2", "#D55E00"), (":", "-", "--"), strict=True):
        turned = f", turned by {angle(g, v):.0f}°" if name != "gradient" and np.linalg.norm(g) > 0 else ""
        ax.annotate(
            "",
            v,
            (0, 0),
            arrowprops={"arrowstyle": "-|>", "color": colour, "ls": line, "lw": 2.2, "mutation_scale": 18},
        )
        ax.plot([], [], color=colour, ls=line, label=f"{name}: length {np.linalg.norm(v):.1f}{turned}")
    turn = np.linspace(0, 2 * np.pi, 100)
    ax.plot(limit * np.cos(turn), limit * np.sin(turn), color="#0072B2", lw=0.8, ls="-")
    ax.plot(
        limit * np.array([-1, 1, 1, -1, -1]), limit * np.array([-1, -1, 1, 1, -1]), color="#D55E00", lw=0.8, ls="--"
    )
    low, high = np.minimum(g, -limit), np.maximum(g, limit)
    margin = 0.06 * (high - low).max()
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
    ax.set(aspect="equal", xlabel="g_1", ylabel="g_2")
    ax.set_title(f"Clipping at {limit:g}: circle (norm) and square (value)")
    fig.legend(loc="outside lower center", fontsize=9)
    return fig


def clip_text(limit: float, g1: float, g2: float) -> str:
    """The alt text of `draw_clip`."""
    g = np.array([g1, g2])
    v = clipped(g, limit, "value")
    turned = f"{angle(g, v):.0f} degrees" if np.linalg.norm(g) > 0 else "nothing"
    return (
        f"Three arrows from the origin: the gradient ({g1:g}, {g2:g}); clipped by norm at {limit:g}, on the same line; "
        f"clipped by value at {limit:g}, ({v[0]:g}, {v[1]:g}), turned by {turned}. A circle and a square "
        "mark the limits."
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
    fig, axes = plt.subplots(2, 4, figsize=(11, 5), layout="constrained", sharey="row")
    for k, (name, values) in enumerate(PATIENTS.items()):
        norms, slopes = network(**values)
        flow({"": norms}, axes[0, k], f"network {name}")
        axes[1, k].hist(slopes, np.linspace(0, 1, 21), weights=np.full(slopes.size, 100 / slopes.size), color="#009E73")
        axes[1, k].set(xlabel="slope 1 - h^2", xlim=(0, 1), title=f"median slope {np.median(slopes):.2f}")
    for ax in axes[0, 1:]:
        ax.set_ylabel("")
    axes[1, 0].set_ylabel("% of units and steps")
    return fig
