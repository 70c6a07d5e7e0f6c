"""The sunspots of the next eleven years, each with an interval: the model that lesson 11 opens with.

Data: `course_lib.data.series.sunspots`. It learns from 1700 to 1955; the score is on forecasts of the years after 1955,
that no training saw. The network reads square roots, so that a large cycle does not outweigh ten small ones.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import training
from course_lib.applications import Application
from course_lib.data import Batch
from course_lib.data.series import sunspots

YEARS = 11  # how far ahead
QUANTILES = (0.05, 0.5, 0.95)
STOP = 256  # the years before are learned from: 1700 to 1955
WINDOW, SKIPPED = 40, 8  # years that one training sequence has, and those at its start that are not judged


def model(seed: int, H: int = 16) -> nn.Module:
    """A GRU and a head with three quantiles for each of the years ahead, untrained."""
    generator = torch.Generator().manual_seed(seed)
    return training.SequenceModel("gru", 1, H, YEARS * len(QUANTILES), generator=generator)


def pinball(outputs: Tensor, batch: Batch) -> Tensor:
    """The pinball loss of quantiles: an error costs q where the value lies above the forecast, 1 - q where below.

    Shapes: outputs (..., YEARS * 3), targets (..., YEARS).
    """
    q = outputs.new_tensor(QUANTILES)
    outputs = outputs.unflatten(-1, (YEARS, len(QUANTILES)))
    error = (batch.targets[..., None] - outputs)[SKIPPED:]  # (T, B, YEARS, 3)
    return torch.maximum(q * error, (q - 1) * error).mean()


@cache
def scale(stop: int = STOP) -> tuple[float, float]:
    """Mean and spread of the square roots of the years before `stop`."""
    roots = np.sqrt(sunspots().values[:stop])
    return float(roots.mean()), float(roots.std())


def scaled(values: np.ndarray, stop: int = STOP) -> np.ndarray:
    """Square roots, with the mean and spread of the training years taken out."""
    mean, spread = scale(stop)
    return (np.sqrt(values) - mean) / spread


def train(network: nn.Module, seed: int, updates: int, stop: int = STOP) -> None:
    """Train in place on windows of the years before `stop`, 32 at a time."""
    rng, x = np.random.default_rng(seed), scaled(sunspots().values[:stop], stop)

    def batch(number: int) -> Batch:
        first = rng.integers(0, stop - WINDOW - YEARS + 1, 32)
        rows = first + np.arange(WINDOW)[:, None]  # (T, B)
        ahead = rows[..., None] + np.arange(1, YEARS + 1)  # (T, B, YEARS)
        return Batch(x[rows][..., None], x[ahead])

    settings = training.Settings(steps=updates, lr=training.cosine(0.01, updates))
    training.fit(network, batch, settings, loss=pinball)


def fans(network: nn.Module, values: np.ndarray, stop: int = STOP) -> np.ndarray:
    """Quantiles of the next years after each value, in sunspots: (n, YEARS, 3), sorted from low to high.

    Raises ValueError unless there are 12 values, none below 0, or more.

    >>> fans(model(0), sunspots().values[:40]).shape
    (40, 11, 3)
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 12 or not (values >= 0).all():
        raise ValueError(f"values: expected 12 or more numbers of sunspots, none below 0, got {values.shape}")
    mean, spread = scale(stop)
    with torch.no_grad():
        out = network(torch.tensor(scaled(values, stop)).float()[:, None, None])[0][:, 0]  # (n, YEARS * 3)
    roots = mean + spread * out.unflatten(-1, (YEARS, len(QUANTILES))).double().numpy()
    return np.sort(np.maximum(roots, 0) ** 2, axis=-1)


def score(network: nn.Module) -> float:
    """Mean error of the middle forecasts, 1 to 11 years ahead, of the years after 1955."""
    values = sunspots().values
    middle = fans(network, values)[:, :, 1]
    errors = [abs(middle[t, k] - values[t + 1 + k]) for t in range(STOP - 1, len(values)) for k in range(YEARS)
              if t + 1 + k < len(values)]  # fmt: skip
    return float(np.mean(errors))


APPLICATION = Application(
    title="Sunspots of the next eleven years, with intervals",
    unit="sunspots off (mean)",
    higher=False,
    model=model,
    train=train,
    score=score,
    updates=200,
    full=1000,
    short=(60, 35.0),
)
