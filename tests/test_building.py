"""course build: golden exercise, markers, points, canonical form, drift."""

import json
from pathlib import Path

import nbformat
import pytest

from course_lib import building
from course_lib.building import BuildError

GOLDEN = Path(__file__).parent / "golden"
POINTS = {"step": 6.0, "guess": 4.0}


def code(source, *tags, **fields):
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}, **fields)


def text(source, *tags):
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


STEP = """def step(x):
    \"\"\"Twice x.\"\"\"
    # BEGIN SOLUTION
    y = 2 * x
    return y
    # END SOLUTION"""
GUESS = "# BEGIN SOLUTION\nguess = 'B'\n# END SOLUTION"


def solution():
    nb = nbformat.v4.new_notebook()
    nb.metadata = nbformat.from_dict({"course": {"lesson": "99", "title": "Toy"}, "widgets": {"noise": 1}})
    nb.cells = [
        text("# Toy lesson for the test"),
        text("Pause here.", "instructor"),
        code("from course_lib.checks import check", execution_count=7),
        code(STEP, "answer:step", execution_count=9),
        code('check("99.1", step)', "check:step", "points:6", execution_count=12),
        code(GUESS, "answer:guess"),
        code('check("99.2", guess)', "check:guess", "points:4"),
    ]
    nb.cells[4].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="✓ "),
        nbformat.v4.new_output("stream", name="stdout", text="right\n"),
        nbformat.v4.new_output("display_data", data={building.WIDGET: {}, "text/plain": "<box at 0x7f00aa00>"}),
    ]
    return nb


def changed(index, source=None, tags=None):
    nb = solution()
    if source is not None:
        nb.cells[index].source = source
    if tags is not None:
        nb.cells[index].metadata["tags"] = tags
    return nb


def test_the_exercise_of_a_solution_is_the_golden_one(update_golden):
    made = building.dump(building.canonical(building.strip(building.canonical(solution()))))
    path = GOLDEN / "exercise.ipynb"
    if update_golden:
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8")


def test_the_canonical_form_is_a_fixed_point():
    once = building.canonical(solution())
    assert building.dump(building.canonical(once)) == building.dump(once)
    nbformat.validate(once)


def test_the_canonical_form_numbers_cells_joins_streams_and_drops_widget_views():
    nb = building.canonical(solution())
    assert [c.get("execution_count") for c in nb.cells] == [None, None, 1, 2, 3, None, None]
    assert [o.text for o in nb.cells[4].outputs] == ["✓ right\n"]
    assert "widgets" not in nb.metadata
    assert [c.id for c in nb.cells[3:5]] == ["answer-step", "check-step"]


@pytest.mark.parametrize(
    ("nb", "told"),
    [
        (changed(3, STEP.replace("    # END SOLUTION", "")), "is not closed; add # END SOLUTION"),
        (changed(3, STEP.replace("    y =", "    # BEGIN SOLUTION\n    y =")), "nested or doubled"),
        (changed(3, STEP.replace("# BEGIN SOLUTION", "# END SOLUTION", 1)), "without its beginning"),
        (changed(3, "def step(x):\n    return 2 * x"), "has no # BEGIN SOLUTION line"),
        (changed(4, tags=[]), "an answer without a check"),
        (changed(5, tags=[]), "without the tag answer:NAME"),
        (changed(4, tags=["check:step", "points:5"]), "points:5 and the check's 6 points differ"),
        (changed(4, tags=["check:step", "points:six"]), "points:six and the check's 6 points differ"),
        (changed(4, tags=["check:other", "points:6"]), "check:other is not among"),
        (changed(5, tags=["answer:step"]), "the name answer:step is used twice"),
    ],
)
def test_a_solution_that_does_not_fit_is_refused_in_one_line(nb, told):
    with pytest.raises(BuildError) as error:
        building.validate_solution(building.canonical(nb), "solutions/99_toy.ipynb", POINTS)
    assert told in str(error.value)
    assert str(error.value).startswith("solutions/99_toy.ipynb, cell ")
    assert "\n" not in str(error.value)


def test_points_must_add_up_to_ten():
    nb = changed(4, tags=["check:step", "points:5"])
    with pytest.raises(BuildError, match="the points add up to 9, not 10"):
        building.validate_solution(building.canonical(nb), "f", {"step": 5.0, "guess": 4.0})


@pytest.fixture
def course(tmp_path, monkeypatch):
    for folder in ("solutions", "notebooks", "docs"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(building, "lesson_points", lambda number: POINTS)
    nb = solution()
    nb.cells[2].source = "def check(number, answer):\n    print('checked', number)"
    (tmp_path / "solutions" / "99_toy.ipynb").write_text(nbformat.writes(nb), "utf-8")
    return tmp_path


def test_build_runs_once_then_everything_is_in_step(course):
    first = building.build(course)
    assert first.findings == []
    assert set(first.changed) == {"solutions/99_toy.ipynb", "exercises/99_toy.ipynb", "docs/syllabus.md"}
    assert building.build(course).changed == []
    assert building.build(course, check=True) == building.Report()


def test_check_reports_each_kind_of_drift_and_writes_nothing(course):
    building.build(course)
    exercise, solved = course / "exercises" / "99_toy.ipynb", course / "solutions" / "99_toy.ipynb"
    exercise.write_text(exercise.read_text("utf-8").replace("Twice x", "Thrice x"), "utf-8")
    assert "exercises/99_toy.ipynb: is not what" in building.build(course, check=True).findings[0]
    solved.write_text(solved.read_text("utf-8").replace("2 * x", "3 * x"), "utf-8")
    before = solved.read_text("utf-8")
    assert "its outputs are not from this code" in building.build(course, check=True).findings[0]
    assert solved.read_text("utf-8") == before
    (course / "exercises" / "98_old.ipynb").write_text("{}", "utf-8")
    assert any("98_old.ipynb: has no solution" in f for f in building.build(course, check=True).findings)


CELL = '{"nbformat": 4, "metadata": {}, "cells": [%s]}'
BROKEN = ["", "{", "[]", '{"nbformat": 3, "cells": []}', "\x00\x01", CELL % "5", CELL % '{"cell_type": "code"}',
          CELL % '{"cell_type": "code", "source": "", "metadata": {"tags": 5}, "outputs": []}',
          CELL % '{"cell_type": "code", "source": "", "metadata": {"course": {"rows": 5}}, "outputs": []}',
          CELL % '{"cell_type": "code", "source": "", "metadata": {}, "outputs": [{}]}']  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_notebook_is_one_finding_and_the_rest_goes_on(course, content):
    (course / "notebooks" / "02_broken.ipynb").write_text(content, "utf-8")
    report = building.build(course)
    assert len(report.findings) == 1
    assert "02_broken.ipynb" in report.findings[0]
    assert "exercises/99_toy.ipynb" in report.changed
    assert (course / "notebooks" / "02_broken.ipynb").read_text("utf-8") == content


def test_the_index_keeps_its_links_into_a_notebook_that_fails(course):
    nb = nbformat.v4.new_notebook(cells=[text("# Here")], metadata={"course": {"lesson": "02"}})
    nb.cells[0].metadata["course"] = {"rows": [1]}
    lecture = course / "notebooks" / "02_toy.ipynb"
    lecture.write_text(nbformat.writes(nb), "utf-8")
    building.build(course)
    index = (course / "docs" / "syllabus.md").read_text("utf-8")
    assert "02_toy" in index
    lecture.write_text("{", "utf-8")
    assert len(building.build(course, check=True).findings) == 1
    building.build(course)
    assert (course / "docs" / "syllabus.md").read_text("utf-8") == index


def test_a_name_that_no_notebook_has_is_a_finding(course):
    assert building.build(course, only=("77",)).findings[0].startswith("77: no notebook has such a name")


def test_a_cell_that_fails_is_named_and_nothing_is_overwritten(course):
    path = course / "solutions" / "99_toy.ipynb"
    nb = json.loads(path.read_text("utf-8"))
    nb["cells"][5]["source"] = GUESS.replace("'B'", "1 / 0")
    path.write_text(json.dumps(nb), "utf-8")
    before = path.read_text("utf-8")
    report = building.build(course)
    assert "cell answer-guess: ZeroDivisionError: division by zero" in report.findings[0]
    assert path.read_text("utf-8") == before
    assert not (course / "exercises").exists()


def test_ctrl_c_stops_the_build_and_leaves_everything_as_it_was(course, monkeypatch):
    def execute(client, **options):
        assert client.km is not None

    monkeypatch.setattr("nbclient.NotebookClient.execute", execute)
    before = (course / "solutions" / "99_toy.ipynb").read_text("utf-8")
    with pytest.raises(KeyboardInterrupt):
        building.build(course)
    assert (course / "solutions" / "99_toy.ipynb").read_text("utf-8") == before
    assert not (course / "exercises").exists()


def test_figures_without_alt_text_and_stderr_are_findings():
    nb = building.canonical(solution())
    nb.cells[3].outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": "AAAA"}),
        nbformat.v4.new_output("stream", name="stderr", text="careful"),
    ]
    found = building.warnings_of(nb, "f")
    assert any("without alt text" in f for f in found)
    assert any("text on stderr" in f for f in found)
