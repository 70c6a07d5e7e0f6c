"""Plots of lesson 09, second half: pictures with captions, where a caption looks, where a headline looks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.show.colours import ink
from course_lib.show.figure import axes

Array = np.ndarray
CORNERS = ((-0.5, -0.5), (7.5, -0.5), (-0.5, 7.5), (7.5, 7.5))  # of the four quarters of a picture of 16 x 16


def captioned(pixels: Array, captions: Sequence[str]) -> Figure:
    """Pictures (B, 16, 16) in a row, each with its caption below it."""
    fig, panels = plt.subplots(1, len(pixels), figsize=(7, 2.5), layout="constrained")
    for ax, image, text in zip(np.atleast_1d(panels), pixels, captions, strict=True):
        _picture(ax, image)
        ax.set_xlabel("\n".join(textwrap.wrap(text, 18)))
    return fig


def caption_looks(pixels: Array, words: Sequence[str], weights: Array) -> Figure:
    """A picture (16, 16) once for each word: what is not looked at is dark, the largest weight has a frame.

    weights (S, 4), for S words and the quarters top left, top right, bottom left, bottom right.
    """
    columns = 6
    rows = -(-len(words) // columns)
    fig, panels = plt.subplots(rows, columns, figsize=(7, 1.5 * rows), layout="constrained", squeeze=False)
    for ax in panels.flat[len(words) :]:
        ax.set_visible(False)
    for ax, word, looks in zip(panels.flat, words, np.asarray(weights)):
        _picture(ax, pixels)
        for corner, weight in zip(CORNERS, looks):
            ax.add_patch(Rectangle(corner, 8, 8, color="black", alpha=0.85 * (1 - float(weight)), lw=0))
        k = int(np.argmax(looks))
        ax.add_patch(Rectangle(CORNERS[k], 8, 8, fill=False, edgecolor=ink("c")["color"], lw=2.5))
        ax.set_title(f"{word}  {looks[k]:.2f}", size=10)
    return fig


def _picture(ax: Axes, image: Array) -> None:
    """A picture without axes, its quarters parted by thin lines."""
    ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    ax.axhline(7.5, color="0.6", lw=1)
    ax.axvline(7.5, color="0.6", lw=1)
    ax.set(xticks=(), yticks=())
    ax.grid(False)


def looks(read: Sequence[str], written: Sequence[str], weights: Array, ax: Axes | None = None) -> Axes:
    """Attention as a map: a row for each word that is written, a column for each word that is read; weights (S, T)."""
    ax = axes(ax, (7, 0.42 * len(written) + 1.6))
    ax.imshow(np.asarray(weights), cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for s, row in enumerate(np.asarray(weights)):
        t = int(row.argmax())
        ax.text(t, s, f"{row[t]:.2f}", ha="center", va="center", color="black" if row[t] > 0.6 else "white", size=9)
    ax.set_xticks(range(len(read)), read, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(written)), written)
    ax.set(xlabel="read", ylabel="written")
    ax.grid(False)
    return ax
