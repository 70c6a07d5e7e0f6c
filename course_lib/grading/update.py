"""`course update`: put a learner's work into the course's new exercise notebooks.

The new notebooks are made from solutions/, as `course build` makes them. Answers go into their cells by ids, tags and
names; every other cell that was typed goes after the cell that it followed. The old file is kept, and what could not
be carried over is said.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib import building
from course_lib.building import BuildError, Report, source_hash
from course_lib.grading.course import Assignment, Course
from course_lib.grading.executor import write_atomically
from course_lib.grading.graft import choose, defines, find_answers, is_blank
from course_lib.grading.notebook import Cell, Submission, Unreadable, parse, read, tagged

COURSE_TAG = re.compile(r"(answer|check|points):|instructor$")
CHECK_CALL = re.compile(r"\s*check\(\s*[\"']\d\d\.\w+[\"'][^\n]*\)\s*$")
COMMENT = re.compile(r"#(?! your answer goes here)")
LESSON_FILE = re.compile(r"\d\d_\w+\.ipynb")


def update(root: Path, paths: tuple[Path, ...] = ()) -> Report:
    """Carry the work in old notebooks into exercises/: those at `paths`, else all in exercises/ of an older version.

    `changed` of the report has a line for each notebook that was written or needed nothing, `findings` one for each
    thing that could not be carried over.
    """
    report = Report()
    course = Course(root)
    for path in paths or _outdated(course, report):
        try:
            _update(course, path, report)
        except (Unreadable, BuildError, OSError) as error:
            report.findings.append(f"{_shown(course, path)}: {error}")
    return report


def keep(path: Path, raw: bytes) -> Path:
    """Put a file's bytes beside it under a free name, `x.old.ipynb`, `x.old-2.ipynb` and so on; never overwrites."""
    for k in itertools.count(1):
        place = path.with_name(f"{path.stem}.old{f'-{k}' if k > 1 else ''}{path.suffix}")
        if place.is_file() and place.read_bytes() == raw:
            return place
        try:
            file = place.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(raw)
        except BaseException:
            place.unlink()  # half a copy would look like a whole one
            raise
        return place
    raise AssertionError


# ---------------------------------------------------------------- one notebook


def _outdated(course: Course, report: Report) -> list[Path]:
    """The notebooks in exercises/ that hold work and are not of this version."""
    lessons, found = course.notebooks(), []
    for path in sorted((course.root / "exercises").glob("*.ipynb")):
        if not LESSON_FILE.fullmatch(path.name) or path.name[:2] not in lessons:
            continue  # a copy, or a notebook of the learner's own
        try:
            names, current = building.typed(path.read_bytes(), _published(course, path.name[:2]))
            found += [path] if names and not current else []
        except (BuildError, OSError) as error:
            report.findings.append(f"{_shown(course, path)}: {error}; mend it, or move it away")
    return found


def _published(course: Course, number: str) -> NotebookNode:
    """The exercise notebook of a lesson as it is in this version of the course."""
    path = course.notebooks()[number]
    if path.parent.name != "solutions":
        raise BuildError(f"no solution of lesson {number} here, so no new notebook can be made; get the whole course")
    return building.exercise(building.canonical(building.read(path)))


def _update(course: Course, path: Path, report: Report) -> None:
    old = _read(path)
    assignment = choose(old.submission, course.assignments(), path.stem, "")
    new = _published(course, assignment.number)
    target = course.root / "exercises" / f"{assignment.stem}.ipynb"
    here = target.exists() and target.samefile(path)
    shown, goal = _shown(course, path), _shown(course, target)
    before = target.read_bytes() if target.exists() else b""
    try:
        names, current = building.typed(before, new)
    except BuildError as error:
        raise BuildError(f"not carried over, because {goal} {error}; mend that one, or move it away") from error
    if here and current:
        report.changed.append(f"{shown}: is of this version, nothing to do")
        return
    notes: list[str] = []
    if not here and names:  # work is there already: it goes first
        standing = Carried(_read(target), new, assignment, goal)
        new = standing.notebook()
        notes += [] if current else standing.notes
    carried = Carried(old, new, assignment, shown)
    notes += carried.notes
    if carried.names or carried.own:
        told = f"{goal}: {building.described([*carried.names, *[''] * carried.own])} carried over"
        told += "" if here else f" (from {shown})"
        if here or names:
            told += f"; the old file is kept as {_shown(course, keep(target, before))}"
        write_atomically(target, building.dump(carried.notebook()))
        report.changed.append(told)
    else:
        report.changed.append(f"{shown}: holds nothing that could be carried into {goal}, which is as it was")
    report.findings += notes


def _shown(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix() if path.is_relative_to(course.root) else str(path)


# ---------------------------------------------------------------- the old notebook


@dataclass(frozen=True)
class Old:
    """An old notebook: its cells as the grader reads them, the same as the file has them, and what the build wrote."""

    submission: Submission
    rows: list[Any]
    record: frozenset[str]

    def node(self, cell: Cell) -> NotebookNode:
        """A cell for the new notebook, with its outputs and attachments where the file holds valid ones."""
        make = {"code": nbformat.v4.new_code_cell, "raw": nbformat.v4.new_raw_cell}
        plain = make.get(cell.kind, nbformat.v4.new_markdown_cell)(cell.source)
        row = self.rows[cell.number - 1] if cell.number <= len(self.rows) else {}
        wanted = ("outputs", "execution_count") if cell.kind == "code" else ("attachments",)
        try:
            node = nbformat.from_dict({**plain, **{key: row[key] for key in wanted if key in row}})
            for output in node.get("outputs", []):
                building.join_lines(output)
            nbformat.validate(nbformat.v4.new_notebook(cells=[node]))
        except (nbformat.ValidationError, AttributeError, KeyError, TypeError, ValueError):
            return plain
        return node


def _read(path: Path) -> Old:
    submission = read(path)
    try:
        data = json.loads(path.read_bytes())
        rows = data["cells"] if data.get("nbformat") == 4 else []
    except (ValueError, KeyError, RecursionError):  # repaired by the grader's reader: the texts are there
        return Old(submission, [], frozenset())
    return Old(submission, rows, frozenset(building.made_by_build(data.get("metadata"))))


# ---------------------------------------------------------------- from old to new


class Carried:
    """The work of an old notebook put into a new one: the `names` of answers, the number of `own` cells, and `notes`
    on what was not carried over.

    The new one is an exercise as the build makes it, or one that holds other work, which is not overwritten. `source`
    is the old file's name.
    """

    def __init__(self, old: Old, new: NotebookNode, assignment: Assignment, source: str) -> None:
        self.old, self.new, self.assignment, self.source = old, copy.deepcopy(new), assignment, source
        self.names: list[str] = []
        self.own = 0
        self.notes = [f"{source}: {note}" for note in old.submission.notes]
        self.after: dict[int, list[NotebookNode]] = {}  # index of a new cell → the learner's cells below it
        self.end = len(new.cells)
        self.slots = {n: k for k, c in enumerate(new.cells) if (n := building.tag_value(c, "answer"))}
        self.answers = find_answers(assignment, old.submission)
        self.made = set(building.made_by_build(new.metadata))
        self.places = self._places()
        self.typed = self._typed()
        self._place_all()

    def notebook(self) -> NotebookNode:
        """The new notebook."""
        nb = copy.deepcopy(self.new)
        nb.cells = [*self.after.get(-1, [])]
        for k, cell in enumerate(self.new.cells):
            nb.cells += [cell, *self.after.get(k, [])]
        nb.cells += self.after.get(self.end, [])
        taken = {c.id for c in self.new.cells}
        for k, cell in enumerate(c for cells in self.after.values() for c in cells):
            fine = re.fullmatch(r"(?!answer-|check-)[\w-]{1,64}", cell.id, re.ASCII) and cell.id not in taken
            names = (f"own-{n}" for n in itertools.count(k + 1))
            cell.id = cell.id if fine else next(n for n in names if n not in taken)
            taken.add(cell.id)
        return nb

    def _places(self) -> dict[tuple[str, str], int]:
        """Where cells of the new notebook are, by id, tag, text and first line."""
        places: dict[tuple[str, str], int] = {}
        for k, cell in enumerate(self.new.cells):
            keys = {("id", cell.id), ("text", source_hash(cell.source)), ("line", _first_line(cell.source))}
            keys |= {(kind, name) for kind in ("answer", "check") if (name := building.tag_value(cell, kind))}
            for key in keys:
                places.setdefault(key, k)
        return places

    def _place(self, cell: Cell) -> int | None:
        """The new cell that takes the place of an old one."""
        keys = [("answer", tagged(cell, "answer")), ("check", tagged(cell, "check")), ("id", cell.id)]
        keys += [("text", source_hash(cell.source))] if cell.source.strip() else []
        return next((self.places[key] for key in keys if key in self.places), None)

    def _typed(self) -> frozenset[int]:
        """The numbers of the old cells that hold something of the learner's which the new notebook does not hold."""
        known = {*self.old.record, *self.made, source_hash("")} | {source_hash(c.source) for c in self.new.cells}
        cells = [c for c in self.old.submission.cells if source_hash(c.source) not in known]
        if self.old.record:
            return frozenset(c.number for c in cells)
        reworded = [c for c in cells if self._is_reworded(c)]
        if reworded:
            there = ", ".join(str(c.number) for c in reworded)
            told = "is the course's in other words, not carried over; should you have written there, copy it"
            self.notes.append(f"{self.source}: the text in cell {there} {told}")
        return frozenset(c.number for c in cells if c not in reworded and not _is_stub_or_check(c))

    def _is_reworded(self, cell: Cell) -> bool:
        """Whether text of a file without a record stands where the course has text of its own."""
        if cell.kind != "markdown":
            return False
        there = self.places.get(("id", cell.id), self.places.get(("line", _first_line(cell.source))))
        return there is not None and self.new.cells[there].cell_type == "markdown"

    def _chosen(self) -> dict[str, Cell]:
        """Exercise name → the old cell that goes into its cell: the answer, else what is marked as one, half done."""
        chosen = {}
        for name, slot in self.slots.items():
            cells = [c for c in self.old.submission.cells if c.number in self.typed and c.kind == "code"]
            marked = [c for c in cells if tagged(c, "answer") == name or c.id == self.new.cells[slot].id]
            full = [c for c in cells if c in self.answers.get(name, ()) and defines(c.source, name)]
            best = [c for c in full if c in marked] or full or marked[:1]
            if best:
                chosen[name] = best[-1]
        return chosen

    def _place_all(self) -> None:
        chosen = self._chosen()
        taken = self._taken() & set(chosen)
        left: set[int] = set()
        for name in sorted(taken):
            cells = [c for c in self.old.submission.cells if c.number in self.typed and self._is_for(c, name)]
            left |= {c.number for c in (*cells, chosen[name])}
            there = ", ".join(map(str, sorted({c.number for c in (*cells, chosen[name])})))
            told = f"the one in cell {there} of {self.source} was not carried over"
            self.notes.append(f"{name}: the notebook in exercises/ has an answer already; {told}")
        at = -1
        for cell in self.old.submission.cells:
            names = [name for name, c in chosen.items() if c is cell]
            names.sort(key=lambda name: tagged(cell, "answer") != name)
            place = self.slots[names[0]] if names else self._place(cell)
            beside = not names and cell.number in self.typed and place in {self.slots[n] for n in chosen}
            at = at if place is None or beside else place
            if cell.number not in self.typed:
                self._keep_outputs(cell, place)
            elif set(names) - taken:
                self._answer(cell, [name for name in names if name not in taken])
            elif cell.number not in left:
                at = self._own(cell, at)

    def _is_for(self, cell: Cell, name: str) -> bool:
        return tagged(cell, "answer") == name or cell in self.answers.get(name, ())

    def _taken(self) -> set[str]:
        """The exercises that the new notebook answers already."""
        there = find_answers(self.assignment, parse(building.dump(self.new).encode()))
        found = {name for name, cells in there.items() if any(source_hash(c.source) not in self.made for c in cells)}
        texts = {name: self.new.cells[slot].source for name, slot in self.slots.items()}
        return found | {n for n, text in texts.items() if source_hash(text) not in self.made and not is_blank(text, n)}

    def _answer(self, cell: Cell, names: list[str]) -> None:
        """Put an answer into the cell of its exercise; one that answers more than one leaves a word in the others."""
        slot = self.new.cells[self.slots[names[0]]]
        if source_hash(slot.source) not in self.made:  # the learner's notes on a stub
            note = nbformat.v4.new_code_cell(slot.source, id="own")
            self.after.setdefault(self.slots[names[0]] - 1, []).append(note)
        node = self.old.node(cell)
        slot.source, slot.outputs, slot.execution_count = node.source, node.outputs, node.execution_count
        self.names += names
        there = {self._place(c) for c in self.old.submission.cells}
        for name in names[1:]:
            stub = self.new.cells[self.slots[name]]
            if self.slots[name] not in there and source_hash(stub.source) in self.made:
                stub.source = f"# {name}: answered in the cell of {names[0]}"  # a stub would undo the answer above it

    def _own(self, cell: Cell, at: int) -> int:
        """Put a cell of the learner's own below a new cell, or at the end what answers a former exercise."""
        node = self.old.node(cell)
        node.id = cell.id
        rest = [t for t in cell.tags if not COURSE_TAG.match(t)]
        node.metadata = nbformat.from_dict({"tags": rest} if rest else {})
        name = tagged(cell, "answer") or (cell.id.removeprefix("answer-") if cell.id.startswith("answer-") else "")
        if name and name not in self.slots:
            at = self.end
            note = f"From an earlier version of the course, in which `{name}` was an exercise:"
            told = f"{name}: is no exercise of this version: your answer stands at the end"
            if told not in self.notes:
                self.notes.append(told)
                self.after.setdefault(at, []).append(nbformat.v4.new_markdown_cell(note, id="own"))
        elif cell.kind != "code" and name:
            self.notes.append(f"{name}: your answer is a {cell.kind} cell: change it to code, then it counts")
        self.after.setdefault(at, []).append(node)
        self.own += 1
        return at

    def _keep_outputs(self, cell: Cell, place: int | None) -> None:
        """What a cell of the course showed is still true where the new version has the same cell."""
        new = self.new.cells[place] if place is not None else None
        if new and new.cell_type == cell.kind == "code" and source_hash(new.source) == source_hash(cell.source):
            node = self.old.node(cell)
            new.outputs, new.execution_count = new.outputs or node.outputs, new.execution_count or node.execution_count


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.splitlines() if line.strip()), "")


def _is_stub_or_check(cell: Cell) -> bool:
    """Whether code of a file without a record is a stub or a check as the course had them."""
    stub = "your answer goes here" in cell.source and is_blank(cell.source) and not COMMENT.search(cell.source)
    return cell.kind == "code" and (stub or bool(CHECK_CALL.match(cell.source)))
