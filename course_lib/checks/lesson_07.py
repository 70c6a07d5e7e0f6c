"""Lesson 07: padded batches, both ways; a mean repaired; Adam, dropout, records of runs; sixty-two words."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Seed, Source
from course_lib.data import WORDS, sentence, word_ids

Array = np.ndarray


def _seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(2**31)))


# ---------------------------------------------------------------- 07.1 both_ways
#: a small network with a bias, so that a pad moves its state
_READ = "lambda xs: np.array(list(__import__('itertools').accumulate(xs, {step}, initial=0.0))[1:])"


def _reading_cases(rng: np.random.Generator) -> list[Case]:
    def args(T: int, *lengths: int, D: int = 3, H: int = 5) -> tuple[Any, ...]:
        weights = rng.normal(0, 0.8, (D, H)).round(2).tolist()
        bias = rng.choice([-1, 1], H) * rng.uniform(0.3, 0.7, H).round(2)
        read = _READ.format(step=f"lambda h, x: np.tanh(0.7 * h + x @ np.array({weights}) + {bias.tolist()})")
        xs = rng.normal(0, 1, (T, len(lengths), D))
        xs[np.arange(T)[:, None] >= np.array(lengths)] = 0
        return Source(read), xs, np.array(lengths)

    return [
        Case("lengths 2, 6, 1, 4 of T = 6", args(6, 2, 6, 1, 4)),
        Case("the longest shorter than T", args(8, 4, 2, 6, D=4)),
        Case("B = T", args(5, 3, 5, 1, 4, 2, H=3)),
        Case("all lengths T", args(5, 5, 5, 5), True, "look at what happens where there are pads"),
        Case("sentences of one word", args(4, 1, 1, 1), True, "look at what is turned round, and where"),
        Case("B = 1", args(6, 4), True, "does each sentence get a step of its own?"),
    ]


_AFTER_PADS = ("Write 100 into the padded steps: may an answer change?", "Which step is the last real one of each?")
_TURNED_ROUND, _BACK = "xs[:n, b][::-1]", "read(turned)[last]"
_LAST, _PLACES, _TURN = "lengths - 1", ", np.arange(len(lengths))", "turned[:n, b] = xs[:n, b][::-1]"
_WAYS = {
    _AFTER_PADS: {
        "both: state after the pads taken as the last one": ("[last]", "[-1]"),
        "forwards: state after the pads taken as the last one": ("read(xs)[last]", "read(xs)[-1]"),
        "backwards: state after the pads taken as the last one": (_BACK, "read(turned)[-1]"),
        "both: one step for all sentences, the longest one's last": (_LAST, "0 * lengths + lengths.max() - 1"),
        "both: a mean over all steps, pads too": ("[last]", ".mean(0)"),
    },
    (
        "Print the array that your backward reader gets: which row does it read first, a word or a pad?",
        "Turn the sentence of length 2 round by hand, in an array with T = 6. Where must its pads stand?",
    ): {
        "the pads are read first: the whole array turned round": (_BACK, "read(xs[::-1])[-1]"),
        "the pads are read first: they stand in front of the turned sentence, at length - 1 it is not at its end": [
            (_BACK, "read(xs[::-1])[last]"),
            ("turned[:n, b]", "turned[len(xs) - n :, b]"),
        ],
        "turned round only up to the longest: the pads of the others are read first": (
            _BACK,
            "read(xs[: lengths.max()][::-1])[-1]",
        ),
    },
    (
        "Let the sentence have one word: what should both readers answer? And with two?",
        "Which word has the backward reader read last when you take its state?",
    ): {
        "backwards: not turned round, the sentence is read forwards again": (_TURNED_ROUND, "xs[:n, b]"),
        "backwards: the states are turned round, not the sentence": [
            (_BACK, "read(xs)[0]"),
            (_BACK, "read(xs)[::-1][last]"),
        ],
        "backwards: the first state, of a reader that has read one word": (_BACK, "read(turned)[0]"),
        "the numbers inside a word are turned round, not the words": (_TURNED_ROUND, "xs[:n, b, ::-1]"),
        "the two results exchanged": {"return read(xs)": "return read(turned)", ", read(turned)": ", read(xs)"},
    },
    (
        "Print the indices that you read for the lengths 1 and T.",
        "Which has the last of n items? Where are the pads?",
    ): {
        "last step off by one: hs[length]": [(_LAST, "lengths"), (_LAST, "np.minimum(lengths, len(xs) - 1)")],
        "last step off by one: hs[length - 2]": [(_LAST, "lengths - 2"), (_LAST, "np.maximum(lengths - 2, 0)")],
        "the last word is lost before the sentence is turned round": [
            (_TURN, "turned[: n - 1, b] = xs[: n - 1, b][::-1]"),
            (_TURN, "turned[: n - 1, b] = xs[1:n, b][::-1]"),
        ],
    },
    ("Give each sentence its own number: which comes out where?", "Which axis has each index? What did you reorder?"): {
        "each sentence not paired with its own step: (B, B, H)": (_PLACES, ""),
        "the batch is turned round, not the sentences": (_BACK, "read(xs[:, ::-1])[last]"),
        "order lost: sorted by length and not sorted back": (
            "",
            "order = np.argsort(-lengths, kind='stable')\nxs, lengths = xs[:, order], lengths[order]",
        ),
    },
}
_READINGS = ("forwards", "backwards")
BOTH = Exercise("07.1", "both_ways", 1, _reading_cases, _READINGS, slips(_WAYS), bare=True, hints=_AFTER_PADS)


# ---------------------------------------------------------------- 07.2 orthogonal_gates
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


_STACKED = ("Print the shape of the result, and two gates' blocks.", "How many rows and random numbers are asked?")
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


# ---------------------------------------------------------------- 07.3 bits_per_word
def _loss_cases(rng: np.random.Generator) -> list[Case]:
    def batch(T: int, *lengths: int, level: float = 1.0) -> tuple[Array, Array]:
        return level * rng.uniform(0.3, 2.5, (T, len(lengths))), np.array(lengths)

    return [
        Case("three batches", ([batch(7, 3, 7, 1, 5), batch(2, 2, 1, level=4), batch(5, 1, 5, 4, level=2)],)),
        Case("short and long sentences", ([batch(3, 3, 1, 2, 2, 1, level=3), batch(9, 6, 9, 8)],)),
        Case("a batch longer than its sentences", ([batch(6, 4, 2, 5), batch(4, 1, 3, level=3)],)),
        Case("one batch", ([batch(5, 2, 5, 3)],), True, "look at what a batch with more words weighs"),
        Case("no pads", ([batch(4, 4, 4, 4), batch(2, 2, 2, level=3)],), True, "look at the mask and at the pads"),
        Case("one shape, no pads", ([batch(4, 4, 4), batch(4, 4, 4, level=3)],), True, "look at what a word weighs"),
    ]


_WEIGH = ("Set all losses to 1: which mean must come out?", "How many words were read in all? By what do you divide?")
_STEPS, _SUM, _ALL, _MEAN = "np.arange(len(losses))", "losses[mask].sum()", "words + lengths.sum()", "total / words"
_LATE, _IN = "np.arange(1, len(losses) + 1)", "losses[mask].mean()"
_OWN = "(losses * mask).sum(0) / lengths"  # the mean of each sentence
_PRINTED = {_STEPS: _LATE, _SUM: "(losses * mask).sum() / mask.size", _ALL: "words + 1"}
_REPAIR = {
    _WEIGH: {
        "nothing repaired: the program as it was": _PRINTED,
        "only the divisor repaired: the last words are lost, and the batches' means are averaged": {
            **_PRINTED,
            _SUM: "(losses * mask).sum() / lengths.sum()",
        },
        "repaired but for its divisor: pads are counted": (_ALL, "words + losses.size"),
        "pads counted up to the longest sentence": (_ALL, "words + lengths.max() * len(lengths)"),
        "divided by the number of sentences": (_ALL, "words + len(lengths)"),
        "divided by the number of steps": (_ALL, "words + len(losses)"),
        "a sum, not a mean": (_MEAN, "total"),
    },
    (
        "Give one batch a single word that costs 9, another a hundred words that cost 1: what is the mean?",
        "What does one word of a small batch weigh in your result, and one of a large batch?",
    ): {
        "mean of the batches' means": {_SUM: "losses[mask].mean()", _ALL: "words + 1"},
        "mean of the batches' means, and pads counted": {_SUM: "(losses * mask).mean()", _ALL: "words + 1"},
        "mean of the sentences' means": {_SUM: f"({_OWN}).sum()", _ALL: "words + len(lengths)"},
        "mean of the sentences' means, then of the batches": {_SUM: f"({_OWN}).mean()", _ALL: "words + 1"},
        "batches weighed by their sentences": {_SUM: f"{_IN} * len(lengths)", _ALL: "words + len(lengths)"},
        "the last batch alone": {"total + ": "", _ALL: "lengths.sum()"},
        "the losses of all batches, the words of the last one": (_ALL, "lengths.sum()"),
    },
    (
        "Print the mask for the lengths 1 and T: which axis is time, and how many ones has each sentence?",
        "Does counting start at 0 or at 1? Does True mean keep or drop?",
    ): {
        "mask off by one: the last word of each sentence is lost": [
            (_STEPS, _LATE),
            {_STEPS: _LATE, _ALL: "words + mask.sum()"},
            ("steps < lengths", "steps < lengths - 1"),
        ],
        "mask off by one: a pad of each sentence is counted": [
            ("steps < lengths", "steps <= lengths"),
            {"steps < lengths": "steps <= lengths", _ALL: "words + mask.sum()"},
        ],
        "mask inverted": [("steps < lengths", "steps >= lengths"), (_SUM, "losses[~mask].sum()")],
        "no mask: the losses of the pads are summed": (_SUM, "losses.sum()"),
        "no mask: the pads are summed and counted": {_SUM: "losses.sum()", _ALL: "words + losses.size"},
    },
}
_MEAN_OUT = ("bits per word",)
BITS = Exercise("07.3", "bits_per_word", 1, _loss_cases, _MEAN_OUT, slips(_REPAIR), bare=True, hints=_WEIGH)


# ---------------------------------------------------------------- 07.4 rare_word
def _word_cases(rng: np.random.Generator) -> list[Case]:
    step_size, g = float(rng.uniform(0.003, 0.03)), float(rng.uniform(0.02, 0.3))
    return [
        Case("one update of 9", (step_size, g, 9)),
        Case("one update of 50, a gradient below 0", (2 * step_size, -g, 50)),
        Case("one update of 4, a large gradient", (step_size, 7 + g, 4)),
        Case("in every update", (step_size, 3 * g, 1), True, "look at what becomes of the updates without the word"),
    ]


_LONG_RUN = (
    "Let the lecture's adam_step run a thousand updates, and print w after each n of them.",
    "Add up what one gradient gives to m, in its own update and in all that follow: 0.1, 0.09, 0.081, …",
    "v has become the mean of the squares, zeros too. How large is it if one of n updates has a gradient?",
)
_ADAM = "np.sqrt(n)"
_RARE = {
    _LONG_RUN: {
        "Adam: n for its root": (_ADAM, "n"),
        "Adam: as if v held the square of the gradient alone, without the zeros": (_ADAM, "1"),
        "Adam: divided by the root of n": (_ADAM, "1 / np.sqrt(n)"),
        "Adam: divided by n": (_ADAM, "1 / n"),
        "Adam: what is left in m of the earlier gradients is forgotten": (_ADAM, "(1 - 0.9**n) * np.sqrt(n)"),
        "Adam: only a tenth of the gradient counted": (_ADAM, "0.1 * np.sqrt(n)"),
    },
    ("Make the gradient ten times larger: should Adam's step grow?", "What do m and the root of v have in common?"): {
        "Adam: the size of the gradient is still in it": (_ADAM, "np.sqrt(n) * abs(g)"),
        "Adam: divided by the size of the gradient": (_ADAM, "np.sqrt(n) / abs(g)"),
        "Adam: the step of plain descent": (f"step_size * {_ADAM}", "step_size * abs(g)"),
        "the two exchanged": {
            "step_size * abs(g)": f"step_size * {_ADAM}",
            f", step_size * {_ADAM}": ", step_size * abs(g)",
        },
    },
    ("Try g below 0: may a distance be below 0?", "How many of the n updates move the weight in plain descent?"): {
        "a distance below 0: the sign of the gradient left in it": ("abs(g)", "g"),
        "plain descent: moved in each of the n updates": ("abs(g)", "n * abs(g)"),
        "plain descent: a mean over the n updates": ("abs(g)", "abs(g) / n"),
        "plain descent: the gradient left out": ("step_size * abs(g)", "step_size"),
        "the step size left out": {"step_size * abs(g)": "abs(g)", f"step_size * {_ADAM}": _ADAM},
    },
}
_FAR = ("plain descent", "Adam")
RARE = Exercise("07.4", "rare_word", 1, _word_cases, _FAR, slips(_RARE), bare=True, hints=_LONG_RUN)


# ---------------------------------------------------------------- 07.5 after_dropout
def _drop_cases(rng: np.random.Generator) -> list[Case]:
    p, k = float(rng.uniform(0.05, 0.2)), int(rng.integers(6, 12))
    return [
        Case("a new mask at each step", (p, k, False)),
        Case("one mask for all steps", (p, k + 3, True)),
        Case("a new mask, p above a half", (0.5 + p, 4, False)),
        Case("one mask, p above a half", (0.5 + p, 3, True)),
        Case("k = 1", (p, 1, False), True, "look at what happens from step to step"),
        Case("k = 1, one mask", (p, 1, True), True, "look at what happens from step to step"),
        Case("p = 0.5", (0.5, 3, False), True, "is p the share that goes or the share that stays?"),
    ]


_STEP_BY_STEP = (
    "Write down what one unit holds after one step and after two, once if it lives and once if it is dropped.",
    "Draw the masks of 10,000 units, run the loop for k steps, and print the three numbers.",
    "How often is a coin thrown for one unit, and how often is it multiplied by 1 / (1 - p)?",
)
_ALIVE, _VALUE, _OF_MASKS = "(1 - p) ** masks", "1 / (1 - p) ** k", "1 if variational else k"
_DROPPED = {
    _STEP_BY_STEP: {
        "a new mask at each step, even where variational is True": (_OF_MASKS, "k"),
        "one mask for all steps, even where a new one is drawn at each step": (_OF_MASKS, "1"),
        "variational read the wrong way round": (_OF_MASKS, "k if variational else 1"),
        "p k units are dropped: the same unit counted more than once": (_ALIVE, "1 - p * masks"),
        "alive: the share of those that are dropped at every step": (_ALIVE, "p**masks"),
        "alive: all but those that are dropped at every step": (_ALIVE, "1 - p**masks"),
        "the share of the dropped, not of those alive": ("return alive,", "return 1 - alive,"),
    },
    ("What does a living unit hold after two steps, with p = 0.5?", "How many steps multiply it, and by what?"): {
        "the living do not grow": (_VALUE, "1"),
        "the living grow once, not at every step": (_VALUE, "1 / (1 - p)"),
        "the living grow once for each mask": (_VALUE, "1 / (1 - p) ** masks"),
        "the living shrink by 1 - p at every step": (_VALUE, "(1 - p) ** k"),
        "the living grow by 1 / p": (_VALUE, "1 / p**k"),
    },
    ("Multiply the share of the living by what each of them holds.", "Is the mean 1 in both cases? Compute p = 0.5."): {
        "the mean stays 1, whichever mask": ("alive * value", "1.0"),
        "the mean of the living alone": ("alive * value", "value"),
    },
}
_DROP_OUT = ("alive", "value", "mean")
DROPPED = Exercise("07.5", "after_dropout", 1, _drop_cases, _DROP_OUT, slips(_DROPPED), bare=True, hints=_STEP_BY_STEP)


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
        "pieces of nearly equal size: every batch but one must hold B": [
            ("batches = []", _CUT_EVENLY.format(n)) for n in ("len(pieces)", "len(order) // B")
        ],
    },
    ("Print one column of a batch, and its sequence beside it.", "What stands in the other places of the column?"): {
        "padding before the start instead of after the end": ("ids[: lengths[i],", "ids[-lengths[i] :,"),
        "padded with another number than 0": ("np.zeros(", "-np.ones("),
        "the texts are turned round": ("", "sequences = [s[::-1] for s in sequences]"),
    },
}
_BATCH_SLIPS = (*slips(_BATCH), *slips({_LABELS: {"the labels sorted, the sequences not": _SORTED}}, alone=True))
BATCHES = Exercise("07.6", "make_batches", 2, _batch_cases, (), _BATCH_SLIPS, view=_batch_view, bare=True, hints=_SORT)


# ---------------------------------------------------------------- 07.7 records
def _records_view(case: Case, result: Any) -> dict[str, Any]:
    """The causes by their letters; ValueError for a cause that is not among the six."""
    given = [cause for cause in result.values() if cause not in _CAUSES] if isinstance(result, dict) else []
    if given:
        raise ValueError(f"unknown cause {given[0]!r}: choose from {', '.join(map(repr, _CAUSES))}")
    return {"records": result}


_COLUMNS = (
    "For each record ask three things: is the printed loss below the floor, and does the fresh one follow it?",
    "Then: is the length of the gradient above the limit in every row?",
    "And: where does the fresh loss stop, against 4.91, 1.66 and 1.39 bits?",
)
_BELOW = ("A and C print less than the floor. What do fresh words cost each of them, from row to row?", _COLUMNS[0])
_SLOW = ("How long is an update of B, of E? The length is printed before clipping.", _COLUMNS[1])
_TABLE = ("What does a table that knows one word pay? Does D get below it on fresh words?", _COLUMNS[2])
_A, _B, _C = '"learned by heart"', '"limit too low"', '"pads in the mean"'
_D, _E, _FINE = '"step size too large"', '"step size too small"', '"healthy"'
_CAUSES = tuple(cause.strip('"') for cause in (_FINE, _A, _B, _C, _D, _E))
_RECORDS = {
    _BELOW: {
        "A and C exchanged: fresh words tell the two apart": {_A: _C, _C: _A},
        "A: its pads are not to blame, its own sentences really cost less": (_A, _C),
        "C: nothing is learned by heart, fresh words cost less from row to row": (_C, _A),
        "C: healthy on fresh words, but nobody can print less than the floor": (_C, _FINE),
        "A: healthy on its own sentences only": (_A, _FINE),
        "A: not the step size, it gets far below the table on its own sentences": (_A, _D),
    },
    _SLOW: {
        "B and E exchanged: compare the length with the limit": {_B: _E, _E: _B},
        "B: its gradients are longer than the limit in every row": (_B, _E),
        "E: its gradients are shorter than the limit in every row": (_E, _B),
        "E: not healthy, it has hardly begun": (_E, _FINE),
        "B: not healthy, it has hardly begun": (_B, _FINE),
    },
    _TABLE: {
        "D: not healthy, a table that knows one word is better": (_D, _FINE),
        "D: not too small, it has come most of the way by update 50": (_D, _E),
        "D: not learned by heart, fresh words cost about what is printed": (_D, _A),
        "D: its gradients are shorter than the limit": (_D, _B),
    },
}
RECORDS = Exercise("07.7", "records", 1, slips=slips(_RECORDS), view=_records_view, hints=_COLUMNS)


# ---------------------------------------------------------------- 07.8 answer_far
FAR = 20  # clauses: 62 words between noun and verb
GOAL = 0.95


def _sentence_cases(rng: np.random.Generator) -> list[Case]:
    """800 sentences of 8 to 12 clauses; to answer: 100 like them and 200 of 20 clauses. The ids are new."""
    code = rng.permutation(len(WORDS))

    def draw(clauses: Any) -> tuple[list[Array], Array]:
        pairs = [sentence(rng, int(n)) for n in clauses]
        return [code[word_ids(words)] for words, _ in pairs], np.array([int(verb == "were") for _, verb in pairs])

    xs, ys = draw(rng.integers(8, 13, 800))
    xs_test, ys_test = draw(rng.permutation([*rng.integers(8, 13, 100), *[FAR] * 200]))
    args = (xs, ys, xs_test, int(rng.integers(1000)))
    return [Case("800 sentences to learn from, 300 fresh ones", args, expected=ys_test)]


def _verbs_view(case: Case, result: Any) -> dict[str, Any]:
    """What the answers on the fresh sentences show; the verbs never leave the grader."""
    xs, ys, xs_test, _ = case.args
    right, got = case.expected, np.asarray(result)
    if got.shape != right.shape:
        raise ValueError(f"answers: expected a 0 or 1 for each of {len(right)} sentences, got {got.shape}")
    if got.dtype.kind not in "biuf" or not np.isin(got, (0, 1)).all():
        raise ValueError("answers: expected 0 (was) or 1 (were) for each sentence")
    return {"answers on fresh sentences": _seen_in(got, right, xs_test, _nearest(xs, ys, xs_test))}


def _seen_in(got: Array, right: Array, xs_test: list[Array], nearest: Array) -> str:
    lengths = np.array([len(x) for x in xs_test])
    far = lengths == lengths.max()
    near_share, far_share = ((got == right)[some].mean() for some in (~far, far))
    turned = [np.argsort(sign * lengths, kind="stable") for sign in (1, -1)]
    learned = near_share >= GOAL
    facts = {
        f"at least {GOAL:.0%} right": (got == right).mean() >= GOAL,
        "one and the same verb for every sentence": (got == got[0]).all(),
        "the verb of the nearest noun, not of the first": (got == nearest).mean() >= GOAL,
        "nearly every verb the other way round": (got != right).mean() >= GOAL,
        "right verbs in another order: sorted by length": any((got == right[k]).mean() >= GOAL for k in turned),
        "right verbs in another order: from the last sentence to the first": (got[::-1] == right).mean() >= GOAL,
        "right up to 38 words, turned over at 62 words": learned and far_share <= 0.25,
        "right up to 38 words, a coin at 62 words": learned and 0.35 < far_share < 0.65,
        "no better than a coin, near and far": near_share < 0.7 and far_share < 0.65,
    }
    told = f"{near_share:.0%} right up to 38 words, {far_share:.0%} at 62 words"
    return next((fact for fact, holds in facts.items() if holds), told)


def _by_noun(xs: list[Array], ys: Array) -> dict[int, int]:
    """The verb of each noun, from the sentences that were given to learn from."""
    return {int(x[1]): int(y) for x, y in zip(xs, ys, strict=True)}


def _right(xs: list[Array], ys: Array, texts: list[Array]) -> Array:
    known = _by_noun(xs, ys)
    return np.array([known.get(int(x[1]), 0) for x in texts])


def _nearest(xs: list[Array], ys: Array, texts: list[Array]) -> Array:
    """The verbs that the nouns nearest to them ask for."""
    known = _by_noun(xs, ys)
    return np.array([next((known[k] for k in x[::-1].tolist() if k in known), 0) for x in texts])


def _to_far(xs: list[Array], ys: Array, texts: list[Array], flip: bool) -> Array:
    """Right but for the long sentences: there every verb is turned over, or every second one."""
    wrong = np.array([len(x) > 60 for x in texts])
    return _right(xs, ys, texts) ^ (wrong & (flip | (np.cumsum(wrong) % 2 == 0)))


_LEARNS = (
    "Run it on the file above your answer and print the loss of each epoch: does it fall below a coin's, ln 2 = 0.69?",
    "If it does: are your answers the verbs of xs_test, in its order? If not: scores, loss, zero_grad, backward, step?",
    "If no line is missing: at a keep gate of one half, what is left of a bit, or of its gradient, after 26 words?",
)
_LOST = (
    "Run it on the file above your answer: what share is right at 26, 38 and 62 words, from five starts?",
    "Which of your cells keeps a bit over sixty words, and what does its keep gate start with?",
)
_COIN = "no better than a coin: nothing learned, or the verbs of other sentences handed back"
_REACH = {  # from the words themselves: no network is trained for a slip
    (
        "With the file above your answer: how often is each verb answered?",
        "Are the scores of two sentences alike? Do the words reach them?",
    ): {
        "one verb for everything, whatever the sentence": lambda xs, ys, new, _: np.zeros(len(new), int),
    },
    ("Ask: the cat which sat near the dogs. What comes out?", "Which noun does your answer follow?"): {
        "the verb agrees with the nearest noun": lambda xs, ys, new, _: _nearest(xs, ys, new),
    },
    _LEARNS: {_COIN: lambda xs, ys, new, _: np.random.default_rng(0).integers(0, 2, len(new))},
    _LOST: {
        "the bit is lost on the way: a coin at 62 words": lambda xs, ys, new, _: _to_far(xs, ys, new, False),
        "the bit arrives turned over at 62 words": lambda xs, ys, new, _: _to_far(xs, ys, new, True),
    },
    ("Give each test sentence its own number: which one comes out where?", "What did you reorder, what undoes that?"): {
        "order lost: from the last test sentence to the first": lambda xs, ys, new, _: _right(xs, ys, new[::-1]),
        "order lost: sorted by length and not sorted back": lambda xs, ys, new, _: _right(xs, ys, sorted(new, key=len)),
    },
    (
        "Let it answer the sentences it has learned from: are they right?",
        "Which of the two scores stands for was, which for were?",
    ): {
        "was and were exchanged": lambda xs, ys, new, _: 1 - _right(xs, ys, new),
    },
}
REACH = Exercise(
    "07.8", "answer_far", 2, _sentence_cases, (), slips(_REACH), view=_verbs_view, seconds=60, hints=_LEARNS
)


EXERCISES = (BOTH, ORTHOGONAL, BITS, RARE, DROPPED, BATCHES, RECORDS, REACH)
