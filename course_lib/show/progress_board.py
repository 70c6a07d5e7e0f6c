"""The learner's progress board."""

from __future__ import annotations

import html
from typing import Any


def rows() -> list[dict[str, Any]]:
    """One row for each lesson with exercises: points reached, and the exercises still open."""
    from course_lib import checks
    from course_lib.checks import progress

    have = progress.points()
    table = []
    for number in checks.lessons():
        tasks = checks.lesson(number)
        table.append(
            {
                "lesson": number,
                "points": sum(have.get(e.id, 0.0) for e in tasks),
                "of": sum(e.points for e in tasks),
                "open": [f"{e.id} {e.name}" for e in tasks if have.get(e.id, 0.0) < e.points],
            }
        )
    return table


def as_text() -> str:
    """The board as text, one line for each lesson."""
    lines = []
    for row in rows():
        full = round(10 * row["points"] / row["of"]) if row["of"] else 0
        nxt = f"next: {row['open'][0]}" if row["open"] else "done"
        lines.append(f"{row['lesson']}  {'█' * full}{'·' * (10 - full)}  {row['points']:g}/{row['of']:g}  {nxt}")
    return "\n".join(lines) or "no exercises found"


def board() -> None:
    """Show the progress board: points by lesson and the next open exercise; from the local log, nothing is sent."""
    from IPython.display import HTML, display

    cells = "".join(
        f"<tr><td>{r['lesson']}</td><td><progress max='{r['of']:g}' value='{r['points']:g}'></progress></td>"
        f"<td>{r['points']:g} of {r['of']:g}</td><td>{html.escape(r['open'][0] if r['open'] else 'done')}</td></tr>"
        for r in rows()
    )
    display(HTML(f"<table><tr><th>lesson</th><th>progress</th><th>points</th><th>next</th></tr>{cells}</table>"))
