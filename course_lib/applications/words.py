"""Words of prose: which word comes next in the sentences of Python's documentation.

The same sentences as in `prose`, read word by word. A token is a word or a sign with the space before it, so that the
tokens of a line, joined, are the line, and the bits per character can be compared. The vocabulary is the most frequent
tokens of the training text and travels with the weights; every other token is the unknown one and then spelled letter
by letter with a table of three-letter runs. Lesson 08 compares the two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.applications import Application
from course_lib.applications._lines import checked, per_character, surprise
from course_lib.data import Batch, stream_batches
from course_lib.data.prose import prose
from course_lib.data.source_code import ALPHABET, encode
from course_lib.nn.n_grams import NGrams
from course_lib.training import Settings, cosine, fit, set_gate_bias, set_weights

V, D, H, LONGEST = 4000, 24, 80, 16
UNKNOWN, END = 0, 1
T, B = 24, 32
_TOKEN = re.compile(r" ?[A-Za-z]+| ?[^ A-Za-z]| ")


def tokens(line: str) -> list[str]:
    """The words and signs of a line, each with the space before it; joined they are the line.

    >>> tokens("See also 'sum'.")
    ['See', ' also', " '", 'sum', "'", '.']
    """
    return _TOKEN.findall(line)


class WordModel(nn.Module):
    """Embeddings, an LSTM, and a score for each word by its embedding: y_t = E (W h_t + b) + c.

    The same E reads and predicts (tied embeddings: Press & Wolf 2017). Call: model(ids, state=None) -> scores, state.
    Shapes: ids (T, B) -> scores (T, B, V). `vocabulary` holds the tokens, ids 2 to V - 1, once it is trained.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            self.embedding = nn.Embedding(V, D)
            self.rnn = nn.LSTM(D, H)
            self.to_embedding = nn.Linear(H, D)
        self.bias = nn.Parameter(torch.zeros(V))
        self.register_buffer("spelled", torch.zeros(V, LONGEST, dtype=torch.uint8))  # the vocabulary, as characters
        nn.init.normal_(self.embedding.weight, std=0.3, generator=generator)
        set_weights(self.rnn, "default", generator)
        set_gate_bias(self.rnn, 1.0)
        for parameter in self.to_embedding.parameters():
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5, generator=generator)

    def forward(self, ids: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        hs, state = self.rnn(self.embedding(ids), state)
        return F.linear(self.to_embedding(hs), self.embedding.weight, self.bias), state

    @property
    def vocabulary(self) -> list[str]:
        """The tokens by their ids; ids 0 and 1 stand for an unknown token and for the end of a line."""
        rows = bytes(self.spelled.flatten().tolist())
        return [rows[i : i + LONGEST].rstrip(b"\0").decode("ascii") for i in range(0, len(rows), LONGEST)]

    def ids(self) -> dict[str, int]:
        """The id of each token of the vocabulary."""
        return {token: i for i, token in enumerate(self.vocabulary) if i > END}


def model(seed: int) -> WordModel:
    """A model of 4000 tokens, 24 numbers each, and 80 units."""
    return WordModel(torch.Generator().manual_seed(seed))


def train(network: WordModel, seed: int, updates: int) -> None:
    """Adam on the sentences, in a new order in every pass; takes the vocabulary from them first."""
    counts = Counter(token for line in prose().train for token in tokens(line))
    known = [token for token, _ in counts.most_common() if len(token) <= LONGEST and token.isascii()][: V - 2]
    for i, token in enumerate(known, 2):
        network.spelled[i, : len(token)] = torch.tensor(list(token.encode("ascii")))
    of_token = network.ids()
    lines = [[*(of_token.get(token, UNKNOWN) for token in tokens(line)), END] for line in prose().train]
    with torch.no_grad():  # start from the frequencies: only what the words around a word change is to be learned
        seen = np.bincount(np.concatenate(lines), minlength=V)
        network.bias.copy_(torch.from_numpy(np.log(np.maximum(seen, 1) / seen.sum())))

    @cache
    def batches(number: int) -> list[Batch]:
        order = np.random.default_rng([seed, number]).permutation(len(lines))
        return stream_batches(np.concatenate([lines[i] for i in order]), T, B)

    def batch(number: int) -> Batch:
        return batches(number // len(batches(0)))[number % len(batches(0))]

    fit(network, batch, Settings(steps=updates, lr=cosine(4e-3, updates), carry=True))


@cache
def _letters(known: frozenset[str]) -> NGrams:
    """Runs of three letters in the training tokens that are not known, each token once for every time it occurs."""
    rare = [token for line in prose().train for token in tokens(line) if token not in known]
    return NGrams(encode("\n" + "\n".join(rare) + "\n"), len(ALPHABET), 3)


def spelled_bits(network: WordModel, unknown: Sequence[str]) -> np.ndarray:
    """What it costs to spell unknown tokens letter by letter, each with its end. Shapes: n strings -> (n,)."""
    table = _letters(frozenset(network.ids()))
    return np.array([-np.log2(table.probabilities(encode(f"\n{token}\n"))[-1][1:]).sum() for token in unknown])


def bits(network: WordModel, lines: Sequence[str]) -> np.ndarray:
    """The surprise of whole lines in bits, each read by itself, its unknown words spelled, its end included.

    Shapes: n strings -> (n,). Raises ValueError for an empty line, or one with a line break.

    >>> from course_lib.applications import load
    >>> good, bad = bits(load("words"), ["Return the value.", "Return teh value."])
    >>> bool(good < bad)
    True
    """
    of_token, read = network.ids(), [tokens(line) for line in checked(lines)]
    unknown = sorted({token for line in read for token in line if token not in of_token})
    price = dict(zip(unknown, spelled_bits(network, unknown), strict=True))
    spelled = np.array([sum(price.get(token, 0.0) for token in line) for line in read])
    rows = [np.array([END, *(of_token.get(token, UNKNOWN) for token in line), END]) for line in read]
    return spelled + surprise(network, rows)


APPLICATION = Application(
    title="Words of Python's documentation",
    unit="bits per character",
    higher=False,
    model=model,
    train=train,
    score=partial(per_character, bits),
    updates=4000,
    full=12_000,
    short=(60, 2.35),
)
