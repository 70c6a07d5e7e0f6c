"""`course bench experiments`: how many sequences until the classic tasks are solved, beside what the papers needed.

The networks and the training differ (Adam, clipping, chrono initialisation; the papers of 1997 had none of them): the
ratio tells how far the field has moved, not which code is better. CPU time of one thread is taken as a ratio to the
course's Python loop, which runs before and after each start: a busy machine slows both, torch rather more, so that this
ratio times the fastest loop is an upper estimate for the quiet machine.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable

from course_lib.bench.explorers import python_loop
from course_lib.recipes.experiments import EXPERIMENTS, FILE, Result, Start


def experiment_rows(
    names: Iterable[str] = (), starts: int | None = None, full: bool = False, store: bool = False
) -> list[dict]:
    """Run experiments from several starts; two rows each, median sequences and median CPU seconds.

    A row is {"name", "ours", "theirs", "ratio", "unit", "goal", "notes"}: theirs is the published number (None where
    there is none), ratio = ours / theirs, goal the ratio that the course set itself; of the seconds, theirs is the
    course's goal. Where half of the starts or more are not solved, ours is None.

    names   some experiments; without any, all that need no --full
    starts  how many, in place of each experiment's own number
    store   write what came out into `recipes/experiments.json`, experiment by experiment

    Raises ValueError for an unknown name.
    """
    import torch

    from course_lib.show.bar import bar

    names = list(names) or [name for name, row in EXPERIMENTS.items() if full or not row.full]
    strange = [name for name in names if name not in EXPERIMENTS]
    if strange:
        raise ValueError(f"experiment: expected one of {', '.join(EXPERIMENTS)}, got {strange[0]!r}")
    torch.set_num_threads(1)
    rows, loop = [], python_loop()
    runs = [(name, start) for name in names for start in range(starts or EXPERIMENTS[name].starts)]
    done: dict[str, list[Start]] = {name: [] for name in names}
    for name, start in bar(runs, "starts", delay=0):
        before, run = python_loop(), _run(name, start)
        after = python_loop()
        loop = min(loop, before, after)
        loops = 2 * run.seconds / (before + after)
        done[name].append(Start(run.solved, round(run.score, 4), run.sequences, round(loops, 2)))
        if store and len(done[name]) == (starts or EXPERIMENTS[name].starts):
            loop = _store(name, done[name], loop)
    for name in names:
        rows += result_rows(Result(name, EXPERIMENTS[name], tuple(done[name]), loop))
    return rows


def _run(name: str, start: int):
    from course_lib import recipes

    row = EXPERIMENTS[name]
    run = recipes.guess_weights if row.unit == "guesses" else recipes.run_recipe
    return run(row.recipe, start, **row.changes)


def result_rows(result: Result) -> list[dict]:
    """The two rows of an experiment, with its definition, its paper and what explains a difference."""
    row = result.experiment
    title = f"{result.name}: {row.title}, {result.solved} of {len(result.starts)} starts"
    notes = [row.task, row.paper]
    if not math.isfinite(result.sequences):
        notes.append(f"{result.told}; score {result.score:g}")
    notes += [row.why] if row.why else []
    ours = result.sequences if math.isfinite(result.sequences) else None
    return [
        _row(title, ours, f"{row.unit} (median)", row.published, row.share) | {"notes": []},
        _row("", round(result.seconds, 2), "CPU s, quiet (at most)", row.goal, row.goal and 1) | {"notes": notes},
    ]


def _row(name: str, ours: float | None, unit: str, theirs: float | None, goal: float | None) -> dict:
    ratio = None if theirs is None or ours is None else round(ours / theirs, 4)
    return {"name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": unit, "goal": goal}


def _store(name: str, starts: list[Start], loop: float) -> float:
    """Put one experiment into the file of the stored results; returns the fastest loop of all."""
    from course_lib.bench import machine

    told = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"loop": loop, "machine": {}, "experiments": {}}
    told["loop"] = loop = min(told["loop"], round(loop, 4))
    told["machine"] = machine()
    told["experiments"][name] = [start._asdict() for start in starts]
    told["experiments"] = {key: told["experiments"][key] for key in EXPERIMENTS if key in told["experiments"]}
    FILE.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    print(f"stored {name}", file=sys.stderr, flush=True)
    return loop
