"""The published solution of an exercise, and what becomes of it where a learner writes something else.

A slip is an edit: a piece of the solution and what stands in its place. Edits at different places can be made together,
so that two slips need no code of their own.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checks.inputs import sigmoid

FOLDER = Path(__file__).resolve().parents[2] / "solutions"
KEPT = Path(__file__).with_name("published.json")  # written by `course build`
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Edit:
    """One change of a text: what stands from `start` to `end` is replaced by `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, eq=False)
class Solution:
    """The answer cell of one exercise: the `body` is what learners write, the `head` what they are given.

    name     of the function or value
    statement  what the learner reads: the text above the answer
    space    the names that its code uses: NumPy, a sigmoid, the functions of the notebook's first cell, other answers
    """

    name: str
    statement: str
    head: str
    body: str
    space: dict[str, Any]

    @cached_property
    def right(self) -> Any:
        """The function, or the value, as it is published."""
        return self.answer(())

    def answer(self, edits: Iterable[Edit]) -> Any:
        """The function or the value that the solution with these edits gives; SyntaxError where it is no Python."""
        body = edited(self.body, edits)
        indent = "    " if self.head else ""
        code = compile(self.head + textwrap.indent(body, indent), f"<{self.name}>", "exec")
        space = dict(self.space)
        exec(code, space)  # the course's own text
        return space[self.name]

    @cached_property
    def begins(self) -> list[int]:
        """Where each line of the body begins."""
        return [0, *accumulate(len(line) for line in self.body.splitlines(keepends=True))]

    def span(self, node: Any) -> tuple[int, int]:
        """Where a node of the body's syntax tree begins and ends in it (`ast` counts columns in bytes)."""
        ends = ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
        begins = [(self.begins[line - 1], column) for line, column in ends]
        first, last = (begin + len(self.body[begin:].encode()[:column].decode()) for begin, column in begins)
        return first, last

    def edits(self, places: Iterable[tuple[str, str]]) -> tuple[Edit, ...]:
        """The edits that put each right piece's wrong one in its place, everywhere; LookupError where there is none.

        A piece is a line, a part of one, or several lines; an empty one stands for the begin of the body. Where right
        and wrong begin or end alike, only what differs is an edit.
        """
        found: list[Edit] = []
        for right, wrong in places:
            if not right:
                found.append(Edit(0, 0, wrong + "\n"))
                continue
            here = [e for line in self._indents() for e in _everywhere(self.body, right, wrong, line)]
            if not here:
                raise LookupError(f"{right!r} is not in the published solution of {self.name}")
            found += here
        return tuple(sorted(dict.fromkeys(found), key=lambda e: (e.start, e.end)))

    def _indents(self) -> list[str]:
        return sorted({line[: len(line) - len(line.lstrip())] for line in self.body.splitlines()})


def _everywhere(body: str, right: str, wrong: str, indent: str) -> list[Edit]:
    """The edits at all places of lines with this indentation where a piece stands."""
    old, new = (textwrap.indent(piece, indent).removeprefix(indent) for piece in (right, wrong))
    whole = (r"\b" if old[0].isidentifier() else "") + re.escape(old) + (r"\b" if old[-1].isalnum() else "")
    starts = [m.start() for m in re.finditer(whole, body)]
    begins = [body.rfind("\n", 0, k) + 1 for k in starts]
    lines = [body[a:b] + body[b:].split("\n", 1)[0] for a, b in zip(begins, starts)]
    return [_trimmed(k, old, new) for k, line in zip(starts, lines) if line[: len(line) - len(line.lstrip())] == indent]


def _trimmed(start: int, old: str, new: str) -> Edit:
    """The edit without the words that old and new begin or end with together."""
    a, b = TOKEN.findall(old), TOKEN.findall(new)
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    tail = 0
    while tail < min(len(a), len(b)) - same and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    begin, end = len("".join(a[:same])), len("".join(a[len(a) - tail :]))
    return Edit(start + begin, start + len(old) - end, new[begin : len(new) - end])


def together(first: Sequence[Edit], second: Sequence[Edit]) -> tuple[Edit, ...] | None:
    """The edits of two slips in one; None where they change the same words or have a line in common."""
    if set(first) & set(second):
        return None
    both = tuple(sorted([*first, *second], key=lambda e: (e.start, e.end)))
    return None if any(a.end > b.start or a.start == b.start < a.end for a, b in pairwise(both)) else both


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with its edits; of two at one place the first stays first."""
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*pieces, text[at:]])


def published(number: str, name: str, helpers: Iterable[Any] = (), folder: Path | None = None) -> Solution:
    """The solution of one exercise of a lesson ("01", "repaired"); LookupError where the course has none.

    `helpers` are functions of the checks that the wrong pieces may call.
    """
    setup, statements, answers = _notebook(folder or FOLDER, number)
    if name not in answers:
        raise LookupError(f"{folder or FOLDER}/{number}_*.ipynb: no answer {name}: restore the file from git")
    head, body = _split(answers[name])
    space: dict[str, Any] = {"np": np, "sigmoid": sigmoid}
    exec(setup, space)
    space |= {h.__name__: h for h in helpers}
    others = {word for word in TOKEN.findall(body) if word in answers and word != name}
    space |= {other: published(number, other, (), folder).right for other in others}
    if re.search(r"\btorch\b", body):
        import torch

        space["torch"] = torch
    return Solution(name, statements[name], head, _last_value(body, name) if not head else body, space)


@lru_cache(maxsize=32)
def _notebook(folder: Path, number: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """What `parts` gives for a lesson; where a teacher has taken solutions/ away, as the build has kept it."""
    path = next(iter(sorted(folder.glob(f"{number}_*.ipynb"))), None)
    if path is not None:
        return parts(json.loads(path.read_text("utf-8"))["cells"])
    kept = json.loads(KEPT.read_text("utf-8")) if folder == FOLDER else {}
    if number not in kept:
        raise LookupError(f"{folder}/{number}_*.ipynb is not there, checks compare with it: restore it from git")
    return tuple(kept[number])


def parts(cells: Iterable[Any]) -> tuple[str, dict[str, str], dict[str, str]]:
    """The functions that solutions define in their first code cell; the statement and the text of each answer."""
    first = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    setup = "\n\n".join(ast.unparse(n) for n in ast.parse(first).body if isinstance(n, ast.FunctionDef))
    statement, statements, answers = "", {}, {}
    for cell in cells:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            statement = text if text.startswith("## ") else statement + text
        for tag in cell["metadata"].get("tags", ()):
            if tag.startswith("answer:"):
                statements[tag[7:]], answers[tag[7:]] = statement, text
    return setup, statements, answers


def _split(source: str) -> tuple[str, str]:
    """What stands before the solution's markers, and what stands between them, without its indentation."""
    head, rest = source.split(BEGIN, 1)
    return head.rstrip(" "), textwrap.dedent(rest.split(END)[0].strip("\n").rstrip()) + "\n"


def _last_value(body: str, name: str) -> str:
    """Of a value: the statement that gives it, where this stands for itself (what it was found with is not needed)."""
    statements = [n for n in ast.parse(body).body if isinstance(n, ast.Assign)]
    last = next(n for n in reversed(statements) if getattr(n.targets[0], "id", "") == name)
    try:
        ast.literal_eval(last.value)
    except ValueError:
        return body
    return "\n".join(body.splitlines()[last.lineno - 1 : last.end_lineno]) + "\n"
