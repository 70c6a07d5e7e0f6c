"""Lesson 07: initialisation, masks, last states, dropout, buckets, a schedule, and a training run on fresh data."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Seed

Array = np.ndarray


def _seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(2**31)))


def _matrix(value: Any) -> Array:
    W = np.asarray(value)
    if W.ndim != 2 or W.dtype.kind not in "biuf" or not np.isfinite(W).all():
        raise ValueError(f"W: expected a matrix of finite numbers, got the shape {W.shape}")
    return W.astype(float)


def _alike(blocks: Array) -> str:
    """How many blocks are the same as another one: none, some, all."""
    pairs = itertools.combinations(blocks, 2)
    same = [np.allclose(a[:1], b[:1], atol=1e-6) and np.allclose(a, b, atol=1e-6) for a, b in pairs]
    return "all" if same and all(same) else "some" if any(same) else "none"


# ---------------------------------------------------------------- 07.1 xavier_gates
def _sizes(rng: np.random.Generator) -> list[Case]:
    H, D = int(rng.integers(70, 80)), int(rng.integers(180, 200))
    return [
        Case("4 gates, H below D", (4, H, D, _seed(rng))),
        Case("2 gates, H above D", (2, 150 + H, H, _seed(rng))),
        Case("1 gate", (1, 150, 190, _seed(rng)), True, "look at how many rows one gate has"),
        Case("4 gates, H = D", (4, 100, 100, _seed(rng)), True, "look at the sizes under the root and in the shape"),
    ]


def _xavier(case: Case, result: Any) -> dict[str, Any]:
    n_gates, H, D, _ = case.args
    asked = (n_gates * H, D)
    W = _matrix(result)
    blocks = W.reshape(-1, H, D) if W.shape == asked else W[None]
    alike, spread = _alike(blocks), W.std()
    off_centre = 0 if alike != "none" else W.mean() * np.sqrt(W.size) / (spread + 1e-300)
    return {
        f"shape {asked}": "yes" if W.shape == asked else f"{W.shape}",
        "standard deviation": spread,
        "largest size": np.abs(W).max(),
        "mean": "about 0" if abs(off_centre) < 6 else "above 0" if off_centre > 0 else "below 0",
        "copies among the gates": alike,
        "rows of a gate": "different" if len({row.tobytes() for row in blocks[0]}) == len(blocks[0]) else "alike",
    }


_VARIANCE = (
    "What variance should the weights have? Measure yours.",
    "A uniform distribution on (-a, a): what is its variance?",
    "Compute a by hand for H = 10 and D = 50, and print yours beside it.",
)
_STACKED = ("Print the shape of the result, and two gates' blocks.", "How many rows and random numbers are asked?")
_SUM, _ROOT, _DRAW, _SHAPE = "(D + H)", "6 / (D + H)", "uniform(-a, a", "(n_gates * H, D)"
_INITIAL = {
    _VARIANCE: {
        "the bound is the standard deviation: 2 where 6 belongs": ("6", "2"),
        "3 where 6 belongs": ("6", "3"),
        "1 where 6 belongs": ("6", "1"),
        "no root": ("np.sqrt(", "("),
        "in + out outside the root": {"6 /": "6) /", "H))": "H)"},
        "brackets missing under the root": [(_SUM, "D + H"), (_SUM, "H + D")],
    },
    ("How many inputs has a unit of one gate, how many outputs one input?", "What stands under your root?"): {
        "only the inputs D counted": [(_ROOT, "6 / D"), (_ROOT, "3 / D")],
        "only the outputs H counted": (_ROOT, "6 / H"),
        "1/sqrt(D): only the inputs counted": (_ROOT, "1 / D"),
        "sqrt(2/D): only the inputs counted": (_ROOT, "2 / D"),
        "1/sqrt(H), PyTorch's rule": (_ROOT, "1 / H"),
        "both sizes counted once for each gate": (_SUM, "(n_gates * (D + H))"),
        "the inputs counted once for each gate": (_SUM, "(n_gates * D + H)"),
        "the rows of all gates counted as outputs of one": (_SUM, "(D + n_gates * H)"),
    },
    ("Print your smallest and your largest weight, and a.", "From which interval do you draw, and how?"): {
        "a not used: from -1 to 1": ("-a, a", "-1, 1"),
        "a not used: from 0 to 1": ("-a, a", "0, 1"),
        "weights from 0 to a: one-sided": ("-a, a", "0, a"),
        "weights from -a to 0: one-sided": ("-a, a", "-a, 0"),
        "weights from -a/2 to a/2: half as wide": ("-a, a", "-a / 2, a / 2"),
        "normal numbers, with the bound as standard deviation": (_DRAW, "normal(0, a"),
        "normal numbers where uniform ones were asked": (_DRAW, "normal(0, a / np.sqrt(3)"),
    },
    _STACKED: {
        "one gate only": (_SHAPE, "(H, D)"),
        "the gates not stacked: (n_gates, H, D)": (_SHAPE, "(n_gates, H, D)"),
        "the gates side by side, not one below the other": (_SHAPE, "(H, n_gates * D)"),
        "shape turned, (D, n_gates H)": ("D))", "D)).T"),
        "one block copied for every gate": {"return rng": "return np.tile(rng", _SHAPE: "(H, D)), (n_gates, 1)"},
    },
}
XAVIER = Exercise(
    "07.1", "xavier_gates", 1, _sizes, (), slips(_INITIAL), view=_xavier, rtol=0.03, bare=True, hints=_VARIANCE
)


# ---------------------------------------------------------------- 07.2 orthogonal_gates
def _squares(rng: np.random.Generator) -> list[Case]:
    H = int(rng.integers(6, 12))
    return [
        Case("4 gates", (4, H, _seed(rng))),
        Case("3 gates", (3, H + 5, _seed(rng))),
        Case("1 gate", (1, H, _seed(rng)), True, "look at what happens with several gates"),
        Case("H = 1", (2, 1, _seed(rng)), True, "look at what is off the diagonal of Q.T @ Q"),
    ]


def _rotations(case: Case, result: Any) -> dict[str, Any]:
    n_gates, H, _ = case.args
    W = _matrix(result)
    if W.shape != (n_gates * H, H):
        raise ValueError(f"W: expected (n_gates H, H) = {(n_gates * H, H)}, got the shape {W.shape}")
    blocks = W.reshape(n_gates, H, H)
    products = blocks.transpose(0, 2, 1) @ blocks
    diagonal = np.einsum("gii->gi", products)
    off = products - diagonal[:, :, None] * np.eye(H)
    facts = {
        "columns of each gate have length 1": np.allclose(diagonal, 1, atol=1e-4),
        "rows of each gate have length 1": np.allclose((blocks**2).sum(2), 1, atol=1e-4),
        "columns of each gate are equally long": np.allclose(diagonal, diagonal[:, :1]),
    }
    if H > 1:
        radii = np.abs(np.linalg.eigvals(blocks)).max(1)
        facts |= {
            "columns of each gate are at right angles": np.abs(off).max() < 1e-4,
            "some vector keeps its length, none becomes longer": np.allclose(np.linalg.norm(blocks, 2, (1, 2)), 1),
            "numbers below the diagonal": np.abs(np.tril(blocks, -1)).max() >= 1e-9,
            "largest eigenvalue of size 1": np.allclose(radii, 1, atol=1e-4),
            "no gate is the identity": not any(np.allclose(Q, np.eye(H), atol=1e-6) for Q in blocks),
        }
    if H > 1 and n_gates > 1:
        facts |= {
            "columns of all gates together are longer than 1": not np.allclose(diagonal.sum(0), 1, atol=1e-4),
            "columns of all gates together are at right angles": np.abs(off.sum(0)).max() < 1e-4,
            "no two gates are the same": _alike(blocks) == "none",
        }
    return {fact: "true" if holds else "not so" for fact, holds in facts.items()}


_GATES = ("Multiply a vector by one gate's block: how long is it now?", "How many square blocks are there in W?")
_JOIN, _OF_ALL = "return np.concatenate(gates)", "W = np.vstack(gates)\nreturn W / np.linalg.norm(W, axis=0)"
_GATE = {
    (
        "Compute Q.T @ Q for one gate's block: what stands on the diagonal, and what off it?",
        "Does the length of every vector stay the same under your matrix?",
        "Which of the two factors of the decomposition is the rotation?",
    ): {
        "not orthogonal: zeros below the diagonal, as in R": ("(Q)", "(R)"),
        "not orthogonal: random numbers of which nothing makes a rotation": ("(Q)", "(A)"),
        "not orthogonal: columns of length 1 only": ("(Q)", "(A / np.linalg.norm(A, axis=0))"),
        "not orthogonal: rows of length 1 only": ("(Q)", "(A / np.linalg.norm(A, axis=1)[:, None])"),
        "not orthogonal: only the largest eigenvalue has size 1": ("(Q)", "(A / max(abs(np.linalg.eigvals(A))))"),
        "not orthogonal: columns of length 1 of the whole": {"(Q)": "(A)", _JOIN: _OF_ALL},
    },
    _GATES: {
        "orthogonal as a whole, not gate by gate": {"(H, H)": "(n_gates * H, H)", "(gates)": "(gates[:1])"},
        "a rotation times a factor": [("(Q)", "(2 * Q)"), ("(Q)", "(Q / 2)"), ("(Q)", "(Q / np.sqrt(H))")],
    },
    ("Print the blocks of two gates, one beside the other.", "Which numbers are random? How often do you draw?"): {
        "identity in place of a random rotation": ("(Q)", "(np.eye(H))"),
        "the same rotation in more than one gate": ("(gates)", "(gates[:1] * n_gates)"),
    },
    _STACKED: {
        "the gates not stacked: (n_gates, H, H)": ("concatenate", "stack"),
        "the gates side by side, not one below the other": ("concatenate", "hstack"),
        "one gate only": ("np.concatenate(gates)", "gates[0]"),
    },
}
ORTHOGONAL = Exercise(
    "07.2", "orthogonal_gates", 1, _squares, (), slips(_GATE), view=_rotations, bare=True, hints=_GATES
)


# ---------------------------------------------------------------- 07.3 masked_mean
def _masked_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int) -> tuple[Array, Array]:
        return rng.uniform(0.3, 2.5, (T, len(lengths))), np.array(lengths)

    return [
        Case("lengths 3, 7, 1, 5", args(7, 3, 7, 1, 5)),
        Case("the longest shorter than T", args(6, 4, 2, 5)),
        Case("B = T", args(4, 2, 4, 1, 3)),
        Case("all lengths T", args(5, 5, 5, 5), True, "look at the mask and at what you divide by"),
        Case("equal lengths below T", args(6, 4, 4, 4), True, "what does one step of each sequence weigh?"),
        Case("B = 1", args(5, 3), True, "look at how the sequences are put together"),
    ]


_DIVISOR = ("Set all losses to 1: which mean must come out?", "How many real tokens are there? By what do you divide?")
_IS_REAL, _TURNED = "np.arange(len(losses))[:, None] < lengths", "np.arange(len(losses)) < lengths[:, None]"
_W, _L, _G, _P = "mask / mask.sum()", "(weights * losses).sum()", "loss, weights", "np.exp(loss)"
_LESS, _MORE, _FEWER, _NOT = "< lengths", "<= lengths", "< lengths - 1", ">= lengths"
_BY, _N = "/ mask.sum()", "/ lengths.sum()"
_OWN = f"(({_IS_REAL}) * np.exp(losses)).sum() / lengths.sum()"  # beside another slip
_EACH = "((mask * losses).sum(0) / lengths)"  # the mean of each sequence
_MASKED = {
    _DIVISOR: {
        "padding counted: divided by T B": (_W, "mask / mask.size"),
        "padding counted: divided by the longest length times B": (_W, "mask / lengths.max() / len(lengths)"),
        "divided by B": (_W, "mask / len(lengths)"),
        "divided by T": (_W, "mask / len(mask)"),
        "a sum, not a mean": (_W, "mask"),
        "padding counted: the loss divided by T B": (_L, "(mask * losses).mean()"),
        "the loss divided by B": (_L, "(mask * losses).sum() / len(lengths)"),
        "a sum in the loss, not a mean": (_L, "(mask * losses).sum()"),
    },
    ("Put 100 into a padded entry. Should the loss change, and does yours?", "Which positions does your sum have?"): {
        "no mask at all: padding is summed and counted": (_W, "mask**0 / mask.size"),
        "padding summed, too: no mask in the numerator": (_W, "mask**0 / mask.sum()"),
        "no mask in the loss: padding is summed and counted": (_L, "losses.mean()"),
        "no mask in the numerator of the loss: padding summed, too": (_L, "losses.sum() / mask.sum()"),
    },
    ("Two sequences, 1 and 9 tokens: what does one token weigh in each?", "How many means are asked, and of what?"): {
        "a loss for each sequence, not one number": [(_L, "(weights * losses).sum(0)"), (_L, _EACH)],
        "mean of means": (_W, "mask / lengths / len(lengths)"),
        "mean of means in the loss": (_L, f"{_EACH}.mean()"),
    },
    (
        "Print the mask for the lengths 1 and T: which axis is time, and how many ones has each sequence?",
        "Does counting start at 0 or at 1? Does True mean keep or drop?",
    ): {
        "mask off by one": [(_LESS, _MORE), (_LESS, _FEWER), {_LESS: _MORE, _BY: _N}, {_LESS: _FEWER, _BY: _N}],
        "mask inverted": [(_LESS, _NOT), {_LESS: _NOT, _BY: "/ max(mask.sum(), 1)"}, {_LESS: _NOT, _BY: _N}],
        "mask turned: (B, T) used for (T, B)": [(_IS_REAL, f"({_TURNED}).reshape(losses.shape)"), (_IS_REAL, _TURNED)],
    },
    ("Nudge a real loss by 0.001, then a padded one: how does L change?", "Which weight has each entry in the sum?"): {
        "the gradient divided by T B": (_G, "loss, mask / mask.size"),
        "the gradient divided by B": (_G, "loss, mask / len(lengths)"),
        "the gradient of each sequence divided by its own length": (_G, "loss, mask / lengths"),
        "the gradient of a mean of means": (_G, "loss, mask / lengths / len(lengths)"),
        "the gradient of a mean over all positions, padding too": (_G, "loss, mask**0 / mask.size"),
        "padded positions get a gradient": (_G, "loss, mask**0 / mask.sum()"),
        "the gradient is the mask, not divided": (_G, "loss, mask"),
        "the gradient multiplied by the losses": (_G, "loss, weights * losses"),
    },
    ("Try two tokens with losses 1 and 3 nats: which power is asked, of which base?", "Average first, or exp first?"): {
        "perplexity as the mean of exp(loss)": [(_P, "(weights * np.exp(losses)).sum()"), (_P, _OWN)],
        "perplexity as the mean of the sequences' perplexities": (_P, f"np.exp({_EACH}).mean()"),
        "perplexity as the mean of exp(loss), padding too": (_P, "np.exp(losses).mean()"),
        "perplexity of the sum, not of the mean": (_P, "np.exp((mask * losses).sum())"),
        "the perplexity is the loss itself, without the exp": (_P, "loss"),
        "perplexity as a power of 2 of a loss in nats": (_P, "2**loss"),
    },
}
_MASKED_OUT = ("loss", "dlosses", "perplexity")
MASKED = Exercise("07.3", "masked_mean", 1, _masked_cases, _MASKED_OUT, slips(_MASKED), bare=True, hints=_DIVISOR)


# ---------------------------------------------------------------- 07.4 last_state
def _last_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int, H: int = 4) -> tuple[Array, Array]:
        return np.tanh(rng.normal(0, 1, (T, len(lengths), H))), np.array(lengths)

    own = "does each sequence get a step of its own?"
    return [
        Case("lengths 2, 6, 1, 4 of T = 6", args(6, 2, 6, 1, 4, H=5)),
        Case("the longest shorter than T", args(8, 4, 2, 6, 3, H=3)),
        Case("B = T", args(5, 3, 5, 1, 4, 2, H=3)),
        Case("all lengths T", args(5, 5, 5, 5), True, "look at what happens where padding begins"),
        Case("longest first", args(6, 5, 4, 2), True, "is the order of the sequences kept?"),
        Case("equal lengths below T", args(6, 4, 4, 4), True, own),
        Case("B = 1", args(6, 4), True, own),
    ]


_AFTER_PADDING = ("Write 100 into the padded steps: may an answer change?", "Which step is the last real one of each?")
_STATES, _PLACES = "hs[lengths - 1, np.arange(len(lengths))]", "np.arange(len(lengths))"
_REAL = "(np.arange(len(hs))[:, None, None] < lengths[:, None])"
_BY_LENGTH = [
    f"order = np.argsort({how}\nhs, lengths = hs[:, order], lengths[order]"
    for how in ("-lengths, kind='stable')", "lengths, kind='stable')", "lengths, kind='stable')[::-1]")
]
_LAST = {
    _AFTER_PADDING: {
        "state after the padding taken as the last one": (_STATES, "hs[-1]"),
        "a mean over all steps, padding too": (_STATES, "hs.mean(0)"),
    },
    ("Which states go into your answer for one sequence?", "Lengths 2 and 5: which single index does each need?"): {
        "a mean over the real steps": (_STATES, f"(hs * {_REAL}).sum(0) / lengths[:, None]"),
        "one step for all sequences: the longest one's last": (_STATES, "hs[lengths.max() - 1]"),
        "one step for all sequences: the shortest one's last": (_STATES, "hs[lengths.min() - 1]"),
        "one step for all sequences: the first one's last": (_STATES, "hs[lengths[0] - 1]"),
        "the first step taken as the last one": (_STATES, "hs[0]"),
    },
    ("Print the indices that you read for the lengths 1 and T.", "Which has the last of n items? Where is padding?"): {
        "last step off by one: hs[length]": ("lengths - 1", "lengths"),
        "last step off by one: hs[length], held at T": ("lengths - 1", "np.minimum(lengths, len(hs) - 1)"),
        "last step off by one: hs[length - 2]": ("lengths - 1", "lengths - 2"),
        "last step off by one: hs[length - 2], held at 0": ("lengths - 1", "np.maximum(lengths - 2, 0)"),
        "padding taken to stand before the start: hs[T - length]": ("lengths - 1", "len(hs) - lengths"),
    },
    ("Give each sequence its own number: which comes out where?", "Which axis has each index? What did you reorder?"): {
        "each sequence not paired with its own step: (B, B, H)": (_PLACES, ":"),
        "always sequence 0, whichever row is asked": (_PLACES, "0"),
        "the indices of time and batch exchanged": {"lengths - 1": _PLACES, _PLACES: "lengths - 1"},
        "order lost: sorted by length and not sorted back": [("", line) for line in _BY_LENGTH],
        "order lost: sorted by length and put back by the same order, not by its inverse": [
            {"": line, "lengths))]": "lengths))][order]"} for line in _BY_LENGTH
        ],
        "the lengths sorted, the states not": ("", "lengths = np.sort(lengths)"),
        "order lost: from the last sequence to the first": ("", "hs, lengths = hs[:, ::-1], lengths[::-1]"),
    },
}
_LAST_OUT = ("the last states",)
LAST = Exercise("07.4", "last_state", 1, _last_cases, _LAST_OUT, slips(_LAST), bare=True, hints=_AFTER_PADDING)


# ---------------------------------------------------------------- 07.5 dropout
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


_SCALE = ("Does the mean of many units stay?", "With p = 0.2, four of five units are left: how much must each carry?")
_OR_0 = "* (p and 1 / p)"  # by p, where there is one
_KEEP, _GROW, _CHOICE, _COPY = ">= p", "/ (1 - p)", "u[:1] if variational else u", "hs.copy()"
_DROPOUT = {
    _SCALE: {
        "the survivors do not grow": (_GROW, ""),
        "the survivors scaled by 1/p": [(_GROW, "/ p"), (_GROW, "* (1 / p)")],
        "the survivors multiplied by 1 - p, not divided": (_GROW, "* (1 - p)"),
        "scaled twice": (_GROW, "/ (1 - p) ** 2"),
    },
    ("Print the units with u < p beside your zeros.", "What share should be zero for p = 0.1? At which end of u?"): {
        "keep and drop exchanged": [(_KEEP, "< p"), {_KEEP: "< p", _GROW: "/ p"}, {_KEEP: "< p", _GROW: _OR_0}],
        "p taken as the share that stays": [(_KEEP, ">= 1 - p"), {_KEEP: ">= 1 - p", _GROW: "/ p"}],
        "the dropped units are those with large u, not those with u below p": (_KEEP, "< 1 - p"),
    },
    ("Call it with training=True and False: compare both results with hs.", "Which of your lines run each time?"): {
        "at test time scaled by 1 - p": (_COPY, "hs * (1 - p)"),
        "at test time scaled by 1/(1 - p)": (_COPY, "hs / (1 - p)"),
        "at test time still dropped, only not scaled": [(_COPY, "hs * (u >= p)"), (_COPY, f"hs * (({_CHOICE}) >= p)")],
        "scaled at test, not in training: the older form, not the inverted one": {_COPY: "hs * (1 - p)", _GROW: ""},
        "dropout still active at test time": ("not training", "False"),
        "nothing is done in training either": ("not training", "True"),
        "training and test time exchanged": ("not training", "training"),
    },
    ("Print which units are 0, for each step and each sequence.", "How many masks are asked? From which u?"): {
        "a new mask at every step, even where variational is True": (_CHOICE, "u"),
        "one mask for all steps where a new one was asked": (_CHOICE, "u[:1]"),
        "variational read the wrong way round": (_CHOICE, "u if variational else u[:1]"),
        "one mask for all steps, but that of the last one": ("u[:1]", "u[-1:]"),
        "variational along the batch": ("u[:1]", "u[:, :1]"),
        "one mask for the whole batch": [("u[:1]", "u[:1, :1]"), ("else u", "else u[:, :1]"), ("", "u = u[:, :1]")],
        "one number for all units of a sequence: whole states are dropped": ("", "u = u[..., :1]"),
    },
}
_OUT = ("the states after dropout",)
DROPOUT = Exercise(
    "07.5", "dropout", 1, _dropout_cases, _OUT, slips(_DROPOUT), bare=True, arguments="left", new=True, hints=_SCALE
)


# ---------------------------------------------------------------- 07.6 make_batches
def _batch_cases(rng: np.random.Generator) -> list[Case]:
    def args(n: int, B: int, low: int, high: int) -> tuple[Any, ...]:
        sequences = [rng.integers(1, 27, k) for k in rng.integers(low, high, n)]
        return sequences, rng.permutation(1000)[:n], B, _seed(rng)

    return [
        Case("70 sequences, B = 6", args(70, 6, 3, 60)),
        Case("64 sequences, B = 5", args(64, 5, 2, 40)),
        Case("B divides their number", args(72, 6, 3, 60), True, "what becomes of the last, smaller batch?"),
        Case("all of one length", args(50, 5, 9, 10), True, "look at what the lengths decide"),
    ]


def _batch_view(case: Case, result: Any) -> dict[str, Any]:
    sequences, labels, B, _ = case.args
    batches = _as_batches(result)
    turned = all(len(ids) == len(names) for ids, names in batches)
    if turned:
        batches = [(ids.T, names) for ids, names in batches]
    for ids, names in batches:
        if names.shape != ids.shape[1:]:
            raise ValueError(f"a batch: expected ids (T, b) and labels (b,), got {ids.shape} and {names.shape}")
    texts = [s.tolist() for s in sequences]
    by_label = dict(zip(labels.tolist(), texts, strict=True))
    kinds, longest, together, inside, behind, tight = set(), [], True, True, True, True
    for ids, names in batches:
        columns = [column[column != 0].tolist() for column in ids.T]
        known = [by_label.get(name, [0]) for name in names.tolist()]
        kinds |= {_kind(text, texts) for text in columns}
        together &= columns == known
        inside &= sorted(columns) == sorted(known)
        behind &= all(column[: len(text)].tolist() == text for column, text in zip(ids.T, columns, strict=True))
        longest.append(np.mean([len(text) for text in columns]))
        tight &= len(ids) == max(map(len, columns))
    real, steps = (sum(size(ids) for ids, _ in batches) for size in (np.count_nonzero, np.size))
    best = _best_steps([len(s) for s in sequences], B)
    seen = [name for _, names in batches for name in names.tolist()]
    some = f"{len(set(seen) & set(by_label))} of {len(texts)}, {len(seen)} in all"
    sizes = Counter(len(names) for _, names in batches)
    rising, falling = (np.ptp(longest) > 0 and all(sign * np.diff(longest) >= 0) for sign in (1, -1))
    return {
        "axes of ids": "(b, T)" if turned else "(T, b)",
        "examples": "each one once" if sorted(seen) == sorted(by_label) else some,
        "batches": ", ".join(f"{k} of {size}" for size, k in sorted(sizes.items(), reverse=True)),
        "each text": " or ".join(sorted(kinds - {"as it was"})) or "as it was",
        "text and label": "together" if together else "in another order inside a batch" if inside else "parted",
        "padding": "little" if steps - real <= 2 * (best - real) + 0.05 * real else "much",
        "a batch is as long as": "its longest sequence" if tight else "something else",
        "padding stands": "after the end" if behind else "before the start",
        "order of the batches": "short to long" if rising else "long to short" if falling else "shuffled",
    }


def _as_batches(result: Any) -> list[tuple[Array, Array]]:
    """The pairs of arrays of whole numbers; ValueError where they are none."""
    pairs = result if isinstance(result, (list, tuple)) else ()
    if not pairs or any(not isinstance(pair, (list, tuple)) or len(pair) != 2 for pair in pairs):
        raise ValueError("batches: expected a list of pairs (ids, labels)")
    try:
        batches = [(np.asarray(ids), np.asarray(names)) for ids, names in pairs]
    except ValueError:
        raise ValueError("a batch: expected ids (T, b) padded to one length, got rows of several lengths") from None
    for ids, names in batches:
        if ids.ndim != 2 or names.ndim != 1:
            raise ValueError(f"a batch: expected ids (T, b) and labels (b,), got {ids.shape} and {names.shape}")
        for what, numbers in (("ids", ids), ("labels", names)):
            if numbers.dtype.kind not in "iu":
                raise ValueError(f"{what} must be whole numbers, got {numbers.dtype}: an id is used as an index")
    return batches


def _kind(text: list[int], texts: list[list[int]]) -> str:
    """What became of a text of which the padding was taken away."""
    n = len(text)
    kinds = {
        "as it was": text in texts,
        "turned round": text[::-1] in texts,
        "without its end": text in [t[:n] for t in texts],
        "without its begin": text in [t[-n:] for t in texts],
        "with more than the text": any(text[: len(t)] == t for t in texts),
    }
    return next((kind for kind, holds in kinds.items() if holds), "changed")


def _best_steps(lengths: list[int], B: int) -> int:
    """Steps of all batches, padding included, when the lengths are sorted and cut, from either end."""
    cuts = ([order[k : k + B] for k in range(0, len(order), B)] for order in (sorted(lengths), sorted(lengths)[::-1]))
    return max(sum(max(piece) * len(piece) for piece in pieces) for pieces in cuts)


_SORT = ("Count the padded steps of your batches. Which lengths share one?", "What is the order of the list when cut?")
_HERE, _IN_ORDER = "labels[piece]", ("rng.permutation(len(pieces))", "range(len(pieces))")
_BEHIND = {_HERE: "labels[k * B :][: len(piece)]", "(lengths)": "(lengths, kind='stable')"}
_RANKED = "labels[np.argsort(lengths, kind='stable')[k * B :][: len(piece)]]"
_CUT_EVENLY = "pieces = np.array_split(order, {})\nbatches = []"
_LABELS = ("Do text and label of one example still meet?", "Which array did you reorder, and which one must follow?")
_SORTED = {"argsort(lengths)": "arange(len(lengths))", _HERE: _RANKED}
_BATCH = {
    _LABELS: {
        "labels do not move with the sequences": [_BEHIND, (_HERE, "labels[piece - 1]")],
        "labels in another order than the texts of their batch": (_HERE, "labels[piece[::-1]]"),
    },
    ("Print the lengths of the batches over two epochs.", "What may be shuffled without adding padding?"): {
        "always short to long": _IN_ORDER,
        "always long to short": dict([_IN_ORDER, ("(lengths)", "(-lengths)")]),
    },
    _SORT: {"no bucketing: short and long ones in one batch": ("argsort(lengths)", "arange(len(lengths))")},
    ("Print each batch's shape and longest length.", "Which sequences decide its length? Which axis is time?"): {
        "ids turned: (b, T), where time comes first": ("(ids,", "(ids.T,"),
        "padded to the longest of all, not of the batch": ("[piece].max()", ".max()"),
    },
    ("Count the sequences of each batch, and all of them.", "Print where each piece begins and where it ends."): {
        "the last, smaller batch is lost": ("len(order), B", "len(order) - B + 1, B"),
        "each batch holds one too many: it comes again in the next": ("k + B]", "k + B + 1]"),
        "B batches, not batches of B": ("batches = []", _CUT_EVENLY.format("B")),
        "cut evenly: several batches hold less than B": ("batches = []", _CUT_EVENLY.format("len(pieces)")),
    },
    ("Print one column of a batch, and its sequence beside it.", "What stands in the other places of the column?"): {
        "padding before the start instead of after the end": ("ids[: lengths[i],", "ids[-lengths[i] :,"),
        "padded with another number than 0": ("np.zeros(", "-np.ones("),
        "the texts are turned round": ("", "sequences = [s[::-1] for s in sequences]"),
    },
}
_BATCH_SLIPS = (*slips(_BATCH), *slips({_LABELS: {"the labels sorted, the sequences not": _SORTED}}, alone=True))
BATCHES = Exercise("07.6", "make_batches", 2, _batch_cases, (), _BATCH_SLIPS, view=_batch_view, bare=True, hints=_SORT)


# ---------------------------------------------------------------- 07.7 learning_rates
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


_WARM = ("Print the first ten rates, with gamma = 1.", "Compute min(1, (k + 1) / w) by hand for k = 0, 1 and w - 1.")
_DECAY = ("Print the rates of two epochs, with a warm-up of 1.", "How many whole epochs lie before each update?")
_E, _FACTOR, _RAMP, _K = "k // updates", "gamma ** (k // updates)", "(k + 1) / warm_up", "np.arange(updates * epochs)"
_RATE = {
    _DECAY: {
        "decay per update instead of per epoch": (_E, "k"),
        "decay one epoch too early": (_E, "k // updates + 1"),
        "decay at the last update of an epoch, not after it": (_E, "(k + 1) // updates"),
        "decay per update and per epoch": (_E, "k + k // updates"),
        "a smooth decay, not one step an epoch": (_E, "k / updates"),
        "the power is the place in the epoch: k % updates": (_E, "k % updates"),
        "the power of update k is k % epochs": (_E, "k % epochs"),
        "the decay waits for the end of the warm-up": ("gamma **", "np.where(k < warm_up, 1, gamma) **"),
        "no decay at all": (_FACTOR, "1.0"),
    },
    ("Print the rate of epochs 0, 1, 2 and 3.", "By which factor does it change from one epoch to the next?"): {
        "the rate falls by gamma times the epoch, not by its power": (_FACTOR, f"np.where({_E}, gamma * ({_E}), 1)"),
        "the rate falls by gamma times the epoch: 0 in the first one": ("gamma **", "gamma *"),
        "1 - gamma for gamma": ("gamma **", "(1 - gamma) **"),
    },
    _WARM: {
        "warm-up starts at 0": (_RAMP, "k / warm_up"),
        "warm-up from 0 on: k / (w - 1)": [(_RAMP, "k / max(warm_up - 1, 1)"), (_RAMP, "k / (warm_up - 1)")],
        "warm-up ends one update late": (_RAMP, "(k + 1) / (warm_up + 1)"),
        "the warm-up starts anew in each epoch": (_RAMP, "(k % updates + 1) / warm_up"),
        "no warm-up": (f"np.minimum(1, {_RAMP})", "1"),
        "the warm-up never ends": ("np.minimum(1, ", "("),
    },
    ("How many rates come out, and how many updates are there?", "For which k are the first and the last one?"): {
        "the updates counted from 1": (_K, "np.arange(1, updates * epochs + 1)"),
        "a rate for each epoch": (_K, "np.arange(epochs)"),
        "a row for each epoch, not one line": (_K, "np.arange(updates * epochs).reshape(epochs, updates)"),
    },
    ("Print the rates of the last epoch, with a long warm-up.", "Which factors are asked? Of what is the minimum?"): {
        "the factor lr is missing": ("lr * ", ""),
        "warm-up and decay added": {"np.minimum": "(np.minimum", f"* {_FACTOR}": f"+ {_FACTOR})"},
        "the minimum taken of 1 and the whole product": (f"warm_up) * {_FACTOR}", f"warm_up * {_FACTOR})"),
        "the smaller of warm-up and decay, not their product": {"(1,": f"({_FACTOR},", f" * {_FACTOR}": ""},
    },
}
_RATE_OUT, _RATE_HINTS = ("the learning rates",), (*_WARM, *_DECAY)
RATES = Exercise("07.7", "learning_rates", 1, _rate_cases, _RATE_OUT, slips(_RATE), bare=True, hints=_RATE_HINTS)


# ---------------------------------------------------------------- 07.8 train_and_predict

LETTERS = 6  # ids 1 .. 6; 0 does not occur
SIGNALS = 3  # in each sequence
CLASSES = 2**SIGNALS
GOAL = 0.95


def _texts(rng: np.random.Generator) -> list[Case]:
    """Two kinds of signal letters among four kinds of noise; the class is the order of the three signals.

    Which ids are the signals, and which class each order has, is drawn anew. The test sequences come in pairs: one, and
    the same backwards, so that an answer that ignores order is the same for both.
    """
    ids = rng.permutation(LETTERS) + 1
    classes = rng.permutation(CLASSES).reshape((2,) * SIGNALS)

    def draw() -> Array:
        text = rng.choice(ids[2:], rng.integers(6, 17))
        text[rng.choice(len(text), SIGNALS, replace=False)] = rng.choice(ids[:2], SIGNALS)
        return text

    def labels(texts: list[Array]) -> Array:
        return np.array([classes[_signals(text, ids[:2])] for text in texts])

    xs = [draw() for _ in range(800)]
    once = [draw() for _ in range(150)]
    xs_test = [text for one in once for text in (one, one[::-1].copy())]
    args = (xs, labels(xs), xs_test, int(rng.integers(1000)))
    return [Case("800 sequences to learn from, 300 fresh ones", args, expected=labels(xs_test))]


def _classes_view(case: Case, result: Any) -> dict[str, Any]:
    """What the predictions on the fresh sequences show; the labels never leave the grader."""
    xs_test, right = case.args[2], case.expected
    got = np.asarray(result)
    if got.shape != right.shape:
        raise ValueError(f"predictions: expected one class for each of {len(right)} sequences, got {got.shape}")
    if got.dtype.kind not in "biuf" or not np.isin(got, np.arange(CLASSES)).all():
        raise ValueError(f"predictions: expected class numbers from 0 to {CLASSES - 1}")
    return {"held-out accuracy": _read_off(got.astype(int), right, np.array([len(x) for x in xs_test]))}


def _read_off(got: Array, right: Array, lengths: Array) -> str:
    share = (got == right).mean()
    together = np.histogram2d(got, right, np.arange(CLASSES + 1))[0]
    used = together[together.any(1)]
    one_each = len(set(used.argmax(1))) == len(used)
    facts = {
        f"at least {GOAL:.0%}": share >= GOAL,
        "one and the same class for every sequence": (got == got[0]).all(),
        "the same class for each sequence and its reverse": (got[::2] == got[1::2]).all(),
        "right classes in another order: sorted by length": _by_length(got, right, lengths) >= GOAL,
        "right classes in another order: from the last sequence to the first": (got[::-1] == right).mean() >= GOAL,
        "the classes of the sequences read backwards": (got.reshape(-1, 2)[:, ::-1].ravel() == right).mean() >= GOAL,
        "the right groups under other class numbers": one_each and used.max(1).sum() >= GOAL * len(got),
        f"no better than guessing one of {CLASSES} classes": share < 1.6 / CLASSES,
    }
    return next((fact for fact, holds in facts.items() if holds), f"{share:.0%}, below {GOAL:.0%}")


def _by_length(got: Array, right: Array, lengths: Array) -> float:
    """The share of predictions that fit when they came sorted by length: in which order equal lengths came is open."""
    shares = []
    for order in (np.argsort(lengths, kind="stable"), np.argsort(-lengths, kind="stable")):
        here = [lengths[order] == n for n in np.unique(lengths)]
        counts = [[np.bincount(x[k], minlength=CLASSES) for k in here] for x in (got, right[order])]
        shares.append(np.minimum(*counts).sum() / len(got))
    return max(shares)


def _signals(text: Array, pair: Any) -> tuple[int, ...]:
    """The order of the signals in a text: 0 and 1 for the first and the second of the pair."""
    return tuple(list(pair).index(k) for k in text if k in pair)


def _right(xs: list[Array], ys: Array, xs_test: list[Array]) -> Array:
    """The right classes without training: the signals are the two letters that make three of each text."""
    pairs = itertools.combinations(range(1, LETTERS + 1), 2)
    pair = next(p for p in pairs if all(len(_signals(x, p)) == SIGNALS for x in xs))
    known = {_signals(x, pair): y for x, y in zip(xs, ys, strict=True)}
    return np.array([known.get(_signals(x, pair), 0) for x in xs_test])


_LEARNS = (
    "Print the loss of the first and of the last ten updates: is it below ln 8 = 2.08 at the end?",
    "The lines of one update: outputs, loss, zero_grad, backward, step. Is one missing?",
    "Are these the classes of xs_test, in its order? Predict some training sequences: are those right?",
)
_PAIRS = np.arange(300) // 2  # a test text and its reverse
_GUESSED = "no better than guessing: nothing learned, or the classes of other sequences handed back"
_TRAIN = {  # from the right classes of texts: no network is trained for a slip
    ("Print how often each class is predicted.", "Are the outputs of two sequences alike? Do letters reach them?"): {
        "one class for everything, whatever the sequence": lambda xs, ys, new, _: np.zeros(len(new), int),
    },
    ("Predict a sequence and its reverse: are the outputs equal?", "What must step t know of step t - 1?"): {
        "order ignored: a text and its reverse get one class": lambda xs, ys, new, _: _right(xs, ys, new[::2])[_PAIRS],
    },
    _LEARNS: {_GUESSED: lambda xs, ys, new, _: np.random.default_rng(0).integers(0, CLASSES, len(new))},
    ("Give each test sequence its own number: which one comes out where?", "What did you reorder, what undoes that?"): {
        "order lost: from the last test sequence to the first": lambda xs, ys, new, _: _right(xs, ys, new[::-1]),
        "order lost: sorted by length and not sorted back": lambda xs, ys, new, _: _right(xs, ys, sorted(new, key=len)),
    },
    ("Print a text as the network gets it in training and at test.", "Which classes get the training texts?"): {
        "the test texts are read backwards": lambda xs, ys, new, _: _right(xs, ys, [x[::-1] for x in new]),
        "the right groups under other class numbers": lambda xs, ys, new, _: (_right(xs, ys, new) + 1) % CLASSES,
    },
}
TRAINED = Exercise(
    "07.8", "train_and_predict", 2, _texts, (), slips(_TRAIN), view=_classes_view, draws=1, seconds=60, hints=_LEARNS
)


EXERCISES = (XAVIER, ORTHOGONAL, MASKED, LAST, DROPOUT, BATCHES, RATES, TRAINED)
