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
from course_lib.checks.probe import Outcome
from course_lib.grading import graft, kernels, notebook
from course_lib.grading.course import Assignment, Course
from course_lib.grading.graft import Graft, Step
from course_lib.grading.sandbox import HEAVY

CELL_SECONDS = 20.0
SECOND_LOOK = 5.0  # seconds for each cell when everything is run that was left out at first
MANY_CELLS = 15  # so often a cell's time for all cells of a notebook, beside what its checks may take
READING_SECONDS = 15.0  # processor time for reading a notebook, and for judging one answer
LARGE = 2**18  # bytes of a submission that is not kept in the memory of those who read it
OPTIONS = ["--nbval", "--nbval-current-env", "--assert=plain", "-s", "-p", "nbval.plugin"]
OPTIONS += ["-c", os.devnull, "--rootdir=.", "--noconftest"]  # no settings and no code from any folder around
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

    def job(self) -> Job:
        """Itself: a submission whose bytes are here need not be read again."""
        return self


@dataclass(frozen=True)
class Settings:
    """What every worker needs to know: the course, how kernels are started, and how long a cell may take."""

    course: str
    kernel: kernels.Kernels
    cell_seconds: float = CELL_SECONDS


class GradedNotebook(IPyNbFile):
    """One kernel's share of a grafted notebook: nbval's file with a kernel that is replaced when an answer ends it."""

    settings: Settings
    job: Job
    assignment: Assignment
    bare: bool
    hurry = False

    def verdicts(self) -> dict[str, Verdict]:
        """The latest verdict on each answer; RuntimeError where the grader itself could not come to one."""
        last = {item.step.names[0]: item for item in self.items if isinstance(item, ProbeCell)}
        for name, item in last.items():
            if item.verdict is None and not self.hurry:
                trouble = getattr(item, "trouble", "it was not run")
                raise RuntimeError(f"{self.exercise(name).id} came to no verdict ({trouble})")
        return {name: item.verdict for name, item in last.items() if item.verdict is not None}

    def begin(
        self, settings: Settings, job: Job, assignment: Assignment, bare: bool, steps: tuple[Step, ...]
    ) -> list[GradedCell]:
        """The items in order: what answers need, answers, probes."""
        self.settings, self.job, self.assignment, self.bare = settings, job, assignment, bare
        self.cell_seconds = 0.0
        self.fault = ""  # why no kernel could be started: not the learner's
        self.notes: list[str] = []
        self.stopped: dict[str, str] = {}  # answer name -> why its own cell did not run through
        self.items: list[GradedCell] = []
        code = "\n".join(step.source for step in steps)
        self.modules = tuple(
            name for name in HEAVY if re.search(rf"\b(?:import|from)\s+{name.partition('.')[0]}\b", code)
        )
        for step in steps:
            self.append(step)
        return self.items

    def append(self, step: Step) -> None:
        """Add one more cell at the end."""
        kind = ProbeCell if step.role == "probe" else GradedCell
        number = len(self.items)
        source = self.probe_source(step.names[0]) if step.role == "probe" else step.source
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
        self.open_kernel()
        self.setup_sanitize_files()

    def open_kernel(self) -> None:
        """A fresh kernel; that none could be started is the grader's fault and no grade."""
        try:
            self.kernel = self.settings.kernel.start(self.bare, self.modules)
        except (RuntimeError, OSError) as error:
            self.fault = one_line(error)
            raise

    def collect(self) -> list[GradedCell]:
        """The items, as pytest asks for them."""
        return self.items

    def revive(self, before: GradedCell) -> None:
        """A fresh kernel in the place of a dead one, with all earlier definitions except those that ended kernels."""
        self.kernel.stop()
        self.open_kernel()
        self.timed_out = False
        for item in self.items[: before.cell_num]:
            if item.step.role != "probe" and not item.fatal:
                seconds = min(item.seconds, 5.0)
                try:
                    self.kernel.await_reply(self.kernel.execute_cell_input(item.cell.source, False), timeout=seconds)
                except (Empty, RuntimeError):  # it ran before, and does no longer
                    item.fatal = True
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
                line = last_line(error.inner_traceback or "")
                self.failed("error", notebook.syntax_note(line.partition(":")[0], line))
            raise
        except (RuntimeError, Empty, OSError) as error:
            if getattr(book.kernel, "lost", False):
                book.fault = str(error)
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
            self.parent.stopped.update(dict.fromkeys(self.step.names, f"its cell {told}"))
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
        return self.parent.exercise(self.step.names[0]).seconds + 2.0

    def compare_outputs(self, test: Any, ref: Any, skip_compare: Any = None) -> bool:
        """Decode the displayed data, compare, keep the verdict; True when the answer is right."""
        book = self.parent
        task = book.exercise(self.step.names[0])
        cases = task.draw(book.job.seed)
        try:
            with at_most(READING_SECONDS):
                results = unpacked(answer_text(test), len(cases))
                self.verdict = judge.judge(task, cases, results)
        except (ForeignData, TimeoutError) as error:  # another failure is the grader's, and no grade: see `summary`
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
        return no_points(self.parent.exercise(self.step.names[0]), status, message)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Processor time for what depends on a learner's data or code; TimeoutError beyond (POSIX, main thread)."""
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # stays so: an alarm that comes late would end this process
    with probe.alarm(seconds, f"it takes the grader more than {seconds:g} s", processor_time=True):
        yield


class ForeignData(ValueError):
    """What came back is not what a probe sends: the learner's code has had its hands in it."""


def unpacked(text: str, n: int) -> list[Outcome]:
    """The outcomes of `n` inputs; ForeignData where they cannot be read."""
    try:
        return probe.unpack(text, n)
    except (TimeoutError, MemoryError):
        raise
    except Exception as error:
        raise ForeignData(one_line(error)) from None


def answer_text(outputs: Any) -> str:
    """The last piece of data that a probe displayed; ForeignData when there is none."""
    found = [
        o["data"][probe.MIME]
        for o in outputs
        if o.get("output_type") == "display_data" and isinstance(o.get("data"), dict) and probe.MIME in o["data"]
    ]
    text = found[-1].get("answer") if found and isinstance(found[-1], dict) else None
    if not isinstance(text, str):
        raise ForeignData("no result came back from it")
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

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Remember what kept an item from its end; where no verdict came of it, `summary` tells it."""
        if call.excinfo is not None:
            item.trouble = f"{call.excinfo.typename}: {one_line(call.excinfo.value)}"  # type: ignore[attr-defined]

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
        books = [self.run(session, job, assignment, bare, steps) for bare, steps in grafted.steps.items()]
        for book in list(books):  # perhaps code that was left out makes an answer right after all
            if book.bare in grafted.everything and any(
                v.status in ("wrong", "error") for v in book.verdicts().values()
            ):
                second = self.run(session, job, assignment, book.bare, grafted.everything[book.bare], hurry=True)
                books.append(second)
        return summary(job, assignment, grafted, books)

    def run(
        self,
        session: pytest.Session,
        job: Job,
        assignment: Assignment,
        bare: bool,
        steps: tuple[Step, ...],
        hurry: bool = False,
    ) -> GradedNotebook:
        """Run what one kind of kernel has to run; RuntimeError when no kernel could be started."""
        book = GradedNotebook.from_parent(session, path=Path("submission.ipynb").absolute())  # its name is only shown
        seconds = min(SECOND_LOOK, self.settings.cell_seconds) if hurry else self.settings.cell_seconds
        settings = dataclasses.replace(self.settings, cell_seconds=seconds)
        items = book.begin(settings, job, assignment, bare, steps)
        book.hurry = hurry
        last = Farewell.from_parent(book, name="end", cell_num=-1, cell=NotebookNode(), options={})
        run_in_order(items, last)
        run_in_order([] if hurry else again(book), last)
        last.config.hook.pytest_runtest_protocol(item=last, nextitem=None)
        if book.fault:
            raise RuntimeError(book.fault)
        return book


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
            missed.append(item.step.names[0])
    start = len(book.items)
    for name in missed:
        book.append(Step("probe", "", (name,)))
    return book.items[start:]


def ungraded(job: Any, message: str) -> dict[str, Any]:
    """The result of a file that holds nothing to grade."""
    row = {"file": job.file, "points": 0, "max_points": 0, "status": "unreadable", "exercises": []}
    return {**row, "message": message, "lesson": "", "notes": [], "answers": {}}


def summary(job: Job, assignment: Assignment, grafted: Graft, books: list[GradedNotebook]) -> dict[str, Any]:
    """All verdicts of a notebook as one plain dict; an answer that was not found keeps its line, with the reason.

    RuntimeError where the grader itself could not come to a verdict: that is no grade.
    """
    best: dict[str, Verdict] = {}
    for book in books:
        best |= {n: v for n, v in book.verdicts().items() if n not in best or v.status == "right"}
    unused = () if any(book.hurry for book in books) else grafted.unused
    verdicts = []
    for task in assignment.exercises:
        if task.name in best:
            verdicts.append(best[task.name])
        elif task.name in grafted.blank:
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
        "file": job.file,
        "points": sum(v.points for v in verdicts),
        "max_points": assignment.max_points,
        "status": "graded",
        "exercises": rows,
        "message": "",
        "lesson": assignment.number,
        "cell_seconds": round(sum(book.cell_seconds for book in books), 3),
        "notes": list(dict.fromkeys([*grafted.notes, *unused, *(note for book in books for note in book.notes)])),
        "answers": {name: source[:20000] for name, source in grafted.answers.items()},
    }


def serve(settings: Settings, jobs: Iterable[Job], done: Callable[[dict[str, Any]], None]) -> None:
    """Grade jobs in this process, one after another, inside one pytest session."""
    for name in [n for n in os.environ if n.startswith("PYTEST_")]:
        del os.environ[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    options = [*OPTIONS, *(f"-pno:{name}" for name in UNUSED.split())]
    code = pytest.main(options, plugins=[Loop(settings, jobs, done)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"pytest ended with {code!r}")
