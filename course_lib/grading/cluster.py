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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, LocalCluster, as_completed

from course_lib.grading import executor
from course_lib.grading.course import Course
from course_lib.grading.executor import Local, Row
from course_lib.grading.plugin import Job, ungraded

_mine = threading.local()


class Cluster:
    """A running scheduler at `address` ("tcp://host:8786"), or, with `local`, one that is started here."""

    cpu_seconds = 0.0  # spent on other machines, not counted

    def __init__(
        self, address: str, course: str, sandbox: str, size: int, modules: tuple[str, ...], cell_seconds: float
    ) -> None:
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
        self.how = (course, sandbox, modules, cell_seconds, version)

    def run(self, jobs: list[Job]) -> Iterator[tuple[int, Row]]:
        """(index, result) for every job, as they finish; a job that ends every worker that it meets is reported."""
        keys = [f"grade-{k}-{_name(job, self.how)}" for k, job in enumerate(jobs)]
        futures = self.client.map(
            grade_here, jobs, key=keys, retries=2, pure=False, **dict(zip(NAMES, self.how, strict=True))
        )
        number = {future.key: k for k, future in enumerate(futures)}
        for future in as_completed(futures, loop=self.client.loop):
            k = number[future.key]
            error = future.exception()
            if error is None:
                yield k, future.result()
                continue
            lost = isinstance(error, KilledWorker)
            told = "ends every worker that it is sent to" if lost else f"failed on a worker ({error})"
            yield k, {**ungraded(jobs[k], f"{told}: look at it by hand"), "status": "failed"}

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.close()
        if self.own is not None:
            self.own.close()


NAMES = ("course", "sandbox", "modules", "cell_seconds", "version")


def _name(job: Job, how: tuple[Any, ...]) -> str:
    text = repr((job.file, hashlib.sha256(job.raw).hexdigest(), job.seed, job.lesson, how))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def grade_here(job: Job, course: str, sandbox: str, modules: tuple[str, ...], cell_seconds: float, version: str) -> Row:
    """One job, on a dask worker. Raises RuntimeError when this machine has another version of the course."""
    root = course if Path(course).is_dir() else str(Course.here().root)
    how = (root, sandbox, modules, cell_seconds)
    if getattr(_mine, "how", None) != (os.getpid(), how):
        if executor.fingerprint(Path(root), sandbox) != version:
            raise RuntimeError("the worker has another version of the course or of its packages: install the same one")
        _mine.local = Local(root, sandbox, 1, modules, cell_seconds, attached=True)
        _mine.how = (os.getpid(), how)
        atexit.register(_mine.local.close)
    [(_, row)] = _mine.local.run([job])
    return row
