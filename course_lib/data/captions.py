"""Pictures of four drawn digits in a square, with a caption in words: synthetic, made here (see `images`).

Some pairs of neighbours (`HELD_PAIRS`) never stand in a training picture, though each of their digits does, in each of
the four quarters. Whoever writes the caption of such a pair has put it together from its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._common import Batch, at_least, in_range
from .images import digit_images
from .translations import END, PAD, START, Vocabulary, padded

#: A digit as a word, alone and twice.
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DOUBLES = ("zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines")
#: The words of all captions, with their ids.
CAPTION_WORDS = Vocabulary(["a", "an", "and", "above", *DIGITS, *DOUBLES])
#: The pairs (left, right) that stand side by side in no training picture: two for each digit on the left.
HELD_PAIRS = frozenset((d, (d + shift) % 10) for d in range(10) for shift in (3, 8))
PARTS = ("train", "held", "all")


class Captioned(NamedTuple):
    """pixels (B, 16, 16) in [0, 1]; digits (B, 4): top left, top right, bottom left, bottom right; captions B texts."""

    pixels: np.ndarray
    digits: np.ndarray
    captions: tuple[str, ...]


def caption(digits: Sequence[int]) -> str:
    """What four digits are called: the upper two, "above", the lower two; a digit that stands twice is said once.

    >>> caption([3, 8, 1, 1])
    'a three and an eight above two ones'
    """
    if len(digits) != 4 or any(d not in range(10) for d in digits):
        raise ValueError(f"digits: expected four of 0..9, got {[int(d) for d in digits]}")
    rows = []
    for left, right in (digits[:2], digits[2:]):
        two = [f"{'an' if d == 8 else 'a'} {DIGITS[d]}" for d in (left, right)]
        rows.append(f"two {DOUBLES[left]}" if left == right else " and ".join(two))
    return " above ".join(rows)


def captioned_digits(rng: np.random.Generator, B: int, part: str = "train", noise: float = 0.1) -> Captioned:
    """Draw B pictures of four digits, with their captions.

    part  "train": no row is one of `HELD_PAIRS`; "held": both rows are; "all": any digits
    Raises ValueError for B < 1, noise outside 0..1 or another part.

    >>> drawn = captioned_digits(np.random.default_rng(0), B=2)
    >>> drawn.pixels.shape, drawn.captions[0]
    ((2, 16, 16), 'an eight and a five above a six and a two')
    """
    at_least("B", B, 1)
    in_range("noise", noise, 0, 1)
    if part not in PARTS:
        raise ValueError(f"part: expected one of {', '.join(PARTS)}, got {part!r}")
    pairs = [divmod(n, 10) for n in range(100)]
    if part != "all":
        pairs = [pair for pair in pairs if (pair in HELD_PAIRS) == (part == "held")]
    rows = np.array(pairs)[rng.integers(0, len(pairs), (B, 2))]  # (B, 2, 2)
    digits = rows.reshape(B, 4)
    drawings = digit_images(rng, 4 * B + 400, noise)  # each quarter shows one of them that has its digit
    chosen = np.zeros((B, 4), dtype=int)
    for digit in range(10):
        places = digits == digit
        chosen[places] = rng.choice(np.flatnonzero(drawings.labels == digit), places.sum())
    tiles = drawings.pixels[chosen].reshape(B, 2, 2, 8, 8)  # picture, down, right, y, x
    pixels = tiles.transpose(0, 1, 3, 2, 4).reshape(B, 16, 16)
    return Captioned(pixels, digits, tuple(caption(d) for d in digits))


def quarters(pixels: np.ndarray) -> np.ndarray:
    """Cut pictures into their four quarters, in the order of `Captioned.digits`: (B, 16, 16) -> (4, B, 64).

    The quarters stand on the axis on which a sentence has its words.

    >>> quarters(np.arange(256.0).reshape(1, 16, 16))[:, 0, 0]
    array([  0.,   8., 128., 136.])
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 3 or pixels.shape[1:] != (16, 16):
        raise ValueError(f"pixels: expected (B, 16, 16), got {pixels.shape}")
    cut = pixels.reshape(len(pixels), 2, 8, 2, 8)  # picture, down, y, right, x
    return cut.transpose(1, 3, 0, 2, 4).reshape(4, len(pixels), 64)


def caption_batch(captioned: Captioned, chosen: Sequence[int] | None = None) -> Batch:
    """A batch that `training.fit` can hand to a network with an encoder of quarters and a decoder of words.

    chosen says which of the pictures, None all of them. Shapes: xs (L, B, 65): xs[:4, :, :64] are the quarters,
    xs[..., 64] the ids that the decoder is fed; targets (L, B) ids; mask (L, B). L is the longest caption and its end.

    >>> batch = caption_batch(captioned_digits(np.random.default_rng(0), B=2))
    >>> batch.xs.shape, batch.targets.shape, batch.mask.sum(0)
    ((12, 2, 65), (12, 2), array([12, 12]))
    """
    chosen = range(len(captioned.captions)) if chosen is None else chosen
    ids = [CAPTION_WORDS.encode(captioned.captions[i].split()) for i in chosen]
    asked = padded([np.append(row, END) for row in ids])
    xs = np.zeros((*asked.shape, 65))
    xs[:4, :, :64] = quarters(captioned.pixels[list(chosen)])
    xs[..., 64] = padded([np.append(START, row) for row in ids])
    return Batch(xs, asked, asked != PAD)


def said(ids: Sequence[int]) -> str:
    """The words of ids up to the end, with blanks between them.

    >>> said(CAPTION_WORDS.encode("two ones above two twos".split()))
    'two ones above two twos'
    """
    kept = list(ids)[: list(ids).index(END)] if END in ids else ids
    return " ".join(CAPTION_WORDS.decode([i]) for i in kept if i != PAD)
