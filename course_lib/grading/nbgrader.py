"""`course export nbgrader DIR`: the exercises as nbgrader assignments, for a class that lives in nbgrader.

Source notebooks carry nbgrader's metadata; the solution stays between its markers, and each check cell gets hidden
tests that ask the course's own judge, so that a wrong answer raises with the course's message. nbgrader's kernels need
this package installed. nbgrader itself is not needed to write the files.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from course_lib.grading.course import Course
from course_lib.grading.executor import write_atomically
from course_lib.grading.update import keep

HIDDEN_SEED = 815
CONFIG = '''"""nbgrader's settings for this course: generate_assignment and autograde run in this folder as they are."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = {course!r}
c.CourseDirectory.root = {root!r}
c.ClearSolutions.code_stub = {{"python": 'raise NotImplementedError("your answer goes here")'}}
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ExecutePreprocessor.timeout = 120
'''


def export(target: Path, course: Course | None = None) -> list[str]:
    """Write `nbgrader_config.py` and `source/LESSON/LESSON.ipynb` for every lesson with a solution; the files written.

    What was there before and has another content is kept in `replaced/`: somebody may have changed it by hand.

    Raises: FileExistsError when the folder holds something that this function did not write; FileNotFoundError when
    the course has no solutions.
    """
    try:
        course = course or Course.here()
    except FileNotFoundError:
        raise FileNotFoundError(f"{Path.cwd()}: no course here: run the command in a clone of the course") from None
    notebooks = {n: p for n, p in course.notebooks().items() if p.parent.name == "solutions"}
    if not notebooks:
        raise FileNotFoundError(f"{course.root}: no solutions/ with exercises here: run the command in a whole clone")
    target = target.absolute()
    marker = target / "nbgrader_config.py"
    if target.is_dir() and any(target.iterdir()) and not marker.exists():
        raise FileExistsError(f"{target}: is not empty and was not written by this command; name another folder")
    _put(target, marker, CONFIG.format(course=course.root.name or "course", root=str(target)))
    written = [str(marker)]
    for number, path in notebooks.items():
        ids = {e.name: e.id for e in course.exercises(number)}
        nb = assignment(json.loads(path.read_text("utf-8")), ids)
        file = target / "source" / path.stem / path.name
        _put(target, file, json.dumps(nb, indent=1, ensure_ascii=False) + "\n")
        written.append(str(file))
    return written


def _put(target: Path, file: Path, text: str) -> None:
    before = file.read_bytes() if file.exists() else b""
    if before and before != text.encode():
        (target / "replaced").mkdir(exist_ok=True)  # not in source/: nbgrader hands out all that is there
        keep(target / "replaced" / file.name, before)
    write_atomically(file, text)


def assignment(nb: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """A solution notebook as nbgrader's source notebook; `ids`: name of an answer → id of its exercise."""
    nb = copy.deepcopy(nb)
    for cell in nb["cells"]:
        tags = cell["metadata"].get("tags", [])
        named = {t.split(":")[0]: t.split(":", 1)[1] for t in tags if ":" in t}
        if "answer" in named:
            cell["metadata"]["nbgrader"] = metadata(f"answer-{named['answer']}", solution=True)
        elif "check" in named:
            name = named["check"]
            points = float(named.get("points", 0))
            cell["metadata"]["nbgrader"] = metadata(f"check-{name}", points=points)
            cell["source"] = hidden_test(_text(cell["source"]), ids[name], name)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return nb


def metadata(grade_id: str, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    """nbgrader's record of one cell: an answer to be written, or a test that is worth points."""
    record: dict[str, Any] = {"schema_version": 3, "task": False, "grade_id": grade_id, "solution": solution}
    record |= {"grade": points is not None, "locked": points is not None, "cell_type": "code"}
    return record if points is None else record | {"points": int(points) if points == int(points) else points}


def hidden_test(source: str, exercise_id: str, name: str) -> str:
    """A check cell with hidden tests: fresh inputs, the course's judge, its message in the exception."""
    return (
        f"{source.rstrip()}\n"
        "### BEGIN HIDDEN TESTS\n"
        "from course_lib.checks import study\n\n"
        f'verdict = study("{exercise_id}", {name}, seed={HIDDEN_SEED})\n'
        'assert verdict.status == "right", verdict.message\n'
        "### END HIDDEN TESTS"
    )


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
