"""Pictures of lesson 02: scores and probabilities, surprise along a sentence, tables and their floor, temperature."""

from __future__ import annotations

import functools
import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import EVEN_ENTROPY, even_process_table
from course_lib.nn.language_model import softmax
from course_lib.show.along import bars_along
from course_lib.show.colours import ink
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = ("h", "e", "l", "o")
LOGITS = np.array([1.0, 2.2, -3.0, 4.1])  # Karpathy 2015, the first step of "hello"
GREY = "0.35"


def labelled(words: Sequence[str], values: Sequence[float], title: str, ax: Axes | None = None) -> Axes:
    """Bars above the words, above or below zero, each with its number."""
    ax = axes(ax)
    bars = ax.bar(range(len(words)), values, color=ink("y")["color"], width=0.6)
    ax.bar_label(bars, [f"{x:.2f}" for x in values], padding=2)
    ax.axhline(0, color=GREY, linewidth=0.8, linestyle="-")
    ax.set_xticks(range(len(words)), words)
    ax.set_title(title, loc="left")
    ax.margins(y=0.18)
    ax.grid(visible=False)
    return ax


def scores_and_probabilities(words: Sequence[str], scores: Sequence[float], p: Sequence[float]) -> Figure:
    """Left the scores of a few words, right the probabilities that the softmax makes of them."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    labelled(words, scores, "scores: any number", left)
    labelled(words, p, "probabilities: above 0, together 1", right)
    right.set_ylim(0, 1)
    return fig


def pushes(words: Sequence[str], p: Sequence[float], gradient: Sequence[float]) -> Figure:
    """Left the probabilities of a few words, right the gradient of their scores; the word that came is hatched."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    labelled(words, p, "probabilities", left)
    labelled(words, gradient, "gradient of the scores", right)
    right.containers[0][int(np.argmin(gradient))].set_hatch("///")
    left.set_ylim(-0.75, 0.75)
    right.set_ylim(-0.75, 0.75)
    return fig


def surprise_curve(points: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Surprise in bits against the probability that the word was given; `points` are marked with their names."""
    ax = axes(ax, (7, 3))
    p = np.linspace(0.01, 1, 200)
    ax.plot(p, -np.log2(p), **ink("y"))
    for name, p in points.items():
        ax.plot(p, -np.log2(p), "o", color=ink("y")["color"], markersize=8)
        ax.annotate(f"{name}: {-np.log2(p):.2f} bits", (p, -np.log2(p)), (8, 8), textcoords="offset points")
    ax.set(
        xlabel="probability that was given to the word that came", ylabel="surprise (bits)", xlim=(0, 1.05), ylim=(0, 7)
    )
    return ax


def head_at_work(words: Sequence[str], h: np.ndarray, scores: np.ndarray, p: np.ndarray) -> Figure:
    """From top to bottom: the numbers of the state, the score of each word, the probability of each."""
    fig = plt.figure(figsize=(7, 5.2), layout="constrained")
    top, middle, low = fig.subplots(3, 1, height_ratios=(1, 1, 1))
    top.bar(range(len(h)), h, color=ink("h")["color"])
    top.set(ylim=(-1.1, 1.1), yticks=(-1, 0, 1), xticks=range(len(h)), xticklabels=range(1, len(h) + 1))
    top.set_title(f"state: {len(h)} numbers", loc="left")
    middle.bar(range(len(words)), scores, color=ink("y")["color"])
    middle.set_title(f"scores: one for each of {len(words)} words", loc="left")
    middle.set_xticks([])
    middle.margins(y=0.12)
    low.bar(range(len(words)), p, color=ink("y")["color"])
    low.set_title("probabilities: the softmax of the scores", loc="left")
    low.set_xticks(range(len(words)), words, rotation=90)
    low.set(ylim=(0, 0.6), yticks=(0, 0.25, 0.5))
    for ax in (top, middle, low):
        ax.grid(visible=False, axis="x")
    for ax in (middle, low):
        ax.set_xlim(-0.7, len(words) - 0.3)
    return fig


def learning(losses: Sequence[float], lines: Mapping[str, float], ax: Axes | None = None, smooth: int = 20) -> Axes:
    """A training curve in bits, each point the mean of the last `smooth` updates, and level lines with their names."""
    ax = axes(ax)
    mean = [np.mean(losses[max(0, k - smooth) : k + 1]) for k in range(len(losses))]
    ax.plot(mean, **ink("y"))
    for name, level in lines.items():
        ax.axhline(level, color=GREY, linestyle=":", linewidth=2)
        ax.annotate(name, (len(losses), level), (0, 4), textcoords="offset points", ha="right")
    ax.set(xlabel="updates", ylabel="bits per word", ylim=(0, 5.4))
    return ax


def surprise_along(words: Sequence[str], bars: Mapping[str, Sequence[float]], title: str) -> Figure:
    """The sentence with the surprise at each of its words, for each reader in `bars`; the verb stands on grey."""
    ax = axes(None, (7, 3.8))
    for place, word in enumerate(words):
        if word in ("was", "were"):
            ax.axvspan(place - 0.5, place + 0.5, color="0.9", linewidth=0)
    bars_along(words, bars, quantity="y", ylabel="surprise (bits)", ax=ax)
    ax.set_xticks(range(len(words)), words, rotation=40, ha="right", rotation_mode="anchor")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(bars), borderaxespad=0)
    ax.set_title(title, loc="left", pad=28)
    return ax.figure


def tables(
    context: Sequence[int], bits: Sequence[float], networks: Sequence[float], floor: float, ax: Axes | None = None
) -> Axes:
    """A bar of bits per word for each table, with the band of some networks and the floor."""
    ax = axes(ax)
    bars = ax.bar([str(n) for n in context], bits, width=0.55, color="0.75", edgecolor="0.15", label="table")
    ax.bar_label(bars, [f"{value:.2f}" for value in bits], padding=3)
    ax.axhspan(min(networks), max(networks), color=ink("h")["color"], alpha=0.35, label="your network, five starts")
    ax.axhline(floor, color="0.15", linestyle=":", linewidth=2, label=f"floor {floor:.3f}")
    ax.set(xlabel="words of context", ylabel="bits per word", ylim=(0, 1.15 * max(bits)))
    ax.legend(loc="upper left")
    ax.grid(visible=False, axis="x")
    return ax


# ---------------------------------------------------------------- temperature


def draw_temperature(words: Sequence[str], scores: np.ndarray, temperature: float = 1.0) -> Figure:
    """The probabilities that these scores give the words at one temperature, and the share of *was* among the verbs."""
    p = softmax(scores / temperature)
    fig = plt.figure(figsize=(7, 3.4))
    ax = fig.add_axes((0.1, 0.3, 0.87, 0.58))
    bars = ax.bar(range(len(words)), p, color=ink("y")["color"])
    bars[list(words).index("was")].set(facecolor="0.75", edgecolor="0.15", hatch="///")
    ax.set_xticks(range(len(words)), words, rotation=90)
    ax.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="probability", xlim=(-0.7, len(words) - 0.3))
    ax.set_title(f"temperature {temperature:.1f}: {_wrong(words, p):.0%} of the verbs are “was”", loc="left")
    ax.grid(visible=False, axis="x")
    return fig


def _wrong(words: Sequence[str], p: np.ndarray) -> float:
    was, were = p[list(words).index("was")], p[list(words).index("were")]
    return float(was / (was + were))


def tell_temperature(words: Sequence[str], scores: np.ndarray, temperature: float) -> str:
    """The alt text of `draw_temperature`."""
    p = softmax(scores / temperature)
    best = ", ".join(f"{words[k]} {p[k]:.2f}" for k in np.argsort(-p)[:4])
    return (
        f"Bars for the probabilities of {len(words)} words after “the cats” at temperature {temperature:.1f}. "
        f"The highest: {best}. "
        f"Among the two verbs, “was” has {_wrong(words, p):.0%}."
    )


# ---------------------------------------------------------------- more evidence


def ladder(names: Sequence[str], bits: Sequence[float], unit: str, ax: Axes | None = None) -> Axes:
    """Readers from worst to best as horizontal bars; lower is better."""
    ax = axes(ax)
    order = np.argsort(bits)
    bars = ax.barh([names[k] for k in order], [bits[k] for k in order], color="0.85", edgecolor="0.15")
    ax.bar_label(bars, [f" {bits[k]:.2f}" for k in order])
    ax.set(xlabel=f"surprise on text not seen before (bits per {unit})", xlim=(0, 1.15 * max(bits)))
    ax.grid(visible=False)
    return ax


MOST_CONTEXT = 12  # symbols of the longest table in the even process's explorer


@functools.cache
def _table_bits() -> tuple[float, ...]:
    return tuple(even_process_table(n) for n in range(MOST_CONTEXT + 1))


def draw_even(context: int = 3) -> Figure:
    """Best reachable bits per symbol of a table with 0 to 12 symbols of context on the even process, one marked."""
    bits = _table_bits()
    fig = plt.figure(figsize=(7, 3.6))
    ax = fig.add_axes((0.1, 0.16, 0.87, 0.74))
    ax.plot(bits, color="0.15", linestyle="-", marker="o", label="table, exact")
    ax.plot(context, bits[context], "s", markersize=13, markerfacecolor="none", color="0.15", markeredgewidth=2)
    ax.axhline(EVEN_ENTROPY, color=GREY, linestyle=":", linewidth=2, label="floor: 2/3 bit")
    above = bits[context] - EVEN_ENTROPY
    ax.set_title(f"{context} symbols of context: {bits[context]:.4f} bits, {above:.4f} above the floor")
    ax.set(xlabel="symbols of context", ylabel="bits per symbol", xlim=(-0.5, MOST_CONTEXT + 0.5), ylim=(0.64, 0.96))
    ax.set(xticks=range(0, MOST_CONTEXT + 1, 2), yticks=(0.7, 0.8, 0.9))
    ax.legend(loc="upper right")
    return fig


def tell_even(context: int) -> str:
    """The alt text of `draw_even`."""
    bits = _table_bits()[context]
    return (
        "Bits per symbol of the best table against its symbols of context, falling in steps from 0.918 towards the "
        f"floor at 0.667. Marked: {context} symbols, {bits:.4f} bits, {bits - EVEN_ENTROPY:.4f} above the floor."
    )


def colour_text(text: str, bits: Sequence[float]) -> str:
    """HTML of a text in which each symbol is underlined by its surprise: the thicker, the more bits it cost."""
    spans = []
    for symbol, cost in zip(text, bits):
        width = int(min(6, round(cost / 1.5)))
        shown = "␣" if symbol == " " else "↵" if symbol == "\n" else html.escape(symbol)
        spans.append(f"<span title='{cost:.1f} bits' style='border-bottom: {width}px solid #D55E00'>{shown}</span>")
    return f"<p style='font-family: monospace; line-height: 2'>{''.join(spans)}</p>"
