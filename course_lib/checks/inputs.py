"""What the checks of several lessons are made from: inputs on which bugs show, and a squashing function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Entries of size 0.3 to 1.3, either sign: none so small that a bug hides behind it."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 1.3, shape)


def zeroed(args: Sequence[Any], *places: int) -> tuple[Any, ...]:
    """The arguments with zeros in some places: the easy inputs behind which a bug may hide."""
    return tuple(np.zeros_like(a) if k in places else a for k, a in enumerate(args))


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), entry by entry."""
    return 1 / (1 + np.exp(-a))
