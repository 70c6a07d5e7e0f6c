"""The finished models that lessons open with: their weights are stored, and `course train NAME` makes them again.

An application is a module here with `APPLICATION`. Beside it lie NAME.npz, the weights of seed 0 in half precision, and
NAME.json, what they were made with: updates, the held-out score of each seed, versions. The weights are those of
`course train NAME`, or of `course train NAME --full` where the application says so. A score is that of the rounded
weights; on another Python it can differ where the data come with Python.
"""

from __future__ import annotations

import importlib
import json
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from torch import nn

FOLDER = Path(__file__).parent
LARGEST = 300_000  # bytes of a stored model


@dataclass(frozen=True)
class Application:
    """A model with a task: how it is built, trained and judged on held-out data.

    title    what it does, for people
    unit     of the score; `higher` says whether more of it is better
    model    seed -> the untrained model
    train    (model, seed, updates): trains it in place
    score    the held-out score, the same for the same weights
    updates  of `course train NAME`; `full` of `course train NAME --full`
    short    a test's run: updates, and the score that seed 0 has to reach with them
    stored   whose weights are stored: those of the "default" run, or of the "full" one
    """

    title: str
    unit: str
    higher: bool
    model: Callable[[int], nn.Module]
    train: Callable[[nn.Module, int, int], None]
    score: Callable[[nn.Module], float]
    updates: int
    full: int
    short: tuple[int, float]
    stored: Literal["default", "full"] = "default"


def names() -> list[str]:
    """The applications of the course."""
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def application(name: str) -> Application:
    """An application by its name; ValueError for a name that is none."""
    if name not in names():
        raise ValueError(f"expected one of {', '.join(names())}, got {name!r}")
    return importlib.import_module(f"{__name__}.{name}").APPLICATION


def record(name: str) -> dict[str, Any]:
    """What a stored model was made with: "updates", "runs" (a seed and its score each), "full", "versions", "unit"."""
    application(name)
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def load(name: str) -> nn.Module:
    """The stored model, ready for use; ValueError for a name that is none."""
    model = application(name).model(0)
    with np.load(FOLDER / f"{name}.npz") as weights:
        model.load_state_dict({key: _tensor(weights[key]) for key in weights.files})
    return model.eval()


def train(name: str, seeds: Iterable[int], full: bool = False, folder: Path = FOLDER) -> dict[str, Any]:
    """Train one model a seed, store the weights of the first one and the record of all; returns the record.

    The scores stand under "runs", with `full` under "full"; of the other run, the one that is not `stored`, nothing but
    the scores is kept. Raises ValueError for an unknown name or a model that is too large to be stored.
    """
    made = application(name)
    updates, kept, runs = made.full if full else made.updates, None, []
    for seed in seeds:
        model = made.model(seed)
        made.train(model, seed, updates)
        halved = {key: value.detach().numpy().astype(np.float16) for key, value in model.state_dict().items()}
        kept = kept or halved
        model.load_state_dict({key: _tensor(value) for key, value in halved.items()})
        runs.append({"seed": seed, "updates": updates, "score": round(made.score(model.eval()), 4)})
        print(f"{name}: seed {seed}, {updates} updates, {runs[-1]['score']} {made.unit} on held-out data", flush=True)
    path = folder / f"{name}.json"
    told = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if full == (made.stored == "full"):
        _store(folder / f"{name}.npz", kept or {})
        versions = {"python": platform.python_version(), "numpy": version("numpy"), "torch": version("torch")}
        told["versions"] = {key: value.split("+")[0] for key, value in versions.items()}
    told |= {"full": runs} if full else {"updates": updates, "runs": runs}
    told = {"title": made.title, "unit": made.unit, "updates": made.updates, "runs": [], "full": [], **told}
    path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return told


def _tensor(half: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(half.astype(np.float32))


def _store(path: Path, weights: dict[str, np.ndarray]) -> None:
    whole = path.with_suffix(".part.npz")
    np.savez_compressed(whole, **weights)
    if (size := whole.stat().st_size) > LARGEST:
        whole.unlink()
        raise ValueError(f"{path.name}: expected at most {LARGEST} bytes, got {size}: take a smaller model")
    whole.replace(path)
