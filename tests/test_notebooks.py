"""Every notebook of the course: executed, in step with its sources, graded, and indexed."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
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


@pytest.mark.parametrize("path", LECTURES, ids=lambda p: p.stem)
def test_a_lecture_runs_from_top_to_bottom(path):
    nb = building.execute(building.read(path), path.parent, timeout=300)
    assert building.warnings_of(building.canonical(nb), path.stem) == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_a_solution_passes_strict_nbval(path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    options = ["--nbval-cell-timeout=300", "-c", "/dev/null", "--rootdir", str(path.parent)]
    done = subprocess.run([*command, *options, str(path)], capture_output=True, text=True, timeout=600, check=False)
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
            for target in re.findall(r"\]\(((?!https?:|#|mailto:)[^)#\s]+)", cell.source):
                assert (path.parent / target).exists(), f"{cell.id}: {target}"
