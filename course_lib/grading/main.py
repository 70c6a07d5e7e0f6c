"""`course grade`: collect what was handed in, grade it, write the reports, end with an exit code."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.grading import executor, report
from course_lib.grading.course import Course
from course_lib.grading.notebook import MAX_FILE
from course_lib.grading.plugin import CELL_SECONDS, Job, ungraded
from course_lib.grading.sandbox import LEVELS, SENTENCES

NOTEBOOK = re.compile(r"\.ipynb\b", re.IGNORECASE)


@dataclass(frozen=True)
class Options:
    """How to grade: the command's options by the same names; ValueError in words for what makes no sense."""

    seed: int | None = None
    json_file: str | None = None
    csv_file: str | None = None
    html: str | None = None
    cluster: str | None = None
    jobs: int | None = None
    sandbox: str = "best"
    lesson: str = ""
    canvas: str | None = None
    moodle: str | None = None
    junit: str | None = None
    course: str | None = None
    state: str | None = None
    fresh: bool = False
    quiet: bool = False
    cell_seconds: float = CELL_SECONDS

    def __post_init__(self) -> None:
        if self.sandbox not in ("required", "best", "off"):
            raise ValueError(f"--sandbox: expected required, best or off, got {self.sandbox!r}")
        if self.seed is not None and self.seed < 0:
            raise ValueError(f"--seed: expected 0 or more, got {self.seed}")
        if self.jobs is not None and self.jobs < 1:
            raise ValueError(f"--jobs: expected at least 1, got {self.jobs}")

    @property
    def outputs(self) -> dict[str, str]:
        """The reports that are asked for: kind → where to write it."""
        files = {"json": self.json_file, "csv": self.csv_file, "html": self.html}
        files |= {"canvas": self.canvas, "moodle": self.moodle, "junit": self.junit}
        return {kind: file for kind, file in files.items() if file}


def grade(paths: Sequence[str | Path], **options: Any) -> int:
    """Grade notebooks and folders of notebooks; `options` as in `Options`. Returns 0 fine, 1 findings, 2 wrong use.

    A finding is a file that could not be graded, or a report that could not be written. Wrong answers are no findings.
    """
    start = time.perf_counter()
    try:
        how = Options(**options)
        home = Course(Path(how.course).resolve()) if how.course else Course.here()
        files = list(collect(paths))
        if not home.notebooks():
            raise ValueError(f"{home.root}: the course has no lesson with exercises; name the course with --course DIR")
    except (ValueError, OSError) as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    try:
        with stoppable(), state_folder(how.state, files) as kept:
            seed = choose_seed(how.seed, kept)
            rows, protection, cpu = run(files, home, seed, kept, how)
            timing = {
                "wall": round(time.perf_counter() - start, 3),
                "cpu": round(cpu, 3),
                "submissions": round(sum(r.get("seconds", 0) for r in rows), 3),
                "cells": round(sum(r.get("cell_seconds", 0) for r in rows), 3),
            }
            rows = one_each(compared_with_class(rows))
            failed = report.write(rows, how.outputs, seed, protection, timing)
            with contextlib.suppress(OSError):
                (kept / "seed").unlink()
    except OSError as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("course: stopped; the same command goes on where this one was", file=sys.stderr)
        return 1
    try:
        if not how.quiet:
            print(report.as_text(rows, seed, protection), flush=True)
    except BrokenPipeError:
        raise  # `| head`: the command line knows what to do
    except OSError as error:
        failed.append(f"the summary could not be shown ({error.strerror})")
    for line in failed:
        print(f"course: {line}", file=sys.stderr)
    return 1 if failed or any(r["status"] != "graded" for r in rows) else 0


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM and a closed terminal stop a run as Ctrl-C does; a second signal disturbs neither cleaning nor ending.

    A process that was stopped is meant to end: it stays deaf to these signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heard = [number for number in wanted if signal.getsignal(number) != signal.SIG_IGN]  # nohup stays deaf

    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True
        for number in heard:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            if not stopped:
                signal.signal(number, handler or signal.SIG_DFL)


def compared_with_class(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same results, with a note where one learner handed in another lesson than nearly everybody."""
    lessons = Counter(r["lesson"] for r in rows if r["lesson"])
    if not lessons or len(lessons) == 1 or lessons.most_common(1)[0][1] < 0.7 * lessons.total():
        return rows
    usual = lessons.most_common(1)[0][0]
    told = f"this is not lesson {usual}, which nearly all of this class handed in: use --lesson {usual} to insist on it"
    return [{**r, "notes": [*r["notes"], told]} if r["lesson"] not in ("", usual) else r for r in rows]


def one_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same results, with a note where another notebook of the same learner counts in the grade imports."""
    counted = {row["file"] for _, row in report.counting(rows)}
    told = "another notebook of this learner has as many points or more: that one goes into the grade imports"
    return [r if r["file"] in counted else {**r, "notes": [*r["notes"], told]} for r in rows]


def collect(paths: Sequence[str | Path]) -> Iterator[Path]:
    """The files to grade; ValueError for a path that is not there or a folder without notebooks."""
    if not paths:
        raise ValueError("name a notebook or a folder with notebooks")
    seen: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(p for p in _walk(path) if p not in seen)
            if not found:
                raise ValueError(f"{shown(path)}: a folder without notebooks (*.ipynb); name another one")
        elif os.path.lexists(path):
            real = Path(os.path.realpath(path)) if path.is_symlink() else path  # the teacher names it: no trick
            found = [real] if real not in seen else []
        else:
            raise ValueError(f"{shown(path)}: not there; name a notebook or a folder with notebooks")
        seen.update(found)
        yield from found


def _walk(folder: Path) -> Iterator[Path]:
    """Notebooks below a folder, and what takes the place of one: a folder that is closed, a learner's other file."""
    closed: list[Path] = []
    for at, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__MACOSX", "__pycache__")))
        files = sorted(n for n in names if not n.startswith("."))
        yield from (Path(at) / f for f in folders if (Path(at) / f).is_symlink())
        notebooks = [n for n in files if NOTEBOOK.search(n)]
        if not notebooks and "_assignsubmission_file" in Path(at).name:
            notebooks = files[:1]
        yield from (Path(at) / n for n in notebooks)
    yield from closed


def shown(path: Path) -> str:
    """A path as text that every report can hold, whatever bytes its name is made of; two paths never look the same."""
    raw = os.fsencode(path)
    if os.sep == "/":  # a name's own backslash must not look like one that stands for a byte
        raw = raw.replace(b"\\", b"\\\\")
    unseen = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    return re.sub(unseen, lambda m: ascii(m[0])[1:-1], raw.decode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def state_folder(state: str | None, files: list[Path]) -> Iterator[Path]:
    """Where finished results of this set of files are kept between runs; for this run only, where nothing can be."""
    try:
        folder = Path(state) if state else _usual_state_folder(files)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no place to write, or a user without a home
        with tempfile.TemporaryDirectory(prefix="course-state-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    else:
        yield folder


def _usual_state_folder(files: list[Path]) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    names = "\n".join(sorted(str(f.absolute()) for f in files))
    return Path(base) / "course" / "grading" / hashlib.sha256(os.fsencode(names)).hexdigest()[:16]


def choose_seed(seed: int | None, kept: Path) -> int:
    """The seed that was asked for; else that of an unfinished run on the same files; else a new one."""
    if seed is not None:
        return seed
    with contextlib.suppress(OSError, ValueError):
        return int((kept / "seed").read_text("utf-8"))
    number = secrets.randbelow(2**31)
    with contextlib.suppress(OSError):
        executor.write_atomically(kept / "seed", str(number))
    return number


def run(
    files: list[Path], course: Course, seed: int, kept: Path, how: Options
) -> tuple[list[dict[str, Any]], str, float]:
    """All results in the order of the files, a sentence on the protection that was in force, processor seconds."""
    rows: list[dict[str, Any] | None] = [None] * len(files)
    jobs_read: dict[int, Job] = {}
    for k, path in enumerate(files):
        name = shown(path)
        try:
            jobs_read[k] = Job(name, read_bytes(path), seed, how.lesson)
        except OSError as error:
            rows[k] = ungraded(Job(name, b"", seed), f"cannot be read ({error.strerror or error}): hand it in again")
    store = executor.Store(kept, executor.fingerprint(course.root, how.sandbox))
    for k, job in jobs_read.items():
        rows[k] = None if how.fresh else store.get(job)
    todo = [(k, job) for k, job in jobs_read.items() if rows[k] is None]
    tick = executor.progress(len(files), len(files) - len(todo)) if todo and not how.quiet else lambda row: None
    size = min(how.jobs or os.cpu_count() or 1, max(1, len(todo)))
    nursery_cpu = 0.0
    if todo:
        modules = used_modules([job for _, job in todo])
        needs = (str(course.root), how.sandbox, size, modules, how.cell_seconds)
        backend = executor.Local(*needs) if how.cluster is None else _cluster(how.cluster, *needs)
        with backend:
            for i, row in backend.run([job for _, job in todo]):
                k, job = todo[i]
                rows[k] = row
                if row["status"] != "failed":
                    with contextlib.suppress(OSError):  # a full disk costs the next run time, not this one its result
                        store.put(job, row)
                tick(row)
        nursery_cpu = backend.cpu_seconds
    used = os.times()
    cpu = used.user + used.system + used.children_user + used.children_system + nursery_cpu
    levels = {r["level"] for r in rows if r is not None and "level" in r}
    weakest = max(levels, key=LEVELS.index, default="")
    protection = SENTENCES[weakest] if weakest else "No learner code was run."
    return [r for r in rows if r is not None], protection, cpu


def _cluster(address: str, *needs: Any) -> Any:
    try:
        from course_lib.grading import cluster
    except ImportError:
        raise OSError("--cluster needs dask: pip install 'course-lib[cluster]'") from None
    return cluster.Cluster(address, *needs)


def used_modules(jobs: list[Job]) -> tuple[str, ...]:
    """The heavy modules that somebody's notebook imports, loaded once for all kernels; the JSON is not read."""
    imported = {word for job in jobs for word in re.findall(rb"(?:import|from) (torch|matplotlib)\b", job.raw)}
    return tuple(m for m in ("torch", "matplotlib.pyplot") if m.partition(".")[0].encode() in imported)


def read_bytes(path: Path) -> bytes:
    """A submission's bytes; OSError in words for what is no file or too large."""
    import stat

    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise OSError("it is a link to another file")
    if stat.S_ISDIR(status.st_mode):
        next(path.iterdir(), None)  # says what is wrong with it
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no file")
    if status.st_size > MAX_FILE:
        raise OSError(f"it has {status.st_size / 2**20:.0f} MiB, at most {MAX_FILE // 2**20}; clear its outputs")
    return path.read_bytes()
