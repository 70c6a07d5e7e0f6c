"""The map of the course, read from the notebooks that are there: title, promise and minutes stand in each of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def rows(root: Path = ROOT) -> list[dict[str, Any]]:
    """One row for each lecture: lesson, title, file, promise, minutes of study, and its exercises if it has any.

    A notebook that cannot be read is left out: the map must not break because one file did.
    """
    table = []
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        lecture = _read(path)
        if lecture is None:
            continue
        course = lecture["metadata"]["course"]
        exercise = root / "exercises" / path.name
        solved = _read(exercise)
        minutes = {**course.get("minutes", {})}
        if solved:
            minutes |= {k: v for k, v in solved["metadata"]["course"].get("minutes", {}).items() if k == "exercises"}
        table.append(
            {
                "lesson": path.name[:2],
                "title": course["title"],
                "file": path.name,
                "promise": promise(lecture),
                "teaching": minutes.get("teaching", 0),
                "exercises": minutes.get("exercises", 0) if solved else 0,
            }
        )
    return table


def promise(nb: dict[str, Any]) -> str:
    """The sentence of promise: the first paragraph below the title of the first cell; '' when there is none."""
    first = next((c for c in nb["cells"] if c["cell_type"] == "markdown"), None)
    text = re.sub(r"\A\s*# .*", "", "".join(first["source"])) if first else ""
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return paragraph.removeprefix("**").removesuffix("**")


def as_markdown(root: Path = ROOT) -> str:
    """The map as a Markdown table with links, for a notebook in notebooks/."""
    lines = ["| lesson | what you get | study | exercises |", "|---|---|---|---|"]
    table = rows(root)
    for row in table:
        if row["lesson"] == "00":
            continue
        work = f"[{row['exercises']} min](../exercises/{row['file']})" if row["exercises"] else ""
        what = row["promise"].replace("|", "\\|")
        lines.append(f"| [{row['lesson']} {row['title']}]({row['file']}) | {what} | {row['teaching']} min | {work} |")
    study, practice = sum(r["teaching"] for r in table), sum(r["exercises"] for r in table)
    lines.append(f"| **together** | | {_hours(study)} | {_hours(practice)} |")
    return "\n".join(lines)


def course_map() -> None:
    """Show the map of the course: every lesson that is there, with its promise and its minutes."""
    from IPython.display import Markdown, display

    display(Markdown(as_markdown()))


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f} h"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        nb = json.loads(path.read_text("utf-8"))
        return nb if nb["metadata"]["course"]["title"] and nb["cells"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
