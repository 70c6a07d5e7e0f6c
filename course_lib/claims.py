"""What people say about recurrent networks: each claim with its verdict, what is known, and the cell that measured it.

claims.toml holds them. No printed line of the course stands there: a claim names cells and the beginnings of the
lines that they print, and `course build` puts what is printed there today into docs/claims.md. timeline.toml holds
what happened when, and docs/cards.csv is a question and an answer for each claim and each term, for a program with
flash cards.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course_lib import vocabulary

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOURCE = Path(__file__).with_name("claims.toml")
TIMELINE = Path(__file__).with_name("timeline.toml")
PAGE = "docs/claims.md"
CARDS = "docs/cards.csv"
VERDICTS = ("right", "imprecise", "wrong", "no source")
QUESTIONS = {
    "how many": "Is it said of all, and true of some?",
    "when": "Under which condition does it hold?",
    "against what": "What is it compared with?",
    "of what": "Which quantity is meant, and how much of it?",
    "who says so": "Does the source say this, and does it still?",
}
KINDS = ("network", "training", "use", "without recurrence")
PRE = re.compile(r"(?s)<pre[^>]*>(.*?)</pre>")
Notebooks = Mapping[str, "NotebookNode"]


class Evidence(NamedTuple):
    """Where a claim was measured, and what is printed there."""

    file: str  # "notebooks/05_lstm.ipynb", "" where no such lesson is here
    cell: str
    lines: list[str]
    steady: bool  # whether a fresh run prints the same

    @property
    def title(self) -> str:
        """ "05_lstm" for notebooks/05_lstm.ipynb."""
        return Path(self.file).stem


class Card(NamedTuple):
    """A question and its answer."""

    front: str
    back: str
    kind: str  # "claim" or "term"


@cache
def load() -> list[dict[str, Any]]:
    """The claims, in the order of their numbers."""
    return tomllib.loads(SOURCE.read_text("utf-8"))["claim"]


def find(number: str) -> dict[str, Any]:
    """The claim with this number, "B7"; LookupError when there is none."""
    for claim in load():
        if claim["id"] == number:
            return claim
    raise LookupError(f"claim: expected a number from B1 to B60 or one of docs/claims.md, got {number!r}")


@cache
def events() -> list[dict[str, Any]]:
    """What happened when, in the order of the years."""
    return tomllib.loads(TIMELINE.read_text("utf-8"))["event"]


# ---------------------------------------------------------------- evidence


@cache
def lectures() -> dict[str, NotebookNode]:
    """The lectures that are here, by name ("notebooks/05_lstm.ipynb")."""
    import nbformat

    files = sorted((SOURCE.parent.parent / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    return {f"notebooks/{path.name}": nbformat.read(path, as_version=4) for path in files}


def printed(cell: NotebookNode) -> list[str]:
    """The lines that a cell has printed, those behind a fold as well."""
    texts: list[str] = []
    for output in cell.get("outputs", []):
        texts += [output.text] if output.output_type == "stream" else []
        html = output.get("data", {}).get("text/html", "")
        texts += [unescape(re.sub("<[^>]+>", "", part)) for part in PRE.findall(html)]
    return [line.rstrip() for text in texts for line in text.splitlines() if line.strip()]


def evidence(claim: Mapping[str, Any], notebooks: Notebooks) -> Iterator[Evidence]:
    """Each measuring cell of a claim, with the lines that the claim names as they are printed there."""
    files = {Path(name).name[:2]: name for name in notebooks if name.startswith("notebooks/")}
    for place, beginnings in claim.get("measured", {}).items():
        lesson, _, cell_id = place.partition("#")
        name = files.get(lesson, "")
        cell = next((cell for cell in notebooks[name].cells if cell.id == cell_id), None) if name else None
        wanted = tuple(beginning.lstrip() for beginning in beginnings)
        lines = [line for line in printed(cell) if line.lstrip().startswith(wanted)] if cell is not None else []
        loose = cell is not None and "nbval-ignore-output" in cell.metadata.get("tags", [])
        yield Evidence(name, cell_id, lines, steady=not loose)


def faults(notebooks: Notebooks, claims: list[dict[str, Any]] | None = None) -> list[str]:
    """Claims that lack their evidence: a line each."""
    found = []
    for claim in load() if claims is None else claims:
        where = f"claims.toml, {claim['id']}"
        if claim["verdict"] not in VERDICTS:
            found.append(f"{where}: verdict {claim['verdict']!r}; one of {', '.join(VERDICTS)} is expected")
        if (claim["verdict"] == "imprecise") != (claim.get("lacks") in QUESTIONS):
            found.append(
                f"{where}: lacks {claim.get('lacks')!r}; an imprecise claim, and no other, leaves a question open"
            )
        if not claim["references"] and not claim.get("measured"):
            found.append(f"{where}: neither a reference nor a cell; give one of them")
        if not claim.get("measured") and not claim.get("unmeasured"):
            found.append(f"{where}: no cell measures it; name one, or say why under `unmeasured`")
        found += [
            f"{where}: the cell {one.cell} of {one.file or 'no lesson'} prints no line that begins so"
            for one in evidence(claim, notebooks)
            if not one.lines
        ]
    return found


# ---------------------------------------------------------------- the page


def page(notebooks: Notebooks, claims: list[dict[str, Any]] | None = None) -> str:
    """docs/claims.md: a table of all claims, then each with its verdict, its references and our own figures."""
    claims = load() if claims is None else claims
    lines = [
        "# Claims",
        "",
        "Made by `course build` from course_lib/claims.toml and from what the cells print. "
        "How to read a claim is the subject of [lesson 15](../notebooks/15_claims.ipynb). "
        "Where a printed line says *seed*, it means one start.",
        "",
        "; ".join(f"{sum(claim['verdict'] == verdict for claim in claims)} {verdict}" for verdict in VERDICTS) + ".",
        "",
        "| | claim | verdict |",
        "|---|---|---|",
    ]
    for claim in claims:
        anchor = f"#{claim['id']}-{claim['verdict']}".lower().replace(" ", "-")
        lines.append(f"| [{claim['id']}]({anchor}) | {claim['says']} | {claim['verdict']} |")
    for claim in claims:
        lines += ["", *_section(claim, notebooks)]
    return "\n".join(lines) + "\n"


def _section(claim: Mapping[str, Any], notebooks: Notebooks) -> list[str]:
    lines = [f"## {claim['id']}: {claim['verdict']}", "", f"> {claim['says']}", "", claim["precise"]]
    if "lacks" in claim:
        lines += ["", f"*Left open:* {QUESTIONS[claim['lacks']].lower()}"]
    for one in evidence(claim, notebooks):
        differs = "" if one.steady else " (another run or another machine prints other numbers)"
        link = f"[{one.title}](../{one.file}#cell-id={one.cell})"
        lines += ["", f"Measured in {link}{differs}:", "", "```", *one.lines, "```"]
    for key in ("unmeasured", "caveat"):
        lines += ["", claim[key]] if claim.get(key) else []
    return [*lines, "", *(f"- {reference}" for reference in claim["references"])] if claim["references"] else lines


# ---------------------------------------------------------------- cards


def cards() -> list[Card]:
    """A card for each claim and each term of the course."""
    made = [Card(f"{c['says']}", f"{c['verdict'].capitalize()}. {c['precise']}", "claim") for c in load()]
    return made + [Card(t["name"], t["says"], "term") for t in vocabulary.load()["term"]]


def card_file(made: list[Card] | None = None) -> str:
    """docs/cards.csv: front, back, kind; the first lines tell Anki how to read it."""
    text = io.StringIO()
    text.write("#separator:Comma\n#html:false\n#columns:Front,Back,Tags\n#tags column:3\n")
    csv.writer(text, lineterminator="\n").writerows(cards() if made is None else made)
    return text.getvalue()
