"""Plots and explorers of lesson 05: gates, and what they leave of c and its gradient. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.colours import QUANTITIES, ink
from course_lib.show.figure import LINES, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray
GREY = "#777777"


def legend_below(ax: Axes, ncols: int = 3) -> None:
    """The legend under the axis label, where it covers no data."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=ncols, fontsize=10, handlelength=2.6)


def gradient_against_lag(norms: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """|dL/dx_{T-k}| relative to k = 0 against the lag k, one line per model, on a logarithmic axis."""
    ax = axes(ax, (7, 3.8))
    for name, curve in norms.items():
        ax.semilogy(np.arange(len(curve)), np.maximum(curve, 1e-16) / curve[0], label=name, lw=1.8)
    ax.set(xlabel="lag k (time steps)", ylabel="gradient, relative to lag 0")
    legend_below(ax, 2 if len(norms) == 4 else 3)
    return ax


def runs(curves: Mapping[str, Array], ax: Axes | None = None, ylabel: str = "cell state c", inks: str = "") -> Axes:
    """Values against the time step; an array (n, T) is drawn as n thin lines in one style.

    inks  the quantity of each curve, one letter a curve; those left out are black, each in a style of its own
    """
    ax = axes(ax, (7, 3.4))
    for k, (name, values) in enumerate(curves.items()):
        rows = np.atleast_2d(values)
        look = ink(inks[k]) if k < len(inks) else {"color": "black", "linestyle": LINES[k]}
        (line,) = ax.plot(rows[0], label=name, lw=1.8 if len(rows) == 1 else 1.0, **look)
        for row in rows[1:]:
            ax.plot(row, color=line.get_color(), ls=line.get_linestyle(), lw=1.0)
    ax.set(xlabel="time step t", ylabel=ylabel)
    if len(curves) > 1:
        legend_below(ax, 2 if len(curves) == 2 else 1)
    return ax


def gates_by_hand(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> Figure:
    """Explorer: c and h of one cell with gates held by hand, for a candidate that is 1 up to step 40 and then 0."""
    import matplotlib.pyplot as plt

    T, on = 80, 40
    c, h = np.zeros(T + 1), np.zeros(T + 1)
    for t in range(1, T + 1):
        c[t] = forget_gate * c[t - 1] + input_gate * (1.0 if t <= on else 0.0)
        h[t] = output_gate * np.tanh(c[t])
    fig, (stored, shown) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True, layout="constrained")
    for ax, values, letter, name in ((stored, c, "c", "cell state c"), (shown, h, "h", "hidden state h")):
        ax.axvspan(0, on, alpha=0.12, color=GREY, lw=0)
        ax.plot(values, lw=2.2, gid=letter, **ink(letter))
        ax.set(ylabel=name, xlim=(0, T))
    stored.set(ylim=(-1, 42), yticks=[0, 5, 10, 20, 30, 40])
    shown.set(ylim=(-0.05, 1.1), xlabel="time step t (grey: the candidate is 1)")
    stored.set_title(f"stored: c at step {on} is {c[on]:.2f}, at the end {c[-1]:.2f}", gid="stored", fontsize=11)
    shown.set_title(f"shown: h at the end is {h[-1]:.2f}", gid="shown", fontsize=11)
    return fig


def gates_by_hand_alt(input_gate: float = 1.0, forget_gate: float = 1.0, output_gate: float = 1.0) -> str:
    """What `gates_by_hand` shows, in words."""
    end = "stays where it is" if forget_gate == 1 else "decays" if forget_gate else "falls to 0 at once"
    return (
        f"Two line plots over 80 steps with i = {input_gate:.2f}, f = {forget_gate:.2f}, o = {output_gate:.2f}. "
        f"Above: the cell state c while the candidate is 1, up to step 40, and after that, when it {end}. "
        f"Below: the hidden state h, which is never above {output_gate:.2f}."
    )


def gradient_paths(direct: Array, side: Array, ax: Axes | None = None, title: str = "") -> Axes:
    """Paths of the gradient through a few steps: along the cell state (straight) and through h (arcs).

    direct, side  the measured gain of each step; the width of a line is its gain, and the number stands beside it.
    """
    from matplotlib.patches import FancyArrowPatch

    ax = axes(ax, (7, 2.2))
    n, cell, hidden = len(direct), ink("c")["color"], ink("h")["color"]
    for k in range(n + 1):
        ax.text(k, 0, f"$c_{{{k}}}$", ha="center", va="center", fontsize=12, zorder=3,
                bbox={"boxstyle": "circle,pad=0.3", "fc": "white", "ec": cell, "lw": 1.5})  # fmt: skip
    for k in range(n):
        width, look = 14 * direct[k], {"color": cell, "ls": "-", "solid_capstyle": "butt", "zorder": 1}
        ax.plot([k + 1, k], [0, 0], lw=max(width, 0.3), **look)
        look = {"connectionstyle": "arc3,rad=0.55", "arrowstyle": "-", "color": hidden, "ls": "-"}
        ax.add_patch(FancyArrowPatch((k + 1, 0.2), (k, 0.2), lw=max(14 * side[k], 0.3), **look))
        ax.text(k + 0.5, -0.22, f"{direct[k]:.2f}", ha="center", va="top", fontsize=11)
        ax.text(k + 0.5, 0.6, f"{side[k]:.2f}", ha="center", va="bottom", fontsize=11)
    ax.set(xlim=(-0.4, n + 0.4), ylim=(-0.6, 1.0))
    ax.set_title(title, fontsize=11)
    ax.axis("off")
    return ax


def in_words(found: Sequence[int | None]) -> str:
    """Updates until solved, one for each seed, as a text.

    >>> in_words([110, None]), in_words([None, None])
    ('110, not solved', 'not solved (all 2 seeds)')
    """
    if not any(updates is not None for updates in found):
        return f"not solved (all {len(found)} seeds)"
    return ", ".join("not solved" if updates is None else str(updates) for updates in found)


def solved_after(results: Mapping[str, Sequence[int | None]], limit: int, ax: Axes | None = None) -> Axes:
    """Updates until solved, one dot per seed; a seed that was not solved stands as a cross on the limit."""
    ax = axes(ax, (7, 0.45 * len(results) + 1.1))
    for row, found in enumerate(results.values()):
        spread = np.linspace(-0.2, 0.2, len(found)) if len(found) > 1 else [0.0]
        for updates, shift in zip(found, spread, strict=True):
            solved = updates is not None
            ax.plot(updates if solved else limit, row + shift, "o" if solved else "x",
                    color="#0072B2" if solved else "#D55E00", ms=7, mew=2)  # fmt: skip
    ax.axvline(limit, color=GREY, lw=1, ls=":")
    ax.set_yticks(range(len(results)), list(results))
    ax.set(xlabel=f"updates until 99 % right   (×: not solved in {limit})", xlim=(0, limit * 1.05))
    ax.set(ylim=(len(results) - 0.5, -0.5))
    return ax


def half_life(bias: float | Array) -> Any:
    """Steps after which one half of the cell state is left: ln 0.5 / ln sigmoid(bias)."""
    return np.log(0.5) / -np.log1p(np.exp(-np.asarray(bias, dtype=float)))


GATE_PATTERNS = ("constant", "closed for one step in 25", "half open for ten steps")


def kept_fraction(forget_bias: float = 1.0, gate: str = "constant") -> Figure:
    """Explorer: the fraction of the cell state that is left after 1 to 1000 steps, for a forget bias and a pattern.

    The time axis is logarithmic: it shows log10 of the step, with the steps as its labels.
    """
    import matplotlib.pyplot as plt

    if gate not in GATE_PATTERNS:
        raise ValueError(f"gate: expected one of {', '.join(GATE_PATTERNS)}, got {gate!r}")
    steps = np.arange(1, 1001)
    f = np.full(1000, 1 / (1 + np.exp(-forget_bias)))
    if gate == GATE_PATTERNS[1]:
        f[24::25] = 0.0
    elif gate == GATE_PATTERNS[2]:
        f[99:109] = 0.5
    kept = np.cumprod(f)
    half = int(np.argmax(kept <= 0.5)) + 1 if kept[-1] <= 0.5 else None
    fig, (above, below) = plt.subplots(2, 1, figsize=(7, 4.4), sharex=True, layout="constrained")
    above.plot(np.log10(steps), f, gid="gate", lw=2, color=ink("f")["color"], ls="-")
    words = f"sigmoid({forget_bias:.2f}) = {f[0]:.4f}: half-life {float(half_life(forget_bias)):.1f} steps"
    above.set_title(words, gid="open", fontsize=11)
    below.plot(np.log10(steps), kept, gid="kept", lw=2.2, **ink("c"))
    below.plot([np.log10(half) if half else 4.0] * 2, [0, 0.5], gid="half", color=GREY, ls=":", lw=1.5)
    below.axhline(0.5, color=GREY, ls=":", lw=1)
    when = (
        f"one half is gone after {half} step{'s' * (half > 1)}"
        if half
        else "more than one half is left after 1000 steps"
    )
    below.set_title(when, gid="when", fontsize=11)
    above.set(ylim=(-0.05, 1.05), xlim=(0, 3), ylabel="forget gate f")
    below.set(ylim=(-0.05, 1.05), xlabel="time step t", ylabel="fraction of c kept")
    below.set_xticks(np.log10([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]), [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    return fig


def kept_fraction_alt(forget_bias: float = 1.0, gate: str = "constant") -> str:
    """What `kept_fraction` shows, in words."""
    return (
        f"Above: the forget gate over 1000 steps for a bias of {forget_bias:.2f}, {gate}. Below: the fraction of the "
        "cell state that is left. With a constant gate one half is left after "
        f"{float(half_life(forget_bias)):.1f} steps."
    )


def _hue(name: str) -> str:
    """The colour of the quantity with whose name this one begins."""
    found = [q for q in QUANTITIES.values() if name.startswith(q.name)]
    return max(found, key=lambda q: len(q.name)).colour if found else "#444444"


def gate_heat_map(gates: Mapping[str, Array], words: Sequence[str], ax: Any = None) -> Any:
    """One panel per gate: units down, words across, darkness = value. `gates`: name -> (T, H).

    A name that begins with that of a quantity (`colours.QUANTITIES`) takes its colour; values of both signs are red
    and blue, with the numbers written into them.
    """
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    if ax is None:
        ax = plt.subplots(len(gates), 1, figsize=(7, 1.85 * len(gates) + 0.6), sharex=True, layout="constrained")[1]
    panels = np.atleast_1d(ax)
    for panel, (name, values) in zip(panels, gates.items(), strict=True):
        signed, size = values.min() < 0, np.abs(values).max()
        hue = _hue(name)
        colours = "RdBu_r" if signed else LinearSegmentedColormap.from_list(name, ["white", hue])
        low, high = (-size, size) if signed else (0, 1)
        image = panel.imshow(values.T, aspect="auto", vmin=low, vmax=high, cmap=colours)
        panel.grid(False)
        if signed:  # two colours of equal darkness: say the sign in figures too
            for (t, unit), value in np.ndenumerate(values):
                colour = "white" if abs(value) > 0.7 * size else "black"
                panel.text(t, unit, f"{value:.1f}", ha="center", va="center", fontsize=10, color=colour)
        panel.set(ylabel="unit")
        panel.set_title(name, fontsize=11, loc="left")
        panel.set_yticks(range(values.shape[1]))
        panel.tick_params(axis="y", labelsize=10)
        panel.figure.colorbar(image, ax=panel, pad=0.01)
    panels[-1].set_xticks(range(len(words)), words, rotation=45, ha="right")
    return ax


def gate_histogram(gates: Mapping[str, Array], ax: Any = None) -> Any:
    """One histogram per gate, in its colour, with the share of values strictly between 0.1 and 0.9 in its title."""
    import matplotlib.pyplot as plt

    if ax is None:
        ax = plt.subplots(1, len(gates), figsize=(7, 2.9), sharey=True, layout="constrained")[1]
    for panel, (name, values) in zip(np.atleast_1d(ax), gates.items(), strict=True):
        flat = np.ravel(values)
        hue = _hue(name)
        panel.hist(flat, bins=20, range=(0, 1), weights=np.full(flat.size, 1 / flat.size), color=hue, ec="white")
        for edge in (0.1, 0.9):
            panel.axvline(edge, color="black", ls="--", lw=1)
        between = float(((flat > 0.1) & (flat < 0.9)).mean())
        panel.set_title(f"{name}:\n{between:.0%} between", fontsize=11)
        panel.set(xlabel="value of the gate", xticks=[0.1, 0.5, 0.9])
    np.atleast_1d(ax)[0].set(ylabel="share of all values")
    return ax
