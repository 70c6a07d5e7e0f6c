"""Who does the work: forked workers on this machine, or a dask cluster; and the store that keeps what is done.

Results never depend on the number of workers or on the order in which they finish. A result is named by the hash of
submission, grader, course and seed and written by an atomic rename, so a run that was killed goes on where it stopped
and a job that is delivered twice does no harm.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from course_lib.grading import isolation
from course_lib.grading.course import Course
from course_lib.grading.files import HandedIn, digest
from course_lib.grading.kernels import Nurseries
from course_lib.grading.plugin import Job, Settings, ungraded

Row = dict[str, Any]
TRIES = 2  # a job that ends its worker is tried once more, then reported
JOB_SECONDS = 900.0


class Store:
    """Finished results in a folder, one JSON file each; a torn or foreign file counts as absent."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self.folder.mkdir(parents=True, exist_ok=True)
        remove_parts(self.folder)

    def key(self, one: HandedIn) -> str:
        """The name of a submission's result."""
        text = f"{one.digest}|{one.seed}|{one.lesson}|{name_hint(one.file)}|{self.fingerprint}"
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:40]

    def get(self, one: HandedIn) -> Row | None:
        """The result of a submission that was graded before, else None."""
        try:
            row = json.loads((self.folder / f"{self.key(one)}.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return {**row, "file": one.file} if isinstance(row, dict) and "exercises" in row else None

    def put(self, one: HandedIn, row: Row) -> None:
        """Keep a result; OSError when the disk is full."""
        write_atomically(self.folder / f"{self.key(one)}.json", json.dumps(row))


def name_hint(file: str) -> str:
    """The two digits that a file name starts with: the one thing in a name that may decide the lesson."""
    stem = Path(file).stem[:2]
    return stem if stem.isdigit() else ""


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all; what is no file (/dev/stdout) is written to as it is."""
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_text(text, "utf-8", errors="backslashreplace", newline="")
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{path.name[:40]}.{os.getpid()}@{_machine()}."
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _machine() -> str:
    return re.sub(r"\W", "", platform.node(), flags=re.ASCII)[:30]


def remove_parts(folder: Path) -> None:
    """Remove the unfinished files that processes of this machine which are no longer there have left in a folder."""
    for path in folder.glob(".*.tmp"):
        found = re.search(r"\.(\d+)@(\w*)\.\w+\.tmp$", path.name)
        if found and found[2] == _machine() and not alive(int(found[1])):
            with contextlib.suppress(OSError):
                path.unlink()


def alive(pid: int) -> bool:
    """Whether a process is there (POSIX; elsewhere nobody knows, and it counts as there)."""
    try:
        return os.name != "posix" or os.kill(pid, 0) is None
    except ProcessLookupError:
        return False
    except OSError:
        return True


def fingerprint(course: Path, protection: str) -> str:
    """A hash of everything that a verdict depends on besides the submission: grader, checks, notebooks, versions."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parents[1]
    for folder, pattern in ((package, "**/*.py"), (course, "checks/*.py"), (course, "*/[0-9][0-9]_*.ipynb")):
        for path in sorted(folder.glob(pattern)):
            if path.parent.name != "notebooks":
                digest.update(path.name.encode() + path.read_bytes())
    for name in ("numpy", "torch", "nbval", "ipython"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(importlib.metadata.version(name).encode())
    digest.update(f"{sys.version_info[:2]} {protection}".encode())
    return digest.hexdigest()


def gone(one: HandedIn, error: OSError) -> Row:
    """The result of a file that could be read at first, and no longer when it was to be graded."""
    told = f"could not be read again ({error.strerror or error}): hand it in again"
    return {**ungraded(one, told), "digest": ""}


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    job: int | None = None
    digest: str = ""
    since: float = 0.0

    @property
    def late(self) -> bool:
        """Whether its job takes longer than any honest submission can."""
        return time.monotonic() - self.since > JOB_SECONDS


@dataclass
class LocalPool:
    """Worker processes on this machine; a worker that dies costs nothing but time.

    Workers are forked, which is quick; `attached` starts them as programs instead, for a process with threads.
    `look` is called now and then.
    """

    settings: Settings
    size: int
    attached: bool = False
    look: Callable[[], None] = lambda: None
    workers: list[_Worker] = field(default_factory=list)

    def __enter__(self) -> LocalPool:
        return self

    def __exit__(self, *exc: object) -> None:
        for worker in self.workers:
            self._end(worker)
        self.workers.clear()

    def run(self, jobs: Sequence[HandedIn | Job]) -> Iterator[tuple[int, Row]]:
        """(index, result) for every submission, as they finish; `digest` says what content it belongs to."""
        waiting = list(range(len(jobs)))[::-1]
        tries = [0] * len(jobs)
        left = len(jobs)
        while left:
            self.look()
            while waiting and len(self.workers) < min(self.size, left):
                self.workers.append(self._start())
            for worker in self.workers:
                while worker.job is None and waiting:
                    k = waiting.pop()
                    tries[k] += 1
                    try:
                        job = jobs[k].job()
                    except OSError as error:
                        left -= 1
                        yield k, gone(jobs[k], error)
                        continue
                    worker.job, worker.digest, worker.since = k, digest(job.raw), time.monotonic()
                    with contextlib.suppress(OSError):  # it has died: found below
                        worker.pipe.send(job)
                    del job  # of the largest class one file is in memory
            for worker, row in self._ready():
                k, worker.job = worker.job, None
                if row is None:
                    self._end(worker)
                    self.workers.remove(worker)
                    if k is None:
                        continue
                    if tries[k] < TRIES and not worker.late:
                        waiting.append(k)
                        continue
                    row = {**ungraded(jobs[k], "ends the grader's worker each time: look at it by hand")}
                    row["status"] = "failed"
                elif row["status"] == "failed" and tries[k] < TRIES:
                    waiting.append(k)
                    continue
                left -= 1
                yield k, {**row, "digest": worker.digest}

    def _ready(self) -> Iterator[tuple[_Worker, Row | None]]:
        wait([w.pipe for w in self.workers], timeout=0.5)  # a worker that dies closes its pipe
        for worker in list(self.workers):
            if worker.pipe.poll():
                try:
                    yield worker, worker.pipe.recv()
                except (EOFError, OSError):
                    yield worker, None
            elif not worker.process.is_alive() or worker.job is not None and worker.late:
                yield worker, None

    def _start(self) -> _Worker:
        if self.attached:
            return self._start_program()
        context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        here, there = context.Pipe()
        others = [w.pipe for w in self.workers] + [here]
        process = context.Process(target=_work, args=(there, self.settings, os.getpid(), others), daemon=True)
        process.start()
        there.close()
        return _Worker(process, here)

    def _start_program(self) -> _Worker:
        here, there = multiprocessing.get_context("spawn").Pipe()
        process = subprocess.Popen(
            isolation.command("course_lib.grading.executor", str(there.fileno()), str(os.getpid())),
            env=isolation.environment(),
            cwd=self.settings.kernel.folder,
            pass_fds=(there.fileno(),),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        there.close()
        here.send(self.settings)
        return _Worker(_Program(process), here)

    def _end(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.join(2.0)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


@dataclass
class _Program:
    """A started program with the face of a multiprocessing process."""

    program: subprocess.Popen[bytes]

    def is_alive(self) -> bool:
        return self.program.poll() is None

    def join(self, timeout: float | None = None) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(timeout)

    def kill(self) -> None:
        self.program.kill()


class Local:
    """Everything that grading on this machine needs: a nursery and a pool; `run` as `LocalPool.run`."""

    def __init__(
        self,
        course: str,
        sandbox: str,
        size: int,
        cell_seconds: float,
        torch: bool = False,
        attached: bool = False,
    ) -> None:
        self.nursery = Nurseries(sandbox, course, ("torch",) if torch else ())
        Course(Path(course)).assignments()  # read once for all workers, while the nurseries start
        self.nursery.ready()
        settings = Settings(course, self.nursery.kernels, cell_seconds)
        self.pool = LocalPool(settings, size, attached, self.nursery.look)

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the nursery and its kernels, once it is closed."""
        return self.nursery.cpu_seconds

    def run(self, jobs: Sequence[HandedIn | Job]) -> Iterator[tuple[int, Row]]:
        """(index, result) for every submission, as they finish; `level` names the walls that were in force."""
        for k, row in self.pool.run(jobs):
            yield k, {**row, "level": self.nursery.walls.level}

    def close(self) -> None:
        """End workers, kernels, nursery."""
        self.pool.__exit__()
        self.nursery.close()

    def __enter__(self) -> Local:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _work(pipe: Connection, settings: Settings, parent: int, others: list[Connection]) -> None:
    from course_lib.grading import plugin

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if sys.platform == "linux":
        for other in others:  # inherited by the fork: they would keep a dead parent's pipes open
            other.close()
        die_with_parent(parent)
        limit_memory()

    isolation.settle(settings.kernel.folder)

    def jobs() -> Iterator[Job]:
        while True:
            try:
                yield pipe.recv()
            except (EOFError, OSError):
                return

    def done(row: Row) -> None:
        try:
            pipe.send(row)
        except OSError:  # nobody waits for it any more
            os._exit(1)

    with open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):  # noqa: PTH123
        plugin.serve(settings, jobs(), done)


def limit_memory(more: int = 8 * 2**30) -> None:
    """A comparison of learner data that asks for too much fails as a MemoryError, the machine stays usable."""
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (used + more if hard == -1 else min(hard, used + more), hard))


def main() -> None:
    """A worker as a program: its settings and jobs come through an inherited pipe."""
    pipe = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, OSError):
        settings = pipe.recv()
        _work(pipe, settings, int(sys.argv[2]), [])


def die_with_parent(parent: int) -> None:
    """End this process when the one that started it ends, however that happens (Linux)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def progress(total: int, done: int) -> Callable[[Row], None]:
    """A progress bar with the time left on a terminal, plain lines in a log."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=total, initial=done, unit="submission", desc="grading", leave=False)

        def tick(row: Row) -> None:
            bar.update()
            if bar.n >= total:
                bar.close()

        return tick
    count, start = done, time.monotonic()
    every = max(1, total // 10)

    def line(row: Row) -> None:
        nonlocal count
        count += 1
        if count == total or count % every == 0:
            passed = time.monotonic() - start
            rest = passed / max(1, count - done) * (total - count)
            print(f"graded {count} of {total}, {rest:.0f} s left", file=sys.stderr, flush=True)

    return line
