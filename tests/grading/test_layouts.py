"""Study and grade give the same verdict, whatever a cell looks like: right answers of every exercise in many layouts.

In round r the exercise number k of a lesson stands in layout k + r, so that a fault would be blamed on its neighbours.
All rounds together are every exercise in every layout: COURSE_LAYOUT_ROUNDS=all tries them.
"""

import contextlib
import copy
import io
import json
import os
import re
import textwrap
from pathlib import Path

import IPython.core.interactiveshell as shell
import pytest

from course_lib import checks
from course_lib.grading import main

ROOT = Path(__file__).resolve().parents[2]
SEED = 5
pytestmark = pytest.mark.skipif(not (ROOT / "solutions").is_dir(), reason="needs the course's folder")


def block(head, tail="", **_):
    return lambda name, code, _: [head + "\n" + textwrap.indent(code, "    ") + tail]


def below(text):
    return lambda name, code, number: [code + "\n" + text.format(name=name, number=number)]


def above(text):
    return lambda name, code, number: [text.format(name=name, number=number) + "\n" + code]


VALUES = {task.name for number in checks.lessons() for task in checks.lesson(number) if task.is_value}


def is_value(name):
    return name in VALUES


def by_another_name(text, cells=1):
    """The function under another name, and something in its place that calls it; a value stays as it is."""

    def layout(name, code, number):
        if is_value(name):
            return [code]
        return (
            [code.replace(f"def {name}(", f"def own_{name}("), text.format(name=name)][-cells:]
            if cells == 0
            else [code.replace(f"def {name}(", f"def own_{name}(") + "\n" + text.format(name=name)]
        )

    return layout


def wrong(name):
    return f"{name} = None" if is_value(name) else f"def {name}(*args, **more):\n    return 12345.678"


#: name → (exercise's name, code, id) → the cells in its place: sources; a leading "#own\n" marks one without the tag
LAYOUTS = {
    "plain": lambda name, code, _: [code],
    "check-below": below('check("{number}", {name})'),
    "test-below": below("assert {name} is not None\nnp.testing.assert_allclose(1, 1)"),
    "failing-test-below": below("assert {name} is None"),
    "torch-below": below("import torch\nm = torch.nn.LSTMCell(2, 3)\nprint(torch.ones(1), {name})"),
    "course-below": below("from course_lib.nn import cells\nfrom course_lib.show import show\nprint(cells.rnn_step)"),
    "print-below": below("print({name})\nprint('shape', np.ones(2).shape, end='\\r')"),
    "timed-line-below": below("%timeit -n 1 -r 1 1 + 1\n%time x_time = 1"),
    "timed-cell": above("%%time"),
    "captured-cell": above("%%capture"),
    "magics-above": above("%xmode Plain\n%load_ext autoreload\n%autoreload 0\n%precision 3"),
    "help-below": below("{name}?"),
    "shell-below": below("!true\nfiles = !true"),
    "optional-import": above("try:\n    import torch\n    HAVE = True\nexcept ImportError:\n    HAVE = False"),
    "optional-colab": above("try:\n    from google.colab import drive\nexcept ImportError as e:\n    print(e)"),
    "imports-above": above("import torch\nimport torch.nn as nn\nfrom course_lib.nn import layers\nimport math"),
    "not-installed-below": below("import not_installed_anywhere\nnot_installed_anywhere.go()"),
    "exception-named": above("try:\n    open('nowhere')\nexcept OSError as e:\n    print(e)"),
    "demo-fails-below": below("1 / 0\nprint('not reached')"),
    "second-half-is-a-test": lambda name, code, number: [code, f"print({name})\nassert {name} is not None"],
    "first-half-is-an-import": lambda name, code, number: ["import math\nPI = math.pi", code],
    "helper-above": lambda name, code, number: [
        f"#own\ndef same_{name}(f):\n    return f",
        code + f"\n{name} = same_{name}({name})",
    ],
    "helper-below": lambda name, code, number: (
        [code]
        if is_value(name)
        else [
            f"def {name}(*args):\n    return own_{name}(*args)",
            "#own\n" + code.replace(f"def {name}(", f"def own_{name}("),
        ]
    ),
    "value-in-another-cell": lambda name, code, number: [
        f"#own\ntable_{name} = {{}}",
        f"#own\ntable_{name}['x'] = 1",
        code + f"\nassert table_{name}['x'] == 1",
    ],
    "doubled": lambda name, code, number: [code, code],
    "mended-before-the-check": lambda name, code, number: [wrong(name), "#own\n" + code],
    "rewritten-after-the-check": lambda name, code, number: [code, "#check", "#own\n" + wrong(name)],
    "copied-after-the-check": lambda name, code, number: [code, "#check", wrong(name)],
    "copied-under-another-name": lambda name, code, number: [code, "#check", wrong(f"x_{name}")],
    "stub-above": lambda name, code, number: [
        f"{name} = ..." if is_value(name) else f"def {name}(*args):\n    raise NotImplementedError",
        "#own\n" + code,
    ],
    "if": block("if True:"),
    "if-main": below("if __name__ == '__main__':\n    print({name})"),
    "try": block("try:", "\nexcept ImportError:\n    pass"),
    "with": block("import contextlib\nwith contextlib.suppress(OSError):"),
    "for": block("for _ in range(1):"),
    "match": block("match 1:\n    case 1:\n        pass\nif 1:"),
    "match-capture": above("match np:\n    case object(pi=pi):\n        print(pi)"),
    "decorated": lambda name, code, number: [
        f"#own\ndef plain_{name}(f):\n    return f",
        code if is_value(name) else f"@plain_{name}\n{code}",
    ],
    "wrapped": by_another_name(
        "import functools\n@functools.wraps(own_{name})\ndef {name}(*args):\n    return own_{name}(*args)"
    ),
    "partial": by_another_name("import functools\n{name} = functools.partial(own_{name})"),
    "lambda": by_another_name("{name} = lambda *args: own_{name}(*args)"),
    "callable-object": by_another_name(
        "class C_{name}:\n    def __call__(self, *args):\n        return own_{name}(*args)\n{name} = C_{name}()"
    ),
    "static-method": by_another_name(
        "class S_{name}:\n    @staticmethod\n    def f(*args):\n        return own_{name}(*args)\n{name} = S_{name}.f"
    ),
    "under-exec": lambda name, code, number: [f"exec({code!r})"],
    "one-line-with-another": below("a_1 = 1; b_1 = 2"),
    "annotations-of-the-future": above("from __future__ import annotations"),
    "printing": by_another_name("def {name}(*args):\n    print('called')\n    return own_{name}(*args)"),
    "comments-and-blank-lines": lambda name, code, number: ["\n\n# my answer\n\n" + code + "\n\n# done\n\n"],
    "windows-lines": lambda name, code, number: [code.replace("\n", "\r\n")],
}


def lessons():
    return [(path, json.loads(path.read_text("utf-8"))) for path in sorted((ROOT / "solutions").glob("[0-9]*.ipynb"))]


def tag(cell, role):
    return next((t.partition(":")[2] for t in cell["metadata"].get("tags", []) if t.startswith(role + ":")), "")


def answer_of(cell):
    lines = [x for x in "".join(cell["source"]).splitlines() if x.strip() not in ("# BEGIN SOLUTION", "# END SOLUTION")]
    return "\n".join(lines)


def laid_out(nb, ids, layout_of, faulty=()):
    """A notebook with each answer in its layout; cheap: training is left out, which no layout can change."""
    nb = copy.deepcopy(nb)
    cells, later = [], []
    for cell in nb["cells"]:
        name = tag(cell, "answer")
        if not name:
            cells.append(cell)
            if tag(cell, "check"):
                cells += later
                later = []
            continue
        code = wrong(name) if name in faulty else answer_of(cell)
        into = cells
        for k, source in enumerate(LAYOUTS[layout_of(name)](name, code, ids[name])):
            if source == "#check":
                into = later
                continue
            own = source.startswith("#own\n")
            new = {
                **copy.deepcopy(cell),
                "source": source.removeprefix("#own\n"),
                "id": f"{cell['id']}-{k}" if k else cell["id"],
            }
            if own:
                new["metadata"] = {}
            into.append(new)
    nb["cells"] = cells
    return nb


def studied(nb, ids, seed=SEED):
    """What `check` says, cell after cell in one session, as a learner runs them."""
    session = shell.InteractiveShell()
    said = {}
    for cell in nb["cells"]:
        name = tag(cell, "check")
        if name:
            verdict = checks.study(ids[name], session.user_ns.get(name, ...), seed=seed)
            said[ids[name]] = (verdict.status, verdict.points, verdict.misconception)
        elif cell["cell_type"] == "code" and not tag(cell, "show"):
            session.run_cell("".join(cell["source"]), store_history=True)
    return said


def callers(nb, names):
    """The exercises whose answers use one of these names: a fault there is theirs, too."""
    used = {tag(c, "answer"): set(re.findall(r"\w+", "".join(c["source"]))) for c in nb["cells"]}
    return {name for name, words in used.items() if name and words & (set(names) - {name})}


def rounds():
    wanted = os.environ.get("COURSE_LAYOUT_ROUNDS", "3")
    return range(len(LAYOUTS)) if wanted == "all" else range(0, len(LAYOUTS), max(1, len(LAYOUTS) // int(wanted)))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("layouts")
    books, names = {}, list(LAYOUTS)
    for path, nb in lessons():
        tasks = checks.lesson(path.name[:2])
        ids = {e.name: e.id for e in tasks}
        place = {e.name: k for k, e in enumerate(tasks)}
        for r in rounds():
            of = lambda name, r=r, place=place: names[(place[name] + r) % len(names)]  # noqa: E731
            faulty = (tasks[r % len(tasks)].name,) if r % 2 else ()
            if "answer_far" in ids and r:  # seconds of training, once is enough
                faulty = (*faulty, "answer_far")
            book = laid_out(nb, ids, of, faulty)
            key = f"{path.stem}-{r:02d}.ipynb"
            spoilt = callers(nb, [n for n in ids if "after-the-check" in of(n)])
            bad, with_it, later = ({ids[n] for n in some} for some in (faulty, callers(nb, faulty), spoilt))
            books[key] = (book, ids, {ids[n]: of(n) for n in ids}, bad, with_it - bad, later)
            (tmp / key).write_text(json.dumps(book))
    main.grade([str(tmp)], seed=SEED, json_file=str(tmp / "out.json"), state=str(tmp / "state"), quiet=True)
    rows = {Path(s["file"]).name: s for s in json.loads((tmp / "out.json").read_text())["submissions"]}
    return books, rows


def test_right_answers_keep_their_points_in_every_layout_and_only_the_fault_is_blamed(graded):
    books, rows = graded
    lost = []
    for key, (_, _, layouts, faulty, with_it, _) in books.items():
        for e in rows[key]["exercises"]:
            if e["id"] not in with_it and (e["status"] == "right") == (e["id"] in faulty):
                lost.append((key, e["id"], layouts[e["id"]], e["status"], e["message"]))
    assert lost == []


def test_study_gives_the_same_verdict(graded):
    """But where an answer calls one that was rewritten after its check: the grader takes the one that counts."""
    books, rows = graded
    differ = []
    for key, (book, ids, layouts, _, _, spoilt) in books.items():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            said = studied(book, ids)
        for e in rows[key]["exercises"]:
            mine = (e["status"], e["points"], e["misconception"])
            if said[e["id"]] != mine and e["id"] not in spoilt:
                differ.append((key, e["id"], layouts[e["id"]], said[e["id"]], mine, e["message"]))
    assert differ == []
