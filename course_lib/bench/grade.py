"""`course bench grade`: our grader against nbgrader on the same class, side by side, and how ours grows with the class.

The class is synthetic: a notebook with four tasks that uses NumPy, torch and a plot, handed in by 20 learners, right,
wrong and late; three tasks are bare and one is open, so that both kinds of kernel are in use. nbgrader is installed
into an environment of its own and is no dependency; the row is left out, with a line that says why, where it cannot
be installed. Processor time includes every process that a grader starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from course_lib.bench import row

LEARNERS = 20
SIZES = (20, 100, 500)
GOAL = 0.1

CHECKS = '''"""The checks of the benchmark's notebook."""
import numpy as np
from course_lib.checks.exercise import Case, Exercise


def step(x, h, W_xh, W_hh):
    return np.tanh(x @ W_xh.T + h @ W_hh.T)


def unroll(xs, h, W_xh, W_hh):
    hs = []
    for x in xs:
        h = step(x, h, W_xh, W_hh)
        hs.append(h)
    return np.stack(hs)


def gradient(xs, h, W_xh, W_hh):
    hs = unroll(xs, h, W_xh, W_hh)
    dh, dW = np.zeros_like(h), np.zeros_like(W_hh)
    for t in reversed(range(len(xs))):
        dh = dh + 1
        da = dh * (1 - hs[t] ** 2)
        dW += da.T @ (hs[t - 1] if t else h)
        dh = da @ W_hh
    return dW


def norms(xs, h, W_xh, W_hh):
    return np.sqrt((unroll(xs, h, W_xh, W_hh) ** 2).sum((1, 2)))


def cases(rng, T=12, B=4, D=3, H=8):
    W = rng.normal(size=(H, D)), rng.normal(size=(H, H)) / H
    return [Case("a sequence", (rng.normal(size=(T, B, D)), rng.normal(size=(B, H)), *W)) for _ in range(3)]


def one_step(rng):
    return [Case(c.label, (c.args[0][0], *c.args[1:])) for c in cases(rng)]


EXERCISES = (
    Exercise("01.1", "step", 2, one_step, right=step, bare=True),
    Exercise("01.2", "unroll", 3, cases, right=unroll, bare=True),
    Exercise("01.3", "gradient", 3, cases, right=gradient),
    Exercise("01.4", "norms", 2, cases, right=norms, bare=True),
)
'''
SETUP = "import matplotlib.pyplot as plt\nimport numpy as np\nimport torch\n\nfrom course_lib.checks import check"
ANSWERS = {
    "step": "def step(x, h, W_xh, W_hh):\n    return np.tanh(x @ W_xh.T + h @ W_hh.T)",
    "unroll": "def unroll(xs, h, W_xh, W_hh):\n    hs = []\n    for x in xs:\n        h = step(x, h, W_xh, W_hh)\n"
    "        hs.append(h)\n    return np.stack(hs)",
    "gradient": "def gradient(xs, h, W_xh, W_hh):\n    xs, h, W_xh, W_hh = map(torch.from_numpy, (xs, h, W_xh, W_hh))\n"
    "    W_hh.requires_grad_()\n    total = 0\n    for x in xs:\n        h = torch.tanh(x @ W_xh.T + h @ W_hh.T)\n"
    "        total = total + h.sum()\n    total.backward()\n    return W_hh.grad.numpy()",
    "norms": "def norms(xs, h, W_xh, W_hh):\n    hs = unroll(xs, h, W_xh, W_hh)\n"
    "    return np.sqrt((hs ** 2).sum((1, 2)))",
}
PLOT = (
    "rng = np.random.default_rng(0)\nexample = [rng.normal(size=s) for s in ((50, 4, 3), (4, 8), (8, 3), (8, 8))]\n"
    'plt.plot(norms(*example))\nplt.xlabel("time step")\nplt.ylabel("norm of the state")\nplt.show()'
)
SLIPS = {"step": ("np.tanh", ""), "unroll": ("hs.append(h)", "hs.append(x)"), "norms": (".sum((1, 2))", ".sum()")}
POINTS = {"step": 2, "unroll": 3, "gradient": 3, "norms": 2}


def notebook(k: int | None = None, tests: str = "") -> dict[str, Any]:
    """The benchmark's notebook: the solution, or (with `k`) what learner number k hands in, or nbgrader's source."""
    cells = [_cell("markdown", "title", "# Four tasks"), _cell("code", "setup", SETUP)]
    for number, (name, answer) in enumerate(ANSWERS.items(), 1):
        wrong = k is not None and k % 5 == 4 and name == list(SLIPS)[k % 3]
        source = answer.replace(*SLIPS[name]) if wrong else answer
        if k is not None:
            source = f"# learner {k}\n{source}"
        if tests:  # nbgrader's way: the solution between markers, asserts in the learner's process
            source = f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"
        cells.append(_cell("code", f"answer-{name}", source, f"answer:{name}"))
        check = f'check("01.{number}", {name})'
        if tests:
            hidden = tests.replace("NAME", name).replace("ARGS", "xs[0], *rest" if name == "step" else "xs, *rest")
            check = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
        cells.append(_cell("code", f"check-{name}", check, f"check:{name}", f"points:{POINTS[name]}"))
    cells.append(_cell("code", "plot", PLOT))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"course": {"lesson": "01"}, "kernelspec": kernel}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, name: str, source: str, *tags: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {"tags": list(tags)}, "source": source}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    if tags:
        points = POINTS[name.removeprefix("check-")] if name.startswith("check-") else None
        grade = {"schema_version": 3, "grade_id": name, "task": False, "solution": points is None}
        cell["metadata"]["nbgrader"] = grade | {"grade": points is not None, "locked": points is not None}
        if points is not None:
            cell["metadata"]["nbgrader"]["points"] = points
    return cell


def make_class(folder: Path, learners: int) -> Path:
    """A course and a class below `folder`; the folder with what was handed in."""
    (folder / "course" / "checks").mkdir(parents=True, exist_ok=True)
    (folder / "course" / "solutions").mkdir(exist_ok=True)
    (folder / "course" / "checks" / "lesson_01.py").write_text(CHECKS, "utf-8")
    (folder / "course" / "solutions" / "01_four_tasks.ipynb").write_text(json.dumps(notebook()), "utf-8")
    handed_in = folder / f"class-{learners}"
    handed_in.mkdir()
    for k in range(learners):
        (handed_in / f"learner{k:03d}.ipynb").write_text(json.dumps(notebook(k)), "utf-8")
    return handed_in


def measured(command: list[str], **options: Any) -> tuple[float, float, str]:
    """Wall seconds, processor seconds of all processes that a command starts, and what it wrote.

    A control group counts exactly where one can be made; else the processes that were waited for.
    """
    group = _group()
    before, start = os.times(), time.perf_counter()
    enter = (lambda: (group / "cgroup.procs").write_text(str(os.getpid()))) if group else None
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=enter, **options)
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    if group:
        time.sleep(0.3)
        cpu = _used(group)
        group.rmdir()
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-800:]}")
    return wall, cpu, done.stdout


def _group() -> Path | None:
    for root in (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")):
        group = root / f"course-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / "cpuacct.usage").exists() or (group / "cpu.stat").exists():
            return group
        group.rmdir()
    return None


def _used(group: Path) -> float:
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text()) / 1e9
    return int((group / "cpu.stat").read_text().split()[1]) / 1e6


def ours(folder: Path, handed_in: Path) -> tuple[float, float, dict[str, Any]]:
    """Wall and processor seconds of `course grade`, and its JSON."""
    out = folder / "ours.json"
    command = [sys.executable, "-m", "course_lib.cli", "grade", str(handed_in), "--seed", "1", "--fresh"]
    command += ["--course", str(folder / "course"), "--state", str(folder / "state"), "--json", str(out)]
    wall, cpu, _ = measured(command, cwd=folder, env=_environment())
    return wall, cpu, json.loads(out.read_text("utf-8"))


def _environment() -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return os.environ | one | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def nbgrader_environment(timeout: float = 600) -> Path:
    """The folder of programs of an environment with nbgrader; it borrows NumPy and torch from this one.

    It lies inside this environment and goes with it; COURSE_NBGRADER names one that is there already.
    Raises OSError when it cannot be made.
    """
    if os.environ.get("COURSE_NBGRADER"):
        return Path(os.environ["COURSE_NBGRADER"])
    base = Path(sys.prefix) / "nbgrader"
    programs = base / ("Scripts" if os.name == "nt" else "bin")
    if not (base / "ready").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(base)], check=True, capture_output=True)
            pip = [str(programs / "python"), "-m", "pip", "install", "-q", "nbgrader"]
            subprocess.run(pip, check=True, capture_output=True, timeout=timeout)
        except subprocess.SubprocessError as error:
            raise OSError(f"nbgrader cannot be installed here ({type(error).__name__})") from None
        (base / "ready").touch()
    # At every call: the course may have been cloned anew or moved since.
    paths = [sysconfig.get_path("purelib"), str(Path(__file__).resolve().parents[2])]
    site = next(base.glob("lib/python*/site-packages"), base / "Lib" / "site-packages")
    (site / "zz_course.pth").write_text("\n".join(dict.fromkeys(paths)) + "\n", "utf-8")
    return programs


def theirs(folder: Path, handed_in: Path) -> tuple[float, float, dict[str, float]]:
    """Wall and processor seconds of `nbgrader autograde` on the same class, and its points."""
    programs = nbgrader_environment()
    home = folder / "nbgrader"
    (home / "source" / "ps1").mkdir(parents=True)
    tests = f"exec({CHECKS!r}.split('EXERCISES')[0], (right := {{}}))\nfor case in right['cases'](np.random."
    tests += "default_rng(1)) * 2:\n    xs, *rest = case.args\n    assert np.allclose(NAME(ARGS), right['NAME'](ARGS))"
    (home / "source" / "ps1" / "four.ipynb").write_text(json.dumps(notebook(tests=tests)), "utf-8")
    (home / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
    env = _environment() | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    env |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_CONFIG_DIR": str(folder / "jupyter")}
    command = [str(programs / "nbgrader"), "generate_assignment", "ps1", "--create"]
    subprocess.run(command, cwd=home, env=env, check=True, capture_output=True)
    release = json.loads((home / "release" / "ps1" / "four.ipynb").read_text("utf-8"))
    for path in sorted(handed_in.glob("*.ipynb")):
        nb = json.loads(json.dumps(release))
        answers = {c["id"]: c["source"] for c in json.loads(path.read_text("utf-8"))["cells"]}
        for cell in nb["cells"]:
            if cell["id"].startswith("answer-"):
                cell["source"] = answers[cell["id"]]
        target = home / "submitted" / path.stem / "ps1" / "four.ipynb"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(nb), "utf-8")
    wall, cpu, _ = measured([str(programs / "nbgrader"), "autograde", "ps1"], cwd=home, env=env)
    subprocess.run([str(programs / "nbgrader"), "export"], cwd=home, env=env, check=True, capture_output=True)
    import csv

    with (home / "grades.csv").open(newline="") as file:
        points = {r["student_id"]: float(r["score"]) for r in csv.DictReader(file)}
    return wall, cpu, points


def grade_rows(learners: int = LEARNERS, sizes: tuple[int, ...] = SIZES, rounds: int = 1) -> list[dict[str, Any]]:
    """Our grader and nbgrader on the same class: wall and processor time; then the time per submission as classes grow.

    The row "not learner code" is the share of all submissions' time in which no cell was running.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="course-bench-") as name:
        folder = Path(name)
        handed_in = make_class(folder, learners)
        mine = [ours(folder, handed_in) for _ in range(rounds)]
        try:
            other = [theirs(folder, handed_in)]
        except OSError as error:
            print(f"no comparison with nbgrader: {error}", file=sys.stderr)
            other = []
        points = {Path(s["file"]).stem: s["points"] for s in mine[0][2]["submissions"]}
        if other and points != other[0][2]:
            raise AssertionError(f"the two graders disagree: {points} and {other[0][2]}")
        for k, what in enumerate(("wall", "processor")):
            best, against = min(m[k] for m in mine), other[0][k] if other else None
            rows.append(row(f"{learners} submissions, {what} time", best, against, "s", goal=GOAL if other else None))
        for size in sizes:
            done = mine[0] if size == learners else ours(folder, make_class(folder, size))
            for k, what in enumerate(("wall", "processor")):
                per, first = done[k] / size, mine[0][k] / learners
                title = f"a class of {size} / of {learners}: {what} time for each"
                rows.append(row(title, per * 1000, first * 1000, "ms"))
        timing = mine[0][2]["timing"]
        share = 1 - timing["cells"] / timing["submissions"]
        rows.append(row(f"{learners} submissions, share of their time that is not learner code", share, 1.0, "1"))
    return rows
