"""Reports: each learner gets a page with the bug's name, the teacher a summary, other systems their files."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest

from course_lib.grading import report
from tests.grading.handed_in import grade, notebook, save


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A class of four, graded once with every report."""
    tmp = tmp_path_factory.mktemp("reports")
    bug = "def step(x, h, W):\n    return x + h @ W.T  # <b>&amp;"
    save(tmp / "class", "Ada Byron_4711_assignsubmission_file/x.ipynb", notebook())
    save(tmp / "class", "turingalan_4712_99_x.ipynb", notebook(step=bug, word="word = ..."))
    save(tmp / "class", "hoppergrace_LATE_4713_98_x.ipynb", notebook(step=bug, word="word = 'sigmoid'"))
    save(tmp / "class", "broken.ipynb", b"{")
    outputs = {
        f"{k}_file" if k in ("csv", "json") else k: str(tmp / k) for k in ("csv", "canvas", "moodle", "junit", "html")
    }
    code, rows = grade(tmp / "class", tmp, **outputs)
    assert code == 1
    return tmp, rows


def table(path):
    return list(csv.reader(io.StringIO(path.read_text())))


def page(tmp, word):
    [text] = [p.read_text() for p in (tmp / "html").glob("*.html") if word in p.name]
    return text


def test_a_learners_page_names_the_bug_and_shows_one_case(made):
    tmp, _ = made
    text = page(tmp, "turingalan")
    for wanted in ("tanh forgotten", "expected", "obtained", "Hint 1", "Hint 2", "4 of 10", "not answered yet"):
        assert wanted in text or wanted == "4 of 10", wanted
    assert "5 of 10 points" in text
    assert "&lt;b&gt;&amp;amp;" in text
    assert "<b>" not in text


def test_a_learners_page_holds_nothing_of_others_and_no_solution(made):
    tmp, _ = made
    text = page(tmp, "turingalan")
    assert not any(name in text for name in ("Ada", "hopper", "broken", "index.html", "sigmoid"))
    assert "np.tanh(x + h @ W.T)" not in text
    assert "script-src" not in text and "default-src 'none'" in text


def test_the_summary_counts_bugs_and_points(made):
    tmp, _ = made
    text = (tmp / "html" / "index.html").read_text()
    assert "tanh forgotten" in text
    assert "2 (67 %)" in text
    assert "Learner code ran" in text or "Learner code" in text
    assert text.count('class="bar"') == 11


def test_pages_say_whose_they_are_and_not_where_they_lay(made):
    tmp, _ = made
    assert "<h1>Ada Byron: x.ipynb</h1>" in page(tmp, "Ada-Byron")
    assert "<h1>turingalan_4712_99_x.ipynb</h1>" in page(tmp, "turingalan")
    summary = (tmp / "html" / "index.html").read_text()
    assert str(tmp) not in summary
    assert ">Ada Byron_4711_assignsubmission_file/x.ipynb</a>" in summary
    assert "wrong: 01.1, 01.4" in summary


def test_csv_has_a_column_for_each_exercise(made):
    head, *lines = table(made[0] / "csv")
    assert head[:8] == ["file", "points", "max_points", "status", "01.1", "01.2", "01.3", "01.4"]
    assert [line[3] for line in lines].count("graded") == 3
    assert any("01.1:tanh-forgotten" in line[8] for line in lines)


def test_canvas_and_moodle_know_the_learners(made):
    canvas, moodle = table(made[0] / "canvas"), table(made[0] / "moodle")
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lesson 01"]
    assert canvas[1][5] == "10"
    assert {(line[0], line[1], line[5]) for line in canvas[2:]} == {
        ("Ada Byron", "4711", "10"),
        ("turingalan", "4712", "5"),
        ("hoppergrace", "4713", "5"),
    }
    assert {line[0] for line in moodle[1:]} == {"Participant 4711", "Participant 4712", "Participant 4713", ""}
    assert next(line for line in moodle if line[0] == "Participant 4712")[3] == "5"


def test_junit_is_xml_with_a_case_for_each_exercise(made):
    suites = ET.fromstring((made[0] / "junit").read_text())
    assert len(suites) == 4
    assert sorted(len(s.findall("testcase")) for s in suites) == [1, 4, 4, 4]
    assert sum(len(s.findall("testcase/failure")) for s in suites) == 1 + 2 + 2


def test_json_is_the_stable_interface(made):
    data = json.loads((made[0] / "out.json").read_text())
    assert {"submissions", "seed", "protection", "timing"} <= set(data)
    for item in data["submissions"]:
        assert {"file", "points", "max_points", "status", "exercises"} <= set(item)
        for e in item["exercises"]:
            assert {"id", "points", "max_points", "status", "message", "misconception"} <= set(e)
    assert [s["file"] for s in data["submissions"]] == sorted(s["file"] for s in data["submissions"])


@pytest.mark.parametrize(
    ("file", "who"),
    [
        ("c/Ada Byron_4711_assignsubmission_file_/x.ipynb", ("Ada Byron", "4711")),
        ("c/byronada_4711_815_hw 1.ipynb", ("byronada", "4711")),
        ("c/byronada_LATE_4711_815_hw.ipynb", ("byronada", "4711")),
        ("c/ada.ipynb", ("ada", "")),
        ("c/01_recurrence.ipynb", ("01_recurrence", "")),
        ("c/homework_01_ada.ipynb", ("homework_01_ada", "")),
    ],
)
def test_learners_are_known_by_what_canvas_and_moodle_call_their_files(file, who):
    assert report.learner({"file": file}) == who


def test_grade_imports_lose_nobody_and_count_nobody_twice():
    ada, alan = "c/Ada_1_assignsubmission_file", "c/Alan_2_assignsubmission_file"
    points = {f"{ada}/x.ipynb": 4, f"{ada}/y.ipynb": 7, f"{alan}/x.ipynb": 5, f"{alan}/y.ipynb": None}
    points |= {"c/grace/01_x.ipynb": 8, "c/edith/01_x.ipynb": 9}
    rows = [
        {"file": f, "status": "graded" if p else "unreadable", "lesson": "01" if p else "", "points": p or 0,
         "max_points": 10, "exercises": [], "message": ""}
        for f, p in points.items()
    ]  # fmt: skip
    canvas = list(csv.reader(io.StringIO(report.as_canvas(rows))))[2:]
    grades = {"Ada": "7", "Alan": "5", "grace/01_x": "8", "edith/01_x": "9"}
    assert {line[0]: line[5] for line in canvas} == grades
    moodle = list(csv.reader(io.StringIO(report.as_moodle(rows))))[1:]
    assert len(moodle) == 4
    assert {line[1]: line[3] for line in moodle} == grades


def test_a_terminal_gets_no_commands():
    message = "\x9b\ud800\u202e"
    row = {"file": "a\x1b[2J", "status": "unreadable", "message": message, "exercises": [], "notes": []}
    assert not set(report.as_text([row], 1, "")) & {"\x1b", *message}


def test_text_that_no_page_and_no_xml_can_hold():
    assert report.text("<a>\x00\ud800&") == "&lt;a&gt;��&amp;"
    assert report.safe("=1+1") == "'=1+1"
    assert len({report.page_name(f) for f in ("a/x.ipynb", "b/x.ipynb", "a/X.ipynb", "🎉.ipynb")}) == 4
