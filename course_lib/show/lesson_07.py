"""Plots and the explorer of lesson 07: batches, step sizes, races, sick curves. Arrays in, Axes or Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from course_lib.data import SENTENCE_BITS, SENTENCE_LENGTH
from course_lib.show.along import lines_along
from course_lib.show.colours import ink
from course_lib.show.figure import axes

Array = np.ndarray
PAD = "#F2C879"
FLOOR = SENTENCE_BITS / SENTENCE_LENGTH  # bits a word

# The training clinic: which letter has which fault.
FAULTS = {
    "A": "double softmax",
    "B": "healthy",
    "C": "unshifted",
    "D": "step size x 25",
    "E": "view",
    "F": "shuffled",
}


# ---------------------------------------------------------------- padding


def batch_rows(sentences: Sequence[Sequence[str]], ax: Axes | None = None) -> Axes:
    """A padded batch as rows of words: pads are sand-coloured boxes, the last word of each sentence has a frame."""
    T, B = max(map(len, sentences)), len(sentences)
    ax = axes(ax, (7, 0.36 * B + 0.8))
    for b, words in enumerate(sentences):
        for t in range(T):
            last = t == len(words) - 1
            face = "white" if t < len(words) else PAD
            edge = {"edgecolor": ink("h")["color"], "lw": 2.5, "zorder": 2} if last else {"edgecolor": "0.8", "lw": 1}
            ax.add_patch(Rectangle((t + 0.04, b + 0.06), 0.92, 0.88, facecolor=face, **edge))
            ax.text(
                t + 0.5, b + 0.5, words[t] if t < len(words) else "pad", ha="center", va="center", zorder=3, size=10
            )
    ax.set(xlim=(0, T), ylim=(B, 0), xlabel="time step", ylabel="sentence")
    ax.set_xticks(np.arange(T) + 0.5, np.arange(T) + 1)
    ax.set_yticks(np.arange(B) + 0.5, np.arange(B) + 1)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    return ax


def through_pads(words: Sequence[str], lines: Mapping[str, Sequence[float]], pads: int) -> Axes:
    """The answer of a network after each word and then after each of some pads; the pads stand on sand colour."""
    ax = lines_along([*words, *["pad"] * pads], lines, quantity="y", ylabel="score of were − score of was")
    ax.axvspan(len(words) - 0.5, len(words) + pads - 0.5, color=PAD, alpha=0.5, lw=0)
    ax.axhline(0, color="0.25", lw=1)
    ax.set_title("Right wherever a sentence may end, turned over by the first pad", loc="left")
    return ax


def padded_batches(lengths: Array, plans: Mapping[str, Sequence[Array]], most: int = 12) -> Figure:
    """Real steps and padding of the first `most` batches of each plan: a row is a sequence, a block is a batch."""
    fig, panels = plt.subplots(1, len(plans), figsize=(7, 4), sharey=True, sharex=True, layout="constrained")
    longest = int(max(lengths))
    for ax, (name, batches) in zip(np.atleast_1d(panels), plans.items(), strict=True):
        rows = []
        for batch in list(batches)[:most]:
            for i in batch:
                row = np.zeros(longest)
                row[: max(lengths[batch])] = 2
                row[: lengths[i]] = 1
                rows.append(row)
            rows.append(np.zeros(longest))
        colours = ListedColormap(["white", ink("x")["color"], PAD])
        ax.imshow(np.array(rows), aspect="auto", interpolation="nearest", cmap=colours, vmin=0, vmax=2)
        ax.grid(False)
        ax.set(title=name, xlabel="time step")
        ax.set_xticks(range(0, longest + 1, 5))
    np.atleast_1d(panels)[0].set(ylabel="sentences, batch by batch", yticks=())
    boxes = [Patch(color=ink("x")["color"], label="word"), Patch(color=PAD, label="pad")]
    fig.legend(handles=boxes, loc="outside lower center", ncols=2)
    return fig


# ---------------------------------------------------------------- step sizes and trainers


def cliff(losses: Mapping[float, Sequence[float]], edge: float, top: float = 3.0, ax: Axes | None = None) -> Axes:
    """Loss in bits on fresh sentences against the step size: a ring for each start, a line through the medians.

    edge  the largest step size in front of the cliff; a loss above `top` stands on the upper edge
    """
    ax = axes(ax, (7, 3.2))
    steps = list(losses)
    ax.semilogx(steps, [min(np.median(losses[s]), top) for s in steps], color="0.15", ls="-", lw=2)
    for s in steps:
        ax.semilogx([s] * len(losses[s]), np.minimum(losses[s], top), "o", mfc="none", color="0.15", ms=7)
    ax.axhline(1, color="0.25", lw=1.5, ls=":")
    ax.text(0.99, 1.05, "a coin", transform=ax.get_yaxis_transform(), ha="right", color="0.25")
    ax.axvspan(edge * 1.7, steps[-1] * 1.3, color="#D55E00", alpha=0.12, lw=0)
    ax.text(np.sqrt(edge * 1.7 * steps[-1] * 1.3), 0.55, "the cliff", ha="center", transform=ax.get_xaxis_transform())
    ax.set_xticks(steps, [f"{s:g}" for s in steps])
    ax.minorticks_off()
    ax.set(xlabel="step size", ylabel="bits on fresh sentences", ylim=(-0.1, 1.05 * top))
    ax.set_yticks(range(int(top) + 1), [*map(str, range(int(top))), f"{top:g} or more"])
    ax.set_title("A slope, a valley, and a cliff", loc="left")
    return ax


def moves(gradients: Sequence[float], plain: Sequence[float], adam: Sequence[float]) -> Axes:
    """How far each weight is moved by one update: plain descent and Adam side by side, on a log axis."""
    ax = axes(None, (7, 2.8))
    places = np.arange(len(gradients))
    ax.bar(places - 0.2, plain, 0.36, color="0.65", label="plain descent")
    ax.bar(places + 0.2, adam, 0.36, color="0.15", hatch="///", edgecolor="white", label="Adam")
    ax.set_yscale("log")
    ax.set_xticks(places, [f"gradient {g:g}" for g in gradients])
    ax.set(ylabel="length of the first step", ylim=(None, 3))
    ax.set_title("Plain descent follows the size of the gradient, Adam does not", loc="left")
    ax.legend(ncols=2, loc="upper right")
    return ax


def race(groups: Mapping[str, Sequence[int | None]], limit: int, title: str = "", ax: Axes | None = None) -> Axes:
    """One row per setting, a ring per start at the update where it had learned; None stands behind the limit."""
    ax = axes(ax, (7, 0.5 * len(groups) + 1.3))
    behind = 1.12 * limit
    for k, updates in enumerate(groups.values()):
        for j, n in enumerate(updates):
            y = k + 0.12 * (j - (len(updates) - 1) / 2)
            mark = {"marker": "x", "color": "#D55E00"} if n is None else {"marker": "o", "color": "0.15"}
            ax.plot([behind if n is None else n], [y], ms=8, mew=1.8, mfc="none", ls="", **mark)
    ax.axvspan(1.04 * limit, 1.2 * limit, color="#D55E00", alpha=0.12, lw=0)
    ticks = [t for t in (0, 25, 50, 75, 100, 125, 150, 200) if t <= limit]
    ax.set_xticks([*ticks, behind], [*map(str, ticks), "not yet"])
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel="updates until 99 of 100 are right", xlim=(0, 1.2 * limit), ylim=(len(groups) - 0.4, -0.6))
    ax.grid(visible=False, axis="y")
    if title:
        ax.set_title(title, loc="left")
    return ax


def rates(curves: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Step size against update, one line per schedule."""
    ax = axes(ax, (7, 3.8))
    for name, curve in curves.items():
        ax.plot(curve, label=name)
    top = 1.4 * max(max(curve) for curve in curves.values())
    ax.set(xlabel="update", ylabel="learning rate", title="Schedules", ylim=(0, top))
    ax.legend(ncols=2, loc="upper center")
    return ax


def norms(history: Array, limits: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Gradient norm against update, on a log axis, with candidate limits as horizontal lines."""
    ax = axes(ax, (7, 3.4))
    ax.semilogy(history, lw=1.5, **ink("d"))
    for name, limit in limits.items():
        ax.axhline(limit, color="0.25", lw=1.5, ls=":")
        ax.text(1.01, limit, name, transform=ax.get_yaxis_transform(), va="center", color="0.25")
    ax.set(xlabel="update", ylabel="gradient norm before clipping", title="Look at the norms before you set a limit")
    return ax


# ---------------------------------------------------------------- diagnosis and comparison


def clinic(curves: Mapping[str, Array], levels: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Training losses of several runs with their letters at the right end, and levels to compare them with."""
    ax = axes(ax, (7, 4.4))
    ends = []
    for name, curve in curves.items():
        (line,) = ax.plot(curve, lw=1.6, label=name)
        ends.append((curve[-1], name, line.get_color()))
    at = -1.0
    for end, name, colour in sorted(ends):
        at = max(end, at + 0.3)
        ax.annotate(name, (len(curve) * 1.01, at), color=colour, va="center", weight="bold", annotation_clip=False)
    for name, level in levels.items():
        ax.axhline(level, color="0.25", lw=1.2, ls=":")
        side = "top" if name == "floor" else "bottom"
        told = ax.text(0.62, level, name, transform=ax.get_yaxis_transform(), ha="right", va=side, color="0.25")
        told.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5})
    ax.set(xlabel="update", ylabel="training loss (bits a word)", ylim=(-0.15, 5.4))
    ax.set_title("Six runs of one network that predicts the next word", loc="left")
    return ax


def spread(groups: Mapping[str, Sequence[float]], ax: Axes | None = None, label: str = "score") -> Axes:
    """One row per setting: a ring per start and a bar at the median, on a log axis."""
    size = (7, 0.5 * len(groups) + 1.2)
    ax = ax or plt.figure(figsize=size, layout="constrained").subplots()
    for k, (_, values) in enumerate(groups.items()):
        ax.semilogx(values, [k] * len(values), "o", ms=7, mew=1.5, mfc="none", color="0.15")
        ax.semilogx([np.median(values)], [k], "|", ms=22, mew=2.5, color="0.15")
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel=label, ylim=(len(groups) - 0.5, -0.5))
    return ax


def two_losses(train: Sequence[float], held_out: Sequence[tuple[int, float]], stop: int) -> Axes:
    """Training loss per update, loss on fresh sentences at some updates, and where early stopping stops."""
    ax = axes(None, (7, 3))
    ax.plot(np.arange(1, len(train) + 1), train, color="0.55", ls="-", lw=1.2, label="the sentences it trains on")
    ax.plot(*zip(*held_out), color=ink("y")["color"], ls="--", marker="o", ms=4, label="fresh sentences")
    ax.axvline(stop, color="0.25", lw=1.5, ls=":")
    ax.text(stop + 1, 0.04, "best so far", transform=ax.get_xaxis_transform(), color="0.25")
    ax.set(xlabel="update", ylabel="loss (bits)", ylim=(-0.05, None))
    ax.legend(loc="upper center")
    return ax


# ---------------------------------------------------------------- explorer


def draw_padded_loss(padded_share: float, true_loss: float = 2.0) -> Figure:
    """What a mean over all places prints when `padded_share` of them are pads that cost nothing; bits a word."""
    printed = (1 - padded_share) * true_loss
    fig = plt.figure(figsize=(7, 3.2))
    ax = fig.add_axes((0.1, 0.18, 0.87, 0.68))
    ax.plot([0, 0.9], [true_loss, true_loss], color="0.15", ls="-", lw=2)
    ax.plot([0, 0.9], [true_loss, 0.1 * true_loss], color="0.15", ls="--", lw=2)
    ax.plot([padded_share], [printed], "o", ms=10, color="0.15")
    ax.axhline(FLOOR, color="0.4", lw=1.5, ls=":")
    ax.text(0.01, FLOOR - 0.06, "floor of lesson 02", va="top", color="0.3")
    ax.text(0.915, true_loss, "true", va="center")
    ax.text(0.915, 0.1 * true_loss, "printed", va="center")
    ax.set(xlabel="share of places that are pads", ylabel="bits a word", xlim=(-0.03, 1.05), ylim=(0, 2.3))
    ax.set(xticks=(0, 0.2, 0.4, 0.6, 0.8), yticks=(0, 0.5, 1, 1.5, 2))
    ax.set_title(f"true {true_loss:.2f} bits, printed {printed:.2f} bits", loc="left")
    return fig


def padded_loss_text(padded_share: float, true_loss: float = 2.0) -> str:
    """The alt text of `draw_padded_loss`."""
    printed = (1 - padded_share) * true_loss
    return (
        f"Bits a word against the share of pads: a flat line at the true loss {true_loss:.2f} and a falling line of "
        f"the printed one; at a share of {padded_share:.0%} it prints {printed:.2f}. The floor is at {FLOOR:.2f}."
    )
