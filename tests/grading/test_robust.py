"""Killed at any moment and run again, on a full disk, with any number of workers: the same report, nothing torn."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grading import executor, files, main, plugin
from course_lib.grading.files import HandedIn
from tests.grading.handed_in import COURSE, grade, notebook, save

ROOT = Path(__file__).resolve().parents[2]
TIMES = int(os.environ.get("COURSE_KILL_TIMES", "3"))


def fill(folder, n=6):
    for k in range(n):
        wrong = "def total(xs):\n    return xs.sum() + np.random.rand()" if k % 3 == 0 else None
        answers = {"word": f'# {k}\nword = "tanh"'} | ({"total": wrong} if wrong else {})
        save(folder, f"learner{k}.ipynb", notebook(**answers))


def without_timing(path):
    data = json.loads(path.read_text())
    del data["timing"]
    return json.dumps(data)


def command(folder, tmp_path, *more):
    out = ["--json", str(tmp_path / "out.json"), "--state", str(tmp_path / "state"), "--course", str(COURSE)]
    return [sys.executable, "-m", "course_lib.cli", "grade", str(folder), "--seed", "3", *out, *more]


def test_killed_and_run_again(folder, tmp_path):
    fill(folder)
    code, expected = grade(folder, tmp_path, seed=3, state=str(tmp_path / "other"))
    rng = random.Random(0)
    for _ in range(TIMES):
        for path in (tmp_path / "state").glob("*.json"):
            path.unlink()
        process = subprocess.Popen(command(folder, tmp_path, "--jobs", "2"), cwd=ROOT, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.5, 3.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        torn = [p for p in (tmp_path / "state").glob("*.json") if not p.read_text().endswith("}")]
        assert torn == []
        done = {p: p.stat().st_mtime_ns for p in (tmp_path / "state").glob("*.json")}
        again = subprocess.run(command(folder, tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert again.returncode == 0, again.stderr
        rows = json.loads((tmp_path / "out.json").read_text())["submissions"]
        assert rows == [expected[Path(r["file"]).name] for r in rows]
        assert all(p.stat().st_mtime_ns == t for p, t in done.items()), "finished work was done again"
    gone_by = time.monotonic() + 10
    while (left := grading_processes(tmp_path)) and time.monotonic() < gone_by:
        time.sleep(0.1)
    assert left == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_stopped_by_a_signal_and_then_another_it_leaves_nothing(folder, tmp_path, name):
    fill(folder)
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # the grader takes another place when the name is long
        environment = os.environ | {"TMPDIR": short}
        line = command(folder, tmp_path, "--jobs", "2")
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        while not list(Path(short).glob("cg-*/k/*")) and process.poll() is None:
            time.sleep(0.01)
        for number in (getattr(signal, name), signal.SIGINT):
            process.send_signal(number)
            time.sleep(0.05)
        said = process.communicate(timeout=30)[1].splitlines()
        assert said[-1] == "course: stopped; the same command goes on where this one was"
        assert all(line.startswith("graded") for line in said[:-1])
        assert process.returncode == 1
        assert list(Path(short).iterdir()) == []


def test_the_next_run_removes_what_a_killed_one_has_left(folder, tmp_path):
    fill(folder)
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        line = [sys.executable, "-m", "course_lib.cli", "grade", str(folder), "--course", str(COURSE), "--jobs", "2"]
        environment = os.environ | {"TMPDIR": short, "XDG_CACHE_HOME": "/dev/null"}  # results go to TMPDIR, too
        first = subprocess.Popen(line, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        while not list(Path(short).glob("cg-*/k/*")) and first.poll() is None:
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert len(list(Path(short).iterdir())) > 1
        again = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert list(Path(short).iterdir()) == []


def test_parts_of_reports_are_removed_when_their_writer_is_gone(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = executor._machine()
    names = [f".x.json.{pid}@{at}.abc.tmp" for pid in (ended.pid, os.getpid()) for at in (here, f"{here}2")]
    for name in (*names, ".mine.tmp"):
        (tmp_path / name).write_text("half")
    executor.remove_parts(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {*names[1:], ".mine.tmp"}


def test_a_half_written_file_carries_the_name_of_its_writer(tmp_path, monkeypatch):
    left = []
    monkeypatch.setattr(executor.Path, "replace", lambda part, path: left.append(part.name))
    executor.write_atomically(tmp_path / "out.json", "{}")
    monkeypatch.undo()
    monkeypatch.setattr(executor, "alive", lambda pid: pid != os.getpid())
    executor.remove_parts(tmp_path)
    assert left and not list(tmp_path.iterdir())


def grading_processes(tmp_path):
    """Processes of the runs of this test that are still there."""
    mine = str(tmp_path).encode()
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if mine in line and b"course_lib" in line:
            lines.append(line)
    return lines


def test_the_number_of_workers_does_not_matter(folder, tmp_path):
    fill(folder)
    texts = []
    for jobs in (1, 3):
        grade(folder, tmp_path, jobs=jobs, fresh=True)
        texts.append(without_timing(tmp_path / "out.json"))
    assert texts[0] == texts[1]


def test_random_answers_get_the_same_verdict_for_the_same_seed(folder, tmp_path):
    draws = "np.random.default_rng().random() + np.random.rand() + __import__('random').random()"
    save(folder, "a.ipynb", notebook(total=f"def total(xs):\n    return xs.sum() + {draws}"))
    messages = {grade(folder, tmp_path, fresh=True)[1]["a.ipynb"]["exercises"][1]["message"] for _ in range(2)}
    assert len(messages) == 1
    other = grade(folder, tmp_path, seed=6)[1]["a.ipynb"]["exercises"][1]["message"]
    assert other not in messages


def test_an_unfinished_run_keeps_its_seed(tmp_path):
    first = main.choose_seed(None, tmp_path)
    assert main.choose_seed(None, tmp_path) == first
    assert main.choose_seed(7, tmp_path) == 7


def test_a_result_belongs_to_bytes_seed_and_grader(tmp_path):
    store = executor.Store(tmp_path, "grader 1")
    one = HandedIn("a.ipynb", tmp_path / "a.ipynb", 1, digest="1a")
    row = {"file": "a.ipynb", "exercises": []}
    store.put(one, row)
    assert store.get(one) == row
    assert store.get(replace(one, file="b.ipynb", path=Path("b"))) == {"file": "b.ipynb", "exercises": []}
    for other in (replace(one, digest="1b"), replace(one, seed=2), replace(one, lesson="02")):
        assert store.get(other) is None
    assert executor.Store(tmp_path, "grader 2").get(one) is None
    next(tmp_path.glob("*.json")).write_text('{"file": ')
    assert store.get(one) is None


def test_a_worker_that_dies_costs_no_other_submission(folder, tmp_path, monkeypatch):
    fill(folder, 3)
    save(folder, "killer.ipynb", notebook(word='word = "tanh"  # killer'))
    real = executor.LocalPool._start

    def start(pool):
        worker = real(pool)
        send = worker.pipe.send

        def sabotaged(job):
            send(job)
            if b"killer" in job.raw:
                worker.process.kill()

        worker.pipe = Proxy(worker.pipe, sabotaged)
        return worker

    monkeypatch.setattr(executor.LocalPool, "_start", start)
    code, rows = grade(folder, tmp_path)
    assert code == 1
    assert rows["killer.ipynb"]["status"] == "failed"
    assert [rows[f"learner{k}.ipynb"]["status"] for k in range(3)] == ["graded"] * 3


def test_what_the_grader_cannot_run_is_no_grade(folder, tmp_path, monkeypatch, capsys):
    def fails(cell):
        if cell.step.names == ("total",):
            raise UnicodeEncodeError("latin-1", "–", 0, 1, "the grader's own")
        return real(cell)

    real = plugin.GradedCell.runtest
    monkeypatch.setattr(plugin.ProbeCell, "runtest", fails)
    save(folder, "a.ipynb", notebook())
    code, rows = grade(folder, tmp_path, quiet=False)
    row = rows["a.ipynb"]
    assert (code, row["status"], row["exercises"]) == (1, "failed", [])
    assert "01.2 came to no verdict (UnicodeEncodeError: " in row["message"]
    assert "not graded" in capsys.readouterr().out
    monkeypatch.undo()
    assert grade(folder, tmp_path)[1]["a.ipynb"]["points"] == 10, "a failure was kept as a result"


class Weighed(bytes):
    """Bytes that know how many of their kind there are."""

    now = most = 0

    def __new__(cls, raw):
        cls.now += 1
        cls.most = max(cls.most, cls.now)
        return super().__new__(cls, raw)

    def __del__(self):
        type(self).now -= 1


def test_the_bytes_of_a_class_are_not_in_memory_together(folder, tmp_path, monkeypatch):
    fill(folder, 8)
    real = files.read_bytes
    monkeypatch.setattr(Weighed, "most", 0)
    monkeypatch.setattr(files, "read_bytes", lambda path: Weighed(real(path)))
    code, rows = grade(folder, tmp_path, jobs=2)
    assert (code, len(rows)) == (0, 8)
    assert Weighed.most <= 2


def test_a_file_that_changes_before_it_is_sent_is_graded_as_it_is_and_that_is_told(folder, tmp_path, monkeypatch):
    path = save(folder, "a.ipynb", notebook(word="word = 'sigmoid'"))
    old = path.read_bytes()
    gone = save(folder, "b.ipynb", notebook())
    real = main.hold

    def hold_and_change(name, path, *more):
        held = real(name, path, *more)
        gone.unlink() if path.name == "b.ipynb" else path.write_text(json.dumps(notebook()))
        return held

    monkeypatch.setattr(main, "hold", hold_and_change)
    code, rows = grade(folder, tmp_path)
    assert code == 1
    assert (rows["a.ipynb"]["points"], rows["a.ipynb"]["message"]) == (10, main.CHANGED)
    assert (rows["b.ipynb"]["status"], rows["b.ipynb"]["points"]) == ("unreadable", 0)
    assert rows["b.ipynb"]["message"].startswith("could not be read again (No such file")
    monkeypatch.undo()
    code, rows = grade(folder, tmp_path)
    assert (code, rows["a.ipynb"]["points"], rows["a.ipynb"]["message"]) == (0, 10, "")
    path.write_bytes(old)
    assert grade(folder, tmp_path)[1]["a.ipynb"]["points"] == 9, "the new result was kept under the old content"


class Proxy:
    """A pipe with another `send`."""

    def __init__(self, pipe, send):
        self.pipe, self.send = pipe, send

    def __getattr__(self, name):
        return getattr(self.pipe, name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_and_other_reports_are_written(folder, tmp_path, capsys, monkeypatch):
    save(folder, "a.ipynb", notebook())
    real = executor.os.fdopen

    def full(handle, *args, **options):
        file = real(handle, *args, **options)
        if "out.csv" in str(Path(f"/proc/self/fd/{handle}").readlink()):
            file.write = lambda text: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        return file

    monkeypatch.setattr(executor.os, "fdopen", full)
    code, rows = grade(folder, tmp_path, csv_file=str(tmp_path / "out.csv"))
    assert code == 1
    assert rows["a.ipynb"]["points"] == 10
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_target_that_is_no_file_is_written_to_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    executor.write_atomically(tmp_path / "pipe", "é")
    assert os.read(reader, 9) == "é".encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]
    os.close(reader)


def test_a_terminal_that_takes_nothing_costs_one_line(folder, tmp_path, capsys, monkeypatch):
    save(folder, "a.ipynb", notebook())
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(main.sys, "stdout", full)
        code, _ = grade(folder, tmp_path, quiet=False)
        monkeypatch.undo()
        with pytest.raises(OSError, match="space"):
            full.close()
    assert code == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("course: the summary could not be shown (No space")


def test_a_user_without_a_home_grades_and_nothing_stays(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(main.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    with main.state_folder(None, []) as kept:
        assert kept.is_dir()
    assert not kept.exists()


def test_a_folder_that_vanishes_while_it_is_read(folder, tmp_path, monkeypatch):
    save(folder, "a.ipynb", notebook())
    gone = save(folder, "b.ipynb", notebook())
    real = files.read_bytes

    def vanish(path):
        gone.unlink(missing_ok=True)
        return real(path)

    monkeypatch.setattr(files, "read_bytes", vanish)
    code, rows = grade(folder, tmp_path)
    assert code == 1
    assert rows["a.ipynb"]["points"] == 10
    assert rows["b.ipynb"]["status"] == "unreadable"
