"""`course bench tasks`: how many sequences until the classic long-lag tasks are solved.

Beside each figure stands the one that the paper of 1997 published for its LSTM. The networks and the training differ
(Adam, clipping, chrono initialisation; the paper had none of them): the ratio tells how far the field has moved, not
which code is better. "adding" is the easier modern form of the paper's task, "adding_1997" the paper's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

#: Sequences until solved, T = 100, in Hochreiter & Schmidhuber 1997 §5.4 (adding) and §5.6 (temporal order, task 6a).
PUBLISHED = {"adding": 74_000, "adding_1997": 74_000, "temporal_order": 31_390}

#: What this course set itself: the median number of sequences may not be above.
GOALS = {"adding": 15_000, "temporal_order": 8_000, "copy": 350_000}

NAMES = ("adding", "adding_1997", "temporal_order", "first_symbol", "copy")


def task_rows(seeds: int | Iterable[int] = 5, names: Iterable[str] = NAMES) -> list[dict]:
    """Run every recipe from several seeds; two rows per task, median sequences and median CPU seconds.

    A row is {"name", "ours", "theirs", "ratio", "unit", "goal"}: theirs is the published figure (None where there is
    none), ratio = ours / theirs, goal the ratio that the course set itself. The name says how many seeds were solved;
    a seed that was not counts with the sequences it used, so the median is then a lower bound. One thread.
    """
    import torch

    from course_lib.recipes import RECIPES, run_recipe

    torch.set_num_threads(1)
    seeds = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    if not seeds:
        raise ValueError("seeds: expected at least one, got none")
    rows = []
    for name in names:
        runs = [run_recipe(name, seed) for seed in seeds]
        solved = sum(run.solved for run in runs)
        title = f"{RECIPES[name].title}, {solved} of {len(runs)} seeds solved"
        if name in GOALS and name not in PUBLISHED:
            title += f" (wanted: at most {GOALS[name]:,})"
        sequences, seconds = (median(getattr(run, what) for run in runs) for what in ("sequences", "seconds"))
        rows.append(_row(title, sequences, "sequences (median)", PUBLISHED.get(name), GOALS.get(name)))
        rows.append(_row(title, round(seconds, 2), "CPU s (median)"))
    return rows


def _row(name: str, ours: float, unit: str, theirs: float | None = None, goal: float | None = None) -> dict:
    ratio, goal = (None, None) if theirs is None else (round(ours / theirs, 3), goal and round(goal / theirs, 3))
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": unit, "goal": goal}
