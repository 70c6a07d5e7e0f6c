"""Answers that nobody listed: odd right ones keep their points, slips are named truly or described, never accused."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

from course_lib import checks
from course_lib.checks import judge, probe

SEEDS = (0, 7)
FILES = sorted((Path(__file__).parent / "unseen").glob("lesson_*.toml"))
ANSWERS = [answer for file in FILES for answer in tomllib.loads(file.read_text("utf-8"))["answer"]]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a['exercise']} {a['label']}")
def test_an_unseen_answer_gets_a_true_verdict(answer, tmp_path):
    path = tmp_path / "answer.py"
    path.write_text("import numpy as np\n" + answer["code"], encoding="utf-8")
    spec = importlib.util.spec_from_file_location("answer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    task = checks.find(answer["exercise"])
    given, says = getattr(module, task.name), answer["says"]
    for seed in SEEDS:
        cases = task.draw(seed)
        verdict = judge.judge(task, cases, probe.outcomes(given, [c.args for c in cases], task.is_value))
        assert (verdict.points > 0) == (says == "right"), verdict.message
        if says == "right":
            assert verdict.status == says, verdict.message
        elif says.startswith("this looks like: "):
            assert verdict.message == says
        else:
            assert verdict.misconception is None, verdict.message
            assert says in verdict.message
