"""Innocent but awkward submissions keep every point that they deserve, or are told in one line why not."""

import json

import pytest

from tests.grading.handed_in import RIGHT, grade, notebook, save


def without(nb, *keys):
    for cell in nb["cells"]:
        for key in keys:
            cell.pop(key, None)
    return nb


def with_cells(*more, at=None, **answers):
    nb = notebook(**answers)
    cells = [{"cell_type": "code", "metadata": {}, "source": s, "outputs": [], "execution_count": 1} for s in more]
    nb["cells"][at if at is not None else len(nb["cells"]) : 0] = cells
    return nb


def renamed(**tags):
    nb = notebook(**tags)
    for k, cell in enumerate(nb["cells"]):
        cell["id"] = f"x{k}"
    return nb


def changed(edit, **answers):
    nb = notebook(**answers)
    edit(nb)
    return nb


def old_format(nb):
    cells = []
    for cell in nb["cells"]:
        cell = dict(cell)
        if cell["cell_type"] == "code":
            cell["input"], cell["language"] = cell.pop("source").splitlines(keepends=True), "python"
        cells.append(cell)
    return {"metadata": {"name": "old"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}


def reorder(nb):
    nb["cells"] = nb["cells"][:2] + nb["cells"][2:][::-1]


def outputs_of_last_year(nb):
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "✗ old\n"}]
            cell["execution_count"] = 7


STEP = RIGHT["step"]
FULL = {
    "plain": notebook(),
    "bom": b"\xef\xbb\xbf" + json.dumps(notebook()).encode(),
    "utf16": json.dumps(notebook()).encode("utf-16"),
    "utf16-without-a-mark": json.dumps(notebook()).encode("utf-16-le"),
    "padded-by-a-disk": json.dumps(notebook()).encode() + bytes(512),
    "ids-as-in-colab": changed(lambda nb: [c.update(metadata={"id": c.pop("id")}) for c in nb["cells"]]),
    "other-kernelspec": changed(lambda nb: nb["metadata"].update(kernelspec={"name": "ir", "display_name": "R"})),
    "lone-surrogate": notebook(word='# \ud83d\nword = "tanh"'),
    "escaped-pair": json.dumps(notebook(word='# 😀\nword = "tanh"')),
    "windows-lines": json.dumps(notebook(step=STEP.replace("\n", "\r\n"))),
    "old-format": old_format(notebook()),
    "no-metadata": changed(lambda nb: nb.update(metadata={})),
    "metadata-of-another-kind": changed(lambda nb: nb.update(metadata=[1])),
    "no-ids": without(notebook(), "id"),
    "no-tags": changed(lambda nb: [c.update(metadata={}) for c in nb["cells"]]),
    "no-ids-no-tags": without(changed(lambda nb: [c.update(metadata={}) for c in nb["cells"]]), "id"),
    "other-ids": renamed(),
    "stored-outputs": changed(outputs_of_last_year),
    "source-as-lists": changed(
        lambda nb: [c.update(source=c["source"].splitlines(keepends=True)) for c in nb["cells"]]
    ),
    "out-of-order": changed(reorder),
    "checks-deleted": changed(lambda nb: nb.update(cells=[c for c in nb["cells"] if not c["id"].startswith("check")])),
    "duplicated-answer": with_cells(STEP.replace("x + ", "x - "), at=2),
    "stub-left-above": with_cells("def total(xs):\n    raise NotImplementedError", at=2),
    "answer-in-a-new-cell": with_cells(STEP, step='def step(x, h, W):\n    raise NotImplementedError("x")'),
    "comment-kept": notebook(word='word = "tanh"  # your answer goes here'),
    "helper-cell": with_cells("def helper(z):\n    return np.tanh(z)", at=2, step=STEP.replace("np.tanh", "helper")),
    "helper-at-the-end": with_cells("def helper(z):\n    return np.tanh(z)", step=STEP.replace("np.tanh", "helper")),
    "import-in-setup": changed(
        lambda nb: nb["cells"][1].update(source=nb["cells"][1]["source"] + "\nimport math"),
        total="def total(xs):\n    return math.fsum(xs)",
    ),
    "table-built-in-a-loop": with_cells(
        "words = {}\nfor k in range(3):\n    words[k] = 'tanh'", at=2, word="word = words[2]"
    ),
    "table-built-by-calls": with_cells(
        "words = ['x']\nfor w in ['relu', 'tanh']:\n    words.append(w)\ndel words[0]",
        "words.reverse()",
        at=2,
        word="word = words[0]",
    ),
    "value-changed-by-a-function": with_cells(
        "table = {}\ndef fill(t):\n    t[0] = 'tanh'",
        "table.clear()\nfill(1 / 0)\nfill(table)",
        at=2,
        word="word = table[0]",
    ),
    "settings-in-another-cell": with_cells(
        "from __future__ import annotations\nimport torch\ntorch.set_default_dtype(torch.float64)",
        at=2,
        total="def total(xs: Nowhere):\n    return torch.from_numpy(xs) @ torch.ones(len(xs))",
    ),
    "mended-before-the-check": with_cells(STEP, at=4, step="def step(x, h, W):\n    return x"),
    "long-sum-beside-another-statement": with_cells(
        "a = 1; b = " + "+".join(["0"] * 400), at=2, total="def total(xs):\n    return xs.sum() + b"
    ),
    "stray-print": notebook(step=STEP.replace("    return", "    print('shape', x.shape, end='\\r')\n    return")),
    "progress-bar": notebook(
        total="from tqdm.auto import tqdm\ndef total(xs):\n    return sum(float(x) for x in tqdm(xs))"
    ),
    "plot": notebook(
        total="import matplotlib.pyplot as plt\ndef total(xs):\n    plt.plot(xs)\n    plt.show()\n    return xs.sum()"
    ),
    "warning": notebook(total="import warnings\ndef total(xs):\n    warnings.warn('careful')\n    return xs.sum()"),
    "clear-output": notebook(
        total="from IPython.display import clear_output, display\n"
        "def total(xs):\n    display(xs)\n    clear_output()\n    return xs.sum()"
    ),
    "magics": notebook(total="%matplotlib inline\n%config InlineBackend.figure_format = 'svg'\n" + RIGHT["total"]),
    "timed-cells": notebook(
        step="%%time\n" + STEP, total="%%capture out\n" + RIGHT["total"], word='%time word = "tanh"'
    ),
    "shell-line-with-a-result": notebook(step="files = !ls\nhere = %pwd\n" + STEP + "\nstep?"),
    "line-that-starts-with-percent": with_cells(
        "def half(n):\n    return (n\n            % 2)", at=2, word='word = ["sigmoid", "tanh"][half(3)]'
    ),
    "shell-line": notebook(total="!pip --version\n" + RIGHT["total"]),
    "pip-install-cell": with_cells("!pip install numpy\n%pip install torch", at=1),
    "demo-fails": notebook(step=STEP + "\nprint(step(1, 2))"),
    "demo-hangs-in-another-cell": with_cells("while True:\n    pass"),
    "input-in-another-cell": with_cells("name = input('name?')"),
    "float32": notebook(total="def total(xs):\n    return xs.astype(np.float32).sum()"),
    "torch": notebook(total="import torch\ndef total(xs):\n    return torch.from_numpy(xs).sum()"),
    "lists": notebook(step=STEP.replace("return np.tanh(x + h @ W.T)", "return np.tanh(x + h @ W.T).tolist()")),
    "list-for-a-tuple": notebook(pair="def pair(a, b):\n    return [a + b, a - b]"),
    "einsum": notebook(step=STEP.replace("h @ W.T", "np.einsum('bk,hk->bh', h, W)")),
    "annotated-async-free": notebook(pair="from __future__ import annotations\n" + RIGHT["pair"]),
    "class-with-call": notebook(
        total="class Total:\n    def __call__(self, xs):\n        return xs.sum()\n\ntotal = Total()"
    ),
    "lambda": notebook(total="total = lambda xs: xs.sum()"),
    "unicode-names": notebook(total="def total(xs):\n    Σ = xs.sum()\n    return Σ"),
    "answer-as-raw-cell": changed(lambda nb: nb["cells"][3].update(cell_type="raw")),
    "two-functions-in-one-cell": notebook(step=RIGHT["total"] + "\n\n" + STEP, total="# see above"),
    "answers-in-each-others-cells": notebook(step=RIGHT["total"], total=STEP),
    "helper-in-the-answers-cell": with_cells(
        STEP.replace("np.tanh", "helper"), at=4, step="def helper(z):\n    return np.tanh(z)"
    ),
    "same-helper-name-twice": notebook(
        step="def f(z):\n    return np.tanh(z)\n\ndef step(x, h, W):\n    return f(x + h @ W.T)",
        total="def f(z):\n    return z.sum()\n\ndef total(xs):\n    return f(xs)",
    ),
}
NAMES = {
    "emoji 🎉.ipynb": notebook(),
    "blanks and ünïcode.ipynb": notebook(),
    "UPPER.IPYNB": notebook(),
    "notebook.ipynb (1)": notebook(),
    "notebook.ipynb.txt": notebook(),
    "-dash.ipynb": notebook(),
    "x" * 200 + ".ipynb": notebook(),
    "new\nline.ipynb": notebook(),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("awkward")
    for name, nb in FULL.items():
        save(tmp / "class", f"{name}.ipynb", nb)
    for name, nb in NAMES.items():
        save(tmp / "class", name, nb)
    save(tmp / "class" / "Ada Byron_4711_assignsubmission_file", "same.ipynb", notebook())
    code, rows = grade(tmp / "class", tmp, html=str(tmp / "html"), cell_seconds=4)
    return code, rows, tmp


@pytest.mark.parametrize("name", FULL)
def test_right_answers_in_an_awkward_file_keep_all_points(results, name):
    row = results[1][f"{name}.ipynb"]
    told = [(e["id"], e["message"]) for e in row["exercises"] if e["status"] != "right"]
    assert row["status"] == "graded", row["message"]
    assert row["points"] == 10, (told, row["notes"])


@pytest.mark.parametrize("name", NAMES)
def test_file_names_do_not_matter(results, name):
    assert results[1][name.replace("\n", "\\n")]["points"] == 10


def test_every_file_has_a_page(results):
    code, rows, tmp = results
    assert code == 0
    assert len(list((tmp / "html").glob("*.html"))) == len(rows) + 1
