"""Counting: n-gram models of 1 to n symbols, interpolated by the rule named after Witten and Bell (1991).

Where a context is new or rare, the shorter ones speak: for the context u of n - 1 symbols and the next symbol c

    p(c | u) = (count(u c) + distinct(u) p(c | u')) / (count(u) + distinct(u))

    count(u c)    how often c stood after u
    distinct(u)   how many different symbols have stood after u
    u'            u without its oldest symbol; without any context, p(c) = 1 / V

Explained in notebooks/08_language_models.ipynb.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class _Counts(NamedTuple):
    """Of one length: sorted codes of (context, symbol) with their counts; sorted contexts with theirs."""

    pairs: Array
    pair_counts: Array
    contexts: Array
    totals: Array
    distinct: Array


class NGrams:
    """Counts of all runs of 1 to n symbols of a text, and what they say of the next symbol.

    Args: ids (N,) of a text, symbols 0 to V - 1; V; n, the longest run that is counted.
    Raises: ValueError for an n whose runs have no 64-bit code, or a text shorter than n.

    Example:
        >>> model = NGrams(np.array([0, 1, 0, 1, 0]), V=2, n=2)
        >>> model.distribution(np.array([0])).round(3).tolist()  # after a 0 there was a 1, twice
        [0.19, 0.81]
    """

    def __init__(self, ids: Array, V: int, n: int) -> None:
        ids = np.asarray(ids, np.int64)
        if n < 1 or V**n >= 2**63:
            raise ValueError(f"n: expected at least 1 and V^n below 2^63, got n = {n}, V = {V}")
        if ids.ndim != 1 or len(ids) < n or ids.min() < 0 or ids.max() >= V:
            raise ValueError(f"ids: expected (N,) with N >= {n} symbols 0 to {V - 1}, got {ids.shape}")
        self.V, self.n = V, n
        self._counts = [_count(ids, V, length) for length in range(1, n + 1)]

    def sizes(self) -> list[int]:
        """How many different runs of each length were seen."""
        return [len(counts.pairs) for counts in self._counts]

    def probabilities(self, ids: Array) -> Array:
        """What each length of run says of each symbol of a text.

        Args: ids (N,). Returns: (n, N); row k - 1 is the model of runs up to k, and a symbol near the beginning is
        predicted from the shorter context that it has.

        Example:
            >>> NGrams(np.array([0, 1, 0, 1]), V=2, n=2).probabilities(np.array([0, 1])).round(2).tolist()
            [[0.5, 0.5], [0.5, 0.83]]
        """
        ids = np.asarray(ids, np.int64)
        p = np.full(len(ids), 1 / self.V)
        rows = []
        for length, counts in enumerate(self._counts, 1):
            codes = _codes(ids, self.V, length)
            p = p.copy()
            p[length - 1 :] = _blend(counts, codes, codes // self.V, p[length - 1 :])
            rows.append(p)
        return np.array(rows)

    def distribution(self, context: Array) -> Array:
        """The probability of each next symbol (V,) after the last n - 1 symbols of a context (any length, also 0)."""
        context = np.asarray(context, np.int64)
        p, everything = np.full(self.V, 1 / self.V), np.arange(self.V)
        for length, counts in enumerate(self._counts[: len(context) + 1], 1):
            code = 0
            for symbol in context[len(context) - length + 1 :]:
                code = code * self.V + int(symbol)
            p = _blend(counts, code * self.V + everything, np.full(self.V, code), p)
        return p


def _codes(ids: Array, V: int, length: int) -> Array:
    """Each run of `length` symbols as one whole number, the oldest symbol in front: (N - length + 1,)."""
    codes = np.zeros(max(len(ids) - length + 1, 0), np.int64)
    for k in range(length):
        codes = codes * V + ids[k : k + len(codes)]
    return codes


def _count(ids: Array, V: int, length: int) -> _Counts:
    pairs, pair_counts = np.unique(_codes(ids, V, length), return_counts=True)
    contexts, first = np.unique(pairs // V, return_index=True)
    return _Counts(pairs, pair_counts, contexts, np.add.reduceat(pair_counts, first), np.diff([*first, len(pairs)]))


def _blend(counts: _Counts, codes: Array, contexts: Array, shorter: Array) -> Array:
    """The rule of the module for codes of (context, symbol), given what the shorter context says."""
    seen = _look_up(counts.pairs, counts.pair_counts, codes)
    total = _look_up(counts.contexts, counts.totals, contexts)
    distinct = _look_up(counts.contexts, counts.distinct, contexts)
    return np.where(total > 0, (seen + distinct * shorter) / np.maximum(total + distinct, 1), shorter)


def _look_up(keys: Array, values: Array, wanted: Array) -> Array:
    """The value of each wanted key, 0 where it is not there."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
