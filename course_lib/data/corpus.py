"""A text that every Python installation carries: the topics of `help()`.

Nothing is downloaded. The text differs a little with the Python version, so compare figures only within one version.
It is split by topic, never by window: neighbouring windows share words, and the held-out loss would flatter.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ._common import Batch, at_least, checked_ids, in_range

_OTHER = "\ufffd"  # stands for every character that the training half does not have


class Text(NamedTuple):
    """train and valid are 1-D ids; chars is the vocabulary, the id of a character is its index."""

    train: np.ndarray
    valid: np.ndarray
    chars: tuple[str, ...]

    def encode(self, string: str) -> np.ndarray:
        """Ids of a string; a character outside the vocabulary becomes id 0."""
        table = {char: i for i, char in enumerate(self.chars)}
        return np.array([table.get(char, 0) for char in string], dtype=np.int64)

    def decode(self, ids: np.ndarray) -> str:
        """The string of a sequence of ids."""
        return "".join(self.chars[i] for i in checked_ids(ids, len(self.chars)))


@cache
def topics() -> dict[str, str]:
    """Topic -> text, without the topics that mostly repeat another one.

    About a quarter of the help topics (22 of 79 in Python 3.11) are parts of longer ones; kept, they would stand in
    both halves of any split. Long topics come first; a topic is left out when 20 % of the characters of its
    paragraphs have been seen. Raises RuntimeError when this Python has no topics (some Linux packages leave them out).

    >>> "if" in topics(), "compound" in topics()
    (False, True)
    """
    try:
        from pydoc_data.topics import topics as everything
    except ImportError as error:
        raise RuntimeError(
            "text: expected a Python with help topics (pydoc_data.topics), got one without: "
            "install Python from python.org or conda and start the course with it"
        ) from error
    kept, seen = {}, set()
    for name in sorted(everything, key=lambda name: (-len(everything[name]), name)):
        paragraphs = [p.strip() for p in everything[name].split("\n\n") if len(p.strip()) >= 40]
        size = sum(map(len, paragraphs))
        if sum(len(p) for p in paragraphs if p in seen) < 0.2 * size:
            kept[name] = everything[name]
            seen.update(paragraphs)
    return {name: kept[name] for name in sorted(kept)}


@cache
def text(held_out: float = 0.1) -> Text:
    """The topics as character ids, whole topics held out.

    Topics go to `valid` in the order of a checksum of their names, until about `held_out` of the characters are there;
    the split is the same on every machine with the same Python. The vocabulary comes from `train` alone, id 0 standing
    for a character that is not in it. The arrays are read-only. Raises ValueError unless held_out is in 0.01..0.5.

    >>> corpus = text()
    >>> corpus.decode(corpus.encode("for x in y"))
    'for x in y'
    """
    in_range("held_out", held_out, 0.01, 0.5)
    parts = topics()
    total, valid, train = sum(map(len, parts.values())), [], []
    for name in sorted(parts, key=lambda name: crc32(name.encode())):
        fits = sum(map(len, valid)) + len(parts[name]) <= 1.1 * held_out * total
        (valid if fits and sum(map(len, valid)) < held_out * total else train).append(parts[name])
    chars = (_OTHER, *sorted(set("".join(train))))
    corpus = Text(np.empty(0, np.int64), np.empty(0, np.int64), chars)
    halves = [corpus.encode("\n\n".join(half)) for half in (train, valid)]
    for half in halves:
        half.flags.writeable = False
    return Text(*halves, chars)


def stream_batches(ids: np.ndarray, T: int, B: int) -> list[Batch]:
    """Cut a text into B parallel streams and these into windows of T steps, in reading order.

    Row b of one batch goes on where row b of the batch before stopped: carry the state from batch to batch.

    Shapes: ids (N,) -> (N - 1) // (B T) batches of xs (T, B), targets (T, B). Raises ValueError when not one fits.

    >>> first, second = stream_batches(np.arange(13), T=3, B=2)
    >>> first.xs.T, second.xs.T
    (array([[0, 1, 2],
           [6, 7, 8]]), array([[ 3,  4,  5],
           [ 9, 10, 11]]))
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    ids = np.asarray(ids)
    if ids.ndim != 1 or len(ids) < B * T + 1:
        raise ValueError(f"ids: expected (N,) with N >= B T + 1 = {B * T + 1}, got {ids.shape}")
    windows = (len(ids) - 1) // (B * T)
    xs, targets = (part[: B * windows * T].reshape(B, windows, T).transpose(1, 2, 0) for part in (ids[:-1], ids[1:]))
    return [Batch(x.copy(), y.copy()) for x, y in zip(xs, targets, strict=True)]


def random_windows(rng: np.random.Generator, ids: np.ndarray, T: int, B: int) -> Batch:
    """B windows of T steps from random places.

    Shapes: ids (N,) -> xs (T, B), targets (T, B). Raises ValueError unless N >= T + 1.

    >>> random_windows(np.random.default_rng(0), np.arange(100), T=5, B=2).xs.shape
    (5, 2)
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    ids = np.asarray(ids)
    if ids.ndim != 1 or len(ids) < T + 1:
        raise ValueError(f"ids: expected (N,) with N >= T + 1 = {T + 1}, got {ids.shape}")
    starts = rng.integers(0, len(ids) - T, B)
    windows = ids[starts + np.arange(T + 1)[:, None]]  # (T+1, B)
    return Batch(windows[:-1].copy(), windows[1:])
