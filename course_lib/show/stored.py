"""The explorers of the lectures as they are stored: where they are, their HTML, and what they were made of."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from course_lib.show import explorer

SETTINGS = ("alt", "play", "formula", "live")
ROOT = Path(__file__).resolve().parents[2]


class Found(NamedTuple):
    """One `explore(...)` of a lecture: where it is, its stored HTML, and its arguments, None where these need data."""

    lecture: str
    cell: str
    html: str
    arguments: tuple[list[Any], dict[str, Any]] | None


def explorers(root: Path = ROOT) -> Iterator[Found]:
    """All explorers of the lectures, in their order."""
    for path in sorted((root / "notebooks").glob("[0-9]*.ipynb")):
        yield from of_lecture(path)


def of_lecture(path: Path) -> Iterator[Found]:
    """The explorers of one lecture."""
    names: dict[str, Any] = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        try:
            tree = ast.parse("".join(cell["source"]))
        except SyntaxError:
            continue
        imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        exec(compile(ast.Module(imports, []), path.name, "exec"), names)
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "explore"]
        for call, html in zip_longest(calls, _stored(cell)[: len(calls)], fillvalue=""):
            yield Found(path.stem, cell["id"], html, _arguments(call, names))


def _stored(cell: dict[str, Any]) -> list[str]:
    texts = ("".join(o.get("data", {}).get("text/html", "")) for o in cell["outputs"])
    return [text for text in texts if "course-explorer" in text]


def _arguments(call: ast.Call, names: dict[str, Any]) -> tuple[list[Any], dict[str, Any]] | None:
    def value(node: ast.expr) -> Any:
        return eval(compile(ast.Expression(node), "explore", "eval"), names)

    if any(isinstance(argument, ast.Lambda | ast.Starred) for argument in call.args):
        return None  # it binds what the lecture has trained, or is made by a call of the lecture
    try:
        return [value(a) for a in call.args], {k.arg: value(k.value) for k in call.keywords if k.arg}
    except NameError:
        return None


def made(found: Found) -> str:
    """The HTML of an explorer whose arguments are known, as its cell makes it."""
    [draw], options = found.arguments[0], dict(found.arguments[1])
    settings = {name: options.pop(name) for name in SETTINGS if name in options}
    settings.pop("live", None)
    controls = [explorer.control(name, spec) for name, spec in options.items()]
    return explorer.as_html(draw, settings.pop("alt"), controls, **settings)


def current(path: Path) -> bool:
    """Whether the frames of a lecture that are kept in the package are those that its explorers would draw today.

    What shows the lecture's own data cannot be told from here, and is passed over.
    """
    return all(_kept(found) == _named(found) for found in of_lecture(path) if _named(found) and found.arguments)


def _named(found: Found) -> str | None:
    """The name of the kept frames that the stored HTML holds."""
    name = re.search(r'"kept":"(\w+)"', found.html)
    return name[1] if name else None


def _kept(found: Found) -> str:
    [draw], options = found.arguments
    controls = [explorer.control(k, v) for k, v in options.items() if k not in SETTINGS]
    return explorer.identity(draw, options["alt"], controls)
