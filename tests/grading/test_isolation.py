"""Nothing from a user's folder, home or environment runs in the grader, and nothing there changes a point."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading import isolation, main
from tests.grading.handed_in import COURSE, grade, notebook, save

ROOT = Path(__file__).resolve().parents[2]
WRONG = {"step": "def step(x, h, W):\n    return x + h @ W.T", "word": "import matplotlib\nword = 'tanh'"}
RC = "matplotlib.rcParams['figure.dpi'] == 33"
WRONG["word"] += f"\nif {RC}:\n    word = 'a matplotlibrc was read'"
CHEAT = """
import sys
with open({log!r}, "a") as log:
    log.write({name!r} + " in " + " ".join(sys.orig_argv) + "\\n")
try:
    from course_lib.checks.judge import Verdict
    from course_lib.grading import plugin
    plugin.no_points = lambda t, s, m: Verdict(t.id, t.name, t.points, t.points, "right", "x")
except Exception:
    pass
import a_package_that_is_not_installed
"""
INI = "addopts = -p cheat_plugin --strict-config\n"
SETTINGS = {
    "pytest.ini": f"[pytest]\n{INI}",
    "pyproject.toml": f"[tool.pytest.ini_options]\n{INI.replace('= ', '= ' + chr(39)).strip()}'\n",
    "tox.ini": f"[pytest]\n{INI}",
    "setup.cfg": f"[tool:pytest]\n{INI}",
    "matplotlibrc": "figure.dpi: 33\n",
}
CODE = (
    *("conftest.py", "test_x/conftest.py", "tests/conftest.py", "ada/conftest.py", "../conftest.py"),
    *("cheat_plugin.py", "numpy.py", "pytest.py", "json.py", "nbval/__init__.py", "course_lib/__init__.py"),
    *("ipython_config.py", "jupyter_config.py"),
)
AT_HOME = (
    *(".ipython/profile_default/startup/00.py", ".ipython/profile_default/ipython_config.py"),
    *(".jupyter/jupyter_config.py", ".jupyter/jupyter_server_config.py", "sitecustomize.py", "usercustomize.py"),
)


def trap(path, log):
    """A file that tells who runs it, and then gives everybody full points."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CHEAT.format(log=str(log), name=path.name))


def fill(folder, log):
    """A class with a trap at every door, one submission in it, and a home full of settings."""
    home = folder.parent / "home"
    for path in (*(folder / name for name in CODE), *(home / name for name in AT_HOME)):
        trap(path, log)
    for name, text in SETTINGS.items():
        (folder / name).write_text(text)
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text(SETTINGS["matplotlibrc"])
    (folder / "bwrap").write_text(f"#!/bin/sh\necho bwrap >> {log}\n")
    (folder / "bwrap").chmod(0o755)
    save(folder, "ada/x.ipynb", notebook(**WRONG))
    return home


def hostile_environment(folder, home):
    return {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "MPLCONFIGDIR": str(home / ".config" / "matplotlib"),
        "MATPLOTLIBRC": str(folder),
        "PYTEST_PLUGINS": "cheat_plugin",
        "PYTEST_ADDOPTS": "-p cheat_plugin",
        "PATH": f".:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(home / ".cache"),
    }


@pytest.mark.parametrize("sandbox", ["best", "off"])  # without walls a kernel could write the log, too
def test_no_file_of_the_class_and_no_setting_runs_in_the_grader(tmp_path, sandbox):
    folder, log, script = tmp_path / "up" / "class", tmp_path / "log", tmp_path / "bin" / "course"
    home = fill(folder, log)
    script.parent.mkdir()
    script.write_text("from course_lib.cli import main\nmain()\n")
    given = hostile_environment(folder, home) | {
        "PYTHONPATH": f"{home}:{ROOT}:{folder}",
        "PYTHONSTARTUP": "conftest.py",
    }
    (folder / "json.py").unlink()  # the very first process is Python's and the user's: it would not come far
    line = [sys.executable, str(script), "grade", ".", "--course", str(COURSE), "--seed", "3", "--sandbox", sandbox]
    line += ["--json", "out.json"]
    done = subprocess.run(line, cwd=folder, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [row] = json.loads((folder / "out.json").read_text())["submissions"]
    assert (row["file"], row["points"]) == ("ada/x.ipynb", 6), row
    ran = [x for x in log.read_text().splitlines() if str(script) not in x]
    assert ran == [], "only Python's own first process may have run sitecustomize"


def test_called_as_a_function_it_reads_no_settings_either(tmp_path, monkeypatch):
    folder, log = tmp_path / "up" / "class", tmp_path / "log"
    home = fill(folder, log)
    for name, value in hostile_environment(folder, home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    _, rows = grade(".", tmp_path)
    assert rows["x.ipynb"]["points"] == 6
    assert not log.exists()


def test_a_worker_that_is_started_as_a_program_is_isolated(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("LD_LIBRARY_PATH", f":lib:{tmp_path}")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "site-packages"), str(tmp_path / "own")])
    words = isolation.command("course_lib.grading.show_it", "é", "")
    (tmp_path / "own").mkdir()
    program = "import json, os, sys; from course_lib.grading import isolation\n"
    program += "def main(): print(json.dumps([sys.path, dict(os.environ), sys.argv[1:], isolation.__file__]))"
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "show_it.py").write_text(program)
    words[words.index("course_lib.grading.show_it")] = "show_it"
    env = isolation.environment() | {"LC_ALL": "C"}
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    path, environment, argv, file = json.loads(done.stdout)
    assert path[-1] == str(tmp_path / "site-packages")
    assert not {"", str(tmp_path), str(tmp_path / "own"), str(ROOT), "/somewhere"} & set(path)
    assert environment["LD_LIBRARY_PATH"] == str(tmp_path) and "PYTHONPATH" not in environment
    assert argv == ["é", ""]
    assert file == str(ROOT / "course_lib" / "grading" / "isolation.py")


def test_checks_of_a_course_that_nobody_named_are_not_run(folder, tmp_path, monkeypatch, capsys):
    save(folder, "x.ipynb", notebook())
    monkeypatch.setattr(main.Course, "here", lambda: main.Course(COURSE))
    assert main.grade([folder / "x.ipynb"]) == 2
    assert "give --course DIR" in capsys.readouterr().err


LATIN = "Übung – José (1).ipynb"


def locale_folder(tmp_path):
    """A folder with a Latin-1 locale."""
    where = tmp_path / "locales"
    where.mkdir()
    made = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(where / "en_US.ISO-8859-1")]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs localedef and its tables")
    return where


@pytest.mark.parametrize("kind", ["latin", "ascii"])
def test_no_locale_and_no_name_changes_a_grade(tmp_path, kind):
    folder = tmp_path / "Ünterlagen 日本"
    save(folder, LATIN, notebook(**WRONG))
    settings = {
        "latin": {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"},  # the launcher sets it for its children
        "ascii": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    }[kind]
    if kind == "latin":
        settings["LOCPATH"] = str(locale_folder(tmp_path))
    line = [sys.executable, "-m", "course_lib.cli", "grade", str(folder), "--course", str(COURSE), "--seed", "3"]
    line += ["--json", str(folder / "Ö.json"), "--state", str(folder / "state")]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))} | settings
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr
    [row] = json.loads((folder / "Ö.json").read_text("utf-8"))["submissions"]
    assert (row["file"], row["points"]) == (str(folder / LATIN), 6)
    told = done.stdout.decode("latin-1" if kind == "latin" else "utf-8", "replace")
    assert "6 of 10" in told and ("José" in told) == (kind != "ascii")


def test_a_deleted_current_folder_costs_nothing_or_one_line(folder, tmp_path):
    file = save(folder, "x.ipynb", notebook(**WRONG))
    code = (
        "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); sys.argv[0] = 'course'\n"
        "from course_lib.cli import main; main()"
    )

    def run(*words):
        words = words if words[0] == "build" else ["grade", *words, "--course", COURSE, "--seed", "3"]
        line = [sys.executable, "-c", code, *map(str, words)]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True)

    done = run(file, "--state", tmp_path / "state")
    assert (done.returncode, done.stdout.split()[:3]) == (0, ["6", "of", "10"]), done.stderr
    done = run("build", "--check")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    for words in (["x.ipynb"], [file, "--json", "out.json"]):
        done = run(*words)
        assert done.returncode == 2
        assert done.stderr.splitlines() == [
            f"course: grade: {Path(words[-1]).name}: the current folder was deleted or is closed; "
            "go to another one, or give the whole path"
        ]


@pytest.mark.parametrize(("streams", "code"), [("<&- >&- 2>&-", 0), (">/dev/full", 1)])
def test_closed_and_full_streams_are_no_fault_of_learners(folder, tmp_path, streams, code):
    save(folder, "x.ipynb", notebook(**WRONG))
    line = [sys.executable, "-m", "course_lib.cli", "grade", str(folder), "--course", str(COURSE), "--seed", "3"]
    line += ["--json", str(tmp_path / "out.json"), "--state", str(tmp_path / "state")]
    shell = ["sh", "-c", f'exec "$@" {streams}', "sh"]
    done = subprocess.run([*shell, *line], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code
    told = [x for x in done.stderr.splitlines() if not x.startswith("graded")]
    assert len(told) == code and all(x.startswith("course: the summary could not be shown") for x in told)
    assert [s["points"] for s in json.loads((tmp_path / "out.json").read_text())["submissions"]] == [6]


def test_too_few_open_files_are_one_line(folder, tmp_path, capsys, monkeypatch):
    import resource

    save(folder, "x.ipynb", notebook())
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (20, 20))
    code, _ = grade(folder, tmp_path, jobs=1)
    assert code == 2
    assert capsys.readouterr().err == "course: only 20 files may be open, --jobs 1 needs 44: try `ulimit -n 1024`\n"


def test_no_temporary_folder_is_one_line(folder, tmp_path, capsys, monkeypatch):
    save(folder, "x.ipynb", notebook())
    monkeypatch.setattr(main.tempfile, "gettempdir", lambda: (_ for _ in ()).throw(FileNotFoundError(2, "none")))
    code, _ = grade(folder, tmp_path)
    assert code == 2
    assert "name one in TMPDIR" in capsys.readouterr().err
