"""What was handed in: find it, hold it by its digest, read it again when it is sent to a worker.

The bytes of a class are never in memory together: of each file its place, digest and size are kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.grading.notebook import MAX_FILE
from course_lib.grading.plugin import Job

NOTEBOOK = re.compile(r"\.ipynb\b", re.IGNORECASE)


@dataclass(frozen=True)
class HandedIn:
    """A submission as it was when it was first read; `torch`: whether it imports that, which takes a second to load."""

    file: str
    path: Path
    seed: int
    lesson: str = ""
    digest: str = ""
    size: int = 0
    torch: bool = False

    def job(self) -> Job:
        """What a worker gets, read anew; OSError in words when that is no longer possible."""
        return Job(self.file, read_bytes(self.path), self.seed, self.lesson)


def hold(file: str, path: Path, seed: int, lesson: str = "") -> HandedIn:
    """Read a file and keep what is needed to know it again; OSError in words for what cannot be read."""
    raw = read_bytes(path)
    return HandedIn(file, path, seed, lesson, digest(raw), len(raw), b"import torch" in raw or b"from torch" in raw)


def digest(raw: bytes) -> str:
    """The name of a file's content."""
    return hashlib.sha256(raw).hexdigest()


def collect(paths: Sequence[str | Path]) -> Iterator[Path]:
    """The files to grade; ValueError for a path that is not there or a folder without notebooks."""
    if not paths:
        raise ValueError("name a notebook or a folder with notebooks")
    seen: set[Path] = set()
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(p for p in _walk(path) if p not in seen)
            if not found:
                raise ValueError(f"{shown(path)}: a folder without notebooks (*.ipynb); name another one")
        elif os.path.lexists(path):
            real = Path(os.path.realpath(path)) if path.is_symlink() else path  # the teacher names it: no trick
            found = [real] if real not in seen else []
        else:
            raise ValueError(f"{shown(path)}: not there; name a notebook or a folder with notebooks")
        seen.update(found)
        yield from found


def _walk(folder: Path) -> Iterator[Path]:
    """Notebooks below a folder, and what takes the place of one: a folder that is closed, a learner's other file."""
    closed: list[Path] = []
    for at, folders, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "__MACOSX", "__pycache__")))
        files = sorted(n for n in names if not n.startswith("."))
        try:
            yield from (Path(at) / f for f in folders if (Path(at) / f).is_symlink())
        except OSError:  # a path that is too long
            closed.append(Path(at))
            folders.clear()
        notebooks = [n for n in files if NOTEBOOK.search(n)]
        if not notebooks and "_assignsubmission_file" in Path(at).name:
            notebooks = files[:1]
        yield from (Path(at) / n for n in notebooks)
    yield from closed


def shown(path: Path) -> str:
    """A path as text that every report can hold, whatever bytes its name is made of; two paths never look the same."""
    raw = os.fsencode(path)
    if os.sep == "/":  # a name's own backslash must not look like one that stands for a byte
        raw = raw.replace(b"\\", b"\\\\")
    unseen = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
    return re.sub(unseen, lambda m: ascii(m[0])[1:-1], raw.decode("utf-8", "backslashreplace"))


def read_bytes(path: Path) -> bytes:
    """A submission's bytes; OSError in words for what is no file or too large."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise OSError("it is a link to another file")
    if stat.S_ISDIR(status.st_mode):
        next(path.iterdir(), None)  # says what is wrong with it
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no file")
    if status.st_size > MAX_FILE:
        raise OSError(f"it has {status.st_size / 2**20:.0f} MiB, at most {MAX_FILE // 2**20}; clear its outputs")
    return path.read_bytes()
