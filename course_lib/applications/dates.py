"""Dates as thirty-six locales write them to ISO 8601, with additive attention: "5 mars 1997" to 1997-03-05.

The days of the held-out pairs occur in training in no locale.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from torch import nn

from course_lib.applications import Application
from course_lib.applications._pairs import Translator
from course_lib.data.translations import Pair, Vocabulary, date_pairs, draw_dates

SYMBOLS = Vocabulary(
    " (),-./0123456789abcdefghijklmnopqrstuvwxyzáâäåçéìíðóöøúûüýþāăąčēėěğīıľłőřśşšūźžưțʼΐάέήίαβ"
    "γδεηικλμνοπρστυφωύабвгдежзиклмнопрстуфцчьюяіảậủứ’一三二五六四土年日星曜月期木水火金금년목수요월일토화"
)
TRANSLATOR = Translator(SYMBOLS, Vocabulary("-0123456789"), H=80, attention="additive", steps=12)


@cache
def pairs() -> tuple[list[Pair], list[Pair]]:
    """Training and held-out pairs: 16000 days in a locale and style each, and 1000 other days."""
    rng = np.random.default_rng(9)
    days = draw_dates(rng, 17000)
    return date_pairs(rng, days[:16000]), date_pairs(rng, days[16000:])


def train(network: nn.Module, seed: int, updates: int) -> None:
    """See `Translator.train`."""
    TRANSLATOR.train(network, pairs()[0], seed, updates)


def exact(network: nn.Module) -> float:
    """The share of the held-out pairs that are translated without any mistake."""
    return TRANSLATOR.exact(network, pairs()[1])


def read(network: nn.Module, texts: Sequence[str]) -> list[str]:
    """The ISO form of dates.

    >>> from course_lib.applications import load
    >>> read(load("dates"), ["mercredi 5 mars 1997", "5. März 1997", "1997年3月5日"])
    ['1997-03-05', '1997-03-05', '1997-03-05']
    """
    return TRANSLATOR.read(network, texts)


APPLICATION = Application(
    title="Dates of thirty-six locales to ISO 8601, with attention",
    unit="exact",
    higher=True,
    model=TRANSLATOR.model,
    train=train,
    score=exact,
    updates=600,
    full=4000,
    short=(100, 0.03),
)
