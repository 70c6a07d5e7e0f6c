"""Exercises and their checks: `check("01.2", unroll)` says whether an answer is right, or which bug it has."""

from __future__ import annotations

import html
import importlib
import os
import pkgutil
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.checks.exercise import Case, Exercise
    from course_lib.checks.judge import Verdict
    from course_lib.checks.probe import Outcome

__all__ = ["check", "find", "lesson", "lessons", "study"]


def lessons() -> list[str]:
    """The numbers of all lessons that have exercises, in order: ["01", "02", …]."""
    return sorted(m.name[7:] for m in pkgutil.iter_modules(__path__) if m.name.startswith("lesson_"))


def lesson(number: str) -> tuple[Exercise, ...]:
    """The exercises of one lesson; LookupError when there is no such lesson."""
    if number not in lessons():
        raise LookupError(f"lesson: expected one of {', '.join(lessons())}, got {number!r}")
    return importlib.import_module(f"course_lib.checks.lesson_{number}").EXERCISES


def find(exercise_id: str) -> Exercise:
    """One exercise by its id ("01.2"); LookupError names what is there."""
    number = str(exercise_id).partition(".")[0]
    found = [e for e in lesson(number) if e.id == exercise_id]
    if not found:
        ids = ", ".join(e.id for e in lesson(number))
        raise LookupError(f"exercise: expected one of {ids}, got {exercise_id!r}")
    return found[0]


def study(exercise_id: str, answer: Any, seed: int = 0) -> Verdict:
    """The verdict for an answer, computed here, in this process, as the grader gives it."""
    from course_lib.checks import judge

    task = find(exercise_id)
    cases = task.draw(seed)
    return judge.judge(task, cases, _results(task, cases, answer))


def _results(task: Exercise, cases: list[Case], answer: Any) -> list[Outcome]:
    """What the answer gives; in a bare exercise, without all that the grader's kernel does not have."""
    from course_lib.checks import bare, probe

    def run(target: Any) -> list[Outcome]:
        return probe.outcomes(target, [c.args for c in cases], task.is_value, task.seconds, interrupt=True)

    if not task.bare or task.is_value:
        return run(answer)
    with bare.absent(answer):
        results = run(bare.veiled(answer))
        if any(r.error and r.error[0] == "ModuleNotFoundError" for r in results):
            with bare.optional_imports_again(answer):
                results = run(bare.veiled(answer))
    return results


def check(exercise_id: str, answer: Any = ...) -> None:
    """Check an answer and print one line: ✓ right, or ✗ what is wrong, with one more hint at each try.

    Below it stands the way on, or the section of the lecture that explains the exercise.

    Example: `check("01.1", repaired)`
    """
    if os.environ.get("COURSE_GRADING"):  # the grader reads answers itself; a check cell must not disturb it
        return
    from course_lib.checks import progress

    verdict = study(exercise_id, answer)
    kept = progress.record(verdict.id, verdict.status, verdict.points, verdict.misconception, verdict.name)
    print(_line(verdict, progress.tries(exercise_id, verdict.misconception)))
    if verdict.status == "right" and kept:
        print(f"  {progress.way_on(exercise_id[:2])}")
    elif verdict.status in ("wrong", "error"):
        _explain(find(exercise_id))


def _line(verdict: Verdict, wrong_tries: int) -> str:
    if verdict.status == "right":
        unit = "point" if verdict.points == 1 else "points"
        return f"✓ {verdict.id} {verdict.name}: {verdict.message} ({verdict.points:g} {unit})"
    if verdict.status == "blank":
        return f"· {verdict.id} {verdict.name}: not answered yet"
    line = f"✗ {verdict.id} {verdict.name}: {verdict.message}"
    if verdict.hints:
        k = min(max(wrong_tries, 1), len(verdict.hints))
        more = "" if k == len(verdict.hints) else "; check again for the next"
        line += f"\n  Hint {k} of {len(verdict.hints)}: {verdict.hints[k - 1]}" + (f" ({more[2:]})" if more else "")
    return line


def section(statement: str) -> tuple[str, str] | None:
    """The section of the lecture that explains an exercise, by its title, and a link to it from exercises/.

    Example: `section("Explained in [The loop](../notebooks/01_recurrence.ipynb#cell-id=text-the-loop).")` is
    `("The loop", "../notebooks/01_recurrence.ipynb#cell-id=text-the-loop")`.
    """
    found = re.search(r"Explained in \[(.+?)\]\((\.\./notebooks/[^)\s]+)\)", statement)
    return (found[1], found[2]) if found else None


def _explain(task: Exercise) -> None:
    """Say which section of the lecture explains an exercise: in a notebook beside the lectures with a link to it."""
    found = None
    with suppress(LookupError):
        found = section(task.solution.statement)
    if not found:
        return
    title, link = found
    file = Path(link.partition("#")[0])
    line = f"  Explained in notebooks/{file.name}, section “{title.replace('`', '')}”"
    bundle = {"text/plain": line, "text/html": f'Explained in <a href="{html.escape(link)}">{_words(title)}</a>'}
    if _in_notebook() and file.exists():
        from IPython.display import display

        display(bundle, raw=True)
    else:
        print(line)


def _words(title: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(title))


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs this, which can show links."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
