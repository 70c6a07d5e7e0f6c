"""Time series of lesson 11: sunspots, the sea off Peru, carbon dioxide, share prices, and a file of your own.

The first three lie in extracts/, public domain; `extracts/make_series.py` says where each is from. The share prices are
those that matplotlib ships as sample data, read in place.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

_FOLDER = Path(__file__).parent / "extracts"
SHORTEST = 60  # values: below that there is nothing to hold out
_LARGEST = 5_000_000  # bytes of a file that is read
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_UNITS = ("year", "month", "day")

# El Nino by the rule of NOAA's Climate Prediction Center: the Oceanic Nino Index (mean over three months of the sea
# surface's departure from normal in the region Nino 3.4, ERSST.v5) is at least 0.5 degrees in five or more overlapping
# seasons in a row. First and last season of each, by its middle month; from the index in the file oni.ascii.txt of
# www.cpc.ncep.noaa.gov/data/indices, to two digits.
EL_NINO = (
    ("1951-06", "1952-01"),
    ("1953-02", "1954-01"),
    ("1957-04", "1958-07"),
    ("1958-11", "1959-03"),
    ("1963-06", "1964-02"),
    ("1965-06", "1966-04"),
    ("1968-10", "1969-05"),
    ("1969-08", "1970-01"),
    ("1972-05", "1973-03"),
    ("1976-09", "1977-02"),
    ("1977-09", "1978-01"),
    ("1982-05", "1983-06"),
    ("1986-09", "1988-02"),
    ("1991-06", "1992-06"),
    ("1994-09", "1995-03"),
    ("1997-05", "1998-04"),
    ("2002-06", "2003-02"),
    ("2004-08", "2005-02"),
    ("2006-09", "2007-01"),
    ("2009-08", "2010-03"),
)


class Series(NamedTuple):
    """Values at even steps of time.

    dates   n texts: "1700", "1950-01" or "1950-01-31"
    values  (n,) float64
    """

    dates: list[str]
    values: np.ndarray

    @property
    def years(self) -> np.ndarray:
        """(n,) the dates as numbers: the year, plus the part of it that has passed."""
        return np.array([_as_year(text) for text in self.dates])

    def index(self, text: str) -> int:
        """The place of a date; ValueError where it is none of the series.

        >>> sunspots().index("1957")
        257
        """
        if text not in self.dates:
            raise ValueError(f"date: expected one from {self.dates[0]} to {self.dates[-1]}, got {text!r}")
        return self.dates.index(text)


@cache
def sunspots() -> Series:
    """How many sunspots were seen in a year, 1700 to 2008.

    >>> float(sunspots().values[sunspots().index("1957")])
    190.2
    """
    return _stored("sunspots")


@cache
def el_nino() -> Series:
    """Monthly temperature of the sea's surface off Peru in degrees Celsius, 1950 to 2010.

    >>> len(el_nino().values), float(el_nino().values.max())
    (732, 29.24)
    """
    return _stored("el_nino")


@cache
def co2() -> Series:
    """Carbon dioxide in the air at Mauna Loa, parts per million, monthly means from May 1964 to December 2001.

    >>> co2().values[[0, -1]]
    array([322.  , 371.02])
    """
    return _stored("co2")


@cache
def share_prices(column: str = "^GSPC") -> Series:
    """Prices of the first day of a month, 1990 to 2022, as matplotlib ships them: the S&P 500 index or a share.

    Raises ValueError for a column that the file has not.

    >>> share_prices().dates[0], round(float(share_prices().values[0]), 1)
    ('1990-01', 329.1)
    """
    from matplotlib.cbook import get_sample_data

    text = Path(get_sample_data("Stocks.csv", asfileobj=False)).read_text("utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    names = [name for name in rows[0] if name != "Date"]
    if column not in names:
        raise ValueError(f"column: expected one of {', '.join(names)}, got {column!r}")
    kept = [row for row in rows if row["Date"].endswith("-01") and row[column]]
    return Series([row["Date"][:7] for row in kept], np.array([float(row[column]) for row in kept]))


def months_of(spans: tuple[tuple[str, str], ...], dates: list[str]) -> np.ndarray:
    """(n,) bool: which dates lie in one of the spans (first and last month, both in).

    >>> months_of((("1982-05", "1983-06"),), ["1982-04", "1982-05", "1983-06", "1983-07"])
    array([False,  True,  True, False])
    """
    return np.array([any(first <= text <= last for first, last in spans) for text in dates])


def read_series(path: str | Path) -> Series:
    """A series of your own: a CSV file with a date and a number in each line, at even steps.

    Dates are 1987, 1987-03 or 1987-03-21; one line of names may stand first, lines that begin with # are left out.
    Raises ValueError, in one line, for what does not fit: no such file, no text, decimal commas, text in numbers, a
    missing value, dates that are no dates, unsorted, double or with gaps, a constant series, too few values.

    >>> len(read_series(Path(__file__).parent / "extracts" / "co2.csv").values)
    452
    """
    dates, values, places = [], [], []
    for number, cells in _lines(Path(path)):
        place = f"{Path(path).name}, line {number}"
        if len(cells) != 2 or ";" in cells[0]:
            raise ValueError(f"{place}: {_width(cells)}")
        when, value = cells
        dates.append(_checked_date(place, when, dates))
        values.append(_checked_number(place, value))
        places.append(number)
    name, found = Path(path).name, np.array(values)
    if len(found) < SHORTEST:
        raise ValueError(f"{name}: expected at least {SHORTEST} values, some to learn from and some to test, "
                         f"got {len(found)}")  # fmt: skip
    if found.min() == found.max():
        raise ValueError(f"{name}: expected values that change, got {found[0]:g} on every line")
    _even(name, dates, places)
    return Series(dates, found)


def _stored(name: str) -> Series:
    return read_series(_FOLDER / f"{name}.csv")


def _as_year(text: str) -> float:
    year, *rest = (int(part) for part in text.split("-"))
    if len(rest) < 2:
        return year + (rest[0] - 1) / 12 if rest else float(year)
    return year + (date(year, *rest).toordinal() - date(year, 1, 1).toordinal()) / 365.25


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """The lines that hold data, with their numbers: no comments, no empty ones, no line of names."""
    if not path.is_file():
        raise ValueError(f"{path}: expected a file, found none: is the folder right?")
    raw = path.read_bytes()
    if len(raw) > _LARGEST:
        raise ValueError(f"{path.name}: expected at most {_LARGEST:,} bytes, got {len(raw):,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: expected text (UTF-8), got something else: save the table as CSV") from None
    if "\0" in text:
        raise ValueError(f"{path.name}: expected text (UTF-8), got something else: save the table as CSV")
    told = [(k, line.strip()) for k, line in enumerate(text.splitlines(), start=1)]
    told = [(k, line) for k, line in told if line and not line.startswith("#")]
    if not told:
        raise ValueError(f"{path.name}: expected lines such as 1987-03,12.5, got an empty file")
    if told[0][1] and not told[0][1].lstrip("\"'")[:1].isdigit():
        told = told[1:]  # the names of the columns
    return [(k, next(csv.reader([line]))) for k, line in told]


def _width(cells: list[str]) -> str:
    """What is wrong with a line that has not two cells, or has semicolons."""
    line = ",".join(cells)
    if ";" in line or "\t" in line:
        return f"expected a comma between date and number (1987-03,12.5), got {line!r}"
    if len(cells) == 3 and all(cell.strip().isdigit() for cell in cells[1:]):
        return f"expected a decimal point ({cells[0]},{cells[1]}.{cells[2].strip()}), got {line!r}"
    return f"expected a date and one number, got {len(cells)} cell{'s' * (len(cells) > 1)}: keep two columns"


def _checked_date(place: str, text: str, before: list[str]) -> str:
    text = text.strip()
    found = _DATE.fullmatch(text)
    try:
        parts = [int(part) for part in found.groups() if part] if found else []
        date(*(parts + [1, 1])[:3]) if parts else None
    except ValueError:
        parts = []
    if not parts:
        raise ValueError(f"{place}: expected a date such as 1987, 1987-03 or 1987-03-21, got {text!r}")
    text = "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])
    if before and text.count("-") != before[-1].count("-"):
        raise ValueError(f"{place}: expected dates of one kind, got {text} after {before[-1]}")
    if before and text == before[-1]:
        raise ValueError(f"{place}: expected one value for each date, got {text} twice")
    if before and text < before[-1]:
        raise ValueError(f"{place}: expected dates that rise, got {text} after {before[-1]}: sort the file")
    return text


def _checked_number(place: str, text: str) -> float:
    text = text.strip()
    try:
        value = float(text)
    except ValueError:
        value = None
    if text == "" or (value is not None and np.isnan(value)) or text.lower() in ("na", "n/a", "null", "none", "-"):
        raise ValueError(f"{place}: expected a number, got none: fill the gap yourself, and say how")
    if value is None and re.fullmatch(r"[-+]?[\d.]*,\d+", text):
        raise ValueError(f"{place}: expected a decimal point ({text.replace(',', '.')}), got {text!r}")
    if value is None or not np.isfinite(value):
        raise ValueError(f"{place}: expected a number, got {text!r}")
    return value


def _even(name: str, dates: list[str], places: list[int]) -> None:
    """ValueError unless the steps between the dates are even: a year, a month, or a number of days."""
    parts = [[int(part) for part in text.split("-")] for text in dates]
    if len(parts[0]) == 3:
        steps = np.diff([date(*p).toordinal() for p in parts])
    else:
        steps = np.diff([12 * p[0] + (p[1] if len(p) > 1 else 0) for p in parts])
        steps = steps // 12 if len(parts[0]) == 1 else steps
    usual = int(np.bincount(steps).argmax())
    wrong = np.flatnonzero(steps != usual)
    if len(wrong):
        k, unit = int(wrong[0]) + 1, _UNITS[len(parts[0]) - 1]
        often = f"{usual} {unit}s" if usual > 1 else f"one {unit}"
        raise ValueError(f"{name}, line {places[k]}: expected {often} from value to value, got {dates[k - 1]} and then "
                         f"{dates[k]}: fill the gap yourself, and say how")  # fmt: skip
