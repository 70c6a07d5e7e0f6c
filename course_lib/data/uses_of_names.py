"""What each name in a Python file is used for: a tagging task on real text, where what comes after decides.

The text is Python's own library, read with `tokenize`; the answers come from `ast`, which reads whole files. All names
look alike to the reader: a token is a keyword, an operator, or one of NAME, NUMBER, STRING, NEWLINE, INDENT, DEDENT.
Nothing is downloaded; the files differ a little with the Python version. It is split by file.
"""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ._common import at_least

USES = ("read", "called", "followed by a dot", "assigned", "keyword argument", "declared")
_KINDS = {tokenize.NUMBER: "NUMBER", tokenize.STRING: "STRING", tokenize.NEWLINE: "NEWLINE"}
_KINDS |= {tokenize.INDENT: "INDENT", tokenize.DEDENT: "DEDENT"}
_OPERATORS = (
    "( ) [ ] { } , : . ; @ = -> + - * / // % ** & | ^ ~ << >> < > <= >= == != += -= *= /= //= %= **= &= |= ^= <<= >>= "
    "@= := ..."
)
TOKENS = ("NAME", *_KINDS.values(), "OTHER", *keyword.kwlist, *_OPERATORS.split())
_AUGMENTED = tuple(o for o in _OPERATORS.split() if o.endswith("=") and o not in ("=", "==", "<=", ">=", "!=", ":="))
_IDS = {token: i for i, token in enumerate(TOKENS)}
_MODULES = """argparse ast bdb calendar cmd code codecs configparser contextlib copy csv dataclasses difflib fileinput
fractions functools getopt gettext glob gzip heapq hmac imaplib inspect locale mailbox numbers optparse pickle pprint
profile queue random sched selectors shlex shutil smtplib socket statistics string tarfile tempfile textwrap threading
timeit trace traceback types uuid warnings wave weakref"""


class Names(NamedTuple):
    """The tokens of one file: ids (T,), uses (T,) with -1 where no name stands, and ahead (T,).

    ahead is how many tokens after a name the one stands that settles its use: 0 where what came before has settled it,
    -1 where no single token does (a name that is read) or none stands there.
    """

    ids: np.ndarray
    uses: np.ndarray
    ahead: np.ndarray


def uses_of_names(source: str) -> Names:
    """The tokens of a piece of Python and the use of each of its names.

    Raises ValueError for what is no text, no Python, or holds no name.

    >>> names = uses_of_names("a, b = f(c.d)")
    >>> [(USES[use], int(k)) for use, k in zip(names.uses, names.ahead) if use >= 0][:4]
    [('assigned', 3), ('assigned', 1), ('called', 1), ('followed by a dot', 1)]
    """
    if not isinstance(source, str):
        raise ValueError(f"source: expected the text of a Python file, got {type(source).__name__}")
    try:
        found = _find(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, tokenize.TokenError) as error:
        raise ValueError(f"source: expected Python that can be run, got an error: {error}") from None
    tokens = [t for t in tokens if t.type not in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)]
    spellings = [*map(_token, tokens), "NEWLINE"]
    uses, ahead = np.full(len(tokens), -1), np.full(len(tokens), -1)
    for t, token in enumerate(tokens):
        if spellings[t] == "NAME":
            use, ahead[t] = _use(found, token.start, spellings, t)
            uses[t] = USES.index(use)
    if not (uses >= 0).any():
        raise ValueError("source: expected Python with at least one name in it, got none")
    return Names(np.array([_IDS[s] for s in spellings[:-1]]), uses, ahead)


def _use(found: _Found, place: tuple[int, int], spellings: list[str], t: int) -> tuple[str, int]:
    """What the name at t is used for, and how many tokens ahead that is settled."""
    if place in found.keywords:
        return "keyword argument", 1
    if place in found.assigned:
        return "assigned", _steps(spellings, t, found.assigned[place])
    if place not in found.read:
        return "declared", 0
    if spellings[t + 1] in "(.":
        return ("called", 1) if spellings[t + 1] == "(" else ("followed by a dot", 1)
    return "read", -1


def _token(token: tokenize.TokenInfo) -> str:
    """The spelling under which a token stands in TOKENS."""
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "NAME"
    if token.type == tokenize.OP:
        return token.string if token.string in _IDS else "OTHER"
    return _KINDS.get(token.type, "OTHER")


class _Found(NamedTuple):
    """Places (line, column): names that are read, keyword arguments, and assigned ones with what settles it."""

    read: set[tuple[int, int]]
    keywords: set[tuple[int, int]]
    assigned: dict[tuple[int, int], tuple[str, ...]]


def _find(source: str) -> _Found:
    lines, found = source.splitlines(keepends=True), _Found(set(), set(), {})
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg:
            found.keywords.add(_place(lines, node.lineno, node.col_offset))
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
            settles = {ast.Assign: ("=",), ast.AnnAssign: (":",), ast.NamedExpr: (":=",)}.get(type(node), _AUGMENTED)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name | ast.Attribute) and isinstance(part.ctx, ast.Store):
                        found.assigned[_name_place(lines, part)] = settles
        if isinstance(node, ast.Name | ast.Attribute):
            place = _name_place(lines, node)
            if isinstance(node.ctx, ast.Store):
                found.assigned.setdefault(place, ())
            elif isinstance(node.ctx, ast.Load):
                found.read.add(place)
    return found


def _name_place(lines: list[str], node: ast.Name | ast.Attribute) -> tuple[int, int]:
    """Where the name itself begins: of `a.b`, where b does."""
    if isinstance(node, ast.Name):
        return _place(lines, node.lineno, node.col_offset)
    line, end = _place(lines, node.end_lineno, node.end_col_offset)
    return line, end - len(node.attr)


def _place(lines: list[str], line: int, column: int) -> tuple[int, int]:
    """ast counts bytes, tokenize characters."""
    return line, len(lines[line - 1].encode()[:column].decode())


def _steps(spellings: list[str], t: int, settles: tuple[str, ...]) -> int:
    """How many tokens after t the first of these stands outside brackets that opened after t; 0 where none is named."""
    if not settles:
        return 0
    depth = 0
    for k in range(t + 1, len(spellings)):
        if depth <= 0 and spellings[k] in settles:
            return k - t
        depth += (spellings[k] in "([{") - (spellings[k] in ")]}")
    return 0


@cache
def names_in_library() -> tuple[dict[str, Names], dict[str, Names]]:
    """The files of Python's own library to train on, and those held out (about a fifth): module -> its tokens.

    The order is that of a checksum of the modules' names, the same everywhere. A module that this Python has not, or
    has without its source, is left out.
    """
    halves: tuple[dict[str, Names], dict[str, Names]] = ({}, {})
    for module in sorted(_MODULES.split(), key=lambda name: crc32(name.encode())):
        source = _source(module)
        if source is not None:
            halves[crc32(module.encode()) % 5 == 0][module] = uses_of_names(source)
    return halves


def _source(module: str) -> str | None:
    path = Path(ast.__file__).parent / f"{module}.py"
    if not path.is_file():
        return None
    with tokenize.open(path) as file:
        return file.read()


def name_windows(files: Iterable[Names], T: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Files cut into windows of T tokens that do not overlap: ids, uses and ahead, each (T, N); ends are left out.

    Raises ValueError where no file has T tokens.

    >>> ids, uses, ahead = name_windows([uses_of_names("a = b")], T=2)
    >>> ids.shape, uses[:, 0]
    ((2, 2), array([ 3, -1]))
    """
    at_least("T", T, 1)
    parts = [
        [part[start : start + T] for start in range(0, len(names.ids) - T + 1, T)] for names in files for part in names
    ]
    if not any(parts):
        raise ValueError(f"T: expected a file with at least {T} tokens, got none")
    return tuple(np.array([row for rows in parts[k::3] for row in rows]).T for k in range(3))


def table_score(train: Iterable[Names], test: Iterable[Names], before: int, behind: int) -> float:
    """Share of the names of `test` told right by a table: the commonest use among the same tokens in `train`.

    The tokens are `before` ones before the name, the name, and `behind` ones behind it; a place that the table has not
    is looked up with one token less on each side.

    >>> file = uses_of_names("a = b")
    >>> table_score([file], [file], before=1, behind=1)
    1.0
    """
    sizes = [(max(before - k, 0), max(behind - k, 0)) for k in range(max(before, behind) + 1)]
    tables: dict = {size: defaultdict(Counter) for size in sizes}
    for file in train:
        for size in sizes:
            for place, use in _around(file, *size):
                tables[size][place][use] += 1
    right = []
    for file in test:
        for found in zip(*(_around(file, *size) for size in sizes)):
            guess = next(tables[size][place] for size, (place, _) in zip(sizes, found) if place in tables[size])
            right.append(guess.most_common(1)[0][0] == found[0][1])
    return float(np.mean(right))


def _around(file: Names, before: int, behind: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """For each name of a file the tokens around it, and its use."""
    ids = [-1] * before + file.ids.tolist() + [-1] * behind
    for t in np.flatnonzero(file.uses >= 0):
        yield tuple(ids[t : t + before + 1 + behind]), file.uses[t]
