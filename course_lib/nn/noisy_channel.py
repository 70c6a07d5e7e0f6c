"""The noisy channel: a word was meant, one slip of the fingers came between, and we see what was typed.

    P(meant | typed)  is proportional to  P(typed | meant) P(meant)

The channel P(typed | meant) is a stated model of typing errors, the prior P(meant) any language model (Shannon 1948;
for spelling Kernighan, Church & Gale 1990). The slips are those of one edit: a letter replaced, left out, put in, or
two neighbours exchanged. How often each happens is set here by hand, not counted from people's errors.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from functools import cache
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np

Array = np.ndarray
KINDS = {"replaced": 0.4, "left out": 0.25, "put in": 0.15, "exchanged": 0.2}
NEAR = 10  # so much likelier is a key that lies beside the right one than any other
_PLAIN = re.compile(r"(?<![\w'.-])[a-z]{2,}(?=[,;:.!?]?(?:\s|$))")
_ROWS = {"qwertyuiop": 0.0, "asdfghjkl": 0.25, "zxcvbnm": 0.75}
_KEYS = {letter: (x + left, y) for y, (row, left) in enumerate(_ROWS.items()) for x, letter in enumerate(row)}


@cache
def struck(letter: str) -> dict[str, float]:
    """Which other key is struck instead of a letter's own: letter -> probability, on a QWERTY keyboard.

    >>> beside = struck("a")
    >>> sorted(k for k in beside if beside[k] > beside["p"]), round(sum(beside.values()), 9)
    (['q', 's', 'w', 'z'], 1.0)
    """
    x, y = _KEYS[letter]
    weights = {}
    for other, (u, v) in _KEYS.items():
        if other != letter:
            weights[other] = NEAR if (x - u) ** 2 + (y - v) ** 2 < 1.6 else 1
    total = sum(weights.values())
    return {other: weight / total for other, weight in weights.items()}


def slips(word: str) -> dict[str, dict[str, float]]:
    """What one slip makes of a word: kind -> typed word -> probability. All of them add up to 1.

    A letter put in is the one before it again, or, as often, a key struck for that one; in front of the word it is a
    key struck for the first letter. Raises ValueError unless the word is two or more
    letters a..z.

    >>> sorted(slips("if")["exchanged"].items()), sorted(slips("if")["left out"].items())
    ([('fi', 0.2)], [('f', 0.125), ('i', 0.125)])
    """
    if len(word) < 2 or not set(word) <= set(ascii_lowercase):
        raise ValueError(f"word: expected two or more letters a..z, got {word!r}")
    made: dict[str, dict[str, float]] = {kind: defaultdict(float) for kind in KINDS}
    n = len(word)
    for i, letter in enumerate(word):
        made["left out"][word[:i] + word[i + 1 :]] += KINDS["left out"] / n
        made["put in"][word[: i + 1] + word[i:]] += KINDS["put in"] / (n + 1) / 2
        for other, p in struck(letter).items():
            made["replaced"][word[:i] + other + word[i + 1 :]] += KINDS["replaced"] / n * p
            made["put in"][word[: i + 1] + other + word[i + 1 :]] += KINDS["put in"] / (n + 1) / 2 * p
        if i > 0:
            made["exchanged"][word[: i - 1] + letter + word[i - 1] + word[i + 1 :]] += KINDS["exchanged"] / (n - 1)
    for other, p in struck(word[0]).items():
        made["put in"][other + word] += KINDS["put in"] / (n + 1) * p
    return {kind: dict(words) for kind, words in made.items()}


@cache
def channel(word: str) -> dict[str, float]:
    """P(typed | word) for everything that one slip makes of a word, whatever its kind.

    >>> channel("if")["fi"], channel("if").get("while", 0)
    (0.2, 0)
    """
    together: dict[str, float] = defaultdict(float)
    for words in slips(word).values():
        for typed, p in words.items():
            together[typed] += p
    return dict(together)


def one_edit(typed: str) -> set[str]:
    """All strings of letters that are one edit away from what was typed, and not what was typed itself.

    >>> found = one_edit("teh")
    >>> "the" in found, "ten" in found, "eh" in found, "tech" in found, "teh" in found
    (True, True, True, True, False)
    """
    cuts = [(typed[:i], typed[i:]) for i in range(len(typed) + 1)]
    found = {a + b[1:] for a, b in cuts if b}
    found |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    found |= {a + c + b[1:] for a, b in cuts if b for c in ascii_lowercase}
    found |= {a + c + b for a, b in cuts for c in ascii_lowercase}
    return found - {typed}


def candidates(typed: str, words: Container[str]) -> list[str]:
    """The words of a list that one slip may have turned into what was typed, in alphabetical order.

    Raises ValueError unless `typed` is letters a..z.

    >>> candidates("teh", {"the", "ten", "than"})
    ['ten', 'the']
    """
    if not typed or not set(typed) <= set(ascii_lowercase):
        raise ValueError(f"typed: expected letters a..z, got {typed!r}")
    return sorted(word for word in one_edit(typed) if len(word) > 1 and word in words)


def posterior(typed: str, words: Sequence[str], prior_bits: Array) -> Array:
    """P(word | typed) for each candidate, from what each costs in bits under the prior.

    log2 P(word | typed) = -prior_bits + log2 P(typed | word) + constant

    Shapes: n words, prior_bits (n,) -> (n,) that sums to 1. Raises ValueError when the sizes differ, no word is given,
    or no word can have become what was typed.

    >>> posterior("teh", ["ten", "the"], np.array([8.0, 3.0])).round(3)
    array([0.007, 0.993])
    """
    prior_bits = np.asarray(prior_bits, dtype=float)
    if prior_bits.shape != (len(words),) or not len(words):
        raise ValueError(f"prior_bits: expected (n,) = ({len(words)},) with n >= 1, got {prior_bits.shape}")
    likelihood = np.array([channel(word).get(typed, 0.0) for word in words])
    if not likelihood.any():
        raise ValueError(f"typed: expected one slip away from a candidate, got {typed!r} for {', '.join(words[:5])}")
    weights = likelihood * 2.0 ** (prior_bits.min() - prior_bits)
    return weights / weights.sum()


def mistype(rng: np.random.Generator, word: str) -> tuple[str, str]:
    """One slip drawn from the channel: what was typed, and the kind of slip; never the word itself.

    >>> mistype(np.random.default_rng(0), "return")
    ('retur', 'left out')
    """
    outcomes = [(typed, kind, p) for kind, made in slips(word).items() for typed, p in made.items() if typed != word]
    p = np.array([p for _, _, p in outcomes])
    typed, kind, _ = outcomes[rng.choice(len(outcomes), p=p / p.sum())]
    return typed, kind


class Typo(NamedTuple):
    """A sentence with one mistyped word: what stands before and after it, what was meant, and the kind of slip."""

    before: str
    typed: str
    after: str
    meant: str
    kind: str

    def filled(self, word: str) -> str:
        """The sentence with another word in the place.

        >>> Typo("See ", "teh", " docs.", "the", "exchanged").filled("the")
        'See the docs.'
        """
        return f"{self.before}{word}{self.after}"


def typos(rng: np.random.Generator, lines: Iterable[str]) -> list[Typo]:
    """One slip in one word of each line: a word of two or more small letters, drawn at random, is mistyped.

    What comes out may be another word ("form" for "from"). A line without such a word is left out.

    >>> [typo] = typos(np.random.default_rng(0), ["Return the sum."])
    >>> typo.typed, typo.filled(typo.meant)
    ('suw', 'Return the sum.')
    """
    found = []
    for line in lines:
        if places := list(_PLAIN.finditer(line)):
            place = places[rng.integers(len(places))]
            typed, kind = mistype(rng, place[0])
            found.append(Typo(line[: place.start()], typed, line[place.end() :], place[0], kind))
    return found
