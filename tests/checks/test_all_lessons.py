"""Every lesson's checks: right answers pass in any style, every listed wrong answer loses its points and is named."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import pytest

from course_lib import checks
from course_lib.checks import judge, probe
from course_lib.checks.exercise import BARE, OPEN
from course_lib.show import question

ROOT = Path(__file__).parents[2]
SEEDS = (0, 1, 20)
TASKS = [task for number in checks.lessons() for task in checks.lesson(number)]
WRONG = [(task, item) for task in TASKS for item in task.slips]


def verdict(task, answer, seed):
    cases = task.draw(seed)
    return judge.judge(task, cases, probe.outcomes(answer, [c.args for c in cases], task.is_value))


def restyle(value, how):
    """The same numbers in another dress: float32, nested lists, a torch tensor, a list for a tuple."""
    if isinstance(value, tuple):
        items = [restyle(v, how) for v in value]
        return items if how == "list" else tuple(items)
    if isinstance(value, dict):
        return {k: restyle(v, how) for k, v in value.items()}
    if isinstance(value, list):
        return [restyle(v, how) for v in value]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return value
    if how == "float32":
        return value.astype(np.float32)
    if how == "torch":
        import torch

        return torch.from_numpy(np.ascontiguousarray(value))
    return value.tolist()


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.id)
@pytest.mark.parametrize("how", ["plain", "float32", "list", "torch", "noisy"])
def test_the_reference_is_right_in_every_style(task, how):
    def answer(*args):
        if how == "noisy":
            print("step", flush=True)
            np.log(np.zeros(1))  # a warning
        value = task.reference(*args)
        return value if how in ("plain", "noisy") else restyle(value, how)

    result = verdict(task, restyle(task.reference, how) if task.is_value else answer, seed=3)
    assert result.status == "right", result.message
    assert result.points == task.points


@pytest.mark.parametrize(("task", "item"), WRONG, ids=lambda x: getattr(x, "key", None) or x.id)
def test_a_listed_wrong_answer_loses_its_points_and_is_named(task, item):
    for seed in SEEDS:
        result = verdict(task, task.answer(item), seed)
        assert (result.points, result.status) == (0, "wrong")
        assert (result.misconception, result.message) == (item.key, f"this looks like: {item.name}")


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.id)
def test_the_untouched_stub_is_blank(task):
    def stub(*args):
        raise NotImplementedError("your answer goes here")

    result = verdict(task, ... if task.is_value else stub, 0)
    assert (result.status, result.points) == ("blank", 0)


@pytest.mark.parametrize("task", [t for t in TASKS if not t.is_value], ids=lambda t: t.id)
def test_inputs_are_fresh_for_every_seed_and_the_same_for_one(task):
    def arrays(seed):
        return [probe.encode(a) for case in task.draw(seed) for a in case.args]

    assert arrays(1) == arrays(1)
    assert arrays(1) != arrays(2)


@pytest.mark.parametrize("number", checks.lessons())
def test_a_lesson_has_ten_points_and_hints_that_lead(number):
    tasks = checks.lesson(number)
    assert sum(t.points for t in tasks) == 10
    assert len(tasks) >= 5
    assert len({t.id for t in tasks}) == len({t.name for t in tasks}) == len(tasks)
    for task in tasks:
        assert task.slips, f"{task.id}: lists no typical wrong answer"
        assert task.outputs or task.view or task.is_value, f"{task.id}: its result has no name for messages"
        for item in task.slips:
            assert len(item.hints) >= 2, f"{task.id} {item.key}: no ladder of hints"


@pytest.mark.parametrize("number", checks.lessons())
def test_questions_have_one_right_option_and_name_what_misleads(number):
    assert question.faults(number) == []
    for name, item in question.load(number).items():
        assert len(item["options"]) >= 3, name
        assert question.as_html(f"{number}.{name}").count("<details ") == len(item["options"])


def notebook(folder, number):
    (path,) = (ROOT / folder).glob(f"{number}_*.ipynb")
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("number", checks.lessons())
@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_a_statement_says_before_its_hints_what_is_there(folder, number):
    said = {}
    for cell in notebook(folder, number).cells:
        if cell.cell_type == "markdown":
            paragraphs = cell.source.split("\n\n")
            first_hint = next((k for k, p in enumerate(paragraphs) if p.startswith("<details>")), 0)
            sentences = [k for k, p in enumerate(paragraphs) if p in (BARE, OPEN)]
            assert sentences in ([], [first_hint - 1]), cell.source
            said |= {cell.source.split()[1]: paragraphs[k] for k in sentences}
    assert said == {task.id: task.sentence for task in checks.lesson(number)}


@pytest.mark.parametrize("number", checks.lessons())
def test_messages_call_arguments_as_the_statement_does(number):
    written = {}
    for cell in notebook("solutions", number).cells:
        if any(tag.startswith("answer:") for tag in cell.metadata.get("tags", ())):
            functions = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
            written |= {f.name: [a.arg for a in [*f.args.args, f.args.vararg] if a] for f in functions}
    for task in checks.lesson(number):
        if not task.is_value:
            names = written[task.name]
            assert [task.argument(k) for k in range(len(names))] == [f"`{name}`" for name in names], task.id
