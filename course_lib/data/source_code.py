"""Source code that every Python installation carries: the modules of its own standard library.

Nothing is downloaded: the files are read where Python keeps them (licence: PSF). They differ a little from one Python
version to the next, so compare figures only within one version. They are split by file, never by window: neighbouring
windows share lines, and the held-out score would flatter.
"""

from __future__ import annotations

import io
import keyword
import sysconfig
import tokenize
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ._common import checked_ids

OTHER = "\ufffd"  # stands for every character that is not in the alphabet
ALPHABET = (OTHER, "\n", *map(chr, range(32, 127)))  # fixed: stored weights fit every Python version
_PLACE = {char: i for i, char in enumerate(ALPHABET)}
_SMALLEST, _LARGEST = 3_000, 60_000  # characters of a file
# modules that Python 3.12 to 3.14 took away: without them all versions share nearly all files
_REMOVED = {"aifc", "asynchat", "asyncore", "cgi", "cgitb", "chunk", "crypt", "imghdr", "imp", "mailcap", "nntplib"}
_REMOVED |= {"pipes", "smtpd", "sndhdr", "sunau", "telnetlib", "uu", "xdrlib"}


class SourceFiles(NamedTuple):
    """Name of a file -> its text; no file is in both."""

    train: dict[str, str]
    valid: dict[str, str]


def encode(string: str) -> np.ndarray:
    """Ids (N,) of a string: its places in `ALPHABET`, 0 for a character that is not there. ValueError for no string.

    >>> encode("if é").tolist()
    [75, 72, 2, 0]
    """
    if not isinstance(string, str):
        raise ValueError(f"string: expected a text, got {type(string).__name__}")
    return np.array([_PLACE.get(char, 0) for char in string], dtype=np.int64)


def decode(ids: np.ndarray) -> str:
    """The string of a sequence of ids. ValueError for an id that is none.

    >>> decode(encode("for x in y:"))
    'for x in y:'
    """
    return "".join(ALPHABET[i] for i in checked_ids(ids, len(ALPHABET)))


def _modules() -> dict[str, str]:
    """Name -> text of the modules that lie directly in the standard library's folder, of a middling size."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    found = {}
    for path in sorted(folder.glob("*.py")):
        string = path.read_text("utf-8", errors="replace")
        private = path.name.startswith("_") or path.stem in _REMOVED
        if _SMALLEST <= len(string) <= _LARGEST and not private:
            found[path.name] = string
    if not found:
        raise RuntimeError(
            f"source_files: expected the standard library as .py files in {folder}, got none: "
            "install Python from python.org or conda and start the course with it"
        )
    return found


@cache
def source_files(train: int = 600_000, valid: int = 100_000) -> SourceFiles:
    """About so many characters of the standard library to learn from and to be tested on, whole files each.

    Files are taken in the order of a checksum of their names, first the held-out ones, so a file that a later Python
    adds moves few others. Raises RuntimeError where Python came without its source, ValueError for less than 1000.

    >>> files = source_files()
    >>> set(files.train) & set(files.valid)
    set()
    """
    if min(train, valid) < 1000:
        raise ValueError(f"source_files: expected at least 1000 characters for each part, got {train} and {valid}")
    modules = _modules()
    names = sorted(modules, key=lambda name: crc32(name.encode()))
    parts: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for part, wanted in zip(parts, (valid, train), strict=True):
        while names and sum(map(len, part.values())) < wanted:
            name = names.pop(0)
            part[name] = modules[name]
    return SourceFiles(parts[1], parts[0])


def joined(files: dict[str, str]) -> str:
    """All files of a part one after the other, as one text."""
    return "\n".join(files[name] for name in sorted(files, key=lambda name: crc32(name.encode())))


# ---------------------------------------------------------------- what each character is

KINDS = (
    "line ends and indents",
    "spaces",
    "first letter of a name",
    "rest of a name",
    "keywords",
    "operators, brackets",
    "numbers",
    "strings",
    "comments",
)


class Marks(NamedTuple):
    """What each character of a program is: kind (N,) is a place in `KINDS`; depth (N,) counts open brackets."""

    kind: np.ndarray
    depth: np.ndarray


def marks(string: str) -> Marks:
    """The kind of each character of a program, and how many brackets are open once it has been read.

    Docstrings are strings. Raises ValueError for a text that is no Python program.

    >>> kind, depth = marks("if ready(1):  # yes")
    >>> [KINDS[kind[k]] for k in (0, 2, 3, 4, 9, 15)]
    ['keywords', 'spaces', 'first letter of a name', 'rest of a name', 'numbers', 'comments']
    >>> depth[8:12].tolist()
    [1, 1, 0, 0]
    """
    kind, change = np.full(len(string), 1, np.int64), np.zeros(len(string), np.int64)
    lines = string.split("\n")
    starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
    for line, start in zip(lines, starts):
        kind[start : start + len(line) - len(line.lstrip(" "))] = 0
        kind[start + len(line) : start + len(line) + 1] = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(string).readline):
            first, last = (starts[row - 1] + column for row, column in (token.start, token.end))
            _mark(kind, change, token, int(first), min(int(last), len(string)))
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"marks: expected a Python program, got one that ends with {error}") from None
    return Marks(kind, np.cumsum(change))


def _mark(kind: np.ndarray, change: np.ndarray, token: tokenize.TokenInfo, first: int, last: int) -> None:
    name = tokenize.tok_name[token.type]
    if name == "NAME":
        kind[first:last] = 4 if keyword.iskeyword(token.string) else 3
        if kind[first] == 3:
            kind[first] = 2
    elif name in ("OP", "NUMBER", "COMMENT"):
        kind[first:last] = {"OP": 5, "NUMBER": 6, "COMMENT": 8}[name]
        if name == "OP":
            change[first] += (token.string in "([{") - (token.string in ")]}")
    elif name == "STRING" or "STRING_" in name:  # from Python 3.12 on an f-string is several tokens
        kind[first:last] = 7


# ---------------------------------------------------------------- a reader's own text

_LONGEST = 100_000  # characters that are read of a text of one's own


def own_text(source: str | Path) -> str:
    """A text of your own: the path of a file, or the text itself; line ends and tabs as the alphabet has them.

    Raises ValueError, in one line, for a file that is not there or is no text, an empty text, one of a single line, and
    one with more than a fifth of its characters outside the alphabet.

    >>> own_text("x = 1\\nif x:\\n\\tprint(x)")
    'x = 1\\nif x:\\n    print(x)'
    """
    string = _read(Path(source)) if isinstance(source, Path) or _is_path(source) else source
    string = string.replace("\r\n", "\n").expandtabs(4)[:_LONGEST]
    if not string.strip():
        raise ValueError("own_text: expected some lines of text, got an empty one; name another file")
    if "\n" not in string.strip():
        raise ValueError(f"own_text: expected the path of a file or a text of two lines or more, got {string[:40]!r}")
    strange = (encode(string) == 0).mean()
    if strange > 0.2:
        raise ValueError(
            f"own_text: expected a text in ASCII letters, got one with {strange:.0%} other characters; the network "
            "knows only the 95 of an English keyboard: take source code or an English text"
        )
    return string


def _is_path(source: object) -> bool:
    """Whether a string names a file: one line that is there, or that ends as a file name does."""
    if not isinstance(source, str):
        raise ValueError(f"own_text: expected a path or a text, got {type(source).__name__}")
    line = source.strip()
    if not line or "\n" in line or "\0" in line or len(line) > 1000:
        return False
    return Path(line).is_file() or (Path(line).suffix[1:].isalnum() and " " not in line)


def _read(path: Path) -> str:
    if not path.is_file():
        raise ValueError(f"own_text: expected a file, got {str(path)!r}, which is not there; check the folder")
    content = path.read_bytes()
    if content[:4] == b"RIFF":
        raise ValueError(f"own_text: expected a text, got {path.name}, a sound file (WAV); name a file of text")
    if b"\0" in content:
        raise ValueError(f"own_text: expected a text, got {path.name}, which is binary; name a file of text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"own_text: expected text in UTF-8, got {path.name} with byte {content[error.start]:#x} at place "
            f"{error.start}; save it as UTF-8"
        ) from None
