"""What a bare exercise may not use is not there; whoever does not use it in the answer loses nothing."""

import functools
import json

import IPython.core.interactiveshell as shell
import numpy as np
import pytest
import torch

from course_lib import checks
from course_lib.checks import bare
from course_lib.grading import kernels, sandbox
from course_lib.grading.course import Course
from tests.grading.handed_in import COURSE, RIGHT, grade, notebook, save

STEP = RIGHT["step"]
WITHOUT = "torch is not there in this exercise: NumPy only"
#: right answers beside which something is used that is not there
INNOCENT = {
    "import-above": "import torch\nimport torch.nn as nn\nfrom torch import tanh\n" + STEP,
    "import-below": STEP + "\nimport torch",
    "compared-below": STEP + "\nimport torch\nx = torch.ones(2, 3)\nnp.testing.assert_allclose(step(x, x, x), x)",
    "layer-below": STEP + "\nm = __import__('torch').nn.RNNCell(2, 3)\nprint(m(1))",
    "course-above": "from course_lib.nn.cells import rnn_step\nfrom course_lib import nn, show\n" + STEP,
    "course-compared": STEP + "\nfrom course_lib.nn import cells\nassert cells.rnn_step(1)",
    "check-below": STEP + '\nfrom course_lib.checks import check\ncheck("01.1", step)',
    "not-installed": "import pandas as pd, tensorflow\n" + STEP,
    "colab": "try:\n    from google.colab import drive\n    drive.mount('/x')\nexcept ImportError:\n    pass\n" + STEP,
    "optional": "try:\n    import torch\nexcept ImportError:\n    torch = None\n"
    + STEP.replace("    return", "    if torch is not None:\n        x = torch.tensor(x)\n    return"),
    "optional-by-spec": "import importlib.util\nif importlib.util.find_spec('torch'):\n    import torch\n" + STEP,
    "in-a-block": "if True:\n    import torch\n    " + STEP.replace("\n", "\n    "),
    "annotated": "import torch\nfrom typing import Union\ndef step(x: torch.Tensor, h: Union[torch.Tensor, None], W, "
    "kind=torch.float32):\n    if isinstance(x, torch.Tensor):\n        x = x.numpy()\n    return np.tanh(x + h @ W.T)",
    "suppressed": "import contextlib\ntorch = None\nwith contextlib.suppress(ImportError):\n    import torch\n"
    + STEP.replace("    return", "    if torch is not None:\n        x = torch.tensor(x)\n    return"),
    "figure": "import matplotlib.pyplot as plt\n" + STEP.replace("    return", "    plt.plot(x)\n    return"),
    "progress": "from tqdm.auto import tqdm\n" + STEP.replace("    return", "    list(tqdm([1]))\n    return"),
    "exception-named": "try:\n    open('nowhere')\nexcept OSError as e:\n    print(e)\n" + STEP,
    "match": "match np:\n    case object(pi=p):\n        print(p)\n" + STEP,
    "magics": "%xmode Plain\n%load_ext autoreload\n%autoreload 2\n%python\n" + STEP,
    "timed": "%%time\nimport torch\n" + STEP,
    "unused-branch": STEP.replace("    return", "    if x is None:\n        return torch.tanh(x)\n    return"),
}
GUILTY = {
    "name": "import torch\ndef step(x, h, W):\n    return torch.tanh(torch.tensor(x + h @ W.T))",
    "part": "from torch.nn import functional as F\ndef step(x, h, W):\n    return F.tanh(x + h @ W.T)",
    "called": "from torch import tanh\ndef step(x, h, W):\n    return tanh(x + h @ W.T)",
    "inside": "def step(x, h, W):\n    import torch\n    return torch.tanh(torch.tensor(x + h @ W.T))",
    "closure": "def make():\n    import torch as t\n\n    def step(x, h, W):\n"
    "        return t.tanh(t.tensor(x + h @ W.T))\n\n    return step\nstep = make()",
    "decorated": "import torch\n@torch.no_grad()\n" + STEP,
    "class": "import torch\nclass Cell(torch.nn.Module):\n    def __init__(self):\n        self.W = torch.ones(3)\n"
    "step = Cell()",
    "made-of-it": "import torch\ncell = torch.nn.RNNCell(3, 3)\nstep = lambda x, h, W: cell(x)",
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("absence")
    for name, code in INNOCENT.items():
        save(tmp / "class", f"innocent-{name}.ipynb", notebook(step=code))
    for name, code in GUILTY.items():
        save(tmp / "class", f"guilty-{name}.ipynb", notebook(step=code))
    return grade(tmp / "class", tmp)[1]


@pytest.mark.parametrize("name", INNOCENT)
def test_what_stands_beside_a_right_answer_costs_nothing(rows, name):
    row = rows[f"innocent-{name}.ipynb"]
    assert row["points"] == 10, [e["message"] for e in row["exercises"]]


@pytest.mark.parametrize("name", GUILTY)
def test_an_answer_that_needs_what_is_not_there_is_told_so(rows, name):
    first, *others = rows[f"guilty-{name}.ipynb"]["exercises"]
    assert (first["status"], first["points"], first["message"]) == ("error", 0, WITHOUT)
    assert sum(e["points"] for e in others) == 6


@pytest.mark.parametrize("name", INNOCENT | GUILTY)
def test_study_says_the_same_before(name, monkeypatch):
    task = next(e for e in Course(COURSE).exercises("01") if e.name == "step")
    monkeypatch.setattr(checks, "find", lambda _: task)
    session = shell.InteractiveShell()
    session.run_cell("import numpy as np", store_history=True)
    for cell in (INNOCENT | GUILTY)[name].split("\n\n\n"):
        session.run_cell(cell, store_history=True)
    if "step" not in session.user_ns:
        pytest.skip("nothing to check: the learner sees the error")
    verdict = checks.study("01.1", session.user_ns["step"])
    assert verdict.points == (4 if name in INNOCENT else 0), verdict.message
    if name in GUILTY:
        assert verdict.message == WITHOUT


@pytest.mark.parametrize("level", sandbox.candidates("best"))
def test_a_bare_kernel_cannot_read_what_it_does_not_have(level, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "candidates", lambda mode: [level])
    look = """
import importlib.util, json, os
import course_lib, numpy
site = os.path.dirname(os.path.dirname(numpy.__file__))
def files(path):
    try:
        return os.listdir(path)
    except OSError:
        return []
def readable(path):
    try:
        return bool(open(path).read())
    except OSError:
        return False
print(json.dumps({
    "found": [m for m in ("torch", "course_lib.nn", "scipy", "pytest", "nbformat") if importlib.util.find_spec(m)],
    "torch": readable(site + "/torch/__init__.py"),
    "rooms": sorted(set(files(course_lib.__path__[0])) - {"__pycache__"}),
}))
"""
    with kernels.Nursery(bare=True) as nursery:
        kernel = nursery.kernels.start()
        kernel.await_reply(kernel.execute_cell_input(look), 30)
        texts = []
        while (message := kernel.get_message("iopub", 5))["content"].get("execution_state") != "idle":
            texts.append(message["content"].get("text") or message["content"].get("evalue", ""))
        kernel.stop()
    found = json.loads("".join(texts))
    assert found["found"] == []
    assert found["rooms"] == ["__init__.py", "checks", "grading"]
    assert not found["torch"] or level == "limits"


def test_what_stays_is_numpy_and_what_a_kernel_runs_on():
    assert all(map(bare.allowed, ("numpy.linalg", "math", "IPython.display", "matplotlib.pyplot", "course_lib.checks")))
    assert not any(map(bare.allowed, ("torch", "course_lib.nn", "course_lib.checks.judge", "scipy", "pytest", "a.b")))


def helper(x):
    return np.tanh(x)


def step(x, h, W):
    return helper(x + h @ W.T)


def torch_step(x, h, W):
    return torch.tanh(torch.tensor(x + h @ W.T)).numpy()


def test_an_answer_from_a_file_is_checked_as_one_from_a_notebook(monkeypatch):
    task = next(e for e in Course(COURSE).exercises("01") if e.name == "step")
    monkeypatch.setattr(checks, "find", lambda _: task)
    assert checks.study("01.1", step).points == 4
    assert checks.study("01.1", functools.partial(step)).points == 4
    assert checks.study("01.1", torch_step).message == WITHOUT
    assert torch.tanh(torch.zeros(1)) == 0  # and everything is back
