"""Tunes note by note: which note comes next, and how long it is, in reels, hornpipes and jigs of 1883.

Data: `course_lib.data.music`, all tunes moved to G; whole families of tunes are held out. Lesson 12 builds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.applications import Application
from course_lib.data import Batch, music
from course_lib.training import Settings, cosine, fit
from course_lib.training import score as scored

B = 16  # tunes in an update
TICKS = np.array([0, *(music.spelled(id)[1] for id in range(1, music.V))])  # the length of each symbol


class TuneModel(nn.Module):
    """Embeddings of a symbol and of the place in the bar that comes next, an LSTM, and a score for each symbol.

        x_t = [E[symbol_t], P[place_t+1]],  h_t = LSTM(x_t, h_t-1),  y_t = W_hy h_t + b_y

    Call: model(xs, state=None) -> (scores, state) with xs (T, B, 2) whole numbers and scores (T, B, V). In training a
    share `dropout` of the inputs and of the states that the head reads is set to zero.

    >>> model = TuneModel(0)
    >>> model(torch.from_numpy(music.rows(music.read_abc("GABc"))[:, None]))[0].shape
    torch.Size([6, 1, 393])
    """

    def __init__(self, seed: int, H: int = 96, D: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # the constructors draw weights that are replaced below
            self.symbols, self.places = nn.Embedding(music.V, D), nn.Embedding(music.PLACES, D // 4)
            self.rnn, self.head = nn.LSTM(D + D // 4, H), nn.Linear(H, music.V)
        for table in (self.symbols, self.places):
            nn.init.normal_(table.weight, generator=generator)
        for parameter in (*self.rnn.parameters(), *self.head.parameters()):
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5, generator=generator)
        self.dropout, self.generator = dropout, torch.Generator().manual_seed(seed)

    def forward(self, xs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        if xs.ndim != 3 or xs.shape[2] != 2 or xs.is_floating_point():
            raise ValueError(f"xs: expected (T, B, 2) symbols and places, got {tuple(xs.shape)} {xs.dtype}")
        inputs = torch.cat([self.symbols(xs[..., 0]), self.places(xs[..., 1])], 2)
        hs, state = self.rnn(dropped(self, inputs), state)  # (T, B, H)
        return self.head(dropped(self, hs)), state


def dropped(model: nn.Module, values: Tensor) -> Tensor:
    """In training a share `model.dropout` of the values is set to zero, drawn from `model.generator`."""
    if not model.training or not model.dropout:
        return values
    kept = torch.rand(values.shape, generator=model.generator) >= model.dropout
    return values * kept / (1 - model.dropout)


def train(model: nn.Module, seed: int, updates: int, lr: float = 0.01) -> None:
    """Train in place on whole tunes, B at a time, drawn with equal odds, with steps that begin at `lr`."""
    rng, learned = np.random.default_rng(seed), music.split()[0]
    settings = Settings(steps=updates, lr=cosine(lr, updates))
    fit(model, lambda step: music.tune_batch([learned[i] for i in rng.integers(0, len(learned), B)]), settings)


@cache
def held_out() -> Batch:
    """The tunes that the scores are measured on; the settings were chosen on others."""
    return music.tune_batch(music.split()[2])


def score(model: nn.Module) -> float:
    """Nats per symbol on the held-out tunes: notes, pitch and length together, and ends of parts."""
    return scored(model, held_out())


@torch.no_grad()
def surprise(model: nn.Module, tune: music.Tune) -> np.ndarray:
    """The surprise at each symbol of a tune in nats, (N,): notes, and the end of each part."""
    rows = torch.from_numpy(music.rows(tune))
    scores, _ = model(rows[:-1, None])
    return F.cross_entropy(scores[:, 0], rows[1:, 0], reduction="none").numpy()


@torch.no_grad()
def write(
    model: nn.Module,
    rng: np.random.Generator,
    count: int,
    temperature: float = 1.0,
    metre: str = "4/4",
    upbeat: int = 12,
    beginning: music.Tune | None = None,
    parts: int = 2,
    longest: int = 160,
) -> list[music.Tune]:
    """Tunes that the model writes, each until it has ended `parts` parts or has `longest` symbols.

    count        how many, side by side
    temperature  scores are divided by it; 0 takes the largest one
    metre        "4/4" or "6/8"; `upbeat`, the ticks in front of the first bar of each part
    beginning    a tune to go on with: its key, metre and upbeat are kept

    Without a beginning a tune is written in G. Raises ValueError for a negative temperature.
    """
    if beginning is not None:
        metre, upbeat = beginning.metre, -beginning.parts[0][0].place % music.METRES[beginning.metre]
    first = -upbeat % music.METRES[metre]  # the place of a part's first note
    if beginning is None:
        begun, at, shift = np.array([[music.END, music.place_of(first, metre)]]), np.full(count, first), 0
    else:
        begun, last, shift = music.rows(beginning)[:-1], beginning.notes[-1], beginning.shift  # without its last END
        at = np.full(count, last.place + last.ticks)
    rows = torch.from_numpy(np.repeat(begun[:, None], count, 1))  # (T, count, 2)
    ids, state, ended = [], None, np.zeros(count, int)
    while len(ids) < longest and (ended < parts).any():
        scores, state = model(rows, state)
        chosen = drawn(scores[-1].numpy(), temperature, rng)
        ids.append(chosen)
        ended += chosen == music.END
        at = np.where(chosen == music.END, first, at + TICKS[chosen])
        places = [music.place_of(int(ticks), metre) for ticks in at]
        rows = torch.from_numpy(np.array([chosen, places]).T[None])
    typed = begun[1:, 0].tolist()
    return [music.to_tune([*typed, *_until(column, parts)], metre, first, shift) for column in np.array(ids).T]


def drawn(scores: np.ndarray, temperature: float, rng: np.random.Generator) -> np.ndarray:
    """One symbol for each row of scores (n, V), by their softmax at a temperature; at 0 the largest."""
    if temperature < 0:
        raise ValueError(f"temperature: expected 0 or more, got {temperature}")
    if temperature == 0:
        return scores.argmax(1)
    p = np.exp((scores - scores.max(1, keepdims=True)) / temperature, dtype=np.float64)
    reached = np.cumsum(p, 1)
    return (reached < rng.random((len(scores), 1)) * reached[:, -1:]).sum(1)


def _until(ids: Sequence[int], parts: int) -> list[int]:
    """The symbols up to the end of so many parts."""
    ends = np.flatnonzero(np.asarray(ids) == music.END)
    return list(ids[: ends[parts - 1] + 1]) if len(ends) >= parts else list(ids)


APPLICATION = Application(
    title="The next note of a tune: reels, hornpipes and jigs",
    unit="nats per note",
    higher=False,
    model=TuneModel,
    train=train,
    score=score,
    updates=1000,
    full=3000,
    short=(60, 3.2),
)
