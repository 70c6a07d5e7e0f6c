"""The Reber grammar and its embedded form: predict what may come next.

The embedded grammar wraps a Reber string in T...T or P...P, so only the second-last symbol needs long memory.
Source: Reber 1967; Cleeremans, Servan-Schreiber & McClelland 1989; Hochreiter & Schmidhuber 1997 §5.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._common import at_least, one_hot

REBER_SYMBOLS = "BTPSXVE"

# state -> what may be written there, and the state it leads to
_GRAMMAR = {
    0: {"B": 1},
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"X": 3, "S": 6},
    5: {"P": 4, "V": 6},
    6: {"E": 7},
    7: {},
}

# the same for strings without end: the outer letter and the inner state, and what comes before and behind
_CONTINUAL = {
    "begin": [("B", "wrap")],
    "wrap": [("T", ("T", 0)), ("P", ("P", 0))],
    **{(w, s): [(letter, (w, n)) for letter, n in _GRAMMAR[s].items()] for w in "TP" for s in range(7)},
    **{(w, 7): [(w, "end")] for w in "TP"},
    "end": [("E", "begin")],
}


class ReberBatch(NamedTuple):
    """Padded strings: xs (T, B, 7) one-hot, targets (T, B) the next symbol, mask (T, B) the real steps,
    allowed (T, B, 7) every legal next symbol, lengths (B,)."""

    xs: np.ndarray
    targets: np.ndarray
    mask: np.ndarray
    allowed: np.ndarray
    lengths: np.ndarray


def reber_string(rng: np.random.Generator, embedded: bool = True) -> str:
    """Draw a string; at each fork a fair coin.

    >>> reber_string(np.random.default_rng(0), embedded=False)
    'BPVVE'
    """
    state, letters = 0, []
    while _GRAMMAR[state]:
        letter = str(rng.choice(list(_GRAMMAR[state])))
        letters.append(letter)
        state = _GRAMMAR[state][letter]
    inner = "".join(letters)
    if not embedded:
        return inner
    wrap = str(rng.choice(["T", "P"]))
    return f"B{wrap}{inner}{wrap}E"


def reber_next(string: str, embedded: bool = True) -> list[str]:
    """After each symbol of a whole string: the legal next symbols, "" after the last.

    Raises ValueError, with the position, when the string does not belong to the grammar.

    >>> reber_next("BTXSE", embedded=False)
    ['TP', 'SX', 'XS', 'E', '']
    """
    if not embedded:
        return _walk(string, 0)
    wrap = string[1:2]
    if string[:1] != "B" or wrap not in ("T", "P") or string[-2:] != f"{wrap}E" or len(string) < 9:
        raise ValueError(f"string: expected B T ... T E or B P ... P E around a Reber string, got {string!r}")
    return ["TP", "B", *_walk(string[2:-2], 2)[:-1], wrap, "E", ""]


def _walk(string: str, offset: int) -> list[str]:
    """Legal next symbols along a plain Reber string; `offset` only serves the error message."""
    state, legal = 0, []
    for i, letter in enumerate(string):
        if letter not in _GRAMMAR[state]:
            choices = "/".join(_GRAMMAR[state]) or "nothing"
            raise ValueError(f"string: expected {choices} at position {i + offset}, got {letter!r}")
        state = _GRAMMAR[state][letter]
        legal.append("".join(_GRAMMAR[state]))
    if state != 7:
        raise ValueError(f"string: expected E at the end, got {string[-1:]!r}")
    return legal


def reber_batch(rng: np.random.Generator, B: int, embedded: bool = True) -> ReberBatch:
    """B strings, padded with zero vectors to the longest; the step that reads the final E is left out.

    Judge the embedded grammar by the second-last symbol: the step `lengths - 2` of each row, where `allowed` has one
    true entry, T or P.

    >>> batch = reber_batch(np.random.default_rng(0), B=4)
    >>> bool(batch.allowed[batch.lengths - 2, range(4)].sum(-1).max() == 1)
    True
    """
    at_least("B", B, 1)
    strings = [reber_string(rng, embedded) for _ in range(B)]
    lengths = np.array([len(string) - 1 for string in strings])
    T = int(lengths.max())
    ids = np.zeros((T + 1, B), dtype=np.int64)
    allowed = np.zeros((T, B, 7), dtype=bool)
    for b, string in enumerate(strings):
        ids[: len(string), b] = [REBER_SYMBOLS.index(letter) for letter in string]
        for t, letters in enumerate(reber_next(string, embedded)[:-1]):
            allowed[t, b, [REBER_SYMBOLS.index(letter) for letter in letters]] = True
    mask = np.arange(T)[:, None] < lengths
    return ReberBatch(one_hot(ids[:-1], 7) * mask[..., None], ids[1:] * mask, mask, allowed, lengths)


def continual_reber(rng: np.random.Generator, n: int) -> str:
    """n embedded strings end to end, with nothing that marks the joints (Gers, Schmidhuber & Cummins 2000 §4).

    >>> continual_reber(np.random.default_rng(0), 2)
    'BTBPVVETEBPBTSSSSXSEPE'
    """
    at_least("n", n, 1)
    return "".join(reber_string(rng) for _ in range(n))


def continual_reber_batch(rng: np.random.Generator, T: int, B: int) -> ReberBatch:
    """B streams of T symbols of the continual embedded grammar, each from the begin of a string on.

    >>> batch = continual_reber_batch(np.random.default_rng(0), T=30, B=4)
    >>> batch.xs.shape, bool((batch.allowed & (one_hot(batch.targets, 7) == 1)).any(-1).all())
    ((30, 4, 7), True)
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    states = list(_CONTINUAL)
    letters, after = np.zeros((2, len(states), 2), dtype=np.int64)  # by state and coin
    legal = np.zeros((len(states), 7), dtype=bool)
    for k, edges in enumerate(_CONTINUAL.values()):
        for coin, (letter, state) in enumerate([*edges, *edges][:2]):
            letters[k, coin], after[k, coin] = REBER_SYMBOLS.index(letter), states.index(state)
            legal[k, letters[k, coin]] = True
    coins, state = rng.integers(0, 2, (T + 1, B)), np.zeros(B, dtype=np.int64)
    ids, allowed = np.zeros((T + 1, B), dtype=np.int64), np.zeros((T + 1, B, 7), dtype=bool)
    for t, coin in enumerate(coins):
        ids[t], allowed[t], state = letters[state, coin], legal[state], after[state, coin]
    return ReberBatch(one_hot(ids[:-1], 7), ids[1:], np.ones((T, B), dtype=bool), allowed[1:], np.full(B, T))
