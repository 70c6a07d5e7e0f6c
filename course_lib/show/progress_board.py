"""The learner's progress board."""

from __future__ import annotations

import html
from typing import Any


def rows(log: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """One row for each lesson with exercises: `lesson`, `points`, `of`, the exercises that are still `open`; and
    how many of its `questions` were `answered`, and how many of these were `right` at once."""
    from course_lib import checks
    from course_lib.checks import progress

    told = progress.questions(log)
    return [{**progress.standing(number, log), **_questions(number, told)} for number in checks.lessons()]


def _questions(lesson: str, told: dict[str, str]) -> dict[str, int]:
    from course_lib.show import question

    try:
        names = [f"{lesson}.{name}" for name in question.load(lesson)]
    except LookupError:  # a lesson with exercises, and no question in its lecture
        names = []
    answered = [told[name] for name in names if name in told]
    return {"questions": len(names), "answered": len(answered), "right": answered.count("right")}


def as_text() -> str:
    """The board as text, one line for each lesson."""
    lines = []
    for row in rows():
        full = round(10 * row["points"] / row["of"]) if row["of"] else 0
        nxt = f"next: {row['open'][0].id} {row['open'][0].name}" if row["open"] else "done"
        lines.append(f"{row['lesson']}  {'█' * full}{'·' * (10 - full)}  {row['points']:g}/{row['of']:g}  {nxt}")
    return "\n".join(lines) or "no exercises found"


def as_html(log: list[dict[str, Any]] | None = None) -> str:
    """The board as a table with links to the next open exercises, for a notebook in a folder beside exercises/.

    log  the rows of `progress.read`, unless given; with none the board is that of somebody who begins
    """
    from course_lib.show.course_map import ROOT

    files = {path.name[:2]: path.name for path in sorted((ROOT / "exercises").glob("[0-9][0-9]_*.ipynb"))}
    head = "".join(f'<th scope="col">{name}</th>' for name in ("lesson", "progress", "points", "questions", "next"))
    body = "".join(_row(row, files.get(row["lesson"])) for row in rows(log))
    caption = (
        "<caption>Your points in the exercises (the best check of each), and the questions of the lectures</caption>"
    )
    return f"<table>{caption}<tr>{head}</tr>{body}</table>"


def _row(row: dict[str, Any], file: str | None) -> str:
    lesson, points = row["lesson"], f"{row['points']:g} of {row['of']:g}"
    bar = f'<progress aria-label="lesson {lesson}" max="{row["of"]:g}" value="{row["points"]:g}">{points}</progress>'
    nxt = "done"
    if row["open"]:
        first = row["open"][0]
        nxt = html.escape(f"{first.id} {first.name}")
        nxt = f'<a href="../exercises/{file}#cell-id=answer-{first.name}">{nxt}</a>' if file else nxt
    asked = f"{row['answered']} of {row['questions']}" + (f", {row['right']} right" if row["answered"] else "")
    return f'<tr><th scope="row">{lesson}</th><td>{bar}</td><td>{points}</td><td>{asked}</td><td>{nxt}</td></tr>'


def board() -> None:
    """Show the progress board: points by lesson and the next open exercise; from the local log, nothing is sent."""
    from IPython.display import HTML, display

    display(HTML(as_html()))
