"""Slips as edits of the published solution: what is replaced, what two make together, one function for all."""

import dataclasses
import itertools
import json
import random
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from course_lib import building, checks
from course_lib.checks import probe
from course_lib.checks.exercise import Case, Exercise, Slip, slips
from course_lib.checks.generate import generated
from course_lib.checks.judge import judge
from course_lib.checks.solution import Solution, edited, together
from course_lib.checks.switches import Switches

BODY = """total = 0 * b
for x_t in xs:
    total = total + W @ x_t  # a sum
    total += b
return total + b
"""


def solution(body=BODY):
    return Solution("f", "", "def f(xs, W, b):\n", body, {"np": np})


def written(*places):
    return edited(BODY, solution().edits(places))


def test_a_piece_is_replaced_wherever_it_stands_as_whole_words():
    assert "0 * c\n" in written(("b", "c"))
    assert "total += c\nreturn total + c" in written(("b", "c"))
    for piece in ("x_s", "x", "otal"):  # there are no such words
        with pytest.raises(LookupError, match=f"'{piece}' is not in the published solution of f"):
            solution().edits([(piece, "")])


def test_lines_keep_their_indentation_and_an_empty_piece_is_a_line_at_the_top():
    assert written(("", "xs = xs[::-1]")).startswith("xs = xs[::-1]\ntotal")
    assert "\n    total = W @ x_t\n    total = -total  # a sum" in written(
        ("total = total + W @ x_t", "total = W @ x_t\ntotal = -total")
    )
    assert "\n    total += 2 * b\nreturn" in written(("total = total + W @ x_t  # a sum\ntotal += b", "total += 2 * b"))


def test_two_slips_are_made_together_unless_they_change_the_same_words():
    same = solution()
    term, turned = same.edits([("total + W @ x_t", "W @ x_t")]), same.edits([("W @ x_t", "W.T @ x_t")])
    assert "    total = W.T @ x_t" in edited(BODY, together(term, turned))
    assert together(turned, same.edits([("W @ x_t", "x_t")])) is None
    first, second = same.edits([("", "b = 2 * b")]), same.edits([("", "b = b + 1")])
    assert edited(BODY, together(first, second)).startswith("b = 2 * b\nb = b + 1\n")


TASKS = [t for number in checks.lessons() for t in checks.lesson(number) if not t.is_value]


def test_a_slip_in_a_line_that_begins_with_elif():
    body = "if b > 2:\n    return 2\nelif b > 1:\n    return W\nelse:\n    return 0\n"
    own = solution(body)
    switches = Switches(own, [own.edits([("b > 1", "b > 0")]), own.edits([("return W", "return xs")])])
    assert [switches.answer(0)(5, 7, b) for b in (3, 2, 1, 0)] == [2, 7, 7, 0]
    assert [switches.answer(1)(5, 7, b) for b in (3, 2, 1, 0)] == [2, 5, 0, 0]
    assert switches.answer()(5, 7, 1) == 0


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.id)
def test_one_function_with_branches_gives_what_the_edited_text_gives(task):
    numbers = task.switches[1]
    pairs = list(itertools.combinations(numbers, 2))
    for given in [*((s,) for s in numbers), *random.Random(0).sample(pairs, min(25, len(pairs)))]:
        branch = task.switches[0].answer(*(numbers[s] for s in given))
        edits = task.edits(given[0]) if len(given) == 1 else together(*map(task.edits, given))
        if branch is None:  # one statement: only the text can hold both
            continue
        assert edits is not None, [s.name for s in given]
        case = next(iter(task.draw(0)))
        ours = probe.call_ours(branch, case.args, True)
        text = probe.call_ours(task.solution.answer(edits), case.args, True)
        assert (ours.error is None, ours.changed) == (text.error is None, text.changed)
        assert ours.error or repr(ours.value) == repr(text.value), [s.name for s in given]


@pytest.fixture
def course(tmp_path):
    """A lesson of one exercise, and its solution in a notebook."""
    answer = """def move(x_t, h_prev, W):
    # BEGIN SOLUTION
    a_t = x_t + h_prev @ W.T
    return np.tanh(a_t) + h_prev
    # END SOLUTION
"""
    cells = [
        {"cell_type": "code", "metadata": {}, "source": "import numpy as np"},
        {"cell_type": "markdown", "metadata": {}, "source": "## 98.1 move: x_t, h_prev and W give h_t"},
        {"cell_type": "code", "metadata": {"tags": ["answer:move"]}, "source": answer},
    ]
    (tmp_path / "98_move.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")

    def draw(rng):
        return [Case("H = 3", (rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(3, 3))))]

    return Exercise("98.1", "move", 10, draw, ("h_t",), folder=tmp_path)


def say(task, answer):
    cases = task.draw(0)
    return judge(task, cases, probe.outcomes(answer, [c.args for c in cases], False))


def test_a_line_in_a_table_is_all_that_a_slip_needs(course):
    task = dataclasses.replace(course, slips=slips({("try W = 0", "b"): {"W turned": ("W.T", "W")}}))
    verdict = say(task, lambda x_t, h_prev, W: np.tanh(x_t + np.einsum("bj,jh->bh", h_prev, W)) + h_prev)
    assert (verdict.message, verdict.misconception) == ("this looks like: W turned", "w-turned")


def test_a_small_edit_is_named_without_a_list_and_says_nothing_of_the_code(course):
    assert say(course, lambda x_t, h_prev, W: np.tanh(x_t + h_prev @ W.T)).message == (
        "this looks like: the term with h_prev is left out"
    )
    told = say(course, lambda x_t, h_prev, W: np.tanh(x_t - h_prev @ W.T) + h_prev).message
    assert told == "this looks like: the sign of the term with h_prev and W is turned"
    assert "a_t" not in " ".join(s.name for s in generated(course))


def test_generation_is_silent_on_results_that_agree_by_chance(course):
    def draw(rng):
        return [Case("one number", (float(rng.normal()), float(rng.normal()), np.ones((1, 1))))]

    task = dataclasses.replace(course, cases=draw)
    assert say(task, lambda x_t, h_prev, W: np.tanh(x_t) + h_prev).misconception is None


@pytest.mark.parametrize(
    ("piece", "told"),
    [("h_prev @ U.T", "'h_prev @ U.T' is not in the published solution of move"), ("W.T", "invalid syntax")],
)
def test_the_build_refuses_a_slip_whose_line_is_gone_or_is_no_python(course, piece, told, monkeypatch, tmp_path):
    task = dataclasses.replace(course, slips=(Slip("W turned", ("a", "b"), ((piece, "W W"),)),))
    monkeypatch.setattr(checks, "lesson", lambda _: (task,))
    monkeypatch.setattr(checks, "lessons", lambda: ["98"])
    with pytest.raises(building.BuildError, match=f"the slip 'W turned': .*{told}"):
        building.validate_slips(tmp_path / "98_move.ipynb", "98_move.ipynb")


def test_a_solution_that_somebody_changed_costs_names_and_no_verdict(course):
    task = dataclasses.replace(course, slips=slips({("a", "b"): {"W turned": ("W.T", "W"), "gone": ("U.T", "U")}}))
    assert [item.name for item in task.known] == ["W turned"]
    assert say(task, lambda x_t, h_prev, W: np.tanh(x_t + h_prev @ W) + h_prev).misconception == "w-turned"


def test_checks_work_where_a_teacher_has_taken_the_solutions_away(monkeypatch, tmp_path):
    from course_lib.checks import solution as room

    here = room.published("01", "repaired")
    monkeypatch.setattr(room, "FOLDER", tmp_path)
    kept = room.published("01", "repaired")
    assert (kept.head, kept.body, kept.statement) == (here.head, here.body, here.statement)
    with pytest.raises(LookupError, match="restore it from git"):
        room.published("77", "repaired")


def test_the_exercise_in_contributing_works_as_it_stands(tmp_path):
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
    line, signature = re.search(r"For an answer `(.+?)` of the function `(.+?)`", text).groups()
    block = re.search(r"```python\n(   from course_lib.checks.exercise.+?)```", text, re.DOTALL).group(1)
    answer = f"def {signature}:\n    # BEGIN SOLUTION\n    {line}\n    # END SOLUTION\n"
    cells = [
        {"cell_type": "code", "metadata": {}, "source": "import numpy as np"},
        {"cell_type": "code", "metadata": {"tags": ["answer:step"]}, "source": answer},
    ]
    (tmp_path / "99_step.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    space = {}
    exec(textwrap.dedent(block), space)
    task = dataclasses.replace(space["EXERCISES"][0], folder=tmp_path)
    assert say(task, task.reference).points == 10
    assert [say(task, task.answer(s)).message for s in task.slips] == [f"this looks like: {s.name}" for s in task.slips]
    pairs = {say(task, task.answer(*two)).message for two in itertools.combinations(task.slips[:2], 2)}
    assert pairs == {"this looks like: bias forgotten; and also: previous state left out"}
