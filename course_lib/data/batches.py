"""Sequences of unequal length in one array: padding, masks, buckets, and the steps they waste."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ._common import at_least
from .corpus import topics

#: The letters of `encode_letters`; id 0 is kept for padding.
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Padded(NamedTuple):
    """ids (T, B) with padding, lengths (B,), mask (T, B) true where a symbol is real."""

    ids: np.ndarray
    lengths: np.ndarray
    mask: np.ndarray


@cache
def words(min_length: int = 2, max_length: int = 20) -> tuple[str, ...]:
    """The distinct lower-case words of the help topics and Python's keywords, sorted.

    They run from 2 to about 20 letters: natural material for padding and bucketing.

    >>> "yield" in words(), min(map(len, words(min_length=5)))
    (True, 5)
    """
    at_least("min_length", min_length, 1)
    at_least("max_length", max_length, min_length)
    found = set(re.findall(r"(?<![A-Za-z_])[a-z]+(?![A-Za-z_])", " ".join(topics().values())))
    found |= {word for word in keyword.kwlist if word.islower()}
    return tuple(sorted(word for word in found if min_length <= len(word) <= max_length))


def encode_letters(word: str) -> np.ndarray:
    """Ids 1..26 of a lower-case word.

    >>> encode_letters("abba")
    array([1, 2, 2, 1])
    """
    strange = [letter for letter in word if letter not in LETTERS]
    if strange or not word:
        raise ValueError(f"word: expected letters a..z, got {word!r}")
    return np.array([LETTERS.index(letter) + 1 for letter in word], dtype=np.int64)


def pad(sequences: Sequence[np.ndarray], value: int = 0) -> Padded:
    """Put sequences of unequal length side by side, the short ones filled up at the end.

    Shapes: B arrays of shape (T_b,) or (T_b, D) -> ids (T, B) or (T, B, D) with T = max T_b. Raises ValueError for no
    sequence, an empty one, or unequal D.

    >>> padded = pad([np.array([5, 6, 7]), np.array([8])])
    >>> padded.ids.T, padded.lengths
    (array([[5, 6, 7],
           [8, 0, 0]]), array([3, 1]))
    """
    arrays = [np.asarray(sequence) for sequence in sequences]
    if not arrays or any(array.ndim == 0 or len(array) == 0 for array in arrays):
        raise ValueError(f"sequences: expected at least one, none of them empty, got {[a.shape for a in arrays]}")
    if len({array.shape[1:] for array in arrays}) > 1:
        raise ValueError(f"sequences: expected (T_b, D) with one D, got {[a.shape for a in arrays]}")
    lengths = np.array([len(array) for array in arrays])
    ids = np.full((lengths.max(), len(arrays), *arrays[0].shape[1:]), value, dtype=np.result_type(*arrays))
    for b, array in enumerate(arrays):
        ids[: len(array), b] = array
    return Padded(ids, lengths, np.arange(len(ids))[:, None] < lengths)


def shuffled(rng: np.random.Generator, n: int, B: int) -> list[np.ndarray]:
    """The indices 0..n-1 in random order, B to a batch; the last batch may be smaller.

    >>> [len(batch) for batch in shuffled(np.random.default_rng(0), n=10, B=4)]
    [4, 4, 2]
    """
    at_least("n", n, 1)
    at_least("B", B, 1)
    order = rng.permutation(n)
    return [order[start : start + B] for start in range(0, n, B)]


def buckets(rng: np.random.Generator, lengths: np.ndarray, B: int) -> list[np.ndarray]:
    """Batches of similar length: sort (ties in random order), cut, shuffle the batches.

    Shapes: lengths (n,) -> ceil(n / B) index arrays that together hold each of 0..n-1 once.

    >>> lengths = np.array([9, 1, 8, 2])
    >>> sorted(sorted(lengths[batch].tolist()) for batch in buckets(np.random.default_rng(0), lengths, B=2))
    [[1, 2], [8, 9]]
    """
    at_least("B", B, 1)
    lengths = _lengths(lengths)
    order = np.lexsort((rng.random(len(lengths)), lengths))
    batches = [order[start : start + B] for start in range(0, len(lengths), B)]
    return [batches[i] for i in rng.permutation(len(batches))]


def wasted_steps(lengths: np.ndarray, batches: Sequence[np.ndarray]) -> float:
    """The share of steps that are padding when each batch is padded to its own longest sequence.

    wasted = 1 - sum of lengths / sum over batches of (size x longest)

    >>> wasted_steps(np.array([9, 1]), [np.array([0, 1])])
    0.4444444444444444
    """
    lengths = _lengths(lengths)
    if not len(batches) or any(len(batch) == 0 for batch in batches):
        raise ValueError("batches: expected at least one, none of them empty, got an empty one or none")
    padded = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
    return 1 - sum(int(lengths[batch].sum()) for batch in batches) / padded


def _lengths(lengths: np.ndarray) -> np.ndarray:
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or len(lengths) == 0 or lengths.dtype.kind not in "iu" or lengths.min() < 1:
        raise ValueError(f"lengths: expected (n,) integers >= 1, got shape {lengths.shape}, {lengths.tolist()[:5]}")
    return lengths
