"""JupyterLab's messages from English to French, word by word, with attention: real translations, and too few of them.

The training has 2318 messages, the test 300 others without near-duplicates (`course_lib.data.catalogues`). A word that
the training has less than three times is `UNKNOWN`, read and written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import nn

from course_lib.applications import Application
from course_lib.data import Batch, buckets
from course_lib.data.catalogues import character_f, cut, joined, messages
from course_lib.data.translations import Vocabulary, padded, pair_batch
from course_lib.nn.seq2seq import Decoder, Encoder, Seq2Seq, greedy
from course_lib.training import Settings, cosine, fit, warm_up

UNKNOWN = "<unk>"
STEPS = 25  # the longest French that is written, in words


@cache
def vocabularies() -> tuple[Vocabulary, Vocabulary]:
    """The English words, in lower case, and the French ones, each with `UNKNOWN`."""
    sides = [cut(pair.source.lower()) for pair in messages()], [cut(pair.target) for pair in messages()]
    counts = [Counter(word for words in side for word in words) for side in sides]
    known = [sorted(word for word, n in count.items() if n >= 3) for count in counts]
    return Vocabulary([UNKNOWN, *known[0]]), Vocabulary([UNKNOWN, *known[1]])


def encode(text: str, words: Vocabulary) -> np.ndarray:
    """The ids of a message's words; ValueError for one without any."""
    return words.encode([word if word in words.symbols else UNKNOWN for word in cut(text)])


def model(seed: int) -> Seq2Seq:
    """Untrained."""
    generator, (english, french) = torch.Generator().manual_seed(seed), vocabularies()
    encoder = Encoder(len(english), 24, 56, generator=generator)
    return Seq2Seq(encoder, Decoder(len(french), 16, 56, 56, attention="dot", generator=generator))


def train(network: nn.Module, seed: int, updates: int) -> None:
    """Adam with a warm-up and a falling step size; each batch holds French messages of similar length."""
    rng, (english, french) = np.random.default_rng(seed), vocabularies()
    sources = [encode(pair.source.lower(), english) for pair in messages()]
    targets = [encode(pair.target, french) for pair in messages()]
    lengths, left = np.array([len(ids) for ids in targets]), []

    def batch(number: int) -> Batch:
        if not left:
            left.extend(buckets(rng, lengths, 48))
        chosen = left.pop()
        return pair_batch([sources[i] for i in chosen], [targets[i] for i in chosen])

    fit(network, batch, Settings(steps=updates, lr=warm_up(cosine(8e-3, updates), 20)))


def read(network: nn.Module, texts: Sequence[str]) -> list[str]:
    """French for English messages, greedily. Raises ValueError for a message without a word.

    >>> from course_lib.applications import load
    >>> read(load("messages"), ["Close All Tabs"])
    ['Fermer tous les onglets']
    """
    english, french = vocabularies()
    ids = [encode(text.lower(), english) for text in texts]
    written = greedy(network.decoder, network.encoder(torch.tensor(padded(ids))), STEPS).ids.T.tolist()
    return [joined(french.symbols[i - 3] for i in column if i > 2) for column in written]


def score(network: nn.Module) -> float:
    """The mean character F-score on the held-out messages."""
    held = messages("held")
    written = read(network, [pair.source for pair in held])
    return float(np.mean([character_f(text, pair.target) for text, pair in zip(written, held)]))


APPLICATION = Application(
    title="JupyterLab's messages from English to French, with attention",
    unit="per cent character F-score",
    higher=True,
    model=model,
    train=train,
    score=score,
    updates=500,
    full=2000,
    short=(200, 11.0),
)
