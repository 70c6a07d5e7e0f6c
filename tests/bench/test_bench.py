"""The benchmark's machinery on tiny sizes, and its figures that do not depend on a clock."""

import json
import subprocess
import sys

import pytest

from course_lib import bench

KEYS = {"name", "ours", "theirs", "ratio", "unit", "goal"}


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in {"T": 6, "B": 2, "H": 4, "D": 3}.items():
        monkeypatch.setattr(bench, name, value)
    for name, value in bench.ONE_THREAD.items():
        monkeypatch.setenv(name, value)


def test_layers_rows_are_complete_and_json_holds_what_is_printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "layers_rows", lambda rows=bench.layers_rows: rows(pairs=1, sizes=[(1, 4, 3)]))
    rows = bench.run("layers", tmp_path / "rows.json")
    stored = json.loads((tmp_path / "rows.json").read_text())
    assert stored["rows"] == rows
    assert stored["machine"]["threads"] == 1
    printed = capsys.readouterr().out
    assert all(row.keys() == KEYS and row["name"] in printed for row in rows)
    assert sum(row["goal"] is not None for row in rows) == 7


@pytest.mark.parametrize("kind", bench.KINDS)
def test_peak_memory_stays_within_the_budget_at_the_size_of_the_goals(kind, monkeypatch):
    for name, value in {"T": 100, "B": 32, "H": 128, "D": 32}.items():
        monkeypatch.setattr(bench, name, value)
    assert bench.layer_floats(kind) <= bench.GOAL_FLOATS


@pytest.mark.parametrize("kind", bench.KINDS)
def test_truncated_memory_does_not_grow_with_time(kind):
    assert bench.window_peak(kind, 1000, 50) < 1.05 * bench.window_peak(kind, 200, 50)
    assert bench.window_peak(kind, 1000, 1000) > 3 * bench.window_peak(kind, 200, 200)


def test_torch_peak_counts_at_least_the_outputs():
    assert bench.torch_floats("rnn") >= 1


def test_table_says_which_goals_are_missed():
    text = bench.table([bench.row("a", 3.0, 2.0, "ms", goal=1.4), bench.row("b", 5.0, None, "s")])
    assert "NOT reached" in text
    assert text.splitlines()[-1].split() == ["b", "5.000", "-", "-", "-", "s"]


def test_unknown_group():
    with pytest.raises(ValueError, match="group: expected one of layers, memory, .*, got 'layer'"):
        bench.run("layer")


def test_a_report_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "GROUPS", {"layers": "no_such_module:f"})
    for path in (tmp_path / "missing" / "rows.json", tmp_path):
        with pytest.raises(ValueError, match="json: expected a file in a folder that exists, got"):
            bench.run("layers", path)


def test_it_starts_in_a_process_of_its_own():
    done = subprocess.run([sys.executable, "-m", "course_lib.bench", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert all(group in done.stdout for group in bench.GROUPS)
