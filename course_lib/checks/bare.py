"""What a bare exercise may use is NumPy and the standard library: everything else is not there when it is checked.

In a grader's bare kernel the rest was never imported, and imports do not find it. In study mode, where a learner has
it all loaded, `absent` takes it away for the moment in which the answer is called.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

#: installed packages that hold no answer: NumPy, figures, progress bars, and what a notebook's kernel runs on
PACKAGES = ("numpy", "matplotlib", "tqdm", "ipykernel", "ipywidgets")
_own: set[str] = set()  # modules that count as a learner's notebook while an answer of theirs is checked
_told: list[str] = []  # to a bare kernel, which need not look for itself
ROOMS = ("course_lib", "course_lib.checks", "course_lib.checks.probe", "course_lib.checks.bare")


@functools.cache
def top_levels() -> frozenset[str]:
    """The modules that `PACKAGES` and all that they require bring along; in a bare kernel, those it was told."""
    if _told:
        return frozenset(_told)
    import importlib.metadata

    wanted, seen, found = list(PACKAGES), set(), set()
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            package = importlib.metadata.distribution(name)
            files = "".join(package.read_text(name) or "" for name in ("RECORD", "top_level.txt"))
            found |= {re.split(r"[/,.]", line, maxsplit=1)[0] for line in files.splitlines()} | {name}
            wanted += [re.match(r"[\w.-]+", r)[0] for r in package.requires or () if "extra ==" not in r]
    return frozenset(found - {""})


def allowed(module: str) -> bool:
    """Whether a module is there in a bare exercise."""
    root = module.partition(".")[0]
    if root == "course_lib":
        return module in ROOMS
    own = root in sys.stdlib_module_names or root in ("numpy", "__main__") or root.startswith("_sysconfigdata")
    return own or root in top_levels()


def told(module: str) -> str:
    """The line that a learner reads who uses what is not there."""
    name = ".".join(module.split(".")[: 2 if module.startswith("course_lib") else 1])
    return f"{name} is not there in this exercise: NumPy only"


class NotThere(ModuleNotFoundError):
    """Something was used whose import failed before; the message says what, and in which exercise."""


class Absent:
    """Stands where an import failed: to name it, or a part of it, is no matter; to compute with it says why not.

    So annotations, default values and `isinstance(x, torch.Tensor)` are what they are where there are no tensors.
    """

    def __init__(self, message: str, module: str) -> None:
        self.__dict__.update(message=message, module=module)

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__") and name.endswith("__"):  # Python asks for these by itself, to look and to copy
            raise AttributeError(name)
        return self

    def _used(self, *_: Any, **__: Any) -> Any:
        raise NotThere(self.__dict__["message"], name=self.__dict__["module"])

    def __bool__(self) -> bool:
        return False

    def __instancecheck__(self, value: Any) -> bool:
        return False

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()

    def __or__(self, other: Any) -> Absent:
        return self

    __ror__ = __or__


_SPECIAL = "call getitem setitem iter len contains enter exit array float int index neg lt le gt ge "
_SPECIAL += "add sub mul truediv pow matmul radd rsub rmul rtruediv rpow rmatmul"
for _name in _SPECIAL.split():
    setattr(Absent, f"__{_name}__", Absent._used)


class Filter:
    """A finder that does not find what is not allowed: `import torch` fails as where torch was never installed."""

    def __init__(self, finder: Any) -> None:
        self.finder = finder

    def find_spec(self, name: str, *args: Any) -> Any:
        """The finder's own answer, or None."""
        return self.finder.find_spec(name, *args) if allowed(name) else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.finder, name)


def in_force() -> bool:
    """Whether this process is a bare kernel."""
    return any(isinstance(finder, Filter) for finder in sys.meta_path)


def take_away(there: list[str]) -> None:
    """For good, in a kernel that has loaded nothing else: no import finds more than NumPy, Python and `there`."""
    _told[:] = there
    top_levels.cache_clear()
    sys.meta_path[:] = [Filter(finder) for finder in sys.meta_path]


# ---------------------------------------------------------------- study mode


def home(value: Any) -> str:
    """The module that a value comes from and that is not there in a bare exercise, else ''."""
    if inspect.ismodule(value):
        names = [value.__name__]
    elif inspect.isbuiltin(value):  # torch's functions name no module, but what they belong to does
        owner = value.__self__
        names = [value.__module__, getattr(owner, "__module__", None), getattr(owner, "__name__", None)]
        names.append(type(owner).__module__)
    elif inspect.isfunction(value):  # a library's decorator gives its own function the name of the learner's
        names = [value.__module__, value.__globals__.get("__name__")]
    else:
        names = [kind.__module__ for kind in (value if inspect.isclass(value) else type(value)).__mro__]
    there = [n for n in names if isinstance(n, str) and n and n not in _own]
    return next((n for n in there if not allowed(n)), "")


def veiled(value: Any) -> Any:
    """A value as a bare exercise has it: itself, or `Absent`."""
    module = home(value)
    return Absent(told(module), module) if module else value


@contextlib.contextmanager
def absent(answer: Any) -> Iterator[None]:
    """While it lasts, learner code finds nothing that is not allowed, neither by import nor in its global names."""
    real = builtins.__import__

    def guarded(name: str, space: Any = None, local: Any = None, names: Any = (), level: int = 0) -> Any:
        importer = (space or {}).get("__name__") or "__main__"
        if level == 0 and (importer == "__main__" or not _of_a_library(importer)):
            asked = [name, *(f"{name}.{n}" for n in names or () if name == "course_lib")]
            for module in asked:
                if not allowed(module) and (module == name or module in sys.modules):
                    raise ModuleNotFoundError(told(module), name=module)
        return real(name, space, local, names, level)

    changed: list[tuple[dict[str, Any], str, Any]] = []
    kept: list[tuple[Any, Any]] = []
    spaces = _spaces(answer)
    _own.update(str(space.get("__name__")) for space in spaces)
    try:
        builtins.__import__ = guarded
        for space in spaces:
            for name, value in list(space.items()):
                if not name.startswith("__") and home(value):
                    changed.append((space, name, value))
                    space[name] = veiled(value)
        for cell in _cells(answer, spaces):
            kept.append((cell, cell.cell_contents))
            cell.cell_contents = veiled(cell.cell_contents)
        yield
    finally:
        builtins.__import__ = real
        _own.clear()
        for cell, value in kept:
            cell.cell_contents = value
        for space, name, value in changed:
            space[name] = value


def _cells(answer: Any, spaces: list[dict[str, Any]]) -> list[Any]:
    """The variables of functions around a learner's functions that hold what is not there."""
    functions = [f for f in (answer, *(v for space in spaces for v in space.values())) if inspect.isfunction(f)]
    cells = {id(cell): cell for f in functions for cell in f.__closure__ or () if not _of_a_library(f.__module__ or "")}
    found = []
    for cell in cells.values():
        with contextlib.suppress(ValueError):  # a name that has no value yet
            found += [cell] if home(cell.cell_contents) else []
    return found


def _of_a_library(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    root = module.partition(".")[0]
    return root == "course_lib" or root in sys.stdlib_module_names or "site-packages" in file or "dist-packages" in file


def _spaces(answer: Any) -> list[dict[str, Any]]:
    """The global names of a learner's session, and of the answer where it was made elsewhere."""
    found = {id(sys.modules["__main__"].__dict__): sys.modules["__main__"].__dict__}
    waiting = [answer]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, functools.partial):
            waiting += [thing.func, *thing.args, *thing.keywords.values()]
            continue
        if not inspect.isroutine(thing):
            kind = thing if inspect.isclass(thing) else type(thing)
            waiting += [m for m in vars(kind).values() if inspect.isfunction(m)]
            continue
        space = getattr(inspect.unwrap(getattr(thing, "__func__", thing)), "__globals__", None)
        if space is not None and not _of_a_library(space.get("__name__") or ""):
            found[id(space)] = space
    return list(found.values())


@contextlib.contextmanager
def optional_imports_again(answer: Any) -> Iterator[None]:
    """Within `absent`: what `try: import torch` with `except ImportError:` gives where there is no torch."""
    before = [(space, dict(space)) for space in _spaces(answer)]
    try:
        for space, _ in before:
            for node in [n for cell in list(space.get("In") or ()) for n in _guarded_imports(cell)]:
                if isinstance(node, ast.With):  # `torch = None` before `with contextlib.suppress(ImportError):`
                    names = {(k.asname or k.name) for k in ast.walk(node) if isinstance(k, ast.alias)}
                    space.update((n, None) for n in names if isinstance(space.get(n), Absent))
                with contextlib.suppress(Exception):
                    exec(compile(ast.Module([node], []), "<optional import>", "exec"), space)
        yield
    finally:
        for space, old in before:
            for name in [n for n in space if n not in old or space[n] is not old[n]]:
                space.pop(name)
            space.update(old)


def _guarded_imports(cell: Any) -> list[ast.stmt]:
    try:
        tree = ast.parse(cell)
    except (SyntaxError, ValueError, TypeError, RecursionError):
        return []
    imports = (ast.Import, ast.ImportFrom)
    guards = [node for node in ast.walk(tree) if isinstance(node, (ast.Try, ast.With))]
    return [node for node in guards if any(isinstance(k, imports) for k in ast.walk(node))]
