"""Characters of prose: which character comes next in the sentences of Python's documentation.

Lesson 08 asks it which of several sentences is the likelier one, and mends typing errors with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

import numpy as np
import torch
from torch import nn

from course_lib.applications import Application
from course_lib.applications._lines import checked, per_character, surprise
from course_lib.data import Batch, stream_batches
from course_lib.data.prose import prose
from course_lib.data.source_code import ALPHABET, encode
from course_lib.training import SequenceModel, Settings, cosine, fit

T, B = 64, 32


def model(seed: int) -> SequenceModel:
    """Characters as 32 numbers, an LSTM of 160 units with forget bias 1, and a score for each character."""
    V = len(ALPHABET)
    generator = torch.Generator().manual_seed(seed)
    return SequenceModel("lstm", 32, 160, V, vocabulary=V, gate_bias=1.0, generator=generator)


def train(network: nn.Module, seed: int, updates: int) -> None:
    """Adam on the sentences, one a line, in a new order in every pass; the state goes on from window to window."""

    @cache
    def batches(number: int) -> list[Batch]:
        order = np.random.default_rng([seed, number]).permutation(len(prose().train))
        return stream_batches(encode("\n".join(prose().train[i] for i in order)), T, B)

    a_pass = len(batches(0)) - 1  # orders differ in no length, the last window is left out for safety

    def batch(number: int) -> Batch:
        return batches(number // a_pass)[number % a_pass]

    fit(network, batch, Settings(steps=updates, lr=cosine(4e-3, updates), carry=True))


def bits(network: nn.Module, lines: Sequence[str]) -> np.ndarray:
    """The surprise of whole lines in bits, each read by itself from a fresh state, its end included.

    Shapes: n strings -> (n,). Raises ValueError for an empty line, or one with a line break.

    >>> from course_lib.applications import load
    >>> good, bad = bits(load("prose"), ["Return the value.", "Return teh value."])
    >>> bool(good < bad)
    True
    """
    return surprise(network, [encode(f"\n{line}\n") for line in checked(lines)])


APPLICATION = Application(
    title="Characters of Python's documentation",
    unit="bits per character",
    higher=False,
    model=model,
    train=train,
    score=partial(per_character, bits),
    updates=4000,
    full=16000,
    short=(60, 4.3),
)
