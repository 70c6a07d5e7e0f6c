"""Read what was handed in and repair it: a file of any origin becomes a list of cells, or one line that says why not.

Of a learner's file only sources, ids, tags and kinds of cells are read; outputs, points and other metadata are not.
"""

from __future__ import annotations

import json
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.checks.probe import parts

MAX_FILE = 64 * 2**20
MAX_CODE = 2**20
MAX_CELLS = 2000
MAX_VALUES = 4_000_000
MAX_COMMAS = 3

OTHER_FILES = {  # how a file begins, and what it is
    rb"PK": "a zip archive", rb"\x1f\x8b": "a gzip archive", rb"BZh\d": "a bzip2 archive",
    rb"\xfd7zXZ": "an xz archive",
    rb"\x28\xb5\x2f\xfd": "a zstd archive", rb"Rar!": "a rar archive", rb"7z\xbc\xaf": "a 7z archive",
    rb".{257}ustar": "a tar archive", rb"%PDF": "a PDF", rb"\x89PNG|\xff\xd8\xff|GIF8": "a picture",
    rb"\xd0\xcf\x11\xe0|\{\\rtf": "a document of a word processor", rb"\x00\x05\x16\x07": "a companion file of macOS",
    rb"\[InternetShortcut\]": "a link", rb"(\xef\xbb\xbf)?\s*<(?!<<<<<<)": "a web page",
}  # fmt: skip
LFS = b"version https://git-lfs"


class Unreadable(ValueError):
    """A submission that cannot be graded; its text is one line: what is wrong, where, and how to mend it."""


@dataclass(frozen=True)
class Cell:
    """One cell, reduced to what grading needs; `number` counts all cells from 1, as a reader counts them."""

    kind: str
    source: str
    id: str = ""
    tags: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Submission:
    """A readable notebook: its cells, the lesson that its metadata names, and what had to be repaired."""

    cells: tuple[Cell, ...]
    lesson: str = ""
    notes: tuple[str, ...] = ()


def read(path: Path) -> Submission:
    """A notebook file of any format, repaired where that is safe; `Unreadable` says in one line why not."""
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror}): hand it in again") from None
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("is no file: hand in the .ipynb file itself")
    if status.st_size > MAX_FILE:
        raise Unreadable(f"has {status.st_size / 2**20:.0f} MiB, at most {MAX_FILE // 2**20}: clear its outputs")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror}): hand it in again") from None
    return parse(raw)


def parse(raw: bytes) -> Submission:
    """`read` for a file's bytes."""
    if not raw.strip():
        raise Unreadable("is empty: save the notebook and hand it in again")
    notes: list[str] = []
    data = _json(raw, notes)
    if not isinstance(data, dict):
        raise Unreadable("is JSON but no notebook: hand in the .ipynb file")
    rows = data.get("cells")
    if rows is None and isinstance(data.get("worksheets"), list):  # nbformat 3 and older
        notes.append("old notebook format, converted")
        rows = [c for sheet in data["worksheets"] if isinstance(sheet, dict) for c in _list(sheet.get("cells"))]
    if not isinstance(rows, list):
        raise Unreadable('is JSON but no notebook (it has no "cells"): hand in the .ipynb file')
    cells = [_cell(row, k) for k, row in enumerate(rows, 1) if isinstance(row, dict)]
    if len(cells) < len(rows):
        notes.append(f"{len(rows) - len(cells)} cells are damaged and were left out")
    size = sum(len(c.source) for c in cells if c.kind == "code")
    if size > MAX_CODE:
        raise Unreadable(f"holds {size / 2**20:.1f} MiB of code, at most {MAX_CODE / 2**20:g}: keep the answers only")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"holds {len(cells)} cells, at most {MAX_CELLS}: keep the answers only")
    if not cells:
        raise Unreadable("has no cells: save the notebook and hand it in again")
    metadata = data.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    lesson = course.get("lesson") if isinstance(course, dict) else None
    return Submission(tuple(cells), str(lesson)[:2] if isinstance(lesson, (str, int)) else "", tuple(notes))


def _json(raw: bytes, notes: list[str]) -> Any:
    if kind := next((kind for start, kind in OTHER_FILES.items() if re.match(start, raw, re.DOTALL)), ""):
        raise Unreadable(f"is {kind}, not a notebook: hand in the .ipynb file itself")
    if raw.startswith(LFS):
        raise Unreadable(
            "is a pointer of Git LFS, not the notebook: run `git lfs pull` in its folder, hand it in again"
        )
    if parts(raw) > MAX_VALUES:
        raise Unreadable("holds more values than a notebook has: clear its outputs and hand it in again")
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode(encoding, errors="replace")
        notes.append(f"characters that are not {encoding.removesuffix('-sig').upper()} were replaced")
    text = text.rstrip("\0\x1a \t\r\n")  # a disk's padding is no damage
    while True:
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            comma = _trailing_comma(text, error.pos)
            if comma is None:
                raise Unreadable(_damage(text, error)) from None
            line = text.count("\n", 0, comma) + 1
            if len(notes) > MAX_COMMAS:
                raise Unreadable(
                    f"is damaged JSON at line {line}: delete every comma that stands before a ] or }}"
                ) from None
            notes.append(f"a comma too many at line {line} was left out")
            text = text[:comma] + " " + text[comma + 1 :]
        except (ValueError, RecursionError):
            raise Unreadable("is damaged JSON (nested too deep, or a number too long): hand in a fresh copy") from None


def _trailing_comma(text: str, pos: int) -> int | None:
    """Where the comma before a closing bracket is, when the parser stopped at `pos` because of one, else None."""
    if text[pos : pos + 1] == ",":  # Python 3.13 points to the comma, older ones to the bracket
        comma, rest = pos, text[pos + 1 : pos + 10_000].lstrip()
    else:
        before = text[max(0, pos - 10_000) : pos]
        comma, rest = pos - len(before) + len(before.rstrip()) - 1, text[pos : pos + 1]
    return comma if comma > 0 and text[comma] == "," and rest[:1] in ("]", "}") else None


def _damage(text: str, error: json.JSONDecodeError) -> str:
    """One line on a text that is no JSON: what it is, where the damage is, how to mend it."""
    line = error.lineno
    own = "or hand in the copy that JupyterLab keeps in .ipynb_checkpoints"
    if mark := re.search(r"^<{7}(?: .*)?\r?$", text, re.MULTILINE):
        line = text.count("\n", 0, mark.start()) + 1
        mend = "in a text editor keep one version at each mark and delete the marks, then hand it in again"
        return f"holds Git's marks of a conflict (<<<<<<<, first at line {line}): {mend}"
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        mend = "hand in the notebook itself, or put your answers into a fresh copy of the exercises"
        return f"is not a notebook but {_kind_of_text(text)}: {mend}"
    if error.msg == "Extra data":
        return f"goes on at line {line}, after the end of the notebook: delete the rest in a text editor, {own}"
    if text[error.pos : error.pos + 2].startswith(("//", "/*", "#")):
        return f"holds a comment at line {line}, which JSON does not allow: delete it in a text editor, {own}"
    if error.pos >= len(text) - 1 or error.msg.startswith("Unterminated string") or not text.endswith("}"):
        return f"is cut off at line {text.count(chr(10)) + 1}: hand in the whole file again, {own}"
    return f"is damaged JSON at line {line} or before it ({error.msg}): mend that place in a text editor, {own}"


def _kind_of_text(text: str) -> str:
    """What a text that is no notebook looks like."""
    if "\0" in text:
        return "a binary file"
    if re.search(r"^(#!.*python|# ?%%|# In\[|(import|from|def|class) \w.*)", text, re.MULTILINE):
        return "a Python script"
    return "a text" if not re.search(r"^(#+ |---$|```)", text, re.MULTILINE) else "a Markdown text"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _cell(row: dict[str, Any], number: int) -> Cell:
    source = row.get("source", row.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    source = source if isinstance(source, str) else ""
    # a lone surrogate cannot be sent to a kernel; a pair that was escaped in two halves is joined
    source = (
        source.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\r\n", "\n").replace("\r", "\n")
    )
    kind = row.get("cell_type")
    if kind == "code":
        kind, source = _databricks(source)
    metadata = row.get("metadata")
    own = metadata if isinstance(metadata, dict) else {}
    tags = _list(own.get("tags"))
    if kind == "heading":
        source = "# " + source
    return Cell(
        kind if kind in ("code", "raw") else "markdown",
        source,
        next((i for i in (row.get("id"), own.get("id")) if isinstance(i, str)), ""),  # Colab keeps it below
        tuple(t for t in tags if isinstance(t, str)),
        number,
    )


def _databricks(source: str) -> tuple[str, str]:
    """Kind and source of a code cell, without Databricks' word for its language on a first line of its own."""
    word, _, rest = source.partition("\n")
    kind = {"%python": "code", "%md": "markdown"}.get(word.strip())
    return (kind, rest) if kind else ("code", source)


def syntax_note(ename: str, text: str) -> str:
    """The text, with the Python that grades when it tells of a syntax error: what is right elsewhere may be new to it.

    >>> syntax_note("NameError", "name 'x' is not defined")
    "name 'x' is not defined"
    """
    version = f"graded with Python {sys.version_info[0]}.{sys.version_info[1]}"
    return f"{text} ({version})" if ename == "SyntaxError" and version not in text else text


def tagged(cell: Cell, role: str) -> str:
    """The name in a cell's tag `role:NAME`, else ''."""
    return next((t.partition(":")[2].strip() for t in cell.tags if t.startswith(role + ":")), "")
