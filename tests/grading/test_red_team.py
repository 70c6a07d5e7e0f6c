"""Hostile submissions earn nothing, stop nobody, reach nothing and leave nothing."""

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from course_lib.grading import kernels, plugin
from tests.grading import hostile
from tests.grading.handed_in import grade, notebook, save

SECRET = "the-neighbour's-answer-4711"


def forged(edit):
    nb = notebook(step=hostile.WRONG)
    edit(nb)
    return nb


def more_points(nb):
    for cell in nb["cells"]:
        if cell["id"].startswith("check-"):
            cell["metadata"]["tags"] = [cell["metadata"]["tags"][0], "points:1000"]
            cell["metadata"]["nbgrader"] = {"points": 1000, "grade": True, "grade_id": "x"}


def stored_verdicts(nb):
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            data = {"application/vnd.course-answer+json": {"answer": "[]"}, "text/plain": "✓ right"}
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
            cell["execution_count"] = 1


def switched_off(nb):
    for cell in nb["cells"]:
        cell.setdefault("metadata", {})["tags"] = [
            *cell["metadata"].get("tags", []),
            "nbval-skip",
            "raises-exception",
            "nbval-ignore-output",
        ]
        if cell["cell_type"] == "code":
            cell["source"] = "# NBVAL_SKIP\n" + cell["source"]


def swapped(nb):
    """The answer of an easy exercise under the name of a dear one."""
    for cell in nb["cells"]:
        if cell["id"] == "answer-step":
            cell["source"] = "def step(x, h, W):\n    return x.sum()"
        if cell["id"] == "check-step":
            cell["source"] = 'check("01.2", total)'


def deep_metadata(nb):
    nb["metadata"] = json.loads("[" * 900 + "]" * 900)


TAMPERED = {
    "more-points": more_points,
    "stored-verdicts": stored_verdicts,
    "switched-off": switched_off,
    "swapped": swapped,
    "another-lesson": lambda nb: nb["metadata"].update(course={"lesson": "99"}),
    "another-kernel": lambda nb: nb["metadata"].update(kernelspec={"name": "bash"}, language_info={"name": "bash"}),
    "check-redefined": lambda nb: nb["cells"][1].update(source=nb["cells"][1]["source"] + "\ndef check(*a): pass"),
    "deep-metadata": deep_metadata,
    "tags-of-lists": lambda nb: [c.update(metadata={"tags": [[c["id"]], 3, None]}) for c in nb["cells"]],
    "ids-of-numbers": lambda nb: [c.update(id=k) for k, c in enumerate(nb["cells"])],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("red")
    secret = save(tmp, "neighbour/secret.txt", SECRET)
    server = socket.create_server(("127.0.0.1", 0))
    calls = []

    def answer_the_phone():
        while True:
            try:
                calls.append(server.accept()[1])
            except OSError:
                return

    threading.Thread(target=answer_the_phone, daemon=True).start()
    port = server.getsockname()[1]
    reach = {
        "read-neighbour": f"def step(x, h, W):\n    raise ValueError(open({str(secret)!r}).read())\n",
        "write-neighbour": f"open({str(secret)!r}, 'a').write('!')\n" + hostile.WRONG,
        "network": f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 2)\n" + hostile.WRONG,
        "environment": "def step(x, h, W):\n    import os\n    raise ValueError(str(dict(os.environ)) + "
        "''.join(open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdigit()))\n",
    }
    os.environ["COURSE_TEST_SECRET"] = SECRET
    for name, code in (hostile.ALL | reach).items():
        plant = {"word": "import math, torch\nmath.borrowed = torch\nword = 'tanh'"}  # in a cell of an open exercise
        more = plant if name.startswith("borrow") else {}
        save(tmp / "class", f"{name}.ipynb", notebook(step=code, **more))
    for name, edit in TAMPERED.items():
        save(tmp / "class", f"{name}.ipynb", forged(edit))
    save(tmp / "class", "<script>alert(1)</script>.ipynb".replace("/", ""), notebook(step=hostile.WRONG))
    save(tmp / "class", "=cmd|calc.ipynb", notebook(step=hostile.WRONG))
    plugin.READING_SECONDS, usual = 2.0, plugin.READING_SECONDS
    before = sorted(p.name for p in Path("/tmp").iterdir())
    outputs = {"csv_file": str(tmp / "out.csv"), "html": str(tmp / "html"), "junit": str(tmp / "out.xml")}
    code, rows = grade(tmp / "class", tmp, cell_seconds=3, **outputs)
    server.close()
    plugin.READING_SECONDS = usual
    del os.environ["COURSE_TEST_SECRET"]
    after = sorted(p.name for p in Path("/tmp").iterdir())
    return {"code": code, "rows": rows, "tmp": tmp, "calls": calls, "new": set(after) - set(before), "secret": secret}


NAMES = [*hostile.ALL, *TAMPERED, "read-neighbour", "write-neighbour", "network", "environment"]


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_earns_nothing(results, name):
    row = results["rows"][f"{name}.ipynb"]
    assert row["status"] == "graded", row["message"]
    first, *others = row["exercises"]
    assert first["points"] == 0, first["message"]
    got = sum(e["points"] for e in others)
    if name in hostile.COSTS_OTHERS:
        assert got <= 6
    else:
        assert got == 6, [(e["id"], e["status"], e["message"]) for e in others]


def test_nothing_is_reached(results):
    assert results["calls"] == [], "a kernel reached the network"
    assert results["secret"].read_text() == SECRET, "a kernel wrote into another folder"
    for path in [results["tmp"] / "out.json", results["tmp"] / "out.csv", *(results["tmp"] / "html").iterdir()]:
        assert SECRET not in path.read_text(), f"{path.name} holds what a kernel must not see"


def test_nothing_is_left(results):
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if b"98765" in line and b"sleep" in line:
            left.append(line)
    assert left == []
    assert not {n for n in results["new"] if n.startswith(f"cg-{os.getpid()}-")}  # others may grade here too


def test_pages_hold_no_live_markup_and_tables_no_formulas(results):
    for path in (results["tmp"] / "html").iterdir():
        assert "<script" not in path.read_text().lower()
    first_cells = [line.split(",")[0].strip('"') for line in (results["tmp"] / "out.csv").read_text().splitlines()]
    assert not any(cell.startswith(("=", "+", "@")) for cell in first_cells)


def test_the_kernel_sees_the_system_and_nothing_of_the_course():
    """Reading around: what is there for a kernel to find."""
    code = """
import os, json
found = {}
root = ROOT
def inside(name):  # where the clone lies in a folder that is shown, its own are there and empty
    path = root + "/" + name
    return os.path.isfile(path) or os.path.isdir(path) and os.listdir(path)
for name in ("solutions", "tests"):
    found[name] = inside(name)
found["git"] = inside(".git")
found["lessons"] = [n for n in os.listdir(root + "/course_lib/checks") if n.startswith("lesson_")]
found["grading"] = os.listdir(root + "/course_lib/grading")
found["shadow"] = os.path.exists("/etc/shadow")
found["users"] = len(open("/etc/passwd").readlines())
found["processes"] = len([p for p in os.listdir("/proc") if p.isdigit()])
found["homes"] = os.listdir("/home")
def writable(path):
    try:
        open(path + "/x", "w").close()
        return True
    except OSError:
        return False
folders = ["/", "/usr", "/usr/lib", "/etc", "/tmp", "/run/k", root, root + "/course_lib"]
found["writable"] = [d for d in folders if writable(d)]
found["interfaces"] = sorted(os.listdir("/sys/class/net")) if os.path.exists("/sys/class/net") else []
print(json.dumps(found))
""".replace("ROOT", repr(str(Path(kernels.__file__).resolve().parents[2])))
    with kernels.Nursery("required", course=str(Path(kernels.__file__).resolve().parents[2])) as nursery:
        kernel = nursery.kernels.start()
        request = kernel.execute_cell_input(code)
        kernel.await_reply(request, 20)
        texts = []
        while (message := kernel.get_message("iopub", 5))["content"].get("execution_state") != "idle":
            texts.append(message["content"].get("text") or message["content"].get("evalue", ""))
        kernel.stop()
    found = json.loads("".join(texts))
    assert not any(found[k] for k in ("solutions", "git", "tests", "lessons", "grading", "shadow", "interfaces"))
    assert found["users"] == 1
    assert found["processes"] == 2
    assert set(found["homes"]) - {*Path(kernels.__file__).parts} == {"learner"}  # but the clone's own
    assert set(found["writable"]) <= {"/tmp"}
