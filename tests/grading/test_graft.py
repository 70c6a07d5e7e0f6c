"""Which cell answers an exercise, what comes along from other cells, and what is told about the rest."""

import pytest

from course_lib.grading import notebook
from course_lib.grading.course import Course
from course_lib.grading.graft import find_answers, free_names, graft
from tests.grading.handed_in import COURSE, RIGHT, grade, save
from tests.grading.handed_in import notebook as handed_in

[TINY] = Course(COURSE).assignments()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(xs):\n    dW = g(xs)\n    return dW", {"g"}),
        ("def f(xs):\n    return [h * w for h in xs]", {"w"}),
        ("f = lambda x: np.tanh(x)", {"np"}),
        ("def f(x):\n    def inner(y):\n        return x * y + z\n    return inner(x)", {"z"}),
        ("class A:\n    def f(self):\n        return torch.ones(1)", {"torch"}),
        ("a = b\nc = a", {"a", "b"}),
        ("exec('f = np.tanh')", {"np"}),
        ("def f(:", set()),
    ],
)
def test_local_variables_and_arguments_are_not_free(code, names):
    assert free_names(code) >= names
    assert not free_names(code) & {"xs", "dW", "h", "x", "y"}


def submission(*cells):
    """Cells as (tag or '', source)."""
    rows = [{"cell_type": "code", "source": s, "metadata": {"tags": [t] if t else []}} for t, s in cells]
    return notebook.parse(__import__("json").dumps({"cells": rows, "metadata": {}, "nbformat": 4}).encode())


STUB = "def step(x, h, W):\n    raise NotImplementedError"
OTHER = "def step(x, h, W):\n    return x"
CHECK = ("check:step", 'check("01.1", step)')


@pytest.mark.parametrize(
    ("cells", "counts"),
    [
        ([("answer:step", OTHER), ("answer:step", "print(step)"), CHECK], [1]),
        ([("answer:step", OTHER), CHECK, ("answer:step", "def half(x):\n    return x")], [1]),
        ([("answer:step", OTHER), CHECK, ("answer:step", "def step(x):\n    return 0"), CHECK], [1]),
        ([("answer:step", OTHER), ("", "def step(x):\n    return 0"), CHECK], [1, 2]),
        ([("answer:step", STUB), CHECK, ("", OTHER)], [3]),
        ([("answer:step", OTHER), ("", STUB), CHECK], [1]),
        ([("answer:step", OTHER), ("", "step = compiled(step)"), CHECK], [1, 2]),
        ([("answer:step", "from mine import step"), CHECK], [1]),
        ([("answer:step", "exec('def step(): pass')"), CHECK], [1]),
        ([("answer:total", OTHER), ("answer:step", "def total(xs):\n    return xs"), CHECK], [1]),
        ([("answer:step", STUB), CHECK], []),
    ],
)
def test_the_last_cell_before_its_check_that_defines_the_name_is_the_answer(cells, counts):
    found = find_answers(TINY, submission(*cells))
    assert [c.number for c in found.get("step", [])] == counts


def test_only_what_answers_need_runs_and_in_the_learners_order():
    cells = [
        ("", "import math\nimport os"),
        ("", "table = []\nprint('slow')\ntable.append(1); other = 2"),
        ("answer:total", "def total(xs):\n    return math.fsum(xs) + table[0] - 1"),
        ("", "table.reverse()\nunused = 3"),
        ("", "while True:\n    pass"),
    ]
    made = graft(TINY, submission(*cells))
    sources = [s.source for s in made.steps[False] if s.role == "setup" and s.cell]
    assert sources == ["import math", "table = []\ntable.append(1); other = 2", "table.reverse()"]
    assert made.unused == ("not run, because no answer uses it: cell 5 of your notebook",)
    assert "while True" in made.everything[False][-1].source  # run only where an answer is not right without it


#: effects that no name in the statement shows; the answer is right once everything has run
HIDDEN = {
    "registered": ["R = {}\ndef register(f):\n    R[f.__name__] = f", "register(np.sum)", "R['sum'](xs)"],
    "decorated": ["R = {}\ndef reg(f):\n    R['f'] = f", "@reg\ndef anything(xs):\n    return xs.sum()", "R['f'](xs)"],
    "global": ["def setup():\n    global act\n    act = np.sum", "setup()", "act(xs)"],
    "popped": ["acts = [np.sum, np.sin]", "last = acts.pop()", "acts[-1](xs)"],
    "written": ["one = np.zeros(1)", "np.copyto(dst=one, src=1.0)", "xs.sum() * one[0]"],
    "counted": ["n = 1", "n += 0", "[globals().update(m=n), xs.sum()][1] * m"],
    "planted": ["1", "setattr(np, 'act', np.sum)", "np.act(xs)"],
}


def test_what_no_name_shows_comes_along_in_a_second_look(tmp_path):
    for name, (first, second, answer) in HIDDEN.items():
        nb = handed_in(before=first, total=f"def total(xs):\n    return {answer}")
        own = {"cell_type": "code", "id": "own2", "metadata": {}, "source": second, "outputs": [], "execution_count": 1}
        nb["cells"].insert(3, own)
        save(tmp_path / "class", f"{name}.ipynb", nb)
    _, rows = grade(tmp_path / "class", tmp_path)
    assert {n: r["points"] for n, r in rows.items()} == {f"{n}.ipynb": 10 for n in HIDDEN}
    assert all(r["notes"] == [] for r in rows.values())


def test_a_name_of_pythons_own_in_a_scratch_cell_is_what_the_answer_sees(tmp_path):
    nb = handed_in(before="sum = 2 + 3\nprint(sum)", total="def total(xs):\n    return sum(xs)")
    save(tmp_path / "class", "a.ipynb", nb)
    row = grade(tmp_path / "class", tmp_path)[1]["a.ipynb"]
    assert row["exercises"][1]["message"] == "raised TypeError: 'int' object is not callable, at \"return sum(xs)\""
    assert row["notes"] == []


#: unseeded randomness, and a memo that is right as long as no two arrays share an id
UNSTEADY = {
    "random-state": "np.random.RandomState().rand()",
    "bit-generator": "np.random.Generator(np.random.PCG64()).random()",
    "default-rng": "np.random.default_rng().random() + np.random.rand()",
    "mersenne": "np.random.Generator(np.random.MT19937()).random()",
    "python": "__import__('random').Random().random() + __import__('random').random()",
    "system": "__import__('random').SystemRandom().random() + len(__import__('secrets').token_hex(4).strip('0'))",
    "uuid": "__import__('uuid').uuid4().int / 2**128",
}
MEMO = """memo = {}
def step(x, h, W):
    if id(x) not in memo:
        memo[id(x)] = np.tanh(x + h @ W.T)
    return memo[id(x)]"""


def test_the_same_seed_gives_the_same_points_whatever_the_answer_draws(tmp_path):
    for name, draw in UNSTEADY.items():
        save(tmp_path / "class", f"{name}.ipynb", handed_in(total=f"def total(xs):\n    return xs.sum() + {draw}"))
    save(
        tmp_path / "class", "at-the-top.ipynb", handed_in(before="R = np.random.RandomState().rand()", word="word = R")
    )
    save(tmp_path / "class", "memo.ipynb", handed_in(step=MEMO))
    runs = []
    for files in (["class"], ["class/memo.ipynb", *(f"class/{n}.ipynb" for n in UNSTEADY)]):
        _, rows = grade([tmp_path / f for f in files], tmp_path, fresh=True, jobs=len(files))
        runs.append({n: [(e["points"], e["message"]) for e in r["exercises"]] for n, r in rows.items()})
    assert {name: runs[0][name] for name in runs[1]} == runs[1]
    assert runs[0]["memo.ipynb"][0][0] == 4


def test_the_last_of_two_attempts_with_a_check_each_counts_where_it_is_right(tmp_path):
    nb = handed_in(step=OTHER)
    check = next(c for c in nb["cells"] if c["id"] == "check-step")
    attempt = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1}
    again = [{**attempt, "id": "b1", "source": RIGHT["step"]}, {**check, "id": "b2", "source": 'check("01.1", step)'}]
    nb["cells"][nb["cells"].index(check) + 1 : 0] = again
    save(tmp_path / "class", "again.ipynb", nb)
    assert grade(tmp_path / "class", tmp_path)[1]["again.ipynb"]["points"] == 10
