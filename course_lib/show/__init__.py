"""What the lessons show: figures with alt text, quizzes, explorers. `from course_lib.show import show, quiz, explore`.

Loads matplotlib and ipywidgets only when something is first shown.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.show.explorer import explore
    from course_lib.show.figure import show, style
    from course_lib.show.progress_board import board
    from course_lib.show.question import predict, quiz

__all__ = ["board", "explore", "predict", "quiz", "show", "style"]

_HOMES = {
    "board": "progress_board",
    "explore": "explorer",
    "predict": "question",
    "quiz": "question",
    "show": "figure",
    "style": "figure",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
