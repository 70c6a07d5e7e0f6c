"""Bad input: one line that names the file, what is wrong and how to mend it; the rest of the batch goes on."""

import contextlib
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading import graft as graft_module
from course_lib.grading import main, plugin
from course_lib.grading.graft import graft
from tests.grading.handed_in import COURSE, RIGHT, grade, notebook, save

ENDLESS = "takes_for_ever = 1"
BAD = {
    "empty.ipynb": (b"", "is empty"),
    "blank.ipynb": (b" \n\n", "is empty"),
    "cut.ipynb": (json.dumps(notebook(), indent=1)[:900], "cut off at line"),
    "text.ipynb": ("# My notebook\nhello", "is not a notebook"),
    "word.ipynb": (b"PK\x03\x04" + bytes(200), "is a zip archive"),
    "gz.ipynb": (gzip.compress(b"{}"), "is a gzip archive"),
    "saved-page.ipynb": ("<!DOCTYPE html><html>Sign in</html>", "is a web page"),
    "number.ipynb": ("17", "is JSON but no notebook"),
    "list.ipynb": ("[1, 2]", "is JSON but no notebook"),
    "settings.ipynb": ('{"a": 1}', 'no "cells"'),
    "no-cells.ipynb": ('{"cells": []}', "has no cells"),
    "cells-of-numbers.ipynb": ('{"cells": [1, 2]}', "has no cells"),
    "cells-a-text.ipynb": ('{"cells": "x"}', 'no "cells"'),
    "deep.ipynb": ('{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}", "damaged JSON"),
    "long-number.ipynb": ('{"cells": ' + "9" * 10_000 + "}", "damaged JSON"),
    "much-code.ipynb": (notebook(before="x = 1\n" * 200_000), "MiB of code"),
    "many-cells.ipynb": (
        {"cells": [{"cell_type": "code", "source": f"x = {k}", "metadata": {}} for k in range(2001)]},
        "holds 2001 cells, at most 2000",
    ),
    "endless.ipynb": (notebook(before=ENDLESS), "takes the grader more than"),
    "another-course.ipynb": (
        {"cells": [{"cell_type": "code", "source": "x = 1", "id": "a", "metadata": {}}]},
        "holds no answer of this course",
    ),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        save(tmp / "class", name, content)
    save(tmp / "class", "good.ipynb", notebook())
    save(tmp / "elsewhere", "not-handed-in.ipynb", notebook())
    save(tmp / "class", "renamed", notebook())
    (tmp / "class" / "folder.ipynb").mkdir()
    os.mkfifo(tmp / "class" / "pipe.ipynb")
    (tmp / "class" / "dangling.ipynb").symlink_to("/nowhere/x.ipynb")
    (tmp / "class" / "linked-folder").symlink_to(tmp / "elsewhere")
    (tmp / "class" / "loop.ipynb").symlink_to("loop.ipynb")
    (tmp / "class" / "neighbour.ipynb").symlink_to("good.ipynb")
    (tmp / "class" / "solution.ipynb").symlink_to(next((COURSE / "solutions").glob("*.ipynb")))
    save(tmp / "class", "Ada_1_assignsubmission_file/work.zip", b"PK")
    for name in (b"bytes\xff.ipynb", b"bytes\xfe.ipynb"):
        Path(os.fsdecode(os.fsencode(tmp / "class") + b"/" + name)).write_text(json.dumps(notebook()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin, "READING_SECONDS", 1.0)
        patch.setattr(plugin.graft, "graft", slow_graft)
        code, rows = grade([tmp / "class", tmp / "class" / "renamed"], tmp, csv_file=str(tmp / "x.csv"))
    return code, rows, (tmp / "x.csv").read_text()


def slow_graft(assignment, submission):
    """One file, whatever makes it so, keeps the grader busy; and it catches an alarm."""
    with contextlib.suppress(TimeoutError):
        while any(c.source == ENDLESS for c in submission.cells):
            pass
    while any(c.source == ENDLESS for c in submission.cells):
        pass
    return graft(assignment, submission)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_line_that_says_what_to_do(results, name):
    row = results[1][name]
    assert (row["status"], row["points"]) == ("unreadable", 0), row["message"]
    assert BAD[name][1] in row["message"]
    assert ": " in row["message"], "no way to mend it"
    assert "\n" not in row["message"]


def test_the_rest_of_the_batch_goes_on(results):
    code, rows, csv = results
    assert code == 1
    assert rows["good.ipynb"]["points"] == rows["renamed"]["points"] == 10
    links = "dangling.ipynb", "loop.ipynb", "neighbour.ipynb", "solution.ipynb", "linked-folder"
    for name in ("pipe.ipynb", "work.zip", *links):
        assert (rows[name]["status"], rows[name]["points"]) == ("unreadable", 0)
    assert rows["bytes\\xff.ipynb"]["points"] == rows["bytes\\xfe.ipynb"]["points"] == 10
    assert len(csv.splitlines()) == len(rows) + 1
    assert "not-handed-in.ipynb" not in rows


def test_two_names_never_look_the_same():
    names = [b"a\nb", b"a\\nb", b"a\xffb", b"a\\xffb", "a\u202eb".encode(), b"a\\u202eb", "ab\u200b".encode(), b"ab"]
    shown = [main.shown(Path(os.fsdecode(name))) for name in names]
    assert len(set(shown)) == len(names)
    assert all(text.isprintable() for text in shown)


def test_a_cell_with_very_many_names_is_read(folder, tmp_path):
    many = [f"a{k}" for k in range(20_000)]
    save(folder, "many.ipynb", notebook(before="import " + ",".join(many), step="def step():\n    " + ";".join(many)))
    _, rows = grade(folder, tmp_path)
    assert (rows["many.ipynb"]["status"], rows["many.ipynb"]["points"]) == ("graded", 6), rows["many.ipynb"]["message"]


def test_an_alarm_that_comes_late_does_not_end_the_worker():
    code = (
        "import os, signal\nfrom course_lib.grading.plugin import at_most\n"
        "with at_most(5):\n    pass\nos.kill(os.getpid(), signal.SIGPROF)\nprint('alive')"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "alive\n"


def test_a_folder_that_is_closed_is_told_and_a_named_link_is_followed(folder, tmp_path, monkeypatch):
    save(tmp_path, "real.ipynb", notebook())
    (folder / "link.ipynb").symlink_to(tmp_path / "real.ipynb")
    real = os.walk

    def walk(top, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder / "closed")))
        return real(top)

    monkeypatch.setattr(main.os, "walk", walk)
    files = list(main.collect([folder, folder / "link.ipynb"]))
    assert files == [folder / "closed", folder / "link.ipynb", tmp_path / "real.ipynb"]


def test_parts_that_are_missing_are_told_one_by_one(folder, tmp_path):
    nb = notebook(word="word = ...", total="def total(xs):\n    raise NotImplementedError")
    nb["cells"] = [c for c in nb["cells"] if "pair" not in c["id"]]
    nb["cells"].append({"cell_type": "code", "source": "print(step)", "metadata": {}, "id": "mine"})
    save(folder, "parts.ipynb", nb)
    _, rows = grade(folder, tmp_path)
    told = {e["name"]: (e["status"], e["points"]) for e in rows["parts.ipynb"]["exercises"]}
    assert told == {"step": ("right", 4), "total": ("blank", 0), "pair": ("missing", 0), "word": ("blank", 0)}
    assert any("answer:pair" in n for n in rows["parts.ipynb"]["notes"])


def test_what_does_not_count_and_what_stops_is_told(folder, tmp_path):
    nb = notebook(before="1 / 0\ntable = open('nowhere')", step="def step(x, h, W):\n    return x + len(table)")
    late = {"cell_type": "code", "source": RIGHT["step"], "metadata": {}, "id": "mine"}
    nb["cells"].append(late)
    save(folder, "late.ipynb", nb)
    _, rows = grade(folder, tmp_path)
    notes = "\n".join(rows["late.ipynb"]["notes"])
    assert rows["late.ipynb"]["points"] == 6
    assert "step: what cell 16 makes of it does not count" in notes
    assert "cell 3 of your notebook stops with FileNotFoundError" in notes


def test_large_submissions_do_not_add_up_in_memory(monkeypatch):
    def grade(loop, session, job):
        graft_module.pieces(job.raw.decode())
        return {}

    monkeypatch.setattr(plugin.Loop, "grade", grade)
    jobs = [plugin.Job("a", b"x = 1;" * size, 1) for size in (10, 100_000)]
    plugin.Loop(None, jobs, lambda row: None).pytest_runtestloop(None)
    assert graft_module._tree.cache_info().currsize == graft_module.pieces.cache_info().currsize == 0


def test_a_syntax_error_is_named_with_its_place(folder, tmp_path):
    save(folder, "x.ipynb", notebook(step="def step(x, h, W)\n    return x"))
    _, rows = grade(folder, tmp_path)
    first, *others = rows["x.ipynb"]["exercises"]
    assert (first["status"], first["points"]) == ("error", 0)
    assert "SyntaxError" in first["message"] and "graded with Python 3." in first["message"]
    assert sum(e["points"] for e in others) == 6


def test_named_bugs_and_hints(folder, tmp_path):
    save(folder, "x.ipynb", notebook(step="def step(x, h, W):\n    return x + h @ W.T", word="word = 'sigmoid'"))
    _, rows = grade(folder, tmp_path)
    keys = {e["name"]: e["misconception"] for e in rows["x.ipynb"]["exercises"]}
    assert keys == {"step": "tanh-forgotten", "total": None, "pair": None, "word": "sigmoid-named"}


def test_the_expected_lesson_is_enforced(folder, tmp_path):
    save(folder, "x.ipynb", notebook())
    _, rows = grade(folder, tmp_path, lesson="07")
    assert "expected one of the lessons 01" in rows["x.ipynb"]["message"]


@pytest.mark.parametrize(
    ("paths", "options", "told"),
    [
        (["nowhere"], {}, "nowhere: not there"),
        (["."], {}, "a folder without notebooks"),
        ([], {}, "name a notebook"),
        (None, {"seed": -1}, "--seed: expected 0 or more, got -1"),
        (None, {"jobs": 0}, "--jobs: expected at least 1, got 0"),
        (None, {"sandbox": "maybe"}, "--sandbox: expected required, best or off, got 'maybe'"),
        (None, {"course": "."}, "the course has no lesson"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(folder, tmp_path, monkeypatch, capsys, paths, options, told):
    file = save(tmp_path, "one.ipynb", notebook())
    monkeypatch.chdir(folder)
    code, _ = grade([str(file)] if paths is None else paths, tmp_path, **options)
    assert code == 2
    error = capsys.readouterr().err.strip()
    assert told in error
    assert "\n" not in error


def test_the_course_has_no_pristine_answers_in_the_kernel(folder, tmp_path):
    """A learner without an answer cell does not get the solution's."""
    nb = notebook()
    nb["cells"] = [c for c in nb["cells"] if "answer-" not in c["id"]]
    save(folder, "01_tiny.ipynb", nb)
    assert (COURSE / "solutions" / "01_tiny.ipynb").exists()
    _, rows = grade(folder, tmp_path)
    assert rows["01_tiny.ipynb"]["points"] == 0
