"""The words of the course: each is explained where it is first needed, in one cell, and used only after it.

vocabulary.toml holds the terms; `course build` makes docs/glossary.md of them, and reports a lecture that uses a word
or a function before its turn. What stands below "More evidence" may look ahead: it is read by those who come back.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

SOURCE = Path(__file__).with_name("vocabulary.toml")
GLOSSARY = "docs/glossary.md"
EVIDENCE = re.compile(r"(?m)^## More evidence\s*$")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
Notebooks = Mapping[str, NotebookNode]


@cache
def load() -> dict[str, Any]:
    """The terms, in the order in which they are explained, and the words that stand for none of them."""
    return tomllib.loads(SOURCE.read_text("utf-8"))


def core(nb: NotebookNode) -> list[NotebookNode]:
    """The cells of a lecture that everybody reads: those above the heading "More evidence"."""
    return list(takewhile(lambda cell: not begins_evidence(cell), nb.cells))


def begins_evidence(cell: NotebookNode) -> bool:
    """Whether a cell is the heading below which the evidence stands."""
    return cell.cell_type == "markdown" and bool(EVIDENCE.match(cell.source))


def faults(notebooks: Notebooks, words: Mapping[str, Any] | None = None) -> list[str]:
    """What lectures use before its turn, or call by another name; a line each. `notebooks` by name ("notebooks/…")."""
    words = load() if words is None else words
    lectures = {name: nb for name, nb in sorted(notebooks.items()) if name.startswith("notebooks/")}
    return [
        *_terms(lectures, words["term"]),
        *_others(lectures, words["instead"]),
        *_functions(lectures, words["free"]),
    ]


def _terms(lectures: Notebooks, terms: list[dict[str, Any]]) -> Iterator[str]:
    for term in terms:
        before = True
        # no forms: a word that also means something else, and nobody can tell by its letters
        written = _whole("|".join(map(re.escape, term["forms"])) or "(?!)")
        for name, nb in lectures.items():
            number = Path(name).name[:2]
            if number > term["lesson"] or not before:
                break
            for cell in core(nb):
                if number == term["lesson"] and cell.id == term["cell"]:
                    before = False
                    bold = "".join(re.findall(r"(?s)\*\*(.+?)\*\*", cell.source)).lower()
                    if not any(form.lower() in bold for form in (term["name"], *term["forms"])):
                        yield f"{name}, cell {cell.id}: should print **{term['name']}** where it explains it"
                    break
                found = written.search(_prose(cell)) if number != "00" else None  # the map names what will come
                if found:
                    yield f"{name}, cell {cell.id}: {found[0]!r} before lesson {term['lesson']} explains it"
            else:
                if number == term["lesson"]:
                    yield f"vocabulary.toml, {term['name']}: the cell {term['cell']} is not in the core of {number}"


def _others(lectures: Notebooks, instead: Mapping[str, str]) -> Iterator[str]:
    for other, word in instead.items():
        written = _whole(other)
        for name, nb in lectures.items():
            for cell in core(nb):
                if found := written.search(_prose(cell)):
                    yield f"{name}, cell {cell.id}: {found[0]!r}; the course says {word}"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({pattern})(?![\w-])", re.IGNORECASE)


def _prose(cell: NotebookNode) -> str:
    """The words of a text cell: no code, no formulas, no titles of what is linked."""
    if cell.cell_type != "markdown":
        return ""
    return LINK.sub(" ", re.sub(r"(?s)```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$", " ", cell.source))


def _functions(lectures: Notebooks, free: Mapping[str, str]) -> Iterator[str]:
    """Functions of the package that no lecture has built before."""
    built: set[str] = set()
    for name, nb in lectures.items():
        here = tuple(part for part, lesson in free.items() if lesson <= Path(name).name[:2])
        for cell in core(nb):
            if cell.cell_type != "code":
                continue
            tree = ast.parse(cell.source)
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith("course_lib"):
                    for alias in node.names:
                        if not f"{node.module}.{alias.name}".startswith(here) and alias.name not in built:
                            yield f"{name}, cell {cell.id}: {alias.name} comes before a lecture has built it"
            built |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def glossary(notebooks: Notebooks, terms: list[dict[str, Any]] | None = None) -> str:
    """docs/glossary.md: each term, what it means, and the cell that explains it."""
    terms = load()["term"] if terms is None else terms
    files = {Path(name).name[:2]: name for name in notebooks if name.startswith("notebooks/")}
    lines = ["# Glossary", "", "Made by `course build` from course_lib/vocabulary.toml.", ""]
    lines += ["| term | what it means | explained in |", "|---|---|---|"]
    for term in sorted(terms, key=lambda term: term["name"].lower()):
        where = f"[{term['lesson']}](../{files[term['lesson']]}#cell-id={term['cell']})"
        lines.append(f"| **{term['name']}** | {term['says']} | {where} |".replace("\n", " "))
    return "\n".join(lines) + "\n"
