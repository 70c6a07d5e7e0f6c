"""What an answer's code uses: the names that an exercise asks to do without, found through aliases and helpers.

Only what is used counts: a comment, a string, a local variable or an attribute that shares a name accuses nobody.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import inspect
import os
import re
import symtable
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

#: names through which any other name can be reached, so that no reader can tell what is used
INNER = {"__import__", "__builtins__", "__dict__", "__subclasses__", "__globals__", "__loader__", "__spec__"}
INNER |= {"__self__", "__getattribute__", "__code__", "__closure__", "f_globals", "f_locals", "f_builtins", "f_back"}
OUTER = {"import_module", "run_cell", "attrgetter", "methodcaller", "get_ipython", "f2py", "ctypeslib", "importlib"}
OUTER |= {"runstring", "get_type_hints", "get_field", "bltns"}
OUTER |= {"sys", "_sys", "os", "_os", "builtins", "ctypes", "subprocess", "pickle", "swa_utils"}
WAYS_ROUND = {"builtins", "importlib", "exec", "eval", "compile", "globals", "vars", "get_ipython", "runpy", "pickle"}
WAYS_ROUND |= {"marshal", "breakpoint", *INNER, *(OUTER - {"sys", "_sys", "os", "_os"})}
#: modules whose use can be read; whoever uses another one (inspect, gc, a file of their own) may reach anything
CLEAR = {
    "__future__", "abc", "array", "bisect", "cmath", "collections", "contextlib", "copy", "course_lib", "dataclasses",
    "datetime", "decimal", "einops", "enum", "fractions", "functools", "heapq", "io", "IPython.display", "ipywidgets",
    "itertools", "json", "logging", "math", "matplotlib", "numba", "numbers", "numpy", "operator", "os", "pandas",
    "pathlib", "pprint", "random", "re", "scipy", "seaborn", "statistics", "string", "sys", "textwrap", "time",
    "torch", "tqdm", "traceback", "types", "typing", "typing_extensions", "warnings",
}  # fmt: skip
#: parts of clear modules that load code, compile it, or hold all other modules
UNCLEAR = ("sys.modules", "sys.meta_path", "sys.path.insert", "numpy.load", "torch.load", "torch.ops", "torch.ao")
UNCLEAR += ("torch.jit", "torch.hub", "torch.package", "torch.serialization", "torch.fx", "torch.library")
UNCLEAR += ("logging.config", "course_lib.grading", "course_lib.checks")
UNCLEAR += tuple(f"course_lib.{room}" for room in ("training", "recipes", "show", "bench"))  # they hold nn and torch
UNCLEAR += ("numpy.testing", "typing.get_type_hints", "typing.ForwardRef", "string.Formatter")
UNCLEAR += tuple(f"os.{name}" for name in vars(os) if re.match("system|popen|exec|spawn|posix_spawn", name))


def names_not_allowed(source: str, not_allowed: tuple[str, ...]) -> str:
    """The first dotted name in a piece of code that starts with one that is not allowed, else ''.

    Aliases are followed: after `from torch import nn as n` the name `n.LSTMCell` is torch.nn.LSTMCell; so are
    `t = torch`, `getattr(torch, "nn")` and `from torch import *`.
    """
    tree = _tree(source)
    if tree is None:
        return ""
    alias, used, stars = _imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
            real = _dotted(node.value, alias)
            if any(_starts(bad, real) for bad in not_allowed):
                alias.update({t.id: real for t in node.targets if isinstance(t, ast.Name)})
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            used.append(_dotted(node, alias))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and len(node.args) > 1:
            base, key = _dotted(node.args[0], alias), node.args[1]
            if isinstance(key, ast.Constant):
                used.append(f"{base}.{key.value}")
            elif any(_starts(bad, base) for bad in not_allowed):  # a name put together while it runs
                used += [bad for bad in not_allowed if _starts(bad, base)]
    if stars:
        free = {n for n in free_names(source) if n not in alias}
        used += [f"{star}.{name}" for star in stars for name in free]
    return next((u for u in used for bad in not_allowed if f".{bad}." in f".{u}."), "")  # also torch.optim.torch.nn


def _imports(tree: ast.Module) -> tuple[dict[str, str], list[str], list[str]]:
    alias: dict[str, str] = {}
    used, stars = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used += [n.name for n in node.names]
            alias.update({n.asname: n.name for n in node.names if n.asname})
        elif isinstance(node, ast.ImportFrom):
            for n in node.names:
                used.append(f"{node.module or ''}.{n.name}")
                if n.name == "*":
                    stars.append(node.module or "")
                else:
                    alias[n.asname or n.name] = used[-1]
    return alias, used, stars


def _starts(name: str, with_this: str) -> bool:
    return bool(with_this) and (name == with_this or name.startswith(with_this + "."))


def _dotted(node: ast.AST, alias: dict[str, str]) -> str:
    """`a.b.c` as text with the alias of its first name resolved; '' when it does not start with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([alias.get(node.id, node.id), *reversed(parts)]) if isinstance(node, ast.Name) else ""


def way_round(source: str, not_allowed: tuple[str, ...] = ()) -> str:
    """A name in a piece of code through which anything could be reached unseen (`exec`, `importlib`), else ''.

    A module that holds what is not allowed, or all other modules, may only be followed by a dot: handed on as a value
    it is out of sight.
    """
    tree = _tree(source)
    if tree is None:  # a notebook's own syntax: words are all that can be read
        parts = [r"\b[^\n]*\b".join(map(re.escape, bad.split("."))) for bad in (*not_allowed, *sorted(WAYS_ROUND))]
        return next((found[0] for words in parts if (found := re.search(rf"\b{words}\b", source))), "")
    alias, used, stars = _imports(tree)
    perhaps = {f"{star}.{name}" for star in stars for name in ("*", *free_names(source))}
    used += sorted(perhaps)
    found = [part for name in used for part in name.split(".") if part in WAYS_ROUND]
    found += sorted(free_names(source) & WAYS_ROUND)
    found += _unclear_imports(tree)
    modules = {n.partition(".")[0]: n.partition(".")[0] for n in used} | alias
    in_sight: set[int] = set()
    for node in ast.walk(tree):  # `u = torch.distributions.utils` is followed, but not into a class: `A.u`
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
            name = _dotted(node.value, modules)
            if name.partition(".")[0] in CLEAR:
                modules |= {t.id: name for t in node.targets if isinstance(t, ast.Name)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for part in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            in_sight.add(id(node.value))
            name = _dotted(node, modules)
            used.append(name)
            private = node.attr.startswith("_") and name.partition(".")[0] in CLEAR and not node.attr.endswith("__")
            if node.attr in INNER | OUTER or private:
                found.append(node.attr)
        elif isinstance(node, ast.Call):
            in_sight.add(id(node.func))
            if getattr(node.func, "id", "") == "getattr" and node.args:
                in_sight.add(id(node.args[0]))
        elif isinstance(node, ast.Assign) and id(node) in inside:
            continue
        elif isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) for t in node.targets):
            in_sight.add(id(node.value))  # an alias, which is followed
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in INNER:
            found.append(node.value)
    found += [name for name in used for bad in UNCLEAR if _starts(name, bad)]
    for name in filter(None, used):
        real = _real(name)
        found += [name for bad in not_allowed if f".{bad}." in f".{real}."]
        found += [name for part in real.split(".") if real != name and part in WAYS_ROUND]
        found += [] if real or name in perhaps else [name]
    hidden = (*not_allowed, "sys.modules")
    holders = {name for name, real in modules.items() if any(_starts(bad, real) for bad in hidden)}
    for node in ast.walk(tree):
        read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if read and id(node) not in in_sight and node.id in holders | {"getattr"}:
            found.append(f"{node.id} as a value")
        elif isinstance(node, ast.Assign) and getattr(node.value, "id", "") == "getattr":
            found.append("getattr under another name")
    return found[0] if found else ""


def _real(name: str) -> str:
    """A dotted name as it is called where it lives: torch.nn.functional for torch.distributions.utils.F.

    Empty for what NumPy itself does not have: somebody has put it there.
    """
    root, *parts = name.split(".")
    if root not in CLEAR or not parts or root == "course_lib":
        return name
    if root == "torch" and len(parts) > 1:
        with contextlib.suppress(ImportError):
            importlib.import_module(root)
    at, real = sys.modules.get(root), root
    for k, part in enumerate(parts):
        if real == "numpy" and not hasattr(at, part):
            return ""
        at = getattr(at, part, None)
        if not inspect.ismodule(at):
            return ".".join([real, *parts[k:]])
        real = at.__name__
    return real


def _unclear_imports(tree: ast.Module) -> list[str]:
    """Imported modules that are not known to be clear: those that are used, and files that no package holds."""
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        for n in node.names:
            module = n.name if isinstance(node, ast.Import) else node.module or "."
            root = module.partition(".")[0]
            known = root in sys.stdlib_module_names or root in sys.modules or importlib.util.find_spec(root) is not None
            clear = root.removeprefix("_") in CLEAR or module in CLEAR  # reduce and bisect live in C twins
            foreign = not known and not (clear and "sys.path" not in ast.unparse(tree))
            if foreign or not clear and (n.name == "*" or (n.asname or n.name).partition(".")[0] in read):
                found.append(module)
    return found


def free_names(source: str) -> set[str]:
    """The names that code reads from around it: arguments and local variables of its functions do not count."""
    found = names_from_around(source)
    if found is None:  # `await` outside a function: take every name
        tree = _tree(source)
        return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()
    return found


def names_from_around(source: str) -> set[str] | None:
    """The same, or None for what Python cannot compile as it stands."""
    try:
        top = symtable.symtable(source, "answer", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        symbols = [s for s in table.get_symbols() if s.is_referenced() and (table is top or s.is_global())]
        found |= {s.get_name() for s in symbols}
    return found


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# ---------------------------------------------------------------- the code behind an answer


def source_of(answer: Any) -> str:
    """The code of an answer, of the helpers that it calls and the imports that both use; '' where it cannot be read."""
    texts: list[str] = []
    waiting, seen = [answer], set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or len(seen) > 200:
            continue
        seen.add(id(thing))
        if isinstance(thing, functools.partial):
            waiting += [thing.func, *thing.args, *thing.keywords.values()]
        elif _from_a_library(thing):
            texts.insert(0, _as_import(thing, getattr(thing, "__name__", "")))
        elif callable(thing):
            kind = thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing)
            texts.append(_text(kind))
            for name, used in _globals_used(kind):
                if inspect.ismodule(used) or _from_a_library(used):
                    texts.insert(0, _as_import(used, name))
                else:
                    waiting.append(used)
    return "\n".join(dict.fromkeys(t for t in texts if t))


def _text(thing: Any) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError, IndentationError):
        return ""
    if getattr(thing, "__name__", "") == "<lambda>":
        return _lambdas(text)
    return text if _tree(text) else _first_part(text)


def _lambdas(text: str) -> str:
    """The lambdas of a line: `check("01.1", lambda …)` uses check, the answer in it does not."""
    tree = _tree(text)
    if tree is None:
        return _first_part(text)
    found = [ast.get_source_segment(text, node) for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return "\n".join(f"({part})" for part in found if part)


def _first_part(text: str) -> str:
    """A lambda in the middle of an expression comes with the rest of its line: its body is what counts."""
    at = text.find("lambda")
    for end in range(len(text), at, -1) if at >= 0 else ():
        if _tree(text[at:end]):
            return text[at:end]
    return text


def _globals_used(thing: Any) -> Iterator[tuple[str, Any]]:
    """Names and values that a function, or the methods of a class, take from around them."""
    members = list(vars(thing).values()) if inspect.isclass(thing) else [thing]
    for member in members:
        function = inspect.unwrap(getattr(member, "__func__", member))
        code = getattr(function, "__code__", None)
        if code is None:
            continue
        space = function.__globals__
        names = free_names(_text(function))
        yield from ((name, space[name]) for name in sorted(names) if name in space)
        for name, cell in zip(code.co_freevars, function.__closure__ or ()):
            try:
                yield name, cell.cell_contents
            except ValueError:  # a name that has no value yet
                continue


def _from_a_library(thing: Any) -> bool:
    """Whether a function, class or module belongs to Python, the course or an installed package."""
    name = getattr(thing, "__module__", None)
    if not isinstance(name, str) or name == "__main__":
        return False
    file = str(getattr(sys.modules.get(name), "__file__", "") or "").replace("\\", "/")
    root = name.partition(".")[0]
    return root == "course_lib" or root in sys.stdlib_module_names or "site-packages" in file


def _as_import(thing: Any, name: str) -> str:
    """The import behind a global name, as a line of code; '' where there is none."""
    if inspect.ismodule(thing):
        line = f"import {thing.__name__} as {name}"
    else:
        real = getattr(thing, "__name__", "")
        if thing.__module__ == "builtins":  # `len` under another name is no way round, `exec` is
            return real
        line = f"from {thing.__module__} import {real} as {name}"
    return line if _tree(line) else ""
