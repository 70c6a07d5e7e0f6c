"""What a learner reads below a check: the points of the lesson and the way on, or the section that explains."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib import checks
from course_lib.checks import progress

ROOT = Path(__file__).parents[2]
LINK = "../notebooks/01_recurrence.ipynb#cell-id=text-the-same-weights-at-every-step"


def right(D, H, V, T):
    return H * D + H * H + H + V * H + V


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COURSE_GRADING", raising=False)


@pytest.mark.usefixtures("home")
def test_a_right_answer_is_followed_by_the_points_and_the_next_exercise(capsys):
    checks.check("01.3", right)
    assert capsys.readouterr().out.splitlines()[1:] == ["  Lesson 01: 1 of 10 points. Next: 01.1 repaired"]
    for task in checks.lesson("01"):
        progress.record(task.id, "right", task.points, None)
    checks.check("01.3", right)
    assert capsys.readouterr().out.splitlines()[1:] == ["  Lesson 01 is done: on to notebooks/02_prediction.ipynb"]


@pytest.mark.usefixtures("home")
def test_the_way_on_leads_to_the_next_lecture_that_is_there_and_the_last_one_nowhere(monkeypatch):
    for task in checks.lesson("07"):
        progress.record(task.id, "right", task.points, None)
    for there, way in [(["07_a", "09_b", "13_c"], ": on to notebooks/09_b"), (["06_a", "07_b"], "")]:
        monkeypatch.setattr(progress, "lectures", lambda there=there: there)
        assert progress.way_on("07") == "Lesson 07 is done" + way


def test_where_no_progress_can_be_kept_nothing_is_said_of_it(capsys, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", os.devnull)
    checks.check("01.3", right)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.usefixtures("home")
def test_a_wrong_answer_is_followed_by_the_section_that_explains_it(capsys):
    checks.check("01.3", lambda D, H, V, T: T * right(D, H, V, T))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "  Explained in notebooks/01_recurrence.ipynb, section “The same weights at every step”"
    checks.check("01.3", ...)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("folder", ["exercises", "elsewhere"])
def test_in_a_notebook_beside_the_lectures_the_section_is_a_link(tmp_path, folder):
    """The line is a link only where it leads somewhere."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "01_recurrence.ipynb", tmp_path / "notebooks")
    place = tmp_path / "course" / folder if folder == "elsewhere" else tmp_path / folder
    place.mkdir(parents=True)
    code = (
        "import json; from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(); shell.kernel = True\n"
        "shell.display_pub.publish = lambda data, **_: print(json.dumps(data))\n"
        "from course_lib.checks import check; check('01.3', lambda D, H, V, T: 0)"
    )
    own = {**os.environ, "COURSE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=place, env=own, capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    if folder == "exercises":
        assert json.loads(last)["text/html"] == f'Explained in <a href="{LINK}">The same weights at every step</a>'
    else:
        assert last.startswith("  Explained in notebooks/01_recurrence.ipynb")
