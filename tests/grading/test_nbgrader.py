"""The export: nbgrader's own commands run on it unchanged, and give the points that our grader gives."""

import csv
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.bench import grade as bench_grade
from course_lib.grading import nbgrader
from course_lib.grading.course import Course
from tests.grading.handed_in import COURSE


def test_solutions_become_source_notebooks(tmp_path):
    nbgrader.export(tmp_path / "out", Course(COURSE))
    nb = json.loads((tmp_path / "out" / "source" / "01_tiny" / "01_tiny.ipynb").read_text())
    records = {c["metadata"]["nbgrader"]["grade_id"]: c for c in nb["cells"] if "nbgrader" in c["metadata"]}
    assert len(records) == 8
    assert sum(c["metadata"]["nbgrader"].get("points", 0) for c in records.values()) == 10
    assert "BEGIN SOLUTION" in records["answer-step"]["source"]
    assert 'study("01.1", step' in records["check-step"]["source"]
    nbgrader.export(tmp_path / "out", Course(COURSE))  # a second time: the same files again


def test_a_folder_of_somebody_else_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(FileExistsError, match="name another folder"):
        nbgrader.export(tmp_path, Course(COURSE))
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_what_somebody_changed_in_an_export_is_kept(tmp_path):
    files = [Path(name) for name in nbgrader.export(tmp_path, Course(COURSE))]
    for number in ("", "-2"):
        changed = {file: file.read_bytes() + f"# by hand {number}\n".encode() for file in files}
        for file, content in changed.items():
            file.write_bytes(content)
        nbgrader.export(tmp_path, Course(COURSE))
        for file, content in changed.items():
            assert (tmp_path / "replaced" / f"{file.stem}.old{number}{file.suffix}").read_bytes() == content
    assert [p.name for p in (tmp_path / "source" / "01_tiny").iterdir()] == ["01_tiny.ipynb"]


def test_a_folder_without_a_course_is_sent_to_one(tmp_path, monkeypatch):
    """The command has no option --course."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exercises").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no solutions/ .*: run the command in a whole clone"):
        nbgrader.export(tmp_path / "out", Course(tmp_path))

    def nowhere():
        raise FileNotFoundError("name the course with --course DIR")

    monkeypatch.setattr(Course, "here", nowhere)
    with pytest.raises(FileNotFoundError, match="no course here: run the command in a clone of the course"):
        nbgrader.export(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_any_name_makes_settings_that_can_be_read(tmp_path):
    root = tmp_path / 'Übung "a" \\ {b}'
    shutil.copytree(COURSE, root)
    nbgrader.export(tmp_path / 'out "x"', Course(root))
    told = SimpleNamespace(
        **{k: SimpleNamespace() for k in ("CourseDirectory", "ClearSolutions", "ExecutePreprocessor")}
    )
    text = (tmp_path / 'out "x"' / "nbgrader_config.py").read_text("utf-8")
    exec(text, {"get_config": lambda: told})
    assert (told.CourseDirectory.course_id, told.CourseDirectory.root) == (root.name, str(tmp_path / 'out "x"'))


def test_the_environment_of_nbgrader_follows_the_course(tmp_path, monkeypatch):
    site = tmp_path / "nbgrader" / "lib" / "python3" / "site-packages"
    site.mkdir(parents=True)
    (tmp_path / "nbgrader" / "ready").touch()
    (site / "zz_course.pth").write_text("/a/clone/that/is/gone\n")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.delenv("COURSE_NBGRADER", raising=False)
    bench_grade.nbgrader_environment()
    assert (site / "zz_course.pth").read_text().splitlines()[-1] == str(Path(nbgrader.__file__).resolve().parents[2])


@pytest.mark.skipif(
    not any(os.environ.get(k) for k in ("COURSE_NBGRADER", "COURSE_TEST_NBGRADER")),
    reason="installs nbgrader into an environment of its own: set COURSE_TEST_NBGRADER=1",
)
def test_nbgrader_itself_runs_on_the_export(tmp_path):
    try:
        programs = bench_grade.nbgrader_environment()
    except OSError as error:
        pytest.skip(str(error))
    root = Path(nbgrader.__file__).resolve().parents[2]
    solution = json.loads((root / "solutions" / "01_recurrence.ipynb").read_text())
    right = {
        t: c["source"] for c in solution["cells"] for t in c["metadata"].get("tags", []) if t.startswith("answer:")
    }
    home = tmp_path / "course"
    nbgrader.export(home)
    shutil.rmtree(home / "source", ignore_errors=True)
    nbgrader.export(home)
    env = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "IPYTHONDIR": str(tmp_path / "ipython")}

    def run(*words):
        subprocess.run([str(programs / "nbgrader"), *words], cwd=home, env=env, check=True, capture_output=True)

    run("generate_assignment", "01_recurrence", "--create")
    release = json.loads((home / "release" / "01_recurrence" / "01_recurrence.ipynb").read_text())
    assert "BEGIN HIDDEN TESTS" not in json.dumps(release)
    for learner, share in (("ada", 1), ("bob", 0)):
        nb = json.loads(json.dumps(release))
        for cell in nb["cells"]:
            tag = next((t for t in cell["metadata"].get("tags", []) if t in right), None)
            cell["source"] = right[tag] if tag and share else cell["source"]
        path = home / "submitted" / learner / "01_recurrence" / "01_recurrence.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(nb))
    run("autograde", "01_recurrence")
    run("export")
    with (home / "grades.csv").open(newline="") as file:
        assert {r["student_id"]: float(r["score"]) for r in csv.DictReader(file)} == {"ada": 10, "bob": 0}
