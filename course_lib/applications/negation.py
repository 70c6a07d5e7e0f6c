"""The opinion of a sentence, good or bad, read from both ends: the model that lesson 13 opens with.

Data: `course_lib.data.negation`; training sentences are drawn afresh, the score is on 1,000 pairs of held-out templates
and held-out words, always the same ones.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from course_lib import training
from course_lib.applications import Application
from course_lib.data._common import Batch, at_least
from course_lib.data.negation import PLAIN, ROW, opinion_batch, opinion_pairs, tokens, word_rows


class Opinion(nn.Module):
    """An LSTM in one or two directions, and a head on the state in which each direction has ended.

        h_n = the forward state after the last word, and the backward state after the first one
        y = W_hy h_n + b_y

    Call: model(xs) -> (y, None) with xs (T, B, ROW), where a row of zeros is a pad, and y (B, 2). Raises ValueError for
    another shape or a sentence without a word.

    >>> model = Opinion(0)
    >>> model(torch.tensor(opinion_batch([("it was not bad", 1), ("bad", 0)]).xs).float())[0].shape
    torch.Size([2, 2])
    """

    def __init__(self, seed: int, H: int = 16, bidirectional: bool = True):
        super().__init__()
        at_least("H", H, 1)
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.rnn = nn.LSTM(ROW, H, bidirectional=bidirectional)
            self.head = nn.Linear(H * (1 + bidirectional), 2)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5, generator=generator)

    def forward(self, xs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        if xs.ndim != 3 or xs.shape[2] != ROW:
            raise ValueError(f"xs: expected (T, B, {ROW}), got {tuple(xs.shape)}")
        lengths = (xs != 0).any(2).sum(0)  # (B,)
        if len(lengths) == 0 or lengths.min() < 1:
            raise ValueError("xs: expected at least one word in each sentence, got a sentence of pads")
        _, (h_n, _) = self.rnn(pack_padded_sequence(xs, lengths, enforce_sorted=False))
        return self.head(torch.cat([*h_n], dim=1)), None  # (B, 2)


def share_good(model: nn.Module, text: str) -> float:
    """How sure the model is that a sentence is meant well: a probability.

    A word without a rating that the grammar does not know is read as "some other word". Raises ValueError for what is
    no text, or has no word.

    >>> 0 < share_good(Opinion(0), "it was not bad") < 1
    True
    """
    xs = torch.tensor(word_rows(tokens(text))).float()[:, None]  # (T, 1, ROW)
    with torch.no_grad():
        return float(model(xs)[0].softmax(1)[0, 1])


def train(model: nn.Module, seed: int, updates: int) -> None:
    """Train in place on fresh sentences: 12 minimal pairs and 4 plain opinions with their denials an update."""
    rng = np.random.default_rng(seed)
    settings = training.Settings(steps=updates, lr=training.cosine(0.01, updates))
    training.fit(model, lambda step: fresh(rng), settings)


def fresh(rng: np.random.Generator) -> Batch:
    """32 sentences to learn from."""
    told = opinion_pairs(rng, 12) + opinion_pairs(rng, 4, frames=PLAIN)
    return answers_only(opinion_batch(told))


def answers_only(batch: Batch) -> Batch:
    """The batch without its mask: the model finds the ends of the sentences itself."""
    return Batch(batch.xs, batch.targets)


@cache
def held_out() -> Batch:
    """The 1,000 pairs that every score of the lesson is measured on."""
    return answers_only(opinion_batch(opinion_pairs(np.random.default_rng(10**6), 1000, held_out=True)))


def score(model: nn.Module) -> float:
    """Share of the held-out sentences that are told right, in per cent."""
    return 100 * training.score(model, held_out(), training.accuracy)


APPLICATION = Application(
    title="Good or bad: sentences in which not decides",
    unit="% right",
    higher=True,
    model=Opinion,
    train=train,
    score=score,
    updates=1500,
    full=4000,
    short=(120, 65.0),
)
