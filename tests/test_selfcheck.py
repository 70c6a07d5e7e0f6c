"""The self-check of the start notebook names each fault and its mend, and never raises."""

import importlib.metadata
import os
import sys
from pathlib import Path

import pytest

from course_lib import data, selfcheck


def test_here_everything_is_ready(capsys):
    selfcheck.selfcheck()
    said = capsys.readouterr().out
    assert "✗" not in said
    assert said.endswith("Ready.\n")
    assert len(selfcheck.findings()) == len(selfcheck.CHECKS)


def test_a_python_without_help_topics_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    assert "without its help topics" in selfcheck.python().said
    data.topics.cache_clear()
    with pytest.raises(RuntimeError, match="expected a Python with help topics .* install Python from python.org"):
        data.topics()


def test_every_fault_says_how_to_mend_it(tmp_path):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    (tmp_path / ".venv").mkdir()
    clone = tmp_path / "clone"
    for name in ("course_lib", "notebooks"):
        (clone / name).mkdir(parents=True)
    faults = [
        selfcheck.python((3, 10, 4)),
        selfcheck.kernel(prefix="/somewhere/else", root=tmp_path),
        selfcheck.folder(here=clone / "notebooks", root=tmp_path),
        selfcheck.packages(["numpy>=2.0"], missing),
        selfcheck.packages(["numpy>=99"]),
        selfcheck.writable(here=tmp_path / "not there"),
    ]
    for finding in faults:
        assert finding.state == "fault", finding
        assert finding.mend
        assert str(finding).startswith("✗ ")
        assert "\n    mend: " in str(finding)
    assert "3.10.4" in faults[0].said
    assert "numpy is missing" in faults[3].said


def test_what_is_right_is_called_right(tmp_path):
    (tmp_path / ".venv").mkdir()
    assert selfcheck.kernel(prefix=str(tmp_path / ".venv"), root=tmp_path).state == "ok"
    assert selfcheck.folder(here=tmp_path).state == "ok"
    assert selfcheck.packages(["numpy>=1", "missing-thing; extra == 'site'"]).said.startswith("all 1 ")
    assert selfcheck.writable(here=tmp_path, home=Path(os.devnull)).state == "ok"


def test_progress_that_cannot_be_kept_is_a_note_only(tmp_path):
    (tmp_path / "file").write_text("")
    assert selfcheck.writable(here=tmp_path, home=tmp_path / "file" / "below").state == "note"


def test_a_broken_torch_is_a_fault_with_a_mend(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # import raises
    assert selfcheck.torch_works().state == "fault"
    assert selfcheck.threads().state in ("ok", "note")


def test_sliders_missing_in_jupyterlab_are_noted(tmp_path):
    assert selfcheck.widgets(prefix=str(tmp_path)).state == "note"


def test_a_check_that_fails_itself_is_a_note(monkeypatch, capsys):
    def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(selfcheck, "CHECKS", (selfcheck.python, broken))
    selfcheck.selfcheck()
    assert "· broken: this check itself failed (RuntimeError: boom)" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["ok", "note", "fault"])
def test_each_state_has_its_own_mark(state):
    assert str(selfcheck.Finding("x", state, "said"))[0] in "✓·✗"
