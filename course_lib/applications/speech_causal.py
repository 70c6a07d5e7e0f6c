"""Spoken digits to letters while they are spoken: the recogniser that lesson 10 lets listen in pieces.

It never looks ahead: an LSTM in one direction, frames in threes, and features with the mean so far in place of the mean
of a whole utterance, which is not known before its end. Data and score are those of `speech`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import training
from course_lib.applications import Application
from course_lib.applications.speech import best_path, ctc_loss, held_out, settings
from course_lib.data import speech as data
from course_lib.data._common import Batch, at_least

STRIDE = 3  # frames to a step
LEVEL = 7.0  # the energy of a filter that is usual, in speech with its pauses
LOUD = 0.1  # of that level: from here on a frame counts in full
USUAL, PRIOR = -2.5, 50.0  # the mean to begin with, and how many frames it stands for
SPREAD = 3.0  # of the logarithms


class Mean(NamedTuple):
    """The mean of each filter's logarithms so far: their sum (MELS,), and how many frames have gone into it."""

    total: np.ndarray
    count: float


FIRST = Mean(np.full(data.MELS, PRIOR * USUAL), PRIOR)  # as if the usual had been heard for half a second


def steady(energies: np.ndarray, mean: Mean = FIRST) -> tuple[np.ndarray, Mean]:
    """What the filters let through to features, with what has been heard so far: (T, MELS) -> (T, MELS) float32.

    log(energy / LEVEL + FLOOR) minus its mean in the frames up to this one, over SPREAD. Frames count towards the mean
    as far as they are loud, since silence says nothing about a voice. No frame depends on a later one.
    """
    logs = np.log(energies / LEVEL + data.FLOOR)
    loud = np.minimum(energies.mean(1, keepdims=True) / (LOUD * LEVEL), 1)  # (T, 1)
    totals, counts = mean.total + np.cumsum(loud * logs, axis=0), mean.count + np.cumsum(loud, axis=0)
    last = Mean(totals[-1], float(counts[-1, 0])) if len(logs) else mean
    return ((logs - totals / counts) / SPREAD).astype(np.float32), last


class Carried(NamedTuple):
    """What is kept from one piece of sound to the next.

    samples  those that a later frame still needs, (n,);  frames  less than STRIDE, that wait for a step, (t, MELS)
    mean     of the features so far;  last  the STRIDE frames before, (STRIDE, 1, MELS);  state  of the LSTM
    """

    samples: np.ndarray
    frames: np.ndarray
    mean: Mean
    last: Tensor | None
    state: tuple[Tensor, Tensor] | None


NOTHING = Carried(np.zeros(0, np.float32), np.zeros((0, data.MELS), np.float32), FIRST, None, None)


class CausalRecogniser(nn.Module):
    """A convolution over STRIDE frames and the STRIDE before them, an LSTM that reads forward, a head on the letters.

        z_k = max(0, W_z [x_{3k-3} ... x_{3k+2}] + b_z)
        h_k = the state of the LSTM at z_k
        y_k = log softmax(W_hy h_k + b_y)

    Call: model(xs, state=None) -> (log_probs, state) with xs (T, B, MELS) and log_probs (T', B, CLASSES), T' = T /
    STRIDE rounded down; what is left over is not read. The state is (last frames, state of the LSTM). Raises
    ValueError for another shape.

    >>> CausalRecogniser(0)(torch.zeros(100, 2, data.MELS))[0].shape
    torch.Size([33, 2, 17])
    """

    def __init__(self, seed: int, H: int = 144, D: int = 64):
        super().__init__()
        at_least("H", H, 1)
        with torch.random.fork_rng(devices=[]):  # the constructors draw PyTorch's usual weights
            torch.manual_seed(seed)
            self.conv = nn.Conv1d(data.MELS, D, 2 * STRIDE, STRIDE)
            self.rnn = nn.LSTM(D, H)
            self.head = nn.Linear(H, data.CLASSES)

    def forward(
        self, xs: Tensor, state: tuple[Tensor | None, tuple[Tensor, Tensor] | None] | None = None
    ) -> tuple[Tensor, tuple[Tensor, tuple[Tensor, Tensor]]]:
        if xs.ndim != 3 or xs.shape[2] != data.MELS or xs.shape[0] < STRIDE or xs.shape[1] == 0:
            raise ValueError(f"xs: expected (T, B, {data.MELS}) with T >= {STRIDE}, got {tuple(xs.shape)}")
        last, inner = state or (None, None)
        xs = xs[: len(xs) // STRIDE * STRIDE]
        before = torch.zeros_like(xs[:STRIDE]) if last is None else last
        both = torch.cat([before, xs])
        zs = torch.relu(self.conv(both.permute(1, 2, 0)))  # (B, D, T')
        hs, inner = self.rnn(zs.permute(2, 0, 1), inner)  # (T', B, H)
        return self.head(hs).log_softmax(2), (both[-STRIDE:], inner)


def listen(model: nn.Module, piece: np.ndarray, carried: Carried = NOTHING) -> tuple[np.ndarray, Carried]:
    """The steps that a piece of sound (N,) completes, (K, CLASSES) with K >= 0, and what the next piece needs.

    All pieces together give what the whole gives, wherever it is cut. The work goes with the piece, and what is kept
    does not grow.
    """
    samples = np.concatenate([carried.samples, piece])
    full = max(0, (len(samples) - data.WINDOW) // data.HOP + 1)  # frames that are complete
    ready, mean = carried.frames, carried.mean
    if full:
        new, mean = steady(data.mel_energies(samples[: (full - 1) * data.HOP + data.WINDOW]), mean)
        ready = np.concatenate([ready, new])
    used = len(ready) // STRIDE * STRIDE
    rest = (samples[full * data.HOP :], ready[used:], mean)
    if not used:
        return np.zeros((0, data.CLASSES)), Carried(*rest, carried.last, carried.state)
    with torch.no_grad():
        said, (last, state) = model(torch.from_numpy(ready[:used])[:, None], (carried.last, carried.state))
    return said[:, 0].numpy().astype(float), Carried(*rest, last, state)


def fresh(rng: np.random.Generator) -> Batch:
    """16 strings of one to five digits to learn from: the clips as they are, some louder and some quieter.

    In so short a training more augmentation costs more than it gives: lesson 10 measures it.
    """
    return data.speech_batch(
        rng, 16, augment=("level",), features=lambda energies: steady(energies * np.exp(rng.normal(0, 0.7)))[0]
    )


def train(model: nn.Module, seed: int, updates: int) -> None:
    """Train in place on fresh strings."""
    rng = np.random.default_rng(seed)
    training.fit(model, lambda step: fresh(rng), settings(updates), loss=ctc_loss)


def by_kind(model: nn.Module, kind: str = "held_out") -> float:
    """The character error rate, in per cent, on the strings `held_out(kind)`, by best path."""
    told = held_out(kind)
    said = [best_path(listen(model, one.samples)[0]) for one in told]
    return 100 * data.error_rate(said, [data.words(one.digits) for one in told])


def score(model: nn.Module) -> float:
    """The character error rate on the held-out synthetic voices, in per cent."""
    return by_kind(model)


APPLICATION = Application(
    title="Spoken digits to letters, while they are spoken",
    unit="% character errors",
    higher=False,
    model=CausalRecogniser,
    train=train,
    score=score,
    updates=1600,
    full=3600,
    short=(300, 50.0),
)
