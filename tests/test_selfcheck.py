"""The self-check of the start notebook names each fault and its mend, and never raises."""

import builtins
import doctest
import errno
import importlib.metadata
import json
import os
import subprocess
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


def jupyter(prefix, version=None):
    """An environment with a JupyterLab of a kind: a link to a Python, a script, perhaps a widget manager."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "share" / "jupyter" / "labextensions").mkdir(parents=True)
    (prefix / "bin" / "python").symlink_to(sys._base_executable)
    (prefix / "bin" / "jupyter-lab").write_text("import subprocess, sys\nsys.exit(subprocess.call(sys.argv[1:]))\n")
    if version:
        file = prefix / "share" / "jupyter" / "labextensions" / selfcheck.MANAGER
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"version": version}))
    return prefix


@pytest.fixture
def no_shared_folders(monkeypatch, tmp_path):
    """JupyterLab finds nothing outside its environment."""
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [])
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)


@pytest.mark.parametrize(("version", "state", "said"), [
    (None, "note", "seems to have no widget manager"),
    ("3.1.4", "note", "has version 3 of the widget manager"),
    ("5.0.16", "ok", "have what sliders need"),
    ("broken", "note", "seems to have no widget manager"),
])  # fmt: skip
@pytest.mark.usefixtures("no_shared_folders")
def test_sliders_are_promised_where_jupyterlab_has_them(tmp_path, version, state, said):
    finding = selfcheck.widgets(jupyter(tmp_path / "lab", version))
    assert (finding.state, said in finding.said) == (state, True), finding
    assert ("VBox(children=(IntSlider" in finding.mend) == (state == "note")


@pytest.mark.usefixtures("no_shared_folders")
def test_a_manager_beside_the_kernel_does_not_help_another_jupyterlab(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(jupyter(tmp_path / "user", "5.0.1") / "share" / "jupyter"))
    assert selfcheck.manager_version(tmp_path / "lab") == 5  # the user's own folder does
    monkeypatch.delenv("JUPYTER_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert (Path(sys.prefix) / "share" / "jupyter" / "labextensions" / selfcheck.MANAGER).exists()
    assert selfcheck.manager_version(tmp_path / "lab") == 0


def test_without_a_jupyter_server_nothing_is_promised(monkeypatch):
    finding = selfcheck.widgets()  # pytest has no pages
    assert (finding.state, "cannot be seen from here" in finding.said) == ("note", True)
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert selfcheck.server_prefix() is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such scripts")
@pytest.mark.parametrize("start", ["bin/python", "python", "lab/bin/python"])
def test_the_jupyterlab_that_started_the_kernel_is_found(tmp_path, start):
    lab = jupyter(tmp_path / "lab")
    program = {"bin/python": str(lab / start), "python": "python", "lab/bin/python": "./lab/bin/python"}[start]
    code = "from course_lib.selfcheck import server_prefix; print(server_prefix())"
    env = os.environ | {"PATH": f"{lab / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    command = ["/usr/bin/env", program, str(lab / "bin" / "jupyter-lab"), sys.executable, "-c", code]
    assert Path(subprocess.check_output(command, cwd=tmp_path, env=env, text=True).strip()) == lab


@pytest.mark.parametrize(("command", "server"), [
    ("/v/bin/python /v/bin/jupyter-lab --port 1", True),
    ("python3 -m jupyterlab", True),
    ("python3 -X utf8 -m notebook", True),
    (r"C:\v\Scripts\jupyter-lab.exe", True),
    (r"C:\v\python.exe C:\v\Scripts\jupyter-lab-script.py", True),
    ("/opt/bin/python3 /opt/bin/jupyterhub-singleuser", True),
    ("python -m jupyter nbconvert x.ipynb", False),
    ("python /home/jupyter/course/.venv/bin/course build", False),
    ("/usr/share/code/code --type=utility", False),
    ("bash jupyter-lab-notes.sh", False),
    ("python -m", False),
    ("", False),
])  # fmt: skip
def test_a_jupyter_server_is_known_by_its_command_line(command, server):
    assert selfcheck.is_server(command.split()) is server


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_full_disk_is_not_told_to_move(tmp_path, monkeypatch, number):
    def refuse(**_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(selfcheck.tempfile, "TemporaryFile", refuse)
    mend = selfcheck.writable(here=tmp_path).mend
    assert mend.startswith("free some disk space" if number == errno.ENOSPC else "copy the course")


def test_a_missing_dll_asks_for_what_brings_it(monkeypatch):
    def refuse(name, *rest):
        if name == "torch":
            error = OSError("[WinError 126] The specified module could not be found")
            error.winerror = 126
            raise error
        return real(name, *rest)

    real = builtins.__import__
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", refuse)
        finding = selfcheck.torch_works()
    assert "Visual C++" in finding.mend


def test_a_check_that_fails_itself_is_a_note(monkeypatch, capsys):
    def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(selfcheck, "CHECKS", (selfcheck.python, broken))
    selfcheck.selfcheck()
    assert "· broken: this check itself failed (RuntimeError: boom)" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["ok", "note", "fault"])
def test_each_state_has_its_own_mark(state):
    assert str(selfcheck.Finding("x", state, "said"))[0] in "✓·✗"


def test_examples_are_true():
    assert doctest.testmod(selfcheck).failed == 0
