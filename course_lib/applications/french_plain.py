"""French number words to digits from one vector, without attention: what lesson 09 begins with."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from course_lib.applications import french as with_attention

TRANSLATOR = replace(with_attention.TRANSLATOR, attention=None)


def train(network: nn.Module, seed: int, updates: int) -> None:
    """On the pairs of `french`."""
    TRANSLATOR.train(network, with_attention.pairs()[0], seed, updates)


APPLICATION = replace(
    with_attention.APPLICATION,
    title="French number words to digits, without attention",
    model=TRANSLATOR.model,
    train=train,
    short=(220, 0.03),
)
