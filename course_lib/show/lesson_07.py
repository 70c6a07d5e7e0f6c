"""Plots and explorers of lesson 07: padding, buckets, schedules, sweeps, sick curves. Arrays in, Axes or Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

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
    ax.axhline(0.01, color="0.4", lw=1, ls=":")
    ax.annotate("1 %", (1, 0.01), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="0.3")
    ax.set(xlabel="zero vectors after the sentence", ylabel="distance, relative to no pads")
    ax.set_title("Padding erases what the state knew")
    ax.legend()
    return ax


def padded_batches(lengths: Array, plans: Mapping[str, Sequence[Array]], most: int = 12) -> Figure:
    """Real steps and padding of the first `most` batches of each plan: a row is a sequence, a block is a batch."""
    fig, axes = plt.subplots(1, len(plans), figsize=(9, 3.4), sharey=True, sharex=True, layout="constrained")
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
            cmap=ListedColormap(["white", "#0072B2", "#E9B872"]),
            vmin=0,
            vmax=2,
        )
        ax.grid(False)
        ax.set(title=name, xlabel="time step (dark: real, light: padding)")
        ax.set_xticks(range(0, longest + 1, 5))
    np.atleast_1d(axes)[0].set_ylabel("sequences, batch by batch")
    return fig


def rates(curves: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Learning rate against update, one line per schedule."""
    ax = axes(ax)
    for name, curve in curves.items():
        ax.plot(curve, label=name)
    top = 1.3 * max(max(curve) for curve in curves.values())
    ax.set(xlabel="update", ylabel="learning rate", title="Schedules", ylim=(0, top))
    ax.legend(fontsize=9, ncols=len(curves), loc="upper center")
    return ax


def sweep(lrs: Mapping[str, Array], losses: Mapping[str, Array], axes: Sequence[Axes], level: float, top=4) -> None:
    """Held-out loss against learning rate: losses[name] (rates, seeds), a line through the median, a dot per seed.

    Losses above `top` are drawn at `top`, and its tick says so.
    """
    for ax, name in zip(axes, lrs, strict=True):
        for mark, (who, values) in zip(MARKS, losses[name].items(), strict=False):
            (line,) = ax.semilogx(lrs[name], np.minimum(np.median(values, axis=1), top), marker=mark, ms=6, label=who)
            for column in values.T:
                ax.semilogx(lrs[name], np.minimum(column, top), mark, ms=3, alpha=0.5, color=line.get_color())
        ax.axhline(level, color="0.4", lw=1, ls=":")
        ax.set(xlabel="learning rate", title={"adam": "Adam", "sgd": "SGD"}.get(name, name), ylim=(-0.1, 1.05 * top))
        ax.set_yticks(range(top + 1), [*map(str, range(top)), f"{top} or more"])
    axes[0].set_ylabel("held-out loss (nats)")
    axes[0].legend(fontsize=9, loc="upper left")


def clinic(curves: Mapping[str, Array], levels: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Training losses of several runs with their letters at the right end, and levels to compare them with."""
    ax = axes(ax, (8, 4))
    ends = []
    for name, curve in curves.items():
        (line,) = ax.plot(curve, lw=1.6, label=name)
        ends.append((curve[-1], name, line.get_color()))
    at = -1.0
    for end, name, colour in sorted(ends):
        at = max(end, at + 0.3)
        ax.annotate(name, (len(curve) * 1.01, at), color=colour, va="center", weight="bold", annotation_clip=False)
    for name, level in levels.items():
        ax.axhline(level, color="0.4", lw=1, ls=":")
        ax.annotate(name, (0.75, level), xycoords=("axes fraction", "data"), va="bottom", fontsize=9, color="0.3")
    ax.set(xlabel="update", ylabel="training loss (nats)", title="Six runs of one language model", ylim=(-0.1, 5))
    return ax


def norms(history: Array, limits: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Gradient norm against update, on a log axis, with candidate limits as horizontal lines."""
    ax = axes(ax)
    ax.semilogy(history, lw=1.2, label="norm before clipping")
    for name, limit in limits.items():
        ax.axhline(limit, color="0.4", lw=1, ls=":")
        ax.annotate(name, (1, limit), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    ax.set(xlabel="update", ylabel="gradient norm", title="Look at the norms before you set a limit")
    ax.legend(fontsize=9)
    return ax


def spread(groups: Mapping[str, Sequence[float]], ax: Axes | None = None, label: str = "score") -> Axes:
    """One row per setting: a dot per seed and a bar at the median, on a log axis."""
    ax = axes(ax, (8, 0.5 * len(groups) + 1.2))
    for k, (_, values) in enumerate(groups.items()):
        ax.semilogx(values, [k] * len(values), "o", ms=7, alpha=0.7, mfc="none")
        ax.semilogx([np.median(values)], [k], "|", ms=22, mew=2.5, color="k")
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel=label, ylim=(len(groups) - 0.5, -0.5))
    return ax


# ---------------------------------------------------------------- explorers


def draw_padded_loss(padded_share: float, true_loss: float) -> Figure:
    """What a mean over all positions prints when `padded_share` of them are padding with a loss of 0."""
    fig, ax = plt.subplots(figsize=(7, 3.2))
    share = np.linspace(0, 0.9, 91)
    ax.plot(share, (1 - share) * true_loss, label="printed: mean over all positions")
    ax.axhline(true_loss, color="#D55E00", ls="--", label="true: mean over real positions")
    printed = (1 - padded_share) * true_loss
    ax.plot([padded_share], [printed], "o", ms=10, color="k")
    right = padded_share > 0.5
    ax.annotate(
        f"printed {printed:.2f}\nperplexity {np.exp(printed):.1f}, true {np.exp(true_loss):.1f}",
        (padded_share, printed),
        xytext=(-12 if right else 12, 8),
        textcoords="offset points",
        ha="right" if right and true_loss > 1 else "left" if not right else "right",
        va="bottom" if not right else "top",
    )
    ax.set(xlabel="share of positions that are padding", ylabel="loss (nats)", ylim=(0, true_loss * 1.25))
    ax.set_title("A padded loss lies")
    ax.legend(loc="upper right", fontsize=9)
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
    from course_lib import training

    made = {
        "exponential": lambda: training.exponential(lr, gamma),
        "step": lambda: training.step_decay(lr, 50, gamma),
        "cosine": lambda: training.cosine(lr, steps - warm_up),
        "constant": lambda: training.constant(lr),
    }[kind]()
    schedule = training.warm_up(made, warm_up) if warm_up else made
    curve = np.array([schedule(k) for k in range(steps + 1)])
    fig, ax = plt.subplots(figsize=(7, 3.2))
    ax.plot(curve)
    for k in (0, 100, 200):
        ax.plot([k], [curve[k]], "o", color="k")
        ax.annotate(f"{curve[k]:.4f}", (k, curve[k]), xytext=(4, 8), textcoords="offset points", fontsize=9)
    ax.set(xlabel="update", ylabel="learning rate", ylim=(0, lr * 1.2), xlim=(-4, 222), title=f"{kind}, from {lr}")
    return fig


def schedule_text(kind: str, gamma: float, warm_up: int) -> str:
    """The alt text of `draw_schedule`."""
    tail = f", gamma {gamma:g}" if kind in ("exponential", "step") else ""
    return f"Learning rate against update for 200 updates: {kind} schedule{tail}, warm-up of {warm_up} updates."
