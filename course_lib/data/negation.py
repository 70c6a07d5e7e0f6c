"""Opinions in which *not* decides: pairs of sentences with the same words, one of them good and one bad.

The sentences are synthetic, made by the frames below. How good or bad a word is, is real: ten people rated each
word for VADER (Hutto and Gilbert 2014); `extracts/make_valences.py` says where the ratings come from.

A word becomes a row of `ROW` numbers: its rating / 4 where it has one, else a one in the place of one of `KNOWN`, else
a one in the last place, which stands for every other word. So the name of a rated word is never seen, only its rating.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from ._common import Batch, at_least

_FILE = Path(__file__).parent / "extracts" / "valences.txt"
_SMALL = (
    ", not never hardly far from rather than instead of but and though i me do did that it was is be to "
    "said thought told called expected feared found something"
)
KNOWN = tuple(_SMALL.split())
ROW = 1 + len(KNOWN) + 1  # the rating, the known words, any other word

# The frames of the sentences. A and B are rated words of opposite sign, V, VA, VB verbs; a sentence means B, or not V.
_IN_MY_EYES = ("{x} was", "i found {x}", "to me {x} was", "i thought {x} was")
_CONTRASTS = (
    "{neg} {A} but {B}|{neg} , {aside} , {A} but {B}|{B} , {neg} {A}|{B} and {neg} {A}|{B} rather than {A}"
    "|{B} instead of {A}|{B} and far from {A}|far from {A} but {B}"
)
_FRONTS = ("rather than {A}", "instead of {A}", "far from {A}")
_LINKS = (" , but", " and", " , while")
_OTHERS = (
    "{who} called {x} {A}|to {who} {x} was {A}|{who} found {x} {A}|{who} thought {x} was {A}|i expected something {A}"
    "|i feared that it was {A}"
)
_MINE = ("i found it {B}", "to me it was {B}", "it was {B}")
_SAID = "{who} said that {x} was|{who} thought {x} was|i thought it was|i expected that it was|{who} told me it was"
_ENDS = ("it was", "to me it was")


def _templates() -> list[tuple[str, str]]:
    """Both halves of each kind of pair; where A and B change places, the halves are the same."""
    halves = [(f"{eyes} {rest}",) * 2 for eyes in _IN_MY_EYES for rest in _CONTRASTS.split("|")]
    halves += [(f"{front} , {eyes} {{B}}",) * 2 for front in _FRONTS for eyes in _IN_MY_EYES]
    for link in _LINKS:
        halves += [(f"{other}{link} {mine}",) * 2 for other in _OTHERS.split("|") for mine in _MINE]
        halves += [(f"{mine}{link} to {{who}} it was {{A}}",) * 2 for mine in _MINE[:2]]
        for said in _SAID.split("|"):
            halves += [(f"{said} {{A}}{link} {end} not", f"{said} not {{A}}{link} {end}") for end in _ENDS]
        for it in ("it", "{x}"):
            halves.append((f"{{who}} {{V}} {it}{link} i do not", f"i {{V}} {it}{link} {{who}} do not"))
            halves.append((f"i do not {{V}} {it}{link} {{who}} do", f"{{who}} do not {{V}} {it}{link} i do"))
            halves.append((f"i do not {{VA}} {it}{link} i {{VB}} it",) * 2)
            halves.append((f"i {{VB}} {it}{link} i do not {{VA}} it",) * 2)
    for it in ("it", "{x}"):
        halves.append((f"though {{who}} {{V}} {it} , i do not", f"though i {{V}} {it} , {{who}} do not"))
        halves.append((f"though i do not {{V}} {it} , {{who}} do", f"though {{who}} do not {{V}} {it} , i do"))
        halves += [(f"i {{VB}} {it} rather than {{VA}} it",) * 2, (f"i never {{VA}} {it} , i {{VB}} it",) * 2]
    return halves


def _held_out(text: str) -> bool:
    return crc32(text.encode()) % 4 == 0


# Plain opinions and their denials: no pairs of one bag, but what people type first.
PLAIN = [
    *((f"{it} {{B}}", f"{it} {{neg}} {{B}}") for it in ("it was", "{x} was", "it is", "{x} is")),
    *((f"i {{VB}} {it}", f"i {do} not {{VB}} {it}") for it in ("it", "{x}") for do in ("do", "did")),
    *((f"i found {it} {{B}}", f"i found {it} {{neg}} {{B}}") for it in ("it", "{x}")),
    ("{B}", "not {B}"),
]
TEMPLATES = [pair for pair in _templates() if not _held_out(pair[0])]
HELD_OUT = [pair for pair in _templates() if _held_out(pair[0])]
_FILL = {
    "x": "the film|this book|the play|her new song|the whole concert|the second part|that game|dinner there",
    "who": "my friends|the critics|others|most people|the two of them|our neighbours",
    "neg": "not|not|never|hardly",
    "aside": "as you know|in spite of the rain|to my ears|by the end",
}
_ADVERBS = ("", "", "", "really ", "very ", "quite ")
_OPEN = ("", "", "", "well , ", "in the end , ", "on the day , ", "when we talked about this , ")
_CLOSE = ("", "", "", " , on the whole", " as far as one can tell", " , in every way")


@cache
def valences(kind: str | None = None) -> dict[str, float]:
    """How people rated each word, from -4 to 4; all words or those of a kind: "adjective", "verb" or "other".

    >>> valences()["good"], valences()["awful"]
    (1.9, -2.0)
    """
    rows = (line.split() for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {word: float(mean) for word, found, mean, _ in rows if kind in (None, found)}


def tokens(text: str) -> list[str]:
    """The words of a sentence in small letters, and its commas; *don't* becomes *do not*.

    Raises ValueError for what is no text, or a text without a word.

    >>> tokens("It wasn't dull, but FUNNY!")
    ['it', 'was', 'not', 'dull', ',', 'but', 'funny']
    """
    if not isinstance(text, str):
        raise ValueError(f"text: expected a sentence such as 'it was not bad', got {type(text).__name__}")
    low = text.lower().replace("\u2019", "'").replace("can't", "can not").replace("won't", "will not")
    found = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?|,", re.sub(r"n't\b", " not", low))
    words = [word for word in found if word != ","]
    if not words:
        raise ValueError(f"text: expected at least one word, as in 'it was not bad', got {text!r}")
    return found


def word_rows(words: Sequence[str]) -> np.ndarray:
    """The rows (T, ROW) of some words; ValueError for none.

    >>> rows = word_rows(["not", "awful"])
    >>> rows.shape, float(rows[1, 0])
    ((2, 33), -0.5)
    """
    if isinstance(words, str) or not len(words):
        raise ValueError(f"words: expected a list with at least one word, got {words!r}: split a text with tokens()")
    rows, rated = np.zeros((len(words), ROW)), valences()
    for t, word in enumerate(words):
        if word in rated:
            rows[t, 0] = rated[word] / 4
        else:
            rows[t, 1 + KNOWN.index(word) if word in KNOWN else -1] = 1
    return rows


def opinion_pairs(
    rng: np.random.Generator, n: int, held_out: bool = False, frames: Sequence[tuple[str, str]] | None = None
) -> list[tuple[str, int]]:
    """n pairs, one half after the other: 2 n sentences with 1 for good and 0 for bad.

    `held_out` takes frames and rated words that the other sentences never have; `frames`, such as PLAIN, stand in for
    TEMPLATES. Raises ValueError for n < 1.

    >>> for text, good in opinion_pairs(np.random.default_rng(5), 1):
    ...     print(good, text)
    1 when we talked about this , i expected that it was arrogant and it was not
    0 when we talked about this , i expected that it was not arrogant and it was
    """
    at_least("n", n, 1)
    sentences = []
    for _ in range(n):
        first, second = _pick(rng, frames or (HELD_OUT if held_out else TEMPLATES))
        sign = int(rng.integers(2))
        a, b = (_rated(rng, "verb" if "{V" in first else "adjective", s, held_out) for s in (1 - sign, sign))
        fill = {key: _pick(rng, values.split("|")) for key, values in _FILL.items()}
        before, after = _pick(rng, _OPEN), _pick(rng, _CLOSE)
        adverb = "" if "{V" in first else _pick(rng, _ADVERBS)
        swapped = (b, a) if first == second else (a, b)
        for text, x, y, good in ((first, a, b, sign), (second, *swapped, 1 - sign)):
            rated = {"A": adverb + x, "B": adverb + y, "V": x, "VA": x, "VB": y}
            sentences.append((before + text.format(**fill, **rated) + after, good))
    return sentences


def opinion_batch(sentences: Sequence[tuple[str, int]]) -> Batch:
    """Sentences and their answers as one padded batch: xs (T, B, ROW), targets (B,), mask (T, B).

    >>> opinion_batch([("it was not bad", 1), ("bad", 0)]).mask.T.astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 0]])
    """
    rows = [word_rows(tokens(text)) for text, _ in sentences]
    lengths = np.array([len(row) for row in rows])
    xs = np.zeros((lengths.max(), len(rows), ROW))
    for b, row in enumerate(rows):
        xs[: len(row), b] = row
    return Batch(xs, np.array([good for _, good in sentences]), np.arange(len(xs))[:, None] < lengths)


def _pick(rng: np.random.Generator, items: Sequence) -> Any:
    return items[int(rng.integers(len(items)))]


def _rated(rng: np.random.Generator, kind: str, sign: int, held_out: bool) -> str:
    return _pick(rng, _words(kind, sign, held_out))


@cache
def _words(kind: str, sign: int, held_out: bool) -> tuple[str, ...]:
    clear = {word: mean for word, mean in valences(kind).items() if abs(mean) >= 1.0}
    return tuple(word for word, mean in clear.items() if (mean > 0) == sign and _held_out(word) == held_out)
