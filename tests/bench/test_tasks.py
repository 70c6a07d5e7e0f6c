"""The rows of `course bench tasks`: medians, ratios and honesty about seeds."""

import pytest

from course_lib import bench, recipes
from course_lib.bench import tasks
from course_lib.recipes import Run


def test_rows_hold_medians_and_say_how_many_seeds_were_solved(monkeypatch):
    runs = {seed: Run(None, None, seed != 2, 0.0, 1000 * (seed + 1), seed / 4) for seed in range(3)}
    monkeypatch.setattr(recipes, "run_recipe", lambda name, seed: runs[seed])
    sequences, seconds = tasks.task_rows(seeds=3, names=["temporal_order"])
    assert sequences["name"] == "temporal order T=100, 99 % right, 2 of 3 seeds solved" == seconds["name"]
    assert (sequences["ours"], sequences["theirs"], sequences["ratio"]) == (2000, 31_390, round(2000 / 31_390, 3))
    assert sequences["goal"] == round(8000 / 31_390, 3)
    assert seconds["ours"] == 0.25 and seconds["theirs"] is seconds["ratio"] is None


def test_the_table_can_print_every_row(monkeypatch):
    monkeypatch.setattr(recipes, "run_recipe", lambda name, seed: Run(None, None, True, 0.0, 100, 1.0))
    printed = bench.table(tasks.task_rows(seeds=1), title="tasks")
    assert printed.count("reached") == 2 and "wanted: at most 350,000" in printed


def test_every_recipe_is_listed():
    assert set(tasks.NAMES) == set(recipes.RECIPES) >= {*tasks.GOALS, *tasks.PUBLISHED}


def test_no_seeds():
    with pytest.raises(ValueError, match="seeds: expected at least one, got none"):
        tasks.task_rows(seeds=0)
