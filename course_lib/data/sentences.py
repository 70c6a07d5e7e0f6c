"""Toy sentences whose last word hangs on a word at a chosen distance.

Every noun, filler and place is listed below, so each sentence can be read and each probability is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._common import Batch, at_least, checked_ids

_SINGULAR = ("cat", "dog", "boy", "girl", "king", "bird", "author", "driver")
_VERBS = ("slept", "sat", "waited", "played")
_PREPOSITIONS = ("near", "behind", "beside", "with")
_ADVERBS = ("quietly", "again", "yesterday", "there", "alone", "often")
_ENDINGS = ("hungry", "happy", "tired", "late")
_NAMES = ("maria", "peter", "anna", "omar")
_LANGUAGES = {"france": "french", "spain": "spanish", "italy": "italian", "japan": "japanese", "poland": "polish"}
_PLACES = {"cat": ("mat", "couch"), "dog": ("rug", "porch"), "bird": ("branch", "roof"), "boy": ("chair", "bench")}

#: Every word of `country_language` and `cloze`, and more; the id of a word is its index.
SENTENCE_WORDS: tuple[str, ...] = tuple(
    sorted(
        {"the", ",", ".", "which", "was", "were", "grew", "up", "in", "and", "speaks"}
        | {*_SINGULAR, *(noun + "s" for noun in _SINGULAR), *_VERBS, *_PREPOSITIONS, *_ADVERBS, *_ENDINGS}
        | {*_NAMES, *_LANGUAGES, *_LANGUAGES.values()}
    )
)
_ID = {word: i for i, word in enumerate(SENTENCE_WORDS)}

#: Bits of the last word of `cloze`, the subject known: the usual place 3/4, the other 1/4.
CLOZE_ENTROPY = float(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)))


class Sentence(NamedTuple):
    """words; verb_at = index of the word to predict; plural = its class; distance and attractors in between."""

    words: tuple[str, ...]
    verb_at: int
    plural: int
    distance: int
    attractors: int


def encode_words(words: tuple[str, ...]) -> np.ndarray:
    """Ids of words in `SENTENCE_WORDS`. Raises ValueError for an unknown word.

    >>> decode_words(encode_words(("the", "cat", "was", "hungry")))
    ('the', 'cat', 'was', 'hungry')
    """
    unknown = [word for word in words if word not in _ID]
    if unknown:
        raise ValueError(f"words: expected words of SENTENCE_WORDS, got {unknown[0]!r}")
    return np.array([_ID[word] for word in words], dtype=np.int64)


def decode_words(ids: np.ndarray) -> tuple[str, ...]:
    """The words of a sequence of ids."""
    return tuple(SENTENCE_WORDS[i] for i in checked_ids(ids, len(SENTENCE_WORDS)))


def country_language(rng: np.random.Generator, B: int, distance: int = 4) -> list[Sentence]:
    """ "maria grew up in france , ... , and speaks french": the last word hangs on a word `distance` words before it.

    The words in between are ", ADVERB* and speaks"; `plural` holds the index of the country, 0..4.
    Raises ValueError unless distance >= 3.

    >>> " ".join(country_language(np.random.default_rng(0), B=1)[0].words)
    'anna grew up in poland , there and speaks polish .'
    """
    at_least("B", B, 1)
    at_least("distance", distance, 3)
    sentences = []
    for _ in range(B):
        which = int(rng.integers(len(_LANGUAGES)))
        country, language = list(_LANGUAGES.items())[which]
        filler = [_pick(rng, _ADVERBS) for _ in range(distance - 3)]
        words = [_pick(rng, _NAMES), "grew", "up", "in", country, ",", *filler, "and", "speaks", language, "."]
        sentences.append(Sentence(tuple(words), len(words) - 2, which, distance, 0))
    return sentences


def country_language_batch(rng: np.random.Generator, B: int, distance: int = 4) -> Batch:
    """`country_language` as ids up to the word before the language.

    Shapes: T = 5 + distance; xs (T, B), targets (B,) in 0..4.

    >>> country_language_batch(np.random.default_rng(0), B=5).xs.shape
    (9, 5)
    """
    return _prefixes(country_language(rng, B, distance))


def cloze(rng: np.random.Generator, n: int, gap: int = 0) -> list[tuple[str, ...]]:
    """ "the cat sat on the mat": the last word hangs on the second.

    The subject has a usual place (probability 3/4) and another (1/4), so the last word has `CLOZE_ENTROPY` = 0.811
    bits once the subject is known, and 2.811 bits when only "sat on the" is. `gap` adverbs push the subject further
    away: a table of word counts needs context of 4 + gap words to see it.

    Raises ValueError for n < 1 or gap < 0. Source: the course's own, after the cloze test of Taylor 1953.

    >>> cloze(np.random.default_rng(0), 2)
    [('the', 'boy', 'sat', 'on', 'the', 'chair'), ('the', 'bird', 'sat', 'on', 'the', 'branch')]
    """
    at_least("n", n, 1)
    at_least("gap", gap, 0)
    sentences = []
    for _ in range(n):
        subject = _pick(rng, tuple(_PLACES))
        filler = [_pick(rng, _ADVERBS) for _ in range(gap)]
        place = _PLACES[subject][int(rng.random() >= 0.75)]
        sentences.append(("the", subject, *filler, "sat", "on", "the", place))
    return sentences


def cloze_answers(words: tuple[str, ...]) -> dict[str, float]:
    """Exact probabilities of the last word of a `cloze` sentence, given its beginning ("the cat sat on the").

    Raises ValueError when the second word is no subject of the grammar.

    >>> cloze_answers(("the", "cat", "sat", "on", "the"))
    {'mat': 0.75, 'couch': 0.25}
    """
    subject = words[1] if len(words) > 1 else None
    if subject not in _PLACES:
        raise ValueError(f"words: expected a subject {'/'.join(_PLACES)} in second place, got {subject!r}")
    return dict(zip(_PLACES[subject], (0.75, 0.25), strict=True))


def _pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _noun(rng: np.random.Generator, plural: int) -> str:
    return _pick(rng, _SINGULAR) + ("s" if plural else "")


def _prefixes(sentences: list[Sentence]) -> Batch:
    xs = np.stack([encode_words(sentence.words[: sentence.verb_at]) for sentence in sentences], axis=1)  # (T, B)
    return Batch(xs, np.array([sentence.plural for sentence in sentences]))
