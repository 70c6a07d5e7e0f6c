"""Read what was handed in and repair it: a file of any origin becomes a list of cells, or one line that says why not.

Of a learner's file only sources, ids, tags and kinds of cells are read; outputs, points and other metadata are not.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAX_FILE = 64 * 2**20
MAX_CODE = 2**20
MAX_CELLS = 2000

OTHER_FILES = {
    b"PK": "a zip archive", b"\x1f\x8b": "a gzip archive", b"Rar!": "a rar archive", b"7z\xbc\xaf": "a 7z archive",
    b"%PDF": "a PDF", b"<": "a web page",
}  # fmt: skip


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
    kind = next((words for start, words in OTHER_FILES.items() if raw.startswith(start)), "")
    if kind:
        raise Unreadable(f"is {kind}, not a notebook: hand in the .ipynb file itself")
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode(encoding, errors="replace")
        notes.append(f"characters that are not {encoding.removesuffix('-sig').upper()} were replaced")
    text = text.rstrip("\0\x1a \t\r\n")  # a disk's padding is no damage
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text) - 1 or text.lstrip()[:1] == "{" and not text.endswith("}"):
            raise Unreadable(f"is cut off at line {error.lineno}: save it and hand it in again") from None
        what = "is damaged JSON" if text.lstrip()[:1] in "{[" else "is not a notebook (no JSON)"
        raise Unreadable(f"{what} at line {error.lineno}: open it in JupyterLab, save, hand it in again") from None
    except (ValueError, RecursionError):
        raise Unreadable("is damaged JSON (nested too deep, or a number too long): hand in a fresh copy") from None


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
    metadata = row.get("metadata")
    own = metadata if isinstance(metadata, dict) else {}
    tags = _list(own.get("tags"))
    kind = row.get("cell_type")
    if kind == "heading":
        source = "# " + source
    return Cell(
        kind if kind in ("code", "raw") else "markdown",
        source,
        next((i for i in (row.get("id"), own.get("id")) if isinstance(i, str)), ""),  # Colab keeps it below
        tuple(t for t in tags if isinstance(t, str)),
        number,
    )


def tagged(cell: Cell, role: str) -> str:
    """The name in a cell's tag `role:NAME`, else ''."""
    return next((t.partition(":")[2].strip() for t in cell.tags if t.startswith(role + ":")), "")
