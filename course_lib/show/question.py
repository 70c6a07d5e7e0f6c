"""Questions with plausible wrong options: each option opens to its own answer, without a kernel."""

from __future__ import annotations

import html
import tomllib
import zlib
from functools import cache, partial
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "quizzes"


@cache
def load(lesson: str) -> dict[str, dict[str, Any]]:
    """The questions of one lesson by name; LookupError when the lesson has none.

    A question holds `question` and `options`; an option holds `text`, `why`, and either `right = true` or the
    `misconception` that makes people choose it.
    """
    path = FOLDER / f"lesson_{lesson}.toml"
    if not path.is_file():
        raise LookupError(f"quiz: lesson {lesson!r} has no questions in {FOLDER.name}/")
    return tomllib.loads(path.read_text("utf-8"))


def quiz(name: str) -> None:
    """Show one question, `quiz("01.units")`: choose an option and open it to see whether it holds, and why."""
    from IPython.display import HTML, display

    display(HTML(as_html(name)))


def as_html(name: str) -> str:
    """A question as HTML with one `<details>` for each option."""
    lesson, _, key = name.partition(".")
    questions = load(lesson)
    if key not in questions:
        raise LookupError(f"quiz: lesson {lesson} has {', '.join(questions)}; got {key!r}")
    item = questions[key]
    rows = []
    for letter, option in zip("ABCDEFGH", sorted(item["options"], key=partial(_place, name)), strict=False):
        verdict = "✓ Right." if option.get("right") else f"✗ Not so: <em>{_text(option['misconception'])}</em>."
        rows.append(
            f"<details><summary><b>{letter}</b> {_text(option['text'])}</summary>"
            f"<p style='margin-left: 1.5em'>{verdict} {_text(option['why'])}</p></details>"
        )
    head = f"<p><b>Question.</b> {_text(item['question'])} <em>Choose first, then open your choice.</em></p>"
    return f"<div class='quiz'>{head}{''.join(rows)}</div>"


def _place(name: str, option: dict[str, Any]) -> int:
    """Where an option stands: by a hash, always the same, since authors put the right one in the middle."""
    return zlib.crc32(f"{name} {option['text']}".encode())


def _text(text: str) -> str:
    """Plain text with `code` marks as HTML."""
    parts = html.escape(text.strip(), quote=False).split("`")
    return "".join(f"<code>{p}</code>" if k % 2 else p for k, p in enumerate(parts))
