"""Spoken digits to letters: the recogniser that lesson 10 opens with.

Data: `course_lib.data.speech`. It learns from synthetic voices, put together afresh for every update; the score is on
strings in synthetic voices that no training hears, always the same ones, and `by_voice` says it for people as well.
"""

from __future__ import annotations

import heapq
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import training
from course_lib.applications import Application
from course_lib.data._common import Batch, at_least
from course_lib.data.speech import (
    CLASSES,
    DIGITS,
    MELS,
    Clips,
    error_rate,
    letters,
    log_mel,
    recorded_voices,
    speech_batch,
    synthetic_voices,
    text,
    utterance,
    words,
)

STRIDE = 3  # frames to a step: the network answers every 30 ms


class Recogniser(nn.Module):
    """A convolution that takes STRIDE frames to a step, an LSTM in both directions, and a head on the letters.

        z_k = max(0, W_z [x_{3k-2} ... x_{3k+2}] + b_z)
        h_k = both states of the LSTM at z_k
        y_k = log softmax(W_hy h_k + b_y)

    Call: model(xs) -> (log_probs, None) with xs (T, B, MELS) and log_probs (T', B, CLASSES), T' = T / STRIDE
    rounded up; class 0 is the blank. Every step counts. Raises ValueError for another shape.

    >>> Recogniser(0)(torch.zeros(100, 2, MELS))[0].shape
    torch.Size([34, 2, 17])
    """

    def __init__(self, seed: int, H: int = 96, D: int = 64):
        super().__init__()
        at_least("H", H, 1)
        with torch.random.fork_rng(devices=[]):  # the constructors draw PyTorch's usual weights
            torch.manual_seed(seed)
            self.conv = nn.Conv1d(MELS, D, 5, STRIDE, padding=2)
            self.rnn = nn.LSTM(D, H, bidirectional=True)
            self.head = nn.Linear(2 * H, CLASSES)
            self.drop = nn.Dropout(0.1)  # in training only

    def forward(self, xs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        if xs.ndim != 3 or xs.shape[2] != MELS or 0 in xs.shape:
            raise ValueError(f"xs: expected (T, B, {MELS}), got {tuple(xs.shape)}")
        zs = torch.relu(self.conv(xs.permute(1, 2, 0)))  # (B, D, T')
        hs, _ = self.rnn(self.drop(zs.permute(2, 0, 1)))  # (T', B, 2 H)
        return self.head(self.drop(hs)).log_softmax(2), None


def ctc_loss(log_probs: Tensor, batch: Batch) -> Tensor:
    """-log p(letters | sound) a letter, the mean over the batch: the sum over all alignments, by `torch.nn.CTCLoss`.

    Shapes: log_probs (T', B, CLASSES); batch.targets (B, U), 0 behind the end.
    """
    steps = torch.full((log_probs.shape[1],), len(log_probs))
    return F.ctc_loss(log_probs, batch.targets, steps, (batch.targets > 0).sum(1))


def log_probabilities(model: nn.Module, samples: np.ndarray) -> np.ndarray:
    """What the model says of each step of a sound (N,): (T', CLASSES)."""
    xs = torch.from_numpy(log_mel(samples))[:, None]  # (T, 1, MELS)
    with torch.no_grad():
        return model(xs)[0][:, 0].numpy().astype(float)


def best_path(log_probs: np.ndarray) -> str:
    """The likeliest class of each step, equal neighbours taken together, blanks left out: (T', CLASSES) -> text."""
    ids = log_probs.argmax(1)
    return text(ids[np.append(True, ids[1:] != ids[:-1])])


def transcribe(model: nn.Module, samples: np.ndarray) -> str:
    """Sound (N,) to letters, by the best path."""
    return best_path(log_probabilities(model, samples))


# ---------------------------------------------------------------------------------------------- the lexicon


def best_digits(log_probs: np.ndarray, most: int = 500) -> str:
    """The likeliest string of digits, if nothing else can be said: (T', CLASSES) -> "304", "" for silence.

    A string has the probability of its letters, all alignments together. The search lengthens the likeliest beginning
    first: no string that begins with it can be likelier than the beginning itself, so that the first whole string which
    beats every beginning left is the best of all (prefix search, Graves et al. 2006, section 3.2, over words in place
    of letters). After `most` beginnings the best string found so far is returned.
    """
    ends = np.full((len(log_probs) + 1, 2), -np.inf)  # of the empty string: all blanks
    ends[:, 0] = np.append(0, np.cumsum(log_probs[:, 0]))
    best, answer, open_ones = ends[-1, 0], "", [(0.0, "", ends)]
    for _ in range(most):
        if not open_ones or -open_ones[0][0] <= best:
            break
        _, digits, ends = heapq.heappop(open_ones)
        begins, longer = _lengthened(log_probs, digits, ends)
        for digit in range(10):
            whole = np.logaddexp(*longer[digit, -1])
            if whole > best:
                best, answer = whole, f"{digits}{digit}"
            if begins[digit] > best:
                heapq.heappush(open_ones, (-begins[digit], f"{digits}{digit}", longer[digit]))
    return answer


def _lengthened(log_probs: np.ndarray, digits: str, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each of the ten digits behind a string: log p(the text begins so), (10,), and its ends (10, T'+1, 2).

    Ends [t, 0] and [t, 1]: log p(exactly this string in the first t steps), the last of them a blank, or a letter.
    """
    texts = [letters(f" {word}" if digits else word) for word in DIGITS]
    last, ten = np.array([len(word) for word in texts]), np.arange(10)
    ids = np.zeros((10, last.max()), int)
    for word, row in zip(texts, ids):
        row[: len(word)] = word
    before = letters(words(digits))[-1] if digits else 0
    other = np.column_stack([np.full(10, before), ids[:, :-1]]) != ids  # else a blank has to stand between them
    now = np.full((10, last.max() + 1, 2), -np.inf)  # [digit, letters said so far, blank or letter]
    now[:, 0] = ends[0]
    longer, begun = np.full((10, len(ends), 2), -np.inf), np.full((10, len(ends)), -np.inf)
    for t, y in enumerate(log_probs, 1):
        came = np.logaddexp(now[:, :-1, 0], np.where(other, now[:, :-1, 1], -np.inf)) + y[ids]
        new = np.empty_like(now)
        new[:, 0] = ends[t]
        new[:, 1:, 0] = np.logaddexp(now[:, 1:, 0], now[:, 1:, 1]) + y[0]
        new[:, 1:, 1] = np.logaddexp(came, now[:, 1:, 1] + y[ids])
        begun[:, t], longer[:, t], now = came[ten, last - 1], new[ten, last], new
    return np.logaddexp.reduce(begun, axis=1), longer


# ---------------------------------------------------------------------------------------------- training and score


def fresh(rng: np.random.Generator) -> Batch:
    """16 strings of one to five digits to learn from."""
    return speech_batch(rng, 16)


def settings(updates: int) -> training.Settings:
    """How the stored model was trained: Adam, 50 updates to warm up, then down to 0 along a cosine."""
    warm = min(50, updates // 2)
    schedule = training.warm_up(training.cosine(0.004, updates - warm), warm, start=0.02)
    return training.Settings(steps=updates, lr=schedule)


def train(model: nn.Module, seed: int, updates: int) -> None:
    """Train in place on fresh strings."""
    rng = np.random.default_rng(seed)
    training.fit(model, lambda step: fresh(rng), settings(updates), loss=ctc_loss)


class Utterance(NamedTuple):
    """A held-out string of digits: who says it, what is said ("304"), and the sound (N,)."""

    voice: str
    digits: str
    samples: np.ndarray


def strings(clips: Clips, each: int, seed: int = 10**6) -> list[Utterance]:
    """For every voice `each` strings of one to five digits, always the same ones."""
    rng = np.random.default_rng(seed)
    made = []
    for voice, sounds in clips.items():
        for _ in range(each):
            digits = "".join(map(str, rng.integers(0, 10, rng.integers(1, 6))))
            made.append(Utterance(voice, digits, utterance(rng, digits, sounds)))
    return made


@cache
def held_out(kind: str = "held_out") -> tuple[Utterance, ...]:
    """The strings that the lesson's scores are measured on.

    kind: "held_out", 14 synthetic voices with 15 strings each; "recorded", two people with 100 each.
    """
    return tuple(strings(recorded_voices(), 100) if kind == "recorded" else strings(synthetic_voices(kind), 15))


class Reading(NamedTuple):
    """How well some strings are read: character error rate and exact strings in per cent, by best path and lexicon."""

    errors: float
    exact: float
    exact_lexicon: float


def by_voice(model: nn.Module, kind: str = "held_out", lexicon: bool = True) -> dict[str, Reading]:
    """The score of every voice, and of all of them together under "all". Without the lexicon its share is nan."""
    told = held_out(kind)
    steps = [log_probabilities(model, one.samples) for one in told]
    said = [best_path(each) for each in steps]
    found = [best_digits(each) if lexicon else None for each in steps]
    result = {}
    for voice in ["all", *dict.fromkeys(one.voice for one in told)]:
        rows = [k for k, one in enumerate(told) if voice in ("all", one.voice)]
        right = [words(told[k].digits) for k in rows]
        errors = 100 * error_rate([said[k] for k in rows], right)
        exact = 100 * float(np.mean([said[k] == words(told[k].digits) for k in rows]))
        by_lexicon = 100 * float(np.mean([found[k] == told[k].digits for k in rows])) if lexicon else float("nan")
        result[voice] = Reading(errors, exact, by_lexicon)
    return result


def score(model: nn.Module) -> float:
    """The character error rate on the held-out synthetic voices, in per cent."""
    return by_voice(model, lexicon=False)["all"].errors


APPLICATION = Application(
    title="Spoken digits to letters",
    unit="% character errors",
    higher=False,
    model=Recogniser,
    train=train,
    score=score,
    updates=1600,
    full=4800,
    short=(400, 85.0),
    stored="full",
)
