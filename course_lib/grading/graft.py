"""Put answers into the course's own notebook: which cell answers an exercise, and what of the rest it needs.

Of a submission only the sources of its answers count, and what they use: imports, definitions, assignments, and calls
that change a value, in the learner's order. Points, checks, tags, outputs and metadata come from the course's
notebook: what a learner's file says of them is not read.
"""

from __future__ import annotations

import ast
import math
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from course_lib.grading.course import Assignment
from course_lib.grading.notebook import MAX_CELLS, Cell, Submission, Unreadable, tagged

SETTINGS = {"set_default_dtype", "setrecursionlimit"}  # of torch and sys: right answers may depend on them
SHOWS = {"print", "display", "check", "quiz", "show", "help", "assert_allclose", "plot"}  # they change no argument
RUN_HERE = "time|timeit|prun|capture"  # magics whose text is Python that runs in the notebook itself
_CHECK = re.compile(r"\s*check\(")
RUNS_TEXT = {"exec", "eval", "compile", "get_ipython"}  # any word may be a name that the text in a string reads
WORD = re.compile(r"[^\W\d]\w*")
IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Step:
    """One cell to run: `role` is setup, answer or probe; `names` the exercises' functions or variables."""

    role: str
    source: str
    names: tuple[str, ...] = ()
    cell: int = 0


@dataclass(frozen=True)
class Graft:
    """A notebook that is ready to run: its steps for each kind of kernel, and what to tell the learner.

    `everything` has the steps for a second look, with all of the learner's code, where some of it is left out at first.
    """

    steps: dict[bool, tuple[Step, ...]]  # by `Exercise.bare`
    everything: dict[bool, tuple[Step, ...]]
    answers: dict[str, str]
    notes: tuple[str, ...]
    unused: tuple[str, ...] = ()
    blank: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Piece:
    """A top-level statement, or several on one line: its text, the names that it binds and those that it changes."""

    text: str
    binds: frozenset[str]
    changes: frozenset[str]
    kind: str  # import, definition, call, stub, or ''


# ---------------------------------------------------------------- code


def plain(source: str) -> str:
    """Source with IPython's magics and shell lines as comments, so that Python can parse it; line numbers stay.

    What `%%time` and its like run here is code of the cell as any other.
    """
    if _parsed(source):
        return source
    source = run_here(source)
    if source.lstrip().startswith("%%"):
        return "".join(f"#{line}" for line in source.splitlines(keepends=True))
    source = re.sub(rf"(?m)^([ \t]*)%({RUN_HERE})[ \t]+((-\w+)[ \t]+(\d+[ \t]+)?)*", r"\1", source)
    source = re.sub(r"(?m)^([ \t]*\w[\w, ]*=)[ \t]*([%!].*)$", r"\1 None #\2", source)
    return re.sub(r"(?m)^([ \t]*)([%!?].*|[\w.]+\?+)$", r"\1pass #\2", source)  # no \s: blank lines


def run_here(source: str) -> str:
    """A cell under `%%time` or its like as a cell of its own: its statements run one by one, as all others."""
    return re.sub(rf"\A(\s*)%%(?:{RUN_HERE})\b.*", r"\1", source)


@lru_cache(maxsize=2 * MAX_CELLS)
def _tree(source: str) -> ast.Module | None:
    return _parsed(source) or _parsed(plain(source))


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def forget() -> None:
    """Let go of the code that was read: after a large submission, so that several do not add up."""
    _tree.cache_clear()
    pieces.cache_clear()


def free_names(source: str) -> set[str]:
    """The names that code reads from around it: arguments and local variables of its functions do not count."""
    try:
        tables = [symtable.symtable(plain(source), "answer", "exec")]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(WORD.findall(source))
    found, top = set(), tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (table is top or s.is_global())}
    tree = _tree(source)
    found |= {_root(n.target) for n in ast.walk(tree) if isinstance(n, ast.AugAssign)} - {""} if tree else set()
    return found | set(WORD.findall(source)) if found & RUNS_TEXT else found


def bound_names(node: ast.AST) -> set[str]:
    """The names that a top-level statement defines or changes (also through `a[k] = …` and `a.b = …`).

    The name "*" stands for any: of `from … import *`, and of what changes the meaning of all code that follows.
    """
    if isinstance(node, DEFINITIONS):
        return {node.name}
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return {"*"}
    if isinstance(node, ast.Expr):
        function = node.value.func if isinstance(node.value, ast.Call) else None
        walrus = {at.target.id for at in ast.walk(node) if isinstance(at, ast.NamedExpr)}
        return {"*"} if isinstance(function, ast.Attribute) and function.attr in SETTINGS else walrus
    found: set[str] = set()
    for at in ast.walk(node):
        if isinstance(at, DEFINITIONS):
            found.add(at.name)
        elif isinstance(at, ast.alias):
            found.add((at.asname or at.name).partition(".")[0])
        elif isinstance(at, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(at.ctx, ast.Store):
            found.add(_root(at))
        elif isinstance(at, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and at.name:
            found.add(at.name)
    return found - {""}


def changed_names(node: ast.AST) -> set[str]:
    """The names whose values a statement may change where it runs: `a.append(k)`, `fill(a)`, `del a[k]`."""
    found: set[str] = set()
    waiting: list[ast.AST] = [node]
    while waiting:
        at = waiting.pop()
        if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        waiting += ast.iter_child_nodes(at)
        if isinstance(at, ast.Expr) and isinstance(at.value, ast.Call):
            function = at.value.func
            is_method = isinstance(function, ast.Attribute)
            if (function.attr if is_method else getattr(function, "id", "")) not in SHOWS:
                found |= set(map(_root, [*([function.value] if is_method else []), *at.value.args]))
        elif isinstance(at, (ast.Subscript, ast.Attribute)) and isinstance(at.ctx, ast.Del):
            found.add(_root(at))
    return found - {""}


def _root(node: ast.AST) -> str:
    """`a` for `a[k].b`; '' for what starts with no name."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_stub(node: ast.stmt) -> bool:
    """Nothing, `NAME = ...`, a function that only raises NotImplementedError or passes."""
    if isinstance(node, ast.FunctionDef):
        return all(isinstance(n, IMPORTS) or _is_stub(n) for n in node.body)
    if isinstance(node, ast.Raise):
        return any(isinstance(n, ast.Name) and n.id == "NotImplementedError" for n in ast.walk(node))
    value = node.value if isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign)) else None
    if isinstance(node, ast.Expr):
        return isinstance(value, ast.Constant)
    return isinstance(node, ast.Pass) or isinstance(value, ast.Constant) and value.value is Ellipsis


def is_blank(source: str, name: str = "") -> bool:
    """Whether an answer is still a stub: nothing, comments, imports of something else, functions that only raise."""
    tree = _tree(source)
    if tree is None:
        return False
    return all(name not in bound_names(n) if isinstance(n, IMPORTS) else _is_stub(n) for n in tree.body)


def defines(source: str, name: str) -> bool:
    """Whether a cell defines a name at its top level, and not as a stub."""
    tree = _tree(source)
    if tree is None:
        return bool(re.search(rf"(?m)^(def\s+{re.escape(name)}\s*\(|{re.escape(name)}\s*=[^=])", source))
    return any(name in bound_names(node) and not _is_stub(node) for node in tree.body)


@lru_cache(maxsize=1024)
def pieces(source: str) -> tuple[Piece, ...]:
    """The top-level statements of a cell in its own words, several on one line as one; () for no Python."""
    tree = _tree(source)
    lines = run_here(source).split("\n") if tree else []
    groups: list[list[ast.stmt]] = []
    end = 0
    for node in tree.body if tree else ():
        if groups and _first_line(node) <= end:  # a = 1; b = 2
            groups[-1].append(node)
        else:
            groups.append([node])
        end = max(end, node.end_lineno or 0)
    found = []
    for nodes in groups:
        text = "\n".join(lines[_first_line(nodes[0]) - 1 : nodes[-1].end_lineno])
        binds, changes = (frozenset().union(*map(f, nodes)) for f in (bound_names, changed_names))
        kinds = {_kind(node) for node in nodes}
        found.append(Piece(text, binds, changes, kinds.pop() if len(kinds) == 1 else ""))
    return tuple(found)


def _first_line(node: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    return min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])


def _kind(node: ast.stmt) -> str:
    if isinstance(node, IMPORTS):
        return "import"
    if isinstance(node, DEFINITIONS) and not _is_stub(node):
        return "definition"
    return "stub" if _is_stub(node) else "call" if isinstance(node, ast.Expr) else ""


# ---------------------------------------------------------------- which lesson, which cells


def choose(submission: Submission, assignments: list[Assignment], stem: str = "", lesson: str = "") -> Assignment:
    """The lesson that a submission answers: by its answer cells first, then by metadata, then by its file name."""
    if not assignments:
        raise Unreadable("cannot be graded: the course has no lesson with exercises")
    if lesson:
        wanted = [a for a in assignments if a.number == lesson[:2]]
        if not wanted:
            numbers = ", ".join(a.number for a in assignments)
            raise Unreadable(f"cannot be graded: expected one of the lessons {numbers}, got {lesson}")
    ids = {c.id for c in submission.cells if c.id}
    tags = {tagged(c, "answer") for c in submission.cells}
    text = "\n".join(c.source for c in submission.cells if c.kind == "code")
    called = set(re.findall(r"check\(\s*[\"'](\d\d\.\w+)[\"']", text))

    def score(a: Assignment) -> float:
        strong = weak = 0
        for cell in (c for c in a.cells if tagged(c, "answer")):
            name = tagged(cell, "answer")
            strong += (bool(cell.id) and cell.id in ids) + (name in tags)
            weak += any(defines(c.source, name) for c in submission.cells if c.kind == "code")
        weak += sum(e.id in called for e in a.exercises)
        return 10 * strong + weak + 0.5 * (submission.lesson == a.number) + 0.25 * stem.startswith(a.number)

    best = max(assignments, key=score)
    if score(best) == 0:
        raise Unreadable("holds no answer of this course: expected the lesson's exercise notebook, got another one")
    if lesson and best.number != lesson[:2]:
        raise Unreadable(f"is lesson {best.number} ({best.stem}), expected lesson {lesson}: hand in the right notebook")
    return best


@dataclass
class _Found:
    """What was found for one exercise: the cells that define it (the last one counts), and where it is checked."""

    cells: list[Cell]
    check: float  # the number of the learner's cell that checks it; infinite where none does


@dataclass
class _Plan:
    assignment: Assignment
    submission: Submission
    last: bool = False
    notes: list[str] = field(default_factory=list)
    blank: set[str] = field(default_factory=set)
    found: dict[str, _Found] = field(default_factory=dict)


def find_answers(assignment: Assignment, submission: Submission) -> dict[str, list[Cell]]:
    """Exercise name → the learner's code cells that define it, in order: the last one counts."""
    plan = _plan(assignment, submission)
    return {name: found.cells for name, found in plan.found.items()}


def _plan(assignment: Assignment, submission: Submission, last: bool = False) -> _Plan:
    """What answers which exercise; `last`: of several attempts with a check each the last one."""
    plan = _Plan(assignment, submission, last=last)
    for task in assignment.exercises:
        _find(plan, task.name, task.id)
    return plan


def _find(plan: _Plan, name: str, number: str) -> None:
    """The last cell before its check that defines a name answers the exercise; other cells are code around it."""
    published = {c.id for c in plan.assignment.cells if c.id and tagged(c, "answer") == name}
    cells = plan.submission.cells
    own = [c for c in cells if c.id in published or tagged(c, "answer") == name]
    for cell in own:
        if cell.kind != "code" and _tree(cell.source) is None:
            plan.notes.append(f"{name}: cell {cell.number} is a {cell.kind} cell: change it to code")
    own = [c for c in own if c.kind == "code" or _tree(c.source) is not None]
    code = [c for c in cells if c.kind == "code" or c in own]
    full = [c for c in code if defines(c.source, name)]
    check = _check_cell(plan, name, number, min((c.number for c in full), default=0))
    early = [c for c in full if c.number < check or plan.last and c.number == check]
    late = [str(c.number) for c in full if c.number > check] if early else []
    if late:
        plan.notes.append(f"{name}: what cell {', '.join(late)} makes of it does not count: it is not before the check")
    full = early or full or [c for c in own if not is_blank(c.source, name)]
    if not full and own:
        plan.blank.add(name)
    elif not full:
        plan.notes.append(f"{name}: no cell answers it: restore the cell tagged answer:{name}")
    if not full:
        return
    if len(full) > 1:
        plan.notes.append(f"{name}: cells {', '.join(str(c.number) for c in full)} answer it, the last one counts")
    if full[-1] not in own:
        plan.notes.append(f"{name}: cell {full[-1].number} was found by the name that it defines")
    plan.found[name] = _Found(full, check if early else math.inf)


def _check_cell(plan: _Plan, name: str, number: str, after: int) -> float:
    """The number of the learner's cell that checks an answer: the published one, else the next after a definition."""
    ids = {c.id for c in plan.assignment.cells if c.id and tagged(c, "check") == name}
    cells = plan.submission.cells
    published = [c.number for c in cells if c.id in ids]
    call = re.compile(rf"check\(\s*[\"']{re.escape(number)}[\"']")
    others = [c for c in cells if c.number > after and (tagged(c, "check") == name or call.match(c.source.lstrip()))]
    if plan.last:
        return max([*published, *(c.number for c in others)], default=math.inf)
    return published[0] if len(published) == 1 else min((c.number for c in others), default=math.inf)


# ---------------------------------------------------------------- what to run


def graft(assignment: Assignment, submission: Submission) -> Graft:
    """Put the answers into the course's notebook; everything else that they use comes along, the rest is reported."""
    plan = _plan(assignment, submission)
    cells = _all_code(plan)
    ran: set[int] = set()
    steps, everything = {}, {}
    later = _plan(assignment, submission, last=True)
    for bare in (True, False):
        answers = _answers(plan, bare)
        if not answers:
            continue
        kept = _needed(plan, cells, answers, bare)
        steps[bare] = tuple(_steps(plan, cells, bare, kept))
        ran |= {s.cell for s in steps[bare]}
        own = [k for k, c in enumerate(cells) if c.number and c.number not in answers]
        left_out = any(_whole(plan, cells[k]).split() != "\n".join(kept[k]).split() for k in own)
        if left_out or answers != _answers(later, bare):
            parts = [[w] if (w := _whole(plan, c)) else _with_definitions(c, k) for c, k in zip(cells, kept)]
            everything[bare] = tuple(_steps(later, cells, bare, parts))
    left = [c for c in cells if c.number and c.number not in ran]
    unused = [
        c.number
        for c in left
        if any(p.kind in ("", "call", "definition") and not _CHECK.match(p.text) for p in pieces(c.source))
    ]
    told = ", ".join(map(str, unused[:6])) + (" …" if len(unused) > 6 else "")
    left_out = (f"not run, because no answer uses it: cell {told} of your notebook",) if unused else ()
    sources = {name: found.cells[-1].source for name, found in plan.found.items()}
    return Graft(steps, everything, sources, (*submission.notes, *plan.notes), left_out, frozenset(plan.blank))


def _answers(plan: _Plan, bare: bool) -> set[int]:
    """The numbers of the cells that answer the exercises of one kind."""
    asked = {e.name for e in plan.assignment.exercises if e.bare is bare}
    return {found.cells[-1].number for name, found in plan.found.items() if name in asked}


def _with_definitions(cell: Cell, kept: list[str]) -> list[str]:
    """Of the course's own cells what is kept, and all imports and definitions."""
    parts = pieces(cell.source) if not cell.number else ()
    return [p.text for p in parts if p.kind in ("import", "definition") or p.text in kept] or kept


def _whole(plan: _Plan, cell: Cell) -> str:
    """All of a learner's cell but its stubs and checks; '' for the course's own."""
    parts = pieces(cell.source)
    if not cell.number or parts and all(_CHECK.match(p.text) for p in parts):
        return ""
    asked = {e.name for e in plan.assignment.exercises}
    if any(p.kind == "stub" and p.binds & asked for p in parts):
        return "\n".join(p.text for p in parts if p.kind != "stub")
    return run_here(cell.source)


def _all_code(plan: _Plan) -> list[Cell]:
    """The learner's code in its order; before it, with number 0, what the course's notebook had and theirs has not."""
    theirs = [c for c in plan.submission.cells if c.kind == "code" or any(c in f.cells for f in plan.found.values())]
    there = {c.source.strip() for c in theirs}
    roles = ("answer", "check")
    published = [c for c in plan.assignment.cells if c.kind == "code" and not any(tagged(c, role) for role in roles)]
    missing = [Cell("code", c.source) for c in published if c.source.strip() not in there]
    known = {c.source.strip() for c in published}
    return [*missing, *(replace(c, number=0) if c.source.strip() in known else c for c in theirs)]


def _steps(plan: _Plan, cells: list[Cell], bare: bool, kept: list[list[str]]) -> Iterable[Step]:
    """The steps of one kind of kernel: its answers whole, of all other cells what is kept."""
    tasks = [e.name for e in plan.assignment.exercises if e.bare is bare and e.name in plan.found]
    answers: dict[int, list[str]] = {}
    probes: dict[float, list[str]] = {}
    for name in tasks:
        found = plan.found[name]
        answers.setdefault(found.cells[-1].number, []).append(name)
        at = found.cells[-1].number if found.check == math.inf else found.check
        probes.setdefault(at, []).append(name)
    for k, cell in enumerate(cells):
        if cell.number in answers:
            yield Step("answer", run_here(cell.source), tuple(answers[cell.number]), cell.number)
        elif kept[k]:
            yield Step("setup", "\n".join(kept[k]), cell=cell.number)
        for name in probes.pop(cell.number, ()) if cell.number else ():
            yield Step("probe", "", (name,))
    yield from (Step("probe", "", (name,)) for names in probes.values() for name in names)


def _needed(plan: _Plan, cells: list[Cell], answers: set[int], bare: bool) -> list[list[str]]:
    """For each cell the texts of its statements that bind or change a name which the answers need, however indirectly.

    What an exercise asks for comes from the cells that answer it, and from calls that change it before its check.
    """
    source = {
        e.name: {c.number for c in plan.found[e.name].cells} if e.name in plan.found else set()
        for e in plan.assignment.exercises
    }
    rows = [(k, p) for k, cell in enumerate(cells) if cell.number not in answers for p in pieces(cell.source)]
    modules = {name for _, p in rows if p.kind == "import" for name in p.binds}
    binders: dict[str, list[int]] = {}
    for i, (k, p) in enumerate(rows):
        for name in p.binds | (p.changes - modules):
            number, found = cells[k].number, plan.found.get(name)
            if p.kind == "stub":
                counts = name in source and found is None  # who calls it reads that it is not answered yet
            else:
                counts = name not in source or number in source[name]
                counts |= found is not None and name in p.changes and found.cells[0].number < number < found.check
            if counts:
                binders.setdefault(name, []).append(i)
    wanted = ["*", *(e.name for e in plan.assignment.exercises if e.bare is bare)]
    for cell in cells:
        if cell.number in answers:
            wanted += free_names(cell.source)
    kept: set[int] = set()
    while wanted:
        for i in binders.pop(wanted.pop(), ()):
            if i not in kept:
                kept.add(i)
                wanted += free_names(rows[i][1].text)
    texts: list[list[str]] = [[] for _ in cells]
    for i in sorted(kept):
        texts[rows[i][0]].append(rows[i][1].text)
    return texts
