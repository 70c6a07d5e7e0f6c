"""course build: golden exercise, markers, points, canonical form, drift."""

import json
from pathlib import Path

import nbformat
import pytest

from course_lib import building, instructor
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
        text("Pause here."),
        code("from course_lib.checks import check", execution_count=7),
        code(STEP, "answer:step", execution_count=9),
        code('check("99.1", step)', "check:step", "points:6", execution_count=12),
        code(GUESS, "answer:guess"),
        code('check("99.2", guess)', "check:guess", "points:4"),
    ]
    nb.cells[4].outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="✓ "),
        nbformat.v4.new_output("display_data"),  # a bar that has gone
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
    made = building.dump(building.exercise(building.canonical(solution())))
    path = GOLDEN / "exercise.ipynb"
    if update_golden:
        path.write_text(made, "utf-8")
    assert made == path.read_text("utf-8")


def test_the_canonical_form_is_a_fixed_point():
    once = building.canonical(solution())
    assert building.dump(building.canonical(once)) == building.dump(once)
    nbformat.validate(once)


def test_the_canonical_form_numbers_cells_joins_streams_and_drops_what_is_gone():
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
    exercise.write_text(exercise.read_text("utf-8").replace('"points:6"', '"points:5"'), "utf-8")
    assert "exercises/99_toy.ipynb: is not what" in building.build(course, check=True).findings[0]
    solved.write_text(solved.read_text("utf-8").replace("2 * x", "3 * x"), "utf-8")
    before = solved.read_text("utf-8")
    assert "its outputs are not from this code" in building.build(course, check=True).findings[0]
    assert solved.read_text("utf-8") == before
    (course / "exercises" / "98_old.ipynb").write_text("{}", "utf-8")
    assert any("98_old.ipynb: has no solution" in f for f in building.build(course, check=True).findings)


@pytest.fixture
def still(course, monkeypatch):
    """A course whose notebooks are not executed: quick, where outputs do not matter."""
    monkeypatch.setattr(building, "execute", lambda nb, folder, **_: nb)
    return course


def cell_of(nb, name):
    return next(c for c in nb.cells if c.id == name)


def put(nb, name, source):
    cell_of(nb, name).source = source


#: what somebody does to an exercise → what the build calls it
WORK = {
    "an answer": (lambda nb: put(nb, "answer-step", "def step(x):\n    return 2 * x"), "step"),
    "half an answer": (lambda nb: put(nb, "answer-step", "def step(x:\n"), "step"),
    "a note in a stub": (lambda nb: put(nb, "answer-guess", "# B?\nguess = ...  # your answer goes here"), "guess"),
    "an answer elsewhere": (lambda nb: nb.cells.append(code("guess = 'B'")), "guess"),
    "words in a statement": (lambda nb: put(nb, "text-toy-lesson-for-the-test", "# Toy, clear"), "1 cell of your own"),
    "a changed check": (lambda nb: put(nb, "check-step", "print(step(1))"), "1 cell of your own"),
    "cells": (lambda nb: nb.cells.extend([text("mine"), code("a = 1")]), "2 cells of your own"),
    "a raw cell": (lambda nb: nb.cells.insert(0, nbformat.v4.new_raw_cell("mine")), "1 cell of your own"),
    "an answer without tags": (lambda nb: (put(nb, "answer-step", "step = abs"), nb.metadata.clear(),
                                           [c.metadata.clear() for c in nb.cells]), "step"),
}  # fmt: skip


def change(path, how):
    nb = building.read(path)
    how(nb)
    path.write_text(nbformat.writes(nb), "utf-8")
    return path.read_bytes()


@pytest.mark.parametrize("name", WORK)
def test_build_does_not_overwrite_work(still, name):
    building.build(still)
    path = still / "exercises" / "99_toy.ipynb"
    typed = change(path, WORK[name][0])
    change(still / "solutions" / "99_toy.ipynb", lambda nb: nb.cells.append(text("A new last word.")))
    for check in (True, False):
        report = building.build(still, check=check)
        assert len(report.work) == 1
        assert report.work[0].startswith(f"exercises/99_toy.ipynb: holds work ({WORK[name][1]}); not overwritten")
        assert "`course update` carries it" in report.work[0]
        assert not any("exercises/" in finding for finding in report.findings)
        assert path.read_bytes() == typed
    assert report.changed == ["solutions/99_toy.ipynb"]  # the rest was done


def test_answers_to_the_current_version_are_in_step(still):
    building.build(still)
    change(still / "exercises" / "99_toy.ipynb", WORK["an answer"][0])
    report = building.build(still, check=True)
    assert report.findings == []
    assert "it is of this version" in report.work[0]


def shuffled(nb):
    nb.metadata["colab"] = {"provenance": []}
    nb.cells.reverse()
    nb.cells.pop()
    for number, cell in enumerate(nb.cells):
        cell.id, cell.metadata = f"id-{number}", nbformat.from_dict({"collapsed": True})
        cell.source += "  \n"
        if cell.cell_type == "code":
            cell.execution_count = number
            cell.outputs = [nbformat.v4.new_output("stream", text="ran")]


@pytest.mark.parametrize("how", [shuffled, lambda nb: None, lambda nb: nb.cells.append(code(" "))])
def test_a_new_version_replaces_an_exercise_that_nobody_typed_into(still, how):
    building.build(still)
    path = still / "exercises" / "99_toy.ipynb"
    change(path, how)
    change(still / "solutions" / "99_toy.ipynb", lambda nb: put(nb, "answer-step", STEP.replace("Twice", "Two times")))
    report = building.build(still)
    assert (report.work, report.findings) == ([], [])
    assert "Two times x" in path.read_text("utf-8")
    assert building.build(still, check=True) == building.Report()


def test_what_is_saved_while_a_notebook_runs_is_not_overwritten(course, monkeypatch):
    path = course / "solutions" / "99_toy.ipynb"
    monkeypatch.setattr(building, "execute", lambda nb, folder, **_: path.write_text("saved meanwhile", "utf-8") and nb)
    assert "99_toy.ipynb, was saved while it ran" in building.build(course).findings[0]
    assert path.read_text("utf-8") == "saved meanwhile"


@pytest.mark.parametrize("content", ["<<<<<<< Updated upstream\n{}", '{"cells": 5}', "[]", "\x00", "my answer"])
def test_an_exercise_that_cannot_be_read_is_not_overwritten(still, content):
    (still / "exercises").mkdir()
    path = still / "exercises" / "99_toy.ipynb"
    path.write_text(content, "utf-8")
    finding = building.build(still).findings[0]
    assert finding.startswith("exercises/99_toy.ipynb: cannot be read as a notebook")
    assert "\n" not in finding
    assert path.read_text("utf-8") == content
    path.write_text("", "utf-8")
    assert "exercises/99_toy.ipynb" in building.build(still).changed


def test_notebooks_of_a_learner_in_exercises_are_nobodys_business(still):
    building.build(still)
    for name in ("99_toy.old.ipynb", "99_toy.old-2.ipynb", "99_toy-Copy1.ipynb", "Untitled.ipynb"):
        (still / "exercises" / name).write_text((still / "exercises" / "99_toy.ipynb").read_text("utf-8"), "utf-8")
    assert building.build(still) == building.Report()


def test_work_in_a_lesson_that_the_course_has_no_more_is_told_as_work(still):
    building.build(still)
    (still / "exercises" / "99_toy.ipynb").rename(still / "exercises" / "98_gone.ipynb")
    assert "98_gone.ipynb: has no solution; move it away" in building.build(still).findings[0]
    change(still / "exercises" / "98_gone.ipynb", WORK["an answer"][0])
    report = building.build(still)
    assert report.findings == []
    assert "98_gone.ipynb: has no solution, but holds work (1 cell of your own)" in report.work[0]


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


PICTURE = '<img alt="A line that falls to 0.25." src="data:image/png;base64,AAAA">'


def guessed(*outputs, tag="guess"):
    return nbformat.v4.new_notebook(cells=[code("show_it()", tag, outputs=list(outputs), execution_count=1)])


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", name=name, text=text)


def shown(**data):
    return nbformat.v4.new_output("display_data", data={kind.replace("_", "/"): value for kind, value in data.items()})


def test_what_answers_a_question_is_folded_once_and_readable_nowhere_else():
    result = nbformat.v4.new_output("execute_result", data={"text/plain": "[0.25 < h]"}, execution_count=1)
    picture = shown(text_html=PICTURE, text_plain="<Figure: 0.25>")
    nb = building.canonical(guessed(stream("h = 0.25 <"), stream(" 1\n"), picture, result, stream("0.25 again")))
    (output,) = nb.cells[0].outputs
    folded = output.data["text/html"]
    assert folded.startswith('<details class="course-guess"><summary>Open when you have guessed</summary>')
    assert folded.endswith("</details>")
    parts = ["h = 0.25 &lt; 1\n</code>", PICTURE, "<code>[0.25 &lt; h]</code>", "0.25 again</code>"]
    assert sorted(parts, key=folded.index) == parts
    assert output.data["text/plain"] == "open when you have guessed"
    assert building.dump(building.canonical(nb)) == building.dump(nb)
    nbformat.validate(nb)
    assert building.warnings_of(nb, "f") == []


@pytest.mark.parametrize(
    "outputs",
    [
        [shown(text_html='<div class="course-explorer">…</div>'), stream("x")],
        [shown(text_html='<div class="course-quiz">…</div>')],
        [stream("x"), nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])],
        [],
    ],
)
def test_explorers_quizzes_and_errors_are_not_folded(outputs):
    assert building.canonical(guessed(*outputs)).cells[0].outputs == outputs
    assert building.canonical(guessed(stream("x"), tag="other")).cells[0].outputs == [stream("x")]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (stream("care & attention", "stderr"), "text on stderr ('care & attention')"),
        (shown(image_png="AAAA\n"), "a figure without alt text"),
        (shown(text_html='<img src="data:image/png;base64,AAAA">'), "a figure without alt text"),
    ],
)
def test_what_must_not_be_committed_is_found_in_a_fold_too(output, told):
    found = building.warnings_of(building.canonical(guessed(shown(text_html=PICTURE), output)), "f")
    assert [told in finding for finding in found] == [True]


ASKED = text("How much is left? **Before you run:** a half, or nothing?")


@pytest.mark.parametrize(
    ("cells", "open_answers"),
    [
        ([ASKED, code("def left(w): ..."), code("left(2)")], 1),
        ([ASKED, code("def left(w): ..."), code("left(2)", "guess")], 0),
        ([ASKED, text("Now the time."), code("left(2)", "guess")], 0),
        ([ASKED, code("left(2)"), text("## The next question"), code("left(3)", "guess")], 1),
        ([ASKED, code("left(2)"), text("**Predict:** and w = 3?"), code("left(3)", "guess")], 1),
        ([ASKED, code('quiz("01.left")'), code("explore(draw_left, w=(0, 3, 1, 0))")], 0),
        ([ASKED, code("def left(w): ...", "answer:left"), code('check("01.1", left)', "check:left")], 0),
        ([text("You can **predict** more before you run it."), code("left(2)")], 0),
    ],
)
def test_an_answer_that_can_be_read_below_its_question_is_a_finding(cells, open_answers):
    nb = building.canonical(nbformat.v4.new_notebook(cells=cells))
    told = f"f, cell {nb.cells[0].id}: its answer is open; tag the cell that shows it with `guess`"
    assert building.warnings_of(nb, "f") == [told] * open_answers


NOTES = """## Plan

Ten minutes; skip [the end](../../../notebooks/01_toy.ipynb#cell-id=text-end).

## Pauses

### [End](../../../notebooks/01_toy.ipynb#cell-id=text-end)

Second.

### [Begin](../../../notebooks/01_toy.ipynb#cell-id=text-begin)

First.
"""


def toy_course(source=NOTES):
    """A folder's notebooks by name, as `build` has them, and the source of the notes."""
    lecture = nbformat.v4.new_notebook()
    course = {"lesson": "01", "title": "Toy | course", "minutes": {"teaching": 30}}
    lecture.metadata = nbformat.from_dict({"course": course})
    cells = [text("# 01 · Toy\n\n**You will see.** More."), text("## Begin"), code('quiz("01.pulse")'), text("## End")]
    for cell, name in zip(cells, ("text-toy", "text-begin", "code-quiz", "text-end"), strict=True):
        cell.id = name
    lecture.cells = cells
    return source, {"notebooks/01_toy.ipynb": lecture}


def test_the_notes_for_instructors_hold_plan_pauses_in_order_and_what_each_wrong_option_tells():
    page = instructor.page("01", *toy_course())
    assert page.startswith("# Instructor notes 01 · Toy | course\n\n> You will see.")
    assert "skip [the end](../../notebooks/01_toy.ipynb#cell-id=text-end)" in page
    assert page.index("First.") < page.index("Second.") < page.index("## Questions")
    assert "### [01.pulse](../../notebooks/01_toy.ipynb#cell-id=code-quiz)" in page
    assert "- ✗ w = 0.9: close to 1, so it fades slowly: *close to 1 = long memory*." in page
    assert page.count("- ✓") == 1
    assert "2 \\* 0.9575" in page


def test_notes_that_link_to_what_is_gone_are_found():
    source, notebooks = toy_course(NOTES.replace("text-begin", "text-gone") + "[x](../../../notebooks/02_toy.ipynb)")
    assert instructor.faults(source, "source/01.md", notebooks) == [
        "source/01.md: links to the cell text-gone of notebooks/01_toy.ipynb, which is gone; link another section",
        "source/01.md: links to notebooks/02_toy.ipynb, which is not there; change the link",
    ]


def test_notes_are_written_reported_when_they_differ_and_refused_in_a_lecture(tmp_path):
    source, notebooks = toy_course()
    folder = tmp_path / instructor.SOURCE
    folder.mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    lecture = tmp_path / "notebooks" / "01_toy.ipynb"
    lecture.write_text(building.dump(notebooks["notebooks/01_toy.ipynb"]), "utf-8")
    missing = building.build(tmp_path, run=False).findings
    assert any(f.startswith("docs/instructor/source/01.md: cannot be read") for f in missing)
    (folder / "01.md").write_text(source, "utf-8")
    assert "docs/instructor/01.md" in building.build(tmp_path, run=False).changed
    (folder / "01.md").write_text(source + "More.", "utf-8")
    told = "docs/instructor/01.md: is not what `course build` makes; run `course build` and commit the result"
    assert told in building.build(tmp_path, check=True).findings
    notebooks["notebooks/01_toy.ipynb"].cells[1].metadata["tags"] = ["instructor"]
    lecture.write_text(building.dump(notebooks["notebooks/01_toy.ipynb"]), "utf-8")
    told = "notebooks/01_toy.ipynb, cell text-begin: a note for instructors; move its text to"
    assert [f for f in building.build(tmp_path, run=False).findings if f.startswith(told)]


@pytest.mark.parametrize(("source", "beside", "found"), [
    ("predict(question, share)", "12 runs\n", False),
    ("predict(question, share)", "solved: 7\n", True),
    ("predict(question, 7)", "", True),
    ("predict(question, share)", "0.7 and 17 and 7.5\n", False),
])  # fmt: skip
def test_the_answer_of_a_prediction_must_not_stand_beside_it(source, beside, found):
    from course_lib.show.question import predict_html

    nb = nbformat.v4.new_notebook(cells=[code(source, execution_count=1)])
    html = predict_html("How many runs solve it?", 7, "runs")
    nb.cells[0].outputs = [nbformat.v4.new_output("display_data", data={"text/html": html})]
    if beside:
        nb.cells[0].outputs.append(nbformat.v4.new_output("stream", name="stdout", text=beside))
    assert any("can be read beside it" in line for line in building.warnings_of(nb, "x")) == found


def test_frames_that_no_explorer_shows_are_a_finding(tmp_path):
    folder = tmp_path / "course_lib/show/frames"
    folder.mkdir(parents=True)
    (folder / "0123456789abcdef.txt").write_text("H4sI")
    findings = building.build(tmp_path, check=True).findings
    assert any("no stored explorer shows these frames" in line for line in findings)


@pytest.mark.parametrize("change", ["code", "script"])
def test_outputs_of_other_code_or_another_script_are_made_anew(change):
    from course_lib.show.question import as_html

    nb = nbformat.v4.new_notebook(cells=[code('quiz("00.chain")', execution_count=1)])
    nb.cells[0].outputs = [nbformat.v4.new_output("display_data", data={"text/html": as_html("00.chain")})]
    nb.metadata["course"] = {"outputs_of": building.code_hash(nb)}
    assert building._in_step(nb)
    if change == "code":
        nb.cells[0].source += "\n"
    else:
        html = nb.cells[0].outputs[0].data["text/html"]
        nb.cells[0].outputs[0].data["text/html"] = html.replace("memory", "store")
    assert not building._in_step(nb)


def test_outputs_of_a_solution_are_made_anew_when_its_checks_have_changed(tmp_path, monkeypatch):
    checks, path = tmp_path / "checks/lesson_99.py", tmp_path / "solutions/99_anything.ipynb"
    checks.parent.mkdir()
    checks.write_text("SLIPS = 1")
    monkeypatch.setattr(building, "__file__", str(tmp_path / "building.py"))
    nb = nbformat.v4.new_notebook(cells=[code('check("99.1", step)')])
    nb.metadata["course"] = {"outputs_of": building.code_hash(nb, path)}
    assert building._in_step(nb, path)
    checks.write_text("SLIPS = 2")
    assert not building._in_step(nb, path)
