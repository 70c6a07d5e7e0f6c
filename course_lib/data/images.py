"""Small drawn digits: synthetic images, made here, so that nothing is downloaded.

They are not handwriting. A result on them says something about sequences of pixels, nothing about MNIST.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._common import Batch, at_least, in_range

_GLYPHS = """
.##. ..#. .##. ###. ..#. #### .##. #### .##. .##.
#..# .##. #..# ...# .##. #... #... ...# #..# #..#
#..# ..#. ...# .##. #.#. ###. ###. ..#. .##. #..#
#..# ..#. ..#. ...# #### ...# #..# ..#. #..# .###
#..# ..#. .#.. ...# ..#. ...# #..# .#.. #..# ...#
.##. .### #### ###. ..#. ###. .##. .#.. .##. .##.
"""


class Images(NamedTuple):
    """pixels (B, 8, 8) in [0, 1], labels (B,) in 0..9."""

    pixels: np.ndarray
    labels: np.ndarray


def digit_images(rng: np.random.Generator, B: int, noise: float = 0.1) -> Images:
    """Draw B digits of 6 x 4 points on an 8 x 8 field: shifted, of varied brightness, noisy.

    Raises ValueError for B < 1 or noise outside 0..1.

    >>> digit_images(np.random.default_rng(0), B=3).pixels.shape
    (3, 8, 8)
    """
    at_least("B", B, 1)
    in_range("noise", noise, 0, 1)
    rows = [line.split() for line in _GLYPHS.split("\n") if line]
    glyphs = np.array([[[c == "#" for c in row[d]] for row in rows] for d in range(10)], dtype=float)  # (10, 6, 4)
    labels = rng.integers(0, 10, B)
    pixels = np.zeros((B, 8, 8))
    down, right, ink = rng.integers(0, 3, B), rng.integers(0, 5, B), rng.uniform(0.6, 1.0, B)
    for b, digit in enumerate(labels):
        pixels[b, down[b] : down[b] + 6, right[b] : right[b] + 4] = ink[b] * glyphs[digit]
    return Images(np.clip(pixels + noise * rng.standard_normal(pixels.shape), 0, 1), labels)


def pixel_sequence(images: Images) -> Batch:
    """Read the pixels one by one, row after row: xs (64, B, 1), targets (B,).

    >>> pixel_sequence(digit_images(np.random.default_rng(0), B=3)).xs.shape
    (64, 3, 1)
    """
    return Batch(images.pixels.reshape(len(images.labels), 64).T[..., None], images.labels)


def row_sequence(images: Images) -> Batch:
    """Read the image row by row: xs (8, B, 8), targets (B,).

    >>> row_sequence(digit_images(np.random.default_rng(0), B=3)).xs.shape
    (8, 3, 8)
    """
    return Batch(images.pixels.transpose(1, 0, 2), images.labels)
