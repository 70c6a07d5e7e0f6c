"""Plots and explorers of lesson 10: sound and its frames, the lattice of paths, where letters are said. Arrays in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.nn import ctc
from course_lib.show.figure import LINES, axes

Array = np.ndarray
BLANK = "-"
SOUND, LIT, UNLIT, LETTER = "0.25", "#0072B2", "0.8", "#D55E00"


# ---------------------------------------------------------------- sound and frames


def waveform(samples: Array, rate: int, marks: Mapping[str, tuple[float, float]] = {}, ax: Axes | None = None) -> Axes:
    """Sound over time; `marks` names stretches (begin, end) in seconds."""
    ax = axes(ax, (7, 2.2))
    ax.plot(np.arange(len(samples)) / rate, samples, color=SOUND, lw=0.6, ls="-")
    top = 1.25 * float(np.abs(samples).max())
    for k, (name, (begin, end)) in enumerate(marks.items()):
        ax.axvspan(begin, end, color=(LIT, LETTER)[k % 2], alpha=0.3, hatch=("", "///")[k % 2], lw=0)
        ax.text((begin + end) / 2, 0.98 * top, name, ha="center", va="top")
    ax.set(xlabel="seconds", ylabel="sound", xlim=(0, len(samples) / rate), ylim=(-top, top))
    ax.set_title(f"{len(samples):,} numbers, {rate:,} a second", loc="left")
    return ax


def two_frames(pieces: Mapping[str, Array], spectra: Mapping[str, Array], rate: int) -> Figure:
    """Single frames as sound (left) and as the power of each frequency in decibel (right), a row each."""
    fig, grid = plt.subplots(len(pieces), 2, figsize=(7, 1.9 * len(pieces)), layout="constrained", sharex="col")
    for k, ((name, piece), row) in enumerate(zip(pieces.items(), grid)):
        look = {"color": (LIT, LETTER)[k % 2], "ls": LINES[0], "lw": 1.2}
        row[0].plot(1000 * np.arange(len(piece)) / rate, piece, **look)
        power = 10 * np.log10(np.maximum(spectra[name], 1e-10))
        row[1].plot(np.linspace(0, rate / 2, len(power)), power - power.max(), **look)
        row[0].set_title(f"{name}: the sound", loc="left")
        row[1].set_title("its frequencies", loc="left")
        row[1].set(ylim=(-62, 4), ylabel="decibel")
    grid[-1][0].set(xlabel="milliseconds")
    grid[-1][1].set(xlabel="hertz")
    return fig


def triangles(filters: Array, rate: int, ax: Axes | None = None) -> Axes:
    """The mel filters: (n_mels, bins), a triangle each; every fourth one dark."""
    ax = axes(ax, (7, 2.2))
    hertz = np.linspace(0, rate / 2, filters.shape[1])
    for k, weights in enumerate(filters):
        dark = k % 4 == 0
        ax.plot(hertz, weights, color=LIT if dark else "0.75", lw=1.6 if dark else 0.9, ls="-", zorder=2 + dark)
    ax.set(xlabel="hertz", ylabel="weight", ylim=(0, 1.08), xlim=(0, rate / 2))
    ax.set_title(f"{len(filters)} filters: narrow for low tones, wide for high ones", loc="left")
    return ax


def maps(pictures: Mapping[str, Array], hop: float, tops: Mapping[str, str]) -> Figure:
    """Arrays (T, D) below each other, time to the right; `tops` says for each one what the vertical axis counts."""
    fig, rows = plt.subplots(len(pictures), 1, figsize=(7, 1.75 * len(pictures)), layout="constrained", sharex=True)
    for ax, (name, values) in zip(np.atleast_1d(rows), pictures.items()):
        ax.imshow(values.T, origin="lower", aspect="auto", extent=(0, len(values) * hop, 0, values.shape[1]))
        ax.set(ylabel=tops[name])
        ax.set_title(name, loc="left")
        ax.grid(visible=False)
    np.atleast_1d(rows)[-1].set(xlabel="seconds")
    return fig


def voices(pictures: Mapping[str, Array], hop: float) -> Figure:
    """Log-mel pictures (T, D) side by side, one a voice, on one scale of time and of brightness."""
    fig, row = plt.subplots(1, len(pictures), figsize=(7, 2.5), layout="constrained", sharey=True)
    longest = max(len(values) for values in pictures.values())
    for ax, (name, values) in zip(row, pictures.items()):
        ax.imshow(
            values.T,
            origin="lower",
            aspect="auto",
            vmin=-2,
            vmax=2.5,
            extent=(0, len(values) * hop, 0, values.shape[1]),
        )
        ax.set(xlim=(0, longest * hop), xlabel="seconds", facecolor="0.9")
        ax.set_title(name, loc="left", fontsize=10)
        ax.grid(visible=False)
    row[0].set(ylabel="filter")
    return fig


# ---------------------------------------------------------------- templates


def warping(costs: Array, path: Sequence[tuple[int, int]], names: tuple[str, str], ax: Axes | None = None) -> Axes:
    """How far each frame of one clip is from each frame of another (bright is near), and the cheapest way through."""
    ax = axes(ax, (7, 2.9))
    ax.imshow(-costs, origin="lower", aspect="auto")
    rows, columns = zip(*path)
    ax.plot(columns, rows, color="white", lw=3.5, ls="-")
    ax.plot(columns, rows, color=LETTER, lw=1.8, ls="-")
    ax.set(xlabel=f"frames of {names[1]}", ylabel=f"frames of {names[0]}")
    ax.set_title("The cheapest way through: which frame belongs to which", loc="left")
    ax.grid(visible=False)
    return ax


# ---------------------------------------------------------------- paths


class Lattice(NamedTuple):
    """What is known of the paths of a label in T frames: which places are on one, and how many there are."""

    on: Array  # (T, S) bool
    count: int


def lattice_of(label: str, T: int) -> Lattice:
    """The places of a label (a row each: blank, letter, blank, ...) that lie on a path of T frames."""
    symbols = {letter: k for k, letter in enumerate(dict.fromkeys(label), 1)}
    ids, flat = [symbols[letter] for letter in label], np.zeros((T, len(symbols) + 1))
    on = np.isfinite(ctc.forward_log(flat, ids)) & np.isfinite(ctc.backward_log(flat, ids))
    return Lattice(on, ctc.count(label, T))


def lattice(label: str, shares: Array, title: str = "", ax: Axes | None = None) -> Axes:
    """The lattice of a label: a column for each frame, a row for each place, and the share of the paths in each dot.

    shares  (T, S), 0 to 1: 0 for a place where no path is; the larger the dot, the more probability goes through it
    """
    T, S = shares.shape
    ax = axes(ax, (7, 0.9 + 0.32 * S))
    spread = [BLANK if s % 2 == 0 else label[s // 2] for s in range(S)]
    begin, end = [], []
    for t in range(T - 1):
        for s in np.flatnonzero(shares[t] > 0):
            jump = s % 2 == 1 and s + 2 < S and spread[s + 2] != spread[s]
            for after in (s, s + 1, *([s + 2] if jump else [])):
                if after < S and shares[t + 1, after] > 0:
                    begin += [t, t + 1, np.nan]
                    end += [s, after, np.nan]
    ax.plot(begin, end, color="0.65", lw=1, ls="-", zorder=1)
    at = np.argwhere(np.ones_like(shares, dtype=bool))
    lit = shares.ravel() > 0
    ax.scatter(*at[~lit].T, s=14, color=UNLIT, zorder=2)
    colours = np.where(at[lit][:, 1] % 2 == 0, "white", LIT)
    ax.scatter(*at[lit].T, s=25 + 200 * shares.ravel()[lit], color=colours, edgecolor=LIT, lw=1.4, zorder=3)
    ax.set_yticks(range(S), spread)
    ax.set_xticks(range(T), range(1, T + 1))
    ax.set(xlabel="frame", ylim=(S - 0.4, -0.6), xlim=(-0.5, T - 0.5))
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.set_title(title, loc="left")
    return ax


def draw_lattice(text: str, frames: int) -> Figure:
    """The paths of a word in some frames: dots where a path can be, and how many there are."""
    found = lattice_of(text, frames)
    return lattice(text, 0.15 * found.on, _told(text, frames, found.count)).figure


def lattice_text(text: str, frames: int) -> str:
    """The alt text of `draw_lattice`."""
    grid = f"A lattice of {frames} frames and the {2 * len(text) + 1} places of “{text}”."
    return f"{grid} {_told(text, frames, ctc.count(text, frames))}."


def _told(text: str, frames: int, count: int) -> str:
    if not count:
        return f"“{text}” in {frames} frames: no path, it needs {ctc.shortest(text)}"
    return f"“{text}” in {frames} frames: {count:,} path{'s' * (count != 1)}"


# ---------------------------------------------------------------- what the network says


class Heard(NamedTuple):
    """One utterance as the recogniser hears it.

    features  (T, D) the log-mel frames;  hop  seconds from one to the next
    letters   where each letter is said: (seconds, letter);  said  the whole text
    """

    features: Array
    hop: float
    letters: list[tuple[float, str]]
    said: str


def stretches(probabilities: Array) -> list[tuple[int, int]]:
    """Where the likeliest symbol is a letter, (step, symbol): the peak of each stretch of equal ones. (T, V), 0 blank.

    >>> stretches(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]]))
    [(2, 1)]
    """
    best, found, t = probabilities.argmax(1), [], 0
    while t < len(best):
        end = t + 1
        while end < len(best) and best[end] == best[t]:
            end += 1
        if best[t]:
            found.append((t + int(probabilities[t:end, best[t]].argmax()), int(best[t])))
        t = end
    return found


def apart(places: Sequence[float], gap: float) -> list[float]:
    """The places, in order, moved as little as a reader needs to have `gap` between any two.

    >>> apart([0.0, 0.1, 3.0], 1.0)
    [-0.45, 0.55, 3.0]
    """
    moved: list[float] = []
    groups: list[list[float]] = []  # of places that touch: each is centred on its mean
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _first(groups[-1], gap) - _first(groups[-2], gap) < gap * len(groups[-2]):
            last = groups.pop()
            groups[-1] += last
    for group in groups:
        moved += [round(_first(group, gap) + k * gap, 6) for k in range(len(group))]
    return moved


def _first(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def heard(features: Array, probabilities: Array, symbols: Sequence[str], hop: float) -> Heard:
    """What a network says of one utterance, with the moments: features (T, D), probabilities (T', V), blank first."""
    step = hop * len(features) / len(probabilities)
    letters = [((t + 0.5) * step, symbols[k]) for t, k in stretches(probabilities)]
    return Heard(features, hop, letters, "".join(letter for _, letter in letters))


def recognised(heard: Heard, ax: Axes | None = None) -> Axes:
    """The log-mel picture, with each letter above the moment at which the network says it."""
    ax = axes(ax, (7, 2.9))
    T, D = heard.features.shape
    ax.imshow(heard.features.T, origin="lower", aspect="auto", extent=(0, T * heard.hop, 0, D))
    places = apart([seconds for seconds, _ in heard.letters], 0.024 * T * heard.hop)
    for (seconds, letter), place in zip(heard.letters, places):
        ax.plot([seconds, seconds], [0, D], color="white", lw=0.8, ls=":", alpha=0.8)
        ax.plot([seconds, place], [D, D + 2.6], color="0.4", lw=0.8, ls="-", clip_on=False)
        name = "␣" if letter == " " else letter
        ax.text(place, D + 2.8, name, ha="center", va="bottom", weight="bold", color="black")
    ax.set(xlabel="seconds", ylabel="filter", xlim=(0, T * heard.hop), ylim=(0, D))
    ax.set_title(f"it says: {heard.said or '(nothing)'}", loc="left", pad=32)
    ax.grid(visible=False)
    return ax


def draw_recognised(digits: str, hear: Callable[[str], Heard]) -> Figure:
    """The picture behind the box to type in; `hear(digits)` has them spoken and listens.

    Raises ValueError for what is no string of 1 to 12 digits.
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise ValueError(f"digits: expected 1 to 12 of them, like 2718, got {digits!r}")
    return recognised(hear(digits)).figure


def recognised_text(digits: str, hear: Callable[[str], Heard]) -> str:
    """The alt text of `draw_recognised`."""
    return (
        f"A picture of the sound of the digits {digits}, bright where it is loud, and above it the letters of what the \
network says: {hear(digits).said}."
    )


def typed(hear: Callable[[str], Heard]) -> tuple[Callable[[str], Figure], Callable[[str], str]]:
    """What `explore` needs for the box: `draw_recognised` and `recognised_text` with this listener."""
    return partial(draw_recognised, hear=hear), partial(recognised_text, hear=hear)


def spikes(probabilities: Array, letters: Sequence[str], hop: float, title: str, ax: Axes | None = None) -> Axes:
    """The probability of the blank (grey) and of each letter over time; each letter is named at its peak.

    probabilities  (T, V); `letters` names the symbols, the blank first
    """
    ax = axes(ax, (7, 2.6))
    seconds = (np.arange(len(probabilities)) + 0.5) * hop
    ax.plot(seconds, probabilities[:, 0], color="0.6", ls="--", lw=1.2, label="blank")
    said = stretches(probabilities)
    for k in sorted({k for _, k in said}):
        ax.plot(seconds, probabilities[:, k], color=LIT, ls="-", lw=1.2)
    for (t, k), place in zip(said, apart([seconds[t] for t, _ in said], 0.026 * seconds[-1])):
        ax.plot([seconds[t], place], [probabilities[t, k], 1.1], color="0.6", lw=0.7, ls="-")
        ax.text(place, 1.12, "␣" if letters[k] == " " else letters[k], ha="center", color="black")
    ax.set(xlabel="seconds", ylabel="probability", ylim=(0, 1.3), xlim=(0, seconds[-1]))
    ax.set_yticks([0, 0.5, 1])
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    ax.set_title(title, loc="left")
    ax.figure.set_layout_engine("constrained")
    return ax
