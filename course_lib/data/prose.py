"""English that every Python installation carries: the sentences of its docstrings, comments and help topics.

Nothing is downloaded; the text is CPython's (PSF licence) and differs a little with the Python version, so compare
figures only within one version. It is split by file, never by sentence, and a sentence that stands in both halves
(files copy from each other) is left out of the held-out half.

Its characters have the ids of `source_code.encode`, which are the same in every Python version.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from ._library import is_held_out, library
from .corpus import topics

_DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
_COMMENTS = re.compile(r"(?m)(?:^[ \t]*#[^\n]*\n)+")
_BREAK = re.compile(r"(?<=[.!?:]) +(?=[A-Z])")
_WORD = re.compile(r"[A-Za-z]+[,;:.!?]?")
_PLAIN = re.compile(r"[a-z]+")


class Prose(NamedTuple):
    """Sentences by half: `train` and `held_out`, each a tuple of strings without a line break."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


@cache
def prose(held_out: float = 0.15) -> Prose:
    """The sentences of the library's docstrings, comments and help topics; about `held_out` of the files are held out.

    The checksum of a file's name decides its half; the help topics are all for training. Takes about two seconds.
    Raises RuntimeError where this Python has no library in readable files.

    >>> "Return a new array of bytes." in prose().train + prose().held_out
    False
    >>> len(prose().train) > 5 * len(prose().held_out) > 1000
    True
    """
    halves: tuple[dict[str, None], dict[str, None]] = ({}, {})  # a dict, because it keeps the order and no doubles
    for name, path in library().items():
        half = halves[is_held_out(name, held_out)]
        source = path.read_text("utf-8", errors="replace")
        blocks = (re.sub(r"(?m)^[ \t]*#+", "", block) for block in _COMMENTS.findall(source))
        for part in (*_DOCSTRING.findall(source), *blocks):
            half.update(dict.fromkeys(sentences(part)))
    for topic in topics().values():
        halves[0].update(dict.fromkeys(sentences(topic)))
    return Prose(tuple(halves[0]), tuple(s for s in halves[1] if s not in halves[0]))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text that read as prose: 20 to 200 characters, most of the words made of letters only.

    >>> list(sentences("Return the sum of two numbers. See also:\\n\\n>>> add(1, 2)\\n3"))
    ['Return the sum of two numbers.']
    """
    for paragraph in re.split(r"\n\s*\n", text):
        if ">>>" in paragraph:
            continue
        for sentence in _BREAK.split(" ".join(paragraph.split())):
            words = sentence.split()
            if 20 <= len(sentence) <= 200 and sum(map(bool, map(_WORD.fullmatch, words))) >= 0.7 * len(words):
                yield sentence


def plain_words(sentence: str) -> list[str]:
    """The words of a sentence that are lower-case letters and nothing else; a comma or full stop may follow.

    >>> plain_words("Return the sum, not its square root.")
    ['the', 'sum', 'not', 'its', 'square', 'root']
    """
    found = (word.rstrip(",;:.!?") for word in sentence.split())
    return [word for word in found if _PLAIN.fullmatch(word)]


def frequency_list(lines: Iterable[str], least: int = 2) -> Counter[str]:
    """How often each plain word stands in the sentences; words seen fewer than `least` times are left out.

    >>> frequency_list(["the cat and the dog", "the cat"])
    Counter({'the': 3, 'cat': 2})
    """
    counts = Counter(word for line in lines for word in plain_words(line))
    return Counter({word: n for word, n in counts.items() if n >= least})
