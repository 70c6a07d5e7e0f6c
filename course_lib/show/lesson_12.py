"""Plots and explorers of lesson 12: piano rolls, costs and statistics of tunes. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.show.colours import ink
from course_lib.show.figure import COLOURS, LINES, axes

Array = np.ndarray
MOST = 6.0  # nats at which the colour of a surprise ends
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_name(pitch: int) -> str:
    """The name of a MIDI number, with its octave: 60 is C4.

    >>> note_name(67)
    'G4'
    """
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def piano_roll(
    notes: Sequence, bar: int, surprise: Array | None = None, written_from: int | None = None, ax: Axes | None = None
) -> Axes:
    """Notes as bars: to the right runs time, upwards the pitch; a line for each bar of the music.

    notes         (pitch, ticks, place) each; pitch None is a rest
    bar           ticks of a bar
    surprise      (N,) nats: dark is expected, bright surprising; None draws all notes alike
    written_from  the number of the first note that a model wrote: those are hatched, and a line stands before them
    """
    ax = axes(ax, (7, 2.6))
    starts = np.cumsum([0, *(note[1] for note in notes)]) / 12
    scale = ScalarMappable(Normalize(0, MOST), "viridis")
    for k, (pitch, ticks, _) in enumerate(notes):
        if pitch is None:
            continue
        colour = ink("y")["color"] if surprise is None else scale.to_rgba(surprise[k])
        mine = written_from is not None and k >= written_from
        look = {"facecolor": colour, "edgecolor": "white" if mine else "black", "hatch": "//" if mine else None}
        ax.add_patch(Rectangle((starts[k], pitch - 0.45), ticks / 12, 0.9, lw=0.5, **look))
    pitches = [note[0] for note in notes if note[0] is not None] or [67]
    first = -notes[0][2] % bar / 12
    for x in np.arange(first, starts[-1] + 0.01, bar / 12):
        ax.axvline(x, color="0.7", lw=0.8, zorder=0)
    if written_from is not None and written_from < len(notes):
        ax.axvline(starts[written_from], color="black", lw=1.5, ls="--")
    low, high = min(pitches) - 1, max(pitches) + 1
    ax.set(xlim=(0, starts[-1]), ylim=(low, high), xlabel="eighths (a line: a bar begins)")
    marked = [p for p in range(low, high + 1) if p % 12 in (2, 7)]
    ax.set_yticks(marked, [note_name(p) for p in marked])
    ax.grid(visible=False)
    if surprise is not None:
        ax.figure.colorbar(scale, ax=ax, label="surprise (nats)", pad=0.02)
    return ax


def draw_continued(tune: str, go_on) -> Figure:
    """The picture behind the box to type in; `go_on(text)` returns notes, ticks of a bar, surprise, notes typed."""
    notes, bar, surprise, typed = go_on(tune)
    ax = piano_roll(notes, bar, surprise, typed)
    ax.set_title(f"{typed} notes of yours, then {len(notes) - typed} of the model (hatched)", loc="left")
    return ax.figure


def continued_text(tune: str, go_on) -> str:
    """The alt text of `draw_continued`."""
    notes, _, surprise, typed = go_on(tune)
    told = f"Piano roll of {typed} notes typed, with a mean surprise of {np.mean(surprise[:typed]):.1f} nats"
    if len(notes) == typed:
        return f"{told}; the model ends the tune there."
    written = f"{len(notes) - typed} written by the model, with {np.mean(surprise[typed:]):.1f} nats"
    return f"{told}, and {written}."


def several(rolls: Mapping[str, Sequence], bar: int) -> Figure:
    """A piano roll under the other for each name."""
    fig, rows = plt.subplots(len(rolls), 1, figsize=(7, 1.55 * len(rolls)), layout="constrained", squeeze=False)
    for ax, (name, notes) in zip(rows[:, 0], rolls.items()):
        piano_roll(notes, bar, ax=ax)
        ax.set(xlabel="")
        ax.set_title(name, loc="left")
    rows[-1, 0].set_xlabel("eighths (a line: a bar begins)")
    return fig


def orders(costs: Mapping[str, Array], levels: Mapping[str, float] | None = None, ax: Axes | None = None) -> Axes:
    """Nats per note of n-grams of 1 to n notes, a line for each name; `levels` are drawn as horizontal lines."""
    ax = axes(ax)
    for k, (name, nats) in enumerate(costs.items()):
        ax.plot(np.arange(1, len(nats) + 1), nats, color=COLOURS[k], ls=LINES[k], marker="os^D"[k], label=name)
    for k, (name, level) in enumerate((levels or {}).items()):
        ax.axhline(level, color="0.3", ls=LINES[k + 1], lw=1.2, label=name)
    ax.set(xlabel="notes in a run", ylabel="nats per note")
    ax.set_xticks(range(1, len(next(iter(costs.values()))) + 1))
    ax.legend()
    return ax


def draw_temperature(
    temperature: float, samples: Mapping[float, Sequence], shares: Mapping[float, float], real: float, bar: int
) -> Figure:
    """One sample at a temperature as a piano roll, and below it the repetition of many samples at each temperature.

    samples  temperature -> notes of one sample;  shares  temperature -> share of repeated runs;  real  that of tunes
    """
    fig, (top, low) = plt.subplots(2, 1, figsize=(7, 4.4), layout="constrained")
    piano_roll(samples[temperature], bar, ax=top)
    top.set(ylim=(54, 92), xlabel="")
    top.set_yticks([55, 62, 67, 74, 79, 86, 91], [note_name(p) for p in (55, 62, 67, 74, 79, 86, 91)])
    top.set_title(f"temperature {temperature:g}: {shares[temperature]:.0%} of runs of eight are repeats", loc="left")
    xs = sorted(shares)
    low.plot(xs, [100 * shares[x] for x in xs], marker="o", color=ink("y")["color"], label="samples")
    low.plot(temperature, 100 * shares[temperature], "s", ms=11, mfc="none", mec="black", mew=2)
    low.axhline(100 * real, color="0.3", ls="--", label="real tunes")
    low.set(xlabel="temperature", ylabel="repeats (%)", ylim=(0, 100))
    low.legend()
    return fig


def temperature_text(
    temperature: float, samples: Mapping[float, Sequence], shares: Mapping[float, float], real: float, bar: int
) -> str:
    """The alt text of `draw_temperature`."""
    return (
        f"Piano roll of a sample at temperature {temperature:g}, {len(samples[temperature])} notes. Of the runs of "
        f"eight notes in samples {shares[temperature]:.0%} are repeats; of those in real tunes {real:.0%}."
    )


def statistics(table: Mapping[str, Mapping[str, float]], ax: Axes | None = None) -> Axes:
    """Shares in per cent, a group of bars for each statistic, a bar for each source.

    table  source -> statistic -> share
    """
    ax = axes(ax, (7, 3.4))
    groups, width = list(next(iter(table.values()))), 0.84 / len(table)
    for k, (source, shares) in enumerate(table.items()):
        places = np.arange(len(groups)) + (k + 0.5) * width - 0.42
        look = {"color": ("0.2", ink("y")["color"], "#56B4E9", "0.75")[k % 4], "hatch": ("", "///", "...", "xx")[k % 4]}
        ax.bar(places, [100 * shares[g] for g in groups], 0.94 * width, label=source, edgecolor="white", **look)
    ax.set_xticks(range(len(groups)), [g.replace(" / ", "\n") for g in groups])
    ax.set(ylabel="share (%)", ylim=(0, 130))
    ax.set_yticks(range(0, 101, 25))
    ax.grid(visible=False, axis="x")
    ax.legend(ncols=4, loc="upper center", columnspacing=1)
    return ax


def spectrogram(sound: Array, rate: int, ax: Axes | None = None) -> Axes:
    """How loud each frequency is over time, on a scale of decibels, up to 2,500 Hz."""
    ax = axes(ax, (7, 2.6))
    hiss = 1e-6 * np.random.default_rng(0).normal(size=len(sound))  # silence has no decibels
    ax.specgram(sound + hiss, NFFT=512, Fs=rate, noverlap=384, cmap="viridis", vmin=-100, vmax=-20)
    ax.set(ylim=(0, 2500), xlabel="seconds", ylabel="hertz")
    ax.grid(visible=False)
    return ax
