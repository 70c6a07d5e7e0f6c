"""What every task shares: the batch, one-hot vectors, the distance of texts, and the checks on sizes.

Letters: B batch, T time, D input, V vocabulary. Sequences are (T, B, D).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """Inputs, what the network should answer, and the steps that count.

    xs       (T, B, D) floats, or (T, B) symbol ids
    targets  (B,) class ids read at the last step, (B, K) numbers read at the last step,
             (T, B) class ids at every step, or (T, B, K) numbers at every step
    mask     (T, B) bool, the steps that count in the loss; None = all of them
    """

    xs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray | None = None


def one_hot(ids: np.ndarray, V: int) -> np.ndarray:
    """A row of zeros with a single one, for each id.

    Shapes: ids (...) integers in 0..V-1 -> (..., V) float64.
    Raises ValueError when an id does not fit.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    at_least("V", V, 1)
    return np.eye(V)[checked_ids(ids, V)]


def checked_ids(ids: np.ndarray, V: int) -> np.ndarray:
    """The ids as an array; ValueError unless they are integers in 0..V-1 (a negative one would count from the end)."""
    ids = np.asarray(ids)
    if ids.size and not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"ids: expected integers, got {ids.dtype}")
    if ids.size and (ids.min() < 0 or ids.max() >= V):
        raise ValueError(f"ids: expected values in 0..{V - 1}, got {ids.min()}..{ids.max()}")
    return ids if ids.size else ids.astype(np.int64)


def next_symbol(ids: np.ndarray, V: int | None = None) -> Batch:
    """Predict each symbol from the ones before it: the target is the input, shifted by one step.

    Shapes: ids (T+1, B) -> xs (T, B), or (T, B, V) one-hot when V is given; targets (T, B).

    >>> batch = next_symbol(np.array([[0], [1], [2]]))
    >>> batch.xs[:, 0], batch.targets[:, 0]
    (array([0, 1]), array([1, 2]))
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or len(ids) < 2:
        raise ValueError(f"ids: expected (T+1, B) with T >= 1, got {ids.shape}")
    xs = ids[:-1].copy() if V is None else one_hot(ids[:-1], V)
    return Batch(xs, ids[1:].copy())


def at_least(name: str, value: int, smallest: int) -> None:
    """Raise ValueError unless `value` is an integer >= smallest."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < smallest:
        raise ValueError(f"{name}: expected an integer >= {smallest}, got {value!r}")


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low <= value <= high and value is a finite number."""
    if not isinstance(value, (int, float, np.integer, np.floating)) or not low <= value <= high or value == np.inf:
        raise ValueError(f"{name}: expected a finite number in {low}..{high}, got {value!r}")


def edit_distances(text: str, others: Sequence[str]) -> np.ndarray:
    """How many letters to put in, take out or exchange to make `text` of each of the others (Levenshtein): (N,).

    All others at once: the table of lesson 09, one row for each letter of `text`. ValueError for no others.

    >>> edit_distances("kitten", ["sitting", "kitten", ""])
    array([3, 0, 6])
    """
    if not others:
        raise ValueError("others: expected at least one text, got none")
    lengths = np.array([len(other) for other in others])
    letters = np.zeros((max(lengths.max(), 1), len(others)), dtype=np.int32)
    for n, other in enumerate(others):
        letters[: len(other), n] = [ord(letter) for letter in other]
    row = np.repeat(np.arange(len(letters) + 1, dtype=np.int16)[:, None], len(others), axis=1)  # from the empty text
    for letter in text:
        new = row + np.int16(1)  # take this letter out,
        new[1:] = np.minimum(new[1:], row[:-1] + (letters != ord(letter)))  # or keep or exchange it,
        for j in range(1, len(new)):
            np.minimum(new[j], new[j - 1] + np.int16(1), out=new[j])  # or put one in behind it
        row = new
    return row[lengths, np.arange(len(others))].astype(int)
