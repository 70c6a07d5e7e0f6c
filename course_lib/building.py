"""`course build`: canonical notebooks, exercises from solutions, and the pages in docs/ that are made of them.

A list of small pure transforms of notebooks; only `build` touches files. Everything that it writes is computed first,
so that an error leaves the folder as it was. An exercise that somebody has typed into is never overwritten.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib import claims, instructor, trust, vocabulary
from course_lib.checks import solution
from course_lib.checks.solution import BEGIN, END

STUB = 'raise NotImplementedError("your answer goes here")'
KEPT = Path("course_lib/checks") / solution.KEPT.name
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
READABLE_ID = re.compile(r"^(?=.*[a-z])[a-z0-9]+(-[a-z0-9_]+)+$|^[a-z_]{3,40}$")
SLUG_WORDS = 6
FOLD = '<details class="course-guess"><summary>Open when you have guessed</summary>'
PRINTED = 'style="font-size: 13px; line-height: 1.3"'  # as JupyterLab shows what is printed
FOLDED_ERRORS = re.compile(r'(?s)<pre class="course-stderr"[^>]*><code>(.*?)</code>')
CORE = 60  # cells of a lecture that everybody reads
ASKS = re.compile(r"\*\*(Before you run|Predict):\*\*")


class BuildError(Exception):
    """One line: file, cell, what is wrong, how to mend it."""


@dataclass
class Report:
    """What a build did or found: `changed` files, `findings` (drift or mistakes), `work` (exercises that hold work).

    Findings and work are one line each.
    """

    changed: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    work: list[str] = field(default_factory=list)


# ---------------------------------------------------------------- reading


def read(path: Path) -> NotebookNode:
    """A notebook as nbformat 4.5; BuildError with file and mend when it is none."""
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise BuildError(f"{path}: not a notebook ({_first_line(error)}); restore it from git") from error
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list) or data.get("nbformat") != 4:
        raise BuildError(f"{path}: not a notebook of format 4; open and save it in JupyterLab")
    nb = nbformat.from_dict(data)
    for cell in nb.cells:
        cell.source = "".join(cell.source) if isinstance(cell.source, list) else cell.source
        cell.setdefault("metadata", nbformat.from_dict({}))
        for output in cell.get("outputs", []):
            join_lines(output)
    nb.nbformat_minor = 5
    return nb


def join_lines(output: NotebookNode) -> None:
    """Files hold long texts as lists of lines; in memory they are one text."""
    if isinstance(output.get("text"), list):
        output.text = "".join(output.text)
    for kind, value in output.get("data", {}).items():
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            output.data[kind] = "".join(value)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def tag_value(cell: NotebookNode, kind: str) -> str | None:
    """`tag_value(cell, "answer")` is NAME for a cell with the tag answer:NAME, else None."""
    return next((t.split(":", 1)[1] for t in tags(cell) if t.startswith(kind + ":")), None)


# ---------------------------------------------------------------- canonical form


def canonical(nb: NotebookNode) -> NotebookNode:
    """The form that is committed: readable cell ids, one kernelspec, no editor's metadata, outputs without noise."""
    nb = copy.deepcopy(nb)
    course = nb.metadata.get("course", {})
    nb.metadata = nbformat.from_dict(
        {"course": course, "kernelspec": KERNEL, "language_info": {"name": "python"}}
        if course
        else {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    taken: set[str] = set()
    count = 0
    for cell in nb.cells:
        cell.id = _cell_id(cell, taken)
        cell.metadata = nbformat.from_dict(_cell_metadata(cell))
        cell.source = "\n".join(line.rstrip() for line in cell.source.rstrip().split("\n"))
        if cell.cell_type == "code":
            ran = cell.get("execution_count") is not None
            count += ran
            cell.execution_count = count if ran else None
            cell.outputs = _joined_streams(o for o in map(_output, cell.get("outputs", [])) if o is not None)
            cell.outputs = folded(cell.outputs) if "guess" in tags(cell) else cell.outputs
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count
        else:
            cell.pop("outputs", None)
            cell.pop("execution_count", None)
    return nb


def _cell_id(cell: NotebookNode, taken: set[str]) -> str:
    answer, check = tag_value(cell, "answer"), tag_value(cell, "check")
    old = str(cell.get("id", ""))
    if answer or check:
        base = f"answer-{answer}" if answer else f"check-{check}"
    elif READABLE_ID.match(old):
        base = old
    else:
        base = _slug(cell)
    new, k = base[:60], 2
    while new in taken:
        new, k = f"{base[:56]}-{k}", k + 1
    taken.add(new)
    return new


def _slug(cell: NotebookNode) -> str:
    line = next((line for line in cell.source.splitlines() if line.strip(" #>*-=`")), "empty")
    words = re.findall(r"[a-z0-9]+", line.lower())[:SLUG_WORDS] or ["cell"]
    kind = "text" if cell.cell_type == "markdown" else "code"
    return "-".join([kind, *words])[:50]


def _cell_metadata(cell: NotebookNode) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if tags(cell):
        kept["tags"] = sorted(tags(cell))
    rows = cell.metadata.get("course", {}).get("rows")
    if rows:
        kept["course"] = {"rows": sorted(rows)}
    if "hide-input" in tags(cell):
        kept["jupyter"] = {"source_hidden": True}
    if cell.metadata.get("nbgrader"):
        kept["nbgrader"] = dict(cell.metadata["nbgrader"])
    if vocabulary.begins_evidence(cell):
        kept["jp-MarkdownHeadingCollapsed"] = True
    if "slideshow" in cell.metadata:
        kept["slideshow"] = dict(cell.metadata["slideshow"])
    return kept


def _joined_streams(outputs: Iterable[Any]) -> list[Any]:
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            output.output_type == "stream"
            and last is not None
            and last.output_type == "stream"
            and last.name == output.name
        ):
            last.text += output.text
        else:
            joined.append(copy.deepcopy(output))
    return joined


def _output(output: Any) -> Any:
    """One output without object addresses; None for a widget's view, and for a bar that has gone."""
    output = copy.deepcopy(output)
    output.pop("transient", None)
    if "data" in output:
        if WIDGET in output.data or not output.data:
            return None
        output.metadata = nbformat.from_dict({})
        for kind, value in output.data.items():
            if isinstance(value, str) and kind.startswith("text/"):
                output.data[kind] = re.sub(r" at 0x[0-9a-f]{6,}", "", value)
    return output


def folded(outputs: list[Any]) -> list[Any]:
    """Canonical outputs that answer a question, as one that is shut until somebody opens it, scripts or none.

    Explorers and questions are no answers, and an error must be seen: outputs with one of these stay as they are.
    """
    parts = [_as_html(output) for output in outputs]
    stay = any(output.output_type == "error" for output in outputs)
    if not outputs or stay or any(re.search("class=.course-(guess|explorer|quiz|predict)", part) for part in parts):
        return outputs
    text = FOLD + "".join(f"<div>{part}</div>" for part in parts) + "</details>"
    data = {"text/html": text, "text/plain": "open when you have guessed"}
    return [nbformat.v4.new_output("display_data", data=data)]


def _as_html(output: Any) -> str:
    if output.output_type == "stream":
        return f'<pre class="course-{output.name}" {PRINTED}><code>{escape(output.text)}</code></pre>'
    data = output.get("data", {})
    if "text/html" in data:
        return data["text/html"]
    if "image/png" in data:
        return f'<img src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    return f"<pre {PRINTED}><code>{escape(data.get('text/markdown', data.get('text/plain', '')))}</code></pre>"


def code_hash(nb: NotebookNode, path: Path | None = None) -> str:
    """A hash of all code in a notebook: stored with the outputs, it tells whether they belong to this code.

    The checks of a solution at `path` count as its code: they print the verdicts that are stored.
    """
    text = "\0".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    if path and path.parent.name == "solutions":
        checks = Path(__file__).parent / f"checks/lesson_{path.name[:2]}.py"
        text += checks.read_text("utf-8") if checks.exists() else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------- solution → exercise


def validate_solution(nb: NotebookNode, path: str, points: dict[str, float]) -> None:
    """Refuse a solution whose markers, names or points do not fit; `points` are those of the lesson's checks."""
    answers: dict[str, int] = {}
    checks: dict[str, int] = {}
    for k, cell in enumerate(nb.cells):
        where = f"{path}, cell {k} ({cell.get('id', '?')})"
        marks = [m for line in cell.source.splitlines() if (m := line.strip()) in (BEGIN, END)]
        answer, check = tag_value(cell, "answer"), tag_value(cell, "check")
        if marks and not answer:
            raise BuildError(f"{where}: solution markers in a cell without the tag answer:NAME; add the tag")
        if answer and not marks:
            raise BuildError(f"{where}: answer:{answer} has no {BEGIN} line; mark what learners must write")
        for expected, mark in zip([BEGIN, END] * len(marks), marks, strict=False):
            if mark != expected:
                fault = "nested or doubled" if mark == BEGIN else "without its beginning"
                raise BuildError(f"{where}: marker {mark!r} is {fault}; pair {BEGIN} with {END}")
        if len(marks) % 2:
            raise BuildError(f"{where}: {BEGIN} is not closed; add {END}")
        for found, name, kind in ((answers, answer, "answer"), (checks, check, "check")):
            if name and name in found:
                raise BuildError(f"{where}: the name {kind}:{name} is used twice; rename one")
            if name:
                found[name] = k
        if check:
            _validate_points(cell, check, points, where)
    for name, k in answers.items():
        if name not in checks:
            raise BuildError(
                f"{path}, cell {k} (answer-{name}): an answer without a check; add a cell tagged check:{name}"
            )
    for name, k in checks.items():
        if name not in answers:
            raise BuildError(
                f"{path}, cell {k} (check-{name}): a check without an answer; add a cell tagged answer:{name}"
            )
    if set(points) - set(checks):
        raise BuildError(f"{path}: no cell checks {', '.join(sorted(set(points) - set(checks)))}; add check:NAME cells")
    total = sum(points.values())
    if total != 10:
        raise BuildError(f"{path}: the points add up to {total:g}, not 10; change `points` in the lesson's checks")


def _validate_points(cell: NotebookNode, name: str, points: dict[str, float], where: str) -> None:
    if name not in points:
        raise BuildError(f"{where}: check:{name} is not among the lesson's exercises; add it to course_lib/checks")
    shown = tag_value(cell, "points")
    if shown not in (f"{points[name]:g}", str(points[name])):
        raise BuildError(
            f"{where}: the tag points:{shown} and the check's {points[name]:g} points differ; make them equal"
        )


def strip(nb: NotebookNode) -> NotebookNode:
    """The exercise of a solution: answers become stubs, outputs go."""
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        answer = tag_value(cell, "answer")
        if answer:
            cell.source = strip_source(cell.source, answer)
        if cell.cell_type == "code":
            if "keep-output" not in tags(cell):
                cell.outputs = []
            cell.execution_count = None
        grade = _nbgrader(cell)
        if grade:
            cell.metadata["nbgrader"] = grade
    if "course" in nb.metadata:
        nb.metadata.course.pop("outputs_of", None)
    return nb


def strip_source(source: str, name: str) -> str:
    """Replace each marked region by a stub: an exception inside a function, `NAME = ...` at top level."""
    lines: list[str] = []
    inside = False
    for line in source.splitlines():
        mark = line.strip()
        if mark == BEGIN:
            inside, indent = True, line[: len(line) - len(line.lstrip())]
            lines.append(f"{indent}{STUB}" if indent else f"{name} = ...  # your answer goes here")
        elif mark == END:
            inside = False
        elif not inside:
            lines.append(line)
    stub = "\n".join(lines)
    try:
        ast.parse(stub)
    except SyntaxError as error:
        raise BuildError(f"answer-{name}: the stub is no Python (line {error.lineno}); move the markers") from error
    return stub


def _nbgrader(cell: NotebookNode) -> dict[str, Any] | None:
    answer, check = tag_value(cell, "answer"), tag_value(cell, "check")
    common = {"schema_version": 3, "task": False}
    if answer:
        return {**common, "grade": False, "grade_id": f"answer-{answer}", "locked": False, "solution": True}
    if check:
        value = float(tag_value(cell, "points") or 0)
        points = int(value) if value == int(value) else value
        return {
            **common,
            "grade": True,
            "grade_id": f"check-{check}",
            "locked": True,
            "points": points,
            "solution": False,
        }
    return None


def exercise(nb: NotebookNode) -> NotebookNode:
    """The exercise notebook of a canonical solution, with a record of every cell that the build writes into it."""
    made = canonical(strip(nb))
    record = [source_hash(cell.source) for cell in made.cells]
    made.metadata.setdefault("course", nbformat.from_dict({}))["made"] = record
    return made


# ---------------------------------------------------------------- a learner's work


def source_hash(source: str) -> str:
    """A short hash of a cell's text; spaces at the ends of lines and of the cell make no difference."""
    text = "\n".join(line.rstrip() for line in source.strip().splitlines())
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def made_by_build(metadata: Any) -> list[str]:
    """The hashes of the cells that the build wrote into a notebook with this metadata; [] where it does not say."""
    course = metadata.get("course") if isinstance(metadata, dict) else None
    record = course.get("made") if isinstance(course, dict) else None
    return [h for h in record if isinstance(h, str)] if isinstance(record, list) else []


def typed(raw: bytes, new: NotebookNode) -> tuple[list[str], bool]:
    """What an exercise file holds that the build did not write: a name for each such cell ('' for one of the learner's
    own), and whether the file comes from the same version of the course as `new`. BuildError where it cannot be read.

    Only texts count: outputs, numbers of runs, ids, an editor's metadata, the order of cells are nobody's work.
    """
    if not raw.strip():
        return [], False
    try:
        data = json.loads(raw)
        cells = [cell for cell in data["cells"] if isinstance(cell, dict)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BuildError(f"cannot be read as a notebook ({_first_line(error)})") from error
    current, record = made_by_build(new.metadata), made_by_build(data.get("metadata"))
    own = {*current, *record, source_hash("")}
    names = [name for cell in new.cells if (name := tag_value(cell, "answer"))]
    return [_answered(c, names) for c in cells if source_hash(_text(c)) not in own], record == current


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _answered(cell: dict[str, Any], names: list[str]) -> str:
    """The exercise that a cell of an unchecked file answers, by its tag, its id, or what it defines; else ''."""
    metadata = cell.get("metadata")
    marks = metadata.get("tags") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, list) else []
    marked = (n for n in names if f"answer:{n}" in marks or cell.get("id") == f"answer-{n}")
    defined = (n for n in names if re.search(rf"(?m)^(def\s+{n}\s*\(|{n}\s*=[^=])", _text(cell)))
    return next(marked, "") or next(defined, "")


def described(found: list[str]) -> str:
    """What `typed` found, in words: "rnn_step, 2 cells of your own"."""
    names = list(dict.fromkeys(name for name in found if name))
    count = found.count("")
    return ", ".join([*names, *([f"{count} cell{'s' * (count > 1)} of your own"] if count else [])])


# ---------------------------------------------------------------- executing


def execute(nb: NotebookNode, folder: Path, timeout: float = 600, keep: bool = False) -> NotebookNode:
    """Run a notebook from top to bottom in a fresh kernel and return it with outputs; BuildError names the cell.

    keep: explorers with many frames write them into the package.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    nb = copy.deepcopy(nb)
    client = NotebookClient(
        nb,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=40"],
    )
    try:
        client.execute(env=_kernel_environment() | ({"COURSE_BUILDING": "1"} if keep else {}))
    except AssertionError:  # nbclient's own: Ctrl-C took its kernel away
        raise KeyboardInterrupt from None
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        at = next((c for c in nb.cells if any(o.output_type == "error" for o in c.get("outputs", []))), None)
        cell_name = at.get("id", "?") if at else "?"
        last = getattr(error, "evalue", "") or _first_line(error)
        raise BuildError(f"cell {cell_name}: {getattr(error, 'ename', type(error).__name__)}: {last}") from error
    for cell in nb.cells:
        cell.metadata.pop("execution", None)
    return nb


def _kernel_environment() -> dict[str, str]:
    import os

    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    own = {"COURSE_HOME": os.devnull, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return {**os.environ, **one, **own}


# ---------------------------------------------------------------- the syllabus index


def syllabus(notebooks: dict[str, NotebookNode], rows: list[dict[str, Any]]) -> str:
    """docs/syllabus.md: one table line per syllabus row with links to the cells that make it work."""
    links: dict[int, list[str]] = {}
    for file, nb in notebooks.items():
        title = Path(file).stem
        for cell in nb.cells:
            for row in cell.metadata.get("course", {}).get("rows", []):
                links.setdefault(int(row), []).append(f"[{title}](../{file}#cell-id={cell.id})")
    lines = [
        "# Syllabus",
        "",
        "Each row is something the course must make work; the links lead to the cells that do.",
        "",
        "| row | what it is | lessons | where |",
        "|---|---|---|---|",
    ]
    for row in rows:
        where = " · ".join(dict.fromkeys(links.get(row["row"], []))) or "not yet"
        lines.append(f"| {row['row']} | {row['what']} | {', '.join(row['lessons'])} | {where} |")
    return "\n".join(lines) + "\n"


def syllabus_rows() -> list[dict[str, Any]]:
    """The rows of the course: number, what it is, the lessons that the course map gives it to."""
    return tomllib.loads((Path(__file__).parent / "syllabus.toml").read_text("utf-8"))["rows"]


# ---------------------------------------------------------------- the command


def build(root: Path, check: bool = False, only: tuple[str, ...] = (), run: bool = True) -> Report:
    """Bring notebooks/, solutions/, exercises/ and what is made of them into step, or (check) report what is not.

    A notebook is executed when its code is not the code that its outputs come from. With `check` nothing is written
    or run. `only` limits the work to notebooks whose name contains one of the words. An exercise that holds a
    learner's work stays as it is and is reported.
    """
    from tqdm import tqdm

    report = Report()
    files = [*sorted((root / "notebooks").glob("*.ipynb")), *sorted((root / "solutions").glob("*.ipynb"))]
    final: dict[str, NotebookNode] = {}
    if only and not any(word in path.relative_to(root).as_posix() for word in only for path in files):
        report.findings.append(f"{' '.join(only)}: no notebook has such a name; give a part of one, such as 01")
    for path in tqdm(files, desc="course build", unit="notebook", disable=None if not check else True, leave=False):
        name = path.relative_to(root).as_posix()
        chosen = not only or any(word in name for word in only)
        try:
            nb = _refreshed(path, name, run=run and chosen and not check)
            if not _in_step(nb, path):
                report.findings.append(f"{name}: its outputs are not from this code; run `course build`")
            if not _frames_in_step(path):
                report.findings.append(f"{name}: kept frames are not from today's drawing; run `course build`")
            report.findings += warnings_of(nb, name)
            text = dump(nb)
            made = exercise(nb) if path.parent.name == "solutions" else None
            final[name] = nb
            if chosen:
                _put_text(root, name, text, check, report)
            if chosen and made:
                _put_exercise(root, f"exercises/{path.name}", made, check, report)
        except BuildError as error:
            text = str(error)
            report.findings.append(text if text.startswith(name) else f"{name}, {text}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # JSON, but not what a notebook holds
            what = f"{type(error).__name__}: {_first_line(error)}"
            report.findings.append(f"{name}: a cell, an output or its metadata is damaged ({what}); restore the file")
    _left_behind(root, {p.name for p in files if p.parent.name == "solutions"}, report)
    if len(final) == len(files):  # else the index would lose the links into the notebook that failed
        _put_text(root, "docs/syllabus.md", syllabus(final, syllabus_rows()), check, report)
        if (root / KEPT.parent).is_dir():
            _put_text(root, KEPT.as_posix(), answers(final), check, report)
        if (root / instructor.SOURCE).is_dir():
            _put_notes(root, final, check, report)
        if (root / trust.LIST.parent).is_dir():
            _put_text(root, trust.LIST.as_posix(), trust.trusted(root), check, report)
        if (root / "course_lib" / vocabulary.SOURCE.name).is_file():
            report.findings += vocabulary.faults(final)
            _put_text(root, vocabulary.GLOSSARY, vocabulary.glossary(final), check, report)
        if (root / "course_lib" / claims.SOURCE.name).is_file():
            report.findings += claims.faults(final)
            _put_text(root, claims.PAGE, claims.page(final), check, report)
            _put_text(root, claims.CARDS, claims.card_file(), check, report)
        report.findings += _shown(root, final)
    return report


def _shown(root: Path, notebooks: dict[str, NotebookNode]) -> list[str]:
    """What is wrong with questions, and with the frames of explorers that are kept in the package."""
    from course_lib.show import explorer, question

    lessons = [path.stem[-2:] for path in sorted((root / "course_lib/show/quizzes").glob("lesson_*.toml"))]
    found = [fault for lesson in lessons for fault in question.faults(lesson)]
    outputs = "".join(dump(nb) for nb in notebooks.values())
    for path in sorted((root / "course_lib/show" / explorer.CACHE.name).glob("*.txt")):
        if path.stem not in outputs:
            found.append(f"course_lib/show/frames/{path.name}: no stored explorer shows these frames; delete the file")
    return found


def _put_notes(root: Path, notebooks: dict[str, NotebookNode], check: bool, report: Report) -> None:
    """Write the notes for instructors of each lecture from its source, or report what is wrong with the source."""
    for number in (Path(name).name[:2] for name in notebooks if name.startswith("notebooks/")):
        name = f"{instructor.SOURCE}/{number}.md"
        try:
            source = (root / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            report.findings.append(f"{name}: cannot be read ({_first_line(error)}); write the lesson's notes there")
            continue
        report.findings += instructor.faults(source, name, notebooks)
        page = instructor.page(number, source, notebooks)
        _put_text(root, f"{instructor.FOLDER}/{number}.md", page, check, report)


def _refuse_notes(nb: NotebookNode, name: str) -> None:
    """Refuse a note for instructors in what learners open."""
    for cell in nb.cells:
        if "instructor" in tags(cell):
            where = f"{instructor.SOURCE}/{Path(name).name[:2]}.md"
            raise BuildError(f"{name}, cell {cell.id}: a note for instructors; move its text to {where}")


def answers(notebooks: dict[str, NotebookNode]) -> str:
    """The answers and statements of all solutions: checks need them also where a teacher takes solutions/ away."""
    solved = {Path(name).name[:2]: solution.parts(nb.cells) for name, nb in notebooks.items() if "solutions/" in name}
    return json.dumps(solved, indent=1, ensure_ascii=False) + "\n"


def _put_exercise(root: Path, name: str, made: NotebookNode, check: bool, report: Report) -> None:
    """Write an exercise, unless the one that is there holds what the build did not write."""
    path = root / name
    try:
        found, current = typed(path.read_bytes(), made) if path.exists() else ([], False)
    except BuildError as error:
        report.findings.append(f"{name}: {error}; not overwritten: mend it, or move it away and build again")
        return
    if not found:
        _put_text(root, name, dump(made), check, report)
        return
    advice = "it is of this version (to start afresh, move it away)" if current else (
        "`course update` carries it into the new version")  # fmt: skip
    report.work.append(f"{name}: holds work ({described(found)}); not overwritten: {advice}")


def _left_behind(root: Path, solved: set[str], report: Report) -> None:
    """Report lessons in exercises/ that have no solution; copies and notebooks of a learner's own have other names."""
    for path in sorted((root / "exercises").glob("*.ipynb")):
        if path.name in solved or not re.fullmatch(r"\d\d_\w+\.ipynb", path.name):
            continue
        name = f"exercises/{path.name}"
        try:
            found, _ = typed(path.read_bytes(), nbformat.v4.new_notebook())
        except BuildError:
            found = []
        if found:
            report.work.append(f"{name}: has no solution, but holds work ({described(found)}); move it out of here")
        else:
            report.findings.append(f"{name}: has no solution; move it away or add solutions/{path.name}")


def _refreshed(path: Path, name: str, run: bool) -> NotebookNode:
    """A notebook in canonical form; with `run` it is executed where its outputs are not from its code."""
    nb = canonical(read(path))
    _draw_boards(nb)
    _refuse_notes(nb, name)
    if path.parent.name == "solutions":
        validate_solution(nb, name, lesson_points(path.name[:2]))
        validate_slips(path, name)
    if run and not (_in_step(nb, path) and _frames_in_step(path)):
        before = path.read_bytes()
        nb = canonical(execute(nb, path.parent, keep=True))
        if path.read_bytes() != before:
            raise BuildError("was saved while it ran; not overwritten: build again")
        nb.metadata.setdefault("course", nbformat.from_dict({}))["outputs_of"] = code_hash(nb, path)
    return nb


def _draw_boards(nb: NotebookNode) -> None:
    """Put today's board, for somebody who begins, in the place of one with the names of older exercises."""
    from course_lib.show import progress_board

    for cell in nb.cells:
        shown = cell.get("outputs", [])[-1:] if cell.source.rstrip().endswith("board()") else []
        if shown and "text/html" in shown[0].get("data", {}):
            shown[0].data["text/html"] = progress_board.as_html([])


def _in_step(nb: NotebookNode, path: Path | None = None) -> bool:
    """Whether the outputs of a notebook are from its code, and its explorers and questions have today's script."""
    from course_lib.show.script import script

    texts = [o.data["text/html"] for c in nb.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})]
    old = any("<script>(() =>" in text and script() not in text for text in texts)
    return not old and nb.metadata.get("course", {}).get("outputs_of") == code_hash(nb, path)


def _frames_in_step(path: Path) -> bool:
    """Whether the kept frames that a notebook shows are what its explorers would draw."""
    if b'\\"kept\\":\\"' not in path.read_bytes():
        return True
    from course_lib.show import stored

    return stored.current(path)


def lesson_points(number: str) -> dict[str, float]:
    """Name → points of the exercises of one lesson."""
    from course_lib import checks

    try:
        return {e.name: float(e.points) for e in checks.lesson(number)}
    except LookupError as error:
        raise BuildError(f"no course_lib/checks/lesson_{number}.py; write the lesson's checks") from error


def validate_slips(path: Path, name: str) -> None:
    """Refuse a solution that no longer has a piece of code which a slip of the lesson's checks replaces."""
    from course_lib import checks

    number = path.name[:2]
    for exercise in checks.lesson(number) if number in checks.lessons() else ():
        published = dataclasses.replace(exercise, folder=path.parent)
        for slip in exercise.slips:
            try:
                published.answer(slip)
            except (LookupError, SyntaxError) as error:
                where = f"course_lib/checks/lesson_{number}.py"
                raise BuildError(f"{name}: the slip {slip.name!r}: {error}; change its line in {where}") from error


def warnings_of(nb: NotebookNode, name: str) -> list[str]:
    """What must not be committed: stored errors, stderr, figures without alt text, answers that are not folded."""
    found = _open_answers(nb, name)
    if (count := len(vocabulary.core(nb))) > CORE and not any(tag_value(cell, "answer") for cell in nb.cells):
        found.append(f"{name}: {count} cells above “More evidence”, at most {CORE}; move what proves below it")
    for cell in nb.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        for output in cell.get("outputs", []):
            html = "".join(output.get("data", {}).get("text/html", ""))
            pictures = re.findall(r"<img\b[^>]*>", html) or [html] * ("image/png" in output.get("data", {}))
            errors = [unescape(text) for text in FOLDED_ERRORS.findall(html)]
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                found.append(f"{name}, cell {cell.id}: stored error {output.ename}; mend it and build again")
            if output.output_type == "stream" and output.name == "stderr":
                errors.append(output.text)
            if errors:
                found.append(f"{name}, cell {cell.id}: text on stderr ({errors[0][:60]!r}); silence its cause")
            if not all(re.search(r'alt="[^"]{8,}"', picture) for picture in pictures):
                found.append(f"{name}, cell {cell.id}: a figure without alt text; use show(fig, alt=…)")
        if _spoiled(cell):
            found.append(f"{name}, cell {cell.id}: the answer of predict can be read beside it; take it away there")
    return found


def _spoiled(cell: NotebookNode) -> bool:
    """Whether the answer of a prediction stands outside its fold, in the cell's code or in what else it shows."""
    texts = [*map(_as_html, cell.get("outputs", [])), cell.source]
    answers = {value for text in texts for value in re.findall(r"<data value='[^']*'>([^<]*)</data>", text)}
    seen = [re.sub(r"(?s)<details.*?</details>|<script.*?</script>|<style.*?</style>|<[^>]*>", " ", t) for t in texts]
    return any(re.search(rf"(?<![\w.]){re.escape(answer)}(?![\w.]*\d)", text) for answer in answers for text in seen)


def _open_answers(nb: NotebookNode, name: str) -> list[str]:
    """Questions with code below them, up to the next question or heading, of which no cell is tagged `guess`."""
    found, asking, answers = [], None, []
    if any(tag_value(cell, "answer") for cell in nb.cells):
        return []  # a solution: its learner gets the exercise, where no answer is stored
    for cell in [*nb.cells, nbformat.v4.new_markdown_cell("# the end")]:
        if cell.cell_type == "code":
            answers += [] if re.search(r"\b(quiz|explore|predict)\(", cell.source) else [cell]
        elif cell.cell_type == "markdown" and re.search(rf"(?m)^#|{ASKS.pattern}", cell.source):
            if asking and answers and not any("guess" in tags(answer) for answer in answers):
                found.append(f"{name}, cell {asking.id}: its answer is open; tag the cell that shows it with `guess`")
            asking, answers = (cell if ASKS.search(cell.source) else None), []
    return found


def dump(nb: NotebookNode) -> str:
    """The text of a notebook file: one-space indent, sorted keys, lines split for diffs."""
    split = copy.deepcopy(nb)
    for cell in split.cells:
        cell.source = cell.source.splitlines(keepends=True)
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = output.text.splitlines(keepends=True)
            for kind, value in output.get("data", {}).items():
                if isinstance(value, str) and kind.startswith("text/"):
                    output.data[kind] = value.splitlines(keepends=True)
    return json.dumps(split, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _put_text(root: Path, name: str, text: str, check: bool, report: Report) -> None:
    path = root / name
    old = path.read_text("utf-8") if path.exists() else None
    if old == text:
        return
    if check:
        state = "is missing" if old is None else "is not what `course build` makes"
        report.findings.append(f"{name}: {state}; run `course build` and commit the result")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8", newline="\n")
    part.replace(path)
    report.changed.append(name)
