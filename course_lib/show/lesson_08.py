"""Pictures of lesson 08: what may follow a text, bits per character on one axis, painted surprise, units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.show.colours import ink
from course_lib.show.figure import axes

Array = np.ndarray
NAMES = {"\n": "line end", " ": "space", "\ufffd": "other"}
BASE, BASE_LOOK = "0.45", {"color": "0.45", "linestyle": "--"}
MOST = 72  # characters in a painted line


def named(char: str) -> str:
    """How a character is written below a bar."""
    return NAMES.get(char, char)


# ---------------------------------------------------------------- what may follow


def next_bars(alphabet: Sequence[str], p: Array, most: int = 10, ax: Axes | None = None) -> Axes:
    """The likeliest next characters as bars with their probabilities."""
    ax = axes(ax, (7, 2.4))
    order = np.argsort(-p, kind="stable")[:most]
    bars = ax.bar(range(most), p[order], color=ink("y")["color"], width=0.7)
    ax.bar_label(bars, [f"{x:.0%}" if x >= 0.005 else "" for x in p[order]], padding=1)
    ax.set_xticks(range(most), [named(alphabet[k]) for k in order], family="monospace")
    ax.set(ylim=(0, 1.12), ylabel="probability")
    ax.grid(visible=False, axis="x")
    return ax


def typed(read: str, added: str, alphabet: Sequence[str], p: Array) -> Figure:
    """Above, a text and what a network adds to it; below, the bars of the first character that it added."""
    fig, (top, low) = plt.subplots(2, 1, figsize=(7, 3.2), height_ratios=(1, 2.2), layout="constrained")
    top.axis("off")
    shown = read.rpartition("\n")[2][-34:]
    told = added.partition("\n")[0][: MOST - 14 - len(shown)]
    top.set(xlim=(0, MOST - 10), ylim=(0, 1))
    style = {"family": "monospace", "va": "center", "size": 12}
    for place, char in enumerate(shown):
        top.text(place + 0.5, 0.4, char, ha="center", color="0.2", **style)
    for place, char in enumerate(told, len(shown)):
        top.text(place + 0.5, 0.4, char, ha="center", color=ink("y")["color"], weight="bold", **style)
    top.set_title("grey: what was typed; bold: what the network adds", loc="left")
    next_bars(alphabet, p, ax=low)
    return fig


def tell_typed(read: str, added: str, alphabet: Sequence[str], p: Array) -> str:
    """The alt text of `typed`."""
    first, second = np.argsort(-p, kind="stable")[:2]
    return (
        f"After the typed text {read[-30:]!r} the network adds {added!r}. Bars of the next character: "
        f"{named(alphabet[first])!r} {p[first]:.0%}, {named(alphabet[second])!r} {p[second]:.0%}, then the others."
    )


def cut(p: Array, temperature: float, top_k: int) -> Array:
    """A distribution after temperature and top-k: p^(1/temperature), only the k largest kept, made to add up to 1."""
    q = np.exp((np.log(p) - np.log(p.max())) / temperature)
    q[np.argsort(-q, kind="stable")[top_k:]] = 0
    return q / q.sum()


def draw_choice(
    alphabet: Sequence[str],
    read: str,
    p: Array,
    lines: Mapping[tuple[float, int], Sequence[str]],
    temperature: float,
    top_k: int,
) -> Figure:
    """The next character's distribution before (outlines) and after temperature and top-k (filled), and three drawn
    continuations of the text at these values."""
    fig, (top, low) = plt.subplots(2, 1, figsize=(7, 4.2), height_ratios=(1.5, 2.2), layout="constrained")
    top.axis("off")
    top.set(xlim=(0, 1), ylim=(0, 1))
    for k, line in enumerate(lines[temperature, top_k]):
        top.text(0, 0.8 - 0.33 * k, read.rpartition("\n")[2] + line.replace("\n", " ⏎ "), family="monospace", size=11)
    q = cut(p, temperature, top_k)
    order = np.argsort(-p, kind="stable")[:12]
    low.bar(range(12), q[order], color=ink("y")["color"], width=0.6, label="after temperature and top-k")
    low.bar(range(12), p[order], facecolor="none", edgecolor="0.3", lw=1.5, width=0.8, label="of the network")
    low.set_xticks(range(12), [named(alphabet[k]) for k in order], family="monospace")
    low.set(ylim=(0, 1.05), ylabel="probability")
    low.set_title(f"entropy {entropy(q):.2f} bits, the network's own {entropy(p):.2f}", loc="left")
    low.legend(loc="upper right")
    low.grid(visible=False, axis="x")
    return fig


def tell_choice(
    read: str, p: Array, lines: Mapping[tuple[float, int], Sequence[str]], temperature: float, top_k: int
) -> str:
    """The alt text of `draw_choice`."""
    told = "; ".join(line.replace("\n", " / ") for line in lines[temperature, top_k])
    return (
        f"Next character after {read!r} at temperature {temperature}, top {top_k}: entropy "
        f"{entropy(cut(p, temperature, top_k)):.2f} bits. Three continuations: {told}"
    )


def entropy(p: Array) -> float:
    """The mean surprise of a draw in bits."""
    return float(-(p[p > 0] * np.log2(p[p > 0])).sum()) + 0.0


# ---------------------------------------------------------------- scores


def one_axis(
    grams: Sequence[float], levels: Mapping[str, float], runs: Mapping[str, Sequence[float]], ax: Axes | None = None
) -> Axes:
    """Bits per character: a line over the length of the n-grams, dotted levels, a column of rings for each network."""
    ax = axes(ax, (7, 3.6))
    n = len(grams)
    ax.plot(range(1, n + 1), grams, "o--", color=BASE, ms=6, label="n-grams")
    for name, level in levels.items():
        ax.axhline(level, color="0.25", lw=1.4, ls=":")
        ax.text(0.6, level, name, va="bottom", color="0.25")
    for k, (_, scores) in enumerate(runs.items()):
        spread = 0.12 * (np.arange(len(scores)) - (len(scores) - 1) / 2)
        ax.plot(n + 1 + k + spread, scores, "o", mfc="none", mew=2, ms=9, color=ink("h")["color"])
    ticks = [*map(str, range(1, n + 1)), *runs]
    ax.set_xticks(range(1, n + 1 + len(runs)), ticks)
    ax.set(xlim=(0.5, n + len(runs) + 0.6), xlabel="characters in a run (n)", ylabel="bits per character")
    ax.xaxis.set_label_coords((n / 2) / (n + len(runs)), -0.13)
    ax.grid(visible=False, axis="x")
    return ax


def kinds(groups: Mapping[str, Mapping[str, float]], shares: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Bits per character for each kind of character, a bar for each reader; by the kind its share of the text."""
    names = list(shares)
    ax = axes(ax, (7, 0.55 * len(names) + 1.2))
    height = 0.8 / len(groups)
    for k, (reader, bits) in enumerate(groups.items()):
        look = {"color": ink("h")["color"]} if k else {"color": "0.72", "hatch": "///", "edgecolor": "white"}
        places = np.arange(len(names)) + (k - (len(groups) - 1) / 2) * height
        bars = ax.barh(places, [bits[name] for name in names], height * 0.94, label=reader, **look)
        ax.bar_label(bars, [f"{bits[name]:.2f}" for name in names], padding=2)
    ax.set_yticks(range(len(names)), [f"{name} ({_percent(shares[name])})" for name in names])
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel("bits per character")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower right")
    return ax


def _percent(share: float) -> str:
    return "< 1%" if share < 0.01 else f"{share:.0%}"


def along_window(curves: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """Bits per character against the place in a window, one line for each way to treat the state."""
    ax = axes(ax, (7, 3.2))
    for k, (name, curve) in enumerate(curves.items()):
        ax.plot(
            np.arange(1, len(curve) + 1),
            curve,
            label=name,
            lw=2,
            color=ink("h" if k else "d")["color"],
            linestyle="--" if k == 0 else "-",
        )
    ax.set(xlabel="place in the window", ylabel="bits per character", xscale="log")
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100) if t <= len(curve)]
    ax.set_xticks(ticks, ticks)
    ax.minorticks_off()
    ax.legend()
    return ax


# ---------------------------------------------------------------- painted text


def painted(
    lines: Sequence[str],
    rows: Mapping[str, Sequence[Array]],
    top: float,
    label: str,
    signed: bool = False,
    title: str = "",
) -> Figure:
    """Lines of text, each drawn once for each reader, one above the other, every character on a ground whose darkness
    is its number.

    lines  at most 72 characters of each are drawn
    rows   reader -> an array of numbers for each line
    top    the number of the darkest ground; with `signed` the grounds go from -top (orange) to top (blue)
    """
    readers = list(rows)
    wide = min(max(map(len, lines)), MOST)
    high = len(lines) * (len(readers) + 0.5)
    fig, ax = plt.subplots(figsize=(7, 0.24 * high + 0.9), layout="constrained")
    colours = plt.get_cmap("PuOr" if signed else "Oranges")
    write = {"ha": "center", "va": "center", "family": "monospace", "size": 9}
    for k, line in enumerate(lines):
        for j, reader in enumerate(readers):
            y = k * (len(readers) + 0.5) + j
            level = np.array(rows[reader][k][:MOST], float)[None] / top
            level = 0.5 + 0.42 * np.clip(level, -1, 1) if signed else 0.85 * np.clip(level, 0, 1)
            if level.size:
                ax.pcolormesh(np.arange(level.size + 1), [y, y + 1], level, cmap=colours, vmin=0, vmax=1)
            for t, char in enumerate(line[:MOST]):
                if char != " ":
                    ax.text(t + 0.5, y + 0.52, char, **write)
    ax.set(xlim=(0, wide), ylim=(high, -0.1), xticks=())
    ax.set_yticks(*_labels(readers, len(lines)))
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    scale = plt.cm.ScalarMappable(plt.Normalize(-top if signed else 0, top), colours)
    low, up = (0.08, 0.92) if signed else (0.0, 0.85)
    scale.set_cmap(plt.matplotlib.colors.ListedColormap(colours(np.linspace(low, up, 128))))
    fig.colorbar(scale, ax=ax, orientation="horizontal", label=label, shrink=0.4, aspect=30, pad=0.01)
    if title:
        ax.set_title(title, loc="left")
    return fig


def _labels(readers: Sequence[str], lines: int) -> tuple[list[float], list[str]]:
    if len(readers) == 1:
        return [], []
    places = [k * (len(readers) + 0.5) + j + 0.5 for k in range(lines) for j in range(len(readers))]
    return places, list(readers) * lines


# ---------------------------------------------------------------- units


def against_chance(found: Mapping[str, float], null: Mapping[str, Array], ax: Axes | None = None) -> Axes:
    """For each feature, the best unit's score as a bar's end, and the best scores of shuffled labels as a grey band."""
    names = list(found)
    ax = axes(ax, (7, 0.5 * len(names) + 1.3))
    for k, name in enumerate(names):
        luck = {"color": "0.6", "lw": 9, "ls": "-", "solid_capstyle": "butt"}
        ax.plot([min(null[name]), max(null[name])], [k, k], label="wrong labels" if k == 0 else None, **luck)
        ax.plot(found[name], k, "o", ms=9, color=ink("c")["color"], label="best unit" if k == 0 else None)
        ax.text(found[name] + 0.012, k, f"{found[name]:.2f}", va="center")
    ax.set_yticks(range(len(names)), names)
    ax.set(ylim=(len(names) - 0.5, -0.5), xlim=(0.48, 1.02), xlabel="AUC of the best unit")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax
