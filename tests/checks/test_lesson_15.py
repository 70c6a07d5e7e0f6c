"""Lesson 15: the worked examples are true, the runs are those that are shown, a wrong form is told without a hint."""

import json
from pathlib import Path

import pytest

from course_lib.checks import find, lesson_15, study

ROOT = Path(__file__).parents[2]


def test_the_worked_examples_are_true():
    carried = find("15.2").reference
    assert carried([425, 375, 400, 400, 425], [625, 500, 225, 500, 525], "low") == "open"
    assert carried([75, 50, 75], [None, None, None], "low") == "carried"
    assert carried([0.1, 0.2, None], [0.0, -0.1, 0.05], "high") == "open"
    before, after = [(8, 100), (30, 200), (7, 100)], [(6, 100), (12, 200), (11, 100)]
    assert find("15.4").reference(before, after) == pytest.approx((2, 25, 4 / 3))
    train = [("a", "X"), ("b", "Y"), ("a", "X"), ("b", "X"), ("b", "Y")]
    test = [("a", "X"), ("b", "Y"), ("b", "Y"), ("c", "Y")]
    assert find("15.5").reference(train, test, ["X", "X", "Y", "Y"]) == (0.25, 0.75, 0.75, 0)
    one_gate = {"who": "one gate", "than": "LSTM", "distance": 11, "step size": 1.0}
    rows = {cell: updates for cell, distance, _, updates in lesson_15.RUNS if distance == 11}
    assert sorted(rows["LSTM"])[2] / sorted(rows["one gate"])[2] == pytest.approx(1.43, abs=0.005)
    assert study("15.6", find("15.6").reference | one_gate | {"by": 1.43}).points == 0  # true, but not asked


def test_the_verdicts_follow_from_the_table():
    """Each row of the table as numbers, and what each sentence says of it: True, False, or None where it is silent."""
    rows = {
        "A": ("plain", 8, [125, 250, 250, 275, 350] + [None] * 5),
        "B": ("plain", 17, [None] * 10),
        "C": ("plain", 17, [50, 25, 50, 50, 50]),
        "D": ("plain", 17, [None] * 5),
        "E": ("bias 1", 17, [None] * 5),
        "F": ("bias 3", 17, [325, 325, 275, 325, 250]),
        "G": ("bias 3.5", 32, [450, 325, 400, 325, 425]),
    }
    said = {
        1: lambda cell, distance, runs: None not in runs if (cell, distance) == ("bias 3", 17) else None,
        2: lambda cell, distance, runs: not any(runs) if (cell, distance) == ("plain", 17) else None,
        3: lambda cell, distance, runs: None not in runs if (cell, distance) == ("bias 1", 17) else None,
        4: lambda cell, distance, runs: max(filter(None, runs)) < 2 * min(filter(None, runs)) if any(runs) else None,
        5: lambda cell, distance, runs: None not in runs if (cell, distance) == ("bias 3", 32) else None,
        6: lambda cell, distance, runs: not any(runs) if distance == 17 and None in runs else None,
    }
    for number, bears_out in said.items():
        told = {letter: bears_out(*row) for letter, row in rows.items()}
        against = "".join(letter for letter, holds in told.items() if holds is False)
        spoken = [holds for holds in told.values() if holds is not None]
        verdict = "right" if all(spoken) else "imprecise" if any(spoken) else "wrong"
        assert find("15.1").reference[number] == (verdict if spoken else "no source", against)


def test_the_runs_are_those_of_the_exercise_and_both_true_sentences_count():
    cells = json.loads((ROOT / "solutions" / "15_claims.ipynb").read_text("utf-8"))["cells"]
    space = {}
    exec("".join(next(cell for cell in cells if cell["id"] == "code-runs")["source"]), space)
    assert [tuple(run.values()) for run in space["runs"]] == [(*row, list(updates)) for *row, updates in lesson_15.RUNS]
    far = {"distance": 62, "step size": 0.02, "what": "learned", "by": 5, "every": True}
    for answer in (find("15.6").reference, find("15.6").reference | far):
        assert study("15.6", answer).points == 2


def test_no_memo_is_dated_by_an_event_that_the_timeline_has_elsewhere():
    from course_lib import claims

    years = {event["name"]: event["year"] for event in claims.events()}
    wanted = {"LSTM": 1997, "both directions": 1997, "the forget gate": 2000, "peepholes": 2000, "CTC": 2006}
    wanted |= {"clipping by norm": 2013, "chrono initialisation": 2018, "Elman's network": 1990}
    wanted |= {"real-time recurrent learning": 1989, "GRU, encoder and decoder": 2014}
    assert wanted.items() <= years.items()


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("15.1", {1: "right"}, "expected a dict with the keys 1 to 6"),
        ("15.1", dict.fromkeys(range(1, 7), "right"), 'expected a pair, such as ("imprecise", "FG")'),
        ("15.1", dict.fromkeys(range(1, 7), ("wrong", "")), "these two do not go together"),
        ("15.1", dict.fromkeys(range(1, 7), ("wrong", "H")), "sentence 1: expected some of A, B, C"),
        ("15.3", {"P": [2]}, 'expected a dict with the keys "P" to "T"'),
        ("15.6", {"who": "GRU"}, "expected a dict with the keys who, than"),
        ("15.6", find("15.6").reference | {"what": "faster"}, '"what": expected "updates" or "learned"'),
        ("15.6", find("15.6").reference | {"every": None}, '"every": expected True or False'),
        ("15.6", find("15.6").reference | {"by": "1.25 times"}, '"by": expected a number'),
        ("15.7", {"A": 1997}, 'expected a dict with the keys "A" to "F" and "forged"'),
        ("15.7", dict.fromkeys("ABCDEF", "soon") | {"forged": ""}, "expected a year for each letter"),
        ("15.7", find("15.7").reference | {"forged": {"B": 1999}}, "forged: expected some of A, B, C"),
    ],
)
def test_a_wrong_form_is_told_and_costs_no_hint(exercise, answer, words):
    verdict = study(exercise, answer)
    assert verdict.points == 0
    assert verdict.message.startswith(words) or ": " + words in verdict.message
    assert verdict.hints == ()
