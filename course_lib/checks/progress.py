"""The learner's progress: one JSON line for each check, appended to a local file; losing it never breaks a check."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any


def home() -> Path:
    """The folder of the progress file: COURSE_HOME, else `.course` in the course's folder, else in the user's home."""
    if os.environ.get("COURSE_HOME"):
        return Path(os.environ["COURSE_HOME"])
    for folder in [Path.cwd(), *Path.cwd().parents]:
        if (folder / "course_lib").is_dir() and (folder / "exercises").is_dir():
            return folder / ".course"
    return Path.home() / ".course"


def record(exercise_id: str, status: str, points: float, misconception: str | None) -> None:
    """Append one check to the log; a full or read-only disk is not the learner's concern."""
    row = {"time": round(time.time()), "id": exercise_id, "status": status, "points": points, "key": misconception}
    try:
        home().mkdir(parents=True, exist_ok=True)
        with (home() / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    except OSError:
        pass


def read() -> list[dict[str, Any]]:
    """All readable lines of the log, oldest first; torn or foreign lines are passed over."""
    try:
        lines = (home() / "progress.jsonl").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    rows = []
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


def points() -> dict[str, float]:
    """The latest points of each exercise that was ever checked."""
    return {row["id"]: float(row.get("points") or 0) for row in read()}
