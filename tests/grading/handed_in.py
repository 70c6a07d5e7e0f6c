"""A tiny course and notebooks handed in for it."""

import copy
import importlib.util
import json
from pathlib import Path

from course_lib.grading import main

COURSE = Path(__file__).parent / "fixtures" / "course"
RIGHT = {
    "step": "def step(x, h, W):\n    return np.tanh(x + h @ W.T)",
    "total": "def total(xs):\n    return xs.sum()",
    "pair": "def pair(a, b):\n    return a + b, a - b",
    "word": 'word = "tanh"',
}

_spec = importlib.util.spec_from_file_location("make_fixture", COURSE / "make.py")
make = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make)


def notebook(before="", **answers):
    """A submission as a dict: right answers except those given; `before` is a cell of the learner's own."""
    nb = copy.deepcopy(make.notebook())
    for cell in nb["cells"]:
        name = cell["id"].removeprefix("answer-")
        if cell["id"].startswith("answer-"):
            cell["source"] = answers.get(name, RIGHT[name])
    if before:
        extra = {"cell_type": "code", "id": "own", "metadata": {}, "source": before, "outputs": []}
        nb["cells"].insert(2, extra | {"execution_count": None})
    return nb


def save(folder, name, nb):
    """Write a submission (a dict, text or bytes) into a folder."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(nb, dict):
        nb = json.dumps(nb)
    path.write_bytes(nb if isinstance(nb, bytes) else nb.encode())
    return path


def grade(paths, tmp_path, **options):
    """Grade with the tiny course: (exit code, results by file name)."""
    out = Path(tmp_path) / "out.json"
    out.unlink(missing_ok=True)
    paths = paths if isinstance(paths, list) else [paths]
    options = {"seed": 5, "course": str(COURSE), "state": str(Path(tmp_path) / "state"), "quiet": True} | options
    code = main.grade(paths, json_file=str(out), **options)
    rows = json.loads(out.read_text())["submissions"] if out.exists() else []
    return code, {Path(r["file"]).name: r for r in rows}
