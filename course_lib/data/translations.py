"""Pairs to translate: number words to digits in several languages, dates as many countries write them to ISO 8601.

The words come from num2words (LGPL 2.1), the dates from Babel (BSD) with Unicode's CLDR; both are asked, not copied, so
the pairs are as exact as they are, and synthetic: nobody wrote them. Each text is lower-case and free of marks that
one does not see (`plain`).
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ._common import Batch, at_least, edit_distances

#: The ids that no symbol has: filler, what opens the decoder's input, what closes its output.
PAD, START, END = 0, 1, 2

#: The languages of `number_words`.
LANGUAGES = {
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "pl": "Polish",
    "tr": "Turkish",
}

_LOCALES = """
    ca cs cy da de el en en_GB es et eu fi fr ga hr hu id is it ja ko lt lv nb nl pl pt ro ru sk sl sv tr uk vi zh
"""
#: The locales of `date_words`, as Babel names them.
LOCALES = tuple(_LOCALES.split())
STYLES = ("full", "long", "medium")


class Pair(NamedTuple):
    """A text, what it says, and where it is from: a language or a locale."""

    source: str
    target: str
    kind: str


class Vocabulary:
    """The symbols of one side; ids from 3 on, because 0, 1, 2 are `PAD`, `START`, `END`.

    >>> digits = Vocabulary("0123456789")
    >>> digits.encode("93"), digits.decode([12, 6, END, PAD]), len(digits)
    (array([12,  6]), '93', 13)

    Raises ValueError for a symbol that comes twice.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = tuple(symbols)
        self._ids = {symbol: place + 3 for place, symbol in enumerate(self.symbols)}
        if len(self._ids) < len(self.symbols):
            twice = next(s for k, s in enumerate(self.symbols) if s in self.symbols[:k])
            raise ValueError(f"symbols: expected each once, got {twice!r} twice")

    def __len__(self) -> int:
        return len(self.symbols) + 3

    def encode(self, text: Sequence[str]) -> np.ndarray:
        """The ids of a text (or of a list of words), (T,). Raises ValueError for an empty one or an unknown symbol."""
        if not len(text):
            raise ValueError("text: expected at least one symbol, got an empty text")
        for place, symbol in enumerate(text, 1):
            if symbol not in self._ids:
                raise ValueError(
                    f"text: expected symbols that the model was trained on, got {symbol!r} in place {place}: "
                    "write it in one of the languages of the lesson, or train a model on yours"
                )
        return np.array([self._ids[symbol] for symbol in text])

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, up to `END`; `PAD` and `START` are left out."""
        kept = []
        for i in ids:
            if i == END:
                break
            if i not in (PAD, START):
                kept.append(self.symbols[int(i) - 3])
        return "".join(kept)


def vocabulary(texts: Iterable[Sequence[str]]) -> Vocabulary:
    """The vocabulary of all symbols that some texts have, sorted.

    >>> vocabulary(["cinq", "six"]).symbols
    ('c', 'i', 'n', 'q', 's', 'x')
    """
    return Vocabulary(sorted({symbol for text in texts for symbol in text}))


def plain(text: str) -> str:
    """Lower case, one form for each letter, ordinary blanks, and nothing that cannot be seen.

    >>> plain("5 Марта 1997\\u202fг.")
    '5 марта 1997 г.'

    Raises ValueError for what is no text, or one of more than a line.
    """
    if not isinstance(text, str):
        raise ValueError(f"text: expected one line of text, got {type(text).__name__}")
    if len(text.strip().splitlines()) > 1:
        raise ValueError(f"text: expected one line of text, got {len(text.strip().splitlines())}")
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(unicodedata.normalize("NFC", seen.lower()).split())


# --- the baseline -----------------------------------------------------------------------------------------------------


def nearest(texts: Iterable[str], pairs: Sequence[Pair]) -> list[Pair]:
    """For each text the pair whose source is nearest to it by `edit_distances`; the first of several.

    >>> nearest(["vingt-sept"], number_pairs([20, 7, 28, 57]))[0].target
    '28'
    """
    sources = [pair.source for pair in pairs]
    return [pairs[int(edit_distances(text, sources).argmin())] for text in texts]


# --- number words -----------------------------------------------------------------------------------------------------


def number_words(number: int, language: str = "fr") -> str:
    """A whole number in words.

    >>> number_words(93), number_words(93, "de"), number_words(93, "ja")
    ('quatre-vingt-treize', 'dreiundneunzig', '九十三')

    Raises ValueError for an unknown language or a number below 0; RuntimeError where num2words is not installed.
    """
    at_least("number", number, 0)
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, got {language!r}")
    try:
        from num2words import num2words
    except ImportError as error:
        raise RuntimeError("number_words: expected num2words to be installed: run pip install num2words") from error
    return plain(num2words(int(number), lang=language))


def draw_numbers(rng: np.random.Generator, n: int, digits: int = 6) -> list[int]:
    """n different numbers of 1 to `digits` digits; each length is as likely as the others, as far as it has enough.

    >>> sorted(draw_numbers(np.random.default_rng(0), 12, digits=2))[:4]
    [0, 2, 4, 6]
    """
    at_least("n", n, 1)
    at_least("digits", digits, 1)
    if n > 10**digits:
        raise ValueError(f"n: expected at most 10^digits = {10**digits} different numbers, got {n}")
    found: dict[int, None] = {}
    while len(found) < n:
        sizes = 10 ** rng.integers(1, digits + 1, size=n)  # 10, 100, ...: below them, and not below a tenth of them
        low = np.where(sizes == 10, 0, sizes // 10)
        for number in rng.integers(low, sizes):
            found.setdefault(int(number))
    numbers = list(found)
    rng.shuffle(numbers)
    return numbers[:n]


def number_pairs(numbers: Iterable[int], languages: Sequence[str] = ("fr",)) -> list[Pair]:
    """Each number in each language.

    >>> number_pairs([93], ["fr", "en"])[1]
    Pair(source='ninety-three', target='93', kind='en')
    """
    return [Pair(number_words(n, language), str(n), language) for n in numbers for language in languages]


# --- dates ------------------------------------------------------------------------------------------------------------


def date_words(date: datetime.date, locale: str, style: str = "long") -> str:
    """A date as a country writes it.

    >>> date_words(datetime.date(1997, 3, 5), "fr", "full"), date_words(datetime.date(1997, 3, 5), "ja")
    ('mercredi 5 mars 1997', '1997年3月5日')

    Raises ValueError for an unknown locale or style; RuntimeError where Babel is not installed.
    """
    if not isinstance(date, datetime.date):
        raise ValueError(f"date: expected a datetime.date, got {type(date).__name__}")
    if style not in STYLES:
        raise ValueError(f"style: expected one of {', '.join(STYLES)}, got {style!r}")
    try:
        return plain(_formatter(locale)(date, style, locale=locale))
    except ImportError as error:
        raise RuntimeError("date_words: expected Babel to be installed: run pip install Babel") from error


@cache
def _formatter(locale: str) -> Callable[..., str]:
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    try:
        Locale.parse(locale)
    except (UnknownLocaleError, ValueError, TypeError):
        raise ValueError(f"locale: expected one of {', '.join(LOCALES)}, got {locale!r}") from None
    return format_date


def draw_dates(rng: np.random.Generator, n: int, years: tuple[int, int] = (1900, 2099)) -> list[datetime.date]:
    """n different days of the years first to last.

    >>> draw_dates(np.random.default_rng(0), 1)
    [datetime.date(2070, 2, 15)]
    """
    first, last = datetime.date(years[0], 1, 1).toordinal(), datetime.date(years[1], 12, 31).toordinal()
    if not 1 <= n <= last - first + 1:
        raise ValueError(f"n: expected 1 to {last - first + 1} different days, got {n}")
    return [datetime.date.fromordinal(first + int(k)) for k in rng.choice(last - first + 1, n, replace=False)]


def date_pairs(
    rng: np.random.Generator, dates: Iterable[datetime.date], locales: Sequence[str] = LOCALES, each: int = 1
) -> list[Pair]:
    """Each date in `each` locales and styles that are drawn.

    >>> date_pairs(np.random.default_rng(0), [datetime.date(1997, 3, 5)], ["fr"])
    [Pair(source='5 mars 1997', target='1997-03-05', kind='fr')]
    """
    at_least("each", each, 1)
    pairs = []
    for date in dates:
        for _ in range(each):
            locale, style = locales[int(rng.integers(len(locales)))], STYLES[int(rng.integers(len(STYLES)))]
            pairs.append(Pair(date_words(date, locale, style), date.isoformat(), locale))
    return pairs


# --- batches ----------------------------------------------------------------------------------------------------------


def padded(sequences: Sequence[np.ndarray], pad: int = PAD, length: int | None = None) -> np.ndarray:
    """Sequences of ids side by side, (T, B), filled up at the end; `length` makes T larger than the longest.

    >>> padded([np.array([5, 6]), np.array([7])]).tolist()
    [[5, 7], [6, 0]]

    Raises ValueError for no sequence, an empty one, a pad that is one of their symbols, or a length that is too small.
    """
    if not len(sequences) or any(len(ids) == 0 for ids in sequences):
        raise ValueError(
            f"sequences: expected at least one, none of them empty, got sizes {[len(s) for s in sequences]}"
        )
    for b, ids in enumerate(sequences):
        if pad in np.asarray(ids):
            raise ValueError(f"pad: expected an id that no symbol has, got {pad}, which sequence {b} holds")
    longest = max(len(ids) for ids in sequences)
    T = longest if length is None else length
    if longest > T:
        raise ValueError(f"length: expected at least {longest}, the longest sequence, got {length}")
    rows = np.full((T, len(sequences)), pad)
    for b, ids in enumerate(sequences):
        rows[: len(ids), b] = ids
    return rows


def pair_batch(sources: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> Batch:
    """A batch for `nn.seq2seq.Seq2Seq`, from the ids of B sources and B targets.

    Shapes: xs (L, B, 2): xs[..., 0] the source, xs[..., 1] what the decoder is fed, `START` and the target; targets
    (L, B): the target and `END`; mask (L, B): where there is something to write. L is the longest of all of these.

    >>> batch = pair_batch([np.array([7, 8, 9])], [np.array([4])])
    >>> batch.xs[..., 0].T, batch.xs[..., 1].T, batch.targets.T, batch.mask.T.astype(int)
    (array([[7, 8, 9]]), array([[1, 4, 0]]), array([[4, 2, 0]]), array([[1, 1, 0]]))

    Raises ValueError for lists of unequal length, or ids that are kept for `PAD`, `START` and `END`.
    """
    if len(sources) != len(targets):
        raise ValueError(f"targets: expected one for each of the {len(sources)} sources, got {len(targets)}")
    for ids in targets:
        if np.isin(ids, (PAD, START, END)).any():
            raise ValueError(f"targets: expected ids >= 3, because 0, 1, 2 are pad, start and end, got {min(ids)}")
    L = max(max(map(len, sources)), max(map(len, targets)) + 1)
    read = padded(sources, length=L)
    fed = padded([np.concatenate([[START], ids]) for ids in targets], length=L)
    asked = padded([np.concatenate([ids, [END]]) for ids in targets], length=L)
    return Batch(np.stack([read, fed], axis=-1), asked, asked != PAD)
