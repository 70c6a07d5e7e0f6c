"""The files of Python's own library, for the data that every installation carries."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from zlib import crc32

_SKIPPED = {"site-packages", "test", "tests", "idle_test", "lib2to3", "pydoc_data", "turtledemo", "__pycache__"}


def library() -> dict[str, Path]:
    """Name below the library's folder -> file, without tests and what is not a program of its own.

    Raises RuntimeError where this Python came without its library in files.
    """
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(path for path in root.rglob("*.py") if not _SKIPPED & set(path.relative_to(root).parts))
    if len(files) < 100:
        raise RuntimeError(f"library: expected Python's own as .py files in {root}, got {len(files)} of them")
    return {path.relative_to(root).as_posix(): path for path in files}


def is_held_out(name: str, share: float) -> bool:
    """Whether a file is among the `share` that is held out: by a checksum of its name, the same everywhere."""
    return crc32(name.encode()) % 1000 < 1000 * share
