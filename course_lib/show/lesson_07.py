"""Plots and explorers of lesson 07: padding, buckets, schedules, sweeps, sick curves. Arrays in, Axes or Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from course_lib.show.colours import ink
from course_lib.show.figure import axes

Array = np.ndarray
MARKS = "os^Dvx*"

# The training clinic: which letter has which fault.
FAULTS = {"A": "double softmax", "B": "healthy", "C": "unshifted", "D": "rate x 25", "E": "view", "F": "shuffled"}


def erased(left: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Share of the distance between two last states that is left after k pads, (k,) per name, on a log axis."""
    ax = axes(ax)
    for name, curve in left.items():
        ax.semilogy(curve, label=name)
    ax.axhline(0.01, color="0.25", lw=1.5, ls=":")
    ax.text(0.99, 0.012, "1 %", transform=ax.get_yaxis_transform(), ha="right", va="bottom", color="0.25")
    ax.set(xlabel="zero vectors after the sentence", ylabel="distance, relative to no pads")
    ax.set_title("Padding erases what the state knew")
    ax.legend()
    return ax


def padded_batches(lengths: Array, plans: Mapping[str, Sequence[Array]], most: int = 12) -> Figure:
    """Real steps and padding of the first `most` batches of each plan: a row is a sequence, a block is a batch."""
    fig, axes = plt.subplots(1, len(plans), figsize=(7, 4), sharey=True, sharex=True, layout="constrained")
    longest = int(max(lengths))
    for ax, (name, batches) in zip(np.atleast_1d(axes), plans.items(), strict=True):
        rows = []
        for batch in list(batches)[:most]:
            for i in batch:
                row = np.zeros(longest)
                row[: max(lengths[batch])] = 2
                row[: lengths[i]] = 1
                rows.append(row)
            rows.append(np.zeros(longest))
        ax.imshow(
            np.array(rows),
            aspect="auto",
            interpolation="nearest",
            cmap=ListedColormap(["white", ink("x")["color"], "#F2C879"]),
            vmin=0,
            vmax=2,
        )
        ax.grid(False)
        ax.set(title=name, xlabel="time step")
        ax.set_xticks(range(0, longest + 1, 5))
    np.atleast_1d(axes)[0].set_ylabel("sequences, batch by batch")
    boxes = [Patch(color=ink("x")["color"], label="real step"), Patch(color="#F2C879", label="padding")]
    fig.legend(handles=boxes, loc="outside lower center", ncols=2)
    return fig


def rates(curves: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Learning rate against update, one line per schedule."""
    ax = axes(ax, (7, 3.8))
    for name, curve in curves.items():
        ax.plot(curve, label=name)
    top = 1.4 * max(max(curve) for curve in curves.values())
    ax.set(xlabel="update", ylabel="learning rate", title="Schedules", ylim=(0, top))
    ax.legend(ncols=2, loc="upper center")
    return ax


def sweep(lrs: Mapping[str, Array], losses: Mapping[str, Array], axes: Sequence[Axes], level: float, top=4) -> None:
    """Held-out loss against learning rate: losses[name] (rates, seeds), a line through the median, a dot per seed.

    Losses above `top` are drawn at `top`, and its tick says so.
    """
    for ax, name in zip(axes, lrs, strict=True):
        for mark, (who, values) in zip(MARKS, losses[name].items(), strict=False):
            median = np.minimum(np.median(values, axis=1), top)
            (line,) = ax.semilogx(lrs[name], median, marker=mark, ms=6, label=who)
            for column in values.T:
                ax.semilogx(lrs[name], np.minimum(column, top), mark, ms=3, alpha=0.5, color=line.get_color())
        ax.axhline(level, color="0.25", lw=1.5, ls=":")
        ax.set(xlabel="learning rate", title={"adam": "Adam", "sgd": "SGD"}.get(name, name), ylim=(-0.1, 1.05 * top))
        ax.set_yticks(range(top + 1), [*map(str, range(top)), f"{top} or more"])
    axes[0].set_ylabel("held-out loss (nats)")
    axes[0].legend(fontsize=10, loc="upper left")


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
        ax.axhline(level, color="0.25", lw=1.5, ls=":")
        ax.text(0.9, level, name, transform=ax.get_yaxis_transform(), ha="right", va="bottom", color="0.25")
    ax.set(xlabel="update", ylabel="training loss (nats)", title="Six runs of one language model", ylim=(-0.1, 5))
    return ax


def norms(history: Array, limits: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Gradient norm against update, on a log axis, with candidate limits as horizontal lines."""
    ax = axes(ax, (7, 3.6))
    ax.semilogy(history, lw=1.5, **ink("d"))
    for name, limit in limits.items():
        ax.axhline(limit, color="0.25", lw=1.5, ls=":")
        ax.text(1.01, limit, name, transform=ax.get_yaxis_transform(), va="center", color="0.25")
    ax.set(xlabel="update", ylabel="gradient norm before clipping", title="Look at the norms before you set a limit")
    return ax


def spread(groups: Mapping[str, Sequence[float]], ax: Axes | None = None, label: str = "score") -> Axes:
    """One row per setting: a dot per seed and a bar at the median, on a log axis."""
    size = (7, 0.5 * len(groups) + 1.2)
    ax = ax or plt.figure(figsize=size, layout="constrained").subplots()
    for k, (_, values) in enumerate(groups.items()):
        ax.semilogx(values, [k] * len(values), "o", ms=7, mew=1.5, mfc="none", color="0.15")
        ax.semilogx([np.median(values)], [k], "|", ms=22, mew=2.5, color="0.15")
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel=label, ylim=(len(groups) - 0.5, -0.5))
    return ax


# ---------------------------------------------------------------- explorers


def draw_padded_loss(padded_share: float, true_loss: float) -> Figure:
    """What a mean over all positions prints when `padded_share` of them are padding with a loss of 0."""
    printed = (1 - padded_share) * true_loss
    fig = plt.figure(figsize=(7, 3.6))
    ax = fig.add_axes((0.1, 0.16, 0.87, 0.64))
    ax.plot([0, 0.9], [true_loss, true_loss], color="0.15", ls="-", lw=2)
    ax.plot([0, 0.9], [true_loss, 0.1 * true_loss], color="0.15", ls="--", lw=2)
    ax.plot([padded_share], [printed], "o", ms=10, color="0.15")
    ax.text(0.925, true_loss, "true", va="center")
    ax.text(0.925, 0.1 * true_loss, "printed", va="center")
    ax.set(xlabel="share of positions that are padding", ylabel="loss (nats)", xlim=(-0.03, 1.05), ylim=(-0.15, 4.3))
    ax.set(xticks=(0, 0.2, 0.4, 0.6, 0.8), yticks=range(5))
    told = f"printed {printed:.2f} nats, perplexity {np.exp(printed):.1f}"
    ax.set_title(f"{told}\ntrue {true_loss:.2f} nats, perplexity {np.exp(true_loss):.1f}")
    return fig


def padded_loss_text(padded_share: float, true_loss: float) -> str:
    """The alt text of `draw_padded_loss`."""
    printed = (1 - padded_share) * true_loss
    return (
        f"Loss against the share of padding: a flat line at the true loss {true_loss:.2f} and a falling line of the "
        f"printed one; at a share of {padded_share:.0%} it prints {printed:.2f}."
    )


def draw_schedule(kind: str, gamma: float, warm_up: int, steps: int = 200, lr: float = 0.02) -> Figure:
    """The learning rate of 200 updates: kind constant, exponential, step or cosine, after a warm-up."""
    from course_lib import training  # loads torch: not needed for the other pictures

    made = {
        "exponential": lambda: training.exponential(lr, gamma),
        "step": lambda: training.step_decay(lr, 50, gamma),
        "cosine": lambda: training.cosine(lr, steps - warm_up),
        "constant": lambda: training.constant(lr),
    }[kind]()
    schedule = training.warm_up(made, warm_up) if warm_up else made
    curve = np.array([schedule(k) for k in range(steps + 1)])
    fig = plt.figure(figsize=(7, 3.4))
    ax = fig.add_axes((0.13, 0.17, 0.84, 0.71))
    ax.plot(curve, color="0.15", ls="-", lw=2)
    marked = [0, 100, 200]
    ax.plot(marked, curve[marked], "o", color="0.15")
    for k in marked:
        ax.text(k + 3, curve[k] + 0.0007, f"{curve[k]:.4f}")
    ax.set(
        xlabel="update", ylabel="learning rate", xlim=(-4, 228), ylim=(-0.0006, lr * 1.2), title=f"{kind}, from {lr}"
    )
    ax.set(xticks=range(0, steps + 1, 50), yticks=(0, lr / 2, lr))
    return fig


def schedule_text(kind: str, gamma: float, warm_up: int) -> str:
    """The alt text of `draw_schedule`."""
    tail = f", gamma {gamma:g}" if kind in ("exponential", "step") else ""
    return f"Learning rate against update for 200 updates: {kind} schedule{tail}, warm-up of {warm_up} updates."
