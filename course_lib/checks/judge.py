"""From outcomes to a verdict: right, or which bug it is, or on which easy inputs the answer is right.

The same judge serves the learner's notebook (`check`) and the grader. It holds the reference and the wrong answers;
it never runs beside learner code when a class is graded.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from course_lib.checks import probe
from course_lib.checks.exercise import Case, Exercise, Misconception
from course_lib.checks.probe import Outcome
from course_lib.checks.sources import names_not_allowed, way_round

BLANK_ERRORS = ("NotImplementedError",)
CHANGED = "the result is right, but your code changed its arguments: work on new arrays"


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one answer.

    status         right, wrong, error, blank, not allowed (and, from the grader: timeout, crash, missing)
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
def judge(exercise: Exercise, cases: list[Case], results: list[Outcome], source: str = "") -> Verdict:
    """The verdict for the outcomes of one answer on `cases`; `source` is the learner's code, for names not allowed."""
    forbidden = names_not_allowed(source, exercise.not_allowed)
    if forbidden:
        return _verdict(
            exercise, "not allowed", f"this answer uses {forbidden}, which the exercise asks you to write yourself"
        )
    if any(is_blank(r) for r in results):
        return _verdict(exercise, "blank", "not answered yet")
    truth = [right_outcome(exercise, case) for case in cases]
    right = [compare(exercise, c, r, t) is None for c, r, t in zip(cases, results, truth, strict=True)]
    if all(right):
        hidden = way_round(source, exercise.not_allowed) if exercise.not_allowed else ""
        if hidden:
            what = ", ".join(exercise.not_allowed)
            told = f"this exercise does not allow {what}, and that cannot be seen through it"
            return _verdict(exercise, "not allowed", f"the answer uses {hidden}; {told}")
        n = len(cases)
        where = f" on all {n} inputs" if n > 1 else ""
        return _verdict(exercise, "right", f"right{where}", points=exercise.points)
    first = right.index(False)
    by_label = {label: all(ok for c, ok in zip(cases, right) if c.label == label) for label in {c.label for c in cases}}
    right = [by_label[c.label] for c in cases]  # right on one draw, wrong on the next: luck, and nothing to tell
    shown = _show_case(exercise, cases[first], results[first], truth[first])
    found = recognise(exercise, cases, results, truth) or _in_another_order(exercise, cases, results, truth)
    if not found and not exercise.may_change and any(r.changed for r in results):
        found = recognise(exercise, cases, [dataclasses.replace(r, changed=()) for r in results], truth)
        found = found and dataclasses.replace(found, name=f"{found.name}; and also: your code changes its arguments")
    if found:
        return _verdict(exercise, "wrong", f"this looks like: {found.name}", found.key, found.hints, shown)
    result = results[first]
    if result.error:
        kind, text, line = result.error
        at = f', at "{line}"' if line else ""
        late = (kind, text) == ("TimeoutError", probe.late(exercise.seconds))
        message = f"takes {text}{at}: does a loop never end?" if late else f"raised {kind}{text and ': '}{text}{at}"
        message = text if kind == "WrongForm" else message
        if any(right):
            message += f" (on {_labels(cases, right, False)}; it is right on {_labels(cases, right, True)})"
        return _verdict(exercise, "error", message, None, () if kind == "WrongForm" else exercise.hints, shown)
    message = compare(exercise, cases[first], result, truth[first]) or ""
    if message == CHANGED:
        return _verdict(exercise, "wrong", message, None, exercise.hints, shown)
    if exercise.is_value:  # say what is wrong, not what is right
        message = re.sub(r"(got [^,]+), expected [^ ,;]+", r"\1", message)
    else:
        message = f"{message} (input: {cases[first].label})"
    return _verdict(exercise, "wrong", message + fingerprint(cases, right), None, exercise.hints, shown)


def is_blank(result: Outcome) -> bool:
    """Whether an outcome is the untouched stub, or the form of an answer with dots in every place."""
    value = result.value
    parts = list(value.values()) if isinstance(value, dict) and value else [value]
    dots = all(v is Ellipsis or (isinstance(v, str) and v == "…") for v in parts)
    return dots or bool(result.error and result.error[0] in BLANK_ERRORS)


def right_outcome(exercise: Exercise, case: Case) -> Outcome:
    """The reference's outcome on a case."""
    if case.expected is not None:
        return Outcome(value=case.expected)
    return _run(exercise.reference, case)


def _run(target: Any, case: Case) -> Outcome:
    return _call(target, case) if callable(target) else Outcome(value=target)


@lru_cache(maxsize=20_000)  # the course's own answers, right and wrong, are the same for a whole class
def _call(target: Any, case: Case) -> Outcome:
    outcome = probe.call(target, case.args)
    if outcome.error and outcome.error[0] == "TimeoutError":  # the grader's alarm, about another answer: not to be kept
        raise TimeoutError(outcome.error[1])
    return outcome


def compare(exercise: Exercise, case: Case, got: Outcome, truth: Outcome) -> str | None:
    """None when an outcome is right, else what differs, in one line."""
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
    if got.changed and not exercise.may_change:
        return CHANGED
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
        text = " ".join(repr(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def recognise(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]
) -> Misconception | None:
    """The listed wrong answer that gives the same outcome on every input, if there is one; else a pair of them.

    Named only when it differs from the right answer in at least one value that the learner's answer shares: equal
    errors alone accuse nobody. A pair is named when each result on each input shows one of the two slips and both are
    seen; a slip that would spoil a result which is right is not in it. Before that, one slip on top of another.
    Facts in words ("not 1") are no results for that: two slips that share a fact each with an answer say nothing.
    """
    facts = any(
        isinstance(v, str) for c, t in zip(cases, truth) if not t.error for v in exercise.parts(c, t.value).values()
    )
    is_right = [p for c, r, t in zip(cases, results, truth) for p in _same_parts(exercise, c, r, t, t)]
    explained: list[tuple[Misconception, list[bool], list[bool]]] = []
    possible: list[Misconception] = []
    for item in exercise.misconceptions:
        same, seen, clean = [], [], []
        for case, result, right in zip(cases, results, truth):
            now = _same_parts(exercise, case, result, _run(item.wrong, case), right)
            fault, hidden = _shows(exercise, item, case)
            same += now
            seen += [s and fault and not h for s, h in zip(now, hidden)]
            clean += hidden
        if all(same) and any(seen):
            return item
        if all(h for h, r in zip(clean, is_right) if r):
            possible.append(item)
            if any(seen) and not facts:
                explained.append((item, same, seen))
    both = _one_on_top(exercise, cases, results, truth, possible)
    if both:
        return both
    for k, (first, same_1, seen_1) in enumerate(explained):
        for second, same_2, seen_2 in explained[k + 1 :]:
            only_1 = any(s and not t for s, t in zip(seen_1, same_2))
            only_2 = any(s and not t for s, t in zip(seen_2, same_1))
            if all(map(any, zip(same_1, same_2))) and only_1 and only_2:
                return first if first.name == second.name else _both(first, second)
    return None


def _zeros(exercise: Exercise, case: Case, outcome: Outcome) -> set[str]:
    """The named results that hold nothing but zeros."""
    try:
        parts = exercise.parts(case, outcome.value)
    except Exception:
        return set()
    return {n for n, v in parts.items() if isinstance(v, (int, float, np.ndarray)) and not np.any(v)}


@lru_cache(maxsize=20_000)
def _shows(exercise: Exercise, item: Misconception, case: Case) -> tuple[bool, list[bool]]:
    """Whether a listed slip spoils the result of a case, and for each of its parts whether the slip hides there."""
    wrong, right = _run(item.wrong, case), right_outcome(exercise, case)
    fault = not wrong.error and compare(exercise, case, wrong, right) is not None
    return fault, _same_parts(exercise, case, wrong, right, right)


def _both(first: Misconception, second: Misconception) -> Misconception:
    return Misconception(f"{first.key}+{second.key}", f"{first.name}; and also: {second.name}", None, first.hints)


def _one_on_top(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome], possible: list[Misconception]
) -> Misconception | None:
    """Two slips in one and the same result."""
    small_first = sorted(
        zip(cases, results, truth), key=lambda row: sum(getattr(a, "size", 1) for a in row[0].args)
    )  # most pairs already fail there, and that is cheap
    rows = list(zip(cases, results, truth))
    dead = set.intersection(*(_zeros(exercise, c, r) for c, r, _ in rows))
    dead -= set.intersection(*(_zeros(exercise, c, t) for c, _, t in rows))
    left = {m.key: _zeros(exercise, cases[0], _run(m.wrong, cases[0])) if dead else set() for m in possible}
    for first, second in itertools.combinations(possible, 2):
        if not dead <= left[first.key] | left[second.key]:
            continue  # zeros on every input have many causes: two slips of which neither leaves them are not named
        if second.given and not first.given:
            first, second = second, first
        both = _joined(first, second) if first.name != second.name else None
        seen = False
        for case, result, right in small_first if both else ():
            wrong = _run(both, case)
            if not all(_same_parts(exercise, case, result, wrong, right)):
                break
            seen |= not wrong.error and compare(exercise, case, wrong, right) is not None
        else:
            if seen:
                return _both(first, second)
    return None


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


def _same_parts(exercise: Exercise, case: Case, a: Outcome, b: Outcome, right: Outcome) -> list[bool]:
    """For each named result of the right answer: whether two outcomes agree in it."""
    names = [None] if right.error else list(exercise.parts(case, right.value))
    if bool(a.error) != bool(b.error) or (a.changed != b.changed and not exercise.may_change):
        return [False] * len(names)
    if a.error and b.error:  # einsum, loops and matmul raise different errors for one and the same slip
        return [True] * len(names)
    try:
        parts_a, parts_b = exercise.parts(case, a.value), exercise.parts(case, b.value)
    except Exception:
        # the form is wrong (one array where two results are asked): compare as they are
        return [_agree(a.value, b.value, exercise.rtol)] * len(names)
    if right.error:
        return [all(_agree(parts_a.get(k), parts_b[k], exercise.rtol) for k in parts_b)]
    return [_agree(parts_a.get(k), parts_b.get(k), exercise.rtol) for k in names]


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
