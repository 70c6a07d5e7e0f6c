"""From outcomes to a verdict: right, or which bug it is, or on which easy inputs the answer is right.

The same judge serves the learner's notebook (`check`) and the grader. It holds the reference and the wrong answers;
it never runs beside learner code when a class is graded.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from course_lib.checks import probe
from course_lib.checks.exercise import Case, Exercise, Misconception
from course_lib.checks.probe import Outcome

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
    found = _known_slip(exercise, cases, results, truth)
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
    return _verdict(exercise, "wrong", message, None, exercise.hints, shown)


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
    return f"takes {text}{at}: does a loop never end?" if late else f"raised {kind}{text and ': '}{text}{at}"


def _known_slip(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]
) -> Misconception | None:
    """The slip that an answer shows; if none fits, the slip of its values, changed arguments left out of account."""
    found = recognise(exercise, cases, results, truth) or _in_another_order(exercise, cases, results, truth)
    changed = _named(exercise, results, "changed")
    if found or exercise.arguments != "left" or not changed:
        return found
    found = recognise(exercise, cases, [dataclasses.replace(r, changed=()) for r in results], truth)
    return found and dataclasses.replace(found, name=f"{found.name}; and also: your code changes {changed}")


def _named(exercise: Exercise, results: list[Outcome], what: str) -> str:
    """The arguments that were changed or shared on some input, by the names that the statement gives them."""
    places = sorted({k for r in results for k in getattr(r, what)})
    return " and ".join(dict.fromkeys(exercise.argument(k) for k in places))


def _rule_broken(exercise: Exercise, results: list[Outcome]) -> str:
    """What an answer does to its arguments although the statement asks for the contrary, else ''."""
    changed = _named(exercise, results, "changed") if exercise.arguments == "left" else ""
    if changed:
        return f"changes {changed}, which you are asked to leave alone: work on a copy"
    shared = _named(exercise, results, "shared") if exercise.new else ""
    return f"hands back {shared} itself: return a new array" if shared else ""


def _first_breaking(exercise: Exercise, results: list[Outcome]) -> int:
    return next(k for k, r in enumerate(results) if _rule_broken(exercise, [r]))


def _note(exercise: Exercise, results: list[Outcome]) -> str:
    """What is worth a word and no points: a changed argument of which the statement says nothing."""
    changed = _named(exercise, results, "changed") if exercise.arguments == "noted" else ""
    return f"; note: your code changes {changed}, work on a copy if you need it later" if changed else ""


def is_blank(result: Outcome) -> bool:
    """Whether an outcome is the untouched stub, or the form of an answer with dots in every place."""
    value = result.value
    parts = list(value.values()) if isinstance(value, dict) and value else [value]
    dots = all(v is Ellipsis or (isinstance(v, str) and v == "…") for v in parts)
    return dots or bool(result.error and result.error[0] in BLANK_ERRORS)


def right_outcome(exercise: Exercise, case: Case) -> Outcome:
    """The reference's outcome on a case."""
    return Outcome(value=case.expected) if case.expected is not None else _run(exercise, exercise.reference, case)


def _run(exercise: Exercise, target: Any, case: Case) -> Outcome:
    """What an answer of the course's own gives on a case."""
    return _ours(exercise, target, case).outcome if callable(target) else Outcome(value=target)


class Reading(NamedTuple):
    """An outcome and its named parts; None where it has none: an error, or a result of another form."""

    outcome: Outcome
    parts: dict[str, Any] | None


def _read(exercise: Exercise, case: Case, outcome: Outcome) -> Reading:
    try:
        return Reading(outcome, None if outcome.error else exercise.parts(case, outcome.value))
    except TimeoutError:  # the grader's alarm
        raise
    except Exception:  # whatever a learner's data do there
        return Reading(outcome, None)


@lru_cache(maxsize=20_000)  # the course's own answers, right and wrong, are the same for a whole class
def _ours(exercise: Exercise, target: Any, case: Case) -> Reading:
    """An answer of the course's own on a case, called without what learner code needs around it."""
    outcome = probe.call_ours(target, case.args, exercise.arguments == "left")
    if outcome.error and outcome.error[0] == "TimeoutError":  # the grader's alarm, about another answer: not to be kept
        raise TimeoutError(outcome.error[1])
    return _read(exercise, case, outcome)


def _reading(exercise: Exercise, target: Any, case: Case) -> Reading:
    return _ours(exercise, target, case) if callable(target) else _read(exercise, case, Outcome(value=target))


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


def differ(got: Any, expected: Any, rtol: float) -> str | None:
    """None when two values are the same numbers in the same shape, else the difference in words."""
    if isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            return f"expected a dict with the keys {sorted(map(str, expected))}"
        return next((f"[{k!r}] {told}" for k in expected if (told := differ(got[k], expected[k], rtol))), None)
    if isinstance(expected, (str, bool, type(None))) and not isinstance(expected, np.ndarray):
        same = type(got) is type(expected) and got == expected
        if isinstance(expected, str) and isinstance(got, str):
            same = got.strip().casefold() == expected.strip().casefold()
        if isinstance(expected, bool) and isinstance(got, np.ndarray) and got.shape == () and got.dtype == bool:
            same = bool(got) == expected
        asked = "expected None, " if expected is None else ""
        return None if same else f"{asked}got {short(got)}"
    if isinstance(expected, (list, tuple)) and not _numeric(expected):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            return f"expected {len(expected)} items, got {len(got) if isinstance(got, (list, tuple)) else short(got)}"
        pairs = enumerate(zip(got, expected, strict=True))
        return next((f"item {k}: {told}" for k, (g, e) in pairs if (told := differ(g, e, rtol))), None)
    return _differ_numbers(got, expected, rtol)


def _numeric(values: Any) -> bool:
    try:
        return np.asarray(values).dtype.kind in "biufc"
    except ValueError:
        return False


def _differ_numbers(got: Any, expected: Any, rtol: float) -> str | None:
    want = np.asarray(expected)
    one = f"numbers of shape {want.shape}" if want.ndim else "one number"
    if got is None or isinstance(got, (str, dict)):
        return f"expected {one}, got {short(got)}"
    try:
        have = np.asarray(got)
    except ValueError:
        return f"expected {one}, got {len(got)} items of different shapes"
    if have.dtype.kind not in "biufc":
        return f"expected numbers, got {short(got)}"
    if have.shape != want.shape:
        asked = f"shape {want.shape}, got" if want.ndim else "one number, got an array of shape"
        return f"expected {asked} {have.shape if have.ndim else 'one number'}"
    if want.size == 0:
        return None
    yes_or_no = want.dtype == bool
    have, want = have.astype(complex), want.astype(complex)
    odd_have, odd_want = ~np.isfinite(have), ~np.isfinite(want)
    if (odd_have != odd_want).any():
        if have.ndim == 0:
            return f"got {_number(have[()])}, expected {_number(want[()])}"
        return f"{int(odd_have.sum())} of {have.size} entries are not finite, expected {int(odd_want.sum())}"
    if odd_want.any() and not np.array_equal(have[odd_want], want[odd_want], equal_nan=True):
        return "the entries that are not finite differ in kind (inf, -inf, nan)"
    gap = np.abs(np.subtract(have, want, where=~odd_want, out=np.zeros_like(want)))  # inf - inf would warn
    scale = np.abs(want, where=~odd_want, out=np.zeros(want.shape)).max()
    if gap.max() <= _tolerance(rtol, scale):
        return None
    at = np.unravel_index(int(gap.argmax()), gap.shape)
    where = f" at [{', '.join(map(str, at))}]" if at else ""
    share = f", {int((gap > rtol * scale + 1e-9).sum())} of {gap.size} entries differ" if gap.size > 1 else ""
    shown = [_number(x) for x in (have[at], want[at])]
    if shown[0] == shown[1]:
        shown = [f"{x.real:.9g}" if x.imag == 0 else f"{x:.9g}" for x in (have[at], want[at])]
    if yes_or_no:
        shown = [{"0": "False", "1": "True"}.get(text, text) for text in shown]
    return f"got {shown[0]}, expected {shown[1]}{where}{share}"


def _tolerance(rtol: float, scale: float) -> float:
    return rtol * scale + 1e-7 * min(1.0, rtol * 1e4)


def _agree(got: Any, expected: Any, rtol: float) -> bool:
    """Whether `differ` finds nothing; at once where both are finite float64, as nearly all results are."""
    if type(got) is type(expected) is np.ndarray and got.dtype == expected.dtype == np.float64 and expected.size:
        if got.shape != expected.shape:
            return False
        gap = np.abs(got - expected).max()
        if np.isfinite(gap):
            return bool(gap <= _tolerance(rtol, np.abs(expected).max()))
    return differ(got, expected, rtol) is None


def _number(x: complex) -> str:
    if x.imag == 0 and x.real.is_integer() and abs(x.real) < 1e12:
        return str(int(x.real))
    return f"{x.real:.4g}" if x.imag == 0 else f"{x:.4g}"


def short(value: Any, limit: int = 200) -> str:
    """A value as one short line of text."""
    if value is Ellipsis:
        return "nothing"
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return f"{value.item():.6g}" if value.dtype.kind in "fc" else str(value.item())
        text = np.array2string(value, precision=4, threshold=12, edgeitems=2, separator=", ")
        text = f"{' '.join(text.split())} of shape {value.shape}"
    elif isinstance(value, (list, tuple)):
        text = f"[{'; '.join(short(v, max(40, limit // max(1, len(value)))) for v in value)}]"
    elif isinstance(value, dict):
        text = "{" + "; ".join(f"{k}: {short(v, max(40, limit // len(value)))}" for k, v in value.items()) + "}"
    else:
        text = " ".join(repr(value)[: 20 * limit].split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Row(NamedTuple):
    """One input: what the learner's answer and the right one give, and in which parts they agree."""

    case: Case
    got: Reading
    truth: Reading
    right: list[bool]


def recognise(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]
) -> Misconception | None:
    """The listed wrong answer that gives the same outcome on every input, if there is one; else a pair of them.

    Named only when it differs from the right answer in at least one value that the learner's answer shares: equal
    errors alone accuse nobody. A pair is named when each result on each input shows one of the two slips and both are
    seen; a slip that would spoil a result which is right is not in it. Before that, one slip on top of another.
    Facts in words ("not 1") are no results for that: two slips that share a fact each with an answer say nothing.
    """
    rows = _rows(exercise, cases, results, truth)
    shown = _shown(exercise, rows)
    for item, (same, seen) in shown.items():
        if all(same) and any(seen):
            return item
    possible = [m for m in exercise.misconceptions if _spoils_nothing_right(exercise, m, rows)]
    both = _one_on_top(exercise, rows, possible)
    if both or any(isinstance(v, str) for row in rows for v in (row.truth.parts or {}).values()):
        return both
    return _side_by_side([(m, *shown[m]) for m in possible if m in shown and any(shown[m][1])])


def _rows(exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]) -> list[Row]:
    """The inputs in the order in which they tell most for least: wrong results first, small ones before large ones."""
    rows = []
    for case, result, right in zip(cases, results, truth):
        got, known = _read(exercise, case, result), _read(exercise, case, right)
        rows.append(Row(case, got, known, list(_same_parts(exercise, got, known, known))))
    return sorted(
        rows, key=lambda row: (sum(row.right), _steps(row.case), _size((row.case.args, row.truth.outcome.value)))
    )


def _steps(case: Case) -> int:
    """The time steps of an input that holds sequences (T, B, D)."""
    return max((len(a) for a in case.args if getattr(a, "ndim", 0) == 3), default=0)


def _size(value: Any) -> int:
    """How many numbers a value holds."""
    items = value.values() if isinstance(value, dict) else value
    return sum(map(_size, items)) if isinstance(value, (tuple, list, dict)) else getattr(value, "size", 1)


def _shown(exercise: Exercise, rows: list[Row]) -> dict[Misconception, tuple[list[bool], list[bool]]]:
    """For each slip and each result on each input: whether the answer agrees with it, and whether the slip is seen.

    Empty as soon as some result agrees with no slip at all: then neither one nor two of them explain the answer.
    """
    shown: dict[Misconception, tuple[list[bool], list[bool]]] = {m: ([], []) for m in exercise.misconceptions}
    for row in rows:
        covered = [False] * len(row.right)
        for item, (same, seen) in shown.items():
            wrong = _reading(exercise, item.wrong, row.case)
            now = list(_same_parts(exercise, row.got, wrong, row.truth))
            hidden = _hidden(exercise, item, row)
            same += now
            seen += [s and not h and not wrong.outcome.error for s, h in zip(now, hidden)]
            covered = [a or b for a, b in zip(covered, now)]
        if not all(covered):
            return {}
    return shown


def _hidden(exercise: Exercise, item: Misconception, row: Row) -> list[bool]:
    """For each result on an input: whether a slip leaves it right."""
    return list(_same_parts(exercise, _reading(exercise, item.wrong, row.case), row.truth, row.truth))


def _spoils_nothing_right(exercise: Exercise, item: Misconception, rows: list[Row]) -> bool:
    """Whether a slip leaves right all that is right in the answer."""
    return all(h for row in rows if any(row.right) for h, r in zip(_hidden(exercise, item, row), row.right) if r)


def _side_by_side(explained: list[tuple[Misconception, list[bool], list[bool]]]) -> Misconception | None:
    """Two slips in different results."""
    for k, (first, same_1, seen_1) in enumerate(explained):
        for second, same_2, seen_2 in explained[k + 1 :]:
            only_1 = any(s and not t for s, t in zip(seen_1, same_2))
            only_2 = any(s and not t for s, t in zip(seen_2, same_1))
            if only_1 and only_2 and all(map(any, zip(same_1, same_2))):
                return first if first.name == second.name else _both(first, second)
    return None


def _zeros(parts: dict[str, Any] | None) -> set[str]:
    """The named results that hold nothing but zeros."""
    return {n for n, v in (parts or {}).items() if isinstance(v, (int, float, np.ndarray)) and not np.any(v)}


def _both(first: Misconception, second: Misconception) -> Misconception:
    return Misconception(f"{first.key}+{second.key}", f"{first.name}; and also: {second.name}", None, first.hints)


def _one_on_top(exercise: Exercise, rows: list[Row], possible: list[Misconception]) -> Misconception | None:
    """Two slips in one and the same result."""
    dead = set.intersection(*(_zeros(row.got.parts) for row in rows))
    dead -= set.intersection(*(_zeros(row.truth.parts) for row in rows))
    some = next((row.case for row in rows if not row.case.easy), rows[0].case)
    left = {m.key: _zeros(_reading(exercise, m.wrong, some).parts) if dead else set() for m in possible}
    for first, second in itertools.combinations(possible, 2):
        if not dead <= left[first.key] | left[second.key]:
            continue  # zeros on every input have many causes: two slips of which neither leaves them are not named
        if second.given and not first.given:
            first, second = second, first
        both = _joined(first, second) if first.name != second.name else None
        if both and _explains(exercise, both, rows):
            return _both(first, second)
    return None


def _explains(exercise: Exercise, wrong: Any, rows: list[Row]) -> bool:
    """Whether a wrong answer gives what the learner's gives on every input, and something that is not right."""
    seen = False
    for row in rows:  # most pairs already fail at the first input
        ours = _reading(exercise, wrong, row.case)
        if not all(_same_parts(exercise, row.got, ours, row.truth)):
            return False
        seen |= not ours.outcome.error and not all(_same_parts(exercise, ours, row.truth, row.truth))
    return seen


@lru_cache(maxsize=20_000)
def _joined(first: Misconception, second: Misconception) -> Any:
    """One wrong answer with two slips, or None: the second made with misread arguments, or two switches of a function.

    A switch is a keyword of a partial; where both slips turn the same one, it must hold tuples, which are joined.
    """
    if first.given:
        return partial(_with_other_arguments, second.wrong, first.given)
    a, b = first.wrong, second.wrong
    if not isinstance(a, partial) or not isinstance(b, partial) or a.func is not b.func:
        return None
    common = a.keywords.keys() & b.keywords.keys()
    if any(not isinstance(a.keywords[k], tuple) for k in common):
        return None
    return partial(a.func, **{**a.keywords, **b.keywords, **{k: a.keywords[k] + b.keywords[k] for k in common}})


def _with_other_arguments(wrong: Any, given: Any, *args: Any) -> Any:
    return wrong(*given(*args))


def _same_parts(exercise: Exercise, a: Reading, b: Reading, right: Reading) -> Iterator[bool]:
    """For each named result of the right answer: whether two outcomes agree in it."""
    n = 1 if right.parts is None else len(right.parts)
    error_a, error_b = bool(a.outcome.error), bool(b.outcome.error)
    if error_a != error_b or (a.outcome.changed != b.outcome.changed and exercise.arguments == "left"):
        yield from [False] * n
    elif error_a:  # einsum, loops and matmul raise different errors for one and the same slip
        yield from [True] * n
    elif a.parts is None or b.parts is None:
        # the form is wrong (one array where two results are asked): compare as they are
        yield from [_agree(a.outcome.value, b.outcome.value, exercise.rtol)] * n
    elif right.parts is None:
        yield all(_agree(a.parts.get(k), b.parts[k], exercise.rtol) for k in b.parts)
    else:
        yield from (_agree(a.parts.get(k), b.parts.get(k), exercise.rtol) for k in right.parts)


def _in_another_order(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]
) -> Misconception | None:
    """The slip of handing back the right results in another order, if that is all."""
    names, n = exercise.outputs, len(exercise.outputs)
    fits = np.ones((n, n), bool)
    for case, result, right in zip(cases, results, truth):
        if not isinstance(result.value, (tuple, list)) or len(result.value) != n or right.error or not 1 < n < 7:
            return None
        asked = exercise.parts(case, right.value)
        if not fits.any():
            return None
        fits &= [[_agree(value, asked.get(name), exercise.rtol) for name in names] for value in result.value]
    order = next((p for p in itertools.permutations(range(n)) if all(fits[k, j] for j, k in enumerate(p))), ())
    if order in ((), tuple(range(n))):
        return None
    name = f"the right results in another order; asked are {', '.join(names)}"
    return Misconception("order", name, None, ("Which result comes first in the statement, and which in yours?",))


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
    return f". Right when {labels}" + (f": {'; '.join(looks)}" if 0 < len(looks) < 3 else "")


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
