"""`course grade`: collect what was handed in, grade it, write the reports, end with an exit code."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from course_lib.grading import executor, isolation, kernels, report
from course_lib.grading.course import Course
from course_lib.grading.files import HandedIn, collect, hold, shown
from course_lib.grading.plugin import CELL_SECONDS, ungraded
from course_lib.grading.sandbox import LEVELS, SENTENCES

CHANGED = "changed while the class was graded: this is the result of its new content"


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
        for kind, file in self.outputs.items():
            if file.lower().endswith(".ipynb"):
                raise ValueError(f"--{kind} {file}: a report would take the place of a notebook; name another file")

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
        home = chosen_course(how.course)
        files = list(collect(paths))
        if not home.notebooks():
            raise ValueError(f"{home.root}: the course has no lesson with exercises; name the course with --course DIR")
    except (ValueError, OSError) as error:
        print(f"course: {error}", file=sys.stderr)
        return 2
    try:
        sweep_temporary_folder()
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
        print(isolation.STOPPED, file=sys.stderr)
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


def chosen_course(named: str | None) -> Course:
    """The course of `--course`, else that of this package, else that of the current folder.

    Checks that a folder brings along are code that runs in this process: only who names that folder wants that.
    """
    if named:
        return Course(Path(named).resolve())
    found = Course.here()
    if (found.root / "checks").is_dir():
        raise ValueError(f"{found.root}: a course with checks of its own; if they are to be run, give --course DIR")
    return found


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


def sweep_temporary_folder() -> None:
    """Remove what graders that were killed have left there; OSError in words where there is no such folder."""
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError:
        raise OSError("no folder for temporary files can be written to: name one in TMPDIR") from None
    if os.name == "posix":
        kernels.sweep(Path(folder))


def require_open_files(workers: int) -> None:
    """OSError where so few files may be open that kernels would fail for want of them."""
    if os.name == "posix":
        import resource

        allowed, needed = resource.getrlimit(resource.RLIMIT_NOFILE)[0], 40 + 4 * workers
        if 0 <= allowed < needed:
            raise OSError(f"only {allowed} files may be open, --jobs {workers} needs {needed}: try `ulimit -n 1024`")


@contextlib.contextmanager
def state_folder(state: str | None, files: list[Path]) -> Iterator[Path]:
    """Where finished results of this set of files are kept between runs; for this run only, where nothing can be."""
    try:
        folder = Path(state) if state else _usual_state_folder(files)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no place to write, or a user without a home
        prefix = f"cg-{os.getpid()}-state-"  # by this name the next run knows it, should this one be killed
        with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
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
    held: dict[int, HandedIn] = {}
    for k, path in enumerate(files):
        try:
            held[k] = hold(shown(path), path, seed, how.lesson)
        except OSError as error:
            told = f"cannot be read ({error.strerror or error}): hand it in again"
            rows[k] = ungraded(HandedIn(shown(path), path, seed), told)
    store = executor.Store(kept, executor.fingerprint(course.root, how.sandbox))
    for k, one in held.items():
        rows[k] = None if how.fresh else store.get(one)
    todo = [(k, one) for k, one in held.items() if rows[k] is None]
    tick = executor.progress(len(files), len(files) - len(todo)) if todo and not how.quiet else lambda row: None
    size = min(how.jobs or os.cpu_count() or 1, max(1, len(todo)))
    nursery_cpu = 0.0
    if todo:
        require_open_files(size)
        needs = (str(course.root), how.sandbox, size, how.cell_seconds)
        torch = any(one.torch for _, one in todo)
        backend = executor.Local(*needs, torch=torch) if how.cluster is None else _cluster(how.cluster, *needs)
        with backend:
            for i, row in backend.run([one for _, one in todo]):
                k, one = todo[i]
                rows[k] = kept_under_its_content(store, one, row)
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


def kept_under_its_content(store: executor.Store, one: HandedIn, row: dict[str, Any]) -> dict[str, Any]:
    """Keep a result for the next run under what was graded, and say so where that is not what was first read."""
    sent = row.pop("digest", one.digest)
    if row["status"] != "failed" and sent:
        with contextlib.suppress(OSError):  # a full disk costs the next run time, not this one its result
            store.put(replace(one, digest=sent), row)
    return {**row, "message": CHANGED} if sent not in ("", one.digest) and row["status"] == "graded" else row


def main() -> None:
    """The command in an isolated process: its options as JSON, then the paths."""
    code = 1
    with contextlib.suppress(BrokenPipeError):  # `| head`
        code = grade(sys.argv[2:], **json.loads(sys.argv[1]))
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads on: Python is not to try it again at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
