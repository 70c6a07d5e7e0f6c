"""A real scheduler, two worker processes, one of them killed in the middle: the same report as the local pool."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib.grading.files import hold
from tests.grading.handed_in import COURSE, notebook, save

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("distributed"), reason="needs dask: pip install 'course-lib[cluster]'"
)
ROOT = Path(__file__).resolve().parents[2]


def start(name, *words, log, cwd):
    line = [sys.executable, "-m", f"distributed.cli.dask_{name}", *words]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(line, cwd=cwd, env=env, stdout=log, stderr=log, start_new_session=True)


def command(folder, out, *more):
    line = [sys.executable, "-m", "course_lib.cli", "grade", str(folder), "--course", str(COURSE), "--seed", "3"]
    return [*line, "--json", str(out), "--state", f"{out}-state", *more]


def wait_for(what, seconds):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return value


def below(pid):
    """A process's descendants, by /proc."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += [int(child), *below(int(child))]
    return found


def test_a_killed_worker_loses_nothing(folder, tmp_path):
    slow = "import time\ndef total(xs):\n    time.sleep(0.2)\n    return xs.sum()"
    for k in range(6):
        save(folder, f"learner{k}.ipynb", notebook(word=f'# {k}\nword = "tanh"', total=slow))
    (folder / "conftest.py").write_text("import not_installed")  # where the workers start, too
    local = subprocess.run(command(folder, tmp_path / "local.json"), cwd=ROOT, capture_output=True, timeout=120)
    assert local.returncode == 0, local.stderr
    with (tmp_path / "log").open("wb") as log:
        file = ["--scheduler-file", str(tmp_path / "scheduler.json")]
        started = [start("scheduler", "--port", "0", "--no-dashboard", *file, log=log, cwd=folder)]
        try:
            address = wait_for(lambda: read_address(tmp_path / "scheduler.json"), 30)
            worker = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path)]
            started += [start("worker", address, *worker, log=log, cwd=folder) for _ in range(2)]
            state = tmp_path / "cluster.json-state"
            run = subprocess.Popen(command(folder, tmp_path / "cluster.json", "--cluster", address), cwd=ROOT)
            wait_for(lambda: list(state.glob("*.json")), 60)
            victim = started[1]
            orphans = below(victim.pid)
            victim.send_signal(signal.SIGKILL)
            assert run.wait(120) == 0
            wait_for(lambda: not any(Path(f"/proc/{p}").exists() for p in orphans), 20)
        finally:
            for process in started[::-1]:
                process.terminate()
            for process in started:
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    first, second = (json.loads((tmp_path / f"{n}.json").read_text()) for n in ("local", "cluster"))
    del first["timing"], second["timing"]
    assert json.dumps(first) == json.dumps(second)
    assert [s["points"] for s in second["submissions"]] == [10] * 6


def test_of_a_large_class_a_part_is_on_its_way(folder, monkeypatch):
    """A scheduler that answers at once, and counts what lies there."""
    from course_lib.grading import cluster

    class Answered:
        def __init__(self, job, key):
            self.job, self.key = job, key
            on_its_way.append(len(job.raw))
            most.append(sum(on_its_way))

        def exception(self):
            return None

        def result(self):
            on_its_way.remove(len(self.job.raw))
            return {"file": self.job.file}

    class Client:
        loop = None

        def submit(self, function, job, key, **how):
            return Answered(job, key)

    class Results(list):
        add = list.append

        def __next__(self):
            return self.pop(0)

    on_its_way, most = [], []
    handed = []
    for k, size in enumerate([100] * 9 + [900]):
        path = save(folder, f"{k}.ipynb", b"x" * size)
        handed.append(hold(path.name, path, 1))
    (folder / "4.ipynb").unlink()
    monkeypatch.setattr(cluster, "AHEAD", 350)
    monkeypatch.setattr(cluster, "as_completed", lambda loop: Results())
    mine = object.__new__(cluster.Cluster)
    mine.client, mine.how = Client(), ("", "best", 1.0, "")
    rows = dict(mine.run(handed))
    assert {k: row["file"] for k, row in rows.items()} == {k: f"{k}.ipynb" for k in range(10)}
    assert rows[4]["status"] == "unreadable"
    assert max(most) == 900 and max(most[:8]) == 300


def read_address(path):
    try:
        return json.loads(path.read_text())["address"]
    except (OSError, ValueError, KeyError):
        return None


def test_no_scheduler_is_one_line(folder, tmp_path):
    save(folder, "a.ipynb", notebook())
    line = command(folder, tmp_path / "out.json", "--cluster", "tcp://127.0.0.1:9")
    env = os.environ | {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 2
    assert "--cluster tcp://127.0.0.1:9: no scheduler answers" in done.stderr.splitlines()[-1]
