"""course update: what a learner typed is in the new notebook, in its place, whatever was done to the old one."""

import copy
import itertools
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from course_lib import building
from course_lib.grading import main
from course_lib.grading import update as updating
from course_lib.grading.course import Course
from course_lib.grading.graft import defines

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))
GONE, ADDED = "gone", "added"  # of the fixture below: an exercise that the new version lacks, one that it has gained

pytestmark = pytest.mark.skipif(not SOLUTIONS, reason="needs the course's folder")


def answers_of(solution):
    """Exercise name → the published answer, as somebody would type it."""
    marks = (building.BEGIN, building.END)
    return {
        name: "\n".join(line for line in cell.source.splitlines() if line.strip() not in marks)
        for cell in solution.cells
        if (name := building.tag_value(cell, "answer"))
    }


def code(source, *tags, **fields):
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {}, **fields)


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def exercise_cells(name):
    answer = f"# BEGIN SOLUTION\n{name} = 1\n# END SOLUTION"
    return [
        text(f"## Exercise {name}"),
        code(answer, f"answer:{name}"),
        code(f'check("x", {name})', f"check:{name}", "points:1"),
    ]


def place(nb):
    """Where the first exercise begins."""
    return next(k for k, cell in enumerate(nb.cells) if cell.source.startswith("## "))


def new_course(root, path):
    """A course in a new version, with one lesson: (the lesson's exercise file, its exercise of the version before,
    answers). One exercise was added, one is gone, and every statement has other words.
    """
    solution = building.canonical(building.read(path))
    before = copy.deepcopy(solution)
    at = place(before)
    before.cells[at:at] = exercise_cells(GONE)
    for cell in solution.cells:
        cell.source += "\n\nIn other words." if cell.cell_type == "markdown" else ""
    solution.cells[at:at] = exercise_cells(ADDED)
    (root / "solutions").mkdir()
    (root / "exercises").mkdir()
    (root / "solutions" / path.name).write_text(building.dump(solution), "utf-8")
    return root / "exercises" / path.name, building.exercise(building.canonical(before)), answers_of(before)


def answer_cells(nb):
    return [(k, c, name) for k, c in enumerate(nb.cells) if (name := building.tag_value(c, "answer"))]


def solved(nb, answers):
    for _, cell, name in answer_cells(nb):
        cell.source = answers[name] + "\n\nprint('tried it')  # mine"
        cell.outputs = [nbformat.v4.new_output("stream", text="tried it\n")]
        cell.execution_count = 3


def without_marks(nb, answers):
    solved(nb, answers)
    for cell in nb.cells:
        cell.id, cell.metadata = nbformat.v4.new_code_cell().id, nbformat.from_dict({})
    del nb.metadata["course"]


def renamed(nb, answers):
    solved(nb, answers)
    for _, cell, name in answer_cells(nb):
        cell.id, cell.metadata["tags"] = f"my-{name}", [f"answer:my_{name}"]


def split(nb, answers):
    """Cut at the cursor, as JupyterLab does: both halves have the tag."""
    solved(nb, answers)
    for k, cell, name in reversed(answer_cells(nb)):
        lines = cell.source.splitlines()
        cell.source = "\n".join(lines[: len(lines) // 2])
        nb.cells.insert(k + 1, code("\n".join(lines[len(lines) // 2 :]), f"answer:{name}"))


def half_done(nb, answers):
    for k, cell, name in answer_cells(nb):
        cell.source = f"{answers[name]}\n    unfinished_{name} = (" if k % 2 else f"# idea for {name}\n{cell.source}"


def surrounded(nb, answers):
    """Something typed into, above and below every cell."""
    solved(nb, answers)
    cells = [code("top = 0")]
    for k, cell in enumerate(nb.cells):
        cell.source += f"\n# typed_{k}"
        cells += [
            cell,
            text(f"note_{k}  \nwith a break"),
            code(f"helper_{k} = {k}"),
            nbformat.v4.new_raw_cell(f"raw_{k}"),
        ]
    nb.cells = cells


def elsewhere(nb, answers):
    """All answers in one cell at the end, the cells for them deleted."""
    nb.cells = [c for c in nb.cells if not building.tag_value(c, "answer")]
    nb.cells.append(code("\n\n".join(answers.values())))


LAYOUTS = [solved, without_marks, renamed, split, half_done, surrounded, elsewhere]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("lesson", SOLUTIONS, ids=lambda p: p.stem)
def test_everything_typed_is_in_the_new_notebook(tmp_path, lesson, layout):
    path, old, answers = new_course(tmp_path, lesson)
    made = {line for cell in old.cells for line in cell.source.splitlines()}
    gone = {place(old) + 1, place(old) + 2}  # its answer and its check
    layout(old, answers)
    raw = building.dump(old).encode()
    path.write_bytes(raw)

    report = updating.update(tmp_path)

    assert kept(path).read_bytes() == raw
    new = nbformat.read(path, as_version=4)
    nbformat.validate(new)
    assert len({c.id for c in new.cells}) == len(new.cells)
    typed = {line for cell in old.cells for line in cell.source.splitlines()} - made
    assert typed
    assert typed <= {line for cell in new.cells for line in cell.source.splitlines()}
    slots = slots_of(new)
    assert slots.keys() == {*answers, ADDED} - {GONE}
    assert "your answer goes here" in slots.pop(ADDED)
    answers.pop(GONE)
    if layout in (solved, without_marks, renamed, surrounded):
        assert [n for n in answers if not slots[n].startswith(answers[n]) or not defines(slots[n], n)] == []
    if layout is solved:
        assert [c.outputs[0].text for _, c, n in answer_cells(new) if n != ADDED] == ["tried it\n"] * len(answers)
        assert report.findings == [f"{GONE}: is no exercise of this version: your answer stands at the end"]
    if layout is split:  # both halves, in order, one after the other
        pairs = [first.source + "\n" + second.source for first, second in itertools.pairwise(new.cells)]
        assert [n for n in answers if not any(p.startswith(answers[n]) for p in pairs)] == []
    if (
        layout is surrounded
    ):  # in the order in which they were typed, apart from what followed the exercise that is gone
        notes = [int(c.source.split()[0].removeprefix("note_")) for c in new.cells if c.source.startswith("note_")]
        assert [n for n in notes if n not in gone] == [n for n in range(len(notes)) if n not in gone]
    assert updating.update(tmp_path) == building.Report()


def kept(path, number=""):
    return path.with_name(f"{path.stem}.old{number}.ipynb")


def slots_of(nb):
    return {name: cell.source for _, cell, name in answer_cells(nb)}


@pytest.fixture
def lesson(tmp_path):
    return tmp_path, *new_course(tmp_path, SOLUTIONS[0])


def with_answers(nb, **sources):
    nb = copy.deepcopy(nb)
    for _, cell, name in answer_cells(nb):
        cell.source = sources.get(name, cell.source)
    return nb


def write(path, nb):
    path.write_text(building.dump(nb), "utf-8")
    return path


def test_a_copy_from_elsewhere_goes_into_its_lesson_and_stays_as_it_is(lesson):
    root, path, old, answers = lesson
    elsewhere = write(root / "my homework (3).ipynb", with_answers(old, **answers))
    raw = elsewhere.read_bytes()
    report = updating.update(root, (elsewhere,))
    assert "carried over (from my homework (3).ipynb)" in report.changed[0]
    assert slots_of(building.read(path))["repaired"] == answers["repaired"]
    assert elsewhere.read_bytes() == raw
    assert not kept(path).exists()  # nobody had worked there


def test_answers_that_are_there_are_not_overwritten(lesson):
    root, path, old, answers = lesson
    mine = "def repaired(*a):\n    return 'mine'"
    idea = "# my idea: a loop\nunroll_each = ..."
    write(path, with_answers(old, repaired=mine, unroll_each=idea, EDGE=answers["EDGE"]))
    raw = path.read_bytes()
    elsewhere = with_answers(old, **answers)
    elsewhere.cells.append(text("a note of last week"))
    write(root / "copy.ipynb", elsewhere)

    report = updating.update(root, (root / "copy.ipynb",))

    new = building.read(path)
    assert slots_of(new)["repaired"] == mine
    assert slots_of(new)["unroll_each"] == answers["unroll_each"]
    assert {idea, "a note of last week"} <= {c.source for c in new.cells}
    assert kept(path).read_bytes() == raw
    told = "repaired: the notebook in exercises/ has an answer already; the one in cell 9 of copy.ipynb was not carried"
    assert [f.startswith(told) for f in report.findings] == [True, False], report.findings
    after = path.read_bytes()
    assert "holds nothing that could be carried" in updating.update(root, (root / "copy.ipynb",)).changed[0]
    assert path.read_bytes() == after
    assert not kept(path, "-2").exists()


def test_copies_are_never_overwritten_and_are_no_lessons(lesson):
    root, path, old, answers = lesson
    for number, answer in enumerate(["one", "two", "three"], 1):
        write(path, with_answers(old, repaired=f"def repaired():\n    return {answer!r}"))
        updating.update(root)
        assert answer in kept(path, f"-{number}" if number > 1 else "").read_text("utf-8")
    assert updating.update(root) == building.Report()
    shutil.rmtree(root / "solutions")
    assert Course(root).notebooks() == {"01": path}


def test_a_notebook_without_a_record_of_the_build_loses_no_word_of_its_own(lesson):
    root, path, old, answers = lesson
    del old.metadata["course"]
    at = place(old) + 3  # behind the exercise that is gone
    old.cells[at].source += "\n\nIn words of long ago."  # the statement of an old version
    nb = with_answers(old, repaired=answers["repaired"])
    nb.cells.insert(at + 1, text("my own note"))
    write(path, nb)
    report = updating.update(root)
    texts = [c.source for c in building.read(path).cells]
    assert answers["repaired"] in texts
    assert "my own note" in texts
    assert not any("long ago" in t for t in texts)
    told = next(f for f in report.findings if "the text in cell " in f)
    assert str(at + 1) in re.findall(r"\d+", told.partition("the text in cell ")[2]), told
    stubs = [c for c in building.read(path).cells if c.cell_type == "code" and "your answer goes here" in c.source]
    assert len(stubs) == len(answers) - 1  # no old stub beside a new one


def test_a_notebook_of_the_oldest_format_gives_its_texts(lesson):
    root, path, _, answers = lesson
    cell = {"cell_type": "code", "language": "python", "input": answers["repaired"], "outputs": []}
    old = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    (root / "old.ipynb").write_text(json.dumps(old), "utf-8")
    updating.update(root, (root / "old.ipynb",))
    assert slots_of(building.read(path))["repaired"] == answers["repaired"]


DAMAGE = ["<<<<<<< Updated upstream\n{}\n=======\n{}\n>>>>>>> Stashed changes\n", '{"cells": [', "[]", "\x00\x01"]


@pytest.mark.parametrize("content", DAMAGE)
def test_a_file_that_cannot_be_read_is_said_and_left_alone(lesson, content):
    root, path, old, answers = lesson
    path.write_text(content, "utf-8")
    elsewhere = write(root / "copy.ipynb", with_answers(old, **answers))
    for report in (updating.update(root), updating.update(root, (elsewhere,)), updating.update(root, (path,))):
        assert len(report.findings) == 1
        assert "\n" not in report.findings[0]
        assert f"exercises/{path.name}" in report.findings[0]
    assert path.read_text("utf-8") == content


def test_a_disk_that_is_full_costs_nothing(lesson, monkeypatch):
    def full(path, text):
        raise OSError(28, "No space left on device")

    root, path, old, answers = lesson
    write(path, with_answers(old, **answers))
    raw = path.read_bytes()
    monkeypatch.setattr(updating, "write_atomically", full)
    assert "No space left" in updating.update(root).findings[0]
    assert path.read_bytes() == raw


def test_outputs_and_pictures_come_along_where_they_are_valid(lesson):
    root, path, old, answers = lesson
    nb = with_answers(old, repaired=answers["repaired"])
    good = nbformat.v4.new_output("display_data", data={"text/html": "<b>\nmine</b>"})
    nb.cells += [code("plot()", outputs=[good], execution_count=9), code("odd()", outputs=[])]
    nb.cells[-1].outputs = [nbformat.from_dict({"output_type": "surprise"})]
    nb.cells.append(text("![x](attachment:x.png)"))
    nb.cells[-1]["attachments"] = {"x.png": {"image/png": "AAAA"}}
    write(path, nb)
    updating.update(root)
    new = {c.source: c for c in building.read(path).cells}
    assert new["plot()"].outputs == [good]
    assert new["odd()"].outputs == []
    assert new["![x](attachment:x.png)"].attachments == {"x.png": {"image/png": "AAAA"}}


def test_the_command_tells_what_it_did(lesson, monkeypatch):
    from typer.testing import CliRunner

    from course_lib import cli

    root, path, old, answers = lesson
    (root / "course_lib").mkdir()
    monkeypatch.chdir(root)
    answers = {name: source for name, source in answers.items() if name != GONE}
    write(path, with_answers(old, **answers))
    first, second = CliRunner().invoke(cli.app, ["update"]), CliRunner().invoke(cli.app, ["update"])
    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert f"carried over; the old file is kept as exercises/{kept(path).name}" in first.output
    assert "nothing to carry over" in second.output
    assert CliRunner().invoke(cli.app, ["update", "absent.ipynb"]).exit_code == 1


def test_no_report_takes_the_place_of_a_notebook(lesson, capsys):
    root, path, old, answers = lesson
    raw = write(path, with_answers(old, **answers)).read_bytes()
    for option in ("json_file", "csv_file", "canvas", "moodle", "junit"):
        assert main.grade([path], course=str(root), quiet=True, **{option: str(path)}) == 2
        assert "name another file" in capsys.readouterr().err
    assert path.read_bytes() == raw
