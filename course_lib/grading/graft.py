"""Put answers into the course's own notebook: which cell answers an exercise, and what of the rest it needs.

Of a submission only the sources of its answers count, and what they use: imports, definitions, assignments, and calls
that change a value.
Points, checks, tags, outputs and metadata come from the course's notebook: what a learner's file says of them is not
read.
"""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass, field
from functools import lru_cache

from course_lib.checks.sources import names_from_around
from course_lib.grading.course import Assignment
from course_lib.grading.notebook import MAX_CELLS, Cell, Submission, Unreadable, tagged

SETTINGS = {"set_default_dtype", "setrecursionlimit"}  # of torch and sys: right answers may depend on them
SHOWS = {"print", "display", "check", "quiz", "show", "help", "assert_allclose", "plot"}  # they change no argument
BUILT_IN = {*dir(builtins), "display", "get_ipython", "__name__", "__file__", "__doc__", "_", "__", "In", "Out"}
#: magics that may run Python which nobody reads: all but those that are known
MAGIC = re.compile(
    r"(?m)^[ \t]*%%?(?!(?:matplotlib|autoreload|load_ext[ \t]+(?:autoreload|tensorboard)|pip|conda|cd|pwd|ls|mkdir|env|"
    r"time|timeit|prun|capture|who|whos|precision|bash|sh|html|latex|markdown|javascript|writefile)\b|"
    r"config[ \t]+InlineBackend[^().]*\.[^().]*(?:\.\d[^().]*)?$)(\w+)"
)
RUN_HERE = "time|timeit|prun|capture"  # magics whose text is Python that runs in the notebook itself


@dataclass(frozen=True)
class Step:
    """One cell to run: `role` is setup, answer or probe; `name` the exercise's function or variable."""

    role: str
    source: str
    name: str = ""
    cell: int = 0


@dataclass(frozen=True)
class Graft:
    """A notebook that is ready to run: its steps, each answer's own code, and what to tell the learner."""

    steps: tuple[Step, ...]
    answers: dict[str, str]
    sources: dict[str, str]
    notes: tuple[str, ...]
    blank: frozenset[str] = frozenset()


def is_blank(source: str, name: str = "") -> bool:
    """Whether an answer is still a stub: nothing, comments, `NAME = ...`, functions that only raise or pass."""
    tree = _tree(source)
    imports = (ast.Import, ast.ImportFrom)
    if tree is None or any(isinstance(n, imports) and name in bound_names(n) for n in tree.body):
        return False
    return all(map(_is_stub, tree.body))


def _is_stub(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        return all(map(_is_stub, node.body))
    if isinstance(node, ast.Raise):
        return "NotImplementedError" in ast.unparse(node)
    value = node.value if isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign)) else None
    if isinstance(node, ast.Expr):
        return isinstance(value, ast.Constant)
    dots = isinstance(value, ast.Constant) and value.value is Ellipsis
    return dots or isinstance(node, (ast.Pass, ast.Import, ast.ImportFrom))


def plain(source: str) -> str:
    """Source with IPython's magics and shell lines as comments, so that Python can parse it; line numbers stay.

    What `%%time` and its like run here is code of the cell as any other.
    """
    if _parsed(source):
        return source
    if re.match(rf"\s*%%({RUN_HERE})\b", source):
        source = re.sub(r"%%.*", "", source, count=1)
    elif source.lstrip().startswith("%%"):
        return "".join(f"#{line}" for line in source.splitlines(keepends=True))
    source = re.sub(rf"(?m)^([ \t]*)%({RUN_HERE})[ \t]+((-\w+)[ \t]+(\d+[ \t]+)?)*", r"\1", source)
    source = re.sub(r"(?m)^([ \t]*\w[\w, ]*=)[ \t]*([%!].*)$", r"\1 None #\2", source)
    return re.sub(r"(?m)^([ \t]*)([%!?].*|[\w.]+\?+)$", r"\1pass #\2", source)  # no \s: blank lines


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
    statements.cache_clear()


def used_names(source: str) -> set[str]:
    """Every name that a piece of code may read."""
    tree = _tree(source)
    if tree is None:
        return set(re.findall(r"[^\W\d]\w*", source))
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def free_names(source: str) -> set[str]:
    """The names that code reads from around it: arguments and local variables of its functions do not count."""
    found = names_from_around(plain(source))
    return used_names(source) if found is None else found


def bound_names(node: ast.AST) -> set[str]:
    """The names that a top-level statement defines or changes (also through `a[k] = …` and `a.b = …`).

    The name "*" stands for any: of `from … import *`, and of what changes the meaning of all code that follows.
    """
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {"*"} if getattr(node, "module", "") == "__future__" else {bound_by(alias) for alias in node.names}
    if isinstance(node, ast.Expr):
        function = node.value.func if isinstance(node.value, ast.Call) else None
        return {"*"} if isinstance(function, ast.Attribute) and function.attr in SETTINGS else set()
    found: set[str] = set()
    for at in ast.walk(node):
        if isinstance(at, (ast.FunctionDef, ast.ClassDef)):
            found.add(at.name)
        elif isinstance(at, (ast.Import, ast.ImportFrom)):
            found |= {(n.asname or n.name).partition(".")[0] for n in at.names}
        elif isinstance(at, (ast.Name, ast.Subscript, ast.Attribute)) and isinstance(at.ctx, ast.Store):
            found.add(_root(at))
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


def bound_by(alias: ast.alias) -> str:
    """The name that one part of an import binds: a for `import a.b`, c for `import a as c`."""
    return (alias.asname or alias.name).partition(".")[0]


def defines(source: str, name: str) -> bool:
    """Whether a cell defines a name at its top level."""
    tree = _tree(source)
    if tree is None:
        return bool(re.search(rf"(?m)^(def\s+{re.escape(name)}\s*\(|{re.escape(name)}\s*=[^=])", source))
    return any(name in bound_names(node) for node in tree.body)


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
class _Plan:
    assignment: Assignment
    submission: Submission
    notes: list[str] = field(default_factory=list)
    taken: dict[str, Cell] = field(default_factory=dict)  # answer name -> the learner's cell that counts
    blank: set[str] = field(default_factory=set)
    answer_cells: set[int] = field(default_factory=set)  # numbers of learner cells that are answers, chosen or not


def graft(assignment: Assignment, submission: Submission) -> Graft:
    """Put the answers into the course's notebook; everything else that they use comes along, the rest is reported."""
    plan = _Plan(assignment, submission)
    names = [e.name for e in assignment.exercises]
    for name in names:
        _find(plan, name)
    order = _order(plan)
    steps, dropped = _slice(plan, order)
    left_out = sorted({s.cell for s in dropped})
    if left_out:
        cells = ", ".join(map(str, left_out[:6])) + (" …" if len(left_out) > 6 else "")
        plan.notes.append(f"not run, because no answer uses it: code in cell {cells} of your notebook")
    trees = [tree for s in steps if (tree := _tree(s.source))]
    known = {n for tree in trees for node in ast.walk(tree) for n in _stored(node)}
    sources = {n: _sources(n, steps, known) for n in names if n in plan.taken}
    answers = {n: plan.taken[n].source for n in plan.taken}
    probed = {s.name for s in steps if s.role == "probe"}
    steps += [Step("probe", "", n) for n in names if n in plan.taken and n not in probed]
    return Graft(tuple(steps), answers, sources, (*submission.notes, *plan.notes), frozenset(plan.blank))


def _find(plan: _Plan, name: str) -> None:
    """Decide which of the learner's cells answers an exercise: by id, by tag, by heading, by what it defines."""
    pristine = next((c for c in plan.assignment.cells if tagged(c, "answer") == name), None)
    cells = plan.submission.cells
    ids = {pristine.id} - {""} if pristine else set()
    own = [c for c in cells if c.id in ids or tagged(c, "answer") == name]
    for cell in own:
        if cell.kind != "code" and _tree(cell.source) is None:
            plan.notes.append(f"{name}: cell {cell.number} is a {cell.kind} cell: change it to code")
    own = [c for c in own if c.kind == "code" or _tree(c.source) is not None]
    full = [c for c in own if not is_blank(c.source, name)]
    how = ""
    if not any(defines(c.source, name) for c in full):  # perhaps it stands in another cell, or in another answer's
        code = [c for c in cells if c.kind == "code"]
        elsewhere = [c for c in code if defines(c.source, name) and not is_blank(c.source, name)]
        if elsewhere:
            own = [c for c in own if c not in full]
            full, how = elsewhere, "found by the name that it defines"
    plan.answer_cells |= {c.number for c in own}
    if not full and not own and pristine:
        full = [c for c in _under_heading(plan, pristine) if not is_blank(c.source, name)]
        how = "found under its heading" if full else ""
    if not full:
        if own or any(defines(c.source, name) for c in cells if c.kind == "code"):
            plan.blank.add(name)
        else:
            plan.notes.append(f"{name}: no cell answers it: restore the cell tagged answer:{name}")
        return
    again = [] if how else [c for c in cells if c.number > full[-1].number and _defines_anew(c, name)]
    if again:
        end = _check_cell(plan, name, full[-1].number)
        full += [c for c in again if c.number < end]
        late = [str(c.number) for c in again if c.number > end]
        if late:
            cell = f"cell {', '.join(late)}"
            plan.notes.append(f"{name}: what {cell} makes of it does not count: it is not before the check")
    chosen = full[-1]
    if len(full) > 1:
        there = ", ".join(str(c.number) for c in full)
        plan.notes.append(f"{name}: cells {there} answer it, the last one counts")
    if how:
        plan.notes.append(f"{name}: cell {chosen.number} was {how}")
    plan.taken[name] = chosen
    plan.answer_cells |= {c.number for c in full}


def _defines_anew(cell: Cell, name: str) -> bool:
    """Whether a cell that belongs to no exercise holds another answer, complete in itself."""
    tree = _tree(cell.source) if cell.kind == "code" and not tagged(cell, "answer") else None
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef):
            found = node.name == name
        else:
            found = isinstance(node, ast.Assign) and any(getattr(t, "id", "") == name for t in node.targets)
            found = found and name not in {getattr(n, "id", "") for n in ast.walk(node.value)}
        if found and not _is_stub(node):
            return True
    return False


def _check_cell(plan: _Plan, name: str, after: int) -> int:
    """The number of the learner's cell that checks an answer, the next one after another cell, else that one."""
    task = next(e for e in plan.assignment.exercises if e.name == name)
    ids = {c.id for c in plan.assignment.cells if c.id and tagged(c, "check") == name}
    call = re.compile(rf"check\(\s*[\"']{re.escape(task.id)}[\"']")
    cells = [c for c in plan.submission.cells if c.number > after]
    checks = [c.number for c in cells if c.id in ids or tagged(c, "check") == name or call.match(c.source.lstrip())]
    return min(checks, default=after)


def _heading(cell: Cell) -> str:
    line = next((x for x in cell.source.splitlines() if x.lstrip().startswith("#")), "")
    return re.sub(r"[\W_]+", " ", line).strip().casefold() if cell.kind == "markdown" else ""


def _under_heading(plan: _Plan, pristine: Cell) -> list[Cell]:
    before = [_heading(c) for c in plan.assignment.cells if c.number < pristine.number]
    wanted = next((h for h in reversed(before) if h), "")
    found, inside = [], False
    for cell in plan.submission.cells:
        if _heading(cell):
            inside = _heading(cell) == wanted
        elif inside and cell.kind == "code" and not re.match(r"\s*check\(", cell.source):
            found.append(cell)
    return found if wanted else []


def _order(plan: _Plan) -> list[Step]:
    """All code in the course's order; a learner's added cells keep their place after the cell they follow."""
    pristine_ids = {c.id: c for c in plan.assignment.cells if c.id}
    by_source = {c.source.strip(): c for c in plan.assignment.cells if c.kind == "code"}
    extra: dict[int, list[Cell]] = {}
    anchor = 0
    number_of = {tagged(c, "answer"): c.number for c in plan.assignment.cells if tagged(c, "answer")}
    chosen = {c.number: n for n, c in plan.taken.items()}
    for cell in plan.submission.cells:
        known = pristine_ids.get(cell.id) or by_source.get(cell.source.strip())
        if cell.number in chosen:
            anchor = number_of.get(chosen[cell.number], anchor)
        elif known:
            anchor = known.number
        if cell.kind != "code" or cell.number in plan.answer_cells or re.match(r"\s*check\([^\n]*\)\s*$", cell.source):
            continue
        if not (known and known.source.strip() == cell.source.strip()):
            extra.setdefault(anchor, []).append(cell)
    steps = [Step("setup", c.source, cell=c.number) for c in extra.get(0, [])]
    for cell in plan.assignment.cells:
        name = tagged(cell, "answer")
        if name:
            if name in plan.taken:
                steps.append(Step("answer", plan.taken[name].source, name, plan.taken[name].number))
        elif tagged(cell, "check"):
            if tagged(cell, "check") in plan.taken:
                steps.append(Step("probe", "", tagged(cell, "check")))
        elif cell.kind == "code":
            steps.append(Step("setup", cell.source))
        steps += [Step("setup", c.source, cell=c.number) for c in extra.get(cell.number, [])]
    placed = {s.name for s in steps if s.role == "answer"}
    steps += [Step("answer", c.source, n, c.number) for n, c in plan.taken.items() if n not in placed]
    return steps


def _slice(plan: _Plan, steps: list[Step]) -> tuple[list[Step], list[Step]]:
    """Of the code around the answers, the statements that bind a name which an answer needs, however indirectly."""
    answer_names = {e.name for e in plan.assignment.exercises}
    needed: set[str] = set()
    for step in steps:
        if step.role == "answer":
            needed |= _asks(step.source)
    pieces = [(k, *piece) for k, step in enumerate(steps) if step.role == "setup" for piece in statements(step.source)]
    binders: dict[str, list[int]] = {}
    modules = {n for _, node, _, names in pieces if isinstance(node, (ast.Import, ast.ImportFrom)) for n in names}
    others = answer_names | {f"{n}()" for n in answer_names | modules}
    for i, (_, _, _, names) in enumerate(pieces):
        for name in names - others:
            binders.setdefault(name, []).append(i)
    kept: set[int] = set()
    wanted = [*needed, "*"]  # `from … import *` may bind anything
    while wanted:
        for i in binders.pop(wanted.pop(), ()):
            if i not in kept:
                kept.add(i)
                wanted += _asks(pieces[i][2])
    mine: dict[int, list[list[str]]] = {}
    left: set[int] = set()
    for i, (k, node, text, _) in enumerate(pieces):
        if i in kept:
            parts = mine.setdefault(k, [[]])
            if isinstance(node, ast.Expr):  # on its own: should it fail, the rest is still defined
                parts += [[text], []]
            else:
                parts[-1].append(text)
        elif not isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)):
            left.add(k)
    result, dropped = [], []
    for k, step in enumerate(steps):
        if step.role != "setup":
            result.append(step)
            continue
        result += [Step("setup", "\n".join(part), cell=step.cell) for part in mine.get(k, ()) if part]
        if step.cell and k in left:
            dropped.append(step)
    return result, dropped


def _asks(source: str) -> set[str]:
    """What code needs: the names that it reads, and as `a()` the calls that change a value from around it."""
    return used_names(source) | {f"{name}()" for name in free_names(source)}


@lru_cache(maxsize=1024)
def statements(source: str) -> tuple[tuple[ast.stmt, str, frozenset[str]], ...]:
    """The top-level statements of a cell: the node, its own source, the names that it binds, those that it changes as
    `a()`; () for no Python.
    """
    tree = _tree(source)
    lines = plain(source).encode().split(b"\n")  # columns count bytes
    found = []
    for node in tree.body if tree else ():
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        mine = lines[first - 1 : node.end_lineno]
        mine[-1] = mine[-1][: node.end_col_offset]  # not more than its part of `a = 1; b = 2`
        if first == node.lineno:
            mine[0] = mine[0][node.col_offset :]
        text = b"\n".join(mine).decode()
        found.append((node, text, frozenset(bound_names(node) | {f"{n}()" for n in changed_names(node)})))
    return tuple(found)


def _sources(name: str, steps: list[Step], known: set[str]) -> str:
    """An answer's code with the learner's helpers that it uses and the imports behind its names, for `not_allowed`."""
    answer = "\n".join(s.source for s in steps if s.role == "answer" and s.name == name)
    needed, parts = free_names(answer), [plain(answer)]
    other = [s for s in steps if s.role == "setup" or s.role == "answer" and s.name != name]
    imports: dict[str, list[ast.stmt]] = {}
    helpers: dict[str, list[str]] = {}
    for step in other:
        for node, text, names in statements(step.source):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    imports.setdefault(bound_by(alias), []).append(_only(node, alias))
            elif step.cell:  # the learner's own helper; the course's own code is not accused
                for bound in names:
                    helpers.setdefault(bound, []).append(text)
    wanted, seen = list(needed), set()
    while wanted:
        at = wanted.pop()
        parts += [ast.unparse(node) for node in imports.get(at, ())]
        for text in (*helpers.get(at, ()), *(() if at in imports else helpers.get(f"{at}()", ()))):
            if text not in seen:
                seen.add(text)
                new = free_names(text) - needed
                needed |= new
                wanted += new
                parts.append(text)
    hidden = sorted(needed - known - BUILT_IN) if "*" not in known else []
    hidden += [m[1] for s in steps if s.role == "answer" for m in MAGIC.finditer(s.source) if not _parsed(s.source)]
    parts += [f"import {name}; {name}" for name in hidden]  # bound out of sight, as by a module that nobody knows
    return "\n".join(reversed(parts))


def _stored(node: ast.AST) -> set[str]:
    """The names that one node binds, wherever it stands."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {bound_by(alias) for alias in node.names}
    return {node.id} if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else set()


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import([alias])
    return ast.ImportFrom(node.module, [alias], node.level)
