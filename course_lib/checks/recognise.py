"""Which slip an answer shows: one of those that are listed, two of them, or one on top of another."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from course_lib.checks import probe
from course_lib.checks.compare import agree
from course_lib.checks.exercise import AND_ALSO, Case, Exercise, Slip
from course_lib.checks.generate import answer, generated
from course_lib.checks.probe import Outcome

MORE_PAIRS = 300  # of the pairs of slips that an answer hardly shows, so many are tried


class Reading(NamedTuple):
    """An outcome and its named parts; None where it has none: an error, or a result of another form."""

    outcome: Outcome
    parts: dict[str, Any] | None


class Row(NamedTuple):
    """One input: what the learner's answer and the right one give, and in which parts they agree."""

    case: Case
    got: Reading
    truth: Reading
    right: list[bool]


# ---------------------------------------------------------------- answers of the course's own


def right_outcome(exercise: Exercise, case: Case) -> Outcome:
    """The right outcome on a case."""
    if case.expected is not None:
        return Outcome(value=case.expected)
    return _reading(exercise, exercise.reference, case).outcome


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


# ---------------------------------------------------------------- which slip it is


def known_slip(exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]) -> Slip | None:
    """The slip that an answer shows, or those that it shows with its results in order and its arguments unchanged."""
    found = recognise(exercise, cases, results, truth)
    if found:
        return found
    if exercise.arguments == "left" and any(r.changed for r in results):
        found = recognise(exercise, cases, [dataclasses.replace(r, changed=()) for r in results], truth)
        changed = named(exercise, results, "changed")
        return found and dataclasses.replace(found, name=f"{found.name}{AND_ALSO}your code changes {changed}")
    return _in_another_order(exercise, cases, results, truth)


def named(exercise: Exercise, results: list[Outcome], what: str) -> str:
    """The arguments that were changed or shared on some input, by the names that the statement gives them."""
    places = sorted({k for r in results for k in getattr(r, what)})
    return " and ".join(dict.fromkeys(exercise.argument(k) for k in places))


def recognise(exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]) -> Slip | None:
    """The listed slip that gives the same outcome on every input, if there is one; else a pair of them.

    Named only when it differs from the right answer in at least one value that the learner's answer shares: equal
    errors alone accuse nobody. A pair is named when each result on each input shows one of the two slips and both are
    seen; a slip that would spoil a result which is right is not in it. Before that, one slip on top of another.
    Facts in words ("not 1") and small whole numbers are no results for that: too many pairs share them by chance.
    """
    trial = _Trial(exercise, _rows(exercise, cases, results, truth))
    found = _alone(trial)
    if found:
        return found
    if all(_is_small(v) for row in trial.rows for v in (row.truth.parts or {}).values()):
        return None
    possible = [s for s in exercise.known if not s.alone and _spoils_nothing_right(trial, s)]
    both = _one_on_top(trial, possible)
    if both or any(isinstance(v, str) for row in trial.rows for v in (row.truth.parts or {}).values()):
        return both
    return _side_by_side(trial, possible) or (None if _by_chance(trial) else _generated(trial, possible))


@dataclasses.dataclass(frozen=True)
class _Trial:
    """An answer beside all slips of its exercise."""

    exercise: Exercise
    rows: list[Row]
    known: dict[tuple[Slip, int], tuple[bool, ...]] = dataclasses.field(default_factory=dict)

    def same(self, item: Slip, k: int) -> tuple[bool, ...]:
        """For each result on input k: whether the answer agrees with a slip."""
        if (item, k) not in self.known:
            row = self.rows[k]
            wrong = _reading(self.exercise, answer(self.exercise, item), row.case)
            self.known[item, k] = tuple(_same_parts(self.exercise, row.got, wrong, row.truth))
        return self.known[item, k]

    def hidden(self, item: Slip, k: int) -> tuple[bool, ...]:
        """For each result on input k: whether a slip leaves it right."""
        return _hidden(self.exercise, item, self.rows[k].case)

    def seen(self, item: Slip, k: int) -> tuple[bool, ...]:
        """For each result on input k: whether the answer is wrong there as a slip makes it."""
        if _reading(self.exercise, answer(self.exercise, item), self.rows[k].case).outcome.error:
            return (False,) * len(self.rows[k].right)
        return tuple(s and not h for s, h in zip(self.same(item, k), self.hidden(item, k)))


def _is_small(value: Any) -> bool:
    """Whether a result is one whole number below a hundred: pairs of slips agree with it too easily."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and abs(value) < 100


def _by_chance(trial: _Trial) -> bool:
    """Whether different mistakes may agree by chance: the wrong values are whole numbers, or fewer than three."""
    wrong: set[float] = set()
    for row in trial.rows:
        for value, right in zip((row.got.parts or {}).values(), row.right):
            if not right and isinstance(value, (float, np.ndarray)) and np.asarray(value).dtype.kind == "f":
                numbers = np.ravel(value)
                wrong |= set(numbers[np.isfinite(numbers)].round(9)[:3].tolist())
    return len(wrong) < 3


def _generated(trial: _Trial, possible: list[Slip]) -> Slip | None:
    """What the small edits of the solution with the answer's outcome have in common; else one beside a listed slip."""
    exercise, rows = trial.exercise, trial.rows
    edits = [s for s in generated(exercise) if _spoils_nothing_right(trial, s)]
    found = [s for s in edits if _explains(exercise, answer(exercise, s), rows)]
    if not found:
        pairs = [(a, b, answer(exercise, a, b)) for a, b in _likely(trial, possible, edits)[:MORE_PAIRS]]
        found = [_both(a, b) for a, b, wrong in pairs if wrong is not None and _explains(exercise, wrong, rows)]
    return found[0] if len({s.name for s in found}) == 1 else None


def _likely(trial: _Trial, firsts: list[Slip], seconds: list[Slip]) -> list[tuple[Slip, Slip]]:
    """The pairs that nothing speaks against, those that most inputs speak for come first."""
    likely = np.ones((len(firsts), len(seconds)), bool)
    support = np.zeros(likely.shape, int)
    for n, row in enumerate(trial.rows):
        i, j = np.flatnonzero(likely.any(1)), np.flatnonzero(likely.any(0))
        if not i.size:
            return []
        fits, told = _fitting(trial, n, row.right, [firsts[k] for k in i], [seconds[k] for k in j])
        likely[np.ix_(i, j)] &= fits
        support[np.ix_(i, j)] += told
    pairs = sorted((-support[i, j], i, j) for i, j in np.argwhere(likely))
    return [(firsts[i], seconds[j]) for _, i, j in pairs]


def _fitting(
    trial: _Trial, n: int, right: list[bool], firsts: list[Slip], seconds: list[Slip]
) -> tuple[np.ndarray, np.ndarray]:
    """On one input, for all pairs of firsts and seconds, bool each.

    False in the first where one slip leaves a result as it is, and the answer does not show the other one there; the
    second tells where such a thing was asked: a pair of which neither is ever hidden fits without a word.
    """
    shown_1, shown_2 = (np.array([trial.same(s, n) for s in some]) for some in (firsts, seconds))  # (slips, results)
    hidden_1, hidden_2 = (np.array([trial.hidden(s, n) for s in some]) for some in (firsts, seconds))
    fits, told = np.ones((len(firsts), len(seconds)), bool), np.zeros((len(firsts), len(seconds)), bool)
    for k, ok in enumerate(right):
        a, b = hidden_1[:, k, None], hidden_2[None, :, k]
        fits &= np.where(a, np.where(b, ok, shown_2[None, :, k]), ~b | shown_1[:, k, None])
        told |= a != b
    return fits, told


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


def _alone(trial: _Trial) -> Slip | None:
    """The first slip that explains all of an answer."""
    left = list(trial.exercise.known)
    for k in range(len(trial.rows)):
        left = [s for s in left if all(trial.same(s, k))]
    return next((s for s in left if any(any(trial.seen(s, k)) for k in range(len(trial.rows)))), None)


@lru_cache(maxsize=50_000)
def _hidden(exercise: Exercise, item: Slip, case: Case) -> tuple[bool, ...]:
    """For each result on an input: whether a slip leaves it right."""
    truth = _read(exercise, case, right_outcome(exercise, case))
    return tuple(_same_parts(exercise, _reading(exercise, answer(exercise, item), case), truth, truth))


def _spoils_nothing_right(trial: _Trial, item: Slip) -> bool:
    """Whether a slip leaves right all that is right in the answer."""
    rows = [(k, row.right) for k, row in enumerate(trial.rows) if any(row.right)]
    return all(h for k, right in rows for h, r in zip(trial.hidden(item, k), right) if r)


def _side_by_side(trial: _Trial, possible: list[Slip]) -> Slip | None:
    """Two slips in different results: each result shows one of them, and each of them alone is shown by one."""
    places = range(len(trial.rows))
    if not all(any(some) for k in places for some in zip(*(trial.same(s, k) for s in trial.exercise.known))):
        return None  # some result agrees with no slip at all
    explained = []
    for item in possible:
        seen = [v for k in places for v in trial.seen(item, k)]
        if any(seen):
            explained.append((item, [v for k in places for v in trial.same(item, k)], seen))
    for (first, same_1, seen_1), (second, same_2, seen_2) in itertools.combinations(explained, 2):
        only_1 = any(s and not t for s, t in zip(seen_1, same_2))
        only_2 = any(s and not t for s, t in zip(seen_2, same_1))
        apart = only_1 and only_2 and all(map(any, zip(same_1, same_2)))
        # in one and the same result two that can be made together would have been found together
        if apart and (len(trial.rows[0].right) > 1 or answer(trial.exercise, first, second) is None):
            return first if first.name == second.name else _both(first, second)
    return None


def _both(first: Slip, second: Slip) -> Slip:
    """Two slips: the hints of the first, then those of the second."""
    return Slip(first.name + AND_ALSO + second.name, tuple(dict.fromkeys(first.hints + second.hints)))


def _zeros(parts: dict[str, Any] | None) -> set[str]:
    """The named results that hold nothing but zeros."""
    return {n for n, v in (parts or {}).items() if isinstance(v, (int, float, np.ndarray)) and not np.any(v)}


def _one_on_top(trial: _Trial, possible: list[Slip]) -> Slip | None:
    """Two slips in one and the same result."""
    exercise, rows = trial.exercise, trial.rows
    dead = set.intersection(*(_zeros(row.got.parts) for row in rows))
    dead -= set.intersection(*(_zeros(row.truth.parts) for row in rows))
    some = next((row.case for row in rows if not row.case.easy), rows[0].case)
    left = {s: _zeros(_reading(exercise, answer(exercise, s), some).parts) if dead else set() for s in possible}
    found: list[Slip] = []
    for first, second in _plausible(trial, possible):
        if first.name == second.name or not dead <= left[first] | left[second]:
            continue  # zeros on every input have many causes: two slips of which neither leaves them are not named
        wrong = answer(exercise, first, second)
        if wrong is not None and _explains(exercise, wrong, rows):
            found.append(_both(first, second))
            if not _by_chance(trial):
                break
    return found[0] if len({both.name for both in found}) == 1 else None


def _plausible(trial: _Trial, possible: list[Slip]) -> list[tuple[Slip, Slip]]:
    """The pairs of slips that may together give the answer, the likely ones first.

    Where one of two slips leaves a result as it is, the answer should show the other one there, and only that. Pairs
    that speak against this on few inputs are tried, too: one slip may bring another to light.
    """
    if len(possible) < 2:
        return []
    against = np.zeros((len(possible), len(possible)), int)
    for n, row in enumerate(trial.rows):
        against += ~_fitting(trial, n, row.right, possible, possible)[0]
    pairs = sorted((against[i, j], i, j) for i, j in zip(*np.triu_indices(len(possible), 1)))
    likely_ones = sum(n == 0 for n, *_ in pairs)
    return [(possible[i], possible[j]) for _, i, j in pairs[: likely_ones + MORE_PAIRS]]


def _explains(exercise: Exercise, wrong: Any, rows: list[Row]) -> bool:
    """Whether a wrong answer gives what the learner's gives on every input, and something that is not right."""
    seen = False
    for row in rows:  # most pairs already fail at the first input
        ours = _reading(exercise, wrong, row.case)
        if not all(_same_parts(exercise, row.got, ours, row.truth)):
            return False
        seen |= not ours.outcome.error and not all(_same_parts(exercise, ours, row.truth, row.truth))
    return seen


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
        yield from [agree(a.outcome.value, b.outcome.value, exercise.rtol)] * n
    elif right.parts is None:
        yield all(agree(a.parts.get(k), b.parts[k], exercise.rtol) for k in b.parts)
    else:
        yield from (agree(a.parts.get(k), b.parts.get(k), exercise.rtol) for k in right.parts)


# ---------------------------------------------------------------- results in another order


def _in_another_order(
    exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]
) -> Slip | None:
    """The slip of handing back results in another order, alone or with another slip."""
    order = _order(exercise, cases, results, truth)
    if not order:
        return None
    asked = ", ".join(exercise.outputs)
    hints = ("Which result comes first in the statement, and which in yours?",)
    ordered = [dataclasses.replace(r, value=tuple(r.value[k] for k in order)) for r in results]
    right = (_read(exercise, c, r) for c, r in zip(cases, ordered))
    known = (_read(exercise, c, t) for c, t in zip(cases, truth))
    if all(all(_same_parts(exercise, a, b, b)) for a, b in zip(right, known)):
        return Slip(f"the right results in another order; asked are {asked}", hints)
    found = recognise(exercise, cases, ordered, truth)
    return found and _both(Slip(f"the results in another order; asked are {asked}", hints), found)


def _order(exercise: Exercise, cases: list[Case], results: list[Outcome], truth: list[Outcome]) -> tuple[int, ...]:
    """For each result that is asked the place where the answer has it; () where the order is right or unclear.

    The places are those of right results; one that fits nowhere takes the place that is left.
    """
    names, n = exercise.outputs, len(exercise.outputs)
    fits = np.ones((n, n), bool)
    for case, result, right in zip(cases, results, truth):
        if not isinstance(result.value, (tuple, list)) or len(result.value) != n or right.error or not 1 < n < 7:
            return ()
        asked = exercise.parts(case, right.value)
        fits &= [[agree(value, asked.get(name), exercise.rtol) for value in result.value] for name in names]
    places = [int(row.argmax()) if row.any() else -1 for row in fits]
    free = [k for k in range(n) if k not in places]
    if places.count(-1) > 1 or len(free) != places.count(-1):
        return ()
    order = tuple(free[0] if k < 0 else k for k in places)
    return () if order == tuple(range(n)) else order
