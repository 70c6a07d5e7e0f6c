"""Pictures of lesson 02: probabilities of a choice, the ladder of rivals, the even process."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from course_lib.data import EVEN_ENTROPY, even_process_table
from course_lib.nn.language_model import softmax
from course_lib.show.colours import ink
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = "helo"
LOGITS = np.array([1.0, 2.2, -3.0, 4.1])  # Karpathy 2015, the first step of "hello"


def probabilities(p: np.ndarray, labels: str, ax: Axes | None = None) -> Axes:
    """Bars of one distribution (V,), each with its number."""
    ax = axes(ax)
    bars = ax.bar(range(len(p)), p, color=ink("y")["color"])
    ax.bar_label(bars, [f"{x:.3f}" for x in p], padding=2)
    ax.set(xticks=range(len(p)), xticklabels=list(labels), ylim=(0, 1.15), xlabel="symbol", ylabel="probability")
    ax.set_yticks((0, 0.5, 1))
    ax.grid(visible=False)
    return ax


def entropy_bits(p: np.ndarray) -> float:
    """-sum p log2 p of one distribution: how many bits of surprise a draw from it holds on average."""
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def draw_temperature(temperature: float = 1.0) -> Figure:
    """The four probabilities of the puzzle's logits at one temperature, with their entropy."""
    fig = plt.figure(figsize=(7, 3.2))
    p = softmax(LOGITS / temperature)
    ax = probabilities(p, LETTERS, fig.add_axes((0.1, 0.18, 0.87, 0.69)))
    ax.set_title(f"temperature {temperature:.1f}: entropy {entropy_bits(p):.2f} of at most 2 bits")
    return fig


def tell_temperature(temperature: float) -> str:
    """The alt text of `draw_temperature`."""
    p = softmax(LOGITS / temperature)
    bars = ", ".join(f"{letter} {x:.3f}" for letter, x in zip(LETTERS, p))
    return f"Four bars, the probabilities at temperature {temperature:.1f}: {bars}. Entropy {entropy_bits(p):.2f} bits."


def ladder(names: list[str], nats: list[float], ax: Axes | None = None, floor: float | None = None) -> Axes:
    """Rivals from worst to best as horizontal bars; lower is better; `floor` is the best that anything can reach."""
    ax = axes(ax)
    order = np.argsort(nats)
    bars = ax.barh([names[k] for k in order], [nats[k] for k in order], color="0.85", edgecolor="0.15")
    ax.bar_label(bars, [f" {nats[k]:.2f}" for k in order])
    if floor is not None:
        ax.axvline(floor, color="0.25", linestyle=":", linewidth=2, label=f"floor {floor:.3f}")
        ax.legend(loc="lower right")
    ax.set(xlabel="loss on held-out text (nats per symbol, lower is better)", xlim=(0, 1.15 * max(nats)))
    ax.grid(visible=False)
    return ax


MOST_CONTEXT = 12  # symbols of the longest table in the even process's explorer


@functools.cache
def _table_bits() -> tuple[float, ...]:
    return tuple(even_process_table(k) for k in range(MOST_CONTEXT + 1))


def draw_even(context: int = 3, rnn_bits: float | None = None) -> Figure:
    """Best reachable bits per symbol of a table with 0 to 12 symbols of context on the even process, one marked."""
    bits = _table_bits()
    fig = plt.figure(figsize=(7, 3.6))
    ax = fig.add_axes((0.1, 0.16, 0.87, 0.74))
    ax.plot(bits, color="0.15", linestyle="-", marker="o", label="table with k symbols of context, exact")
    ax.plot(context, bits[context], "s", markersize=13, markerfacecolor="none", color="0.15", markeredgewidth=2)
    if rnn_bits is not None:
        ax.axhline(rnn_bits, linewidth=2, **ink("h"), label="RNN with 2 units")
    ax.axhline(EVEN_ENTROPY, color="0.25", linestyle=":", linewidth=2, label="floor: entropy 2/3 bit")
    ax.set_title(
        f"k = {context}: {bits[context]:.4f} bits per symbol, {bits[context] - EVEN_ENTROPY:.4f} above the floor"
    )
    ax.set(xlabel="symbols of context k", ylabel="bits per symbol", xlim=(-0.5, MOST_CONTEXT + 0.5), ylim=(0.64, 0.96))
    ax.set(xticks=range(0, MOST_CONTEXT + 1, 2), yticks=(0.7, 0.8, 0.9))
    ax.legend(loc="upper right")
    return fig


def tell_even(context: int) -> str:
    """The alt text of `draw_even`."""
    bits = _table_bits()[context]
    return (
        "Bits per symbol of the best table against its symbols of context k, falling in steps from 0.918 towards the "
        f"floor at 0.667, with the RNN of two units just above the floor. Marked: k = {context}, {bits:.4f} bits, "
        f"{bits - EVEN_ENTROPY:.4f} above the floor."
    )


def losses(curves: dict[str, list[float]], ax: Axes | None = None, smooth: int = 10) -> Axes:
    """Training losses in nats against updates, each a running mean of `smooth` updates."""
    ax = axes(ax)
    for name, values in curves.items():  # runs, not quantities of the network: the house's colours in their order
        mean = np.convolve(values, np.ones(smooth) / smooth, "valid")
        ax.plot(np.arange(len(mean)) + smooth, mean, label=name)
    ax.set(xlabel="updates", ylabel="loss (nats per symbol)")
    ax.legend()
    return ax


def colour_text(text: str, nats: np.ndarray) -> str:
    """HTML of a text in which each symbol is underlined by its surprise: the thicker, the more nats it cost."""
    import html

    spans = []
    for symbol, cost in zip(text, nats):
        width = int(min(5, round(cost)))
        shown = "␣" if symbol == " " else "↵" if symbol == "\n" else html.escape(symbol)
        spans.append(f"<span title='{cost:.2f} nats' style='border-bottom: {width}px solid #D55E00'>{shown}</span>")
    return f"<p style='font-family: monospace; line-height: 2'>{''.join(spans)}</p>"
