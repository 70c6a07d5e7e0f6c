"""Tasks in which the answer hangs on something seen long ago.

Every function draws a fresh batch from the generator it is given, so training never sees a sequence twice.
"""

from __future__ import annotations

import numpy as np

from ._common import Batch, at_least, in_range, one_hot

#: Mean squared error of the best constant answer (1) to the adding problem: 2 x the variance 1/12 of U[0, 1].
ADDING_BASELINE = 1 / 6

GUEST_NAMES, GUEST_ROOMS = 32, 16  # guest list
_X, _BEGIN, _END = 4, 6, 7  # temporal order: a, b, c, d = 0..3; X, Y = 4, 5


def adding(rng: np.random.Generator, T: int, B: int) -> Batch:
    """Add the two marked numbers.

    Step t shows a number u_t in [0, 1] and a marker; one marker stands in each half. target = u_i + u_j.

    Shapes: xs (T, B, 2) = (number, marker), targets (B, 1). Raises ValueError unless T >= 2, B >= 1.
    Source: Hochreiter & Schmidhuber 1997 §5.4, in the form of Le, Jaitly & Hinton 2015 §4.1. Always answering 1
    costs `ADDING_BASELINE` = 1/6.

    >>> xs, targets, _ = adding(np.random.default_rng(0), T=10, B=3)
    >>> xs.shape, bool(np.allclose((xs[..., 0] * xs[..., 1]).sum(0), targets[:, 0]))
    ((10, 3, 2), True)
    """
    at_least("T", T, 2)
    at_least("B", B, 1)
    numbers = rng.random((T, B))
    markers = np.zeros((T, B))
    rows = np.arange(B)
    first, second = rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)
    markers[first, rows] = markers[second, rows] = 1
    targets = numbers[first, rows] + numbers[second, rows]
    return Batch(np.stack([numbers, markers], -1), targets[:, None])


def adding_1997(rng: np.random.Generator, T: int, B: int) -> Batch:
    """Add the two marked numbers, as first published.

    Numbers lie in [-1, 1]; the marker is 1 at two steps (one of the first 10, one of the first T/2 - 1), -1 at the
    first and last step unless the first is marked, else 0. target = 0.5 + (u_i + u_j) / 4.

    Shapes: xs (T', B, 2), targets (B, 1); T' is drawn once for the batch from T..1.1 T. Needs T >= 24.
    A sequence is right when |answer - target| < 0.04. Source: Hochreiter & Schmidhuber 1997 §5.4; where the first
    pair is marked they set its number to 0, and so does this.

    >>> adding_1997(np.random.default_rng(0), T=100, B=3).targets.shape
    (3, 1)
    """
    at_least("T", T, 24)
    at_least("B", B, 1)
    T_batch, rows = int(rng.integers(T, T + T // 10 + 1)), np.arange(B)
    numbers, markers = rng.uniform(-1, 1, (T_batch, B)), np.zeros((T_batch, B))
    markers[0] = markers[-1] = -1
    first = rng.integers(0, 10, B)
    second = rng.integers(0, T // 2 - 2, B)
    second += second >= first  # any of the first T/2 - 1 pairs but the one already marked
    markers[first, rows] = markers[second, rows] = 1
    numbers[0, markers[0] == 1] = 0
    targets = 0.5 + (numbers[first, rows] + numbers[second, rows]) / 4
    return Batch(np.stack([numbers, markers], -1), targets[:, None])


def temporal_order(rng: np.random.Generator, T: int, B: int, symbols: int = 2, stretch: float = 0.0) -> Batch:
    """In which order did X and Y come?

    A begin sign, then noise from {a, b, c, d}, with X or Y at 2 (or 3) places, then an end sign. The places are drawn
    from 10-20 % and 50-60 % of T (three symbols: 10-20, 33-43 and 66-76 %).
    The class is the order read as a binary number: XX 0, XY 1, YX 2, YY 3.

    Shapes: xs (T', B, 8) one-hot, targets (B,) in 0..2**symbols - 1. T' is drawn once for the batch from
    T..(1 + stretch) T. Raises ValueError unless T >= 10, symbols is 2 or 3, stretch in 0..1.
    Source: Hochreiter & Schmidhuber 1997 §5.6, tasks 6a and 6b, with T = 100 and stretch = 0.1.

    >>> xs, targets, _ = temporal_order(np.random.default_rng(0), T=100, B=4)
    >>> xs.shape, xs[..., 4:6].sum((0, 2)), targets.max() < 4
    ((100, 4, 8), array([2., 2., 2., 2.]), np.True_)
    """
    at_least("T", T, 10)
    at_least("B", B, 1)
    in_range("stretch", stretch, 0, 1)
    if symbols not in (2, 3):
        raise ValueError(f"symbols: expected 2 or 3, got {symbols!r}")
    windows = [(0.1, 0.2), (0.5, 0.6)] if symbols == 2 else [(0.1, 0.2), (0.33, 0.43), (0.66, 0.76)]
    T_batch, rows = int(rng.integers(T, int(T * (1 + stretch)) + 1)), np.arange(B)
    ids = rng.integers(0, 4, (T_batch, B))
    ids[0], ids[-1] = _BEGIN, _END
    targets = np.zeros(B, dtype=np.int64)
    for low, high in windows:
        which = rng.integers(0, 2, B)
        ids[rng.integers(max(1, int(low * T)), max(2, int(high * T)), B), rows] = _X + which
        targets = 2 * targets + which
    return Batch(one_hot(ids, 8), targets)


def copy_memory(rng: np.random.Generator, lag: int, B: int, n_symbols: int = 8, length: int = 10) -> Batch:
    """Repeat a word after a long silence.

    `length` random symbols, lag - 1 blanks, the sign "now", and `length` steps in which the word is to be repeated.

    Shapes: T = lag + 2 length; xs (T, B, n_symbols + 2) one-hot, blank = n_symbols, sign = n_symbols + 1;
    targets (T, B) class ids, blank until the recall; mask (T, B) true in the recall. Raises ValueError for lag < 1,
    B < 1, n_symbols < 2, length < 1. Drop the mask (`batch._replace(mask=None)`) for the published loss, which counts
    the blanks too. Source: Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016 §4.1 (T there is the lag).

    >>> xs, targets, mask = copy_memory(np.random.default_rng(0), lag=20, B=2)
    >>> bool((xs[:10].argmax(-1) == targets[-10:]).all()), int(mask.sum())
    (True, 20)
    """
    for name, value, smallest in [("lag", lag, 1), ("B", B, 1), ("n_symbols", n_symbols, 2), ("length", length, 1)]:
        at_least(name, value, smallest)
    T = lag + 2 * length
    word = rng.integers(0, n_symbols, (length, B))
    ids = np.full((T, B), n_symbols)
    ids[:length] = word
    ids[length + lag - 1] = n_symbols + 1
    targets = np.full((T, B), n_symbols)
    targets[-length:] = word
    mask = np.zeros((T, B), dtype=bool)
    mask[-length:] = True
    return Batch(one_hot(ids, n_symbols + 2), targets, mask)


def copy_baseline(lag: int, n_symbols: int = 8, length: int = 10) -> float:
    """Nats per step of the best answer without memory: length ln(n_symbols) / (lag + 2 length).

    It answers blank where blank is due and guesses in the recall (Arjovsky, Shah & Bengio 2016 §4.1).

    >>> round(copy_baseline(100), 4)
    0.1733
    """
    for name, value, smallest in [("lag", lag, 1), ("n_symbols", n_symbols, 2), ("length", length, 1)]:
        at_least(name, value, smallest)
    return length * float(np.log(n_symbols)) / (lag + 2 * length)


def first_symbol(rng: np.random.Generator, L: int, B: int, n_symbols: int = 8, n_noise: int = 4) -> Batch:
    """Name the first symbol after L steps of noise.

    Shapes: xs (L + 1, B, n_symbols + n_noise) one-hot, noise symbols last; targets (B,) in 0..n_symbols - 1.
    Raises ValueError for L < 0, B < 1, n_symbols < 2, n_noise < 1.
    Source: after Hochreiter & Schmidhuber 1997 §5.2 (long time lag with distractors).

    >>> xs, targets, _ = first_symbol(np.random.default_rng(0), L=20, B=3)
    >>> xs.shape, bool((xs[0].argmax(-1) == targets).all())
    ((21, 3, 12), True)
    """
    for name, value, smallest in [("L", L, 0), ("B", B, 1), ("n_symbols", n_symbols, 2), ("n_noise", n_noise, 1)]:
        at_least(name, value, smallest)
    targets = rng.integers(0, n_symbols, B)
    noise = rng.integers(n_symbols, n_symbols + n_noise, (L, B))
    return Batch(one_hot(np.concatenate([targets[None], noise]), n_symbols + n_noise), targets)


def latch(rng: np.random.Generator, T: int, B: int, channels: int = 3, noise: float = 0.2) -> Batch:
    """Keep one bit through noise.

    Every input is N(0, noise^2); channel 0 of step 0 gets +1 (class 1) or -1 (class 0) on top.

    Shapes: xs (T, B, channels), targets (B,) in {0, 1}. Raises ValueError for T < 1, B < 1, channels < 1, noise < 0.
    Source: after Bengio, Simard & Frasconi 1994 §III, and the 2-sequence problem of Hochreiter & Schmidhuber 1997 §5.3.

    >>> xs, targets, _ = latch(np.random.default_rng(0), T=100, B=4, noise=0.0)
    >>> bool((xs[0, :, 0] == 2 * targets - 1).all())
    True
    """
    for name, value in [("T", T), ("B", B), ("channels", channels)]:
        at_least(name, value, 1)
    in_range("noise", noise, 0, np.inf)
    targets = rng.integers(0, 2, B)
    xs = noise * rng.standard_normal((T, B, channels))
    xs[0, :, 0] += 2 * targets - 1
    return Batch(xs, targets)


def two_sequences(rng: np.random.Generator, T: int, B: int, signs: int = 3) -> Batch:
    """Which of two classes? The first steps say it, and noise follows.

    The first `signs` inputs are all +1 (class 1) or all -1 (class 0), the others N(0, 0.2), 0.2 being the variance.

    Shapes: xs (T', B, 1), targets (B,) in {0, 1}; T' is drawn once for the batch from T..1.1 T. Raises ValueError for
    B < 1, signs < 1, T < signs. Source: Hochreiter & Schmidhuber 1997 §5.3, task 3a, with T = 100 and signs = 3.

    >>> xs, targets, _ = two_sequences(np.random.default_rng(0), T=100, B=4)
    >>> bool((xs[:3, :, 0] == 2 * targets - 1).all())
    True
    """
    at_least("signs", signs, 1)
    at_least("T", T, signs)
    at_least("B", B, 1)
    targets = rng.integers(0, 2, B)
    xs = np.sqrt(0.2) * rng.standard_normal((int(rng.integers(T, T + T // 10 + 1)), B, 1))
    xs[:signs, :, 0] = 2 * targets - 1
    return Batch(xs, targets)


def guest_list(rng: np.random.Generator, guests: int, B: int) -> Batch:
    """Who has which room? First the guests come, each with a name and a room, then each name is asked for once.

    Shapes: xs (2 guests, B, 48): 32 places for the name, then 16 for the room, which stay 0 in a question; targets
    (2 guests, B), the room that is asked for, 0 where nothing is asked; mask (2 guests, B), True at the questions.
    The names of a list are all different, the rooms are not. Raises ValueError for guests outside 1..32 or B < 1.
    Source: associative recall, as in Arora et al. 2023 (several questions), with name and room in one step.

    >>> xs, targets, mask = guest_list(np.random.default_rng(0), guests=2, B=1)
    >>> names, rooms = xs[:, 0, :32].argmax(1), xs[:2, 0, 32:].argmax(1)
    >>> names, rooms, targets[:, 0], mask[:, 0]
    (array([ 2, 11,  2, 11]), array([ 8, 10]), array([ 0,  0,  8, 10]), array([False, False,  True,  True]))
    """
    at_least("guests", guests, 1)
    at_least("B", B, 1)
    if guests > GUEST_NAMES:
        raise ValueError(f"guests: expected at most {GUEST_NAMES}, got {guests}")
    names = rng.permuted(np.tile(np.arange(GUEST_NAMES), (B, 1)), axis=1)[:, :guests].T  # (guests, B), all different
    rooms = rng.integers(0, GUEST_ROOMS, (guests, B))
    order = rng.permuted(np.tile(np.arange(guests), (B, 1)), axis=1).T  # (guests, B), who is asked for when
    xs = np.zeros((2 * guests, B, GUEST_NAMES + GUEST_ROOMS))
    xs[:guests, :, :GUEST_NAMES], xs[:guests, :, GUEST_NAMES:] = np.eye(GUEST_NAMES)[names], np.eye(GUEST_ROOMS)[rooms]
    xs[guests:, :, :GUEST_NAMES] = np.eye(GUEST_NAMES)[np.take_along_axis(names, order, 0)]
    targets = np.concatenate([0 * rooms, np.take_along_axis(rooms, order, 0)])
    return Batch(xs, targets, np.repeat([False, True], guests)[:, None] & np.ones(B, bool))
