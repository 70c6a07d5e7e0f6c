"""Makes sunspots.csv, el_nino.csv and co2.csv, the series of lesson 11, out of three data sets of statsmodels.

    pip download statsmodels==0.15.0 --no-deps
    python make_series.py statsmodels-0.15.0-*.whl

Source   statsmodels 0.15.0, the files datasets/{sunspots/sunspots,elnino/elnino,co2/co2}.csv; each says in its data.py
         where it is from: the yearly numbers of sunspots of the National Geophysical Data Center; the monthly surface
         temperature of the sea off Peru (Nino 1+2, 0-10 S, 90-80 W) in ERSST.V3B of the National Oceanic and
         Atmospheric Administration; carbon dioxide in the air at Mauna Loa, C. D. Keeling and T. P. Whorf 2004, Carbon
         Dioxide Information Analysis Center.
Licence  statsmodels marks each of the three as public domain (COPYRIGHT in its data.py).
Changes  sunspots, el_nino: none but the layout. co2: the mean of the weeks that were measured in each month, rounded to
         0.01; it begins in May 1964, after the last gap of whole months, so every month has a value.
Checks   the SHA-256 of each file in the wheel, below, and of what is made, in tests/data/test_series.py.
"""

import csv
import sys
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

SHA256 = {
    "sunspots/sunspots": "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
    "elnino/elnino": "b647be00e0fd264be9764e317e6b963f35030014ecca2b21b204521716e463ad",
    "co2/co2": "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
}
FIRST = "1964-05"  # of co2: from here on no month is without a week


def main(wheel: str) -> None:
    """Read the wheel, check it, write the three extracts beside this script."""
    with zipfile.ZipFile(wheel) as archive:
        raw = {name: archive.read(f"statsmodels/datasets/{name}.csv") for name in SHA256}
    for name, text in raw.items():
        if sha256(text).hexdigest() != SHA256[name]:
            raise SystemExit(f"{wheel}: expected the {name}.csv of version 0.15.0, got {sha256(text).hexdigest()}")
    told = {name: list(csv.reader(text.decode().splitlines()))[1:] for name, text in raw.items()}
    write("sunspots", "Sunspots seen in a year, 1700-2008. National Geophysical Data Center.", sunspots(told))
    write("el_nino", "Sea surface temperature off Peru, degrees Celsius (Nino 1+2, ERSST.V3B). NOAA.", el_nino(told))
    write("co2", "CO2 at Mauna Loa, parts per million, mean of a month's weeks. Keeling and Whorf 2004.", co2(told))


def sunspots(told: dict[str, list[list[str]]]) -> Iterator[tuple[str, str]]:
    """Year and number."""
    for year, number in told["sunspots/sunspots"]:
        yield year, f"{float(number):g}"


def el_nino(told: dict[str, list[list[str]]]) -> Iterator[tuple[str, str]]:
    """Month and degrees: a row of the source is a year of twelve months."""
    for year, *months in told["elnino/elnino"]:
        for month, degrees in enumerate(months, start=1):
            yield f"{year}-{month:02}", f"{float(degrees):.2f}"


def co2(told: dict[str, list[list[str]]]) -> Iterator[tuple[str, str]]:
    """Month and parts per million."""
    weeks: dict[str, list[float]] = {}
    for day, value in told["co2/co2"]:
        month = f"{day[:4]}-{day[4:6]}"
        if value and month >= FIRST:
            weeks.setdefault(month, []).append(float(value))
    for month, values in sorted(weeks.items()):
        yield month, f"{sum(values) / len(values):.2f}"


def write(name: str, head: str, rows: Iterator[tuple[str, str]]) -> None:
    """One file: a line of source, a line of names, a line for each value."""
    lines = [f"# {head} Public domain; from statsmodels 0.15.0, made by make_series.py.", "date,value"]
    text = "\n".join([*lines, *(",".join(row) for row in rows)]) + "\n"
    Path(__file__).with_name(f"{name}.csv").write_text(text, "utf-8")
    print(f"{name}: {len(text.splitlines()) - 2} values, {sha256(text.encode()).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
