"""The course's own notebooks: solutions earn all points, untouched exercises none, borrowed answers none."""

import json
from pathlib import Path

import pytest

from course_lib import building
from course_lib.grading import main

ROOT = Path(__file__).resolve().parents[2]
BORROWED = {
    "import": "from course_lib.nn.bptt import unroll\n\ndef repaired(*a):\n    return unroll(*a)",
    "alias": "import course_lib.nn.bptt as q\n\nrepaired = q.unroll",
    "inside": "def repaired(*a):\n    from course_lib.nn import bptt\n    return bptt.unroll(*a)",
    "dynamic": "import importlib\n\nrepaired = importlib.import_module('course_lib.nn' + '.bptt').unroll",
    "exec": "exec('from course_lib.' + 'nn.bptt import unroll as repaired')",
    "torch": "import torch\n\ndef repaired(xs, h0, W, U, b, *output):\n"
    "    layer = torch.nn.RNN(*W.shape[::-1]).double()\n"
    "    for p, w in zip(layer.parameters(), (W, U, b, 0 * b)):\n        p.data = torch.tensor(w)\n"
    "    hs = layer(torch.tensor(xs), torch.tensor(h0)[None])[0]\n"
    "    return torch.nn.functional.linear(hs, *map(torch.tensor, output))",
}


def grade(tmp_path, *paths):
    out = tmp_path / "out.json"
    state = str(tmp_path / "state")
    code = main.grade(list(map(str, paths)), seed=11, json_file=str(out), state=state, quiet=True)
    return code, {Path(s["file"]).stem: s for s in json.loads(out.read_text())["submissions"]}


@pytest.mark.skipif(not (ROOT / "solutions").is_dir(), reason="needs the course's folder")
def test_solutions_earn_everything_and_untouched_exercises_nothing(tmp_path):
    code, rows = grade(tmp_path, ROOT / "solutions")
    assert code == 0
    for stem, row in rows.items():
        wrong = [(e["id"], e["message"]) for e in row["exercises"] if e["status"] != "right"]
        assert row["points"] == row["max_points"] == 10, (stem, wrong)
        assert row["notes"] == []
    for path in (ROOT / "solutions").glob("*.ipynb"):  # not exercises/: somebody may have solved them there
        made = building.exercise(building.canonical(building.read(path)))
        (tmp_path / path.name).write_text(building.dump(made), "utf-8")
    code, rows = grade(tmp_path, *tmp_path.glob("*.ipynb"))
    assert code == 0
    assert {e["status"] for row in rows.values() for e in row["exercises"]} == {"blank"}


@pytest.mark.skipif(not (ROOT / "solutions").is_dir(), reason="needs the course's folder")
def test_a_borrowed_answer_is_no_answer(tmp_path):
    solution = json.loads((ROOT / "solutions" / "01_recurrence.ipynb").read_text())
    for name, source in BORROWED.items():
        for cell in solution["cells"]:
            if "answer:repaired" in cell["metadata"].get("tags", []):
                cell["source"] = source
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(solution))
    _, rows = grade(tmp_path, *[tmp_path / f"{name}.ipynb" for name in BORROWED])
    got = {name: (rows[name]["exercises"][0]["status"], rows[name]["points"]) for name in BORROWED}
    assert got == dict.fromkeys(BORROWED, ("error", 8)), rows
    told = {rows[name]["exercises"][0]["message"] for name in ("import", "inside", "torch")}
    assert told == {f"{name} is not there in this exercise: NumPy only" for name in ("course_lib.nn", "torch")}
