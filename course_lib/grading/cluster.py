"""More than one machine: the same jobs through a dask.distributed scheduler.

Every dask worker process has a nursery and one grading process of its own, started with its first job and ended with
itself, so that learner code never runs in the dask worker. Jobs are named by their content: one that is delivered
twice, because a worker was lost, gives the same result twice and is counted once.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from course_lib.grading import executor
from course_lib.grading.course import Course
from course_lib.grading.executor import Local, Row
from course_lib.grading.files import HandedIn, digest
from course_lib.grading.plugin import Job, ungraded

AHEAD = 256 * 2**20  # bytes of submissions that are on their way to workers
_mine = threading.local()


class Cluster:
    """A running scheduler at `address` ("tcp://host:8786"), or, with `local`, one that is started here."""

    cpu_seconds = 0.0  # spent on other machines, not counted

    def __init__(self, address: str, course: str, sandbox: str, size: int, cell_seconds: float) -> None:
        self.own = None
        try:
            if address == "local":
                self.own = LocalCluster(
                    n_workers=size, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="ERROR"
                )
            self.client = Client(address if self.own is None else self.own, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            if self.own is not None:
                self.own.close()
            raise OSError(f"--cluster {address}: no scheduler answers ({error or type(error).__name__})") from None
        version = executor.fingerprint(Path(course), sandbox)
        self.how = (course, sandbox, cell_seconds, version)

    def run(self, jobs: Sequence[HandedIn]) -> Iterator[tuple[int, Row]]:
        """(index, result) for every submission, as they finish; one that ends every worker that it meets is reported.

        Files are read and sent while less than `AHEAD` bytes are on their way, so that no class is too large.
        """
        waiting = list(range(len(jobs)))[::-1]
        sent: dict[str, tuple[int, str, int]] = {}  # key -> index, digest, size
        results = as_completed(loop=self.client.loop)
        while waiting or sent:
            ahead = sum(size for *_, size in sent.values())
            if waiting and (not sent or ahead + jobs[waiting[-1]].size <= AHEAD):
                k = waiting.pop()
                try:
                    future, content, size = self.send(k, jobs[k])
                except OSError as error:
                    yield k, executor.gone(jobs[k], error)
                    continue
                sent[future.key] = k, content, size
                results.add(future)
            else:
                future = next(results)
                k, content, _ = sent.pop(future.key)
                yield k, {**outcome(jobs[k], future), "digest": content}

    def send(self, k: int, one: HandedIn) -> tuple[Future, str, int]:
        """Read a submission and send it; its future, the digest of what was sent, its size."""
        job = one.job()
        how = dict(zip(NAMES, self.how, strict=True))
        content = digest(job.raw)
        key = f"grade-{k}-{_name(job, content, self.how)}"
        future = self.client.submit(grade_here, job, key=key, retries=2, pure=False, **how)
        return future, content, len(job.raw)

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.close()
        if self.own is not None:
            self.own.close()


def outcome(one: HandedIn, future: Future) -> Row:
    """What came back for a submission."""
    error = future.exception()
    if error is None:
        return future.result()
    lost = isinstance(error, KilledWorker)
    told = "ends every worker that it is sent to" if lost else f"failed on a worker ({error})"
    return {**ungraded(one, f"{told}: look at it by hand"), "status": "failed"}


NAMES = ("course", "sandbox", "cell_seconds", "version")


def _name(job: Job, content: str, how: tuple[Any, ...]) -> str:
    text = repr((job.file, content, job.seed, job.lesson, how))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def grade_here(job: Job, course: str, sandbox: str, cell_seconds: float, version: str) -> Row:
    """One job, on a dask worker. Raises RuntimeError when this machine has another version of the course."""
    root = course if Path(course).is_dir() else str(Course.here().root)
    how = (root, sandbox, cell_seconds)
    if getattr(_mine, "how", None) != (os.getpid(), how):
        if executor.fingerprint(Path(root), sandbox) != version:
            raise RuntimeError("the worker has another version of the course or of its packages: install the same one")
        _mine.local = Local(root, sandbox, 1, cell_seconds, attached=True)
        _mine.how = (os.getpid(), how)
        atexit.register(_mine.local.close)
    [(_, row)] = _mine.local.run([job])
    return row
