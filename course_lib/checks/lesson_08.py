"""Lesson 08: two readers, one axis, a split without near copies, five reports, a keyboard, copies, a noisy channel."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, by_name, slips
from course_lib.checks.probe import Seed, Source

Array = np.ndarray


# ---------------------------------------------------------------- 08.1 mixed
def _reader_cases(rng: np.random.Generator) -> list[Case]:
    def text(N: int, sure: float) -> Array:
        """The network is sure at a share of the characters, and lost at the others, which the table knows."""
        known = np.arange(N) < round(sure * N)
        network = np.where(known, rng.uniform(0.6, 0.95, N), rng.uniform(0.02, 0.15, N))
        table = np.where(known, rng.uniform(0.02, 0.3, N), rng.uniform(0.25, 0.7, N))
        return np.array([network, table])[:, rng.permutation(N)]

    def better(row: int) -> Array:
        low = rng.uniform(0.1, 0.4, 30)
        return np.array([low, low + 0.2])[:: -1 if row == 0 else 1]

    never = text(40, 0.4)
    never[0, :5], never[1, 5:9] = 0, 0
    return [
        Case("two texts", (text(50, 0.55), text(37, 0.8))),
        Case("a table that is mostly better", (text(60, 0.25), text(45, 0.5))),
        Case("one of the readers gives 0 now and then", (never, text(30, 0.7))),
        Case("the network always better", (better(0), better(0)), True, "look at how w is found"),
        Case("the table always better", (better(1), better(1)), True, "look at how w is found"),
    ]


def _mixed_view(case: Case, result: Any) -> dict[str, Any]:
    """The weights of both readers, so that a search over a thousand values of w is near enough, and the bits."""
    told = by_name(case, result, ("weight", "bits"))
    if np.size(told["weight"]) != 1:
        raise ValueError(f"weight: expected one number, got an array of shape {np.shape(told['weight'])}")
    w = float(np.asarray(told["weight"]).item())
    return {"weights of network and table": np.array([w, 1 - w]), "bits": told["bits"]}


_SLOPE = (
    "Print the mean cost of the tuning text for w = 0, 0.1, …, 1: where is it least, and what is your w?",
    "Do you minimise the mean of the bits, or something else: a mean of probabilities, a number of wins?",
    "What is the derivative of ln (w a + (1 - w) b) for w? Which divisor has it?",
)
_TWO_TEXTS = (
    "Change `test` alone: may the weight change? Change `tune` alone: may anything but the weight change the bits?",
    "On which of the two texts is w chosen, and on which one is the price asked?",
)
_MIXTURE = (
    "Take one character with 0.5 and 0.1 and the weight 0.5: is your mixture 0.3?",
    "What is mixed, probabilities or bits? And do the mixture's probabilities of all characters still add up to 1?",
)
_GAIN, _MIX = "((tune[0] - tune[1]) / p).mean()", "-np.log2(w * test[0] + (1 - w) * test[1]).mean()"
_TOLD = "bits = " + _MIX


def _chosen(weight: str) -> tuple[str, str]:
    """Another weight than the one that was searched."""
    return _TOLD, f"w = {weight}\n{_TOLD}"


_PAID = "key=lambda w: -np.log2(w * tune[0] + (1 - w) * tune[1]).mean()"
_GRIDS = ("arange(0, 1, 0.01)", "arange(0.01, 1, 0.01)", *(f"linspace(0, 1, {n})" for n in (11, 21, 51, 100, 101, 201)))

_MIXED = {
    _SLOPE: {
        "half and half, whatever the tuning text says": _chosen("0.5"),
        "the reader that is better on average gets everything: w is 0 or 1": [
            (_GAIN, "(tune[0] - tune[1]).mean()"),
            *[_chosen(f"1.0 * (np.log2(tune[0]).mean() {more} np.log2(tune[1]).mean())") for more in (">", ">=")],
        ],
        "the slope of the network's probability alone": (_GAIN, "(tune[0] / p).mean()"),
        "w is the share of the characters at which the network is better": _chosen("(tune[0] > tune[1]).mean()"),
        "w is the network's part of all probabilities": _chosen("tune[0].sum() / tune.sum()"),
        "w is the mean of the network's parts": _chosen("(tune[0] / tune.sum(0)).mean()"),
        "the search goes to the wrong side: the sign of the slope": ("gain > 0", "gain < 0"),
        "w has the table's say, not the network's": ("return w", "return 1 - w"),
        "w is the table's best weight, and the price gives it to the network": ("", "tune = tune[::-1]"),
        "the search for w is too coarse: it is asked right to 0.001": [
            *[("range(25)", f"range({n})") for n in range(2, 9)],
            *[_chosen(f"min(np.{grid}, {_PAID})") for grid in _GRIDS],
        ],
        "w comes near 0 and 1, but not up to them": [_chosen(f"min(max(w, {e}), 1 - {e})") for e in (0.01, 0.05, 0.1)],
    },
    _TWO_TEXTS: {
        "w is chosen on the text whose price is told": ("", "tune = test"),
        "the price of the tuning text is told": ("", "test = tune"),
        "the two texts exchanged": ("", "tune, test = test, tune"),
    },
    _MIXTURE: {
        "bits are mixed, not probabilities": (_MIX, "-(w * np.log2(test[0]) + (1 - w) * np.log2(test[1])).mean()"),
        "the better reader at each character: nobody knows it before": (_MIX, "-np.log2(test.max(0)).mean()"),
        "both probabilities are added, without weights": (_MIX, "-np.log2(test.sum(0)).mean()"),
        "the network's price alone": (_MIX, "-np.log2(test[0]).mean()"),
        "the two weights exchanged in the price": (_MIX, "-np.log2((1 - w) * test[0] + w * test[1]).mean()"),
        "nats, not bits": (_MIX, _MIX.replace("log2", "log")),
        "the logarithm of a mean": (_MIX, "-np.log2((w * test[0] + (1 - w) * test[1]).mean())"),
        "a sum, not a mean": (_MIX, _MIX.replace(".mean()", ".sum()")),
        "the minus left out": (_MIX, _MIX[1:]),
    },
}
MIXED = Exercise(
    "08.1", "mixed", 2, _reader_cases, (), slips(_MIXED), view=_mixed_view, rtol=2e-3, bare=True, hints=_SLOPE
)


# ---------------------------------------------------------------- 08.2 one_axis
_PLAIN = ("the", "cat", "reads", "while", "it", "rains", "on", "roofs")
_ACCENTS = ("über", "café", "naïve", "große", "où", "señor")


def _axis_cases(rng: np.random.Generator) -> list[Case]:
    def args(n: int, words: tuple[str, ...]) -> tuple[Any, ...]:
        text = "".join(word + " " for word in rng.choice(words, n))
        train = int(rng.integers(2000, 9000))
        return text, float(rng.uniform(2, 6)), train, train + int(rng.integers(20, 90)), float(rng.uniform(1, 3))

    return [
        Case("letters with accents", args(30, _PLAIN + _ACCENTS)),
        Case("short words, some with accents", args(25, ("it", "on", "où", "é"))),
        Case("no accents", args(20, _PLAIN), True, "how many characters has a letter with an accent?"),
        Case("a single word", args(1, _PLAIN), True, "look at what you divide by"),
    ]


_WHOLE_TEXT = (
    "For each of the three: how many bits does the whole text cost? Take the worked example, 28, 56 and 28.",
    "How many characters has the text, how many words? Print both.",
)
_UNITS = (
    "What is one nat in bits, and one byte?",
    "Is the number that you multiply by above 1 or below? Should it be?",
)
_POWER = "2 ** (char_bits * n_chars / n_words)"
_N, _W, _BYTES = "len(text)", "len(text.split())", "(both_bytes - train_bytes)"
_AXIS_SLIPS = {
    _UNITS: {
        "words: nats taken for bits": (" / np.log(2)", ""),
        "words: nats multiplied by ln 2": ("/ np.log(2)", "* np.log(2)"),
        "words: 2 to the power of the nats": ("word_loss / np.log(2)", "2**word_loss"),
        "compressor: bytes taken for bits": ("8 * ", ""),
        "perplexity: a power of e, not of 2": (_POWER, "np.exp(char_bits * n_chars / n_words)"),
    },
    _WHOLE_TEXT: {
        "words: per word, not per character": (" * n_words / n_chars", ""),
        "words: multiplied by the letters of a word, not divided": ("n_words / n_chars\n", "n_chars / n_words\n"),
        "compressor: the whole archive, training text and all": (_BYTES, "both_bytes"),
        "compressor: the training text's archive": (_BYTES, "train_bytes"),
        "compressor: the sign turned": (_BYTES, "(train_bytes - both_bytes)"),
        "compressor: per word, not per character": ("train_bytes) / n_chars", "train_bytes) / n_words"),
        "compressor: a ratio of sizes, as people quote it": (f"8 * {_BYTES} / n_chars", "both_bytes / train_bytes"),
        "perplexity: per character, not per word": (" * n_chars / n_words", ""),
        "perplexity: the bits of a word, without the power of 2": (_POWER, "char_bits * n_chars / n_words"),
        "perplexity: divided by the length of a word": (_POWER, "2 ** (char_bits / n_chars * n_words)"),
    },
    ("How many characters has 'a b '? Print len.", "Is a space a character? And is é one or two?"): {
        "spaces are not counted as characters": (_N, "len(text.replace(' ', ''))"),
        "the last space is not counted": (_N, "len(text.strip())"),
        "bytes are counted, not characters: an accent makes two": (_N, "len(text.encode())"),
        "different words are counted, not all": (_W, "len(set(text.split()))"),
        "one word too many: what stands behind the last space is none": (_W, "len(text.split(' '))"),
        "the spaces counted in place of the words": (_W, "text.strip().count(' ') or 1"),
    },
}
_SCORES = ("words", "compressor", "perplexity")
AXIS = Exercise("08.2", "one_axis", 1, _axis_cases, _SCORES, slips(_AXIS_SLIPS), bare=True, hints=_WHOLE_TEXT)


# ---------------------------------------------------------------- 08.3 split_files
_ALIKE = "lambda a, b: 2 * len(set(a) & set(b)) > min(len(set(a)), len(set(b)))"


def _alike(a: list[str], b: list[str]) -> bool:
    """More than half of the shorter file's lines stand in the other one."""
    return 2 * len(set(a) & set(b)) > min(len(set(a)), len(set(b)))


def _family(rng: np.random.Generator, size: int, changed: int) -> list[list[str]]:
    """Files of ten lines; each is the one before with some lines changed: with 4 of 10 a grandchild is a stranger."""
    files = [[f"line {k}" for k in rng.integers(10**6, 10**9, 10)]]
    for child in range(1, size):
        lines = list(files[-1])
        for k in range(changed):
            lines[(child * changed + k) % 10] = f"line {rng.integers(10**9, 10**10)}"
        files.append(lines)
    return files


def _file_cases(rng: np.random.Generator) -> list[Case]:
    def args(n_test: int, *families: tuple[int, int]) -> tuple[Any, ...]:
        """Groups of even sizes never hold exactly n_test files, if this is odd: at least and at most are seen apart."""
        files = [file for size, changed in families for file in _family(rng, size, changed)]
        if any(size > 2 and changed == 4 for size, changed in families):  # the middle of a chain comes last
            order = sorted(range(len(files)), key=lambda i: (1 < i < len(files) - 1 and i % 2 == 0, rng.random()))
        else:
            order = rng.permutation(len(files)).tolist()
        return [files[i] for i in order], Source(_ALIKE), n_test, _seed(rng)

    return [
        Case("chains and pairs", args(17, (8, 4), (6, 4), (6, 4), (8, 4), *[(2, 4)] * 6)),
        Case("long chains", args(15, (10, 4), (8, 4), (8, 4), (6, 4))),
        Case("pairs", args(9, *[(2, 2)] * 12), True, "look at what follows from A, B and B, C"),
        Case("no two files alike", args(10, *[(1, 0)] * 24), True, "look at the files that are alike"),
    ]


def _seed(rng: np.random.Generator) -> Seed:
    return Seed(int(rng.integers(2**31)))


def _tied(files: list[list[str]]) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """The groups, in the order of their first files, and all pairs of files that are alike."""
    pairs = [(i, j) for i, j in itertools.combinations(range(len(files)), 2) if _alike(files[i], files[j])]
    name = list(range(len(files)))
    for i, j in pairs:
        old, new = max(name[i], name[j]), min(name[i], name[j])
        name = [new if k == old else k for k in name]
    return [[i for i, k in enumerate(name) if k == own] for own in sorted(set(name))], pairs


def _split_view(case: Case, result: Any) -> dict[str, Any]:
    files, _, n_test, _ = case.args
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError("expected two lists of indices: train, test")
    try:
        train, test = ([int(i) for i in part] for part in result)
    except (TypeError, ValueError):
        raise ValueError("train and test: expected lists of indices, whole numbers") from None
    groups, pairs = _tied(files)
    everywhere, side = sorted(train + test), set(test)
    lost, twice = set(range(len(files))) - set(everywhere), len(everywhere) - len(set(everywhere))
    parted = [(i, j) for i, j in pairs if (i in side) != (j in side)]
    of = {i: group for group in groups for i in group}
    chains = all(len(of[i]) > 2 for i, _ in parted if i in of)
    largest = max((len(of[i]) for i in side if i in of), default=0)
    ends = _ends(groups, n_test) if len(groups) > 20 else [[], []]  # of few groups a draw takes the first by chance
    first, last = (set(itertools.chain(*some)) for some in ends)
    broken = sum(0 < len(side & set(group)) < len(group) for group in groups)
    cut = "one group is cut" if broken == 1 else "parted in groups of three and more" if chains else "parted"
    size = "fewer" if len(test) < n_test else "too many" if len(test) - largest >= n_test else "as many as asked"
    return {
        "each file": "lost" if lost else "twice" if twice else "once",
        "files that are alike": cut if parted else "together",
        "files in the test": size,
        "groups of the test": "the first ones" if side == first else "the last ones" if side == last else "any",
    }


def _ends(groups: list[list[int]], n_test: int) -> list[list[list[int]]]:
    """The groups of a test that takes them in their order, and from behind."""
    found = []
    for order in (groups, groups[::-1]):
        ends = [k for k in range(1, len(order) + 1) if sum(map(len, order[:k])) >= n_test]
        found.append(order[: ends[0]])
    return found


_PARTED = (
    "Print all pairs of files that are alike and lie on two sides.",
    "Three files: 0 and 1 are strangers, and 2 is alike to both. What are your groups after each file?",
    "If a new file belongs to two of the groups that you have, what must become of these two?",
)
_DEAL = (
    "Print the size of the test and of each group in it: would it do without its last group?",
    "What is counted until n_test, files or groups? And when do you stop?",
)
_TIES = "[group for group in groups if any(alike(files[i], files[j]) for j in group)]"
_GROW, _TAKE, _END = "test = test + groups[k]", "len(test) < n_test", "return train, test"
_SPLIT = {
    _PARTED: {
        "dealt out file by file, as if hardly any two were alike": (_TIES, "[]"),
        "strangers that a third file ties together are parted": [
            (_TIES, _TIES + "[:1]"),
            (_TIES, _TIES.replace("any", "all")),
            ("any(alike(files[i], files[j]) for j in group)", "alike(files[i], files[group[-1]])"),
        ],
    },
    _DEAL: {
        "n_test groups, not n_test files": (_TAKE, "sum(set(g) <= set(test) for g in groups) < n_test"),
        "a group that would go beyond n_test is not taken: the test stays too small": [
            (_TAKE, f"len(test) + len(groups[k]) {less} n_test") for less in ("<", "<=")
        ],
        "one group too many": (_TAKE, "len(test) <= n_test"),
        "a group is cut where the test is full": (_GROW, "test = (test + groups[k])[:n_test]"),
        "the groups come in their order, not in a random one": ("rng.permutation(len(groups))", "range(len(groups))"),
        "train and test exchanged": (_END, "return test, train"),
    },
    ("Count the files of both sides together.", "In which of your lines can a file get lost, or be taken twice?"): {
        "of each group only one file is kept": (
            _END,
            "return [g[0] for g in groups if g[0] in train], [g[0] for g in groups if g[0] in test]",
        ),
        "the old groups stay beside the joined one": ("[group for group in groups if group not in tied]", "groups"),
        "the test's files are in the training list as well": (" if i not in test", ""),
    },
}
_ASKED = (
    f"Are files parted that are alike? {_PARTED[0]} Is the test of a wrong size? Print it, and that of its last group.",
    f"If files are parted: {_PARTED[2][0].lower()}{_PARTED[2][1:]} If the size is wrong: when do you stop?",
)
SPLIT = Exercise("08.3", "split_files", 2, _file_cases, (), slips(_SPLIT), view=_split_view, bare=True, hints=_ASKED)


# ---------------------------------------------------------------- 08.4 reports
_VERDICTS = ("honest", "same files", "counted", "nats", "sees the answer", "mean of files")


def _reports_view(case: Case, result: Any) -> dict[str, Any]:
    """The verdicts by their letters; ValueError for one that is not among the six."""
    if not isinstance(result, dict) or set(result) != set("ABCDE"):
        raise ValueError("expected a dict with the keys A, B, C, D, E")
    given = [one for one in result.values() if one not in _VERDICTS]
    if given:
        raise ValueError(f"unknown verdict {given[0]!r}: choose from {', '.join(map(repr, _VERDICTS))}")
    return result


_HONEST, _FILES, _COUNTED, _NATS, _SEES, _MEAN = (f'"{verdict}"' for verdict in _VERDICTS)
_READ = (
    "Go through the columns from the left: is recounted what was reported? If not, by which factor do they differ?",
    "Then look at the noise: 97 equally likely symbols cost log2 97 = 6.6 bits each. Who pays less?",
    "At last compare held-out with training and with fresh: whose price does the held-out text pay?",
)
_PRICE = (
    "Fresh files are what nobody has opened. What should an honest held-out text cost, beside them?",
    "If a held-out text costs what the training text costs, what has become of it? And if it lies between the two?",
)
_RATIO = ("What is reported divided by recounted in E? And what is ln 2?", _READ[0])
_NOISE = ("Which of the five pays less than 6.6 bits for the noise? What must it have known?", _READ[1])
_REPORTS = {
    _PRICE: {
        "A and D exchanged: which of them pays the price of its training text?": {_FILES: _COUNTED, _COUNTED: _FILES},
        "A and C exchanged: an honest held-out text costs what fresh files cost": {_FILES: _HONEST, _HONEST: _FILES},
        "C and D exchanged: an honest text costs what fresh files cost": {_COUNTED: _HONEST, _HONEST: _COUNTED},
        "A: not honest, fresh files cost much more": (_FILES, _HONEST),
        "A: not counted, it pays more than for its training text": (_FILES, _COUNTED),
        "D: not honest, it pays the price of the training text": (_COUNTED, _HONEST),
        "D: not only the same files, it pays exactly the price of the training text": (_COUNTED, _FILES),
        "C: look at what it pays for fresh files": [(_HONEST, w) for w in (_FILES, _COUNTED, _MEAN)],
        "not a matter of the mean: it was recounted and is the same": [(_FILES, _MEAN), (_COUNTED, _MEAN)],
    },
    _RATIO: {
        "E: look at reported / recounted, a mean over files would hardly hit it": (_NATS, _MEAN),
        "E: not honest, recounted is another number": (_NATS, _HONEST),
        "C and E exchanged: in one of them reported and recounted are the same": {_HONEST: _NATS, _NATS: _HONEST},
        "E: recounted it pays what fresh files cost": [(_NATS, _FILES), (_NATS, _COUNTED)],
    },
    _NOISE: {
        "B: nobody can pay less than 6.6 bits for noise": [(_SEES, one) for one in (_HONEST, _FILES, _COUNTED, _MEAN)],
        "B and another one exchanged: look at the noise": [{_SEES: w, w: _SEES} for w in (_FILES, _HONEST, _COUNTED)],
    },
}
REPORTS = Exercise("08.4", "reports", 1, slips=slips(_REPORTS), view=_reports_view, hints=_READ)


# ---------------------------------------------------------------- 08.5 suggest
def softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    return e / e.sum()


def _keyboard_cases(rng: np.random.Generator) -> list[Case]:
    def args(V: int, tau: float, share: float, spread: float = 1.0) -> tuple[Any, ...]:
        return rng.permutation(spread * (np.arange(V) + rng.uniform(-0.3, 0.3, V)) / 2), tau, share

    sure = rng.permutation([6.0, 2.0, 0.5, 1.3, 1.8])
    return [
        Case("V = 8, tau = 2, share = 0.7", args(8, 2.0, 0.7)),
        Case("V = 9, tau = 0.6, share = 0.9", args(9, 0.6, 0.9)),
        Case("the likeliest alone has more than the share", (sure, 1.3, 0.5)),
        Case("scores far apart", args(6, 0.7, 0.8, 900.0)),
        Case("tau = 1", args(7, 1.0, 0.6), True, "look at the temperature"),
        Case("share = 1", args(6, 2.5, 1.0), True, "look at which characters are kept"),
        Case("V = 1", args(1, 2.5, 0.5), True, "look at which characters are kept, and how likely they are"),
    ]


_HOT = (
    "Try tau = 0.1 and tau = 10: at which of them should q be nearly even?",
    "Does tau act before the softmax or after? And before the cut?",
)
_KEPT = (
    "Print the probabilities in the order in which you take them, and their running sum beside.",
    "Which is the last that is kept: the one with which the share is reached. Is it in your result?",
    "For a character to be kept, what must hold of the sum of those before it?",
)
_SUM_1 = ("Add up q: is it 1?", "Are the kept ones still in the same relation to each other as in p?")
_SOFT, _ORDER, _Q = "softmax(logits / tau)", "np.argsort(-logits)", "q / q.sum()"
_BEFORE, _ALL, _N_CHARS = "np.cumsum(p[order]) - p[order]", "np.arange(len(p))", "np.arange(len(p)) < share * len(p)"
_COLD, _TAKES = {_SOFT: "softmax(logits)"}, "before < share"
_UP, _LESS = {_ORDER: "np.argsort(logits)"}, "before <= share"
_SHORT = [{_BEFORE: f"np.cumsum(p[order]) {sign} 1e-12", _TAKES: _LESS} for sign in "+-"]  # rounding, where share = 1
_KEYBOARD = {
    _HOT: {
        "nothing repaired: the program as it was": [_COLD | _UP | short for short in _SHORT],
        "only the order repaired": [_COLD | short for short in _SHORT],
        "only the temperature repaired": [_UP | short for short in _SHORT],
        "the temperature has no effect: all probabilities are divided by it": _COLD,
        "multiplied by the temperature, not divided": (_SOFT, "softmax(logits * tau)"),
        "the temperature twice": (_SOFT, "softmax(logits / tau**2)"),
        "the temperature comes after the cut": {_BEFORE: "(r := softmax(logits))[order].cumsum() - r[order]"},
    },
    ("What is the largest number of which np.exp is finite?", "What does softmax do with the largest score first?"): {
        "scores far apart: np.exp becomes infinite": (_SOFT, "(e := np.exp(logits / tau)) / e.sum()"),
    },
    _KEPT: {
        "the one with which the share is reached is left out": _SHORT,
        "the one with which the share is reached is left out, but for the likeliest": [
            short | {_TAKES: f"({_LESS}) | (order == order[0])"} for short in _SHORT
        ],
        "p to the power of 1 / tau is cut before it adds up to 1 again": (_SOFT, "softmax(logits) ** (1 / tau)"),
        "the least likely are taken first": _UP,
        "one too many is kept": (_BEFORE, f"{_BEFORE} - np.roll(p[order], 1) * ({_ALL} > 0)"),
        "those are kept that have the share each, not together": (_TAKES, "p[order] >= share"),
        "those are kept that have less than the share, each": (_TAKES, "p[order] < share"),
        "the share is a share of the characters, not of the probability": (_TAKES, _N_CHARS),
        "only the likeliest is kept": (_TAKES, "before == 0"),
        "nothing is cut": (_TAKES, "before < 2"),
        "the places are those of the ranking, not of the characters": ("order[", f"{_ALL}["),
    },
    _SUM_1: {
        "not divided by the sum of those that are left": (_Q, "q"),
        "the kept ones are all equally likely": ("= p[kept]", "= 1"),
        "divided by the share, not by the sum of those that are left": (_Q, "q / share"),
        "a softmax over the probabilities": (_Q, "softmax(q)"),
    },
}
KEYBOARD = Exercise(
    "08.5", "suggest", 1, _keyboard_cases, ("q",), slips(_KEYBOARD), helpers=(softmax,), bare=True, hints=_KEPT
)


# ---------------------------------------------------------------- 08.6 copied
def _copy_cases(rng: np.random.Generator) -> list[Case]:
    def letters(n: int) -> str:
        return "".join(rng.choice(list("abcdefgh ABC"), n))

    def args(n: int, *copies: int, glued: int = 0) -> tuple[Any, ...]:
        """A sample with copies of these lengths out of several files; `glued`: one across the end of a file."""
        files = [letters(int(rng.integers(200, 400))) for _ in range(4)]
        pieces = [letters(3), files[3][20:34].swapcase()]
        for k, length in enumerate(copies):
            at = int(rng.integers(20, 150))
            pieces += [files[k % 3][at : at + length], "#" if k % 2 else letters(4)]
        if glued:
            pieces += ["#", files[2][-glued:] + files[3][:glued], "#"]
        return "".join(pieces), files, n

    def lines(n: int) -> tuple[Any, ...]:
        """Files that begin with a space, end with a line break and have one inside, and copies that hold these."""
        files = [f" {letters(40)}\n{letters(40)}\n" for _ in range(4)]
        ends, begin = files[0][2 - n :], files[1][: n - 2]
        glued = [ends + begin, f"{ends}\n{begin}", f"{ends} {begin}"]
        inside, other = files[2][35 : 37 + n], files[3][37 - n : 47].replace("\n", " ")
        return "#".join([files[0][:n], *glued, inside, other, files[1][-n:]]), files, n

    whole = letters(60)
    return [
        Case("copies out of three files", args(8, 11, 17, 7, 12, 8, 10)),
        Case("a string across the end of a file", args(9, 12, 8, 10, glued=15)),
        Case("spaces and line breaks", lines(10)),
        Case("two copies that touch", (whole[:14] + whole[30:43], [letters(40) + whole, letters(90)], 10)),
        Case("n longer than the longest copy", args(20, 10, 15), True, "look at which copies count"),
        Case("the sample shorter than n", (whole[5:11], [letters(50), whole], 9), True, "look at where a copy begins"),
        Case("all of it copied", (whole[7:40], [letters(80), whole], 5), True, "look at what lies between the copies"),
    ]


_MARK = (
    "Write the sample of the worked example down and mark each character that is part of a copy of 4 or more.",
    "What is counted: places where a copy begins, copies, or characters inside of copies?",
    "May a character that two copies share count twice?",
)
_FILE_BY_FILE = (
    "Take the files ['ab', 'cd'] and the sample 'bc'. Is it copied?",
    "Is each file looked through, and alone?",
)
_RECORD = (
    "Take the sample 'xab' and the file 'ab': does your search find a copy that begins late, or stands at the end?",
    "Print the record, and the string that it belongs to: does this string stand in one file?",
)
_FITS, _RUN = "i + n <= len(sample)", "marked[i : i + n] = True"
_GLUED_RUN = "max(len(run) for run in ''.join('x' if m else ' ' for m in marked).split(' '))"
_COPIES = {
    _FILE_BY_FILE: {
        "the files are joined: a string across the end of one counts": [
            ("", f"files = [{between!r}.join(files)]") for between in ("", "\n", " ")
        ],
        "only the first file is looked through": ("", "files = files[:1]"),
        "only the last file is looked through": ("", "files = files[-1:]"),
    },
    ("Print sample and files before you look: has anything changed?", "What does the statement say of line breaks?"): {
        "upper and lower case are the same": ("", "sample, files = sample.lower(), [f.lower() for f in files]"),
        "spaces are left out": ("", "sample, files = sample.replace(' ', ''), [f.replace(' ', '') for f in files]"),
        "a line break does not count as it is": [
            ("", "sample, files = sample.replace('\\n', ' '), [f.replace('\\n', ' ') for f in files]"),
            ("", "files = [f.replace('\\n', ' ') for f in files]"),
            ("", "files = [line for f in files for line in f.splitlines()]"),
        ],
        "the files' spaces and line breaks at their ends are lost": ("", "files = [f.strip() for f in files]"),
    },
    _MARK: {
        "only the places where a copy begins are counted": (_RUN, "marked[i] = True"),
        "the last character of each copy is lost": (_RUN, "marked[i : i + n - 1] = True"),
        "one character too many behind each copy": (_RUN, "marked[i : i + n + 1] = True"),
        "only copies longer than n count": ("marked.mean()", "_marked(sample, files, n + 1)"),
        "all strings down to the end of the sample count, however short": (_FITS, "True"),
        "a number of characters, not a share": ("marked.mean()", "marked.sum()"),
        "the share that is not copied": ("marked.mean()", "1 - marked.mean()"),
        "the share of the places where a copy could begin": (
            {_RUN: "marked[i] = True", "marked.mean()": "marked.sum() / max(len(sample) - n + 1, 1)"}
        ),
        "the longest copy alone, as a share": ("marked.mean()", "longest / len(sample)"),
        "a character counts once for each copy of n": {_RUN: "marked[i] = True", "marked.mean()": "n * marked.mean()"},
    },
    _RECORD: {
        "not all of the last places where a copy can begin are tried": [
            (_FITS, "i + n < len(sample)"),
            *[("range(len(sample))", f"range(len(sample) - n{last})") for last in ("", " + 1")],
        ],
        "longest: the last character of the sample is never reached": ("- i + 1", "- i"),
        "two copies that touch are taken for one: the longest run of marks": ("return longest", f"return {_GLUED_RUN}"),
        "the record is one too small": ("return longest", "return longest - 1"),
        "the record is one too large": ("return longest", "return longest + 1"),
        "the longest only if it has n characters, else 0": ("return longest", "return longest * (longest >= n)"),
        "the characters in common, in order but with gaps": lambda sample, files, n: (
            max(_with_gaps(sample, file) for file in files),
            _marked(sample, files, n),
        ),
    },
}


def _marked(sample: str, files: list[str], n: int) -> float:
    starts = [i for i in range(len(sample) - n + 1) if any(sample[i : i + n] in file for file in files)]
    return len({k for i in starts for k in range(i, i + n)}) / len(sample)


def _with_gaps(a: str, b: str) -> int:
    """The length of the longest sequence of characters that two strings share in order, other ones between them."""
    row = np.zeros(len(b) + 1, int)
    other = np.array(list(b))
    for letter in a:
        row[1:] = np.maximum(row[1:], np.where(other == letter, row[:-1] + 1, 0))
        row = np.maximum.accumulate(row)
    return int(row[-1])


_COUNTS, _EACH = ("longest", "share"), (f"For the share: {_MARK[0]}", f"For the longest: {_RECORD[0]}", *_FILE_BY_FILE)
COPIED = Exercise("08.6", "copied", 2, _copy_cases, _COUNTS, slips(_COPIES), helpers=(_marked,), bare=True, hints=_EACH)


# ---------------------------------------------------------------- 08.7 meant
def _typing_cases(rng: np.random.Generator) -> list[Case]:
    def args(n: int, wrong: tuple[int, ...], slip: float, base: float) -> tuple[Any, ...]:
        typed = rng.choice(list("abcdefghijklmnopqrstuvwxyz"), n)
        words = []
        for k, differ in enumerate(wrong):
            word = typed.copy()
            for place in (k + np.arange(differ)) % n:
                word[place] = chr(97 + (ord(word[place]) - 97 + 3 + k) % 26)
            words.append("".join(word))
        likely = np.log2(25 * n * (1 - slip) / slip)
        bits = base + rng.uniform(0, 4, len(wrong)) + likely * (np.array(wrong) == 0)
        return "".join(typed), words, bits - 6 * (np.array(wrong) > 1), slip

    return [
        Case("5 letters, 5 candidates", args(5, (1, 0, 1, 2, 1), float(rng.uniform(0.02, 0.1)), 30.0)),
        Case("a large slip", args(4, (0, 1, 2, 1), float(rng.uniform(0.3, 0.6)), 12.0)),
        Case("a long sentence", args(7, (1, 1, 0, 3), float(rng.uniform(0.02, 0.1)), 3000.0)),
        Case("the typed word is no candidate", args(6, (1, 1, 2, 1), 0.05, 40.0), True, "look at the typed word"),
        Case("one candidate", args(3, (1,), 0.04, 20.0), True, "look at how the candidates are compared"),
        Case("words of one letter", args(1, (0, 1, 1), 0.1, 9.0), True, "look at the number of letters"),
    ]


_WAYS = (
    "Count the different slips of the word caw: how many places are there, and how many other letters for each?",
    "Add up the probabilities of everything that can be typed for one word. Is the sum 1?",
)
_BAYES = (
    "Write the four numbers of each candidate in a row: bits, probability of the sentence, of the typing, product.",
    "Which of the candidates are impossible, and do all others together get 1?",
)
_MARGIN = (
    "Set the two products equal, one with 1 - s and one with a slip: which ratio must the two sentences have?",
    "How many bits is a ratio of 8? Is the margin larger or smaller when people slip more?",
)
_SLIP, _BITS, _SHARES = "slip / (25 * n)", "2.0 ** np.minimum(-bits, 0)", "joint / joint.sum()"
_JOINT, _CHANNEL = f"channel * {_BITS}", "np.select([wrong == 0, wrong == 1], [1 - slip, one_slip], 0.0)"
_RATIO_M, _LEAST = "np.log2((1 - slip) / one_slip)", " - prior_bits[channel > 0].min()"
_TYPED_SAFE = "np.select([wrong == 0, wrong == 1], [{}, one_slip], 0.0)"
_MEANT = {
    _WAYS: {
        "26 letters for each place: the right one is no slip": (_SLIP, "slip / (26 * n)"),
        "one slip counts s / 25: each place has the whole s": (_SLIP, "slip / 25"),
        "the other letter is not drawn: one slip for each place": (_SLIP, "slip / n"),
        "every slip has the whole probability": (_SLIP, "slip"),
        "each letter slips for itself": {_SLIP: "slip / 25", "[1 - slip,": "[(1 - slip) ** n,"},
        "a word that is typed right has the probability 1": (_CHANNEL, _TYPED_SAFE.format("1.0")),
    },
    _BAYES: {
        "the language model alone: nobody asks what was typed": ("channel * ", "(channel > 0) * "),
        "the fingers alone: the sentence is not asked": (_BITS, "(bits == bits)"),
        "words with more than one other letter are possible": (_CHANNEL, "np.where(wrong, one_slip, 1 - slip)"),
        "two slips are possible, too": (_CHANNEL, "np.where(wrong, one_slip**wrong, 1 - slip)"),
        "the typed word comes out as impossible": (_CHANNEL, _TYPED_SAFE.format("0.0")),
        "more bits make a word more probable: the sign": ("np.minimum(-bits, 0)", "np.minimum(bits, 600)"),
        "a power of e, not of 2": [(_BITS, "np.exp(np.minimum(-bits, 0))"), (_JOINT, f"({_JOINT}) ** np.log2(np.e)")],
        "the bits themselves are taken for probabilities": (_BITS, "(1 / prior_bits)"),
        "not divided by the sum of the products": [(_SHARES, p) for p in ("channel * 2.0**-prior_bits", "joint")],
        "nothing is taken off: a long sentence has the probability 0": (_LEAST, ""),
        "1 for the most probable, 0 for the others": (_SHARES, "(joint == joint.max()) * 1.0"),
    },
    _MARGIN: {
        "margin: 1 - s is left out": (_RATIO_M, "np.log2(1 / one_slip)"),
        "margin: in nats": (_RATIO_M, "np.log((1 - slip) / one_slip)"),
        "margin: the sign": (_RATIO_M, "np.log2(one_slip / (1 - slip))"),
        "margin: a ratio, not bits": (_RATIO_M, "(1 - slip) / one_slip"),
        "margin: the number of different slips is left out": (_RATIO_M, "np.log2((1 - slip) / slip)"),
        "margin: of the slips alone, 1 - s and s left out": (_RATIO_M, "np.log2(25 * n)"),
    },
}
_FOR_EACH = (f"For the posterior: {_BAYES[0]}", f"For the margin: {_MARGIN[0]}", _WAYS[0])
MEANT = Exercise("08.7", "meant", 1, _typing_cases, ("posterior", "margin"), slips(_MEANT), bare=True, hints=_FOR_EACH)


EXERCISES = (MIXED, AXIS, SPLIT, REPORTS, KEYBOARD, COPIED, MEANT)
