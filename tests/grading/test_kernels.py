"""Warm kernels: quick because forked, fresh each time, and usable by unchanged programs."""

import gc
import json
import mmap
import os
import re
import subprocess
import sys
from pathlib import Path
from queue import Empty
from types import SimpleNamespace

import pytest

from course_lib.grading import kernels, plugin, sandbox
from course_lib.grading import nursery as nursery_module
from course_lib.grading.plugin import Settings

ROOT = Path(__file__).resolve().parents[2]
LEVELS = [level for level in sandbox.candidates("best") if level != "off"]


def run(kernel, code, seconds=10):
    """The texts that a cell shows."""
    request = kernel.execute_cell_input(code)
    kernel.await_reply(request, seconds)
    texts, state = [], ""
    while state != "idle":
        message = kernel.get_message("iopub", 5)
        if message["parent_header"]["msg_id"] == request:
            texts.append(message["content"].get("text") or message["content"].get("evalue", ""))
            state = message["content"].get("execution_state", "")
    return "".join(texts)


@pytest.fixture(params=LEVELS)
def nursery(request, monkeypatch):
    monkeypatch.setattr(sandbox, "candidates", lambda mode: [request.param])
    try:
        place = kernels.Nursery()
    except OSError as error:
        pytest.skip(str(error))
    with place:
        yield place


def test_kernels_are_fresh_and_do_not_see_each_other(nursery):
    one, two = nursery.kernels.start(), nursery.kernels.start()
    run(one, "x = 1\nimport os\nopen('file', 'w').write('x')\nos.environ['MARK'] = '1'")
    assert "not defined" in run(two, "print(x)")
    assert run(two, "import os\nprint(os.listdir('.'), os.environ.get('MARK'))").strip() == "[] None"
    one.stop()
    assert not one.is_alive()
    assert two.is_alive()
    two.stop()


def test_a_kernel_cannot_listen_to_another_one_or_to_the_host(nursery):
    if nursery.walls.level == "limits":
        pytest.skip("it says so")
    one, two = nursery.kernels.start(), nursery.kernels.start()
    address = f"{two.info['ip']}-{two.info['iopub_port']}"
    tries = f"socket.socket(socket.AF_UNIX).connect({address!r})", "socket.socket(40, socket.SOCK_STREAM)"  # AF_VSOCK
    for code in tries:
        assert "Errno" in run(one, f"import socket\n{code}\nprint('reached')")
    assert run(one, "socket.socketpair(); socket.socket(socket.AF_UNIX); print('fine')").strip() == "fine"
    one.stop()
    two.stop()


def test_a_kernel_holds_no_pipe_of_the_nursery_and_no_device_of_the_machine(nursery):
    shared = Path("/dev/shm") / f"course-test-{os.getpid()}"
    shared.write_text("x")
    kernel = nursery.kernels.start()
    code = (
        "import os\npath = '/proc/self/fd'\nfor number in os.listdir(path):\n"
        "    try:\n        print(os.readlink(f'{path}/{number}'))\n    except OSError:\n        pass"
    )
    assert "pipe:" not in run(kernel, code)
    if nursery.walls.level != "limits":
        assert "Errno" in run(kernel, f"open({str(shared)!r})")
        run(kernel, f"open({str(shared)!r}, 'a').write('y')")  # behind namespaces that is another folder
        assert shared.read_text() == "x"
    kernel.stop()
    shared.unlink()


def test_the_seed_cannot_be_computed_from_what_a_kernel_is_told():
    """A checksum could: it adds up."""
    told = [int(re.search(r"seed\((\d+)\)", kernels.seeding(seed, "01.1"))[1]) for seed in range(4)]
    assert told[0] ^ told[1] ^ told[2] ^ told[3]


@pytest.mark.parametrize("level", [level for level in LEVELS if level in ("bubblewrap", "namespaces")])
def test_a_course_inside_a_visible_folder_is_hidden(level, tmp_path, monkeypatch):
    """As with a clone in /usr/src, or one that is its own virtual environment."""
    monkeypatch.setattr(sandbox, "candidates", lambda mode: [level])
    (tmp_path / "app" / "solutions").mkdir(parents=True)
    (tmp_path / "app" / "solutions" / "01_x.ipynb").write_text("{}")
    (tmp_path / "app" / "lib").mkdir()
    tmp_path.chmod(0o755)
    code = f"import os\nprint(os.listdir({str(tmp_path / 'app')!r}), os.listdir({str(tmp_path / 'app/solutions')!r}))"
    with kernels.Nursery(extra=(str(tmp_path),), course=str(tmp_path / "app")) as nursery:
        kernel = nursery.kernels.start()
        assert run(kernel, code).strip() in ("['solutions', 'lib'] []", "['lib', 'solutions'] []")
        kernel.stop()


def test_packages_that_are_found_through_the_environment_are_there(tmp_path, monkeypatch):
    """As with `pip install --user`, or PYTHONPATH."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "of_my_own.py").write_text("x = 6 * 7")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    with kernels.Nursery() as nursery:
        kernel = nursery.kernels.start()
        assert run(kernel, "import of_my_own\nprint(of_my_own.x)").strip() == "42"
        kernel.stop()


def test_a_kernel_that_ends_is_noticed_at_once(nursery):
    kernel = nursery.kernels.start()
    request = kernel.execute_cell_input("import os\nos._exit(3)")
    with pytest.raises(kernels.KernelDied, match="exit code 3"):
        kernel.await_reply(request, 20)
    assert not kernel.is_alive()
    kernel.stop()


def test_an_interrupt_ends_a_loop_and_keeps_the_kernel(nursery):
    kernel = nursery.kernels.start()
    request = kernel.execute_cell_input("x = 5\nwhile True: pass")
    with pytest.raises(Exception, match="^$"):  # queue.Empty
        kernel.await_reply(request, 0.3)
    kernel.interrupt()
    kernel.await_reply(request, 10)
    assert run(kernel, "print(x)").strip() == "5"
    kernel.stop()


def test_a_kernel_that_never_stops_speaking_is_not_listened_to_for_ever():
    flood = (
        "import gc, threading\nk = [o for o in gc.get_objects() if type(o).__name__ == 'Kernel'][0]\n"
        "def speak():\n    while True: k.sockets['iopub'].send(b'')\n"
        "threading.Thread(target=speak, daemon=True).start()"
    )
    with kernels.Nursery() as nursery:
        kernel = nursery.kernels.start()
        kernel.execute_cell_input(flood)
        with pytest.raises((Empty, kernels.KernelDied)):
            kernel.await_reply("nothing", 0.5)
        kernel.stop()


def test_all_cells_of_a_notebook_together_have_a_limit():
    left = plugin.GradedNotebook.seconds_left.fget
    lesson = SimpleNamespace(exercises=())
    book = SimpleNamespace(settings=Settings("", None, 20.0), assignment=lesson, cell_seconds=0.0)
    assert left(book) == 300
    book.cell_seconds = 1e6
    assert 0 < left(book) < 1


def test_shared_memory_counts():
    """An anonymous shared mapping belongs to no file, and statm calls it shared."""
    before = nursery_module.usage(os.getpid())
    with mmap.mmap(-1, 50 * 2**20) as memory:
        memory.write(bytes(len(memory)))
        assert nursery_module.usage(os.getpid()) - before > 40 * 2**20


def test_limits_hold(nursery):
    kernel = nursery.kernels.start()
    code = (
        "import os, time, warnings\nwarnings.simplefilter('ignore')  # Python 3.12 warns of forks beside threads\n"
        "child = os.fork() or (time.sleep(20), os._exit(0))\n"
        "for _ in range(100):\n    n = os.getpriority(os.PRIO_PROCESS, child)\n    if n == 19: break\n"
        "    time.sleep(0.1)\nprint(n)"
    )
    assert run(kernel, code).strip() == "19"
    code = "import resource as r\nprint(r.getrlimit(r.RLIMIT_FSIZE)[0], r.getrlimit(r.RLIMIT_CORE)[0])"
    assert run(kernel, code).split() == [str(sandbox.DISK), "0"]
    kernel.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbval leaves a file open
def test_a_cold_kernel_where_nothing_can_be_forked(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "1")
    (tmp_path / "k").mkdir()
    kernel = kernels.Kernels(str(tmp_path), "cold").start()
    assert run(kernel, "import os\nprint(os.environ['COURSE_GRADING'])").strip() == "1"
    kernel.stop()
    kernel.stop()
    assert not kernel.is_alive()
    del kernel
    gc.collect()


def test_a_nursery_that_was_ended_is_started_again():
    with kernels.Nursery() as nursery:
        nursery.process.kill()
        nursery.process.wait()
        nursery.look()
        kernel = nursery.kernels.start()
        assert run(kernel, "print(6 * 7)").strip() == "42"
        kernel.stop()


def test_stock_nbval_runs_in_warm_kernels(tmp_path):
    """nbval as it is, with its own items, through the provisioner."""
    output = {"output_type": "stream", "name": "stdout", "text": "3\n"}
    result = {"output_type": "execute_result", "data": {"text/plain": "7"}, "metadata": {}, "execution_count": 1}
    cells = [("x = 3\nprint(x)", [output]), ("x + 4", [result]), ("import os\nprint(os.getcwd())", [])]
    nb = {
        "cells": [
            {"cell_type": "code", "source": s, "metadata": {}, "outputs": o, "execution_count": 1} for s, o in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    (tmp_path / "stock.ipynb").write_text(json.dumps(nb))
    code = (
        "import sys\nfrom importlib.metadata import EntryPoint\n"
        "from jupyter_client.provisioning import KernelProvisionerFactory as F\n"
        "F.instance().provisioners['course-warm'] = EntryPoint('course-warm', "
        "'course_lib.grading.kernels:WarmProvisioner', F.GROUP_NAME)\n"
        "import pytest\nsys.exit(pytest.main(sys.argv[1:]))"
    )
    line = [sys.executable, "-c", code, "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider"]
    env = os.environ | {"JUPYTER_DEFAULT_PROVISIONER_NAME": "course-warm", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*line, "stock.ipynb"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert "2 passed" in done.stdout or "1 failed" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    assert sandbox.HOME in done.stdout or str(tmp_path) not in done.stdout
