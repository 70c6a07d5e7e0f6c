"""The rows of `course bench experiments`: medians, ratios, honesty about starts, and what is stored."""

import json
import math
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from course_lib import bench, cli, recipes
from course_lib.bench import experiments
from course_lib.recipes import RECIPES, Run
from course_lib.recipes.experiments import EXPERIMENTS, Result, Start, stored


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(experiments, "python_loop", lambda: 0.5)
    for name, value in bench.ONE_THREAD.items():
        monkeypatch.setenv(name, value)


def runs(monkeypatch, solved=(True, True, False), what="run_recipe"):
    def run(recipe, start, **changes):
        return Run(None, None, solved[start % len(solved)], 0.5, 1000 * (start + 1), start + 1.0)

    monkeypatch.setattr(recipes, what, run)


def test_rows_hold_medians_and_say_how_many_starts_were_solved(monkeypatch):
    runs(monkeypatch)
    sequences, seconds = experiments.experiment_rows(["order"], starts=3)
    assert "2 of 3 starts" in sequences["name"]
    assert (sequences["ours"], sequences["theirs"], sequences["ratio"]) == (2000, 31_390, round(2000 / 31_390, 4))
    assert sequences["goal"] == 0.2 and seconds["ours"] == 2.0 and seconds["theirs"] == 1
    assert "31,390 sequences" in " ".join(seconds["notes"])


def test_what_half_of_the_starts_did_not_solve_has_no_number(monkeypatch):
    runs(monkeypatch, (False, True, False))
    sequences, seconds = experiments.experiment_rows(["two_sequences"], starts=3)
    assert sequences["ours"] is None and sequences["ratio"] is None
    assert any("not solved within 3,000 sequences; score 0.5" in note for note in seconds["notes"])
    assert "not solved within" in bench.table([sequences, seconds])


def test_guesses_are_guesses(monkeypatch):
    runs(monkeypatch, (True,), "guess_weights")
    sequences, _ = experiments.experiment_rows(["latch_guessed"], starts=1)
    assert sequences["unit"] == "guesses (median)"


def test_the_command_stores_what_it_has_run_and_keeps_the_rest(monkeypatch, tmp_path):
    path = tmp_path / "experiments.json"
    monkeypatch.setattr(experiments, "FILE", path)
    monkeypatch.setattr("course_lib.recipes.experiments.FILE", path)
    runs(monkeypatch)
    for name in ("order", "adding_100"):
        done = CliRunner().invoke(cli.app, ["bench", "experiments", name, "--store"])
        assert done.exit_code == 0, done.output
    assert list(json.loads(path.read_text("utf-8"))["experiments"]) == ["adding_100", "order"]
    assert [result.name for result in stored()] == ["adding_100", "order"]
    assert stored(["order"])[0].starts[0] == Start(True, 0.5, 1000, 2.0)
    with pytest.raises(LookupError, match="expected one of adding_100, order, got 'copy'"):
        stored(["copy"])


def test_unknown_names_and_options_of_another_group_are_one_line():
    for arguments, what in ((["experiments", "sorting"], "got 'sorting'"), (["layers", "--full"], "full: only exper")):
        done = CliRunner().invoke(cli.app, ["bench", *arguments])
        assert done.exit_code == 2 and what in done.output, done.output


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_is_a_recipe_with_its_task_and_its_paper(name):
    row = EXPERIMENTS[name]
    replace(RECIPES[row.recipe], **row.changes)
    assert row.starts >= 3 and row.task and row.paper and row.unit in ("sequences", "guesses")
    assert row.published is None or f"{row.published:,}" in row.paper


@pytest.mark.parametrize("result", stored(), ids=lambda result: result.name)
def test_stored_results_have_all_starts_and_a_miss_is_explained(result):
    row = result.experiment
    assert len(result.starts) == row.starts and all(start.loops > 0 for start in result.starts)
    assert row.why or not result.missed


def test_every_experiment_of_the_default_run_is_stored():
    assert {name for name, row in EXPERIMENTS.items() if not row.full} <= {result.name for result in stored()}


def test_a_miss_is_what_the_paper_did_otherwise_or_what_is_above_a_goal():
    def missed(starts, **changes):
        row = replace(EXPERIMENTS["order"], **{"published": 1000, "share": None, "goal": None, **changes})
        return Result("order", row, starts, 0.5).missed

    good, slow, none = Start(True, 1.0, 900, 2.0), Start(True, 1.0, 1100, 2.0), Start(False, 0.5, 100, 2.0)
    assert not missed((good,) * 3) and missed((slow,) * 3) and missed((good, good, none))
    assert missed((good,) * 3, share=0.2) and missed((good,) * 3, goal=0.9) and not missed((good,) * 3, goal=1.1)
    assert missed((good,) * 3, solves=False) and not missed((none,) * 3, solves=False, published=None)
    assert math.isinf(Result("order", EXPERIMENTS["order"], (none, none, good), 0.5).sequences)
