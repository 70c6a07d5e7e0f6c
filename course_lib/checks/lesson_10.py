"""Lesson 10: collapse, the length rule, paths counted and summed, three frames, error rate, stride, sound in pieces."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source


# ---------------------------------------------------------------- 10.1 heard
def _path(rng: np.random.Generator, label: list[int], blank: int, longest: int = 3) -> list[int]:
    """A path of a label: each symbol up to `longest` frames long, a blank between equal ones, and some more."""
    path = [blank] * int(rng.integers(0, 3))
    for k, (now, after) in enumerate(zip(label, [*label[1:], -1], strict=True)):
        path += [now] * int(rng.integers(1 if k else 2, longest + 1))
        path += [blank] * int(rng.integers(1 if now == after else 0, 3))
    return path


def _heard_cases(rng: np.random.Generator) -> list[Case]:
    a, b, c, d = (int(k) for k in rng.permutation(np.arange(1, 9))[:4])
    return [
        Case("a double symbol", (_path(rng, [a, b, c, c, d], 0), 0)),
        Case("the blank is not 0", ([0, 0, *_path(rng, [a, 0, 0, b, a, c, c], d)], d)),
        Case("ends as it begins", ([a, a, b, b, 0, b, c, c, 0, a, a], 0)),
        Case("three equal symbols", ([0, b, b, 0, b, 0, 0, b, a, a, 0], 0)),
        Case("symbols come again later", (_path(rng, [a, b, a, c, b], 0), 0)),
        Case("there are only blanks", ([0] * 5, 0), True, "look at the symbols"),
        Case("there is one frame", ([a], 0), True, "look at neighbouring frames"),
        Case("each symbol has one frame", ([b, a, d, c], 0), True, "look at what is merged, and when"),
    ]


def _heard_view(case: Case, result: Any) -> dict[str, Any]:
    if isinstance(result, dict) and set(result) == {"symbols", "begins"}:
        result = result["symbols"], result["begins"]
    if not isinstance(result, (tuple, list, np.ndarray)) or len(result) != 2:
        raise ValueError("expected two lists (symbols, begins)")
    if any(isinstance(part, str) for part in result):
        raise ValueError("symbols: expected a list of numbers, got a string")
    return {name: np.asarray(part) for name, part in zip(("symbols", "begins"), result, strict=True)}


_COLLAPSE = (
    "Decode `l l - l` by hand, frame by frame. What does your program do at the blank?",
    "With what must a symbol be compared: with the last symbol of the text, or with the frame before?",
)
_BLANK = ("Try a blank that is not 0, and paths that begin with it or with 0.", "What stands before the first frame?")
_WHEN = ("Write the numbers of the frames below a path, and the begins below them.", "Which frame of `l l l` is asked?")
_NEW, _FIRST, _BEGIN = "k != blank and k != before", "before = blank", "begins.append(t)"
_AT, _END = "begins.append({})".format, "next((s for s in range(t, len(path)) if path[s] != k), len(path))"
_OUT_FIRST = "path = [k for k in path if k != blank]\nblank = None"
_HEARD = {
    _COLLAPSE: {
        "a symbol is compared with the last symbol, not with the frame before: doubles are lost": (
            "before = k",
            "before = k if k != blank else before",
        ),
        "blanks taken out first, then merged, and the frames counted without the blanks": ("", _OUT_FIRST),
        "nothing is merged: each frame gives a symbol": (_NEW, "k != blank"),
        "blanks are merged, but they stay in the text": (_NEW, "t == 0 or k != path[t - 1]"),
        "a symbol comes only once in the text": (_NEW, "k != blank and k not in symbols"),
    },
    _BLANK: {
        "the first frame is compared with the last one: path[-1]": (_FIRST, "before = path[-1]"),
        "before the first frame stands a 0, which need not be the blank": (_FIRST, "before = 0"),
        "0 is taken for the blank, whatever it is": ("", "blank = 0"),
        "the first frame is never a new symbol": (_FIRST, "before = path[0]"),
        "the first frame is always a symbol, even if it is a blank": (_NEW, f"t == 0 or ({_NEW})"),
    },
    _WHEN: {
        "begins: path.index finds the first place of a symbol in the whole path": (_BEGIN, _AT("list(path).index(k)")),
        "begins: counted from 1": (_BEGIN, _AT("t + 1")),
        "begins: the place in the text, not the frame": (_BEGIN, _AT("len(begins)")),
        "begins: the place in the merged path": (_BEGIN, _AT("sum(map(int.__ne__, path[1 : t + 1], path))")),
        "begins: the frame in which each symbol ends": (_BEGIN, _AT(f"{_END} - 1")),
    },
}
_PARTS = ("symbols", "begins")
HEARD = Exercise("10.1", "heard", 1, _heard_cases, _PARTS, slips(_HEARD), view=_heard_view, bare=True, hints=_COLLAPSE)


# ---------------------------------------------------------------- 10.2 fitting
def _pairs(rng: np.random.Generator) -> list[Case]:
    def case(*labels: str) -> tuple[Any, ...]:
        """Recordings that are just long enough, one frame too short, or something else."""
        order = rng.permutation(len(labels))
        needs = [len(w) + sum(a == b for a, b in pairwise(w)) for w in labels]
        more = [(0, -1, 1, 0, 3, -2)[k % 6] for k in range(len(labels))]
        return [max(1, needs[k] + more[k]) for k in order], [labels[k] for k in order]

    return [
        Case("one repeat", case("see", "hello", "all", "three", "tall", "letter")),
        Case("several repeats", case("bookkeeper", "committee", "balloon", "success", "aabb", "goodness")),
        Case("three equal letters", case("aaa", "zzzz", "brrr", "hmmm", "aaabb", "ooo")),
        Case("letters that come again later", case("banana", "seven", "nine", "zero", "level", "see")),
        Case("nobody spoke", case("", "", "oh", "a", "", "see")),
        Case("spaces between words", case("all long", "one two", "see eels", "tell lena", "off for", "oh oh")),
        Case("no letter comes twice", case("cat", "six", "four", "two", "five", "one"), True, "look at the repeats"),
        Case("labels have one letter", case("a", "i", "o"), True, "look at what stands between two letters"),
    ]


_SHORTEST = (
    "Write the shortest path of `cat`, of `aa`, of `aaa` and of `aabb`. How long is each?",
    "Where must a blank stand, and where may it be left out?",
)
_ENOUGH = ("Is a recording with exactly as many frames as needed long enough?", "What is asked: which to keep?")
_LEN, _MET, _SAME = "len(label) + repeats", "n >= need", "if a == b:"
_FOUND = "len(label) + len(__import__('re').findall(r'(.)\\1{}', label))".format
_FITTING = {
    _SHORTEST: {
        "repeats not counted: a letter a frame": (_LEN, "len(label)"),
        "2 repeats - 1: right for one repeat only": (_LEN, "len(label) + max(0, 2 * repeats - 1)"),
        "two more frames for each repeat": (_LEN, "len(label) + 2 * repeats"),
        "a blank on both sides of each letter: blanks are needed between equal ones only": [
            (_LEN, f"2 * len(label) + 1{x}") for x in ("", " if label else 0")
        ],
        "a frame for a label without letters: it needs none": (_LEN, f"max(1, {_LEN})"),
        "a blank between all letters: it is needed between equal ones only": [
            (_LEN, f"max({x}, 2 * len(label) - 1)") for x in (-1, 0)
        ],
        "a blank at the begin or at the end: none is needed": [(_LEN, f"{_LEN} + {k}") for k in (1, 2)],
        "letters that come again anywhere are counted, not only neighbours": (_LEN, "2 * len(label) - len(set(label))"),
        "a run of equal letters is counted once, however long it is": (_LEN, _FOUND("+")),
        "pairs do not overlap: aaa has two": (_LEN, _FOUND("")),
        "one more frame for a label with a repeat, however many it has": (_LEN, "len(label) + (repeats > 0)"),
        "repeats taken away: they are merged in the path, not in the label": (_LEN, "len(label) - repeats"),
        "the first letter is compared with the last one": ("label[1:]", "label[-1:] + label[:-1]"),
        "neighbours that differ are counted": (_SAME, "if a != b:"),
        "the last pair of neighbours is left out": ("label[1:]", "label[1:-1]"),
        "half of the neighbours are not compared": ("(label, label[1:])", "(label[::2], label[1::2])"),
        "the repeats of all labels before are counted, too": {
            "needs = []": "needs, repeats = [], 0",
            "repeats = 0": "",
        },
        "spaces left out: a space counts as a letter": ("", 'labels = [w.replace(" ", "") for w in labels]'),
    },
    _ENOUGH: {
        "more frames than needed are asked for: just enough is enough": (_MET, "n > need"),
        "the other way round: True where it is too short": [(_MET, "n < need"), (_MET, "n <= need")],
        "compared with the letters, not with the need": ("zip(frames, needs)", "zip(frames, map(len, labels))"),
    },
}
FITTING = Exercise("10.2", "fitting", 1, _pairs, ("needs", "keep"), slips(_FITTING), bare=True, hints=_SHORTEST)


# ---------------------------------------------------------------- 10.3 count_paths
def _counts(rng: np.random.Generator) -> list[Case]:
    more = [int(k) for k in rng.integers(2, 6, 4)]
    words = [str(w) for w in rng.permutation(["three", "hello", "off", "add", "tree"])]
    return [
        Case("one repeat", (words[0], len(words[0]) + 1 + more[0])),
        Case("three equal letters", ("aaa", 5 + more[1])),
        Case("several repeats, T = 40", ("bookkeeper", 40)),
        Case("a repeat, and no frame for its blank", (words[1], len(words[1]))),
        Case("a letter that comes again later", ("seven", 5 + more[2])),
        Case("T is just enough", ("aabb", 6)),
        Case("T is too small", ("six", 2)),
        Case("no letter comes twice", ("cat", 3 + more[3]), True, "look at what differs for equal letters"),
        Case("one letter", ("a", more[0]), True, "look at what happens between two letters"),
        Case("there is one frame", ("a", 1), True, "look at how a path goes on"),
    ]


_MOVES = (
    "List the paths of `see` in four frames. Which step of your program allows one that is not there?",
    "From a letter, where may a path go in the next frame, if the next letter is another one? And if it is the same?",
)
_ENDS = ("List the paths of `a` in two frames. In which places do they end?", "And where do they begin?")
_AS_IT_WAS, _CALL = 's >= 2 and places[s] != "-"', "__import__('math').comb"
_AND, _BETWEEN = f"{_AS_IT_WAS} and ", "sum(a == b for a, b in zip(label, label[1:]))"
_SKIP, _STOP, _START = f"{_AND}places[s] != places[s - 2]", "sum(ways[-2:])", "1 if s < 2 else 0"
_COUNT = {
    _MOVES: {
        "nothing mended": {_SKIP: _AS_IT_WAS, _STOP: "ways[-1]"},
        "a path may still jump over the blank between equal letters": [
            (_SKIP, _AS_IT_WAS),
            (_SKIP, f"{_AND}places[s] != places[s - 1]"),
            ("", f"T, U = T, len(label)\nreturn {_CALL}(T + U, T - U) if T >= U else 0"),
        ],
        "each place may be jumped over: blanks between equal letters, and letters, too": (_SKIP, "s >= 2"),
        "no blank is ever jumped over": (_SKIP, "False"),
        "equal and different exchanged": [(_SKIP, f"{x}places[s] == places[s - 2]") for x in (_AND, "s >= 2 and ")],
        "a letter is never reached from itself: paths do not stay": ("total = before[s]", "total = 0"),
        "new numbers are used in the same frame: several steps at once": [
            {f"total + before[s - {k}]": f"total + ways[s - {k}]" for k in back} for back in ((1, 2), (1,), (2,))
        ],
        "one frame too many": ("range(T - 1)", "range(T)"),
        "no jump to a letter that has come before, near or far": (_SKIP, f"{_AND}places[s] not in places[:s]"),
    },
    _ENDS: {
        "a path ends, or begins, with a blank only": [(_STOP, "ways[-1]"), (_START, "1 if s < 1 else 0")],
        "a path ends, or begins, with a letter only": [(_STOP, "ways[-2]"), (_START, "1 if s == 1 else 0")],
        "a path may end anywhere": (_STOP, "sum(ways)"),
        "the last two are not added: the larger one": (_STOP, "max(ways[-2:])"),
        "a path may begin anywhere": (_START, "1"),
    },
}
COUNT = Exercise("10.3", "count_paths", 1, _counts, ("paths",), slips(_COUNT), bare=True, rtol=1e-9, hints=_MOVES)


# ---------------------------------------------------------------- 10.4 log_p
def _logs(rng: np.random.Generator, T: int, V: int, spread: float = 1.0) -> np.ndarray:
    numbers = rng.normal(0, spread, (T, V))
    return numbers - np.log(np.exp(numbers).sum(1, keepdims=True))


def _frames_cases(rng: np.random.Generator) -> list[Case]:
    a, b, c = (int(k) for k in rng.permutation(np.arange(1, 6))[:3])
    certain = _logs(rng, 7, 6)
    certain[2], certain[4, [0, c]] = -np.inf, -np.inf
    certain[2, a] = 0
    return [
        Case("a repeat", (_logs(rng, 9, 6), [a, b, b, c])),
        Case("three equal letters", (_logs(rng, 8, 6), [a, a, a])),
        Case("a letter that comes again later", (_logs(rng, 7, 6), [a, b, a])),
        Case("T = 400", (_logs(rng, 400, 12, 2.0), rng.integers(1, 12, 5).tolist())),
        Case("some probabilities are 0", (certain, [a, b, c])),
        Case("too few frames", (_logs(rng, 4, 6), [a, b, b, c])),
        Case("just enough frames", (_logs(rng, 5, 6), [b, b, c, a])),
        Case("no letter comes twice", (_logs(rng, 6, 6), [c, a, b]), True, "look at what differs for equal letters"),
        Case("there is one frame", (_logs(rng, 1, 6), [b]), True, "look at how a path goes on from frame to frame"),
        Case("one letter", (_logs(rng, 4, 6), [c]), True, "look at what happens between two letters"),
    ]


_FRAME = (
    "Try two frames and one letter, as in the worked example: which of the three paths is missing or too much?",
    "Print `alpha` after each frame as probabilities: may it be larger than 1, or 0 where a path exists?",
)
_DROWN = ("Print the result for T = 10, 100 and 1000. From where on is it wrong?", "Where do you leave the logarithms?")
_NO_PATH = (
    "Call it with the label `[1, 1]` in two frames, and print `alpha` after each. Which path has this text?",
    "What is the logarithm of 0, and what must a place hold that no path has reached yet?",
)
_WORTH = ("What does your program say of the worked example?", "Is P asked, its logarithm, a loss, or a mean?")
_BEGUN, _JUMPED = "log_probs[0, k] if s < 2 else -np.inf", "s >= 2 and places[s] != places[s - 2]"
_ADD, _OVER, _LSE = "total + row[places[s]]", "return np.logaddexp(alpha[-1], alpha[-2])", "np.logaddexp"
_PLAIN = "(lambda a, b: np.log(np.exp(a) + np.exp(b)))"
_BY_HAND = "(lambda a, b: max(a, b) + np.log(np.exp(a - max(a, b)) + np.exp(b - max(a, b))))"
_NONE = f"if len(log_probs) < len(label) + {_BETWEEN}:\n    return ".__add__
_LOG_P = {
    _MOVES: {
        "a path may jump over the blank between equal letters": (_JUMPED, "s >= 2 and places[s] != 0"),
        "no blank is ever jumped over": (_JUMPED, "False"),
        "each place may be jumped over: blanks between equal letters, and letters, too": (_JUMPED, "s >= 2"),
        "from blank to blank: letters may be jumped over": (_JUMPED, f"s >= 2 and places[s] == 0 or {_JUMPED}"),
    },
    _FRAME: {
        "a path ends in the last blank only": (_OVER, "return alpha[-1]"),
        "a path ends in the last letter only": (_OVER, "return alpha[-2]"),
        "a path may end anywhere": (_OVER, "return np.logaddexp.reduce(alpha)"),
        "the last two are not added: the larger one": (_OVER, "return max(alpha[-2:])"),
        "the last two logarithms are added, as for a product": (_OVER, "return sum(alpha[-2:])"),
        "a path begins with the blank only": ("s < 2", "s < 1"),
        "a path begins with the letter only": ("s < 2", "s == 1"),
        "a path may begin anywhere": (_BEGUN, "log_probs[0, k]"),
        "the last place moves on to the first: np.roll, or an index of −1": [
            {"s >= 1": "True"},
            {"s >= 2 and ": ""},
            {"s >= 1": "True", "s >= 2 and ": ""},
        ],
        "a lattice of letters only, without blanks": {
            "places = [0]": "places = label",
            "places = places + [letter, 0]": "pass",
            "s < 2": "s < 1",
            _JUMPED: "False",
            _OVER: "return alpha[-1]",
        },
        "new values are used in the same frame: several steps at once": [
            {f"total, before[s - {k}]": f"total, alpha[s - {k}]" for k in back} for back in ((1, 2), (1,), (2,))
        ],
        "the blank behind the last letter is left out": (_OVER, "return np.logaddexp(alpha[-2], alpha[-3])"),
        "the first frame costs nothing": (_BEGUN, "0 if s < 2 else -np.inf"),
        "the first frame is counted twice": ("log_probs[1:]", "log_probs"),
        "a path moves on before the first frame": {_BEGUN: "0 if s < 2 else -np.inf", "log_probs[1:]": "log_probs"},
        "each frame gets the factor of the frame before": ("log_probs[1:]", "log_probs[:-1]"),
        "the last frame is left out": ("log_probs[1:]", "log_probs[1:-1]"),
        "the factor of the frame stands at one term of the sum only": [
            {x: f"{x} + row[places[s]]", _ADD: "total"} for x in ("total = before[s]", "before[s - 2]")
        ],
        "the largest in the place of the sum: the best path, not the text": (_LSE, "max"),
        "the factor of the frame is left out": (_ADD, "total"),
        "logarithms are multiplied: a product of probabilities is their sum": (_ADD, "total * row[places[s]]"),
    },
    _DROWN: {
        "out of the logarithms on the way: a product of so many probabilities drowns": (_LSE, _PLAIN),
    },
    _NO_PATH: {
        "−∞ − (−∞) is no number: what if all three are −∞?": (_LSE, _BY_HAND),
        "−∞ for every text: a −∞ is added to something, or no path begins": (_LSE, "np.add"),
        "0 where −∞ belongs: log 1 in places that no path has reached": (_BEGUN, "log_probs[0, k] if s < 2 else 0"),
        "a small number in the place of −∞: a text without a path gets a probability": [
            ("", _NONE(x)) for x in ("-1e9", "-1e30", "-1e10")
        ],
        "0 for a text without a path: log 0 is −∞, and log 1 is 0": ("", _NONE("0.0")),
    },
    _WORTH: {
        "the logarithm is taken once more: log_probs are logarithms already": ("", "log_probs = np.log(log_probs)"),
        "the loss, −log P": (_OVER, _OVER.replace("return ", "return -")),
        "P, not its logarithm": (_OVER, _OVER.replace("return ", "return np.exp(") + ")"),
        "divided by the frames or letters": [(_OVER, f"{_OVER} / len({x})") for x in ("label", "log_probs")],
    },
}
LOG_P = Exercise("10.4", "log_p", 2, _frames_cases, ("log P",), slips(_LOG_P), bare=True, rtol=1e-5, hints=_FRAME)


# ---------------------------------------------------------------- 10.5 three_frames
_KEYS = ("path", "path_p", "path_text", "text", "text_p", "paths")


def _three_view(case: Case, result: Any) -> dict[str, Any]:
    """Strings without spaces and quotes, probabilities to three decimals; ValueError where the form is another."""
    if not isinstance(result, dict) or set(result) != set(_KEYS):
        raise ValueError(f"three_frames: expected a dict with the keys {', '.join(_KEYS)}")
    texts = {k: re.sub(r"[][(),'\"\s]", "", str(result[k])).lower() for k in ("path", "path_text", "text")}
    texts["path"] = texts["path"].replace("_", "-").replace("–", "-")
    if len(texts["path"]) != 3 or not set("".join(texts.values())) <= set("-ab"):
        raise ValueError('three_frames: expected a path of three characters, as in "a-b", and texts of a and b')
    try:
        numbers = {k: round(float(result[k]), 3) for k in ("path_p", "text_p", "paths")}
    except (TypeError, ValueError):
        raise ValueError("three_frames: expected numbers for path_p, text_p and paths") from None
    return {k: texts.get(k, numbers.get(k)) for k in _KEYS}


_WINNERS = ("Which symbol wins in each frame? Multiply the three.", "Is the blank a symbol of the path like any other?")
_TEXTS = (
    "Write the paths of `a`, `b`, `ab` and `bb` in four columns, and the probability beside each.",
    "Add up each column. Which one is the largest, and have you found all of its paths?",
)
_P = {"path": '"path": "b-b"', "path_p": '"path_p": 0.160', "path_text": '"path_text": "bb"'}
_P |= {"text": '"text": "ab"', "text_p": '"text_p": 0.356', "paths": '"paths": 5'}


def _typed(**values: Any) -> dict[str, str]:
    """The edits that put other values into the dict."""
    return {_P[k]: f'"{k}": {v!r}' for k, v in values.items()}


_THREE = {
    _WINNERS: {
        "the blank passed over: the best letter of each frame": [
            _typed(path=x, path_p=0.12, path_text=y) for x, y in (("bab", "bab"), ("bab", "bb"), ("bbb", "b"))
        ],
        "bb merged across the blank": _typed(path_text="b"),
        "nothing merged or taken out: the path for its text": [
            _typed(path="bbb", path_p=0.12, path_text="bbb"),
            _typed(path_text="b-b"),
        ],
        "path_p: the mean of the three, not their product": [_typed(path_p=x) for x in (0.567, 0.57)],
        "path_p: the sum of the three, not their product": _typed(path_p=1.7),
        "path_p and text_p: in per cent": _typed(path_p=16.0, text_p=35.6),
    },
    _TEXTS: {
        "the best path has the best text: it has not": _typed(text="bb", text_p=0.16, paths=1),
        "the text of the second rank: b": [_typed(text="b", text_p=x, paths=6) for x in (0.214, 0.356)],
        "text_p: one path of ab only": [_typed(text_p=0.128), _typed(text_p=0.128, paths=1), _typed(text_p=0.096)],
        "text_p: paths of ab that have a blank are missing": [
            _typed(text_p=x, paths=n) for x in (0.32, 0.192) for n in (2, 3, 5)
        ],
        "text_p: a path of ab is missing": [
            _typed(text_p=x, paths=n) for x in (0.344, 0.332, 0.26, 0.228) for n in (4, 5)
        ],
        "text_p: rounded to two decimals, where three are exact": _typed(text_p=0.36),
        "paths: of one letter there are six, of two fewer": _typed(paths=6),
        "paths: one of them is missing": _typed(paths=4),
        "paths: all that end in b, or all 27": [_typed(paths=n) for n in (9, 27)],
        "paths: those without a blank at an end only": _typed(paths=3),
    },
}
THREE = Exercise("10.5", "three_frames", 1, slips=slips(_THREE), view=_three_view, hints=_TEXTS)


# ---------------------------------------------------------------- 10.6 cer
def _texts(rng: np.random.Generator) -> list[Case]:
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]

    def spoilt(text: str, edits: int) -> str:
        letters = list(text)
        for _ in range(edits):
            k, how = int(rng.integers(len(letters))), int(rng.integers(3))
            letters[k : k + (how != 0)] = [] if how == 2 else [str(rng.choice(list("aeiourst ")))]
            letters = letters or ["o"]
        return "".join(letters)

    def case(lengths: tuple[int, ...], edits: tuple[int, ...]) -> tuple[Any, ...]:
        right = [" ".join(rng.choice(digits, n)) for n in lengths]
        return [spoilt(r, e) for r, e in zip(right, edits, strict=True)], right

    word = str(rng.choice(["three", "seven", "eight"]))
    return [
        Case("utterances of different lengths", case((5, 1, 3, 2), (2, 3, 0, 4))),
        Case("a letter is missing at the begin", (["ne two six", "even"], ["one two six", "seven"])),
        Case("much is heard where little is said", (["nine one five nine", "oh no no"], ["one", "six"])),
        Case("nothing is said, or nothing heard", (["uh", "", word, ""], ["", "two", word, ""])),
        Case("all three edits", (["sick", "tow", "fife", "zeero"], ["six", "two", "five", "zero"])),
        Case("one digit for another", (["eight", "nine", "seven", word], ["five", "seven", "nine", word])),
        Case("spaces are missing", (["onetwo", "six s even"], ["one two", "six seven"])),
        Case("all is right", (["one", "two"], ["one", "two"]), True, "look at how edits are counted"),
        Case("nothing is heard", (["", ""], ["six", "one two"]), True, "look at what an edit may do"),
        Case("there is one pair", (["fir"], [f"four {word}"]), True, "look at what you do with several pairs"),
    ]


_EDITS = (
    "Work out by hand: *sick* and *six*, *ne* and *one*, *tow* and *two*. What does your program say?",
    "Which three edits are there, and what does each of them cost?",
)
_RATE = ("Take one long text that is right and a short one that is wrong.", "What is divided by what, and how often?")
_LETTER = ("Take *onetwo* for *one two*, and *uh* where nothing was said.", "What counts as a letter, and where?")
_SWAP, _OUT, _IN = "(a[i - 1] != b[j - 1])", "d[i - 1, j] + 1", "d[i, j - 1] + 1"
_EDITED, _EDGE = "edits + d[-1, -1]", "range(len(a) + 1), range(len(b) + 1)"
_SMALLEST, _QUOTIENT, _LETTERS = f"min(exchanged, {_OUT}, {_IN})", "return edits / letters", "letters + len(b)"
_APART, _MORE = "edits + sum(x != y for x, y in zip(a, b))", "abs(len(a) - len(b))"
_ONE_ROW = "np.lib.stride_tricks.as_strided(np.zeros(len(b) + 1), (len(a) + 1, len(b) + 1), (0, 8))"
_TURNED = "range(1, len(b) + 1), range(len(a) + 1)"
_EACH = "heard, right = [x{0} for x in heard], [x{0} for x in right]"
_CER = {
    _RATE: {
        "the mean of the rates: a short utterance weighs as much as a long one": [
            {_EDITED: "edits + d[-1, -1] / max(1, len(b))", _LETTERS: "letters + 1"},
            {_EDITED: "edits + d[-1, -1] / len(b)", _LETTERS: "letters + 1"},
            {_EDITED: "edits + int(d[-1, -1]) / len(b)", _LETTERS: "letters + 1"},
            {_EDITED: "edits + (d[-1, -1] / len(b) if b else 0)", _LETTERS: "letters + (len(b) > 0)"},
        ],
        "divided by the letters that were heard": (_LETTERS, "letters + len(a)"),
        "divided by the longer of the two": (_LETTERS, "letters + max(len(a), len(b))"),
        "divided by the number of utterances": (_QUOTIENT, "return edits / len(right)"),
        "cut off at 1: a rate may be larger": (_QUOTIENT, "return min(1.0, edits / letters)"),
        "only the first pair counts": {"": "heard, right = heard[:1], right[:1]", _EDITED: "edits + int(d[-1, -1])"},
        "not divided: the number of edits": (_QUOTIENT, "return edits"),
        "per cent, not the rate": (_QUOTIENT, "return 100 * edits / letters"),
        "the share that is right, not the errors": (_QUOTIENT, "return 1 - edits / letters"),
        "the share of utterances that are not quite right": {_EDITED: "edits + (a != b)", _LETTERS: "letters + 1"},
    },
    _LETTER: {
        "the error rate of words, not of letters": ("", _EACH.format(".split()")),
        "all utterances joined to one text: errors of two neighbours become one": [
            ("", f'heard, right = ["{x}".join(heard)], ["{x}".join(right)]') for x in ("", " ")
        ],
        "spaces left out: a space counts as a letter": [
            ("", _EACH.format('.replace(" ", "")')),
            (_LETTERS, 'letters + len(b.replace(" ", ""))'),
        ],
        "what was heard where nothing was said is left out": (_EDITED, "edits + d[-1, -1] * (len(b) > 0)"),
    },
    _EDITS: {
        "letters compared place by place: a missing one spoils all that follow": (_EDITED, f"{_APART} + {_MORE}"),
        "letters compared place by place, and what is left over not counted": (_EDITED, _APART),
        "an exchange costs 2, as if a letter were taken out and one put in": [
            (_SWAP, "2 * (a[i - 1] != b[j - 1])"),
            (_SMALLEST, f"min({_OUT}, {_IN}, exchanged + 2 * {_SWAP})"),
        ],
        "an exchange costs nothing": (_SWAP, "0"),
        "the edge of the table is 0: letters at the begin cost nothing": [
            (_EDGE, x) for x in ("0, 0", "0, range(len(b) + 1)", "range(len(a) + 1), 0")
        ],
        "no letter can be taken out": (_SMALLEST, f"min(exchanged, {_IN})"),
        "no letter can be put in": (_SMALLEST, f"min(exchanged, {_OUT})"),
        "an equal letter costs 1 as well": (_SWAP, "1"),
        "the last place of the table is never computed": [
            (_EDITED, f"edits + {x}") for x in ("len(a) + len(b)", "d[-1, -1] * (not a or not b)")
        ],
        "the rows of the table are one and the same list, as in [[0] * n] * m": [
            {"np.zeros((len(a) + 1, len(b) + 1))": _ONE_ROW},
            {"np.zeros((len(a) + 1, len(b) + 1))": _ONE_ROW, "d[:, 0], d[0, :]": "d[0, 1:], d[:, 0]", _EDGE: _TURNED},
        ],
    },
}
CER = Exercise("10.6", "cer", 1, _texts, ("rate",), slips(_CER), bare=True, hints=_EDITS)


# ---------------------------------------------------------------- 10.7 coarsest
def _recordings(rng: np.random.Generator) -> list[Case]:
    def args(frames: int, over: int, rate: int, window: int, hop: int, label: str) -> tuple[Any, ...]:
        return window + (frames - 1) * hop + over, rate, window, hop, label

    k = int(rng.integers(0, 3))
    return [
        Case("some samples are left over", args(32 + k, 41 + k, 8000, 200, 80, "three")),
        Case("the last frame just fits", args(29 + k, 0, 16000, 410, 130, "seven")),
        Case("outputs are just enough", args(24 + 6 * k, 30, 11025, 256, 100, "three")),
        Case("one frame is missing for the next stride", args(23 + 6 * k, 30, 8000, 256, 64, "three")),
        Case("several repeats", args(66 + k, 77, 16000, 400, 160, "bookkeeper")),
        Case("the stride is 1", args(10 + k, 20, 8000, 240, 80, "eighteen")),
        Case("windows do not overlap", args(26 + k, 90, 8000, 160, 160, "six")),
        Case("the letters all differ", args(31 + k, 60, 8000, 200, 80, "four"), True, "look at the repeats"),
        Case("hop = 1", args(40 + k, 0, 8000, 100, 1, "three"), True, "look at what a hop takes away"),
    ]


_MANY = (
    "Let the recording be just as long as one window, then longer by one hop: how many frames?",
    "Where do the first and the last frame begin, and how many begins are that?",
)
_COARSE = ("List frames // stride for the strides 1, 2, 3, … beside the need.", "Which is the last that is enough?")
_LATE = ("Draw the frames of the first output as bars below each other.", "At which sample does the last of them end?")
_FRAMES, _GOES, _HEARD_MS = "1 + (samples - window) // hop", "frames // s >= need", "1000 * heard / rate"
_BY, _NEED = "window + (stride - 1) * hop", "need = len(label) + repeats"
_COARSEST = {
    _MANY: {
        "frames: one too few, the first one not counted": (_FRAMES, "(samples - window) // hop"),
        "frames: one for each hop, as if frames could hang over the end": (_FRAMES, "samples // hop"),
        "frames: the window forgotten, one more than hops": (_FRAMES, "1 + samples // hop"),
        "frames: a last one that just fits is left out": (_FRAMES, "-(-(samples - window) // hop)"),
        "frames: not rounded down: the last one is not full": [
            (_FRAMES, f"1 + {x}") for x in ("-(-(samples - window) // hop)", "round((samples - window) / hop)")
        ],
        "frames: not rounded": ("return frames, stride", "return 1 + (samples - window) / hop, stride"),
        "frames: as if they did not overlap": (_FRAMES, "samples // window"),
    },
    _COARSE: {
        "the repeats left out of the need": (_NEED, "need = len(label)"),
        "2 repeats - 1: right for one repeat only": (_NEED, "need = len(label) + max(0, 2 * repeats - 1)"),
        "a blank beside each letter: it is needed between equal ones only": [
            {_NEED: f"need = 2 * len(label) {sign} 1", "stride = 1": f"stride = {x}"} for sign in "+-" for x in (0, 1)
        ],
        "letters that come again anywhere are counted": (_NEED, "need = 2 * len(label) - len(set(label))"),
        "outputs rounded up: what is left over gives none": (_GOES, "-(-frames // s) >= need"),
        "more outputs than needed: just enough is enough": (_GOES, "frames // s > need"),
        "one stride too many: the first with which the label does not fit": [
            ("return frames, stride", "return frames, stride + 1"),
            (_BY, "window + stride * hop\nstride = stride + 1"),
        ],
        "the stride rounded to the nearest or up": [
            (_BY, f"{_BY}\nstride = {x}\nheard = {_BY}") for x in ("round(frames / need)", "-(-frames // need)")
        ],
        "outputs: how many there are, not the stride": ("return frames, stride", "return frames, frames // stride"),
    },
    _LATE: {
        "wait: a window for each frame, as if they did not overlap": (_BY, "stride * window"),
        "wait: hops only, as if the last frame had no length": [(_BY, "stride * hop"), (_BY, "(stride - 1) * hop")],
        "wait: one hop too many": (_BY, "window + stride * hop"),
        "wait: one window only": (_BY, "window"),
        "wait: in seconds": (_HEARD_MS, "heard / rate"),
        "wait: in samples": (_HEARD_MS, "heard"),
        "wait: 8000 samples in a second, whatever the rate": (_HEARD_MS, "heard / 8"),
    },
}
_PLAN = ("frames", "stride", "wait")
COARSEST = Exercise("10.7", "coarsest", 1, _recordings, _PLAN, slips(_COARSEST), bare=True, rtol=1e-6, hints=_MANY)


# ---------------------------------------------------------------- 10.8 stream
_STEP = """
done = set()
def step(frame, h_prev):
    if len(frame) != len(w):
        raise ValueError(f"step: expected a frame of {len(w)} samples, got {len(frame)}")
    now = (*map(float, frame), float(h_prev))
    if now in done:
        raise RuntimeError("step has had this frame with this state before: no step may be done twice")
    done.add(now)
    return float(np.dot(frame, w) - h_prev), float(0.7 * h_prev + np.tanh(np.dot(frame, w)))
"""


def _stream_cases(rng: np.random.Generator) -> list[Case]:
    def args(window: int, hop: int, *lengths: int, h0: float | None = None) -> tuple[Any, ...]:
        w = (rng.choice([-1, 1], window) * rng.uniform(0.2, 1.0, window)).round(2).tolist()
        step = Source(f"(lambda space: exec({_STEP!r}, space) or space['step'])({{'np': np, 'w': {w}}})")
        pieces = [rng.normal(0, 1, n) for n in lengths]
        return step, pieces, window, hop, float(rng.uniform(0.5, 1)) if h0 is None else h0

    return [
        Case("pieces of any length", args(6, 4, 9, 3, 11, 1, 14)),
        Case("pieces shorter than a hop", args(5, 3, 2, 1, 2, 2, 1, 4, 2, 3)),
        Case("some pieces are empty", args(4, 1, 0, 7, 0, 3, 0)),
        Case("frames do not overlap", args(4, 4, 6, 5, 9, 2)),
        Case("a window over three pieces", args(9, 2, 5, 3, 5, 4, 12)),
        Case("h0 = 0", args(5, 2, 8, 6, 7, h0=0.0), True, "look at the state at the beginning"),
        Case("there is one piece", args(5, 2, 13), True, "look at what is carried from piece to piece"),
        Case("pieces end where frames end", args(4, 4, 8, 4, 12), True, "look at the samples that two pieces share"),
    ]


def _stream_view(case: Case, result: Any) -> dict[str, Any]:
    """How many outputs each piece gives, and all of them in a row; ValueError where it is no list for each piece."""
    n = len(case.args[1])
    if not isinstance(result, (list, tuple, np.ndarray)) or len(result) != n:
        raise ValueError(f"outputs: expected a list with one list for each of the {n} pieces")
    lists = [np.asarray(part, float) for part in result]
    if any(part.ndim != 1 for part in lists):
        raise ValueError("outputs: expected a list of numbers for each piece, [] where there are none")
    return {"outputs in each piece": [part.size for part in lists], "outputs": np.concatenate(lists)}


_CARRY = (
    "Give it one recording in one piece, in two, and sample by sample. From which output on do the results differ?",
    "What must be there when a new piece comes: which samples, and which state?",
)
_GRID = ("Print the first and the last sample's number of each frame.", "By how many samples do frames move?")
_JOIN, _GIVE, _FRAME_I = "np.concatenate([kept, piece])", "outputs.append(new)", "kept[i * hop : i * hop + window]"
_TAILS = ("{0}[-(window - hop) :]", "{0}[max(0, len({0}) - window + hop) :]", "{0}[-hop:]", "{0}[-window:]")
_DROP, _FILLED = "kept = kept[n * hop :]", "step(np.append(kept, np.zeros(window - len(kept))), h)"
_FULL = "1 + (len(kept) - window) // hop"
_STREAM = {
    _CARRY: {
        "no samples are carried: each piece is read for itself": (_JOIN, "np.array(piece)"),
        "the state begins anew in each piece": ("new = []", "new, h = [], h0"),
        "the state is never handed on": ("y, h = step", "y, _ = step"),
        "zeros stand before the first sample": ("np.zeros(0)", "np.zeros(window - hop)"),
        "what is left behind the last frame is thrown away": (_DROP, "kept = kept[:0] if n else kept"),
        "a fixed number of samples is carried, whatever is left": [
            {f"kept = {_JOIN}": f"x = kept = {_JOIN}", _GIVE: f"{_GIVE}\nkept = {x.format('x')}"} for x in _TAILS
        ],
        "a fixed number of samples of the piece is carried, whatever is left": [
            (_GIVE, f"{_GIVE}\nkept = {x.format('piece')}") for x in _TAILS
        ],
        "what follows the last frame is carried, but the next frame overlaps with it": (
            "kept[n * hop :]",
            "kept[n * hop + (window - hop) * (n > 0) :]",
        ),
        "what is left is filled up with zeros and read: frames that are not full": [
            (_GIVE, f"if len(kept){x}:\n    y, h = {_FILLED}\n    new.append(y)\n    kept = kept[:0]\n{_GIVE}")
            for x in ("", " and len(outputs) == len(pieces) - 1")
        ],
        "samples are dropped though no frame was full": (_DROP, "kept = kept[max(n, 1) * hop :]"),
        "the number of frames is negative while there are few samples, which are lost": (f"max(0, {_FULL})", _FULL),
        "the last frame is read again with the next piece": (_DROP, "kept = kept[max(n - 1, 0) * hop :]"),
        "one and the same list stands for all pieces": [
            ("new = []", f"new = outputs[0] if outputs else []{x}") for x in ("", "\nnew.clear()")
        ],
        "put together in the wrong order: the new piece first": (_JOIN, "np.concatenate([piece, kept])"),
    },
    _GRID: {
        "frames do not overlap: a whole window is dropped": ("", "hop = window"),
        "one sample is dropped, not a hop": ("", "hop = 1"),
        "window - hop is dropped, not hop": ("", "hop = max(1, window - hop)"),
        "nothing is dropped: frames are read again": (_DROP, "pass"),
        "a frame is read one sample too late": ("len(kept) - window", "len(kept) - window - 1"),
        "one frame too few: the first one is not counted": (_FULL, "(len(kept) - window) // hop"),
        "one frame at most for each piece": ("max(0,", "(len(kept) >= window) * min(1,"),
        "the last samples are read, not the first": (_FRAME_I, "kept[len(kept) - window :]"),
        "all outputs so far in each piece, not the new ones": (_GIVE, "outputs.append(sum(outputs[-1:], []) + new)"),
        "only the last output of each piece": ("new.append(y)", "new = [y]"),
        "the two results of step exchanged": ("y, h = step", "h, y = step"),
        "the new states, not the outputs": ("new.append(y)", "new.append(h)"),
    },
}
STREAM = Exercise("10.8", "stream", 2, _stream_cases, (), slips(_STREAM), view=_stream_view, bare=True, hints=_CARRY)

EXERCISES = (HEARD, FITTING, COUNT, LOG_P, THREE, CER, COARSEST, STREAM)
