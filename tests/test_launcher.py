"""The launcher: what it decides, what it says, what it hands over. Nothing is installed here."""

import ast
import contextlib
import doctest
import errno
import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from course_lib import launcher, trust
from course_lib.launcher import Trouble

ROOT = Path(__file__).parent.parent


@pytest.fixture
def clone(tmp_path):
    """A clone in a folder with a space and a non-ASCII letter, nothing installed."""
    root = tmp_path / "fresh ü space"
    root.mkdir()
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "c"\ndependencies = ["torch>=2"]\n'
        '[project.optional-dependencies]\ntest = ["ruff"]\n[tool.ruff]\nline-length = 120\n'
    )
    (root / "constraints.txt").write_text("torch==2.13.0\n")
    return root


@pytest.fixture
def installed(clone):
    """The same clone after a finished first start with the test extra."""
    venv = clone / ".venv"
    python = launcher.venv_python(venv)
    python.parent.mkdir(parents=True)
    python.touch()
    (venv / "pyvenv.cfg").touch()
    (venv / "lib" / "pip-26.3.dist-info").mkdir(parents=True)
    stamp = {"key": launcher.key(clone), "root": str(clone), "python": launcher.python_version(), "extras": ["test"]}
    (venv / launcher.STAMP).write_text(json.dumps(stamp))
    return clone


@pytest.fixture
def pip(monkeypatch):
    """Record pip's command lines instead of running them; a dry run plans torch and ruff."""
    commands = []

    def run_pip(command, root, log, on_line=None):
        commands.append(command)
        if "--report" in command:
            plan = [{"metadata": {"name": n, "version": v}} for n, v in [("torch", "2.13.0+cpu"), ("ruff", "0.17.5")]]
            Path(command[command.index("--report") + 1]).write_text(json.dumps({"install": plan}))

    monkeypatch.setattr(launcher, "run_pip", run_pip)
    return commands


@pytest.fixture
def handed(monkeypatch):
    """Record what lab and test hand over, with an environment that is always ready."""
    calls = []
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    monkeypatch.setattr(launcher, "prepare", lambda root, extras, allow_cuda: calls.append((extras, allow_cuda))
                        or launcher.venv_python(root / ".venv"))
    monkeypatch.setattr(launcher, "hand_over", lambda command, env: calls.append((command, env)) or 0)
    return calls


# ---------------------------------------------------------------- old Pythons


@pytest.mark.parametrize("name", ["__main__.py", "__init__.py"])
def test_an_old_python_can_read_the_files_that_refuse_it(name):
    tree = ast.parse((ROOT / "course_lib" / name).read_text("utf-8"), feature_version=(3, 7))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr)  # what feature_version lets through for Python 2.7 and 3.5
    assert not [type(node).__name__ for node in ast.walk(tree) if isinstance(node, newer)]


def test_an_old_python_is_refused_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 8, 0))
    source = compile((ROOT / "course_lib" / "__main__.py").read_text("utf-8"), "__main__.py", "exec")
    with pytest.raises(SystemExit) as end:
        exec(source, {"__name__": "__main__"})
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "3.11 or newer is needed, this is Python 3.8" in said


# ---------------------------------------------------------------- what .venv needs


def test_a_fresh_clone_needs_everything(clone):
    assert launcher.inspect(clone) == "rebuild"


def test_a_finished_start_needs_nothing_and_starts_no_process(installed, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    assert launcher.prepare(installed, ("test",)) == launcher.venv_python(installed / ".venv")
    assert launcher.prepare(installed, ()) == launcher.venv_python(installed / ".venv")  # test includes lab


def change_constraints(root):
    (root / "constraints.txt").write_text("torch==2.14.0\n")


def change_dependencies(root):
    text = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(text.replace('"torch>=2"', '"torch>=2", "tqdm"'))


def change_ruff(root):
    (root / "pyproject.toml").write_text((root / "pyproject.toml").read_text().replace("120", "100"))


def change_stamp(clone, **values):
    stamp = clone / ".venv" / launcher.STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), **values}))


@pytest.mark.parametrize(("change", "state"), [
    (change_ruff, "ready"),
    (change_constraints, "update"),
    (change_dependencies, "update"),
    (lambda root: change_stamp(root, extras=[]), "update"),
    (lambda root: (root / ".venv" / launcher.STAMP).write_text("{cut"), "update"),
    (lambda root: (root / ".venv" / launcher.STAMP).unlink(), "update"),  # made by hand: kept
    (lambda root: change_stamp(root, root="/elsewhere"), "rebuild"),
    (lambda root: change_stamp(root, python="3.10"), "rebuild"),
    (lambda root: (root / ".venv" / launcher.UNFINISHED).touch(), "rebuild"),
    (lambda root: launcher.venv_python(root / ".venv").unlink(), "rebuild"),
], ids=["tool settings", "constraints", "dependencies", "lab only", "cut stamp", "no stamp", "moved", "old python",
        "unfinished", "no python"])
def test_what_a_change_costs(installed, change, state):
    change(installed)
    assert launcher.inspect(installed, ("test",)) == state


def test_a_virtual_environment_without_pip_is_made_anew(installed):
    (installed / ".venv" / launcher.STAMP).unlink()
    (installed / ".venv" / "lib" / "pip-26.3.dist-info").rmdir()
    assert launcher.inspect(installed) == "rebuild"


def test_what_was_announced_is_what_is_installed(installed, pip, capsys):
    change_constraints(installed)
    launcher.prepare(installed, ("test",))
    plan, install, own = pip
    assert "--dry-run" in plan
    assert {"torch>=2", "ruff", "hatchling"} <= set(plan)
    assert "--no-deps" in install
    assert (installed / ".venv" / "course-plan.txt").read_text() == "ruff==0.17.5\ntorch==2.13.0+cpu\n"
    assert own[-2:] == ["-e", "."]  # not the path: pip takes the end of `rnn[1]` for an extra
    assert "2 packages, about 200 MB (largest: torch 2.13.0+cpu, 190 MB)" in capsys.readouterr().out
    assert launcher.inspect(installed, ("test",)) == "ready"
    assert not (installed / ".venv" / launcher.UNFINISHED).exists()


def test_a_failure_leaves_the_mark_that_repairs_it(installed, pip, monkeypatch):
    change_constraints(installed)
    record = launcher.run_pip

    def fail_on_install(command, root, log, on_line=None):
        record(command, root, log, on_line)
        if "-r" in command:
            raise Trouble("no network")

    monkeypatch.setattr(launcher, "run_pip", fail_on_install)
    with pytest.raises(Trouble, match="no network"):
        launcher.prepare(installed, ("test",))
    assert launcher.inspect(installed, ("test",)) == "rebuild"


def test_an_old_pip_is_renewed_before_it_is_asked(installed, pip):
    change_constraints(installed)
    (installed / ".venv" / "lib" / "pip-26.3.dist-info").rename(installed / ".venv" / "lib" / "pip-23.2.1.dist-info")
    launcher.prepare(installed, ("test",))
    assert pip[0][-1] == "pip"
    assert "--upgrade" in pip[0]


def test_the_cuda_build_is_announced_as_what_it_is(capsys):
    disk = launcher.announce([("torch", "2.13.0"), ("nvidia-cublas", "13.1.1.3")])
    said = capsys.readouterr().out
    assert "largest: the CUDA build of torch" in said
    assert disk > launcher.CUDA_DISK_MB


@pytest.mark.parametrize(("line", "said"), [
    ("Collecting nvidia-cublas==13.1.1.3 (from -r plan.txt)", "nvidia-cublas"),
    ("Processing /some folder/wheels/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "torch"),
])
def test_progress_counts_packages_from_an_index_and_from_a_folder(line, said, capsys):
    progress = launcher.Progress(10)
    for _ in range(10):
        progress(line)
        progress("  Downloading something (1 kB)")
    assert capsys.readouterr().out == f"   10/10 {said}\n"


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("line", [
    "Collecting nvidia-cudnn-cu13==9.20.0.48 (from torch==2.13.0)",
    "Collecting cuda-bindings<14,>=13.0.3 (from torch==2.13.0)",
    "Collecting triton==3.7.1 (from torch==2.13.0)",
    "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)",
    "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (1.1 GB)",
])
def test_the_cuda_build_is_refused_at_its_first_sign(line):
    with pytest.raises(Trouble, match=r"CUDA build .* --allow-cuda$"):
        launcher.CudaGuard()(line)


@pytest.mark.parametrize("line", [
    "Collecting torch==2.13.0",
    "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (29 kB)",
    "  Downloading torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)",
])
def test_the_cpu_build_is_not_refused(line):
    launcher.CudaGuard()(line)


def test_versions_that_do_not_fit_are_not_mistaken_for_a_missing_cpu_build():
    guard = launcher.CudaGuard()
    guard("Processing /wheels/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl")
    with pytest.raises(Trouble, match=r"constraints.txt: .*but no set of versions that fits this Python"):
        guard("  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)")


def test_a_folder_that_is_no_virtual_environment_is_left_alone(clone):
    (clone / ".venv").mkdir()
    (clone / ".venv" / "thesis.tex").touch()
    with pytest.raises(Trouble, match="not a virtual environment: move it away"):
        launcher.prepare(clone, ())
    assert (clone / ".venv" / "thesis.tex").exists()


def test_a_removal_that_was_interrupted_can_be_repaired(installed, monkeypatch):
    (installed / ".venv" / launcher.UNFINISHED).touch()
    with monkeypatch.context() as patch:
        patch.setattr(launcher.shutil, "rmtree", lambda part: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            launcher.prepare(installed, ())
    (installed / ".venv" / "pyvenv.cfg").unlink(missing_ok=True)  # gone already, in a removal of some other order
    launcher.clear_venv(installed / ".venv")
    assert [part.name for part in (installed / ".venv").iterdir()] == [launcher.UNFINISHED]


@pytest.mark.skipif(launcher.WINDOWS, reason="Windows has no harmless signal")
def test_an_environment_that_another_start_prepares_is_left_alone(installed):
    (installed / ".venv" / launcher.UNFINISHED).write_text(str(os.getppid()))
    (installed / ".course").mkdir()
    (installed / launcher.LOG).write_text("its words")
    with pytest.raises(Trouble, match=f"process {os.getppid()} is still preparing it.*or delete .venv"):
        launcher.prepare(installed, ())
    assert (installed / launcher.LOG).read_text() == "its words"


def test_the_environment_that_runs_is_not_removed(installed, monkeypatch):
    (installed / ".venv" / launcher.UNFINISHED).touch()
    monkeypatch.setattr(sys, "prefix", str(installed / ".venv"))
    with pytest.raises(Trouble, match="deactivate"):
        launcher.prepare(installed, ())


def test_a_python_without_venv_is_named(clone, monkeypatch):
    monkeypatch.setattr(launcher.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
    with pytest.raises(Trouble, match="has no ensurepip module.*apt install python3-venv"):
        launcher.prepare(clone, ())


def test_a_full_disk_is_seen_before_the_download(clone):
    with pytest.raises(Trouble, match="no disk space: about .* MB are needed"):
        launcher.require_space(clone, 1e12)


@pytest.mark.parametrize(("number", "words"), [(errno.EROFS, "read-only"), (errno.EACCES, "read-only"),
                                               (errno.ENOSPC, "no disk space")])
def test_a_failed_write_is_explained(clone, monkeypatch, number, words):
    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number), str(clone / ".course"))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(Trouble, match=f"{words}.*start again"):
        launcher.prepare(clone, ())


def test_a_taken_port_is_named():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        with pytest.raises(Trouble, match="taken or not allowed: choose another"):
            launcher.require_free_port(holder.getsockname()[1])


@pytest.mark.parametrize(("output", "words"), [
    ("WARNING: Retrying after connection broken by 'NewConnectionError(...: Temporary failure in name resolution)'\n"
     "ERROR: Could not find a version that satisfies the requirement torch==2.13.0\n", "no network"),
    ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "no disk space"),
    ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "read-only"),
    (f"Error: Refusing to create a venv in /a{os.pathsep}b because it contains the PATH separator {os.pathsep}.",
     f"'{os.pathsep}' in the path of this folder"),
    ("ERROR: No matching distribution found for torch==2.13.0", "no build of torch==2.13.0 for this Python"),
    ("Collecting a\nERROR: something new\nhint: none", "pip failed: something new"),
])
def test_pips_words_become_one_line(clone, output, words):
    log = io.StringIO()
    with pytest.raises(Trouble, match=words) as caught:
        launcher.run_pip([sys.executable, "-c", f"print({output!r}); raise SystemExit(1)"], clone, log)
    assert "\n" not in str(caught.value)
    assert "setup.log" in str(caught.value)
    assert "# exit 1" in log.getvalue()


def test_pip_is_stopped_when_a_line_is_refused(clone):
    source = "import time; print('Collecting nvidia-cublas==13', flush=True); time.sleep(60)"
    with pytest.raises(Trouble, match="CUDA"):
        launcher.run_pip([sys.executable, "-c", source], clone, io.StringIO(), launcher.CudaGuard())


@pytest.mark.parametrize("text", [None, "<<<<<<< HEAD\n", "[project]\n"])
def test_settings_that_cannot_be_read_are_one_line(clone, text):
    launcher.venv_python(clone / ".venv").parent.mkdir(parents=True)
    launcher.venv_python(clone / ".venv").touch()
    (clone / ".venv" / launcher.STAMP).write_text(json.dumps(
        {"key": "", "root": launcher.place(clone), "python": launcher.python_version(), "extras": []}))
    (clone / "pyproject.toml").write_text(text) if text else (clone / "constraints.txt").unlink()
    with pytest.raises(Trouble, match="take both from a fresh"):
        launcher.prepare(clone, ())


@pytest.mark.parametrize(("version", "mend"), [("3.12", "pypi.org has one"), ("3.9", "start again with Python 3.11")])
def test_nobody_is_sent_to_the_python_that_runs(monkeypatch, version, mend):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version_info", (*map(int, version.split(".")), 0))
        module = importlib.util.module_from_spec(importlib.util.find_spec("course_lib.launcher"))
        module.__spec__.loader.exec_module(module)
        said = module.explain("ERROR: No matching distribution found for torch==2.13.0")
    assert f"this Python ({version})" in said
    assert mend in said


@pytest.mark.skipif(launcher.WINDOWS, reason="Windows keeps a current folder from being deleted")
@pytest.mark.parametrize("word", ["lab", "test", "show-notebook", "grade", "progress"])
def test_a_deleted_current_folder_is_one_line(tmp_path, word):
    gone = tmp_path / "gone"
    gone.mkdir()
    code = (f"import os, sys; os.rmdir({str(gone)!r}); from course_lib import launcher; "
            f"sys.exit(launcher.main([{word!r}]))")
    done = subprocess.run([sys._base_executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False,
                          env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (
        2, "course_lib: the current folder was deleted: `cd` to one that is there and start again\n")


# ---------------------------------------------------------------- folders with odd names


ODD = ['a "b" c', 'a"b', "it's ''' here", "$HOME `id` $(id)", "50% \\x \\", "tab\there", "new\nline", "[1]",
       "R&D; (2) #!", "Übung – é", "e\u0301", "x" * 150 + "&", "end "]


@pytest.mark.skipif(launcher.WINDOWS, reason="scripts are programs there")
@pytest.mark.parametrize("name", [*ODD, b"latin \xe9"], ids=ascii)
def test_scripts_start_from_a_folder_of_any_name(tmp_path, name):
    root = tmp_path / os.fsdecode(name)
    try:
        (root / ".venv" / "bin").mkdir(parents=True)
    except OSError:
        pytest.skip("this disk has no such names")
    real = tmp_path / "real"
    real.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n")
    real.chmod(0o755)
    python = launcher.venv_python(root / ".venv")
    python.symlink_to(real)
    path = os.fsencode(python)
    headers = {  # what pip writes: for a short path, for one with spaces, for a long one
        "short": b"#!%s\n" % path,
        "quoted": b"#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\"\n' '''\n" % path,
        "long": b"#!/bin/sh\n'''exec' %s \"$0\" \"$@\"\n' '''\n" % path,
        "own": b"#!/usr/bin/env python\n",
    }
    for script, header in headers.items():
        python.with_name(script).write_bytes(header + b"# -*- coding: utf-8 -*-\nimport sys\n")
        python.with_name(script).chmod(0o755)
    for _ in range(2):
        launcher.mend_venv(root)
    (tmp_path / "link").symlink_to(python.with_name("quoted"))
    for file in (*map(python.with_name, ("short", "quoted", "long")), tmp_path / "link"):
        assert subprocess.check_output([file, "a b", "$c"]) == b"<%s><a b><$c>" % os.fsencode(file)
    assert python.with_name("own").read_bytes().startswith(headers["own"])
    assert real.read_text().startswith("#!/bin/sh\nprintf")


def test_python_reads_the_mended_header_as_a_text():
    assert ast.unparse(ast.parse(launcher.HEADER + b"import sys\n").body[1]) == "import sys"


def locales(folder):
    """Environments with the encodings that terminals have; Latin-1 where it can be made."""
    yield {"LC_ALL": "C.UTF-8"}
    yield {"LC_ALL": "C"}
    yield {"LC_ALL": "C", "PYTHONUTF8": "1"}
    yield {"LC_ALL": "C", "PYTHONUTF8": "0"}
    latin = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE.ISO-8859-1")]
    with contextlib.suppress(OSError):
        if subprocess.run(latin, capture_output=True, check=False).returncode == 0:
            yield {"LC_ALL": "de_DE.ISO-8859-1", "LOCPATH": str(folder)}


def test_the_course_is_found_in_every_locale(tmp_path):
    root = tmp_path / "Übung – é"
    venv = root / ".venv"
    subprocess.run([sys._base_executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next(venv.glob("lib/python*/site-packages"), venv / "Lib" / "site-packages")
    (site / "_editable_impl_course_lib.pth").write_bytes(os.fsencode(root))
    launcher.mend_venv(root)
    code = "import os, sys; print(ascii(os.fsencode(sys.path[-1])))"
    for locale in locales(tmp_path):
        for options in ([], ["-I"]):
            done = subprocess.run([launcher.venv_python(venv), *options, "-c", code], capture_output=True, text=True,
                                  check=False, env={k: v for k, v in os.environ.items() if k[:2] != "LC"} | locale)
            assert done.stdout.strip() == ascii(os.fsencode(root)), (locale, done.stderr)


def test_a_folder_is_the_same_in_every_locale(tmp_path):
    root = tmp_path / "Übung – é"
    root.mkdir()
    code = "import pathlib, sys; from course_lib import launcher as l; print(ascii(l.place(pathlib.Path(sys.argv[1]))))"
    for locale in locales(tmp_path):
        done = subprocess.run([sys._base_executable, "-c", code, root], capture_output=True, text=True, check=True,
                              env=os.environ | {"PYTHONPATH": str(ROOT)} | locale)
        assert done.stdout.strip() == ascii(str(root)), locale


def test_a_plain_folder_is_left_as_it_is(tmp_path):
    site = tmp_path / ".venv" / "lib" / "python3" / "site-packages"
    site.mkdir(parents=True)
    (site / "_editable_impl_course_lib.pth").write_text(str(tmp_path))  # editors read such a line, no other
    launcher.mend_venv(tmp_path)
    assert (site / "_editable_impl_course_lib.pth").read_text() == str(tmp_path)


@pytest.mark.parametrize("start", [lambda root: launcher.prepare(root, ("test",)),
                                   lambda root: launcher.main(["grade", "x.ipynb"])], ids=["lab", "grade"])
def test_an_environment_of_an_older_version_is_mended(installed, monkeypatch, start):
    monkeypatch.setattr(launcher, "ROOT", installed)
    monkeypatch.setattr(launcher, "hand_over", lambda command, env: 0)
    site = installed / ".venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (site / "_editable_impl_course_lib.pth").write_bytes(os.fsencode(installed))
    start(installed)
    assert (site / "_editable_impl_course_lib.pth").read_bytes().startswith(b"import os, sys; ")


# ---------------------------------------------------------------- what is handed over


def test_lab_opens_the_start_notebook_with_its_own_kernel(handed, monkeypatch, tmp_path):
    monkeypatch.setattr(launcher, "ROOT", tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert launcher.main(["lab", "--no-browser", "--collaborative"]) == 0
    (extras, allow_cuda), (command, env) = handed
    assert (extras, allow_cuda) == ((), False)
    assert command[:3] == [str(launcher.venv_python(tmp_path / ".venv")), "-m", "jupyterlab"]
    assert {"--no-browser", "--collaborative", "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
            f"--ServerApp.root_dir={tmp_path}"} <= set(command)
    assert env["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert not env["JUPYTER_PATH"]
    assert "PYTHONPATH" not in env
    settings = Path(env["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab/apputils-extension/notification.jupyterlab-settings")
    assert json.loads(settings.read_text())["fetchNews"] == "false"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A course of three notebooks of its own, one of which is no notebook, for a user with an empty home."""
    root = tmp_path / "course"
    for name, text in [("notebooks/01_a", EMPTY), ("notebooks/02_b", EMPTY + " "), ("solutions/01_a", "{}")]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{name}.ipynb").write_text(text)
    (root / "course_lib").mkdir()
    (root / trust.LIST).write_text(trust.trusted(root))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    return root


EMPTY = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def test_the_courses_own_notebooks_are_signed_once(own, tmp_path):
    (own / "notebooks/02_b.ipynb").write_text(EMPTY.replace('"metadata": {}', '"metadata": {"mine": 1}'))
    assert set(trust.to_sign(own)) == {"notebooks/01_a.ipynb", "solutions/01_a.ipynb"}
    assert trust.sign(own) == 1
    assert trust.to_sign(own) == {}
    notary = NotebookNotary(data_dir=str(tmp_path / "data"))
    signed = [notary.check_signature(nbformat.read(own / f"notebooks/{name}.ipynb", 4)) for name in ("01_a", "02_b")]
    notary.store.close()
    assert signed == [True, False]


def test_another_home_another_file_or_a_lost_database_asks_again(own, tmp_path, monkeypatch):
    trust.sign(own)
    (own / "notebooks/02_b.ipynb").write_text(EMPTY + "  ")
    (own / "solutions/01_a.ipynb").unlink()
    (own / trust.LIST).write_text(trust.trusted(own))
    assert set(trust.to_sign(own)) == {"notebooks/02_b.ipynb"}
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "other"))
    assert set(trust.to_sign(own)) == {"notebooks/01_a.ipynb", "notebooks/02_b.ipynb"}
    monkeypatch.undo()
    (tmp_path / "data" / "nbsignatures.db").unlink()
    assert len(trust.to_sign(own)) == 2


def test_a_home_that_cannot_be_written_is_one_line(monkeypatch, capsys, tmp_path):
    (tmp_path / "data").write_text("a file")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(trust, "to_sign", lambda root: {"notebooks/01_a.ipynb": "0"})
    trust.main()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "File › Trust Notebook" in said.err


def test_lab_signs_before_it_opens(handed, monkeypatch, tmp_path):
    monkeypatch.setattr(launcher, "ROOT", tmp_path)
    monkeypatch.setattr(trust, "to_sign", lambda root: {"notebooks/01_a.ipynb": "0"})
    monkeypatch.setattr(subprocess, "run", lambda command, **options: handed.append(command))
    launcher.main(["lab"])
    assert handed[1] == [str(launcher.venv_python(tmp_path / ".venv")), "-m", "course_lib.trust"]


def test_children_hear_where_packages_come_from_and_nothing_else_of_pip_and_python(monkeypatch, tmp_path):
    kept = {"PIP_INDEX_URL": "i", "PIP_FIND_LINKS": "l", "PIP_CERT": "c", "PIP_PROXY": "p", "PIP_NO_CACHE_DIR": "1"}
    gone = dict.fromkeys(["PIP_TARGET", "PIP_QUIET", "PIP_NO_DEPS", "PIP_DRY_RUN", "PIP_PYTHON", "PYTHONOPTIMIZE",
                          "PYTHONWARNINGS", "PYTHONHOME"], "x")
    for name, value in (kept | gone | {"PIP_USER": "1"}).items():
        monkeypatch.setenv(name, value)
    env = launcher.child_environment(tmp_path)
    assert kept.items() <= env.items()
    assert env["PIP_USER"] == "0"
    assert not gone.keys() & env.keys()


def test_no_kernel_of_the_same_name_shadows_the_course(monkeypatch, tmp_path):
    folder = tmp_path / "home" / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text('{"argv": ["/bin/false"], "display_name": "Other", "language": "python"}')
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder.parent.parent))
    monkeypatch.setenv("JUPYTER_PATH", str(folder.parent.parent))
    env = launcher.child_environment(tmp_path) | launcher.jupyter_environment(tmp_path)
    code = ("from jupyter_client.kernelspec import KernelSpecManager as M; m = M(allowed_kernelspecs={'python3'}); "
            "print(*m.find_kernel_specs(), m.get_kernel_spec('python3').argv)")
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("python3 ")
    assert "ipykernel_launcher" in done.stdout


def test_the_start_notebook_asks_for_the_kernel_that_lab_offers():
    notebook = ROOT / launcher.START
    assert json.loads(notebook.read_text("utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


def test_test_hands_its_arguments_to_pytest(handed, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert launcher.main(["test", "-k", "nn or data", "--allow-cuda"]) == 0
    (extras, allow_cuda), (command, env) = handed
    assert (extras, allow_cuda) == (("test",), True)
    assert command[1:4] == ["-m", "pytest", "-n"]
    assert command[-2:] == ["-k", "nn or data"]  # a later -n counts
    assert env["OMP_NUM_THREADS"] == "1"


def test_other_words_go_to_course_in_the_finished_environment(handed, monkeypatch, installed):
    monkeypatch.setattr(launcher, "ROOT", installed)
    assert launcher.main(["grade", "x.ipynb"]) == 0
    assert handed[0][0] == [str(launcher.venv_python(installed / ".venv")), "-m", "course_lib", "grade", "x.ipynb"]


def test_other_words_go_to_course_in_this_python_when_there_is_no_other(clone, monkeypatch, capsys):
    monkeypatch.setattr(launcher, "ROOT", clone)
    with pytest.raises(SystemExit) as end:
        launcher.main(["--version-that-nobody-knows"])
    assert end.value.code == 2
    assert "Usage: course" in capsys.readouterr().err


def test_other_words_without_an_installed_course_are_explained(clone, monkeypatch, capsys):
    monkeypatch.setattr(launcher, "ROOT", clone)
    monkeypatch.setitem(sys.modules, "typer", None)
    monkeypatch.delitem(sys.modules, "course_lib.cli", raising=False)
    assert launcher.main(["grade", "x.ipynb"]) == 2
    assert "'grade' needs the installed course (typer is missing)" in capsys.readouterr().err


def test_windows_keeps_its_python_elsewhere(monkeypatch):
    monkeypatch.setattr(launcher, "WINDOWS", True)
    assert launcher.venv_python(Path("v")).parts == ("v", "Scripts", "python.exe")
    assert launcher.is_running("1") is False


def test_windows_waits_for_its_child(monkeypatch):
    monkeypatch.setattr(launcher, "WINDOWS", True)
    assert launcher.hand_over([sys.executable, "-c", "raise SystemExit(5)"], dict(os.environ)) == 5


def test_trouble_is_one_line_and_exit_code_two(monkeypatch, capsys):
    assert launcher.main(["show-notebook", "no-such.ipynb"]) == 2
    assert capsys.readouterr().err == "course_lib: show-notebook: expected one notebook file, got no-such.ipynb\n"


# ---------------------------------------------------------------- notebooks as text


def test_a_notebook_shows_its_sources_and_not_its_pictures(tmp_path, capsys):
    cells = [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Größe"},
        {"cell_type": "code", "id": "c", "metadata": {"tags": ["answer:f"]}, "source": ["a = 1\n", "a"], "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["said\n"]},
            {"output_type": "display_data", "data": {"image/png": "A" * 5000, "text/plain": "<Figure>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []},
        ]},
    ]
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}}), encoding="utf-8")
    assert launcher.main(["show-notebook", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "# ---- markdown m", "# Größe", "", "# ---- code c answer:f", "a = 1", "a", "# out: said", "# out: <Figure>",
        "# out: image/png, 5000 characters", "# out: ValueError: no"]


@pytest.mark.parametrize("text", ["", "{cut", "[]", '{"cells": [{}]}'])
def test_a_broken_notebook_still_has_a_diff(tmp_path, capsys, text):
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    assert launcher.main(["show-notebook", str(path)]) == 0
    assert capsys.readouterr().out == text + "\n"


def test_examples_in_the_launcher_are_true():
    assert doctest.testmod(launcher).failed == 0
