"""Captions for pictures of four drawn digits: an encoder of quarters in the place of an encoder of words.

Trained on pictures in which some pairs of digits never stand side by side, tested on pictures of those pairs only
(`course_lib.data.captions`).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.applications import Application
from course_lib.data import Batch
from course_lib.data.captions import CAPTION_WORDS, Captioned, caption_batch, captioned_digits, quarters, said
from course_lib.nn.seq2seq import Decoder, Memory, greedy
from course_lib.training import Settings, cosine, fit, warm_up

STEPS = 13  # the longest caption has eleven words and its end


class QuarterEncoder(nn.Module):
    """Two layers read each quarter, the same for all four; a learned vector says which of the four it is.

        h_j = tanh(W_2 relu(W_1 x_j + b_1) + b_2 + p_j)

    Call: encoder(parts (4, B, 64)) -> Memory with K = H. Raises ValueError for parts of another shape.
    """

    def __init__(self, H: int = 64, places: bool = True) -> None:
        super().__init__()
        self.look = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, H))
        self.place = nn.Parameter(torch.randn(4, 1, H), requires_grad=places)
        if not places:
            nn.init.zeros_(self.place)

    def forward(self, parts: Tensor) -> Memory:
        if parts.dim() != 3 or parts.shape[0] != 4 or parts.shape[2] != 64:
            raise ValueError(f"parts: expected four quarters (4, B, 64), got {tuple(parts.shape)}")
        states = torch.tanh(self.look(parts) + self.place)  # (4, B, H)
        return Memory(states, states.mean(0), torch.ones(states.shape[:2], dtype=torch.bool))


class Captioner(nn.Module):
    """The encoder and a decoder of words.

    Call: captioner(xs (L, B, 65)), as `caption_batch` packs it -> logits (L, B, V), None.
    """

    def __init__(self, seed: int, places: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder = QuarterEncoder(places=places)
            self.decoder = Decoder(len(CAPTION_WORDS), 16, 64, 64, attention="additive")

    def forward(self, xs: Tensor, state: None = None) -> tuple[Tensor, None]:
        return self.decoder(self.encoder(xs[:4, :, :64]), xs[..., 64].long())[0], None


@cache
def pictures(part: str = "train") -> Captioned:
    """2000 pictures to learn from, or 500 of the pairs that are held out."""
    return captioned_digits(np.random.default_rng(0 if part == "train" else 1), 2000 if part == "train" else 500, part)


def train(network: nn.Module, seed: int, updates: int) -> None:
    """Adam with a warm-up and a falling step size, 32 pictures at a time."""
    rng, drawn = np.random.default_rng(seed), pictures()

    def batch(number: int) -> Batch:
        return caption_batch(drawn, rng.integers(len(drawn.captions), size=32))

    fit(network, batch, Settings(steps=updates, lr=warm_up(cosine(1e-2, updates), 20)))


def describe(network: nn.Module, pixels: np.ndarray) -> list[str]:
    """Captions of pictures (B, 16, 16), greedily."""
    memory = network.encoder(torch.tensor(quarters(pixels), dtype=torch.float32))
    return [said(column) for column in greedy(network.decoder, memory, STEPS).ids.T.tolist()]


def exact(network: nn.Module) -> float:
    """The share of the held-out pictures whose caption is right in every word."""
    held = pictures("held")
    return float(np.mean([ours == right for ours, right in zip(describe(network, held.pixels), held.captions)]))


APPLICATION = Application(
    title="Captions for pictures of four drawn digits",
    unit="exact",
    higher=True,
    model=Captioner,
    train=train,
    score=exact,
    updates=400,
    full=2000,
    short=(150, 0.03),
)
