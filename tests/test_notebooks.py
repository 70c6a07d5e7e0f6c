"""Every notebook of the course: executed, in step with its sources, graded, and indexed."""

import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from functools import cache
from pathlib import Path
from typing import ClassVar

import nbclient
import nbformat
import numpy as np
import pytest

from course_lib import building, checks

ROOT = Path(__file__).parent.parent
LECTURES = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
ALL = [*LECTURES, *SOLUTIONS]


def test_everything_is_in_step(tmp_path):
    """In the working tree or, where somebody works in it, as committed; a learner's answers are no findings."""
    findings = building.build(ROOT, check=True).findings
    if findings and committed(tmp_path):
        findings = building.build(tmp_path, check=True).findings
    assert findings == []


def committed(folder):
    """Whether there is a git, whose last commit is then in the folder."""
    names = ["notebooks", "solutions", "exercises", "docs"]
    try:
        done = subprocess.run(
            ["git", "archive", "--format=zip", "HEAD", *names], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    zipfile.ZipFile(io.BytesIO(done.stdout)).extractall(folder)
    return True


SIGNS = ("stream", "display_data", "update_display_data", "execute_result", "comm_open", "comm_msg", "clear_output")
PATIENCE = 5.0  # seconds without a sign of life: what a learner waits
LOOP = 0.45  # seconds that 10^7 additions take where the lectures were tuned to that


def additions():
    """Seconds that a loop of 10^7 additions takes: how slow this machine is at the moment."""
    start, total = time.perf_counter(), 0
    for k in range(10**7):
        total += k
    return time.perf_counter() - start


class Listening(nbclient.NotebookClient):
    """Notes for each cell when the kernel began it, gave signs of life, and was done, by the kernel's own clock."""

    times: ClassVar[dict] = {}

    def process_message(self, msg, cell, cell_index):
        kind = msg["header"]["msg_type"]
        if kind in (*SIGNS, "execute_input") or msg["content"].get("execution_state") == "idle":
            self.times.setdefault(cell.id, []).append(msg["header"]["date"].timestamp())
        return super().process_message(msg, cell, cell_index)


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_a_lecture_runs_from_top_to_bottom(path, monkeypatch):
    """And no cell is silent for long: not in each of two runs, since others may have held up one of them."""
    import torch  # noqa: F401  (its files are in memory then: the first import from a slow disk is nobody's silence)

    monkeypatch.setattr("nbclient.NotebookClient", Listening)
    silent = too_long(path, monkeypatch)
    assert not silent or silent.keys().isdisjoint(again := too_long(path, monkeypatch)), (silent, again)


def too_long(path, monkeypatch):
    """The lecture's cells that gave no sign for longer than the limit, which grows with the time of a loop here."""
    monkeypatch.setattr(Listening, "times", {})
    before = additions()
    nb = building.execute(building.read(path), path.parent, timeout=300)
    assert building.warnings_of(building.canonical(nb), path.stem) == []
    limit = PATIENCE * max(1, before / LOOP, additions() / LOOP)
    silences = {name: max(np.diff(times)) for name, times in Listening.times.items() if len(times) > 1}
    assert silences
    return {name: f"{s:.1f} s of {limit:.1f}" for name, s in silences.items() if s > limit}


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_a_solution_passes_strict_nbval(path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    options = ["--nbval-cell-timeout=300", "-c", "/dev/null", "--rootdir", str(path.parent)]
    own = {**os.environ, "COURSE_HOME": os.devnull}  # as where the outputs were stored: no progress is kept
    done = subprocess.run(
        [*command, *options, str(path)], capture_output=True, text=True, timeout=600, check=False, env=own
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_the_stored_solution_has_all_ten_points(path):
    tasks = {t.name: t for t in checks.lesson(path.name[:2])}
    nb = building.read(path)
    said = {name: c.outputs[0].text for c in nb.cells if (name := building.tag_value(c, "check")) and c.outputs}
    assert said.keys() == tasks.keys()
    assert all(text.startswith(f"✓ {tasks[name].id}") for name, text in said.items()), said


@pytest.mark.parametrize("path", ALL, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_notebook_is_valid_small_and_says_how_long_it_takes(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    assert path.stat().st_size < 2_000_000
    course = nb.metadata.course
    assert course.lesson == path.name[:2]
    assert course.title
    assert set(course.minutes) <= {"teaching", "exercises"}
    for cell in nb.cells:
        if cell.cell_type == "code":
            assert not re.search(r"sys\.path|pip install|^\s*!", cell.source, re.MULTILINE), cell.id


def test_every_row_of_an_existing_lesson_has_a_cell():
    have = {n for path in ALL for c in building.read(path).cells for n in c.metadata.get("course", {}).get("rows", [])}
    existing = {path.name[:2] for path in LECTURES}
    rows = building.syllabus_rows()
    assert [r["row"] for r in rows] == list(range(1, 131))
    missing = [r["row"] for r in rows if r["row"] not in have and r["lessons"] and r["lessons"][0] in existing]
    assert missing == []


def test_links_of_the_index_lead_to_cells():
    text = (ROOT / "docs" / "syllabus.md").read_text("utf-8")
    cells = {p.relative_to(ROOT).as_posix(): {c["id"] for c in json.loads(p.read_text("utf-8"))["cells"]} for p in ALL}
    links = re.findall(r"\]\(\.\./([^#)]+)#cell-id=([^)]+)\)", text)
    assert links
    assert all(cell in cells[file] for file, cell in links)


@pytest.mark.parametrize("path", ALL, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_links_between_notebooks_lead_somewhere(path):
    for cell in building.read(path).cells:
        if cell.cell_type == "markdown":
            for target, fragment in re.findall(r"\]\(((?!https?:|#|mailto:)[^)#\s]+)(?:#([^)\s]*))?", cell.source):
                assert (path.parent / target).exists(), f"{cell.id}: {target}"
                assert not fragment or fragment in fragments(path.parent / target), f"{cell.id}: {target}#{fragment}"


@cache
def fragments(path):
    return {f"cell-id={cell.id}" for cell in building.read(path).cells}


@pytest.mark.parametrize("number", checks.lessons())
def test_each_exercise_names_the_section_of_the_lecture_that_explains_it(number):
    cells = building.read(next(p for p in LECTURES if p.name.startswith(number))).cells
    inside, title = {}, ""
    for cell in cells:
        headings = re.findall(r"(?m)^#{2,3} (.+)$", cell.source) if cell.cell_type == "markdown" else []
        inside[cell.id] = headings or [title]
        title = (headings or [title])[-1]
    for task in checks.lesson(number):
        title, link = checks.section(task.solution.statement)
        assert title in inside[link.partition("#cell-id=")[2]], f"{task.id}: {title}"
