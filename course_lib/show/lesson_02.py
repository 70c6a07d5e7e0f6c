"""Pictures of lesson 02: probabilities of a choice, the ladder of rivals, the even process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_lib.data import EVEN_ENTROPY, even_process_table
from course_lib.nn.language_model import softmax
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = "helo"
LOGITS = np.array([1.0, 2.2, -3.0, 4.1])  # Karpathy 2015, the first step of "hello"


def probabilities(p: np.ndarray, labels: str, ax: Axes | None = None) -> Axes:
    """Bars of one distribution (V,), each with its number."""
    ax = axes(ax)
    bars = ax.bar(range(len(p)), p, color="#0072B2")
    ax.bar_label(bars, [f"{x:.3f}" for x in p])
    ax.set(xticks=range(len(p)), xticklabels=list(labels), ylim=(0, 1.1), xlabel="symbol", ylabel="probability")
    ax.grid(visible=False)
    return ax


def entropy_bits(p: np.ndarray) -> float:
    """-sum p log2 p of one distribution: how many bits of surprise a draw from it holds on average."""
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())


def draw_temperature(temperature: float = 1.0) -> Figure:
    """The four probabilities of the puzzle's logits at one temperature, with their entropy."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(5.5, 2.8))
    p = softmax(LOGITS / temperature)
    probabilities(p, LETTERS, ax)
    ax.set_title(f"temperature {temperature:.2f}: entropy {entropy_bits(p):.2f} of at most 2 bits")
    return fig


def ladder(names: list[str], nats: list[float], ax: Axes | None = None, floor: float | None = None) -> Axes:
    """Rivals from worst to best as horizontal bars; lower is better; `floor` is the best that anything can reach."""
    ax = axes(ax)
    order = np.argsort(nats)
    bars = ax.barh([names[k] for k in order], [nats[k] for k in order], color="#56B4E9", edgecolor="black")
    ax.bar_label(bars, [f" {nats[k]:.2f}" for k in order])
    if floor is not None:
        ax.axvline(floor, color="#D55E00", linestyle="--", label=f"floor {floor:.3f}")
        ax.legend(loc="lower right")
    ax.set(xlabel="loss on held-out text (nats per symbol, lower is better)", xlim=(0, 1.15 * max(nats)))
    ax.grid(visible=False)
    return ax


def draw_even(context: int = 3, rnn_bits: float | None = None) -> Figure:
    """Best reachable bits per symbol of a table with 0 to 12 symbols of context on the even process, one marked."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6.5, 3.2))
    ks = np.arange(13)
    bits = [even_process_table(int(k)) for k in ks]
    ax.plot(ks, bits, "o-", label="table with k symbols of context, exact")
    ax.plot(context, bits[context], "s", markersize=12, markerfacecolor="none", color="#D55E00", linestyle="none")
    gap = bits[context] - EVEN_ENTROPY
    ax.annotate(
        f"k = {context}: {bits[context]:.4f}\n{gap:.4f} above the floor",
        (context, bits[context]),
        textcoords="offset points",
        xytext=(10, 14),
    )
    ax.axhline(EVEN_ENTROPY, color="black", linestyle="--", label="floor: entropy 2/3 bit")
    if rnn_bits is not None:
        ax.axhline(rnn_bits, color="#009E73", linestyle=":", linewidth=2.5, label="RNN with 2 units")
    ax.set(xlabel="symbols of context k", ylabel="bits per symbol", ylim=(0.64, 0.96), title="The even process")
    ax.legend(loc="upper right")
    return fig


def losses(curves: dict[str, list[float]], ax: Axes | None = None, smooth: int = 10) -> Axes:
    """Training losses in nats against updates, each a running mean of `smooth` updates."""
    ax = axes(ax)
    for name, values in curves.items():
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
