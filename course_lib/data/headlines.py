"""Reports of a race and their headlines: a small summarising task, synthetic, made here.

A report tells who covered how many kilometres, one runner after the other. Its headline names the one who came
farthest. As in a newspaper the news often stands first, so that the first sentence is a strong summary.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from ._common import at_least, in_range
from .translations import Vocabulary

NAMES = ("ada", "ben", "cleo", "dan", "eva", "finn", "gus", "hana", "ines", "jon", "kim", "leo")
KILOMETRES = tuple(str(km) for km in range(10, 30))
VERBS = ("ran", "did", "made")
#: The words of all reports and headlines, with their ids.
HEADLINE_WORDS = Vocabulary([".", "wins", "with", *VERBS, *NAMES, *KILOMETRES])
_SENTENCE = re.compile(rf"({'|'.join(NAMES)}) (?:{'|'.join(VERBS)}) (\d\d) \.")


class Reports(NamedTuple):
    """B texts, and what stands above them."""

    reports: tuple[str, ...]
    headlines: tuple[str, ...]


def reports(rng: np.random.Generator, B: int, runners: tuple[int, int] = (3, 6), first: float = 0.5) -> Reports:
    """Write B reports about `runners` runners (from, to), and their headlines.

    first  the share of reports that begin with the winner; in the others the winner stands at any later place
    Raises ValueError for sizes that do not fit.

    >>> texts, headlines = reports(np.random.default_rng(0), B=1, runners=(3, 3))
    >>> texts[0], headlines[0]
    ('jon did 12 . cleo made 24 . hana did 21 .', 'cleo wins with 24')
    """
    at_least("B", B, 1)
    in_range("first", first, 0, 1)
    low, high = runners
    at_least("runners", low, 2)
    if not low <= high <= len(NAMES):
        raise ValueError(f"runners: expected 2 <= from <= to <= {len(NAMES)}, got {runners}")
    texts, headlines = [], []
    for _ in range(B):
        n = int(rng.integers(low, high + 1))
        names = rng.permutation(NAMES)[:n]
        numbers = rng.permutation(len(KILOMETRES))[:n]
        place = 0 if rng.random() < first else int(rng.integers(1, n))
        best = int(numbers.argmax())
        numbers[[place, best]] = numbers[[best, place]]
        verbs = rng.choice(VERBS, n)
        texts.append(" ".join(f"{names[k]} {verbs[k]} {KILOMETRES[numbers[k]]} ." for k in range(n)))
        headlines.append(f"{names[place]} wins with {KILOMETRES[numbers[place]]}")
    return Reports(tuple(texts), tuple(headlines))


def headline(report: str) -> str:
    """The right headline of a report, by a program that knows how reports are written.

    Raises ValueError for a text that is no report.

    >>> headline("ada ran 20 . ben did 42 .")
    'ben wins with 42'
    """
    found = _SENTENCE.findall(report)
    if not found or _SENTENCE.sub("", report).strip():
        raise ValueError(f'report: expected sentences such as "ada ran 20 .", got {report[:40]!r}')
    name, number = max(found, key=lambda pair: int(pair[1]))
    return f"{name} wins with {number}"


def lead(report: str) -> str:
    """The first sentence as a headline: the usual baseline for news.

    >>> lead("ada ran 20 . ben did 42 .")
    'ada wins with 20'
    """
    return headline(report[: report.index(".") + 1] if "." in report else report)
