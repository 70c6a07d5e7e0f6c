"""Tunes note by note once more, by a network that looks back: two Transformer blocks, told the time and not the number.

Data and score are those of `course_lib.applications.tunes` (lesson 12); lesson 14 compares the two.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from course_lib.applications import Application
from course_lib.applications.tunes import TICKS, dropped, score, train
from course_lib.data import music
from course_lib.nn.transformer import Block

BAR = 96  # ticks in a bar of 4/4
PERIODS = BAR * 2.0 ** torch.arange(-4, 4)  # the clock's hands: from six ticks for one turn to eight bars


class TuneLooker(nn.Module):
    """Embeddings of a symbol and of the place in the bar that comes next, two clocks, blocks that look, scores.

        x_t = [E[symbol_t], P[place_t+1]] + W [clock(end of t), clock(begin of t)]

    clock(s) has the sine and the cosine of 2 pi s / p for each period p, s in ticks since the tune began. What stood
    four bars before the next note began at a fixed distance in ticks, however many notes there are between.

    Call: model(xs, state=None) -> (scores, state) with xs (T, B, 2) whole numbers and scores (T, B, V); the state
    has the caches of the blocks, (S, B, D) each, and last the ticks so far, (1, B).

    >>> model = TuneLooker(0)
    >>> model(torch.from_numpy(music.rows(music.read_abc("GABc"))[:, None]))[0].shape
    torch.Size([6, 1, 393])
    """

    def __init__(self, seed: int, D: int = 64, N: int = 4, L: int = 2, dropout: float = 0.2) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.symbols, self.places = nn.Embedding(music.V, 3 * D // 4), nn.Embedding(music.PLACES, D // 4)
            self.clocks = nn.Linear(4 * len(PERIODS), D)
            self.blocks = nn.ModuleList(Block(D, N, 2 * D) for _ in range(L))
            self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, music.V)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5, generator=generator)
            elif "norm" not in name:
                nn.init.zeros_(parameter)
        self.dropout, self.generator = dropout, torch.Generator().manual_seed(seed)

    def forward(self, xs: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        if xs.ndim != 3 or xs.shape[2] != 2 or xs.is_floating_point():
            raise ValueError(f"xs: expected (T, B, 2) symbols and places, got {tuple(xs.shape)} {xs.dtype}")
        *past, before = state or [*[None] * 2 * len(self.blocks), torch.zeros(1, xs.shape[1])]
        ticks = torch.from_numpy(TICKS)[xs[..., 0]].float()
        ends = before + ticks.cumsum(0)  # (T, B): when the next note begins
        told = torch.cat([self.symbols(xs[..., 0]), self.places(xs[..., 1])], 2)
        hs = dropped(self, told + self.clocks(torch.cat([_clock(ends), _clock(ends - ticks)], 2)))
        caches = []
        for i, block in enumerate(self.blocks):
            hs, cache = block(hs, None if past[2 * i] is None else (past[2 * i], past[2 * i + 1]))
            caches += cache
        return self.head(dropped(self, self.norm(hs))), (*caches, ends[-1:])


def _clock(ticks: Tensor) -> Tensor:
    """(T, B) ticks -> (T, B, 2 periods)."""
    angles = 2 * math.pi * ticks[..., None] / PERIODS
    return torch.cat([angles.sin(), angles.cos()], 2)


APPLICATION = Application(
    title="The next note of a tune, looked up: the data of `tunes`, a Transformer",
    unit="nats per note",
    higher=False,
    model=TuneLooker,
    train=partial(train, lr=0.004),
    score=score,
    updates=1000,
    full=3000,
    short=(60, 3.5),
)
