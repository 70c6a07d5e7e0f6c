"""Lesson 07: initialisation, masks, last states, dropout, buckets, a schedule, and a training run on fresh data."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, Misconception, misread
from course_lib.checks.probe import Seed

Array = np.ndarray


def _seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(2**31)))


def _number_array(name: str, value: Any, shape: tuple[int, ...], axes: str) -> Array:
    array = np.asarray(value)
    if array.shape != shape:
        raise ValueError(f"{name}: expected {axes} = {shape}, got {array.shape}")
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers")
    return array


# ---------------------------------------------------------------- 07.1 xavier_gates


def xavier_gates(
    n_gates: int,
    H: int,
    D: int,
    rng: np.random.Generator,
    bound: Callable[[int, int, int], float] = lambda G, H, D: np.sqrt(6 / (D + H)),
    draw: Callable[[np.random.Generator, float, tuple[int, int]], Array] = lambda rng, a, s: rng.uniform(-a, a, s),
    turned: bool = False,
    same: bool = False,
) -> Array:
    """Uniform Xavier weights (n_gates H, D), one gate after the other; from `bound` on, the changes learners make."""
    a = bound(n_gates, H, D)
    blocks = [draw(rng, a, (H, D)) for _ in range(n_gates)]
    W = np.concatenate(blocks[:1] * n_gates if same else blocks)
    return W.T if turned else W


_xavier = partial(partial, xavier_gates)


def _xavier_cases(rng: np.random.Generator) -> list[Case]:
    H, D = int(rng.integers(70, 80)), int(rng.integers(180, 200))
    return [
        Case("4 gates, H below D", (4, H, D, _seed(rng))),
        Case("3 gates, H above D", (3, 150 + H, H, _seed(rng))),
        Case("1 gate", (1, 150, 190, _seed(rng)), True, "look at how many rows one gate has"),
        Case(
            "4 gates, H = D", (4, 100, 100, _seed(rng)), True, "look at the two sizes under the root, and at the shape"
        ),
    ]


def _xavier_view(case: Case, result: Any) -> dict[str, Any]:
    n_gates, H, D, _ = case.args
    W = np.asarray(result)
    if W.ndim != 2 or W.dtype.kind not in "biuf" or not np.isfinite(W).all():
        raise ValueError(f"W: expected finite numbers of shape (n_gates H, D) = {(n_gates * H, D)}, got {W.shape}")
    asked = (n_gates * H, D)
    blocks = W.reshape(-1, H, D) if W.shape == asked else [W]
    alike = _alike(blocks)
    spread = W.std()
    off_centre = 0 if alike != "none" else W.mean() * np.sqrt(W.size) / (spread + 1e-300)
    return {
        f"shape {asked}": "yes" if W.shape == asked else f"{W.shape}",
        "standard deviation": spread,
        "largest size": np.abs(W).max(),
        "mean": "about 0" if abs(off_centre) < 6 else "above 0" if off_centre > 0 else "below 0",
        "copies among the gates": alike,
        "rows of a gate": "different" if len({row.tobytes() for row in blocks[0]}) == len(blocks[0]) else "alike",
    }


def _alike(blocks: Array | list[Array]) -> str:
    """How many blocks are the same as another one: none, some, all."""
    pairs = itertools.combinations(blocks, 2)
    same = [np.allclose(a[:1], b[:1], atol=1e-6) and np.allclose(a, b, atol=1e-6) for a, b in pairs]
    return "all" if same and all(same) else "some" if any(same) else "none"


_SCALE = (
    "What variance should the weights have? Measure yours.",
    "A uniform distribution on (-a, a): what is its variance?",
    "Where must the brackets be under the root?",
)
_FANS = (
    "What variance should the weights have? Measure yours.",
    "How many inputs has a unit of this matrix, and how many outputs go out from one input, in one gate?",
    "Both sizes belong under the root: which is missing, or counted too often?",
)
_ONE_SIDE = ("Print the mean of your weights.", "Where does a uniform distribution on (0, a) have its centre?")
_SCALE_NAME = "scale of the initial weights wrong"


def _xavier_wrong(key: str, name: str, hints: tuple[str, ...], **change: Any) -> Misconception:
    return Misconception(key, f"{_SCALE_NAME}: {name}", _xavier(**change), hints)


XAVIER_WRONG = (
    _xavier_wrong("T01", "standard deviation used as bound", _SCALE, bound=lambda G, H, D: np.sqrt(2 / (D + H))),
    _xavier_wrong("T02", "brackets missing under the root", _SCALE, bound=lambda G, H, D: np.sqrt(6 / D + H)),
    _xavier_wrong("T02b", "brackets missing under the root", _SCALE, bound=lambda G, H, D: np.sqrt(6 / H + D)),
    _xavier_wrong(
        "T03", "bound used as standard deviation of a normal", _SCALE, draw=lambda rng, a, s: rng.normal(0, a, s)
    ),
    _xavier_wrong("T04", "shape turned, (D, n_gates H)", _FANS, turned=True),
    _xavier_wrong("T05", "only the inputs D counted", _FANS, bound=lambda G, H, D: np.sqrt(6 / D)),
    _xavier_wrong("T05b", "only the inputs D counted", _FANS, bound=lambda G, H, D: np.sqrt(3 / D)),
    _xavier_wrong("T06", "only the outputs H counted", _FANS, bound=lambda G, H, D: np.sqrt(6 / H)),
    _xavier_wrong("T06b", "only 1/sqrt(H), PyTorch's rule", _FANS, bound=lambda G, H, D: 1 / np.sqrt(H)),
    _xavier_wrong("T05c", "1/sqrt(D): only the inputs counted", _FANS, bound=lambda G, H, D: 1 / np.sqrt(D)),
    _xavier_wrong("T05d", "sqrt(2/D): only the inputs counted", _FANS, bound=lambda G, H, D: np.sqrt(2 / D)),
    _xavier_wrong("T01b", "3 where 6 belongs", _SCALE, bound=lambda G, H, D: np.sqrt(3 / (D + H))),
    _xavier_wrong("T01c", "1 where 6 belongs", _SCALE, bound=lambda G, H, D: np.sqrt(1 / (D + H))),
    _xavier_wrong("T02c", "in + out outside the root", _SCALE, bound=lambda G, H, D: np.sqrt(6) / (D + H)),
    _xavier_wrong(
        "all-gates", "both sizes counted once for each gate", _FANS, bound=lambda G, H, D: np.sqrt(6 / (G * (D + H)))
    ),
    _xavier_wrong(
        "all-gates-in", "the inputs counted once for each gate", _FANS, bound=lambda G, H, D: np.sqrt(6 / (G * D + H))
    ),
    _xavier_wrong("T08b", "a not used, from -1 to 1", _SCALE, bound=lambda G, H, D: 1.0),
    _xavier_wrong(
        "T09b",
        "half as wide: from -a/2 to a/2",
        _SCALE[:2] + ("How long is the interval from -a to a?",),
        draw=lambda rng, a, s: rng.uniform(-a / 2, a / 2, s),
    ),
    _xavier_wrong("T09c", "one-sided, from -a to 0", _ONE_SIDE, draw=lambda rng, a, s: rng.uniform(-a, 0, s)),
    _xavier_wrong("T08", "no root", _SCALE, bound=lambda G, H, D: 6 / (D + H)),
    _xavier_wrong("T09", "one-sided, from 0 to a", _ONE_SIDE, draw=lambda rng, a, s: rng.uniform(0, a, s)),
    _xavier_wrong(
        "all-gates-out",
        "the rows of all gates counted as outputs of one",
        _FANS,
        bound=lambda G, H, D: np.sqrt(6 / (D + G * H)),
    ),
    _xavier_wrong(
        "normal",
        "a normal distribution of the right variance where a uniform one was asked",
        ("Compare the largest entry with a.", "How far out can a uniform draw from (-a, a) lie?"),
        draw=lambda rng, a, s: rng.normal(0, a / np.sqrt(3), s),
    ),
    Misconception(
        "same-gates",
        "one block copied for every gate",
        _xavier(same=True),
        ("Compare two gates' blocks.", "What can two gates with equal weights learn that one cannot?"),
    ),
)


# ---------------------------------------------------------------- 07.2 orthogonal_gates


def orthogonal_gates(n_gates: int, H: int, rng: np.random.Generator) -> Array:
    return np.concatenate([_rotation(H, rng) for _ in range(n_gates)])


def _rotation(H: int, rng: np.random.Generator) -> Array:
    Q, R = np.linalg.qr(rng.standard_normal((H, H)))
    return Q * np.where(np.diag(R) < 0, -1, 1)


def _by_gate(block: Callable[[Array], Array]) -> Callable[..., Array]:
    """Each gate's block from a matrix of normal numbers."""
    return lambda n_gates, H, rng: np.concatenate([block(rng.standard_normal((H, H))) for _ in range(n_gates)])


def _orthogonal_cases(rng: np.random.Generator) -> list[Case]:
    H = int(rng.integers(6, 12))
    return [
        Case("4 gates", (4, H, _seed(rng))),
        Case("3 gates", (3, H + 5, _seed(rng))),
        Case("1 gate", (1, H, _seed(rng)), True, "look at what happens with several gates"),
        Case("H = 1", (2, 1, _seed(rng)), True, "look at what is off the diagonal of Q.T @ Q"),
    ]


def _orthogonal_view(case: Case, result: Any) -> dict[str, Any]:
    n_gates, H, _ = case.args
    W = _number_array("W", result, (n_gates * H, H), "(n_gates H, H)").astype(float)
    blocks = W.reshape(n_gates, H, H)
    products = blocks.transpose(0, 2, 1) @ blocks
    diagonal = np.einsum("gii->gi", products)
    facts = {"columns of each gate have length 1": np.allclose(diagonal, 1, atol=1e-4)}
    if H > 1:
        off = products - diagonal[:, :, None] * np.eye(H)
        radii = np.abs(np.linalg.eigvals(blocks)).max(1)
        facts |= {
            "columns of each gate are at right angles": np.abs(off).max() < 1e-4,
            "numbers below the diagonal": np.abs(np.tril(blocks, -1)).max() >= 1e-9,
            "largest eigenvalue of size 1": np.allclose(radii, 1, atol=1e-4),
            "no gate is the identity": not any(np.allclose(Q, np.eye(H), atol=1e-6) for Q in blocks),
        }
        if n_gates > 1:
            facts |= {
                "columns of all gates together are longer than 1": not np.allclose(diagonal.sum(0), 1, atol=1e-4),
                "columns of all gates together are at right angles": np.abs(off.sum(0)).max() < 1e-4,
                "no two gates are the same": _alike(blocks) == "none",
            }
    return {fact: "true" if holds else "not so" for fact, holds in facts.items()}


_ANGLES = (
    "Compute Q.T @ Q and look off the diagonal.",
    "Does the length of every vector stay the same under your matrix?",
    "Which of the two factors of the decomposition is the rotation?",
)
_PER_GATE = (
    "Cut out one gate's block and test it alone.",
    "How many square matrices are stacked in it?",
    "What is the length of a vector after one block?",
)


def _whole(n_gates: int, H: int, rng: np.random.Generator) -> Array:
    return np.linalg.qr(rng.standard_normal((n_gates * H, H)))[0]


ORTHOGONAL_WRONG = (
    Misconception(
        "T10", "not orthogonal: columns of length 1 only", _by_gate(lambda A: A / np.linalg.norm(A, axis=0)), _ANGLES
    ),
    Misconception(
        "T11",
        "not orthogonal: zeros below the diagonal, as in the R of the decomposition",
        _by_gate(lambda A: np.linalg.qr(A)[1]),
        _ANGLES,
    ),
    Misconception(
        "T15",
        "not orthogonal: only the largest eigenvalue has size 1",
        _by_gate(lambda A: A / np.abs(np.linalg.eigvals(A)).max()),
        _ANGLES,
    ),
    Misconception("T12", "orthogonal as a whole, not gate by gate", _whole, _PER_GATE),
    Misconception(
        "T14",
        "identity in place of a random rotation",
        lambda n_gates, H, rng: np.tile(np.eye(H), (n_gates, 1)) if H > 1 else np.ones((n_gates, 1)),
        ("Print one gate's block.", "Two gates that start equal and plain: where is the random part?"),
    ),
    Misconception(
        "same-gates",
        "the same rotation in more than one gate",
        lambda n_gates, H, rng: np.tile(_rotation(H, rng), (n_gates, 1)),
        ("Compare two gates' blocks.", "How often do you draw random numbers?"),
    ),
)


# ---------------------------------------------------------------- 07.3 masked_mean


def _per_token(L: Array, n: Array) -> Array:
    return _mask(L, n) / n.sum()


def masked_mean(
    losses: Array,
    lengths: Array,
    loss: Callable[[Array, Array], Array] = _per_token,
    gradient: Callable[[Array, Array], Array] = _per_token,
    perplexity: Callable[[Array, Array, float], float] = lambda L, n, mean: np.exp(mean),
) -> tuple[float, Array, float]:
    """The loss weighs each entry of (T, B), its gradient is the weights; from `loss` on, what learners make of each."""
    mean = float((loss(losses, lengths) * losses).sum())
    return mean, gradient(losses, lengths), float(perplexity(losses, lengths, mean))


def _mask(losses: Array, lengths: Array, more: int = 0) -> Array:
    return (np.arange(len(losses))[:, None] < lengths + more).astype(float)


_masked = partial(partial, masked_mean)


def _masked_cases(rng: np.random.Generator) -> list[Case]:
    def losses(T: int, B: int) -> Array:
        return rng.uniform(0.3, 2.5, (T, B))

    T, B = 7, 4
    return [
        Case("lengths 3, 7, 1, 5", (losses(T, B), np.array([3, 7, 1, 5]))),
        Case("the longest shorter than T", (losses(6, 3), np.array([4, 2, 5]))),
        Case("B = T", (losses(4, 4), np.array([2, 4, 1, 3]))),
        Case("all lengths T", (losses(5, 3), np.array([5, 5, 5])), True, "look at the mask and at what you divide by"),
        Case(
            "equal lengths below T",
            (losses(6, 3), np.array([4, 4, 4])),
            True,
            "what does one step of each sequence weigh?",
        ),
        Case("B = 1", (losses(5, 1), np.array([3])), True, "look at how the sequences are put together"),
    ]


_PADDED_MEAN = (
    "Add more padding. Should the loss change?",
    "How many real tokens are there, and by what do you divide?",
    "Do numerator and denominator count the same positions?",
)
_MEANS = (
    "Two sequences, 1 and 9 tokens: what does one token weigh in each?",
    "Compare with all tokens in one long list.",
    "Does the task ask for the mean per token or per sequence?",
)
_OFF_BY_ONE = (
    "How many ones has the column of a sequence of length 2?",
    "Print the mask for the lengths 1 and T.",
    "Does counting start at 0 or at 1 here?",
)
_INVERTED = (
    "Count the ones of your mask. How many should there be?",
    "Write the axes of loss and mask side by side.",
    "Does True mean keep or drop here?",
)
_PERPLEXITY = (
    "Average first or exponentiate first: does it matter?",
    "Try two tokens with losses 1 and 3.",
    "What should every single token weigh in the total?",
)
_GRADIENT = (
    "Nudge one real loss by 0.001: by how much does the mean change?",
    "And a padded one?",
    "The loss is a sum with weights. What is its derivative by one entry?",
)


def _masked_wrong(key: str, name: str, weights: Callable[[Array, Array], Array], hints: Any) -> Misconception:
    return Misconception(key, name, _masked(loss=weights, gradient=weights), hints)


def _turned(losses: Array, lengths: Array) -> Array:
    """A mask built as (B, T) and reshaped instead of transposed."""
    mask = (np.arange(len(losses)) < lengths[:, None]).astype(float)
    return mask.reshape(losses.shape) / lengths.sum()


_PADDED = "padded positions in the mean"
MASKED_WRONG = (
    _masked_wrong("T16", f"{_PADDED}: divided by T B", lambda L, n: _mask(L, n) / L.size, _PADDED_MEAN),
    _masked_wrong("T20", f"{_PADDED}: divided by B", lambda L, n: _mask(L, n) / len(n), _PADDED_MEAN),
    _masked_wrong("T21", f"{_PADDED}: no mask at all", lambda L, n: np.full_like(L, 1 / L.size), _PADDED_MEAN),
    _masked_wrong("T22", f"{_PADDED}: no mask in the numerator", lambda L, n: np.ones_like(L) / n.sum(), _PADDED_MEAN),
    _masked_wrong("T24", "a sum, not a mean", lambda L, n: _mask(L, n), _PADDED_MEAN),
    _masked_wrong(
        "T16b",
        f"{_PADDED}: divided by the longest length times B",
        lambda L, n: _mask(L, n) / (n.max() * len(n)),
        _PADDED_MEAN,
    ),
    _masked_wrong("T16c", "divided by T", lambda L, n: _mask(L, n) / len(L), _PADDED_MEAN),
    _masked_wrong("T17", "mean of means", lambda L, n: _mask(L, n) / n / len(n), _MEANS),
    _masked_wrong("T18", "mask off by one", lambda L, n: (m := _mask(L, n, 1)) / m.sum(), _OFF_BY_ONE),
    _masked_wrong("T18b", "mask off by one", lambda L, n: (m := _mask(L, n, -1)) / m.sum(), _OFF_BY_ONE),
    _masked_wrong("T18c", "mask off by one", lambda L, n: _mask(L, n, 1) / n.sum(), _OFF_BY_ONE),
    _masked_wrong("T18d", "mask off by one", lambda L, n: _mask(L, n, -1) / n.sum(), _OFF_BY_ONE),
    _masked_wrong("T19", "mask inverted", lambda L, n: (1 - _mask(L, n)) / max((1 - _mask(L, n)).sum(), 1), _INVERTED),
    _masked_wrong("T19c", "mask inverted", lambda L, n: (1 - _mask(L, n)) / (1 - _mask(L, n)).sum(), _INVERTED),
    _masked_wrong("T19b", "mask inverted", lambda L, n: (1 - _mask(L, n)) / n.sum(), _INVERTED),
    _masked_wrong("T23", "mask turned: (B, T) used for (T, B)", _turned, _INVERTED),
    Misconception(
        "T17.loss",
        "mean of means in the loss",
        _masked(loss=lambda L, n: _mask(L, n) / n / len(n)),
        _MEANS,
    ),
    Misconception(
        "T21.loss",
        f"{_PADDED}: no mask in the loss",
        _masked(loss=lambda L, n: np.full_like(L, 1 / L.size)),
        _PADDED_MEAN,
    ),
    Misconception(
        "T16.loss",
        f"{_PADDED}: the loss divided by T B",
        _masked(loss=lambda L, n: _mask(L, n) / L.size),
        _PADDED_MEAN,
    ),
    Misconception(
        "T20.loss",
        "the loss divided by B",
        _masked(loss=lambda L, n: _mask(L, n) / len(n)),
        _PADDED_MEAN,
    ),
    Misconception(
        "T22.loss",
        f"{_PADDED}: no mask in the numerator of the loss",
        _masked(loss=lambda L, n: np.ones_like(L) / n.sum()),
        _PADDED_MEAN,
    ),
    Misconception("T24.loss", "a sum in the loss, not a mean", _masked(loss=_mask), _PADDED_MEAN),
    Misconception(
        "T16.grad", "the gradient divided by T B", _masked(gradient=lambda L, n: _mask(L, n) / L.size), _GRADIENT
    ),
    Misconception(
        "T20.grad", "the gradient divided by B", _masked(gradient=lambda L, n: _mask(L, n) / len(n)), _GRADIENT
    ),
    Misconception(
        "T17.grad",
        "the gradient of each sequence divided by its own length",
        _masked(gradient=lambda L, n: _mask(L, n) / n),
        _GRADIENT,
    ),
    Misconception(
        "T21.grad",
        "the gradient of a mean over all positions, padding too",
        _masked(gradient=lambda L, n: np.full_like(L, 1 / L.size)),
        _GRADIENT,
    ),
    Misconception(
        "H26",
        "perplexity averaged wrongly: mean of exp(loss)",
        _masked(perplexity=lambda L, n, mean: (np.exp(L) * _mask(L, n)).sum() / n.sum()),
        _PERPLEXITY,
    ),
    Misconception(
        "H26b",
        "perplexity averaged wrongly: mean of the sequences' perplexities",
        _masked(perplexity=lambda L, n, mean: np.exp((L * _mask(L, n)).sum(0) / n).mean()),
        _PERPLEXITY,
    ),
    Misconception(
        "H26c",
        "perplexity as a power of 2 of a loss in nats",
        _masked(perplexity=lambda L, n, mean: 2**mean),
        ("In which unit is the loss: bits or nats?", "Which base belongs to that unit?"),
    ),
    Misconception(
        "grad-mask",
        "the gradient is the mask, not divided",
        _masked(gradient=_mask),
        _GRADIENT,
    ),
    Misconception(
        "grad-pads",
        "padded positions get a gradient",
        _masked(gradient=lambda L, n: np.full(L.shape, 1 / n.sum())),
        _GRADIENT,
    ),
    Misconception(
        "grad-losses",
        "the gradient multiplied by the losses",
        _masked(gradient=lambda L, n: L * _mask(L, n) / n.sum()),
        _GRADIENT,
    ),
)


# ---------------------------------------------------------------- 07.4 last_state


def last_state(hs: Array, lengths: Array) -> Array:
    return hs[lengths - 1, np.arange(len(lengths))]


def _last_cases(rng: np.random.Generator) -> list[Case]:
    def hs(T: int, B: int, H: int) -> Array:
        return np.tanh(rng.normal(0, 1, (T, B, H)))

    return [
        Case("lengths 2, 6, 1, 4 of T = 6", (hs(6, 4, 5), np.array([2, 6, 1, 4]))),
        Case("the longest shorter than T", (hs(8, 4, 3), np.array([4, 2, 6, 3]))),
        Case("B = T", (hs(5, 5, 3), np.array([3, 5, 1, 4, 2]))),
        Case("all lengths T", (hs(5, 3, 4), np.array([5, 5, 5])), True, "look at what happens where padding begins"),
        Case("longest first", (hs(6, 3, 4), np.array([5, 4, 2])), True, "is the order of the sequences kept?"),
        Case(
            "equal lengths below T",
            (hs(6, 3, 4), np.array([4, 4, 4])),
            True,
            "does each sequence get a step of its own?",
        ),
        Case("B = 1", (hs(6, 1, 4), np.array([4])), True, "does each sequence get a step of its own?"),
    ]


_AFTER_PADDING = (
    "Append padding to one sequence. May its answer change?",
    "Which index is the last real step of each sequence?",
    "Do all sequences end at the same step?",
)
_LAST_INDEX = (
    "Which index has the last of n items?",
    "Test with length 1.",
    "Test with length T: does it run, and what does it read?",
)
_PAIRING = (
    "What shape did you get and what was asked?",
    "You need one step per sequence: how many index arrays is that?",
    "What does NumPy do with two index arrays of equal length?",
)
_ORDER = (
    "Give each sequence its own number: which number comes out where?",
    "Were the labels sorted with the sequences?",
    "At which end is the padding?",
)


def _at(step: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """The state of sequence b at its step(hs, lengths)[b]."""
    return lambda hs, n: hs[step(hs, n), np.arange(len(n))]


def _sorted(hs: Array, n: Array, sign: int = -1) -> Array:
    order = np.argsort(sign * n, kind="stable")
    return last_state(hs[:, order], n[order])


_PAD_STATE = "state after the padding taken as the last one"
_TWICE = "order lost: sorted by length and put back by the same order, not by its inverse"
_PAIRED = "each sequence not paired with its own step"
LAST_WRONG = (
    Misconception("T26", _PAD_STATE, lambda hs, n: hs[-1], _AFTER_PADDING),
    Misconception(
        "T29", "one step for all sequences: the longest one's last", lambda hs, n: hs[n.max() - 1], _AFTER_PADDING
    ),
    Misconception(
        "T30", "one step for all sequences: the first one's last", lambda hs, n: hs[n[0] - 1], _AFTER_PADDING
    ),
    Misconception(
        "T30b", "one step for all sequences: the shortest one's last", lambda hs, n: hs[n.min() - 1], _AFTER_PADDING
    ),
    Misconception("T34", "a mean over all steps, padding too", lambda hs, n: hs.mean(0), _AFTER_PADDING),
    Misconception(
        "T34b",
        "a mean over the real steps, not the last state",
        lambda hs, n: (hs * _mask(hs, n)[..., None]).sum(0) / n[:, None],
        _AFTER_PADDING,
    ),
    Misconception("T36", "the first step taken as the last one", lambda hs, n: hs[0], _AFTER_PADDING),
    Misconception("T27", "last step off by one: hs[length]", _at(lambda hs, n: n), _LAST_INDEX),
    Misconception(
        "T27b",
        "last step off by one: hs[length], held at T",
        _at(lambda hs, n: np.minimum(n, len(hs) - 1)),
        _LAST_INDEX,
    ),
    Misconception("T31", "last step off by one: hs[length - 2]", _at(lambda hs, n: n - 2), _LAST_INDEX),
    Misconception(
        "T31b", "last step off by one: hs[length - 2], held at 0", _at(lambda hs, n: np.maximum(n - 2, 0)), _LAST_INDEX
    ),
    Misconception("T28", f"{_PAIRED}: (B, B, H)", lambda hs, n: hs[n - 1], _PAIRING),
    Misconception("T35", f"{_PAIRED}: always sequence 0", lambda hs, n: hs[n - 1, 0], _PAIRING),
    Misconception("T32", "order lost: sorted by length and not sorted back", _sorted, _ORDER),
    Misconception(
        "T32b", "order lost: sorted by length and not sorted back", lambda hs, n: _sorted(hs, n)[::-1], _ORDER
    ),
    Misconception("T32c", "order lost: sorted by length and not sorted back", lambda hs, n: _sorted(hs, n, 1), _ORDER),
    Misconception("T32d", _TWICE, lambda hs, n: _sorted(hs, n)[np.argsort(-n, kind="stable")], _ORDER[:2]),
    Misconception("T32e", _TWICE, lambda hs, n: _sorted(hs, n, 1)[np.argsort(n, kind="stable")], _ORDER[:2]),
    Misconception("T33", "order lost: pre-padding and post-padding confused", _at(lambda hs, n: len(hs) - n), _ORDER),
)


# ---------------------------------------------------------------- 07.5 dropout


def dropout(
    hs: Array,
    u: Array,
    p: float,
    training: bool,
    variational: bool,
    factor: Callable[[float], float] = lambda p: 1 / (1 - p),
    keep: Callable[[Array, float], Array] = lambda u, p: u >= p,
    at_test: Callable[[Array, float], Array] = lambda hs, p: hs,
    always: bool = False,
    mask_of: Callable[[Array, bool], Array] = lambda u, variational: u[:1] if variational else u,
) -> Array:
    """Inverted dropout of hs (T, B, H) with given uniform numbers u; from `factor` on, the changes learners make."""
    if not training and not always:
        return at_test(hs, p) + 0
    return hs * keep(mask_of(u, variational), p) * factor(p)


_dropout = partial(partial, dropout)


def _dropout_cases(rng: np.random.Generator) -> list[Case]:
    def args(p: float, training: bool, variational: bool, T: int = 5, B: int = 4, H: int = 6) -> tuple[Any, ...]:
        hs = rng.choice([-1.0, 1.0], (T, B, H)) * rng.uniform(0.3, 1.3, (T, B, H))
        return hs, rng.uniform(0, 1, (T, B, H)), p, training, variational

    return [
        Case("training, p = 0.3, a new mask at each step", args(0.3, True, False)),
        Case("training, p = 0.2, one mask for all steps", args(0.2, True, True, T=7, B=3)),
        Case("test, p = 0.3", args(0.3, False, False), True),
        Case("test, p = 0.2, variational", args(0.2, False, True), True),
        Case("p = 0", args(0.0, True, False), True, "look at the scale and at the mask"),
        Case("p = 0.5", args(0.5, True, False), True, "is p the share that goes or the share that stays?"),
        Case("T = 1", args(0.3, True, True, T=1), True, "look at how the mask follows the steps"),
    ]


_DROPPED = (
    "What share of the units should be zero for p = 0.1?",
    "Compare the mean before and after for many units.",
    "By which factor must the survivors grow to keep the mean?",
)
_AT_TEST = (
    "Predict twice with the same input. Are the answers equal?",
    "Who tells the layer that training is over?",
    "Which of the arguments says so here, and where do you read it?",
)
_PLACE = (
    "Print which units of one sequence are 0 at steps 0, 1 and 2.",
    "How many masks does one sequence need in the variational case?",
    "What does a new random mask at each step do to a memory over 100 steps?",
)
_SCALED = "dropout scaled or masked wrongly"
_TEST = "dropout at test time"
DROPOUT_WRONG = (
    Misconception("T37", f"{_SCALED}: the survivors do not grow", _dropout(factor=lambda p: 1.0), _DROPPED),
    Misconception("T38", f"{_SCALED}: 1/p", _dropout(factor=lambda p: 1 / p if p else np.inf), _DROPPED),
    Misconception("T38c", f"{_SCALED}: 1/p", _dropout(factor=lambda p: 1 / p), _DROPPED),  # p = 0 raises an error
    Misconception("T38b", f"{_SCALED}: times 1 - p", _dropout(factor=lambda p: 1 - p), _DROPPED),
    Misconception("T39", f"{_SCALED}: keep and drop exchanged", _dropout(keep=lambda u, p: u < p), _DROPPED),
    Misconception(
        "T39b",
        f"{_SCALED}: keep and drop exchanged",
        _dropout(keep=lambda u, p: u < p, factor=lambda p: 1 / p if p else np.inf),
        _DROPPED,
    ),
    Misconception(
        "T39c",
        f"{_SCALED}: the dropped share is right, the dropped units are not those with u below p",
        _dropout(keep=lambda u, p: u < 1 - p),
        ("Which units have u < p? Print them beside your zeros.", "Which end of the uniform numbers is dropped?"),
    ),
    Misconception("T41", f"{_SCALED}: scaled twice", _dropout(factor=lambda p: (1 - p) ** -2), _DROPPED),
    Misconception("T40", f"{_TEST}: still active", _dropout(always=True), _AT_TEST),
    Misconception("T42", f"{_TEST}: scaled again by 1 - p", _dropout(at_test=lambda hs, p: hs * (1 - p)), _AT_TEST),
    Misconception("T42b", f"{_TEST}: scaled by 1/(1 - p)", _dropout(at_test=lambda hs, p: hs / (1 - p)), _AT_TEST),
    Misconception(
        "T42c",
        "scaled at test, not in training: the older form, where the inverted one was asked",
        _dropout(factor=lambda p: 1.0, at_test=lambda hs, p: hs * (1 - p)),
        _AT_TEST,
    ),
    Misconception(
        "T47", "dropout at the wrong place: a new mask at every step", _dropout(mask_of=lambda u, v: u), _PLACE
    ),
    Misconception(
        "T47b", "one mask for all steps where a new one was asked", _dropout(mask_of=lambda u, v: u[:1]), _PLACE
    ),
    Misconception(
        "T47c",
        "one mask for the whole batch",
        _dropout(mask_of=lambda u, v: u[:1, :1] if v else u),
        ("Compare the zeros of two sequences.", "Does each sequence of the batch have a mask of its own?"),
    ),
    Misconception(
        "T47d",
        "one mask for all steps, but not the first one",
        _dropout(mask_of=lambda u, v: u[-1:] if v else u),
        ("Which of the numbers u does the task name for all steps?", "Try T = 1: is it right there?"),
    ),
)


# ---------------------------------------------------------------- 07.6 make_batches


def make_batches(
    sequences: list[Array],
    labels: Array,
    B: int,
    rng: np.random.Generator,
    sort: bool = True,
    shuffle: bool = True,
    backwards: bool = False,
    labels_follow: bool = True,
    drop_last: bool = False,
    to: str = "longest of the batch",
    left: bool = False,
    stable: bool = False,
    inside: bool = False,
) -> list[tuple[Array, Array]]:
    """Bucketing; from `sort` on, the changes that learners make."""
    n = len(sequences)
    lengths = np.array([len(s) for s in sequences])
    ties = np.arange(n) if stable else rng.random(n)
    order = np.lexsort((ties, lengths)) if sort else rng.permutation(n)
    order = order[::-1] if backwards else order
    ends = range(0, n - B + 1 if drop_last else n, B)
    groups = [order[k : k + B] for k in ends]
    names = [order[k : k + B] if labels_follow else np.arange(k, min(k + B, n)) for k in ends]
    made = []
    for group, name in zip(groups, names, strict=True):
        T = lengths[group].max() if to == "longest of the batch" else lengths.max()
        ids = np.zeros((T, len(group)), dtype=int)
        for b, i in enumerate(group):
            where = slice(T - lengths[i], T) if left else slice(0, lengths[i])
            ids[where, b] = sequences[i]
        made.append((ids, labels[name[::-1]] if inside else labels[name]))
    return [made[k] for k in rng.permutation(len(made))] if shuffle else made


_batches = partial(partial, make_batches)


def _batch_cases(rng: np.random.Generator) -> list[Case]:
    def args(n: int, B: int, low: int, high: int) -> tuple[Any, ...]:
        lengths = rng.integers(low, high, n)
        sequences = [rng.integers(1, 27, k) for k in lengths]
        return sequences, rng.permutation(1000)[:n], B, _seed(rng)

    return [
        Case("70 sequences, B = 6", args(70, 6, 3, 60)),
        Case("64 sequences, B = 5", args(64, 5, 2, 40)),
        Case("B divides their number", args(72, 6, 3, 60), True, "what becomes of the last, smaller batch?"),
        Case("all of one length", args(50, 5, 9, 10), True, "look at what the lengths decide"),
    ]


def _batch_view(case: Case, result: Any) -> dict[str, Any]:
    sequences, labels, B, _ = case.args
    if not isinstance(result, (list, tuple)) or not result:
        raise ValueError("batches: expected a list of (ids, labels)")
    texts = [s.tolist() for s in sequences]
    by_label = {int(k): s for k, s in zip(labels, sequences, strict=True)}
    seen: list[int] = []
    real, steps, longest, sizes, together, side = 0, 0, [], [], True, "after the end"
    tight = unchanged = inside = True
    for item in result:
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise ValueError("a batch: expected a pair (ids, labels)")
        try:
            ids, names = np.asarray(item[0]), np.asarray(item[1])
        except ValueError:
            raise ValueError("a batch: expected ids (T, b) padded to one length, got rows of several lengths") from None
        if ids.ndim != 2 or names.shape != (ids.shape[1],) or ids.dtype.kind not in "biuf":
            raise ValueError(f"a batch: expected ids (T, b) and labels (b,), got {ids.shape} and {names.shape}")
        for what, numbers in (("ids", ids), ("labels", names)):
            if numbers.dtype.kind not in "iu":
                raise ValueError(f"{what} must be whole numbers, got {numbers.dtype}: an id is used as an index")
        known = [by_label.get(name, np.zeros(1)).tolist() for name in names.astype(int).tolist()]
        inside &= sorted(known) == sorted(column[column != 0].tolist() for column in ids.T)
        for column, name in zip(ids.T, names.astype(int).tolist(), strict=True):
            text = column[column != 0]
            unchanged &= text.tolist() in texts
            seen.append(name)
            together &= name in by_label and np.array_equal(text, by_label[name])
            side = side if np.array_equal(column[: len(text)], text) else "before the start"
            real += len(text)
        lengths = (ids != 0).sum(0)
        longest.append(lengths.mean())
        tight &= len(ids) == lengths.max()
        steps += ids.size
        sizes.append(ids.shape[1])
    n = len(sequences)
    best = _best_steps([len(s) for s in sequences], B)
    equal = len(set(longest)) == 1
    order = "shuffled"
    if not equal and all(np.diff(longest) >= 0):
        order = "short to long"
    elif not equal and all(np.diff(longest) <= 0):
        order = "long to short"
    once = sorted(seen) == sorted(map(int, labels))
    return {
        "examples": "each one once" if once else f"{len(set(seen) & set(by_label))} of {n}, {len(seen)} in all",
        "batches": ", ".join(f"{k} of {size}" for size, k in sorted(Counter(sizes).items(), reverse=True)),
        "each text": "as it was" if unchanged else "changed",
        "text and label": "together" if together else "in another order inside a batch" if inside else "parted",
        "padding": "little" if steps - real <= 2 * (best - real) + 0.05 * real else "much",
        "a batch is as long as": "its longest sequence" if tight else "something else",
        "padding stands": side,
        "order of the batches": order,
    }


def _best_steps(lengths: list[int], B: int) -> int:
    """Steps of all batches, padding included, when the lengths are sorted and cut, from either end."""
    counts = []
    for order in (sorted(lengths), sorted(lengths, reverse=True)):
        groups = [order[k : k + B] for k in range(0, len(order), B)]
        counts.append(sum(max(g) * len(g) for g in groups))
    return max(counts)


_LABELS = (
    "Do text and label of one example still meet?",
    "Which array did you reorder, and which one must follow?",
    "Use one index array for both.",
)
_SHUFFLE = (
    "Print the lengths of the batches over two epochs.",
    "What may be shuffled without adding padding?",
    "What does a model see first, and what last, in your order?",
)
_SORT = (
    "Count the padded steps of your batches.",
    "Which lengths stand side by side in one batch?",
    "What must happen before the list is cut into batches?",
)
_SPOILS = "bucketing spoils order or randomness"
BATCH_WRONG = (
    Misconception("T46", f"{_SPOILS}: labels do not move with the sequences", _batches(labels_follow=False), _LABELS),
    Misconception(
        "T46g", f"{_SPOILS}: labels do not move with the sequences", _batches(labels_follow=False, stable=True), _LABELS
    ),
    Misconception("T46h", "labels in another order than the texts of their batch", _batches(inside=True), _LABELS),
    Misconception("T46b", f"{_SPOILS}: always short to long", _batches(shuffle=False), _SHUFFLE),
    Misconception("T46c", f"{_SPOILS}: always long to short", _batches(shuffle=False, backwards=True), _SHUFFLE),
    Misconception("T46d", "no bucketing: short and long ones in one batch", _batches(sort=False), _SORT),
    Misconception(
        "T46e",
        "padded to the longest of all, not of the batch",
        _batches(to="all"),
        ("Count the padded steps of your batches.", "Print the shapes of the batches: why are they all equal?"),
    ),
    Misconception(
        "T46f",
        "the last, smaller batch is lost",
        _batches(drop_last=True),
        ("Count the examples of all batches.", "What becomes of the rest when B does not divide their number?"),
    ),
    Misconception(
        "T33",
        "padding before the start instead of after the end",
        _batches(left=True),
        _ORDER,
    ),
)


# ---------------------------------------------------------------- 07.7 learning_rates


def learning_rates(
    lr: float,
    gamma: float,
    warm_up: int,
    updates: int,
    epochs: int,
    decay: Callable[[Array, int], Array] = lambda k, n: k // n,
    warm: Callable[[Array, int, int], Array] = lambda k, w, n: np.minimum(1.0, (k + 1) / w),
    power: Callable[[float, Array], Array] = lambda gamma, e: gamma**e,
) -> Array:
    """The learning rate of each update; from `decay` on, the changes that learners make."""
    k = np.arange(updates * epochs)
    return lr * warm(k, warm_up, updates) * power(gamma, decay(k, updates))


_rates = partial(partial, learning_rates)


def _rate_cases(rng: np.random.Generator) -> list[Case]:
    lr, gamma = float(rng.uniform(0.001, 0.1)), float(rng.uniform(0.3, 0.8))
    return [
        Case("4 epochs of 5 updates, warm-up of 3", (lr, gamma, 3, 5, 4)),
        Case("3 epochs of 4 updates, warm-up of 6", (2 * lr, gamma, 6, 4, 3)),
        Case("no warm-up (1 update)", (lr, gamma, 1, 5, 3), True, "look at the first updates"),
        Case("gamma = 1", (lr, 1.0, 4, 5, 2), True, "look at when the rate decays"),
        Case("one epoch", (lr, gamma, 4, 8, 1), True, "look at what happens from epoch to epoch"),
        Case("one update an epoch", (lr, gamma, 2, 1, 5), True, "do you count epochs or updates?"),
    ]


_STEPPED = (
    "Print the learning rate of the first ten updates.",
    "How often is your schedule stepped per epoch?",
    "Which rate does the very first update use?",
)


def _one_early(k: Array, w: int, n: int) -> Array:
    return np.minimum(1.0, (k + 2) / w)


def _stepped(key: str, name: str, **change: Any) -> Misconception:
    return Misconception(key, f"schedule stepped at the wrong time: {name}", _rates(**change), _STEPPED)


RATE_WRONG = (
    _stepped("T43", "per update instead of per epoch", decay=lambda k, n: k),
    _stepped("T43b", "one epoch too early", decay=lambda k, n: k // n + 1),
    _stepped("T43c", "at the last update of an epoch, not after it", decay=lambda k, n: (k + 1) // n),
    _stepped("T43d", "per update and per epoch", decay=lambda k, n: k + k // n),
    _stepped("T43e", "warm-up starts at 0", warm=lambda k, w, n: np.minimum(1.0, k / w)),
    _stepped("T43m", "warm-up from 0 on: k / (w - 1)", warm=lambda k, w, n: np.minimum(1.0, k / max(w - 1, 1))),
    _stepped("T43f", "warm-up ends one update late", warm=lambda k, w, n: np.minimum(1.0, (k + 1) / (w + 1))),
    _stepped("T43g", "no warm-up", warm=lambda k, w, n: np.ones(len(k))),
    _stepped("T43h", "the warm-up never ends", warm=lambda k, w, n: (k + 1) / w),
    _stepped("T43j", "no decay at all", decay=lambda k, n: 0 * k),
    _stepped("T43k", "the updates counted from 1", decay=lambda k, n: (k + 1) // n, warm=_one_early),
    _stepped("T43l", "the power is the place in the epoch: k % updates", decay=lambda k, n: k % n),
    _stepped("T43i", "the warm-up starts anew in each epoch", warm=lambda k, w, n: np.minimum(1.0, (k % n + 1) / w)),
    Misconception(
        "gamma-times",
        "the rate falls by gamma times the epoch, not by a power of gamma",
        _rates(power=lambda gamma, e: np.where(e == 0, 1.0, gamma * e)),
        ("Print the rate of epochs 0, 1, 2 and 3.", "By which factor does it change from one epoch to the next?"),
    ),
    Misconception(
        "gamma-times.zero",
        "the rate falls by gamma times the epoch: 0 in the first one",
        _rates(power=lambda gamma, e: gamma * e),
        ("Print the rate of epochs 0, 1, 2 and 3.", "By which factor does it change from one epoch to the next?"),
    ),
    misread(
        learning_rates,
        lambda lr, *rest: (1.0, *rest),
        "no-lr",
        "the factor lr is missing",
        ("Print your largest rate. Should it be 1?", "Which argument does your code never read?"),
    ),
    Misconception(
        "smooth",
        "a smooth decay, not one step an epoch",
        _rates(decay=lambda k, n: k / n),
        ("Print the rates of one epoch.", "Which division counts whole epochs?"),
    ),
)


# ---------------------------------------------------------------- 07.8 train_and_predict

LETTERS = 6  # ids 1 .. 6; 0 does not occur
SIGNALS = 3  # in each sequence
CLASSES = 2**SIGNALS
GOAL = 0.95


def _order_case(rng: np.random.Generator, n_train: int = 800, n_pairs: int = 150) -> Case:
    """Two kinds of signal letters among four kinds of noise; the class is the order of the three signals.

    Which ids are the signals, and which class each order has, is drawn anew. The test sequences come in pairs: one, and
    the same backwards, so that an answer that ignores order is the same for both.
    """
    ids = rng.permutation(LETTERS) + 1
    classes = rng.permutation(CLASSES).reshape((2,) * SIGNALS)

    def draw() -> tuple[Array, int]:
        T = int(rng.integers(6, 17))
        text = rng.choice(ids[2:], T)
        signals = rng.integers(0, 2, SIGNALS)
        text[np.sort(rng.choice(T, SIGNALS, replace=False))] = ids[signals]
        return text, int(classes[tuple(signals)])

    def backwards(text: Array) -> tuple[Array, int]:
        signals = [list(ids).index(k) for k in text[::-1] if k in ids[:2]]
        return text[::-1].copy(), int(classes[tuple(signals)])

    train = [draw() for _ in range(n_train)]
    once = [draw() for _ in range(n_pairs)]
    test = [pair for example in once for pair in (example, backwards(example[0]))]
    xs, ys = [list(column) for column in zip(*train, strict=True)]
    xs_test, ys_test = [list(column) for column in zip(*test, strict=True)]
    args = (xs, np.array(ys), xs_test, int(rng.integers(1000)))
    return Case("800 sequences to learn from, 300 fresh ones", args, expected=np.array(ys_test))


def _predictions_view(case: Case, result: Any) -> dict[str, Any]:
    """What the predictions on the fresh sequences show; the labels never leave the grader."""
    xs_test, right = case.args[2], case.expected
    got = np.asarray(result)
    if got.shape != right.shape:
        raise ValueError(f"predictions: expected one class for each of {len(right)} sequences, got {got.shape}")
    if got.dtype.kind not in "biuf" or not np.isin(got, np.arange(CLASSES)).all():
        raise ValueError(f"predictions: expected class numbers from 0 to {CLASSES - 1}")
    return {"held-out accuracy": _read_off(got.astype(int), right, [len(x) for x in xs_test])}


def _read_off(got: Array, right: Array, lengths: list[int]) -> str:
    share = float((got == right).mean())
    if share >= GOAL:
        return f"at least {GOAL:.0%}"
    if (got == got[0]).all():
        return "one and the same class for every sequence"
    if (got[::2] == got[1::2]).all():
        return "the same class for each sequence and its reverse"
    if any(_same_classes_by_length(got, right, np.array(lengths), sign) >= GOAL for sign in (1, -1)):
        return "right classes in another order: sorted by length"
    if (got[::-1] == right).mean() >= GOAL:
        return "right classes in another order: from the last sequence to the first"
    if (got.reshape(-1, 2)[:, ::-1].ravel() == right).mean() >= GOAL:
        return "the classes of the sequences read backwards"
    together = np.histogram2d(got, right, np.arange(CLASSES + 1))[0]
    if (
        together.max(1).sum() >= GOAL * len(got)
        and len(set(together.argmax(1)[together.any(1)])) == together.any(1).sum()
    ):
        return "the right groups under other class numbers"
    if share < 1.6 / CLASSES:
        return f"no better than guessing one of {CLASSES} classes"
    return f"{share:.0%}, below {GOAL:.0%}"


def _same_classes_by_length(got: Array, right: Array, lengths: Array, sign: int) -> float:
    """The share of predictions that fit when they came sorted by length: in which order equal lengths came is open."""
    order = np.argsort(sign * lengths, kind="stable")
    fitting = 0
    for n in np.unique(lengths):
        here = lengths[order] == n
        there = (np.bincount(x[here], minlength=CLASSES) for x in (got, right[order]))
        fitting += np.minimum(*there).sum()
    return fitting / len(got)


def train_and_predict(xs: list[Array], ys: Array, xs_test: list[Array], seed: int) -> Array:
    """A GRU on padded batches, its last real state, Adam with clipping."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer, head = torch.nn.GRU(LETTERS + 1, 24), torch.nn.Linear(24, CLASSES)
    weights = [*layer.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(weights, lr=0.02)

    def outputs(texts: list[Array]) -> torch.Tensor:
        lengths = torch.tensor([len(text) for text in texts])
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(text) for text in texts])
        hs, _ = layer(torch.nn.functional.one_hot(ids, LETTERS + 1).float())
        return head(hs[lengths - 1, torch.arange(len(texts))])

    labels = torch.tensor(ys)
    for _ in range(15):
        for batch in torch.randperm(len(xs), generator=generator).split(32):
            loss = torch.nn.functional.cross_entropy(outputs([xs[i] for i in batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
    with torch.no_grad():
        return outputs(xs_test).argmax(1).numpy()


def _most_frequent(xs: list[Array], ys: Array, xs_test: list[Array], seed: int) -> Array:
    return np.full(len(xs_test), np.bincount(ys).argmax())


def _counting(xs: list[Array], ys: Array, xs_test: list[Array], seed: int) -> Array:
    """The most frequent class among training sequences with the nearest counts of letters: a bag of symbols."""

    def counts(texts: list[Array]) -> Array:
        bags = np.array([np.bincount(text, minlength=LETTERS + 1) for text in texts], dtype=float)
        return np.minimum(bags, 3)

    known = counts(xs)
    return np.array([ys[np.abs(known - bag).sum(1).argmin()] for bag in counts(xs_test)])


def _untrained(xs: list[Array], ys: Array, xs_test: list[Array], seed: int) -> Array:
    return np.random.default_rng(seed).integers(0, CLASSES, len(xs_test))


def _right(xs: list[Array], ys: Array, xs_test: list[Array]) -> Array:
    """The right classes without training: the signals are the two letters that make three of each text."""

    def signals(text: Array, pair: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(k for k in text.tolist() if k in pair)

    pairs = itertools.combinations(range(1, LETTERS + 1), 2)
    pair = next(p for p in pairs if all(len(signals(x, p)) == SIGNALS for x in xs))
    known = {signals(x, pair): y for x, y in zip(xs, ys, strict=True)}
    return np.array([known.get(signals(x, pair), 0) for x in xs_test])


def _sorted_back_forgotten(xs: list[Array], ys: Array, xs_test: list[Array], seed: int) -> Array:
    return _right(xs, ys, sorted(xs_test, key=len))


TRAIN_WRONG = (
    Misconception(
        "majority",
        "one class for everything, whatever the sequence",
        _most_frequent,
        (
            "Print how often each class is predicted.",
            "Print the loss of the first and of the last ten updates, and ln 8 beside it.",
            "Do the letters reach the network at all? Compare the outputs for two sequences.",
        ),
    ),
    Misconception(
        "bag",
        "the order of the letters is ignored: a sequence and its reverse get one answer",
        _counting,
        (
            "Predict a sequence and its reverse: are the outputs equal?",
            "Does a sum or a mean over the letters know which came first?",
            "What must step t know of step t - 1?",
        ),
    ),
    Misconception(
        "untrained",
        "no better than guessing: nothing learned, or the classes of other sequences handed back",
        _untrained,
        (
            "Print the loss of the first and of the last ten updates, and ln 8 beside it.",
            "The lines of one update: outputs, loss, zero_grad, backward, step. Is one missing?",
            "Are these the classes of xs_test, in its order? Predict some training sequences: are those right?",
        ),
    ),
    Misconception(
        "T32.last",
        "order lost: from the last test sequence to the first",
        lambda xs, ys, xs_test, seed: _right(xs, ys, xs_test)[::-1].copy(),
        ("Give each test sequence its own number: which number comes out where?", "Is a list turned round somewhere?"),
    ),
    Misconception(
        "backwards",
        "the test sequences are read backwards, those of the training were not",
        lambda xs, ys, xs_test, seed: _right(xs, ys, [x[::-1] for x in xs_test]),
        (
            "Print one text as the network gets it in training, and one at test.",
            "Do both go through the same function?",
        ),
    ),
    Misconception(
        "renamed",
        "the right groups under other class numbers",
        lambda xs, ys, xs_test, seed: (_right(xs, ys, xs_test) + 1) % CLASSES,
        (
            "Print some labels of the training set beside what you predict for them.",
            "Which output belongs to which class?",
        ),
    ),
    Misconception(
        "T32",
        "order lost: test sequences sorted by length and not sorted back",
        _sorted_back_forgotten,
        (
            "Give each test sequence its own number: which number comes out where?",
            "Did you sort the test sequences, or put them in buckets?",
            "Which index array undoes an argsort?",
        ),
    ),
)


EXERCISES = (
    Exercise(
        id="07.1",
        name="xavier_gates",
        points=1,
        reference=xavier_gates,
        cases=_xavier_cases,
        view=_xavier_view,
        rtol=0.03,
        misconceptions=XAVIER_WRONG,
        bare=True,
        hints=("Write one gate first; then several, and np.concatenate.",) + _SCALE,
    ),
    Exercise(
        id="07.2",
        name="orthogonal_gates",
        points=1,
        reference=orthogonal_gates,
        cases=_orthogonal_cases,
        view=_orthogonal_view,
        misconceptions=ORTHOGONAL_WRONG,
        bare=True,
        hints=("np.linalg.qr of a matrix of normal numbers.",) + _PER_GATE,
    ),
    Exercise(
        id="07.3",
        name="masked_mean",
        points=1,
        reference=masked_mean,
        cases=_masked_cases,
        outputs=("loss", "dlosses", "perplexity"),
        misconceptions=MASKED_WRONG,
        bare=True,
        hints=("Build the mask (T, B) first and print it for lengths 1 and T.",) + _PADDED_MEAN,
    ),
    Exercise(
        id="07.4",
        name="last_state",
        points=1,
        reference=last_state,
        cases=_last_cases,
        outputs=("the last states",),
        misconceptions=LAST_WRONG,
        bare=True,
        hints=_AFTER_PADDING,
    ),
    Exercise(
        id="07.5",
        name="dropout",
        points=1,
        reference=dropout,
        cases=_dropout_cases,
        outputs=("the states after dropout",),
        misconceptions=DROPOUT_WRONG,
        bare=True,
        arguments="left",
        new=True,
        hints=_DROPPED,
    ),
    Exercise(
        id="07.6",
        name="make_batches",
        points=2,
        reference=make_batches,
        cases=_batch_cases,
        view=_batch_view,
        misconceptions=BATCH_WRONG,
        bare=True,
        hints=("Work with indices: sort them by length, cut, shuffle the pieces.",) + _SORT,
    ),
    Exercise(
        id="07.7",
        name="learning_rates",
        points=1,
        reference=learning_rates,
        cases=_rate_cases,
        outputs=("the learning rates",),
        misconceptions=RATE_WRONG,
        bare=True,
        hints=_STEPPED,
    ),
    Exercise(
        id="07.8",
        name="train_and_predict",
        points=2,
        reference=train_and_predict,
        cases=lambda rng: [_order_case(rng)],
        view=_predictions_view,
        draws=1,
        seconds=60,
        misconceptions=TRAIN_WRONG,
        hints=(
            "Print the training loss: below ln 8 = 2.08 it has begun to learn.",
            "Pad with 0, one-hot or embedding with 7 ids, one recurrent layer, a head on the last real state.",
            "Adam with a rate near 0.01, ten to twenty rounds through the data.",
        ),
    ),
)
