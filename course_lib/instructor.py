"""docs/instructor/NN.md: what an instructor needs for a lesson, made by `course build` from one source for each lesson.

The source, docs/instructor/source/NN.md, holds the sections Plan, Pauses and Exercises; in Pauses each note stands
under a heading `### [section](../../../notebooks/NN_name.ipynb#cell-id=…)` that says where in the lecture it belongs.
The promise, the minutes, the questions and the exercises come from where learners have them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from nbformat import NotebookNode

FOLDER = "docs/instructor"
SOURCE = f"{FOLDER}/source"
LINK = re.compile(r"\]\((?:\.\./)+((?:notebooks|solutions|exercises)/[^)#\s]+)(?:#cell-id=([^)\s]+))?\)")
EXERCISE = re.compile(r"(?m)^## (\d\d\.\d+) (.+?) · (\d+) points? · (\w+) · (\d+) min$")
NAMED = 4  # slips of an exercise that the page names


def faults(source: str, name: str, notebooks: Mapping[str, NotebookNode]) -> list[str]:
    """The links of a source that lead to no notebook or to no cell, one line each."""
    found = []
    for file, cell in LINK.findall(source):
        file = file.replace("exercises/", "solutions/")  # which have the same cells
        if file not in notebooks:
            found.append(f"{name}: links to {file}, which is not there; change the link")
        elif cell and cell not in {c.id for c in notebooks[file].cells}:
            found.append(f"{name}: links to the cell {cell} of {file}, which is gone; link another section")
    return found


def page(number: str, source: str, notebooks: Mapping[str, NotebookNode]) -> str:
    """The page of one lesson; `notebooks` are all of the course by name ("notebooks/01_recurrence.ipynb")."""
    file = next(f for f in notebooks if f.startswith(f"notebooks/{number}_"))
    solved = notebooks.get(file.replace("notebooks/", "solutions/"))
    given = sections(source.replace("](../../../", "](../../"))
    parts = {
        "Plan": given.get("Plan", ""),
        "Pauses and expected answers": _in_order(given.get("Pauses", ""), notebooks[file]),
        "Questions": _questions(number, file, notebooks[file]),
        "Exercises": "\n\n".join(filter(None, (_exercises(number, file, solved), given.get("Exercises", "")))),
    }
    body = "".join(f"\n## {title}\n\n{text}\n" for title, text in parts.items() if text)
    return f"{_head(number, file, notebooks[file], solved)}{body}"


def sections(source: str) -> dict[str, str]:
    """The text below each heading of level two, by its title."""
    parts = re.split(r"(?m)^## (.+)$", source)
    return {title.strip(): text.strip() for title, text in zip(parts[1::2], parts[2::2], strict=True)}


def _head(number: str, file: str, lecture: NotebookNode, solved: NotebookNode | None) -> str:
    from course_lib.show.course_map import promise

    course, name = lecture.metadata.course, PurePosixPath(file).name
    where = [f"[Lecture](../../{file}), {course.minutes.teaching} minutes"]
    if solved:
        minutes = solved.metadata.course.minutes.exercises
        where += [f"[exercises](../../exercises/{name}), {minutes} minutes", f"[solutions](../../solutions/{name})"]
    made = f"Made by `course build` from [{SOURCE}/{number}.md](source/{number}.md): change it there."
    return f"# Instructor notes {number} · {course.title}\n\n> {promise(lecture)}\n\n{' · '.join(where)}\n\n*{made}*\n"


def _in_order(pauses: str, lecture: NotebookNode) -> str:
    """The notes in the order of the cells that they link to."""
    places = {cell.id: k for k, cell in enumerate(lecture.cells)}
    notes = [note.strip() for note in re.split(r"(?m)^(?=### )", pauses) if note.strip()]
    return "\n\n".join(sorted(notes, key=lambda note: places.get((LINK.search(note) or ["", "", ""])[2], -1)))


def _questions(number: str, file: str, lecture: NotebookNode) -> str:
    """Each question of the lecture with its right option, and what each wrong one says of a learner who chooses it."""
    from course_lib.show import question

    try:
        items = question.load(number)
    except LookupError:
        return ""
    cells = {key: c.id for c in lecture.cells if c.cell_type == "code"
             for key in re.findall(rf"""quiz\(["']{number}\.(\w+)["']\)""", c.source)}  # fmt: skip
    asked = [key for key in cells if key in items]
    return "\n\n".join(_question(items[key], f"[{number}.{key}](../../{file}#cell-id={cells[key]})") for key in asked)


def _question(item: dict[str, Any], title: str) -> str:
    right = "".join(f"\n- ✓ **{_text(o['text'])}**. {_text(o['why'])}" for o in item["options"] if o.get("right"))
    wrong = "".join(
        f"\n- ✗ {_text(o['text'])}: *{_text(o['misconception'])}*. {_text(o['why'])}"
        for o in item["options"]
        if not o.get("right")
    )
    return f"### {title}\n\n{_text(item['question'])}\n{right}{wrong}"


def _exercises(number: str, file: str, solved: NotebookNode | None) -> str:
    """A table: points, level, minutes, and the first of the wrong answers that the check knows by name."""
    from course_lib import checks

    if solved is None or number not in checks.lessons():
        return ""
    found = [m for c in solved.cells if c.cell_type == "markdown" for m in EXERCISE.finditer(c.source)]
    headings = {m[1]: (m[2], m[4], m[5]) for m in found}
    lines = ["| exercise | points | level | minutes | slips that its check names |", "|---|---|---|---|---|"]
    for task in checks.lesson(number):
        title, level, minutes = headings.get(task.id, (task.name, "", ""))
        link = f"[{task.id} {title}](../../{file.replace('notebooks/', 'solutions/')}#cell-id=answer-{task.name})"
        names = list(dict.fromkeys(slip.name for slip in task.slips))
        more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
        slips = _text("; ".join(names[:NAMED]) + more).replace("|", "\\|")
        lines.append(f"| {link} | {task.points:g} | {level} | {minutes} | {slips} |")
    return "\n".join(lines)


def _text(plain: str) -> str:
    """Plain text with `code` marks and $formulas$ as Markdown: elsewhere a star or a < stands for itself."""
    parts = re.split(r"(`[^`]*`|\$[^$]*\$)", plain.strip())
    return "".join(p if k % 2 else html.escape(p, quote=False).replace("*", "\\*") for k, p in enumerate(parts))
