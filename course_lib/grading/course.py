"""The course that is graded: its lessons, their exercises, and the published notebooks that answers are put into."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from course_lib.checks.exercise import Exercise
from course_lib.grading.notebook import Cell, read


@dataclass(frozen=True)
class Assignment:
    """The course's own notebook of one lesson: number, cells, and its exercises in order."""

    number: str
    stem: str
    cells: tuple[Cell, ...]
    exercises: tuple[Exercise, ...]

    @property
    def max_points(self) -> float:
        """The points of all exercises together."""
        return sum(e.points for e in self.exercises)


@dataclass(frozen=True)
class Course:
    """Where the course's notebooks and checks are: a folder with solutions/ (or exercises/) and perhaps checks/."""

    root: Path

    @classmethod
    def here(cls) -> Course:
        """The course that this package belongs to, else that of this folder; FileNotFoundError when there is none."""
        own = Path(__file__).resolve().parents[2]
        for root in [own, *here_and_above()]:
            if any((root / folder).is_dir() for folder in ("solutions", "exercises")):
                return cls(root)
        raise FileNotFoundError(f"{own}: no solutions/ and no exercises/ here; name the course with --course DIR")

    def notebooks(self) -> dict[str, Path]:
        """Lesson number → its notebook, from solutions/, else from exercises/; lessons without checks are left out."""
        found: dict[str, Path] = {}
        for folder in ("exercises", "solutions"):
            for path in sorted((self.root / folder).glob("[0-9][0-9]_*.ipynb")):
                if "." not in path.stem and self.exercises(path.name[:2]):  # not a learner's 01_name.old.ipynb
                    found[path.name[:2]] = path
        return dict(sorted(found.items()))

    def exercises(self, number: str) -> tuple[Exercise, ...]:
        """The exercises of a lesson, from the course's own checks/ folder, else from `course_lib.checks`."""
        return _exercises(self.root, number)

    def assignments(self) -> list[Assignment]:
        """All lessons that can be graded."""
        return [_assignment(self.root, number, path) for number, path in self.notebooks().items()]


def here_and_above() -> list[Path]:
    """The current folder and those that it lies in; none where it was deleted."""
    try:
        return [Path.cwd(), *Path.cwd().parents]
    except OSError:
        return []


@cache
def _exercises(root: Path, number: str) -> tuple[Exercise, ...]:
    path = root / "checks" / f"lesson_{number}.py"
    if (root / "checks").is_dir():
        if not path.is_file():
            return ()
        spec = importlib.util.spec_from_file_location(f"course_checks_lesson_{number}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return tuple(replace(e, folder=root / "solutions") for e in module.EXERCISES)
    from course_lib import checks

    return checks.lesson(number) if number in checks.lessons() else ()


@cache
def _assignment(root: Path, number: str, path: Path) -> Assignment:
    cells = read(path).cells
    count = Counter(c.id for c in cells)  # an id that is there twice names nothing
    cells = tuple(replace(c, id="") if count[c.id] > 1 else c for c in cells)
    return Assignment(number, path.stem, cells, _exercises(root, number))
