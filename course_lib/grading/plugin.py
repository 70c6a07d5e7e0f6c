"""nbval runs the cells, the judge gives the verdicts: pytest items for one grafted notebook after another.

One pytest session serves many submissions. A notebook's answer cells define things in the kernel; each of its checks is
a probe cell that carries fresh inputs and displays the results as data. `ProbeCell.compare_outputs` decodes the data
here, outside the kernel, and compares them with the reference.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from course_lib.checks import judge, probe
from course_lib.checks.exercise import Exercise
from course_lib.checks.judge import Verdict
from course_lib.grading import graft, kernels, notebook
from course_lib.grading.course import Assignment, Course
from course_lib.grading.graft import Graft, Step

CELL_SECONDS = 20.0
MANY_CELLS = 15  # so often a cell's time for all cells of a notebook, beside what its checks may take
READING_SECONDS = 15.0  # processor time for reading a notebook, and for judging one answer
LARGE = 2**18  # bytes of a submission that is not kept in the memory of those who read it
OPTIONS = ["--nbval", "--nbval-current-env", "--assert=plain", "-s", "-c", os.devnull, "-p", "nbval.plugin"]
UNUSED = (  # pytest's own plugins that would cost time at each start
    "cacheprovider terminal logging doctest unittest junitxml faulthandler stepwise pastebin unraisableexception "
    "threadexception"
)


@dataclass(frozen=True)
class Job:
    """One submission to grade: its shown name, its bytes, the grading seed, and the lesson that is expected, if any."""

    file: str
    raw: bytes
    seed: int
    lesson: str = ""


@dataclass(frozen=True)
class Settings:
    """What every worker needs to know: the course, how kernels are started, and how long a cell may take."""

    course: str
    kernel: kernels.Kernels
    cell_seconds: float = CELL_SECONDS


class GradedNotebook(IPyNbFile):
    """A grafted notebook: nbval's file with a kernel that is replaced when an answer has taken it down."""

    settings: Settings
    job: Job
    assignment: Assignment
    graft: Graft

    def begin(self, settings: Settings, job: Job, assignment: Assignment, graft: Graft) -> list[GradedCell]:
        """The items of this notebook in order: what answers need, answers, probes."""
        self.settings, self.job, self.assignment, self.graft = settings, job, assignment, graft
        self.cell_seconds = 0.0
        self.fault = ""  # why no kernel could be started: not the learner's
        self.notes: list[str] = []
        self.stopped: dict[str, str] = {}  # answer name -> why its own cell did not run through
        self.items: list[GradedCell] = []
        for step in graft.steps:
            self.append(step)
        return self.items

    def append(self, step: Step) -> None:
        """Add one more cell at the end."""
        kind = ProbeCell if step.role == "probe" else GradedCell
        number = len(self.items)
        source = self.probe_source(step.name) if step.role == "probe" else step.source
        cell = NotebookNode(cell_type="code", source=source, metadata=NotebookNode(), outputs=[], execution_count=1)
        options = {"check": kind is ProbeCell, "skip": False, "check_exception": False}
        item = kind.from_parent(self, name=f"Cell {number}", cell_num=number, cell=cell, options=options)
        item.step = step
        self.items.append(item)

    def exercise(self, name: str) -> Exercise:
        """The exercise that a function or variable answers."""
        return next(e for e in self.assignment.exercises if e.name == name)

    @property
    def seconds_left(self) -> float:
        """What all cells together may still take; a moment is left to each, so that quick answers still count."""
        allowed = MANY_CELLS * self.settings.cell_seconds + sum(e.seconds for e in self.assignment.exercises)
        return max(0.2, allowed - self.cell_seconds)

    def probe_source(self, name: str) -> str:
        """The code that calls an answer on fresh inputs and displays what came out."""
        task = self.exercise(name)
        packed = json.dumps([probe.encode(c.args) for c in task.draw(self.job.seed)])
        return (
            f"{kernels.seeding(self.job.seed, task.id)}\n"
            "from course_lib.checks import probe as _probe\n"
            f"_probe.answer({name!r}, {packed!r}, {task.is_value!r}, {task.seconds!r})"
        )

    def setup(self) -> None:
        """Start a kernel; called by pytest before the first cell."""
        try:
            self.kernel = self.settings.kernel.start()
        except (RuntimeError, OSError) as error:
            self.fault = one_line(error)
            raise
        self.setup_sanitize_files()

    def collect(self) -> list[GradedCell]:
        """The items, as pytest asks for them."""
        return self.items

    def revive(self, before: GradedCell) -> None:
        """A fresh kernel in the place of a dead one, with all earlier definitions except those that ended kernels."""
        self.kernel.stop()
        self.kernel = self.settings.kernel.start()
        self.timed_out = False
        for item in self.items[: before.cell_num]:
            if item.step.role != "probe" and not item.fatal:
                seconds = min(item.seconds, 5.0)
                try:
                    self.kernel.await_reply(self.kernel.execute_cell_input(item.cell.source, False), timeout=seconds)
                except (Empty, RuntimeError):  # it ran before, and does no longer
                    item.fatal = True
                    self.kernel.stop()
                    self.kernel = self.settings.kernel.start()
                    return self.revive(before)
        return None

    def teardown(self) -> None:
        """End the kernel and everything that it started."""
        if self.kernel is not None:
            self.kernel.stop()
            self.kernel = None


class GradedCell(IPyNbCell):
    """A cell that defines something; whether it fails is only told, a probe decides."""

    step: Step
    fatal = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.output_timeout = 3

    def setup(self) -> None:
        """Nothing is expected to fail because an earlier cell was too slow."""

    @property
    def seconds(self) -> float:
        """How long this cell may take."""
        return min(self.parent.settings.cell_seconds, self.parent.seconds_left)

    def runtest(self) -> None:
        """Run the cell in a kernel that is alive; remember when it ends the kernel."""
        book = self.parent
        book.timed_out = False
        start = time.perf_counter()
        seconds = self.seconds
        try:
            if not book.kernel.is_alive():
                book.revive(self)
            self.config.option.nbval_cell_timeout = seconds
            super().runtest()
        except NbCellError as error:
            if book.timed_out:
                self.fatal = True
                self.failed("timeout", f"more than {seconds:.3g} s")
            else:
                self.failed("error", last_line(error.inner_traceback or ""))
            raise
        except (RuntimeError, Empty, OSError) as error:
            self.fatal = True
            self.failed("crash", str(error) or type(error).__name__)
            raise
        finally:
            book.cell_seconds += time.perf_counter() - start
            self.test_outputs = None

    def failed(self, kind: str, why: str) -> None:
        """Keep the reason why a learner's cell did not run through."""
        told = {"timeout": f"takes {why}", "crash": f"ends the kernel ({why})"}.get(kind, f"stops with {why}")
        if self.step.role == "answer":
            self.parent.stopped[self.step.name] = f"its cell {told}"
        elif self.step.cell:
            self.parent.notes.append(f"cell {self.step.cell} of your notebook {told}")


class Farewell(GradedCell):
    """The end of a notebook: an item that runs nothing, so that the kernel lives until it is known that it may go."""

    def runtest(self) -> None:
        """Nothing is left to do."""


class ProbeCell(GradedCell):
    """A check: fresh inputs go in, data come out, the verdict is made here."""

    verdict: Verdict | None = None

    @property
    def seconds(self) -> float:
        """The exercise's own limit, and a moment for the call itself."""
        return self.parent.exercise(self.step.name).seconds + 2.0

    def compare_outputs(self, test: Any, ref: Any, skip_compare: Any = None) -> bool:
        """Decode the displayed data, compare, keep the verdict; True when the answer is right."""
        book = self.parent
        task = book.exercise(self.step.name)
        cases = task.draw(book.job.seed)
        source = book.graft.sources.get(task.name, "")
        try:
            with at_most(READING_SECONDS):
                results = probe.unpack(answer_text(test), len(cases))
                self.verdict = judge.judge(task, cases, results, source)
        except Exception as error:  # whatever learner data do here, they are wrong data
            self.verdict = self.no_points("error", f"the answer cannot be read: {one_line(error)}")
        why = book.stopped.get(task.name)
        if why and self.verdict.status == "error" and "is not defined" in self.verdict.message:
            self.verdict = self.no_points("error", why)
        self.comparison_traceback = [self.verdict.message]
        return self.verdict.status == "right"

    def failed(self, kind: str, why: str) -> None:
        """The probe itself came to no end."""
        if self.verdict is None:
            told = {"timeout": f"takes {why}", "crash": f"ends the kernel ({why})"}.get(kind, f"fails: {why}")
            self.verdict = self.no_points(kind, f"the answer {told}")

    def no_points(self, status: str, message: str) -> Verdict:
        """A verdict without points."""
        return no_points(self.parent.exercise(self.step.name), status, message)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Processor time for what depends on a learner's data or code; TimeoutError beyond (POSIX, main thread)."""
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # stays so: an alarm that comes late would end this process
    with probe.alarm(seconds, f"it takes the grader more than {seconds:g} s", processor_time=True):
        yield


def answer_text(outputs: Any) -> str:
    """The last piece of data that a probe displayed; ValueError when there is none."""
    found = [
        o["data"][probe.MIME]
        for o in outputs
        if o.get("output_type") == "display_data" and isinstance(o.get("data"), dict) and probe.MIME in o["data"]
    ]
    text = found[-1].get("answer") if found and isinstance(found[-1], dict) else None
    if not isinstance(text, str):
        raise ValueError("no result came back from it")
    return text


def no_points(task: Exercise, status: str, message: str) -> Verdict:
    """A verdict that the judge cannot give, because there is nothing to compare."""
    return Verdict(task.id, task.name, 0, task.points, status, message, hints=task.hints)


def one_line(error: BaseException) -> str:
    """An exception as one short line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def last_line(traceback: str) -> str:
    """The last line of a traceback, without colours."""
    lines = [x for x in re.sub(r"\x1b\[[0-9;]*m", "", traceback).splitlines() if x.strip()]
    return lines[-1].strip()[:200] if lines else "an error"


class Loop:
    """A pytest plugin that grades jobs as they come; `done` receives one plain dict for each."""

    def __init__(self, settings: Settings, jobs: Iterable[Job], done: Callable[[dict[str, Any]], None]) -> None:
        self.settings, self.jobs, self.done = settings, jobs, done

    def pytest_configure(self, config: pytest.Config) -> None:
        """nbval asks for an option of the terminal plugin, which is not loaded."""
        if not hasattr(config.option, "color"):
            config.option.color = "no"

    def pytest_collection(self, session: pytest.Session) -> bool:
        """Nothing on the disk is a test here."""
        session.items = []
        return True

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop."""
        for job in self.jobs:
            start = time.perf_counter()
            try:
                row = self.grade(session, job)
            except Exception as error:  # a fault of the grader costs this submission, not the class
                told = f"{type(error).__name__}: {one_line(error)}"
                row = {**ungraded(job, f"makes the grader fail ({told}): look at it by hand"), "status": "failed"}
            if len(job.raw) > LARGE:
                graft.forget()
            row["seconds"] = round(time.perf_counter() - start, 3)
            self.done(row)
        return True

    def grade(self, session: pytest.Session, job: Job) -> dict[str, Any]:
        """The result of one submission, whatever it holds."""
        try:
            assignments = Course(Path(self.settings.course)).assignments()
            with at_most(READING_SECONDS):
                submission = notebook.parse(job.raw)
                assignment = graft.choose(submission, assignments, Path(job.file).stem, job.lesson)
                grafted = graft.graft(assignment, submission)
        except TimeoutError as error:
            return ungraded(job, f"cannot be read ({error}): ask the learner for a plain version")
        except notebook.Unreadable as error:
            return ungraded(job, str(error))
        except RecursionError:
            return ungraded(job, "is code that is nested too deep to be read: ask the learner for a plain version")
        book = GradedNotebook.from_parent(session, path=Path(job.file).absolute())
        items = book.begin(self.settings, job, assignment, grafted)
        last = Farewell.from_parent(book, name="end", cell_num=-1, cell=NotebookNode(), options={})
        run_in_order(items, last)
        run_in_order(again(book), last)
        last.config.hook.pytest_runtest_protocol(item=last, nextitem=None)
        if book.fault:
            raise RuntimeError(book.fault)
        return summary(book)


def run_in_order(items: list[GradedCell], last: pytest.Item) -> None:
    """Run items through pytest's protocol; the kernel stays until `last` has had its turn."""
    for k, item in enumerate(items):
        following = items[k + 1] if k + 1 < len(items) else last
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def again(book: GradedNotebook) -> list[GradedCell]:
    """A second probe, after all cells, for answers that missed a name: perhaps a later cell defines it."""
    missed = []
    for item in book.items:
        verdict = item.verdict if isinstance(item, ProbeCell) else None
        if verdict and verdict.status == "error" and "raised NameError" in verdict.message:
            missed.append(item.step.name)
    start = len(book.items)
    for name in missed:
        book.append(Step("probe", "", name))
    return book.items[start:]


def ungraded(job: Job, message: str) -> dict[str, Any]:
    """The result of a file that holds nothing to grade."""
    row = {"file": job.file, "points": 0, "max_points": 0, "status": "unreadable", "exercises": []}
    return {**row, "message": message, "lesson": "", "notes": [], "answers": {}}


def summary(book: GradedNotebook) -> dict[str, Any]:
    """All verdicts of a notebook as one plain dict; an answer that was not found keeps its line, with the reason."""
    last = {item.step.name: item for item in book.items if isinstance(item, ProbeCell)}
    verdicts = []
    for task in book.assignment.exercises:
        item = last.get(task.name)
        if item is not None and item.verdict is not None:
            verdicts.append(item.verdict)
        elif item is not None:
            verdicts.append(no_points(task, "crash", "the grader could not run this answer"))
        elif task.name in book.graft.blank:
            verdicts.append(no_points(task, "blank", "not answered yet"))
        else:
            verdicts.append(
                no_points(task, "missing", f"no cell answers it: restore the cell tagged answer:{task.name}")
            )
    rows = []
    for verdict in verdicts:
        row = dataclasses.asdict(verdict)
        rows.append({k: list(v) if isinstance(v, tuple) else v for k, v in row.items()})
    return {
        "file": book.job.file,
        "points": sum(v.points for v in verdicts),
        "max_points": book.assignment.max_points,
        "status": "graded",
        "exercises": rows,
        "message": "",
        "lesson": book.assignment.number,
        "cell_seconds": round(book.cell_seconds, 3),
        "notes": [*book.graft.notes, *dict.fromkeys(book.notes)],
        "answers": {name: source[:20000] for name, source in book.graft.answers.items()},
    }


def serve(settings: Settings, jobs: Iterable[Job], done: Callable[[dict[str, Any]], None]) -> None:
    """Grade jobs in this process, one after another, inside one pytest session."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    options = [*OPTIONS, *(f"-pno:{name}" for name in UNUSED.split()), f"--rootdir={settings.kernel.folder}"]
    code = pytest.main(options, plugins=[Loop(settings, jobs, done)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {code!r}")
