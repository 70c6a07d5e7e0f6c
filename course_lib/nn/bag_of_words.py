"""Logistic regression on counted words: the classic baseline for telling texts apart, without any memory."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def word_runs(words: Sequence[str], n: int) -> list[str]:
    """All runs of 1 to n neighbouring words.

    >>> word_runs(["not", "very", "good"], 2)
    ['not', 'very', 'good', 'not very', 'very good']
    """
    return [" ".join(words[t : t + size]) for size in range(1, n + 1) for t in range(len(words) - size + 1)]


class BagOfWords:
    """Counts of the runs of up to n words, and one linear layer that is fitted to them; n = 1 is a bag of words.

    texts    lists of words; labels their classes, 0 or 1
    Raises ValueError for no text, or texts and labels that do not match.

    >>> bag = BagOfWords([["good"], ["bad"], ["not", "good"], ["not", "bad"]], [1, 0, 0, 1], n=2)
    >>> bag.share_right([["not", "bad"], ["bad"]], [1, 0])
    1.0
    """

    def __init__(self, texts: Sequence[Sequence[str]], labels: Sequence[int], n: int = 1, updates: int = 150):
        if len(texts) != len(labels) or not len(texts):
            raise ValueError(f"texts: expected as many as labels, at least one, got {len(texts)} and {len(labels)}")
        self.n, self.columns = n, {}
        for words in texts:
            for run in word_runs(words, n):
                self.columns.setdefault(run, len(self.columns))
        counts, classes = self.counts(texts), torch.tensor(labels)
        self.layer = nn.Linear(len(self.columns), 2)
        for parameter in self.layer.parameters():
            nn.init.zeros_(parameter)
        optimizer = torch.optim.Adam(self.layer.parameters(), lr=0.05, weight_decay=1e-4)
        for _ in range(updates):
            optimizer.zero_grad()
            nn.functional.cross_entropy(self.layer(counts), classes).backward()
            optimizer.step()

    def counts(self, texts: Sequence[Sequence[str]]) -> Tensor:
        """How often each known run stands in each text, (N, columns); unknown runs are left out."""
        counts = torch.zeros(len(texts), len(self.columns))
        for k, words in enumerate(texts):
            for run in word_runs(words, self.n):
                if run in self.columns:
                    counts[k, self.columns[run]] += 1
        return counts

    @torch.no_grad()
    def share_right(self, texts: Sequence[Sequence[str]], labels: Sequence[int]) -> float:
        """The share of texts that get their label."""
        return float((self.layer(self.counts(texts)).argmax(1) == torch.tensor(labels)).float().mean())
