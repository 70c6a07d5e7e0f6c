"""The learner's progress: one JSON line for each check, appended to a local file; losing it never breaks a check."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.checks.exercise import Exercise

ROOT = Path(__file__).resolve().parents[2]
Log = list[dict[str, Any]]


def home() -> Path:
    """The folder of the progress file: COURSE_HOME, else `.course` in the course's folder, else in the user's home."""
    if os.environ.get("COURSE_HOME"):
        return Path(os.environ["COURSE_HOME"])
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (folder / "course_lib").is_dir() and (folder / "exercises").is_dir():
            return folder / ".course"
    return Path.home() / ".course"


def record(exercise_id: str, status: str, points: float, misconception: str | None, name: str = "") -> bool:
    """Append one check to the log, and say whether that could be done: a full disk is not the learner's concern."""
    row = {"time": round(time.time()), "id": exercise_id, "name": name, "status": status, "points": points}
    row["key"] = misconception
    try:
        home().mkdir(parents=True, exist_ok=True)
        with (home() / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    except OSError:
        return False
    return True


def read() -> Log:
    """All readable lines of the log, oldest first; torn or foreign lines are passed over."""
    try:
        lines = (home() / "progress.jsonl").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    rows: Log = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("id"), str) and isinstance(row.get("status"), str):
            rows.append(row)
    return rows


def tries(exercise_id: str, misconception: str | None) -> int:
    """How many of the wrong tries that the log ends with had this mistake: each mistake has its own ladder of hints."""
    count = 0
    for row in reversed([r for r in read() if r["id"] == exercise_id]):
        if row["status"] not in ("wrong", "error"):
            break
        count += row.get("key") == misconception
    return count


def earned(task: Exercise, log: Log | None = None) -> float:
    """The best points of an exercise. One that once had its number, under another name, does not count.

    The best and not the latest: whoever breaks a right answer to see what happens loses nothing here.
    log  the rows of `read`, unless given
    """
    points = 0.0
    for row in read() if log is None else log:
        if row["id"] == task.id and row.get("name") in (task.name, "", None):  # older logs tell no name
            points = max(points, min(float(row.get("points") or 0), task.points))
    return points


def standing(lesson: str, log: Log | None = None) -> dict[str, Any]:
    """Where the learner stands in one lesson: `lesson`, `points`, `of`, and `open`, the exercises that lack points."""
    from course_lib import checks

    tasks = checks.lesson(lesson)
    log = read() if log is None else log
    have = {e.id: earned(e, log) for e in tasks}
    return {
        "lesson": lesson,
        "points": sum(have.values()),
        "of": sum(e.points for e in tasks),
        "open": [e for e in tasks if have[e.id] < e.points],
    }


def way_on(lesson: str) -> str:
    """What a learner reads after a right answer: the points of the lesson, and what comes next."""
    row = standing(lesson)
    if row["open"]:
        nxt = f"Next: {row['open'][0].id} {row['open'][0].name}"
        return f"Lesson {lesson}: {row['points']:g} of {row['of']:g} points. {nxt}"
    following = [name for name in lectures() if name[:2] > lesson]
    return f"Lesson {lesson} is done" + (f": on to notebooks/{following[0]}" if following else "")


def lectures() -> list[str]:
    """The file names of the lectures, in their order."""
    return sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def kept() -> bool:
    """Whether there is a place where progress is kept: none while notebooks are built."""
    return home() != Path(os.devnull)


def questions(log: Log | None = None) -> dict[str, str]:
    """The first answer to each quiz that was locked, "right" or "wrong", by its name ("01.pulse")."""
    found: dict[str, str] = {}
    for row in read() if log is None else log:
        kind, _, name = row["id"].partition(" ")
        if kind == "quiz":
            found.setdefault(name, row["status"])
    return found
