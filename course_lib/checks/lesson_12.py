"""Lesson 12: repetitions, transposition, rhythm in ABC, places in the bar, shared tunes, loops, endings, machines."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from typing import Any

import numpy as np

from course_lib.checks.exercise import Case, Exercise, slips
from course_lib.checks.probe import Source

Array = np.ndarray


def _tune(rng: np.random.Generator, T: int, low: int = 55, high: int = 80) -> list[int]:
    """A walk through a range, in steps and small leaps."""
    pitches, pitch = [], int(rng.integers(low + 5, high - 5))
    for _ in range(T):
        pitch = int(np.clip(pitch + rng.choice([-4, -3, -2, -1, 1, 2, 3, 5]), low, high))
        pitches.append(pitch)
    return pitches


def _moved(pitches: list[int], k: int) -> list[int]:
    return [pitch + k for pitch in pitches]


# ---------------------------------------------------------------- 12.1 repeated
def _returns(rng: np.random.Generator) -> list[Case]:
    part, other, motif = _tune(rng, 9), _tune(rng, 7), _tune(rng, 4)
    mirrored, one_note = [2 * part[0] - pitch for pitch in part], [part[0], part[1] + 12, part[2]]
    k = int(rng.choice([2, 3, 5, 7]))
    return [
        Case("a part, the same part, another one", (part + part + other, 4)),
        Case("a part, and once more higher", (part + _moved(part, k) + other + part, 3)),
        Case("an octave higher, in whole or a note", (part + other + _moved(part, 12) + one_note, 3)),
        Case("a part upside down", (part + mirrored + _moved(part, -1), 4)),
        Case("three times the same four notes", (motif * 3 + _moved(motif, k), 3)),
        Case("nothing but one note", ([part[0]] * (11 + k), 5)),
        Case("a group as long as the tune", (part, 9), True, "look at what is counted and divided"),
        Case("no group comes back", (list(range(48, 60 + k)), 13 + k // 3), True, "look at what counts as a return"),
    ]


_LIST = ("Print the groups of the worked example: are there seven?", "Does the first of two equal ones count?")
_ALL_KEYS = (
    "Take 60 62 65 and 67 69 72: what of them is equal? And of 60 62 65 and 67 65 62?",
    "What must your key for `moved` be blind to, and what must it still see?",
)
_SEEN, _SHARE, _STARTS = "keys[i] in keys[:i]", "before / len(keys)", "range(len(pitches) - n + 1)"
_KEY, _STEPS = "pitch - group[0]", "tuple(pitch - group[0] for pitch in group)"
_AGAIN = {
    _LIST: {
        "each group is found: it is compared with itself, too": (_SEEN, "keys[i] in keys[: i + 1]"),
        "the first of two equal groups counts, too": (_SEEN, "keys.count(keys[i]) > 1"),
        "the share of groups that are different, not of those that came before": (_SHARE, "1 - before / len(keys)"),
        "divided by the number of notes, not of groups": (_SHARE, "before / len(pitches)"),
        "divided by the groups without the first one": (_SHARE, "before / max(len(keys) - 1, 1)"),
        "each kind of group that comes back counts once": (_SEEN, "keys[:i].count(keys[i]) == 1"),
        "the last group is left out": (_STARTS, "range(max(len(pitches) - n, 1))"),
        "groups of n notes one after the other: they overlap": (_STARTS, "range(0, len(pitches) - n + 1, n)"),
        "groups may overlap, also with the one that they repeat": (_SEEN, "keys[i] in keys[: max(i - n + 1, 0)]"),
        "only the group just before is looked at": (_SEEN, "i > 0 and keys[i] == keys[i - 1]"),
        "groups of n + 1 notes": {"i : i + n": "i : i + n + 1", _STARTS: "range(max(len(pitches) - n, 1))"},
        "groups of three, whatever n is": ("", "n = 3"),
        "the number of groups that came before, not their share": (_SHARE, "before"),
        "an earlier group counts each time that it comes": ("before + 1", "before + keys[:i].count(keys[i])"),
        "the notes of a group in any order": {"tuple(pitches[i : i + n])": "tuple(sorted(pitches[i : i + n]))"},
    },
    _ALL_KEYS: {
        "moved: a step up taken for a step down": (_STEPS, "tuple(abs(b - a) for a, b in zip(group, group[1:]))"),
        "moved: octaves do not count within a group": (_KEY, "(pitch - group[0]) % 12"),
        "moved: only the first and the last note of a group": (_STEPS, "(group[-1] - group[0],)"),
        "moved: exact repetitions left out": ("share(steps)", "share(steps) - share(groups)"),
        "moved: the same as exact": ("share(steps)", "share(groups)"),
        "moved: n steps are n + 1 notes": ("groups]", "[a + b[-1:] for a, b in zip(groups, groups[1:])] or groups]"),
    },
}
REPEATED = Exercise("12.1", "repeated", 1, _returns, ("exact", "moved"), slips(_AGAIN), bare=True, hints=_LIST)


# ---------------------------------------------------------------- 12.2 transposed
def _copies_cases(rng: np.random.Generator) -> list[Case]:
    def notes(T: int, *rests: int) -> Array:
        rows = np.stack([_tune(rng, T, 60, 74), rng.integers(1, 6, T)], axis=1)
        rows[list(rests), 0] = 0
        return rows

    def args(rows: Array, below: int, above: int, tonic: int) -> tuple[Any, ...]:
        """A range that leaves room for `below` moves down and `above` moves up."""
        pitches = rows[rows[:, 0] > 0, 0]
        return rows, tonic, int(pitches.min()) - below, int(pitches.max()) + above

    return [
        Case("a rest in the middle, a range on both sides", args(notes(7, 3), 2, 3, int(rng.integers(3, 8)))),
        Case("two rests, a high tonic", args(notes(9, 0, 5), 1, 4, 10)),
        Case("no rest, a low tonic", args(notes(5), 4, 1, 1)),
        Case("the tune itself is out of the range", args(notes(6, 2), -2, 4, 5)),
        Case("all twelve keys", args(notes(6, 1), 9, 9, int(rng.integers(12)))),
        Case("there is no rest and no limit", args(notes(4), 20, 20, 6), True, "look at the rests and the range"),
        Case("one copy is left", args(notes(5), 0, 0, 4), True, "look at what is moved, and by how much"),
    ]


def _copies(case: Case, result: Any) -> dict[str, Any]:
    """Pitches, durations and tonics of all copies; ValueError where the result is no list of pairs."""
    if not isinstance(result, (list, tuple)) or any(not isinstance(c, (list, tuple)) or len(c) != 2 for c in result):
        raise ValueError("copies: expected a list of pairs (notes, tonic)")
    rows, T = [np.asarray(notes) for notes, _ in result], len(case.args[0])
    if any(one.shape != (T, 2) or one.dtype.kind not in "biuf" for one in rows):
        raise ValueError(f"notes: expected numbers of the shape (T, 2) = ({T}, 2) in each copy, then its tonic")
    stack = np.array(rows).reshape(-1, T, 2)
    tonics = [np.asarray(tonic).item() for _, tonic in result]
    return {"pitches of the copies": stack[..., 0], "durations": stack[..., 1], "tonics": np.array(tonics)}


_ONE = ("Change a number in your first copy: does the second one change, too?", "What does `moved = notes` make?")
_RESTS = ("Print the rests of a copy.", "What does the pitch 0 mean, and what would 0 + k mean?")
_RANGE = (
    "Print the lowest and the highest note of each copy of the worked example, and whether it should be there.",
    "Of which notes is the range asked: those of the copy or those of the tune? Has a rest a height?",
)
_TWELVE = ("Print the tonics that you return: is each of them from 0 to 11?", "How many keys are there, and which?")
_COPY, _MOVE, _PITCHES = "notes.copy()", "moved[sounding, 0] += k", "pitches = moved[sounding, 0]"
_IN, _TONIC, _KS = "pitches.min() >= low and pitches.max() <= high", "(tonic + k) % 12", "range(-6, 6)"
_OLD, _CLIP = (f"moved[{r}, 0] += k\nmoved[{r}, 0] = moved[{r}, 0].clip(low, high)" for r in (":", "sounding"))
_ONCE = {"copies = []": f"copies, moved = [], {_COPY}", f"moved = {_COPY}": "pass"}
_MASK = "sounding = moved[:, 0] > 0"
_STOP = f"{_PITCHES}\nif not ({_IN}):\n    break"
_COPIES = {
    _ONE: {
        "nothing repaired: the function as it was": {_COPY: "notes", _MOVE: _OLD, _IN: "True", _TONIC: "tonic + k"},
        "all copies are one array, which is moved again and again": [(_COPY, "notes"), _ONCE],
        "each copy is made from the one before": {"copies = []": "copies, moved = [], notes", _COPY: "moved.copy()"},
    },
    _RESTS: {
        "rests are moved, too": [(_MOVE, "moved[:, 0] += k"), (_MOVE, f"moved[:, 0] += k\n{_MASK}")],
        "rests are left out of the copies": ("copies.append((moved,", "copies.append((moved[sounding],"),
        "durations are moved, too": (_MOVE, "moved[sounding] += k"),
    },
    _RANGE: {
        "a rest is taken for a note below the range": (_PITCHES, "pitches = moved[:, 0]"),
        "squeezed into the range, not left out": {_MOVE: _CLIP, _IN: "True"},
        "the range is not looked at": (_IN, "True"),
        "only the lowest note is looked at": (_IN, "pitches.min() >= low"),
        "only the highest note is looked at": (_IN, "pitches.max() <= high"),
        "low and high themselves belong to the range": [(_IN, _IN.replace("<=", "<")), (_IN, _IN.replace("=", ""))],
        "after the first copy that leaves the range there is no other one": (_PITCHES, _STOP),
        "only the first and the last note are looked at": (_PITCHES, f"{_PITCHES}[[0, -1]]"),
        "a copy stays if a single note of it is in the range": (_IN, "pitches.max() >= low and pitches.min() <= high"),
        "the range is asked of the tune, not of its copy": (_PITCHES, "pitches = notes[sounding, 0]"),
    },
    _TWELVE: {
        "the tonic is not brought back to 0 to 11": (_TONIC, "tonic + k"),
        "the tonic is brought back only from below 0": (_TONIC, "tonic + k + 12 * (tonic + k < 0)"),
        "the tonic stays where it was": (_TONIC, "tonic"),
        "the tonic moves the other way": (_TONIC, "(tonic - k) % 12"),
        "moved down where up is meant": (_MOVE, "moved[sounding, 0] -= k"),
        "thirteen moves: one key comes twice": (_KS, "range(-6, 7)"),
        "only upwards": (_KS, "range(12)"),
        "moves from −5 to 6": (_KS, "range(-5, 7)"),
        "the tune itself is left out": (_KS, "(-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5)"),
        "eleven moves: one key is missing": [(_KS, "range(-6, 5)"), (_KS, "range(-5, 6)")],
    },
}
TRANSPOSED = Exercise(
    "12.2", "transposed", 1, _copies_cases, (), slips(_COPIES), view=_copies, bare=True, hints=_RANGE, arguments="left"
)


# ---------------------------------------------------------------- 12.3 durations
def _abc(rng: np.random.Generator) -> list[Case]:
    def line(*pieces: str) -> str:
        """The pieces with letters for their dots: notes for `n`, some with octaves and signs."""
        signs, letters = ["", "", "", "^", "_", "="], ["A", "B,", "C", "D", "e", "f", "g'", "a"]
        return "".join(rng.choice(signs) + rng.choice(letters) if c == "n" else c for c in " ".join(pieces))

    x, y = (int(k) for k in rng.permutation([3, 4, 5, 6, 7])[:2])
    return [
        Case("factors", (line(f"n{x} n", "n/ | n3/2", f"n/{y} n12", "n/16"), 0.5)),
        Case("two slashes, and three above a slash", (line("n// n//", "n3/ |: n", f"n{y}/"), 1.0)),
        Case("> and <", (line("n>n n2", f"n<n | n{x}>n{x} n"), 0.5)),
        Case("> between notes of other lengths", (line("n3>n n", "n<n2 :|", "n/>n/ n"), 0.25)),
        Case("spaces around >", (line("n > n n", "n2 <n n"), 0.5)),
        Case("triplets", (line("n (3nnn n", "(3n2nn | n", "(3n/n/n/ n"), 0.5)),
        Case("a triplet with a rest", (line("(3nzn n z2", f"z{x}/2"), 0.25)),
        Case("slurs", (line("(nn) n2", "(n3/2 n/) (n(3nnn) (3n(nn) n"), 0.5)),
        Case("small letters, signs and octaves", ("^c'2 _B,,/ =f'' (3^ga'b " + line("n2 n"), 0.5)),
        Case("all notes are alike", (line("nnnn | nnnn"), 0.5), True, "look at what stands behind the letters"),
        Case("the unit is a quarter note", (line("n2 n>n (3nnn"), 1.0), True, "look at the unit"),
        Case("there are only whole factors", (line(f"n{x} n2 | n{y} n"), 0.5), True, "look at slashes, dots, triplets"),
    ]


def _floats(name: str) -> Any:
    """A view for lists of numbers; ValueError for anything else."""

    def view(case: Case, result: Any) -> dict[str, Any]:
        try:
            values = [float(x) for x in result]
        except (TypeError, ValueError):
            raise ValueError(f"{name}: expected a list of numbers, one for each note") from None
        return {name: np.array(values)}

    return view


_FACTOR = (
    "Try one note at a time: `A`, `A2`, `A/`, `A//`, `A3/`, `A3/2`. What does each give with unit 1?",
    "Which number stands above the slash and which below, and what is each of them if it is missing?",
)
_DOTS = (
    "Try `A>B`, `A<B` and `A2>B2` with unit 1, and add up: do two notes last as long as before?",
    "Which of the two is longer, by how much, and is it measured by the note's own length?",
)
_TRIPLET = (
    "Try `(3ABC D` with unit 1: how long are the three together, and how long is D?",
    "Three notes in the time of two: how long is each? How many of them are still to come?",
)
_PIECES = ("Print the pieces of the worked example: are there ten notes and rests?", "Which signs change a length?")
_NUMBER, _SLASHED = "int(above or 1)", "(int(below) if below else 2 ** len(slashes))"
_FACTORS, _DOT = '(3 / 2, 1 / 2) if sign == ">" else (1 / 2, 3 / 2)', "lengths[-1] *= first"
_THREE, _KEPT, _UNIT_MOVED = "factor * 2 / 3", "unit * factor * broken", "unit * (factor + broken - 1)"
_PLAIN = "unit * (factor if broken == 1 else broken)"
_FIRST_MOVED = "unit * factor + (broken - 1) / (2 - broken) * [0, *lengths][-1]"
_LONG = {
    _FACTOR: {
        "a slash is read over: A/ like A": {"if slashes:": "if below:"},
        "two slashes like one": (_SLASHED, "(int(below) if below else 2)"),
        "the number below the slash is read over: A3/2 like A3/": (_SLASHED, "2"),
        "A3/2 like A/2: the number above the slash is lost": (_NUMBER, "int((not slashes and above) or 1)"),
        "a fraction upside down": (f"factor / {_SLASHED}", f"{_SLASHED} / factor"),
        "A3/ like A3: a slash alone halves": (_SLASHED, "(int(below) if below else 1 if above else 2 ** len(slashes))"),
        "A/4 as an eighth: halved by the slash, and divided": (_SLASHED, "(int(below or 1) * 2 ** len(slashes))"),
        "whole numbers only: what is below a half is lost": (f"factor / {_SLASHED}", f"factor // {_SLASHED}"),
        "numbers are read over": (_NUMBER, "1"),
    },
    _DOTS: {
        "> and < exchanged": ('sign == ">"', 'sign == "<"'),
        "< like >": (_FACTORS, "3 / 2, 1 / 2"),
        "> and < are read over": (_FACTORS, "1, 1"),
        "only the note before > or < is changed": ("broken = second", "broken = 1"),
        "only the note behind > or < is changed": (_DOT, "pass"),
        "the longer one is twice as long, not 3/2": ("3 / 2", "2"),
        "> and < forget the factor: A2>B2 like A>B": {_DOT: "lengths[-1] = first * unit", _KEPT: _PLAIN},
        "> and < are seen only right behind a note": ("[<>]", "(?<! )[<>]"),
        "half a unit moved, not half of the note": {_DOT: "lengths[-1] += (first - 1) * unit", _KEPT: _UNIT_MOVED},
        "half of the first note is moved, whatever the length of the second one": (_KEPT, _FIRST_MOVED),
        "what > makes of the next note stays on for all that follow": ("broken = 1.0", "pass"),
    },
    _TRIPLET: {
        "triplets are read over": (_THREE, "factor"),
        "a triplet the wrong way: 3/2": (_THREE, "factor * 3 / 2"),
        "a third each: three notes in the time of one": (_THREE, "factor / 3"),
        "only the first note of a triplet": ("triplet = 3", "triplet = 1"),
        "a triplet without an end": ("triplet = triplet - 1", "pass"),
        "a rest is no note of a triplet": ("if triplet > 0", 'if triplet > 0 and sign != "z"'),
        "a note with a factor of its own is not shortened": (_THREE, "factor * (2 / 3 if factor == 1 else 1)"),
        "a note of a triplet loses its own factor": (_THREE, "2 / 3"),
    },
    _PIECES: {
        "rests are left out": ("[A-Ga-gz]", "[A-Ga-g]"),
        "small letters are left out": ("[A-Ga-gz]", "[A-Gz]"),
        "a factor behind an octave is lost": ("[,']*", ""),
        "a slur taken for a triplet": {r"\(3|": r"\(|", 'sign == "(3"': 'sign == "("'},
        "numbers of one digit": (r"(\d*)(/*)(\d*)", r"(\d?)(/*)(\d?)"),
        "a sign taken for a note: ^ and _ are in [A-z], too": ("[A-Ga-gz]", "[A-z]"),
    },
}
DURATIONS = Exercise("12.3", "durations", 2, _abc, (), slips(_LONG), view=_floats("lengths"), bare=True, hints=_PIECES)


# ---------------------------------------------------------------- 12.4 beats
def _drifts(durations: list[tuple[int, int]], bar: int, upbeat: tuple[int, int]) -> bool:
    """Whether floats miss a bar line from below, in whichever of three ways they are added up."""
    notes, up = [a / b for a, b in durations[:-1]], upbeat[0] / upbeat[1]
    step_by_step = list(accumulate(notes, lambda at, note: (at + note) % bar, initial=(bar - up) % bar))
    ways = np.array([step_by_step, np.cumsum([bar - up, *notes]) % bar, (np.cumsum([0, *notes]) - up) % bar])
    return bool((ways > bar - 1e-9).any(1).all())


def _bars(rng: np.random.Generator) -> list[Case]:
    def args(bars: int, bar: int, upbeat: tuple[int, int], *beats: list[tuple[int, int]], drift: bool = False) -> Any:
        while True:
            up = [(upbeat[0], 2 * upbeat[1])] * 2 if upbeat[0] else []
            chosen = rng.integers(len(beats), size=bars * bar).tolist()
            durations = up + [note for k in chosen for note in beats[k]]
            if len(set(chosen)) == len(beats) and _drifts(durations, bar, upbeat) == drift:
                return [(int(a), int(b)) for a, b in durations], bar, upbeat

    plain, two, dotted, three, five, six = [(1, 1)], [(1, 2)] * 2, [(3, 4), (1, 4)], *([(1, k)] * k for k in (3, 5, 6))
    held = [(3, 2), (1, 1), (5, 2), (3, 4), (2, 1), (1, 4), (1, 1), (19, 2), (1, 2)]
    return [
        Case("four quarters, an upbeat of one", args(3, 4, (1, 1), plain, two, dotted)),
        Case("three quarters, an upbeat of an eighth", args(3, 3, (1, 2), plain, two, dotted)),
        Case("no upbeat", args(3, 2, (0, 1), plain, two, dotted)),
        Case("notes across a bar line, or two", ([held[k] for k in rng.permutation(9)], 4, (3, 2))),
        Case("sixths and thirds", args(4, int(rng.choice([2, 3, 4])), (1, 2), plain, three, six, drift=True)),
        Case("fifths and quarters", args(3, int(rng.choice([2, 3])), (1, 2), dotted, five)),
        Case("sixths, no upbeat", args(4, int(rng.choice([3, 4])), (0, 1), six, two, drift=True)),
        Case("there is one bar, no upbeat", args(1, 4, (0, 1), plain, two), True, "look at upbeat and bar lines"),
        Case("there is one note", ([(1, 2)], 3, (0, 1)), True),
    ]


_FIRST = ("Where do the first two notes of the worked example stand?", "What is a bar minus the upbeat?")
_BEGIN = ("Write begin and end of the first three notes next to each other.", "Which of the two is asked?")
_EXACT = (
    "Add 1/6 six times in a loop, and take the remainder by 1: what should come out, and what does?",
    "Which numbers can a computer add without rounding? Or: what is the smallest unit that all the notes share?",
)
_PLACE, _NEXT, _UP = "(bar - Fraction(*upbeat)) % bar", "(place + Fraction(a, b)) % bar", "Fraction(*upbeat)"
_KEEP, _SUM, _FLOAT = "places.append(float(place))", "place + Fraction(a, b)", "bar - upbeat[0] / upbeat[1]"
_ROUNDED = "places.append(round(place % bar, 6))"
_STILL = ("place -= bar * (place > bar)", "while place > bar:\n    place -= bar")
_ONE_UP = f"{_NEXT} if len(places) > (upbeat[0] > 0) else Fraction(0)"
_BELOW_0 = f"{_SUM}\nplace = place % bar if place >= 0 else place"
_BEATS = {
    _FIRST: {
        "the upbeat is not looked at": (_PLACE, "Fraction(0)"),
        "the first note begins where the upbeat ends: it is the upbeat's length, not a bar minus it": (_PLACE, _UP),
        "before the tune's first bar line the places are negative": {_PLACE: f"-{_UP}", _NEXT: _BELOW_0},
        "without an upbeat the first note stands at bar, not at 0": (_PLACE, f"bar - {_UP}"),
        "the upbeat is taken for one note: the second note stands at 0": (_NEXT, _ONE_UP),
    },
    _BEGIN: {
        "where the notes end, not where they begin": {_KEEP: "pass", _NEXT: f"{_NEXT}\n{_KEEP}"},
        "a bar is taken off once, even if a note is longer than two": (_NEXT, f"{_SUM}\nplace -= bar * (place >= bar)"),
        "a bar of four quarters, whatever bar is": {"% bar": "% 4"},
        "since the tune's begin: the bars are not taken off": (_NEXT, _SUM),
        "a new bar begins at 0, even if a note has crossed the line": (_NEXT, f"{_SUM}\nplace = place * (place < bar)"),
        "a bar line is still in the old bar": [(_NEXT, f"{_SUM}\n{how}") for how in _STILL],
        "as a share of the bar, not in quarter notes": (_KEEP, "places.append(float(place / bar))"),
        "durations upside down": ("Fraction(a, b)", "Fraction(b, a)"),
    },
    _EXACT: {
        "floats: a bar line is missed by a rounding": [
            {_PLACE: f"({_FLOAT}) % bar", _NEXT: "(place + a / b) % bar"},
            {_PLACE: _FLOAT, _NEXT: "place + a / b", _KEEP: "places.append(place % bar)"},
            {_PLACE: "0.0", _NEXT: "place + a / b", _KEEP: "places.append((place - upbeat[0] / upbeat[1]) % bar)"},
            ("Fraction(a, b)", "Fraction(a / b)"),
            *({_PLACE: begin, _NEXT: "place + a / b", _KEEP: _ROUNDED} for begin in (_FLOAT, "-upbeat[0] / upbeat[1]")),
        ],
        "a unit that is too large: not every note is a whole number of it": [
            ("Fraction(a, b)", f"Fraction(round({k} * a / b), {k})") for k in (12, 24, 48)
        ],
        "whole quarters only: what is left over is lost": {"Fraction(a, b)": "(a // b)", _UP: "upbeat[0] // upbeat[1]"},
    },
}
BEATS = Exercise("12.4", "beats", 1, _bars, (), slips(_BEATS), view=_floats("places"), bare=True, hints=_BEGIN)


# ---------------------------------------------------------------- 12.5 leaks
def _collections(rng: np.random.Generator) -> list[Case]:
    def args(n: int, *sizes: int) -> tuple[list[list[int]], list[list[int]], int]:
        """A split with a tune in another key, more or less than half of others, and one made of two."""
        train = [_tune(rng, T) for T in sizes]
        most, less = (n - 1 + (len(train[k]) - n + 1) // 2 + 1 - k for k in (0, 1))
        a, b = train[0][: sizes[0] // 2 + 1], train[2][: sizes[2] // 2 + 1]
        test = [
            _moved(train[1], int(rng.choice([-5, -2, 3, 4]))),
            _moved(train[0][:most], -4) + _leaps(rng, train[0][most - 1] - 4, sizes[0] - most),
            _leaps(rng, 70, sizes[1] - less) + _moved(train[1][-less:], 12),
            _moved(a, 2) + _moved(b, -3),
            _tune(rng, 2 * sizes[1]),
        ]
        return train, [test[k] for k in rng.permutation(len(test))], n

    base, other = _tune(rng, 9), _tune(rng, 8)
    inside = _moved(base, 5) + _tune(rng, 20)
    short = [[60, 75], [45, *_tune(rng, 8)], base]
    trill = [50, 52] * 5 + [41, 54, 40]
    return [
        Case("five test tunes, n = 4", args(4, 13, 11, 16, 12)),
        Case("five test tunes, n = 5", args(5, 16, 12, 14)),
        Case("a short tune in a long one", ([_tune(rng, 11), inside], [base, _tune(rng, 14)], 4)),
        Case("a long tune that holds a short one", ([base, _tune(rng, 15)], [inside, _tune(rng, 9)], 4)),
        Case("exactly half, an octave higher", ([base, other], [_moved(other, 12), base[:6] + _leaps(rng, 9, 4)], 3)),
        Case("one group again and again", ([[60, 62] * 4 + [71], base], [trill, [70, 72, 70, *_leaps(rng, 70, 3)]], 3)),
        Case("tunes that are too short", (short, [[70, 71], [*base[2:], base[-1] + 15, base[-1] - 15]], 3)),
        Case("tunes upside down", ([base, other], [[130 - p for p in base], [base[0], base[1] + 12, *base[2:]]], 4)),
        Case("the same tunes on both sides", ([base, inside], [inside, base], 4), True, "look at what a match is"),
        Case("nothing is shared", ([[50] * 9], [[40, 44, 48, 52, 56]], 3), True, "look at how groups are compared"),
    ]


def _leaps(rng: np.random.Generator, pitch: int, T: int) -> list[int]:
    """T notes in leaps that no walk makes."""
    return (pitch + np.cumsum(rng.choice([9, 10, 11], T) * (-1) ** np.arange(T))).tolist()


def _leaks_view(case: Case, result: Any) -> dict[str, Any]:
    """The share, and the pairs in order; ValueError where the form is another."""
    if not isinstance(result, (list, tuple)) or len(result) != 2:
        raise ValueError("expected two results (share, pairs)")
    try:
        pairs = sorted((int(i), int(j)) for i, j in result[1])
    except (TypeError, ValueError):
        raise ValueError("pairs: expected a list of pairs (i, j)") from None
    return {"share": result[0], "number of pairs": len(pairs), "pairs": np.array(pairs, int).reshape(-1, 2)}


_SAME = (
    "Move a training tune up by five semitones and put it into the test: do you find it?",
    "What is the same about two groups in different keys, and what of it does your key keep?",
)
_POOL = (
    "In the worked example there are six groups in the test. Which of them do you count, and by what do you divide?",
    "Does a group count once for each place where it stands in the test? And has a long tune more weight?",
)
_ONE_TUNE = (
    "Let a test tune be glued together from two training tunes: which pairs should you find?",
    "Half of which groups is asked: those of the test tune, or those of the training tune? And is half more than half?",
)
_ENDS = ("Let two training tunes have two notes each and n be 3: how many groups are there?", "Where may a group lie?")
_OF_TUNE, _HIT, _RATIO = "range(len(tune) - n + 1)", "any(group in one for one in known)", "shared / total"
_MOST, _HAS = "sum(group in one for group in asked) > len(asked) / 2", "any(group in one for group in asked)"
_HALF, _LONG_ONES = _MOST.replace(">", ">="), "enumerate([tune for tune in test if len(tune) >= n])"
_WHICH = ("sum(group in asked for group in groups(train[j]))", "sum(group in one for group in asked)")
_OF_TRAIN = [f"{which} > len(groups(train[j])) / 2" for which in _WHICH]
_TOGETHER = f"{_MOST.replace('group in one', _HIT)} and {_HAS}"
_BY_TUNE = "np.mean([np.mean([any(g in one for one in known) for g in asked]) for asked in map(groups, test) if asked])"
_TRAINED = "np.mean([any(g in groups(one) for one in test) for tune in train for g in groups(tune)])"
_of = "np.mean([any(g in one for one in {}) for g in {}])".format
_EACH = _of("known", "[g for tune in test for g in set(groups(tune))]")
_ALL_TRAIN, _ALL_TEST = "[set(groups(sum(train, [])))]", "groups(sum(test, []))"
_GLUED = [_of(_ALL_TRAIN, "sum(map(groups, test), [])"), _of("known", _ALL_TEST), _of(_ALL_TRAIN, _ALL_TEST)]
_LEAKS = {
    _SAME: {
        "the same key only: a transposed tune is not found": (_STEPS, "tuple(group)"),
        "octaves do not count within a group": ("pitch - group[0]", "(pitch - group[0]) % 12"),
        "a step up taken for a step down": (_STEPS, "tuple(abs(b - a) for a, b in zip(group, group[1:]))"),
        "the notes of a group in any order": (_STEPS, "tuple(sorted(pitch - min(group) for pitch in group))"),
        "groups of three, whatever n is": ("", "n = 3"),
        "the last group of each tune is left out": (_OF_TUNE, "range(len(tune) - n)"),
        "groups of n + 1 notes": {"i : i + n": "i : i + n + 1", _OF_TUNE: "range(len(tune) - n)"},
        "groups one after the other: they overlap": (_OF_TUNE, "range(0, len(tune) - n + 1, n)"),
        "groups that are cut off at the end count, too": (_OF_TUNE, "range(len(tune))"),
        "a tune that is too short counts as one group": (_OF_TUNE, "range(max(len(tune) - n + 1, 1))"),
    },
    _POOL: {
        "share: the mean over the tunes, a short one weighs as much as a long one": (_RATIO, _BY_TUNE),
        "share: each different group of a tune counts once": (_RATIO, _EACH),
        "share: a group counts once for each training tune that has it": (_HIT, "sum(group in one for one in known)"),
        "share: of the groups of training, not of the test": (_RATIO, _TRAINED),
        "share: the share of tunes that leak": (_RATIO, "len({i for i, _ in pairs}) / len(test)"),
    },
    _ONE_TUNE: {
        "pairs: half is enough, where more than half is asked": [(_MOST, f"{_HALF} and asked"), (_MOST, _HALF)],
        "pairs: one shared group is enough": (_MOST, _HAS),
        "pairs: half of the training tune's groups, not of the test tune's": [(_MOST, way) for way in _OF_TRAIN],
        "pairs: half of the different groups": (_MOST, _MOST.replace("asked", "set(asked)")),
        "pairs: what all training tunes have together, not one of them": (_MOST, _TOGETHER),
        "pairs: the training tune comes first": ("(i, j)", "(j, i)"),
        "pairs: counted without the tunes that are too short": ("enumerate(test)", _LONG_ONES),
        "pairs: one for each test tune at most": (_MOST, f"{_MOST} and i not in [pair[0] for pair in pairs]"),
    },
    _ENDS: {
        "tunes glued together: groups begin in one and end in the next": [(_RATIO, way) for way in _GLUED],
    },
}
LEAKS = Exercise("12.5", "leaks", 2, _collections, (), slips(_LEAKS), view=_leaks_view, bare=True, hints=_POOL)


# ---------------------------------------------------------------- 12.6 circle
def _tables(rng: np.random.Generator) -> list[Case]:
    def args(k: int, V: int, before: int, period: int) -> tuple[Source, list[int]]:
        """A random table of k notes whose walk from some start has at least this lead-in and period."""
        names = [int(p) for p in 60 + np.sort(rng.permutation(14)[:V])]
        while True:
            choice = rng.integers(V, size=(V,) * k)
            start = rng.integers(V, size=k)
            table = {tuple(names[i] for i in c): names[choice[c]] for c in np.ndindex(*choice.shape)}
            context = tuple(names[i] for i in start)
            lead, loop = CIRCLE.reference(table.get, context)
            if lead >= before and len(loop) >= period and (k == 1 or len(set(loop)) < len(loop)):
                return machine(table), list(context)

    def machine(table: dict[tuple[int, ...], int]) -> Source:
        return Source(f"lambda context: {table}[tuple(context)]")

    ring = {(n,): 60 + (n - 59) % 5 for n in range(60, 65)}
    line = rng.permutation(128).tolist()
    long = {(a,): b for a, b in zip(line, [*line[1:], line[17]])}
    return [
        Case("k = 2, four notes", args(2, 4, 2, 3)),
        Case("k = 2, six notes", args(2, 6, 3, 5)),
        Case("k = 3, three notes", args(3, 3, 2, 4)),
        Case("k = 1, eight notes", args(1, 8, 2, 3)),
        Case("one note for ever", (machine({(61,): 64, (64,): 64}), [61])),
        Case("k = 1, a long circle", (machine(long), line[:1])),
        Case("k = 1, and it begins in the circle", (machine(ring), [61]), True, "look at the context and at `before`"),
    ]


_STATE = (
    "With k = 2, follow your walk on paper: when the same note comes again, is the note behind it the same as before?",
    "What settles the next note, one note or the last k of them? Which of the two must come back?",
)
_WHERE = (
    "Write the contexts of the worked example below each other, with the number of notes played so far beside each.",
    "Which note is the first that will be played again and again, and how many were played before it?",
)
_LOOP, _KEYS = "notes[before:]", ("context[-1]", "tuple(sorted(context))")
_ONE_NOTE, _ANY_ORDER = ({"context not in": f"{key} not in", "seen[context]": f"seen[{key}]"} for key in _KEYS)
_WHILE, _ADD, _SEEN_AT = "while context not in seen:", "notes.append(note)", "seen[context] = len(notes)"
_TWICE = f"if note in notes: return (at := notes.index(note)), notes[at:]\n{_ADD}"
_PLAYED = {_WHILE: "while True:", _ADD: _TWICE}
_LATE = f"if context in seen:\n    break\nif notes:\n    {_SEEN_AT}"
_CIRCLE = {
    _STATE: {
        "a note that comes back is taken for a circle: the context has to come back": [_ONE_NOTE, _PLAYED],
        "the context of the start is not kept": {_WHILE: "while True:", _SEEN_AT: _LATE},
        "the notes of a context in any order": _ANY_ORDER,
    },
    _WHERE: {
        "before: counted with the notes of the start": ("return before,", "return before + len(start),"),
        "before: one too many": ("return before,", "return before + 1,"),
        "before: one too many; and the loop begins one note too late": (_SEEN_AT, f"{_SEEN_AT} + 1"),
        "before: all notes that were played until the context came back": ("return before,", "return len(notes),"),
        "loop: all notes that were played, also those before it": (_LOOP, "notes"),
        "loop: its first note stands at its end once more": (_LOOP, "notes[before:] + notes[before : before + 1]"),
        "loop: begins with the last note of the context, played already": (_LOOP, "notes[-1:] + notes[before:-1]"),
        "how many notes the loop has, not which": (_LOOP, "len(notes) - before"),
    },
}
CIRCLE = Exercise("12.6", "circle", 1, _tables, ("before", "loop"), slips(_CIRCLE), bare=True, hints=_WHERE)


# ---------------------------------------------------------------- 12.7 cadence
def _heaps(rng: np.random.Generator) -> list[Case]:
    def heap(*lengths: int, ends: float = 0.6) -> tuple[list[list[int]], list[int]]:
        tunes, tonics = [], []
        for T in lengths:
            tune = _tune(rng, T)
            tonic = Counter(p % 12 for p in tune).most_common()[int(rng.integers(2))][0]
            tonics.append(int(tonic))
            tunes.append([*tune, 60 + int(tonic) if rng.random() < ends else 61 + int(tonic)])
        return tunes, tonics

    def same_share(N: int) -> tuple[list[list[int]], list[int]]:
        """Tunes of one length with one share of tonics."""
        tunes = [[60 + k, 64 + k, 72 + k, int(rng.choice([62, 63])) + k] for k in range(N)]
        return [tune if rng.random() < 0.5 else tune[::-1] for tune in tunes], [k % 12 for k in range(N)]

    return [
        Case("five tunes", heap(7, 15, 4, 22, 11)),
        Case("nine tunes", heap(6, 19, 9, 30, 5, 14, 8, 25, 12, ends=0.8)),
        Case("no tune ends on its tonic", heap(8, 5, 17, ends=0)),
        Case("the first note is a tonic, the last is none", ([[62, 66, 69, 64], [55, 59, 62, 67, 71, 69, 64]], [2, 7])),
        Case("all tunes have the same share of tonics", same_share(6), True, "look at how tunes are put together"),
        Case("there is one tune", heap(9), True, "look at what several tunes do together"),
    ]


_LUCK = (
    "Take a single tune of four notes, two of them tonics, and write down all its orders: how many end on a tonic?",
    "What does each tune contribute to the mean, a long one and a short one?",
)
_OCTAVE = ("Which pitches are a C?", "Which note is asked, and of which tunes? Print it beside the tonic.")
_VARIANCE = (
    "Compute p (1 − p) for each tune of the worked example: 0.25 and 0.24. What must be done with them?",
    "Variances of independent things add up. If the sum is divided by N, what becomes of its standard deviation?",
)
_SPREAD, _LAST, _P = "np.sqrt((p * (1 - p)).sum()) / N", "is_tonic[-1]", "is_tonic.mean()"
_ALL_P = "sum(p[i] * len(tunes[i]) for i in range(N)) / sum(map(len, tunes))"
_END = {
    _LUCK: {
        "expected: all notes together, a long tune weighs more": ("p.mean()", _ALL_P),
        "expected: one of twelve, as if all pitches were equally likely": [("p.mean()", "1 / 12"), (_P, "1 / 12")],
        "expected: each pitch of a tune counts once": (_P, "(np.unique(tunes[i]) % 12 == tonics[i]).mean()"),
        "expected: without the last note, which is one of those that are shuffled": (_P, "is_tonic[:-1].mean()"),
        "the numbers of tunes, not shares": {"ends.mean()": "ends.sum()", "p.mean()": "p.sum()", " / N": ""},
    },
    _OCTAVE: {
        "a pitch compared with the tonic without % 12": ("% 12 == tonics[i]", "== tonics[i]"),
        "only the tonic in the octave of the middle C": ("% 12 == tonics[i]", "== 60 + tonics[i]"),
        "the first tonic, for all tunes": ("tonics[i]", "tonics[0]"),
        "the first note, not the last": (_LAST, "is_tonic[0]"),
    },
    _VARIANCE: {
        "spread: one coin for all tunes, with the mean of the p": (_SPREAD, "np.sqrt(p.mean() * (1 - p.mean()) / N)"),
        "spread: computed from the share that was seen, not from luck": (_SPREAD, "ends.std() / np.sqrt(N)"),
        "spread: standard deviations are added, where variances add up": (_SPREAD, "np.sqrt(p * (1 - p)).sum() / N"),
        "spread: divided by the root of N, not by N": (_SPREAD, "np.sqrt((p * (1 - p)).sum() / N)"),
        "spread: divided by N − 1": ("/ N", "/ max(N - 1, 1)"),
        "spread: the mean of the variances, divided by N": (_SPREAD, "np.sqrt((p * (1 - p)).mean()) / N"),
        "spread: the variance, not its root": (_SPREAD, "(p * (1 - p)).sum() / N**2"),
        "spread: the root is missing": (_SPREAD, "(p * (1 - p)).sum() / N"),
        "spread: how the p differ from tune to tune": [(_SPREAD, "p.std()"), (_SPREAD, "p.std() / np.sqrt(N)")],
    },
}
CADENCE = Exercise("12.7", "cadence", 1, _heaps, ("share", "expected", "spread"), slips(_END), bare=True, hints=_LUCK)


# ---------------------------------------------------------------- 12.8 machines
_HEAPS = ("held out", "wrong key", "shuffled", "random", "two notes", "two notes, cold", "eleven notes")


def _machines_view(case: Case, result: Any) -> dict[str, Any]:
    """The heaps by their letters; ValueError for one that is not among the seven."""
    if not isinstance(result, dict) or set(result) != set("ABCDEF"):
        raise ValueError("expected a dict with the keys A, B, C, D, E, F")
    unknown = [one for one in result.values() if one not in _HEAPS]
    if unknown:
        raise ValueError(f"unknown heap {unknown[0]!r}: choose from {', '.join(map(repr, _HEAPS))}")
    return dict(result)


_REAL, _KEYED, _MIXED, _ANY, _TWO, _COLD, _ELEVEN = (f'"{heap}"' for heap in _HEAPS)
_READ = (
    "Which row copies, and which one repeats itself more than the real reels do?",
    "Then ask of each row: which of its numbers change if notes are shuffled, and which if the key is wrong?",
)
_COPYING = ("What can a table of eleven notes do with a group that it has met once?", "Which row has long copies?")
_ORDER_LOST = (
    "Shuffling a tune changes no note: which of the columns must stay what they are for real reels?",
    "A random semitone is in the scale in about seven of twelve cases. Which row says so?",
)
_KEY_WRONG = ("In which columns does a tonic take part at all?", "Are two rows equal in all the others?")
_COOL = ("What does a low temperature do with a loop?", "Which row repeats more than the held-out reels?")
_MACHINES = {
    _ORDER_LOST: {
        "A: random notes would not stay in the scale": (_MIXED, _ANY),
        "A: a table of two notes would make small steps": [{_MIXED: _TWO, _TWO: _MIXED}, (_MIXED, _TWO)],
        "F: random notes would not stay in the scale": (_TWO, _ANY),
        "A and F: random notes would not stay in the scale": [{_MIXED: _ANY, _TWO: _MIXED}, {_TWO: _ANY, _MIXED: _TWO}],
    },
    _KEY_WRONG: {
        "C: random notes would neither repeat themselves nor make small steps": (_KEYED, _ANY),
        "C: shuffled notes would not come back": [{_KEYED: _MIXED, _MIXED: _KEYED}, {_KEYED: _MIXED, _MIXED: _ANY}],
        "C and E exchanged: which of them has the endings of real reels?": {_KEYED: _REAL, _REAL: _KEYED},
        "B and C exchanged: real reels repeat as much as those of the wrong key": {_COLD: _KEYED, _KEYED: _COLD},
    },
    _COOL: {
        "B and F exchanged: cold repeats itself": {_COLD: _TWO, _TWO: _COLD},
        "B and E exchanged: cold repeats more than reels do, and cannot end": {_COLD: _REAL, _REAL: _COLD},
    },
    _COPYING: {
        "D and E exchanged: which of them copies long runs?": {_ELEVEN: _REAL, _REAL: _ELEVEN},
        "B and D exchanged: which of them copies long runs?": {_COLD: _ELEVEN, _ELEVEN: _COLD},
        "D and F exchanged: which of them copies long runs?": {_TWO: _ELEVEN, _ELEVEN: _TWO},
        "C and D exchanged: which of them copies long runs?": {_KEYED: _ELEVEN, _ELEVEN: _KEYED},
    },
}
MACHINES = Exercise("12.8", "machines", 1, slips=slips(_MACHINES), view=_machines_view, hints=_READ)

EXERCISES = (REPEATED, TRANSPOSED, DURATIONS, BEATS, LEAKS, CIRCLE, CADENCE, MACHINES)
