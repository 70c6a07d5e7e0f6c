"""From outcomes to a verdict: right, or which bug it is, or on which easy inputs the answer is right.

The same judge serves the learner's notebook (`check`) and the grader. It holds the reference and the wrong answers;
it never runs beside learner code when a class is graded.
"""

from __future__ import annotations

import dataclasses
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.checks import probe
from course_lib.checks.compare import differ, short
from course_lib.checks.exercise import Case, Exercise
from course_lib.checks.probe import Outcome
from course_lib.checks.recognise import known_slip, named, right_outcome

BLANK_ERRORS = ("NotImplementedError",)
NOT_THERE = "is not there in this exercise: NumPy only"  # how the error of a missing module ends


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one answer.

    status         right, wrong, error, blank (and, from the grader: timeout, crash, missing)
    message        one line for the learner
    misconception  the key of the recognised wrong answer, else None;  name: in words
    hints          the ladder to open one by one
    expected, obtained  one small case as text (empty when there is none), case: its label
    """

    id: str
    name: str
    points: float
    max_points: float
    status: str
    message: str
    misconception: str | None = None
    hints: tuple[str, ...] = ()
    case: str = ""
    expected: str = ""
    obtained: str = ""


@np.errstate(all="ignore")  # a learner's np.seterr(all="raise") must not stop the reference
def judge(exercise: Exercise, cases: list[Case], results: list[Outcome]) -> Verdict:
    """The verdict for the outcomes of one answer on `cases`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the course's own wrong answers, and of odd data in the learner's
        return _judge(exercise, cases, results)


def _judge(exercise: Exercise, cases: list[Case], results: list[Outcome]) -> Verdict:
    if any(is_blank(r) for r in results):
        return _verdict(exercise, "blank", "not answered yet")
    missing = next((r.error[1] for r in results if r.error and _not_there(r.error)), "")
    if missing:
        return _verdict(exercise, "error", missing)
    truth = [right_outcome(exercise, case) for case in cases]
    told = [compare(exercise, c, r, t) for c, r, t in zip(cases, results, truth, strict=True)]
    broken = _rule_broken(exercise, results)
    if not any(told) and not broken:
        n = len(cases)
        where = f" on all {n} inputs" if n > 1 else ""
        return _verdict(exercise, "right", f"right{where}{_note(exercise, results)}", points=exercise.points)
    right = [t is None for t in told]
    first = right.index(False) if any(told) else _first_breaking(exercise, results)
    by_label = {label: all(ok for c, ok in zip(cases, right) if c.label == label) for label in {c.label for c in cases}}
    right = [by_label[c.label] for c in cases]  # right on one draw, wrong on the next: luck, and nothing to tell
    shown = _show_case(exercise, cases[first], results[first], truth[first])
    found = known_slip(exercise, cases, results, truth)
    if found:
        return _verdict(exercise, "wrong", f"this looks like: {found.name}", found.key, found.hints, shown)
    if not any(told):
        return _verdict(exercise, "wrong", f"the result is right, but your code {broken}", None, (), shown)
    result = results[first]
    if result.error:
        message = _of_an_error(exercise, result.error)
        if any(right):
            message += f" (on {_labels(cases, right, False)}; it is right on {_labels(cases, right, True)})"
        hints = () if result.error[0] == "WrongForm" else exercise.hints
        return _verdict(exercise, "error", message, None, hints, shown)
    message = told[first] or ""
    if exercise.is_value:  # say what is wrong, not what is right
        message = re.sub(r"(got [^,]+), expected [^ ,;]+", r"\1", message)
    else:
        message = f"{message} (input: {cases[first].label})"
    message += fingerprint(cases, right) + (f"; and also: your code {broken}" if broken else "")
    hints = exercise.hints if _has_form(exercise, cases[first], result) else ()  # else the message says it all
    return _verdict(exercise, "wrong", message, None, hints, shown)


def _has_form(exercise: Exercise, case: Case, got: Outcome) -> bool:
    """Whether a result has the form that was asked, so that its values can be compared."""
    try:
        exercise.parts(case, got.value)
    except Exception:
        return False
    return True


def _not_there(error: tuple[str, str, str]) -> bool:
    """Whether an answer asked for a module that a bare exercise does not have."""
    return error[0] == "ModuleNotFoundError" and error[1].endswith(NOT_THERE)


def _of_an_error(exercise: Exercise, error: tuple[str, str, str]) -> str:
    """An error of the learner's code in one line."""
    kind, text, line = error
    at = f', at "{line}"' if line else ""
    if kind == "WrongForm":
        return text
    late = (kind, text) == ("TimeoutError", probe.late(exercise.seconds))
    if late:
        return f"takes {text}{at}: does a loop never end, or is the same work done again and again?"
    return f"raised {kind}{text and ': '}{text}{at}"


def _rule_broken(exercise: Exercise, results: list[Outcome]) -> str:
    """What an answer does to its arguments although the statement asks for the contrary, else ''."""
    changed = named(exercise, results, "changed") if exercise.arguments == "left" else ""
    if changed:
        return f"changes {changed}, which you are asked to leave alone: work on a copy"
    shared = named(exercise, results, "shared") if exercise.new else ""
    return f"hands back {shared} itself, or a part of it: return new arrays" if shared else ""


def _first_breaking(exercise: Exercise, results: list[Outcome]) -> int:
    return next(k for k, r in enumerate(results) if _rule_broken(exercise, [r]))


def _note(exercise: Exercise, results: list[Outcome]) -> str:
    """What is worth a word and no points: a changed argument of which the statement says nothing."""
    changed = named(exercise, results, "changed") if exercise.arguments == "noted" else ""
    return f"; note: your code changes {changed}, work on a copy if you need it later" if changed else ""


def is_blank(result: Outcome) -> bool:
    """Whether an outcome is the untouched stub, or the form of an answer with dots in every place."""
    value = result.value
    parts = list(value.values()) if isinstance(value, dict) and value else [value]
    dots = all(v is Ellipsis or (isinstance(v, str) and v == "…") for v in parts)
    return dots or bool(result.error and result.error[0] in BLANK_ERRORS)


def compare(exercise: Exercise, case: Case, got: Outcome, truth: Outcome) -> str | None:
    """None when the value of an outcome is right, else what differs, in one line."""
    if got.error and truth.error:
        return None if got.error[0] == truth.error[0] else f"raised {got.error[0]}, expected {truth.error[0]}"
    if got.error:
        return got.error[1] if got.error[0] == "WrongForm" else f"raised {got.error[0]}: {got.error[1]}"
    if truth.error:
        return f"expected {truth.error[0]}, got a result"
    if got.value is None and truth.value is not None and not exercise.is_value:
        return "your function gives None: is its `return` missing?"
    try:
        parts = exercise.parts(case, got.value)
    except Exception as error:
        form = f"the result does not have the form that was asked ({error})"
        return str(error) if isinstance(error, ValueError) else form
    right_parts = exercise.parts(case, truth.value)
    wrong = {}
    for name, value in right_parts.items():
        told = differ(parts.get(name), value, exercise.rtol)
        if told:
            wrong[name] = told
    if wrong:
        name, told = next(iter(wrong.items()))
        if len(right_parts) == 1:
            return told if name == exercise.name else f"{name}: {told}"
        fine = [n for n in right_parts if n not in wrong]
        only = f"; right: {', '.join(fine)}" if fine else ""
        only += "".join(_by_block(n, parts[n], right_parts[n], exercise) for n in wrong if n in exercise.blocks)
        return f"wrong: {', '.join(wrong)}{only}; {name}: {told}"
    return None


def _by_block(name: str, got: Any, expected: Any, exercise: Exercise) -> str:
    """Which blocks of a stacked result are wrong, and which are right; empty when that tells nothing."""
    labels = exercise.blocks[name]
    if np.shape(got) != np.shape(expected):
        return ""
    pairs = zip(labels, np.split(np.asarray(got), len(labels)), np.split(expected, len(labels)), strict=True)
    wrong = [k for k, a, b in pairs if differ(a, b, exercise.rtol)]
    fine = [k for k in labels if k not in wrong]
    return f"; in {name} wrong: {', '.join(wrong)}, right: {', '.join(fine)}" if wrong and fine else ""


def fingerprint(cases: list[Case], right: list[bool]) -> str:
    """On which easy inputs an unknown bug hides, and where that says to look; empty when there is nothing to say.

    An answer that is right on a usual input hides no bug there: then only the inputs are told. Where it is right on
    many easy inputs, no single place can be named.
    """
    easy_right = [c for c, ok in zip(cases, right, strict=True) if ok and c.easy]
    if any(ok and not c.easy for c, ok in zip(cases, right, strict=True)):
        return f". Right on {_labels(cases, right, True)}"
    if not easy_right:
        return ""
    looks = list(dict.fromkeys(c.look for c in easy_right if c.look))
    labels = _labels(cases, [ok and c.easy for c, ok in zip(cases, right, strict=True)], True)
    return f". Right when {labels}" + (f": {', and '.join(looks)}" if 0 < len(looks) < 3 else "")


def _labels(cases: list[Case], right: list[bool], wanted: bool) -> str:
    labels = list(dict.fromkeys(c.label for c, ok in zip(cases, right, strict=True) if ok is wanted))
    return "; ".join(labels[:3]) + (f"; and {len(labels) - 3} more" if len(labels) > 3 else "")


def _show_case(exercise: Exercise, case: Case, got: Outcome, truth: Outcome) -> tuple[str, str, str]:
    if exercise.is_value:  # the one case is the answer itself: do not print it
        return "", "", short(got.value)
    obtained = f"{got.error[0]}: {got.error[1]}" if got.error else short(got.value)
    return case.label, short(truth.value), obtained


def _verdict(
    exercise: Exercise,
    status: str,
    message: str,
    key: str | None = None,
    hints: tuple[str, ...] = (),
    shown: tuple[str, str, str] = ("", "", ""),
    points: float = 0,
) -> Verdict:
    return Verdict(exercise.id, exercise.name, points, exercise.points, status, message, key, hints, *shown)


def as_row(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a plain dict."""
    return dataclasses.asdict(verdict)
