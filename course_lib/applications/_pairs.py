"""What the applications of lesson 09 share: a translator of pairs, its training, and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from course_lib.data import Batch
from course_lib.data.translations import Pair, Vocabulary, padded, pair_batch, plain
from course_lib.nn.seq2seq import Decoder, Encoder, Seq2Seq, greedy
from course_lib.training import Settings, cosine, fit, warm_up

B = 64


@dataclass(frozen=True)
class Translator:
    """Sizes and vocabularies: symbols are embedded in 32 and 16 numbers; an LSTM of H units reads, a GRU of H writes.

    steps is the longest that is written, the end included.
    """

    source: Vocabulary
    target: Vocabulary
    H: int
    attention: str | None
    steps: int
    lr: float = 6e-3

    def model(self, seed: int) -> Seq2Seq:
        """Untrained."""
        generator = torch.Generator().manual_seed(seed)
        encoder = Encoder(len(self.source), 32, self.H, generator=generator)
        options = {"attention": self.attention, "generator": generator}
        return Seq2Seq(encoder, Decoder(len(self.target), 16, self.H, self.H, **options))

    def train(self, network: nn.Module, pairs: Sequence[Pair], seed: int, updates: int) -> None:
        """Adam with a warm-up and a falling step size; each batch holds sources of similar length."""
        rng = np.random.default_rng(seed)
        sources = [self.source.encode(pair.source) for pair in pairs]
        targets = [self.target.encode(pair.target) for pair in pairs]
        lengths = np.array([len(ids) for ids in sources])

        def batch(number: int) -> Batch:
            drawn = rng.integers(len(pairs), size=8 * B)
            first = B * rng.integers(8)
            chosen = drawn[np.argsort(lengths[drawn], kind="stable")][first : first + B]
            return pair_batch([sources[i] for i in chosen], [targets[i] for i in chosen])

        fit(network, batch, Settings(steps=updates, lr=warm_up(cosine(self.lr, updates), 20)))

    def read(self, network: nn.Module, texts: Sequence[str]) -> list[str]:
        """What the network writes for each text, greedily. Raises ValueError for a text that it cannot read."""
        ids = [self.source.encode(plain(text)) for text in texts]
        written = [""] * len(ids)
        order = np.argsort([len(row) for row in ids], kind="stable")
        for first in range(0, len(ids), 128):
            chosen = order[first : first + 128]
            memory = network.encoder(torch.tensor(padded([ids[i] for i in chosen])))
            for i, column in zip(chosen, greedy(network.decoder, memory, self.steps).ids.T.tolist(), strict=True):
                written[i] = self.target.decode(column)
        return written

    def exact(self, network: nn.Module, pairs: Sequence[Pair]) -> float:
        """The share of pairs that are translated without any mistake."""
        written = self.read(network, [pair.source for pair in pairs])
        return float(np.mean([text == pair.target for text, pair in zip(written, pairs, strict=True)]))
