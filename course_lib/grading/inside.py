"""What a grader's kernel does otherwise than a learner's: statements one by one, repeatable randomness, steady ids.

Runs beside learner code; nothing here is trusted.
"""

from __future__ import annotations

import ast
import builtins
import collections
import os
import random
import sys
from typing import Any

from course_lib.checks import bare

KEPT = 2**14  # objects that are kept alive because somebody asked for their id
SMALL = 2**16  # bytes: larger ones are not kept


def prepare(shell: Any) -> None:
    """Make a shell run a cell's top-level statements one by one, and what is random in it repeatable."""
    usual = shell.run_ast_nodes
    shell.user_ns_hidden["_course_failed"] = shell.user_ns["_course_failed"] = {}

    async def run_ast_nodes(
        nodes: list[ast.stmt], name: str, interactivity: str = "none", compiler: Any = compile, result: Any = None
    ) -> bool:
        """A statement that fails fails alone; an interrupt ends the cell. What is told is the first failure."""
        first = None
        shell.user_ns["_course_absent"] = stand_in
        for node in map(Soft().visit, nodes):
            result.error_before_exec = result.error_in_exec = None
            shown = interactivity if isinstance(node, ast.Expr) and node is nodes[-1] else "none"
            if await usual([node], name, interactivity=shown, compiler=compiler, result=result):
                error = result.error_before_exec or result.error_in_exec
                if isinstance(error, KeyboardInterrupt):
                    first = error
                    break
                if not note(shell.user_ns, node, error):
                    first = first or error
        result.error_before_exec, result.error_in_exec = None, first
        return first is not None

    shell.run_ast_nodes = run_ast_nodes
    repeatable()


class Soft(ast.NodeTransformer):
    """Outside of functions an import that fails binds its name to what says so once it is used.

    But where the learner's own `except` waits for it, it fails as always.
    """

    def visit_Try(self, node: ast.Try) -> ast.Try:
        """With handlers of its own it stays as it is."""
        return node if node.handlers else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """What a function imports is missed when it is called."""
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = visit_FunctionDef
    visit_With = visit_FunctionDef  # `with contextlib.suppress(ImportError):` is an `except`, too

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.stmt:
        """`try: import a` and `except ImportError: a = _course_absent(…)`."""
        names = sorted(bound(node))
        if not names or getattr(node, "module", "") == "__future__":
            return node
        module = getattr(node, "module", None) or node.names[0].name
        text = f"try:\n    pass\nexcept ImportError as _course_error:\n    {' = '.join(names)} = "
        text += f"_course_absent(_course_error, {module!r}, {node.names[0].name!r})"
        soft = ast.parse(text).body[0]
        soft.body = [node]
        for at in ast.walk(soft):
            if at is not node and hasattr(at, "lineno"):
                ast.copy_location(at, node)
        return soft

    visit_ImportFrom = visit_Import


def stand_in(error: ImportError, module: str, name: str) -> bare.Absent:
    """What the names of an import that failed stand for."""
    missing = error.name or module
    if missing == "course_lib":  # `from course_lib import nn`
        missing = f"course_lib.{name}"
    return bare.Absent(why(error, missing), missing)


def why(error: ImportError, module: str) -> str:
    """A failed import in a line."""
    if bare.in_force() and not bare.allowed(module):
        return bare.told(module)
    return f"{module} cannot be imported where this is graded ({error})"


def note(space: dict[str, Any], node: ast.stmt, error: BaseException) -> bool:
    """Remember why names were not bound; True where the cause is a module that is not there."""
    failed = space.setdefault("_course_failed", {})
    cause = failed.get(error.name) if isinstance(error, NameError) else None
    missing = isinstance(error, ModuleNotFoundError) and error.name and not isinstance(error, bare.NotThere)
    kind = "ModuleNotFoundError" if isinstance(error, bare.NotThere) else type(error).__name__
    cause = cause or (kind, why(error, error.name) if missing else str(error)[:300])
    failed.update((name, cause) for name in bound(node))
    if cause[0] == "ModuleNotFoundError":  # `device = torch.device("cpu")`: no matter until it is used
        for name in bound(node):
            space.setdefault(name, bare.Absent(cause[1], getattr(error, "name", None) or ""))
    return cause[0] == "ModuleNotFoundError"


def bound(node: ast.stmt) -> set[str]:
    """The names that a statement binds, wherever in it."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    found = set()
    for at in ast.walk(node):
        if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(at.name)
        elif isinstance(at, ast.Name) and isinstance(at.ctx, ast.Store):
            found.add(at.id)
        elif isinstance(at, ast.alias):
            found.add((at.asname or at.name).partition(".")[0])
    return found - {"*"}


def start_over() -> None:
    """The same randomness in every kernel, until a check seeds it from the grading seed."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def repeatable() -> None:
    """Randomness without a seed follows Python's global generator, which the grader seeds; no id is given twice.

    All of it comes from the system's entropy in the end: NumPy's bit generators through `secrets`, `random.Random()`
    by its own way.
    """

    def entropy(n: int) -> bytes:
        return random.getrandbits(8 * n).to_bytes(n, "little") if n else b""

    os.urandom = random._urandom = entropy  # type: ignore[attr-defined]
    usual_seed = random.Random.seed

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        usual_seed(self, random.getrandbits(64) if a is None and self is not random._inst else a, version)

    random.Random.seed = seed  # type: ignore[method-assign]
    usual_id = builtins.id
    kept: collections.deque[Any] = collections.deque(maxlen=KEPT)

    def steady(value: Any, /) -> int:
        """id(), of objects that live on: an answer that keys on it does not hang on where memory was free."""
        if sys.getsizeof(value, 0) < SMALL:
            kept.append(value)
        return usual_id(value)

    builtins.id = steady
