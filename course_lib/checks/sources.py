"""What an answer's code uses: the names that an exercise asks to do without, found through aliases and helpers.

Only what is used counts: a comment, a string, a local variable or an attribute that shares a name accuses nobody.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import symtable
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

#: functions and modules through which any other name can be reached, so that no reader can tell what is used
INNER = {"__import__", "__builtins__", "__dict__", "__subclasses__", "__globals__", "__loader__", "__spec__"}
OUTER = {"import_module", "run_cell", "attrgetter", "methodcaller"}
WAYS_ROUND = {"builtins", "importlib", "exec", "eval", "compile", "globals", "vars", "get_ipython", "runpy", "pickle"}
WAYS_ROUND |= {"marshal", *INNER, *OUTER}


def names_not_allowed(source: str, not_allowed: tuple[str, ...]) -> str:
    """The first dotted name in a piece of code that starts with one that is not allowed, else ''.

    Aliases are followed: after `from torch import nn as n` the name `n.LSTMCell` is torch.nn.LSTMCell; so are
    `t = torch`, `getattr(torch, "nn")` and `from torch import *`.
    """
    tree = _tree(source) if source and not_allowed else None
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
    return next((u for u in used for bad in not_allowed if _starts(u, bad)), "")


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


def way_round(source: str) -> str:
    """A name in a piece of code through which anything could be reached unseen (`exec`, `importlib`), else ''."""
    tree = _tree(source)
    if tree is None:  # a notebook's own syntax: words are all that can be read
        return next((w for w in re.findall(r"\w+", source) if w in WAYS_ROUND), "")
    alias, used, _ = _imports(tree)
    found = [part for name in used for part in name.split(".") if part in WAYS_ROUND]
    found += sorted(free_names(source) & WAYS_ROUND)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in INNER | OUTER:
            found.append(node.attr)
        elif isinstance(node, ast.Attribute) and _dotted(node, alias) == "sys.modules":
            found.append("sys.modules")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in INNER:
            found.append(node.value)
    return found[0] if found else ""


def free_names(source: str) -> set[str]:
    """The names that code reads from around it: arguments and local variables of its functions do not count."""
    try:
        top = symtable.symtable(source, "answer", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # `await` outside a function: take every name
        tree = _tree(source)
        return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree else set()
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
