"""The question of lessons 01 to 07: "the cats which sat near the dog and slept there ___". Was or were?

The grammar, in thirty words: `the NOUN [which ACT PLACE the NOUN (and ACT MANNER)*] was|were MOOD .` The noun in the
second place decides the verb. The aside in brackets holds a second noun whose number is a coin's, to mislead.
Source: the course's own (lesson 01 writes it with eleven words), after Linzen, Dupoux & Goldberg 2016.
"""

from __future__ import annotations

import numpy as np

from ._common import Batch, at_least

ONE = ("cat", "dog", "boy", "bird")
MORE = ("cats", "dogs", "boys", "birds")
NOUNS = ONE + MORE
_ACTS = ("sat", "slept", "waited", "played")
_PLACES = ("near", "behind", "beside", "with")
_MANNERS = ("there", "alone", "again", "quietly")
_VERBS = ("was", "were")
_MOODS = ("hungry", "happy", "tired", "late")

#: All words of `sentence` and `sentence_stream`; the id of a word is its place here.
WORDS: tuple[str, ...] = (".", "the", "which", "and", *NOUNS, *_ACTS, *_PLACES, *_MANNERS, *_VERBS, *_MOODS)
_ID = {word: place for place, word in enumerate(WORDS)}
_IDS = {words: np.array([_ID[word] for word in words]) for words in (NOUNS, _ACTS, _PLACES, _MANNERS)}

#: Bits of a whole sentence of `sentence_stream` for a reader who knows the grammar: the noun 3, the mood 2, the coin
#: for an aside 1; in every second sentence an act 2, a place 2, a noun 3 and a coin 1; a further clause, half a time
#: on average, costs 2 + 2 + 1.
SENTENCE_BITS = 3 + 2 + 1 + 0.5 * (2 + 2 + 3 + 1) + 0.5 * (2 + 2 + 1)
#: Words of such a sentence on average, the full stop among them.
SENTENCE_LENGTH = 5 + 0.5 * 5 + 0.5 * 3


def distance(clauses: int) -> int:
    """How many words stand between the noun and its verb.

    >>> [distance(clauses) for clauses in (0, 1, 2, 3, 5, 10, 20)]
    [0, 5, 8, 11, 17, 32, 62]
    """
    at_least("clauses", clauses, 0)
    return 0 if clauses == 0 else 2 + 3 * clauses


def sentence(rng: np.random.Generator, clauses: int) -> tuple[list[str], str]:
    """The beginning of a sentence, and the verb that must follow.

    >>> words, verb = sentence(np.random.default_rng(1), clauses=2)
    >>> " ".join(words), verb
    ('the bird which waited with the birds and sat there', 'was')

    Written in notebooks/01_recurrence.ipynb, there with fewer words.
    """
    at_least("clauses", clauses, 0)
    subject = _pick(rng, NOUNS)
    words = ["the", subject]
    if clauses > 0:
        words += ["which", _pick(rng, _ACTS), _pick(rng, _PLACES), "the", _pick(rng, NOUNS)]
    for _ in range(clauses - 1):
        words += ["and", _pick(rng, _ACTS), _pick(rng, _MANNERS)]
    return words, "were" if subject in MORE else "was"


def sentence_batch(rng: np.random.Generator, B: int, clauses: int) -> Batch:
    """Many beginnings of the same length, as ids, with the verbs that must follow.

    Shapes: xs (T, B) ids of `WORDS`, T = 2 + `distance(clauses)`; targets (B,): 0 "was", 1 "were".

    >>> sentence_batch(np.random.default_rng(0), B=5, clauses=2).xs.shape
    (10, 5)
    """
    at_least("B", B, 1)
    at_least("clauses", clauses, 0)
    columns = [_fixed("the", B), _drawn(rng, NOUNS, B)]
    if clauses > 0:
        columns += [_fixed("which", B), _drawn(rng, _ACTS, B), _drawn(rng, _PLACES, B), _fixed("the", B)]
        columns += [_drawn(rng, NOUNS, B)]
    for _ in range(clauses - 1):
        columns += [_fixed("and", B), _drawn(rng, _ACTS, B), _drawn(rng, _MANNERS, B)]
    return Batch(np.array(columns), np.isin(columns[1], word_ids(MORE)).astype(np.int64))


def sentence_stream(rng: np.random.Generator, n: int) -> list[str]:
    """n words: whole sentences one after the other, each with its verb, a mood and a full stop.

    A coin decides whether a sentence has an aside, and after each of its clauses whether another follows. The best
    possible reader pays `SENTENCE_BITS` a sentence, `SENTENCE_BITS / SENTENCE_LENGTH` = 1.389 bits a word.

    >>> " ".join(sentence_stream(np.random.default_rng(3), 9))
    'the dog was hungry . the boys which waited'
    """
    at_least("n", n, 1)
    words: list[str] = []
    while len(words) < n:
        clauses = int(rng.geometric(0.5)) - 1
        beginning, verb = sentence(rng, clauses)
        words += [*beginning, verb, _pick(rng, _MOODS), "."]
    return words[:n]


def word_ids(words: tuple[str, ...] | list[str]) -> np.ndarray:
    """The place of each word in `WORDS`. Raises ValueError for a word that is not there.

    >>> word_ids(["the", "cats", "were"]).tolist()
    [1, 8, 25]
    """
    unknown = [word for word in words if word not in _ID]
    if unknown:
        raise ValueError(f"words: expected words of WORDS, got {unknown[0]!r}")
    return np.array([_ID[word] for word in words], dtype=np.int64)


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _fixed(word: str, B: int) -> np.ndarray:
    return np.full(B, _ID[word])


def _drawn(rng: np.random.Generator, words: tuple[str, ...], B: int) -> np.ndarray:
    return _IDS[words][rng.integers(len(words), size=B)]
