"""Connectionist temporal classification (CTC): the probability of a text when nobody says which frame is which letter.

A network says for each of T frames how likely each of V symbols is; one of the symbols is the blank. A path has one
symbol a frame. Its text is what is left when equal neighbours are merged and then the blanks are dropped, and the
probability of a text is the sum over all paths that have it (Graves, Fernández, Gomez and Schmidhuber 2006).

Letters: T frames, V symbols, U letters of the label, S = 2U + 1 places (the label with a blank before, between and
after its letters). Labels and paths are sequences of ids; `collapse`, `paths`, `shortest`, `count` also take letters.

Derived in notebooks/10_speech.ipynb.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise, product
from math import comb
from typing import Any

import numpy as np

Array = np.ndarray
NEVER = -np.inf  # the logarithm of the probability 0


# ---------------------------------------------------------------- paths and their texts


def collapse(path: Sequence[Any], blank: Any = 0) -> list[Any]:
    """The text of a path: a symbol counts where it is no blank, and not the symbol of the frame before.

    >>> "".join(collapse("hh-e-l-llo-", blank="-"))
    'hello'
    """
    before = [blank, *path]
    return [symbol for symbol, last in zip(path, before) if symbol != blank and symbol != last]


def shortest(label: Sequence[Any]) -> int:
    """The fewest frames that hold a label: U + repeats, since a blank must part two equal neighbours.

    >>> [shortest(label) for label in ("cat", "hello", "aabb", "aaa")]
    [3, 6, 6, 5]
    """
    return len(label) + sum(a == b for a, b in pairwise(label))


def fits(label: Sequence[Any], T: int) -> bool:
    """Whether T frames can hold a label."""
    return shortest(label) <= T


def expect_fit(label: Sequence[Any], T: int, name: str = "label") -> None:
    """ValueError, in one line, for a label that T frames cannot hold: its loss would be infinite.

    >>> expect_fit("hello", 5)
    Traceback (most recent call last):
    ValueError: label: expected at least 6 frames for 5 letters and 1 repeat, got 5: no path has this text
    """
    need = shortest(label)
    if need > T:
        repeats = need - len(label)
        made_of = f"{len(label)} letter{'s' * (len(label) != 1)} and {repeats} repeat{'s' * (repeats != 1)}"
        raise ValueError(f"{name}: expected at least {need} frames for {made_of}, got {T}: no path has this text")


def paths(label: Sequence[Any], T: int, blank: Any = 0) -> list[tuple[Any, ...]]:
    """All paths of T frames that have this text, by trying every one.

    >>> ["".join(path) for path in paths("ab", 3, blank="-")]
    ['-ab', 'a-b', 'aab', 'ab-', 'abb']
    """
    symbols = [blank, *dict.fromkeys(label)]
    return [path for path in product(symbols, repeat=T) if collapse(path, blank) == list(label)]


def count(label: Sequence[Any], T: int) -> int:
    """How many paths of T frames have this text, without listing them.

    With r repeats, r blanks have their place, and 2U ends of stretches are chosen among T + U - r places.

    >>> count("cat", 6), count("see", 6), count("see", 4), count("see", 3)
    (84, 28, 1, 0)
    """
    return comb(T + 2 * len(label) - shortest(label), 2 * len(label))


# ---------------------------------------------------------------- the sum over all paths


def places(label: Sequence[int], blank: int = 0) -> Array:
    """The label with a blank before, between and after its letters, (S,).

    >>> places([3, 3]).tolist()
    [0, 3, 0, 3, 0]
    """
    spread = np.full(2 * len(label) + 1, blank)
    spread[1::2] = label
    return spread


def _jumps(spread: Array, blank: int) -> Array:
    """The places that may be reached from two places before, over a blank: letters that differ from the one before."""
    jumps = np.zeros(len(spread), dtype=bool)
    jumps[2:] = (spread[2:] != blank) & (spread[2:] != spread[:-2])
    return jumps


def _moved(row: Array, by: int) -> Array:
    """The row with its entries moved `by` places up, and NEVER where nothing comes from."""
    return np.concatenate([np.full(by, NEVER), row])[: len(row)]


def forward_log(log_probs: Array, label: Sequence[int], blank: int = 0) -> Array:
    """Of each place and frame, the log of the summed probability of all beginnings of paths that are there then.

        alpha_t(s) = (alpha_{t-1}(s) + alpha_{t-1}(s-1) + [jump] alpha_{t-1}(s-2)) y_t(l_s)

    where l is the label with its blanks, and a jump over the blank is allowed to a letter that differs from the letter
    before. All in logarithms (Graves et al. 2006, section 4.1).

    Args: log_probs (T, V), the log of each symbol's probability at each frame; label (U,). Returns: (T, S).
    Raises: ValueError for an array of another shape, or a label that holds the blank or ids outside 0..V-1.

    >>> half = np.log(np.full((2, 2), 0.5))
    >>> np.exp(forward_log(half, [1])).tolist()  # of the paths --, -a, a-, aa three have the text a
    [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25]]
    """
    spread = places(_checked(log_probs, label, blank), blank)
    T, jumps = len(log_probs), _jumps(spread, blank)
    alpha = np.full((T, len(spread)), NEVER)
    alpha[0, :2] = log_probs[0, spread[:2]]  # a path begins with the first blank or with the first letter
    for t in range(1, T):
        stay, step = alpha[t - 1], _moved(alpha[t - 1], 1)
        jump = np.where(jumps, _moved(alpha[t - 1], 2), NEVER)
        alpha[t] = np.logaddexp(np.logaddexp(stay, step), jump) + log_probs[t, spread]
    return alpha


def backward_log(log_probs: Array, label: Sequence[int], blank: int = 0) -> Array:
    """Of each place and frame, the log of the summed probability of all ways on from there to the end: (T, S).

        beta_t(s) = sum of beta_{t+1}(s') y_{t+1}(l_s') over the places s' that may follow s

    The frame t itself is not in beta_t, so that alpha_t(s) beta_t(s) is the probability of the paths through s at t.
    (In Graves et al. 2006, sections 4.1 and 4.2, it is in both, and is divided out again.)
    """
    spread = places(_checked(log_probs, label, blank), blank)
    T, S, jumps = len(log_probs), len(spread), _jumps(spread, blank)
    beta = np.full((T, S), NEVER)
    beta[-1, -2:] = 0  # a path ends in the last letter or in the last blank
    for t in range(T - 2, -1, -1):
        after = beta[t + 1] + log_probs[t + 1, spread]
        stay, step = after, _moved(after[::-1], 1)[::-1]
        jump = _moved(np.where(jumps, after, NEVER)[::-1], 2)[::-1]
        beta[t] = np.logaddexp(np.logaddexp(stay, step), jump)
    return beta


def log_probability(log_probs: Array, label: Sequence[int], blank: int = 0) -> float:
    """The log of the probability of a text: the paths that end in its last letter or in the last blank.

    -inf where no path has this text (see `expect_fit`).

    >>> half = np.log(np.full((2, 2), 0.5))
    >>> round(float(np.exp(log_probability(half, [1]))), 3), log_probability(half, [1, 1])
    (0.75, -inf)
    """
    return float(np.logaddexp.reduce(forward_log(log_probs, label, blank)[-1, -2:]))


def occupancy(log_probs: Array, label: Sequence[int], blank: int = 0) -> Array:
    """Of all paths with this text, the share of their probability that has symbol k in frame t: (T, V), rows sum to 1.

        occupancy_t(k) = sum over the places s with l_s = k of alpha_t(s) beta_t(s) / p(label)

    The gradient of the loss -log p(label) in the logits of frame t is `softmax(logits) - occupancy`: what the network
    says minus what it should have said (Graves et al. 2006, section 4.2). Raises ValueError for a label that does not
    fit into the frames.
    """
    label = _checked(log_probs, label, blank)
    expect_fit(label, len(log_probs))
    spread = places(label, blank)
    both = forward_log(log_probs, label, blank) + backward_log(log_probs, label, blank)  # (T, S)
    total = np.logaddexp.reduce(both, axis=1, keepdims=True)  # the same in every frame: log p(label)
    if np.isneginf(total).any():
        raise ValueError("log_probs: expected a path with this text that is possible, got probability 0 for all")
    shares = np.zeros(log_probs.shape)
    for s, k in enumerate(spread):
        shares[:, k] += np.exp(both - total)[:, s]
    return shares


def loss_and_gradient(logits: Array, label: Sequence[int], blank: int = 0) -> tuple[float, Array]:
    """The loss -log p(label) of one utterance, and its gradient in the logits (T, V).

    Raises ValueError for a label that does not fit into the frames: its loss is infinite.

    >>> loss, dlogits = loss_and_gradient(np.zeros((2, 2)), [1])
    >>> round(loss, 4), dlogits.round(3).tolist()  # log 4/3
    (0.2877, [[0.167, -0.167], [0.167, -0.167]])
    """
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    shares = occupancy(log_probs, label, blank)
    return -log_probability(log_probs, label, blank), np.exp(log_probs) - shares


def _checked(log_probs: Array, label: Sequence[int], blank: int) -> list[int]:
    if np.ndim(log_probs) != 2 or len(log_probs) == 0:
        raise ValueError(f"log_probs: expected (T, V) with T >= 1, got {np.shape(log_probs)}")
    ids, V = [int(k) for k in label], log_probs.shape[1]
    if not 0 <= blank < V or not all(0 <= k < V and k != blank for k in ids):
        raise ValueError(f"label: expected ids 0 to {V - 1} without the blank {blank}, got {ids}")
    return ids


# ---------------------------------------------------------------- from frames to a text


def best_path(log_probs: Array, blank: int = 0) -> list[int]:
    """The text of the most probable path: the best symbol of each frame, collapsed. Not always the best text.

    >>> best_path(np.log([[0.6, 0.4], [0.6, 0.4]]))
    []
    """
    return [int(k) for k in collapse(np.argmax(log_probs, axis=1).tolist(), blank)]


def prefix_beam(log_probs: Array, width: int = 16, blank: int = 0) -> list[tuple[tuple[int, ...], float]]:
    """The most probable texts and the logs of their probabilities, best first: paths with one text are added up.

    After each frame the `width` most probable texts so far are kept, each with two sums: of its paths that end in a
    blank, and of those that end in its last letter. Only the first kind may write that letter again (after Graves et
    al. 2006, section 3.2, and Hannun, Maas, Jurafsky and Ng 2014). With a width that drops nothing it is exact.

    Raises ValueError for a width below 1.

    >>> [(text, round(float(np.exp(p)), 2)) for text, p in prefix_beam(np.log([[0.6, 0.4], [0.6, 0.4]]))]
    [((1,), 0.64), ((), 0.36)]
    """
    if width < 1:
        raise ValueError(f"width: expected at least 1, got {width}")
    _checked(log_probs, (), blank)
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER)}  # text -> ends in a blank, in its letter
    for row in np.asarray(log_probs, float):
        grown: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [NEVER, NEVER])
        for text, (in_blank, in_letter) in beam.items():
            either = np.logaddexp(in_blank, in_letter)
            grown[text][0] = np.logaddexp(grown[text][0], either + row[blank])
            for k in range(len(row)):
                if k == blank:
                    continue
                new, before = grown[(*text, k)], either
                if text and text[-1] == k:
                    grown[text][1] = np.logaddexp(grown[text][1], in_letter + row[k])  # the same letter goes on
                    before = in_blank
                new[1] = np.logaddexp(new[1], before + row[k])
        possible = [item for item in grown.items() if max(item[1]) > NEVER]
        ranked = sorted(possible, key=lambda item: -np.logaddexp(*item[1]))
        beam = {text: (float(a), float(b)) for text, (a, b) in ranked[:width]}
    return [(text, float(np.logaddexp(*both))) for text, both in beam.items()]
