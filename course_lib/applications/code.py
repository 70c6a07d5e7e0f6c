"""Characters of source code: which character comes next in the modules of Python's own library.

Lesson 08 completes code with it, and looks into its state.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.applications import Application
from course_lib.data import stream_batches
from course_lib.data.source_code import ALPHABET, encode, joined, source_files
from course_lib.training import SequenceModel, Settings, bits, cosine, fit, warm_up
from course_lib.training import score as score_of

T, B, H = 50, 16, 128
V = len(ALPHABET)


@cache
def ids() -> tuple[np.ndarray, np.ndarray]:
    """The training files and the held-out files as ids, each part one long text."""
    files = source_files()
    return encode(joined(files.train)), encode(joined(files.valid))


def model(seed: int) -> SequenceModel:
    """Characters as 32 numbers, an LSTM of 128 units with forget bias 1, and a score for each character."""
    generator = torch.Generator().manual_seed(seed)
    return SequenceModel("lstm", 32, H, V, vocabulary=V, gate_bias=1.0, generator=generator)


def train(network: nn.Module, seed: int, updates: int) -> None:
    """Adam on windows of 50 characters in reading order; the state goes on from window to window."""
    schedule = warm_up(cosine(4e-3, max(updates - 20, 1)), 20)
    fit(network, stream_batches(ids()[0], T, B), Settings(steps=updates, lr=schedule, carry=True))


def score(network: nn.Module) -> float:
    """Bits per character on the held-out files, read as 16 streams."""
    held_out = ids()[1]
    return score_of(network, stream_batches(held_out, (len(held_out) - 1) // 16, 16)[0], bits)


@torch.no_grad()
def log_probabilities(network: nn.Module, string: str) -> np.ndarray:
    """What the network gives each character at each place of a text, in bits, after a line break and all before it.

    Shapes: N characters -> (N + 1, V); the last row is for the character that would follow. ValueError for no string.
    """
    read = np.concatenate([encode("\n"), encode(string)])
    scores = network(torch.from_numpy(read)[:, None])[0][:, 0]  # (N + 1, V)
    return F.log_softmax(scores, 1).numpy() / np.log(2)


def surprise(network: nn.Module, string: str) -> np.ndarray:
    """The surprise of each character of a text in bits, read from a fresh state: (N,).

    >>> from course_lib.applications import load
    >>> usual, odd = (surprise(load("code"), line).sum() for line in ("return self", "return flse"))
    >>> bool(usual < odd)
    True
    """
    return -log_probabilities(network, string)[np.arange(len(string)), encode(string)]


def next_character(network: nn.Module, string: str) -> np.ndarray:
    """The distribution (V,) of the character that follows a text."""
    return 2.0 ** log_probabilities(network, string)[-1]


@torch.no_grad()
def complete(network: nn.Module, string: str, n: int, stop: str = "") -> str:
    """The n characters that follow a text when the likeliest one is taken each time, or up to one of `stop`."""
    scores, state = network(torch.from_numpy(encode("\n" + string))[:, None])
    written = ""
    while len(written) < n:
        best = scores[-1, 0].argmax()
        written += ALPHABET[best]
        if written[-1] in stop:
            break
        scores, state = network(best.view(1, 1), state)
    return written


APPLICATION = Application(
    title="Characters of Python's own library",
    unit="bits per character",
    higher=False,
    model=model,
    train=train,
    score=score,
    updates=6000,
    full=20_000,
    short=(160, 3.7),
)
