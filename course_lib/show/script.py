"""The course's one script, as the outputs of explorers, quizzes and predictions carry it: each of them works alone."""

from __future__ import annotations

import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def small(script: str) -> str:
    """A script without comments and indentation."""
    return re.sub(r"(?m)^\s+", "", re.sub(r"(?m)^\s*//.*\n| // .*$", "", script))


@cache
def script() -> str:
    """The script in its tags."""
    return f"<script>{small((FOLDER / 'course.js').read_text('utf-8'))}</script>"


@cache
def formula(name: str) -> str:
    """The formula of one explorer, known to the script by its name; LookupError when there is no such file."""
    path = FOLDER / "formulas" / f"{name}.js"
    if not path.is_file():
        raise LookupError(f"formula: expected a file {path.parent.name}/{path.name} beside the explorers")
    body = small(path.read_text("utf-8")).strip().removesuffix(";")
    return f"<script>(window.courseFormulas ??= {{}}).{name} = {body};</script>"


def stamped(kind: str, name: str, content: Any) -> str:
    """An id for something that a browser remembers an answer to: another content is another question."""
    stamp = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return html.escape(f"{kind}-{re.sub(r'[^a-z0-9_]+', '-', name.lower())}-{stamp}", quote=True)
