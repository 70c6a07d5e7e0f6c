"""Lesson 03 in pictures: the walk back along a sentence, the triangle of slopes and its band, curves of training.

Letters: row t, column k of a triangle hold what the use of w at step k contributes to dL_t/dw.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from course_lib.nn.bptt import Params
from course_lib.show.colours import ink
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Array = np.ndarray
T_EXPLORED = 30


def triangle(w: float, xs: Array, h0: float = 0.0) -> Array:
    """Every use's share in every loss, for one tanh neuron and the losses L_t = h_t.

        h_t = tanh(w h_{t-1} + x_t)        M[t, k] = dh_t/dh_k · (1 - h_k^2) h_{k-1}        (0 where k > t)

    The sum of all entries is dL/dw for L = h_1 + ... + h_T. xs: (T), or (T, n) for n input sequences at once;
    returns (T, T) or (T, T, n).

    Example:
        >>> triangle(0.9, [1.0, 0.0, 0.0]).round(3).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.492, 0.0], [0.0, 0.337, 0.452]]

    Derived in notebooks/03_bptt.ipynb.
    """
    hs = [h0]
    for x_t in xs:
        hs.append(np.tanh(w * hs[-1] + x_t))
    M = np.zeros((len(xs), len(xs), *np.shape(xs)[1:]))
    for t in range(1, len(xs) + 1):
        dh = 1.0
        for k in range(t, 0, -1):
            da = dh * (1 - hs[k] ** 2)
            M[t - 1, k - 1] = da * hs[k - 1]
            dh = da * w
    return M


def kept(M: Array, k: int) -> float:
    """The share of the summed absolute entries that lies in the band of the k most recent uses.

    Example:
        >>> kept(np.tril(np.ones((3, 3))), 1)
        0.5
    """
    lag = np.subtract.outer(np.arange(len(M)), np.arange(len(M)))
    return float(np.abs(M)[(lag >= 0) & (lag < k)].sum() / np.abs(M).sum())


@functools.cache
def noisy_triangle(w: float, T: int = T_EXPLORED, draws: int = 50, sd: float = 0.5) -> Array:
    """The mean of |triangle| over input sequences of normal noise, seeds 0 .. draws - 1; read-only."""
    xs = np.array([np.random.default_rng(seed).normal(0, sd, T) for seed in range(draws)])
    M = np.abs(triangle(w, xs.T)).mean(axis=2)
    M.flags.writeable = False
    return M


def plot_triangle(M: Array, k: int | None = None, ax: Axes | None = None, numbers: bool | None = None) -> Axes:
    """A triangle as a heat map, with the border of the band of k steps."""
    ax = axes(ax, (7, 4.4))
    T = len(M)
    image = _heat_map(ax, M, np.abs(M).max())
    ax.figure.colorbar(image, ax=ax, label="size of the slope")
    if (T <= 8) if numbers is None else numbers:
        for t in range(T):
            for j in range(t + 1):
                dark = abs(M[t, j]) < 0.4 * np.abs(M).max()
                ax.text(j + 1, t + 1, f"{M[t, j]:.3f}", ha="center", va="center", color="white" if dark else "black")
    if k is not None and k < T:
        _border(ax, T, k)
    return ax


def _heat_map(ax: Axes, M: Array, largest: float) -> AxesImage:
    """|M| below its diagonal as one image: quick to draw, whatever its size."""
    T = len(M)
    shown = np.where(np.tri(T, dtype=bool), np.abs(M), np.nan)
    edge = (0.5, T + 0.5, T + 0.5, 0.5)
    image = ax.imshow(shown, cmap="cividis", vmin=0, vmax=largest, extent=edge, aspect="auto", interpolation="nearest")
    ticks = np.arange(1, T + 1) if T <= 10 else np.arange(5, T + 1, 5)
    ax.set(xticks=ticks, yticks=ticks, xlabel="use of w (step)", ylabel="loss (step)")
    ax.grid(False)
    return image


def _border(ax: Axes, T: int, k: int) -> None:
    """The staircase at the edge of a band of k steps: white with a black rim, so that it is seen on every colour."""
    edges = np.arange(T + 1) + 0.5
    xs, ys = np.repeat(edges[: T - k + 1], 2)[:-1], np.repeat(edges[k : T + 1], 2)[1:]
    ax.plot(xs, ys, color="black", linestyle="-", lw=4.5)
    ax.plot(xs, ys, color="white", linestyle="-", lw=2)


def walk(words: Sequence[str], totals: Sequence[float], losses: bool, title: str = "", ax: Axes | None = None) -> Axes:
    """The unrolled network over its words: arrows forward, and the gradient's arrows back, as thick as what they carry.

    totals  the gradient at the state after each word (T,), written below the word
    losses  whether each state has a loss of its own, which adds 1 to its gradient; else only the last one has
    """
    ax = axes(ax, (7, 2.9 if losses else 2.4))
    T, blue, black = len(words), ink("h")["color"], ink("d")["color"]
    handed = [total - losses for total in totals]  # what comes from later
    look = {"arrowstyle": "-|>", "lw": 1.5, "shrinkA": 13, "shrinkB": 13, "linestyle": "-"}
    for t in range(T):
        own = losses or t == T - 1
        _node(ax, t, 0, f"$h_{t + 1}$", blue)
        ax.text(t, -0.85, f"{words[t]}\n{totals[t]:.2f}", ha="center", va="center", linespacing=1.6)
        if own:
            _node(ax, t, 1, f"$L_{t + 1}$" if losses else "$L$", black)
            ax.annotate("", xy=(t - 0.07, 1), xytext=(t - 0.07, 0), arrowprops=look | {"color": blue})
            ax.annotate("", xy=(t + 0.07, 0), xytext=(t + 0.07, 1), arrowprops=look | {"color": black})
            ax.text(t + 0.13, 0.5, "1", ha="left", va="center")
        if t < T - 1:
            ax.annotate("", xy=(t + 1, 0.16), xytext=(t, 0.16), arrowprops=look | {"color": blue})
            width = 0.16 * handed[t] / max(handed)
            back = {"width": width, "head_width": width + 0.16, "head_length": 0.13, "length_includes_head": True}
            ax.arrow(t + 0.76, -0.2, -0.52, 0, color=black, lw=0, **back)
            ax.text(t + 0.5, -0.5, f"{handed[t]:.2f}", ha="center", va="center")
    ax.set(xlim=(-0.5, T - 0.4), ylim=(-1.2, 1.3))
    ax.set_title(title, loc="left")
    ax.axis("off")
    return ax


def _node(ax: Axes, x: float, y: float, text: str, edge: str) -> None:
    box = {"boxstyle": "circle,pad=0.25", "fc": "white", "ec": edge, "lw": 1.8}
    ax.text(x, y, text, ha="center", va="center", fontsize=12, bbox=box, zorder=3)


LARGEST = 0.42  # the top of the explorer's colour scale: no entry of its triangles is larger


@functools.cache
def _shares(w: float) -> tuple[float, ...]:
    """The share in per cent that each band of 1 .. T steps keeps."""
    M = noisy_triangle(w)
    return tuple(100 * kept(M, k) for k in range(1, len(M) + 1))


def draw_band(w: float, k: int) -> Figure:
    """The explorer: the triangle of a noisy neuron for w, and the band that truncation to k steps keeps."""
    M, shares = noisy_triangle(w), _shares(w)
    fig = plt.figure(figsize=(7, 3.9))
    left, bar, right = (fig.add_axes((x, 0.15, width, 0.72)) for x, width in ((0.09, 0.37), (0.47, 0.02), (0.67, 0.31)))
    _heat_map(left, M, LARGEST)
    scale = np.linspace(LARGEST, 0, 64)[:, None]
    bar.imshow(scale, cmap="cividis", extent=(0, 1, 0, LARGEST), aspect="auto")
    bar.set(xticks=(), yticks=(0, 0.2, 0.4), ylabel="size of the slope")
    bar.yaxis.set(ticks_position="right", label_position="right")
    bar.grid(False)
    if k < len(M):
        _border(left, len(M), k)
    left.set_title(f"w = {w:g}, band of k = {k}")
    right.plot(range(1, len(M) + 1), shares, **ink("d"))
    right.plot([k], [shares[k - 1]], marker="s", ms=10, color="black", mfc="white", mew=2)
    right.axhline(90, color="0.25", linestyle=":")
    right.text(30, 88, "90 %", ha="right", va="top", color="0.25")
    right.set(xlabel="k, steps of gradient", ylabel="share kept (%)", xlim=(0, 31), ylim=(0, 103))
    right.set(xticks=(1, 10, 20, 30), yticks=(0, 25, 50, 75, 100), title=f"keeps {shares[k - 1]:.1f} %")
    return fig


def describe_band(w: float, k: int) -> str:
    """What `draw_band` shows, for someone who cannot see it."""
    share = _shares(w)[k - 1]
    band = f"the band of k = {k}"
    border = f"a white line marks the border of {band}" if k < T_EXPLORED else f"{band} is all of it"
    return (
        "Left, a heat map of a lower triangle of 30 rows (the losses, by step) and 30 columns (the uses of w): "
        f"w = {w:g}, "
        f"bright along the diagonal, fading to the left; {border}. "
        f"Right, the share kept against k, rising to 100 %; at your k it is {share:.1f} %."
    )


def plot_training(
    curves: Mapping[str, Sequence[float]],
    floors: Mapping[str, float],
    ylim: tuple[float, float],
    over: int = 100,
    ax: Axes | None = None,
) -> Axes:
    """Bits per word against the update, each point the mean of `over` updates, and a dotted line for each floor."""
    ax = axes(ax, (7, 3.6))
    for label, bits in curves.items():
        mean = np.convolve(bits, np.ones(over) / over, "valid")
        ax.plot(np.arange(len(mean)) + over, mean, label=label)
    for label, floor in floors.items():
        ax.axhline(floor, color="0.25", linestyle=":")
        ax.text(1.01, floor, label, transform=ax.get_yaxis_transform(), ha="left", va="center", color="0.25")
    ax.set(xlabel="update", ylabel="bits per word", ylim=ylim)
    ax.legend()
    return ax


def plot_memory(Ts: Array, mebibytes: dict[str, Array], ax: Axes | None = None) -> Axes:
    """Peak memory against the length of the sequence, both on logarithmic axes."""
    ax = axes(ax, (7, 3.8))
    for (label, values), marker in zip(mebibytes.items(), "osd^", strict=False):
        ax.loglog(Ts, values, marker=marker, label=label)
    ax.set(xlabel="T, steps in the sequence", ylabel="peak memory (MiB)", title="What the backward pass has to keep")
    ax.set_xticks(Ts, [str(T) for T in Ts])
    ax.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    ax.minorticks_off()
    ax.set_ylim(0.7, 130)
    ax.legend()
    return ax


# --- the three suspects of exercise 03.6 ------------------------------------------------------------------------------


def suspect(letter: str, xs: Array, h0: Array, params: Params, dhs: Array) -> tuple[Array, Array]:
    """One of three backward passes of a tanh RNN, A, B or C; only one of them is right. Judge it from outside.

    Args: xs (T, B, D), h0 (B, H), params (W_xh, W_hh, b_h), dhs (T, B, H) the direct derivatives of the loss.
    Returns: dxs (T, B, D), dW_hh (H, H).
    """
    if letter not in ("A", "B", "C"):
        raise ValueError(f"letter: expected A, B or C, got {letter!r}")
    W_xh, W_hh, b_h = params
    hs = [h0]
    for x_t in xs:
        hs.append(np.tanh(x_t @ W_xh.T + hs[-1] @ W_hh.T + b_h))
    a, c = "BCA".index(letter) == 2, "ABC".index(letter) == 2
    dxs, dW_hh, dh_next = np.empty_like(xs), np.zeros_like(W_hh), np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        da_t = (dhs[t] + dh_next) * (1 - hs[t + 1] ** 2)
        dxs[t], dW_hh = da_t @ W_xh, da_t.T @ hs[t] + (1 - a) * dW_hh
        dh_next = (1 - c) * (da_t @ W_hh)
    return dxs, dW_hh
