"""Number words of six languages to digits, with additive attention: "quatre-vingt-treize" to 93.

Lesson 09 opens with it. The numbers of the held-out pairs occur in training in none of the languages: else the Italian
for 93 would tell what the Spanish for 93 means.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from torch import nn

from course_lib.applications import Application
from course_lib.applications._pairs import Translator
from course_lib.data.translations import Pair, Vocabulary, draw_numbers, number_pairs

SPOKEN = ("da", "de", "en", "es", "fr", "it")
LETTERS = Vocabulary(" ,-abcdefghijklmnopqrstuvwxyzßåæéóöøü")
TRANSLATOR = Translator(LETTERS, Vocabulary("0123456789"), H=80, attention="additive", steps=8)


@cache
def drawn() -> list[int]:
    """The 6200 numbers of up to six digits: the first 6000 are for training, the others are held out."""
    return draw_numbers(np.random.default_rng(9), 6200)


@cache
def held() -> list[Pair]:
    """The held-out pairs: 200 numbers, each in six languages."""
    return number_pairs(drawn()[6000:], SPOKEN)


@cache
def pairs() -> tuple[list[Pair], list[Pair]]:
    """Training and held-out pairs: 6000 and 200 numbers, each in six languages."""
    return number_pairs(drawn()[:6000], SPOKEN), held()


def train(network: nn.Module, seed: int, updates: int) -> None:
    """See `Translator.train`."""
    TRANSLATOR.train(network, pairs()[0], seed, updates)


def exact(network: nn.Module) -> float:
    """The share of the held-out pairs that are translated without any mistake."""
    return TRANSLATOR.exact(network, held())


def read(network: nn.Module, texts: Sequence[str]) -> list[str]:
    """The digits of number words.

    >>> from course_lib.applications import load
    >>> read(load("numbers"), ["quatre-vingt-treize", "dreiundneunzig"])
    ['93', '93']
    """
    return TRANSLATOR.read(network, texts)


APPLICATION = Application(
    title="Number words of six languages to digits, with attention",
    unit="exact",
    higher=True,
    model=TRANSLATOR.model,
    train=train,
    score=exact,
    updates=2000,
    full=6000,
    short=(200, 0.005),
)
