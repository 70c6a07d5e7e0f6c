"""Streams with a rule: parity, the even process (whose entropy is known), and a sine."""

from __future__ import annotations

from itertools import product

import numpy as np

from ._common import Batch, at_least, in_range

#: Entropy of the even process in bits per symbol: in state A (2/3 of the time) one fair coin, in state B nothing.
EVEN_ENTROPY = 2 / 3

_JOINT = {0: ((0.5, 0.0), (0.0, 0.0)), 1: ((0.0, 0.5), (1.0, 0.0))}  # symbol -> P(symbol, next state | state), A then B


def parity(rng: np.random.Generator, T: int, B: int) -> Batch:
    """Was the number of ones so far even (0) or odd (1)?

    y_t = (x_1 + ... + x_t) mod 2

    Shapes: xs (T, B, 1) bits, targets (T, B) in {0, 1}. Raises ValueError for T < 1 or B < 1.
    Source: Minsky & Papert 1969; as a sequence task Schmidhuber & Hochreiter 1996, who solve it by guessing.

    >>> xs, targets, _ = parity(np.random.default_rng(0), T=6, B=1)
    >>> xs[:, 0, 0].astype(int), targets[:, 0]
    (array([1, 1, 1, 0, 0, 0]), array([1, 0, 1, 1, 1, 1]))
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    bits = rng.integers(0, 2, (T, B))
    return Batch(bits[..., None].astype(float), bits.cumsum(0) % 2)


def even_process(rng: np.random.Generator, T: int, B: int = 1) -> np.ndarray:
    """A stream in which ones come in pairs.

    State A: a fair coin says 0 (stay) or 1 (go to B). State B: always 1, back to A. Started in the stationary mix
    (A with probability 2/3), so that every stretch has the same statistics and the entropy is `EVEN_ENTROPY`.

    Shapes: ids (T, B) in {0, 1}. Raises ValueError for T < 1 or B < 1.
    Source: Weiss 1973; Crutchfield & Feldman 2003.

    >>> ids = even_process(np.random.default_rng(0), T=30)[:, 0]
    >>> "".join(map(str, ids))
    '110000011111111111111001101111'
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    in_b = rng.random(B) < 1 / 3
    coins = rng.integers(0, 2, (T, B))
    ids = np.empty((T, B), dtype=np.int64)
    for t in range(T):
        ids[t] = np.where(in_b, 1, coins[t])
        in_b = ~in_b & (ids[t] == 1)
    return ids


def even_process_table(k: int) -> float:
    """Bits per symbol of the best predictor that sees the last k symbols of the even process, exactly.

    H(x_{k+1} | x_1..x_k) = H(x_1..x_{k+1}) - H(x_1..x_k); it falls towards `EVEN_ENTROPY` and never reaches it.
    Raises ValueError unless k is in 0..14.

    >>> [round(even_process_table(k), 3) for k in (0, 1, 2, 10)]
    [0.918, 0.874, 0.792, 0.675]
    """
    at_least("k", k, 0)
    in_range("k", k, 0, 14)
    return _block_entropy(k + 1) - _block_entropy(k)


def _block_entropy(k: int) -> float:
    """Entropy in bits of k neighbouring symbols."""
    step = {symbol: np.array(joint) for symbol, joint in _JOINT.items()}
    total = 0.0
    for block in product((0, 1), repeat=k):
        states = np.array([2 / 3, 1 / 3])
        for symbol in block:
            states = states @ step[symbol]
        if (p := states.sum()) > 0:
            total -= p * np.log2(p)
    return float(total)


def sine(rng: np.random.Generator, T: int, B: int, noise: float = 0.0) -> Batch:
    """Predict the next value of a sine wave of unknown pitch and phase.

    x_t = sin(2 pi (f t + phase)) + noise N(0, 1), f in U[0.02, 0.1] turns per step; the target is the noisy next value.

    Shapes: xs (T, B, 1), targets (T, B, 1). Raises ValueError for T < 1, B < 1 or noise < 0.
    Two values fix a noiseless sine: x_{t+1} = 2 cos(2 pi f) x_t - x_{t-1}.

    >>> xs, targets, _ = sine(np.random.default_rng(0), T=50, B=2)
    >>> bool((xs[1:] == targets[:-1]).all())
    True
    """
    at_least("T", T, 1)
    at_least("B", B, 1)
    in_range("noise", noise, 0, np.inf)
    turns, phase = rng.uniform(0.02, 0.1, B), rng.random(B)
    waves = np.sin(2 * np.pi * (np.arange(T + 1)[:, None] * turns + phase))
    waves = (waves + noise * rng.standard_normal(waves.shape))[..., None]
    return Batch(waves[:-1].copy(), waves[1:])
