"""The series of lesson 11: what they are, and what a file of one's own is told."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from course_lib.data import series
from course_lib.data.series import EL_NINO, co2, el_nino, months_of, read_series, share_prices, sunspots

EXTRACTS = Path(series.__file__).parent / "extracts"
MADE = {
    "sunspots": "a79a5a529359e4bde168c8e6a9626d43bfdd63d2de8a5df98c7b0e3f628ae27b",
    "el_nino": "8fe44c7188d824ea75cec65d9253abf3f2062fd74c9310a11ed8acede1b87ce9",
    "co2": "f8c964b4a594c4bdaa8efa9bddb518f416881679b8f57e102ee955b5d3400283",
}


@pytest.mark.parametrize("name", MADE)
def test_the_extracts_are_those_that_the_script_made(name):
    text = (EXTRACTS / f"{name}.csv").read_text("utf-8")
    assert sha256(text.encode()).hexdigest() == MADE[name]
    assert "Public domain" in text.splitlines()[0]


@pytest.mark.parametrize(
    ("made", "count", "first", "last"),
    [
        (sunspots, 309, ("1700", 5), ("2008", 2.9)),
        (el_nino, 732, ("1950-01", 23.11), ("2010-12", 22.07)),
        (co2, 452, ("1964-05", 322.0), ("2001-12", 371.02)),
    ],
)
def test_the_series(made, count, first, last):
    found = made()
    assert len(found.dates) == len(found.values) == count and np.isfinite(found.values).all()
    assert (found.dates[0], found.values[0]) == first and (found.dates[-1], found.values[-1]) == last
    assert (np.diff(found.years) > 0).all()


def test_a_known_year_and_a_date_that_is_none():
    assert sunspots().values[sunspots().index("1816")] == 45.8
    with pytest.raises(ValueError, match="expected one from 1700 to 2008, got '2020'"):
        sunspots().index("2020")


def test_share_prices_have_a_value_a_month():
    prices = share_prices()
    assert len(prices.dates) == len(set(prices.dates)) == 390 and prices.dates[-1] == "2022-06"
    assert (prices.values > 0).all()
    with pytest.raises(ValueError, match="column: expected one of IBM, AAPL"):
        share_prices("TULIP")


def test_el_nino_spans_are_in_order_and_last_five_seasons_or_more():
    flat = [text for span in EL_NINO for text in span]
    assert flat == sorted(flat)
    inside = months_of(EL_NINO, el_nino().dates)
    lengths = [sum(first <= text <= last for text in el_nino().dates) for first, last in EL_NINO]
    assert min(lengths) == 5 and inside.sum() == sum(lengths)


def written(tmp_path, text):
    path = tmp_path / "mine.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def years(n=80, start=1900):
    return [f"{start + k},{k % 7}" for k in range(n)]


def test_files_that_fit(tmp_path):
    mine = read_series(written(tmp_path, "\n".join(years())))
    assert mine.dates[0] == "1900" and mine.values[8] == 1
    head = read_series(written(tmp_path, "\ufeffyear,what\n# a remark\n" + "\n\n".join(years())))
    assert head.dates == mine.dates and (head.values == mine.values).all()
    months = [f"{1990 + k // 12}-{k % 12 + 1},{k % 5}e-1" for k in range(100)]
    assert read_series(written(tmp_path, "\n".join(months))).dates[1] == "1990-02"
    weeks = np.arange("2001-01-06", "2003-01-06", 7, dtype="datetime64[D]")
    found = read_series(written(tmp_path, "\r\n".join(f'"{day}", {k % 9}' for k, day in enumerate(weeks))))
    assert len(found.dates) == len(weeks) and np.allclose(np.diff(found.years), 7 / 365, atol=0.003)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1910;3", "line 11: expected a comma between date and number .*got '1910;3'"),
        ("1910;3,5", "line 11: expected a comma between date and number"),
        ("1910,3,5", r"line 11: expected a decimal point \(1910,3.5\)"),
        ('1910,"3,5"', r"line 11: expected a decimal point \(3.5\), got '3,5'"),
        ("1910,3,x", "line 11: expected a date and one number, got 3 cells"),
        ("1910", "line 11: expected a date and one number, got 1 cell:"),
        ("1910,", "line 11: expected a number, got none: fill the gap"),
        ("1910,NaN", "line 11: expected a number, got none: fill the gap"),
        ("1910,n/a", "line 11: expected a number, got none"),
        ("1910,about 3", "line 11: expected a number, got 'about 3'"),
        ("1910,inf", "line 11: expected a number, got 'inf'"),
        ("10/1/1910,3", "line 11: expected a date such as 1987, 1987-03 or 1987-03-21, got '10/1/1910'"),
        ("1910-13,3", "line 11: expected a date such as"),
        ("1910-02-30,3", "line 11: expected a date such as"),
        ("1910-01,3", "line 11: expected dates of one kind, got 1910-01 after 1909"),
        ("1909,3", "line 11: expected one value for each date, got 1909 twice"),
        ("1908,3", "line 11: expected dates that rise, got 1908 after 1909: sort the file"),
        ("1911,3", "line 12: expected one value for each date, got 1911 twice"),
    ],
)
def test_a_line_that_does_not_fit(tmp_path, line, message):
    lines = years()
    lines[10] = line
    with pytest.raises(ValueError, match=message) as told:
        read_series(written(tmp_path, "\n".join(lines)))
    assert "\n" not in str(told.value) and str(told.value).startswith("mine.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected lines such as 1987-03,12.5, got an empty file"),
        ("date,value\n", "expected at least 60 values, .* got 0"),
        ("\n".join(years(20)), "expected at least 60 values, .* got 20"),
        ("\n".join(f"{1900 + k},3" for k in range(80)), "expected values that change, got 3 on every line"),
        (
            "\n".join(years(40) + years(40, 1945)),
            "line 41: expected one year from value to value, got 1939 and then 1945",
        ),
        (b"RIFF\xff\xfe\x00\x00", "expected text"),
        ("\n".join(years()).encode("utf-16"), "expected text"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as told:
        read_series(written(tmp_path, text))
    assert "\n" not in str(told.value)


def test_no_file():
    with pytest.raises(ValueError, match="no_such.csv: expected a file, found none"):
        read_series("no_such.csv")


def test_a_gap_in_months_and_in_days(tmp_path):
    months = [f"{1990 + k // 12}-{k % 12 + 1:02},{k % 5}" for k in range(100) if k != 30]
    with pytest.raises(
        ValueError, match="line 31: expected one month from value to value, got 1992-06 and then 1992-08"
    ):
        read_series(written(tmp_path, "\n".join(months)))
    weeks = [f"{day},{k % 9}" for k, day in enumerate(np.arange("2001-01-06", "2003-01-06", 7, dtype="datetime64[D]"))]
    with pytest.raises(ValueError, match="line 51: expected 7 days from value to value"):
        read_series(written(tmp_path, "\n".join(weeks[:50] + weeks[51:])))
