"""Plots and explorers of lesson 05: the cell, its belt, its gates. Arrays in, Axes or Figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.diagram import pens
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
PARTS = ("all", "forget", "input", "candidate", "output", "belt")


def gradient_against_lag(norms: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """|dL/dx_{T-k}| relative to k = 0 against the lag k, one line per model, on a logarithmic axis."""
    ax = axes(ax)
    for name, curve in norms.items():
        ax.semilogy(np.arange(len(curve)), np.maximum(curve, 1e-16) / curve[0], label=name)
    ax.set(xlabel="lag k (time steps)", ylabel="gradient, relative to lag 0")
    ax.legend(fontsize=9)
    return ax


def cell_diagram(lit: str = "all", ax: Axes | None = None) -> Axes:
    """The LSTM cell as boxes and arrows; `lit` is the part that stands out, the rest is grey."""
    ax = axes(ax, (7, 3.4))
    look, arrow, node = pens(ax, lit, PARTS)

    for a, b in [((0, 4), (2, 4)), ((2, 4), (4.4, 4)), ((4.4, 4), (9.6, 4))]:
        arrow(a, b, "belt")
    boxes = [
        ("forget", "$f_t=\\sigma$"),
        ("input", "$i_t=\\sigma$"),
        ("candidate", "$g_t=\\tanh$"),
        ("output", "$o_t=\\sigma$"),
    ]
    for x, (part, name) in zip((2, 3.6, 5.2, 6.8), boxes, strict=True):
        ax.plot([x, x], [0.6, 1.4], **look(part))
        node(x, 1.5, name, part)
    arrow((2, 1.8), (2, 3.75), "forget")
    arrow((3.6, 1.8), (4.25, 2.5), "input")
    arrow((5.2, 1.8), (4.55, 2.5), "candidate")
    arrow((4.4, 2.85), (4.4, 3.75), "input")
    arrow((7.9, 4), (7.9, 3.35), "output")
    arrow((7.9, 2.95), (7.9, 2.15), "output")
    arrow((6.8, 1.8), (7.7, 2.0), "output")
    arrow((8.15, 2.0), (9.6, 2.0), "output")
    ax.plot([0, 6.8], [0.6, 0.6], color="#777777" if lit == "all" else "#bbbbbb", lw=1.4, ls="-")
    node(2, 4, "×", "belt" if lit == "belt" else "forget", True)
    node(4.4, 4, "+", "belt", True)
    node(4.4, 2.65, "×", "input", True)
    node(7.9, 3.15, "tanh", "output")
    node(7.9, 2.0, "×", "output", True)
    ends = [(-0.1, 4, "$c_{t-1}$"), (9.7, 4, "$c_t$"), (9.7, 2.0, "$h_t$"), (-0.1, 0.6, "$h_{t-1}, x_t$")]
    for x, y, text in ends:
        ax.text(x, y, text, ha="left" if x > 0 else "right", va="center", fontsize=12)
    ax.set(xlim=(-1.5, 10.5), ylim=(0.2, 4.6))
    ax.axis("off")
    return ax


def runs(curves: Mapping[str, Array], ax: Axes | None = None, ylabel: str = "cell c") -> Axes:
    """Values against the time step; an array (n, T) is drawn as n thin lines in one style."""
    ax = axes(ax)
    for name, values in curves.items():
        rows = np.atleast_2d(values)
        (line,) = ax.plot(rows[0], label=name, lw=1.4)
        for row in rows[1:]:
            ax.plot(row, color=line.get_color(), ls=line.get_linestyle(), lw=0.9)
    ax.set(xlabel="time step t", ylabel=ylabel)
    ax.legend(fontsize=9)
    return ax


def gates_by_hand(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> Figure:
    """Explorer: c and h of one cell with gates held by hand, for a candidate that is 1 up to step 40 and then 0."""
    import matplotlib.pyplot as plt

    T, on = 80, 40
    c, h = np.zeros(T + 1), np.zeros(T + 1)
    for t in range(1, T + 1):
        c[t] = forget_gate * c[t - 1] + input_gate * (1.0 if t <= on else 0.0)
        h[t] = output_gate * np.tanh(c[t])
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9))
    left.plot(c)
    left.set(
        xlabel="time step t", ylabel="cell c", title=f"stored: c at step {on} is {c[on]:.2f}, at the end {c[-1]:.2f}"
    )
    right.plot(h, color="#D55E00")
    right.set(xlabel="time step t", ylabel="state h", ylim=(-0.05, 1.05), title=f"shown: h at the end is {h[-1]:.2f}")
    for ax in (left, right):
        ax.axvspan(0, on, alpha=0.12, color="#777777")
        ax.title.set_fontsize(10)
    fig.tight_layout()
    return fig


def gates_by_hand_alt(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> str:
    """What `gates_by_hand` shows, in words."""
    end = "stays where it is" if forget_gate == 1 else "decays" if forget_gate else "falls to 0 at once"
    return (
        f"Two line plots over 80 steps with i = {input_gate:.2f}, f = {forget_gate:.2f}, o = {output_gate:.2f}. "
        f"Left: the cell c while the candidate is 1, up to step 40, and after that, when it {end}. "
        f"Right: the state h, which is never above {output_gate:.2f}."
    )


def belt(direct: Array, side: Array, ax: Axes | None = None, title: str = "") -> Axes:
    """Paths of the gradient through a few cells: the belt (straight) and the detours through h (arcs).

    direct, side  the measured gain of each joint; the width of a line is its gain, and the number stands beside it.
    """
    from matplotlib.patches import FancyArrowPatch

    ax = axes(ax, (7, 2.2))
    n = len(direct)
    for k in range(n + 1):
        ax.text(k, 0, f"$c_{{{k}}}$" if k else "$c_0$", ha="center", va="center", fontsize=11, zorder=3,
                bbox={"boxstyle": "circle,pad=0.3", "fc": "white", "ec": "black"})  # fmt: skip
    for k in range(n):
        ax.plot(
            [k + 1, k], [0, 0], color="#0072B2", lw=max(14 * direct[k], 0.3), ls="-", solid_capstyle="butt", zorder=1
        )
        look = {"connectionstyle": "arc3,rad=0.55", "arrowstyle": "-", "color": "#777777", "ls": "-"}
        arc = FancyArrowPatch((k + 1, 0.16), (k, 0.16), lw=max(14 * side[k], 0.3), **look)
        ax.add_patch(arc)
        ax.text(k + 0.5, -0.22, f"{direct[k]:.2f}", ha="center", va="top", fontsize=9, color="#0072B2")
        ax.text(k + 0.5, 0.52, f"{side[k]:.2f}", ha="center", va="bottom", fontsize=9, color="#555555")
    ax.set(xlim=(-0.4, n + 0.4), ylim=(-0.6, 0.9), title=title)
    ax.title.set_fontsize(10)
    ax.axis("off")
    return ax


def solved_after(results: Mapping[str, Sequence[int | None]], limit: int, ax: Axes | None = None) -> Axes:
    """Updates until solved, one dot per seed; a seed that was not solved stands as a cross on the limit."""
    ax = axes(ax, (7, 2.8))
    for row, found in enumerate(results.values()):
        spread = np.linspace(-0.15, 0.15, len(found)) if len(found) > 1 else [0.0]
        for updates, shift in zip(found, spread, strict=True):
            solved = updates is not None
            ax.plot(updates if solved else limit, row + shift, "o" if solved else "x",
                    color="#0072B2" if solved else "#D55E00", ms=8, mew=2)  # fmt: skip
    ax.axvline(limit, color="#777777", lw=1, ls=":")
    ax.set_yticks(range(len(results)), list(results))
    ax.set(
        xlabel="updates until 99 % right (o);  x = not solved at the limit",
        ylim=(len(results) - 0.5, -0.5),
        xlim=(0, limit * 1.05),
    )
    return ax


def half_life(bias: float | Array) -> Any:
    """Steps after which one half of the cell is left: ln 0.5 / ln sigmoid(bias)."""
    return np.log(0.5) / -np.log1p(np.exp(-np.asarray(bias, dtype=float)))


GATE_PATTERNS = ("constant", "closed for one step in 25", "half open for ten steps")


def kept_fraction(forget_bias: float = 1.0, steps: int = 100, gate: str = "constant") -> Figure:
    """Explorer: the fraction of the cell that is left, step by step, for a forget bias and a pattern of the gate."""
    import matplotlib.pyplot as plt

    if gate not in GATE_PATTERNS:
        raise ValueError(f"gate: expected one of {', '.join(GATE_PATTERNS)}, got {gate!r}")
    f = np.full(steps, 1 / (1 + np.exp(-forget_bias)))
    if gate == GATE_PATTERNS[1]:
        f[24::25] = 0.0
    elif gate == GATE_PATTERNS[2]:
        f[steps // 2 : steps // 2 + 10] = 0.5
    kept = np.concatenate([[1.0], np.cumprod(f)])
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9), sharex=True)
    left.plot(np.arange(1, steps + 1), f)
    left.set(
        ylim=(-0.05, 1.05),
        xlabel="time step t",
        ylabel="forget gate f",
        title=f"sigmoid({forget_bias:.2f}) = {f[0]:.4f}",
    )
    right.plot(kept, color="#D55E00")
    right.axhline(0.5, color="#777777", ls=":", lw=1)
    below = np.flatnonzero(kept <= 0.5)
    when = f"half is gone after {below[0]} steps" if len(below) else f"more than half is left after {steps} steps"
    right.set(
        ylim=(-0.05, 1.05),
        xlabel="time step t",
        ylabel="fraction of c kept",
        title=f"{when}; at the end {kept[-1]:.2g}",
    )
    for ax in (left, right):
        ax.title.set_fontsize(10)
    fig.tight_layout()
    return fig


def kept_fraction_alt(forget_bias: float = 1.0, steps: int = 100, gate: str = "constant") -> str:
    """What `kept_fraction` shows, in words."""
    return (
        f"Left: the forget gate over {steps} steps for a bias of {forget_bias:.2f}, {gate}. Right: the fraction of the "
        f"cell that is left. With a constant gate one half is left after {float(half_life(forget_bias)):.1f} steps."
    )


def gate_heat_map(gates: Mapping[str, Array], words: Sequence[str], ax: Any = None) -> Any:
    """One panel per gate: units down, words across, brightness = value. `gates`: name -> (T, H)."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(len(gates), 1, figsize=(8, 1.75 * len(gates) + 0.5), sharex=True, layout="constrained")[1]
    panels = np.atleast_1d(ax)
    for panel, (name, values) in zip(panels, gates.items(), strict=True):
        signed = values.min() < 0
        size = np.abs(values).max()
        image = panel.imshow(values.T, aspect="auto", vmin=-size if signed else 0, vmax=size if signed else 1,
                             cmap="RdBu_r" if signed else "viridis")  # fmt: skip
        panel.grid(False)
        if signed:  # two colours of equal darkness: say the sign in figures too
            for (t, unit), value in np.ndenumerate(values):
                colour = "white" if abs(value) > 0.7 * size else "black"
                panel.text(t, unit, f"{value:.1f}", ha="center", va="center", fontsize=7, color=colour)
        panel.set(ylabel="unit")
        panel.set_title(name, fontsize=10, loc="left")
        panel.set_yticks(range(values.shape[1]))
        panel.tick_params(axis="y", labelsize=7)
        panel.figure.colorbar(image, ax=panel, pad=0.01)
    panels[-1].set_xticks(range(len(words)), words, rotation=45, ha="right")
    return ax


def gate_histogram(gates: Mapping[str, Array], ax: Any = None) -> Any:
    """One histogram per gate with the share of values strictly between 0.1 and 0.9 in its title."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(1, len(gates), figsize=(8, 2.6), sharey=True, layout="constrained")[1]
    for panel, (name, values) in zip(np.atleast_1d(ax), gates.items(), strict=True):
        flat = np.ravel(values)
        panel.hist(flat, bins=20, range=(0, 1), weights=np.full(flat.size, 1 / flat.size), color="#0072B2", ec="white")
        for edge in (0.1, 0.9):
            panel.axvline(edge, color="#D55E00", ls="--", lw=1)
        between = float(((flat > 0.1) & (flat < 0.9)).mean())
        panel.set_title(f"{name}: {between:.0%} between", fontsize=10)
        panel.set(xlabel="value of the gate")
    np.atleast_1d(ax)[0].set(ylabel="share")
    return ax
