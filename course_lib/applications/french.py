"""French number words to digits, with additive attention: the translator that lesson 09 trains while you watch.

The same pairs, sizes and updates as there, so that its score can be told for three starts.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from torch import nn

from course_lib.applications import Application
from course_lib.applications._pairs import Translator
from course_lib.data.translations import Pair, Vocabulary, draw_numbers, number_pairs

LETTERS = Vocabulary(" -acdefghilmnopqrstuvxzé")
TRANSLATOR = Translator(LETTERS, Vocabulary("0123456789"), H=64, attention="additive", steps=8, lr=8e-3)


@cache
def pairs() -> tuple[list[Pair], list[Pair]]:
    """Training and held-out pairs: 8000 and 400 different numbers of up to six digits."""
    numbers = draw_numbers(np.random.default_rng(0), 8400)
    return number_pairs(numbers[:8000]), number_pairs(numbers[8000:])


def train(network: nn.Module, seed: int, updates: int) -> None:
    """See `Translator.train`."""
    TRANSLATOR.train(network, pairs()[0], seed, updates)


def exact(network: nn.Module) -> float:
    """The share of the held-out pairs that are translated without any mistake."""
    return TRANSLATOR.exact(network, pairs()[1])


APPLICATION = Application(
    title="French number words to digits, with attention",
    unit="exact",
    higher=True,
    model=TRANSLATOR.model,
    train=train,
    score=exact,
    updates=700,
    full=2000,
    short=(150, 0.05),
)
