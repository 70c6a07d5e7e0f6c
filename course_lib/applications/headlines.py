"""Headlines for reports of a race, word by word, with attention: a small summary (`course_lib.data.headlines`).

The network is told neither that the largest number wins nor which of two numbers is larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import nn

from course_lib.applications import Application
from course_lib.data import Batch
from course_lib.data.headlines import HEADLINE_WORDS, Reports, reports
from course_lib.data.translations import padded, pair_batch
from course_lib.nn.seq2seq import Decoder, Encoder, Seq2Seq, Written, greedy
from course_lib.training import Settings, cosine, fit, warm_up


def model(seed: int) -> Seq2Seq:
    """Untrained."""
    generator, V = torch.Generator().manual_seed(seed), len(HEADLINE_WORDS)
    return Seq2Seq(
        Encoder(V, 24, 64, generator=generator), Decoder(V, 24, 64, 64, attention="dot", generator=generator)
    )


def train(network: nn.Module, seed: int, updates: int) -> None:
    """Adam with a warm-up and a falling step size, 64 fresh reports at a time."""
    rng = np.random.default_rng([9, seed])

    def batch(number: int) -> Batch:
        texts, headlines = reports(rng, 64)
        return pair_batch(*([HEADLINE_WORDS.encode(text.split()) for text in side] for side in (texts, headlines)))

    fit(network, batch, Settings(steps=updates, lr=warm_up(cosine(8e-3, updates), 20)))


@cache
def held(runners: tuple[int, int] = (3, 6)) -> Reports:
    """500 reports to test with."""
    return reports(np.random.default_rng(1), 500, runners)


def write(network: nn.Module, texts: Sequence[str]) -> Written:
    """What the network writes, greedily, and where it looks. Raises ValueError for a word that reports do not have."""
    ids = padded([HEADLINE_WORDS.encode(text.split()) for text in texts])
    return greedy(network.decoder, network.encoder(torch.tensor(ids)), 6)


def read(network: nn.Module, texts: Sequence[str]) -> list[str]:
    """Headlines of reports."""
    columns = write(network, texts).ids.T.tolist()
    return [" ".join(HEADLINE_WORDS.decode([i]) for i in column if i > 2) for column in columns]


def exact(network: nn.Module) -> float:
    """The share of the held-out reports that get the right headline."""
    return float(np.mean([ours == right for ours, right in zip(read(network, held().reports), held().headlines)]))


APPLICATION = Application(
    title="Headlines for reports of a race",
    unit="exact",
    higher=True,
    model=model,
    train=train,
    score=exact,
    updates=800,
    full=3000,
    short=(200, 0.2),
)
