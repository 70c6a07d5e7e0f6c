"""Tunes as sequences: a reader of ABC notation, and reels, hornpipes and jigs of Ryan's Mammoth Collection (1883).

A tune is read as written: repeats are not played out, of two endings the first one counts, and what ornaments a note
is left out. Time is counted in ticks, 96 to a whole note, 12 to an eighth. Tunes in 2/4 are written in half the note
values of those in 4/4 and are read at twice their length, so that the same tune is the same in both.

A symbol is a note, pitch and length together, or the end of a part. All tunes are moved so that their tonic is G.
`extracts/make_tunes.py` says where the tunes come from.
"""

from __future__ import annotations

import gzip
import io
import re
import wave
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ._common import Batch

_FILE = Path(__file__).parent / "extracts" / "tunes.tsv.gz"
WHOLE = 96  # ticks of a whole note
METRES = {"4/4": 96, "6/8": 72}  # ticks of a bar
LENGTHS = (4, 6, 8, 12, 18, 24, 36, 48)  # ticks of a note: from a sixteenth of a triplet to a half note
LOWEST, HIGHEST, TONIC = 49, 96, 67  # MIDI numbers: C#3, C7 and the G that every tune is moved to
PITCHES = (None, *range(LOWEST, HIGHEST + 1))  # None is a rest
END = 0  # the symbol that ends a part; it stands in front of a tune as well
V = 1 + len(PITCHES) * len(LENGTHS)
PLACES = (WHOLE + METRES["6/8"]) // 6  # places in a bar, in sixteenths: 16 of 4/4, then 12 of 6/8

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F": -1}
_MODES = {"": 0, "m": 3, "maj": 0, "min": 3, "ion": 0, "aeo": 3, "dor": 2, "mix": 1, "lyd": -1, "phr": 4, "loc": 5}
_SIGNS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_METRE_NAMES = {"C": "4/4", "C|": "4/4", "2/2": "4/4", "2/4": "4/4"}
_PIECES = re.compile(
    r"""(?P<field>\[[A-Za-z]:[^\]]*\])
    |(?P<bar>(?:\[?\|\]?|:)+\s*(?:\[?[12](?![\d:]))?|\[[12])
    |(?P<tuplet>\((?P<p>\d)(?P<more>:[\d:]*)?)
    |(?P<note>(?P<sign>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-gzx])(?P<octave>[,']*)(?P<top>\d*)(?P<slashes>/*)(?P<below>\d*))
    |(?P<broken>>+|<+)
    |(?P<tie>-)
    |(?P<left>"[^"]*"|\{[^}]*\}|![^!]*!|\+[^+]*\+|[\s().~\\$`yHKLMOPSTUVukvt])""",
    re.VERBOSE,
)
_UNREAD = {
    "[": "a chord cannot be read: keep one of its notes",
    "&": "a second voice cannot be read: leave it out",
    "Z": "a rest of whole bars cannot be read: write z8 for eight eighths",
    '"': 'a chord name has no end: put a second " behind it',
}


class Note(NamedTuple):
    """A pitch (MIDI number, 60 is middle C; None is a rest), a length, and where in its bar it begins, in ticks."""

    pitch: int | None
    ticks: int
    place: int


@dataclass(frozen=True)
class Tune:
    """A tune: its parts, each a tuple of notes; `metre` is "4/4" or "6/8", `tonic` 0 for C to 11 for B."""

    title: str
    metre: str
    tonic: int
    parts: tuple[tuple[Note, ...], ...]
    kind: str = ""
    family: int = 0

    @property
    def notes(self) -> list[Note]:
        """All notes, one part after the other."""
        return [note for part in self.parts for note in part]

    @property
    def shift(self) -> int:
        """The semitones, -6 to 5, that bring the tonic to G."""
        return (TONIC - self.tonic + 6) % 12 - 6


# ---------------------------------------------------------------- reading ABC


def read_abc(text: str) -> Tune:
    """The tune that a text in ABC notation spells.

    The fields T: (title), M: (metre), L: (length of a plain note) and K: (key) stand on lines of their own or as
    [M:6/8] in the line; without them it is 4/4, eighths and G. A sharp or flat holds to the end of its bar for its own
    octave. Left out are ornaments, grace notes, slurs, bowings, chord names and second endings.

    Raises ValueError, one line that says what, where and how to mend it, for what cannot be read (chords, voices, other
    metres, a change of key or metre) and for bars that are too short or too long; the first and the last bar of a part
    may be short.

    >>> read_abc("[M:6/8][K:D] A|d2f (3agf e|").notes[:2]
    [Note(pitch=69, ticks=12, place=60), Note(pitch=74, ticks=24, place=0)]
    """
    if not isinstance(text, str):
        raise ValueError(f"tune: expected a text in ABC notation such as 'GABc d2g2', got {type(text).__name__}")
    fields, music = _fields(text)
    metre, scale = _metre(fields.get("M", "C"))
    tonic, signature = key(fields.get("K", "G"))
    unit = scale * _fraction("L", fields.get("L", "1/8")) * WHOLE
    parts = _parts(music, unit, signature, METRES[metre])
    return Tune(fields.get("T", ""), metre, tonic, parts)


def key(name: str) -> tuple[int, dict[str, int]]:
    """The tonic (0 to 11) and the sharps (1) and flats (-1) of a key such as G, Bb, F#m, Ador or "D mix".

    >>> key("Edor")
    (4, {'F': 1, 'C': 1})
    """
    found = re.fullmatch(r"([A-G])([#b]?)\s*([A-Za-z]*)", name.strip())
    mode = "" if not found else "maj" if found[3] == "M" else found[3].lower()[:3]
    if not found or mode not in _MODES:
        raise ValueError(f"tune: K: {name.strip()!r} is not a key: write one such as G, Bb, Am or Edor")
    sign = {"": 0, "#": 1, "b": -1}[found[2]]
    fifths = _FIFTHS[found[1]] + 7 * sign - _MODES[mode]
    if abs(fifths) > 7:
        raise ValueError(f"tune: K: expected a key of at most seven sharps or flats, got {name.strip()!r}")
    sharps = dict.fromkeys("FCGDAEB"[: max(fifths, 0)], 1)
    return (_LETTERS[found[1]] + sign) % 12, sharps | dict.fromkeys("BEADGCF"[: max(-fifths, 0)], -1)


def _fields(text: str) -> tuple[dict[str, str], str]:
    """The fields of a tune and its music; a field that comes twice with another value is refused."""
    fields, music = {}, []
    for line in text.splitlines():
        line = line.partition("%")[0].strip()
        found = re.match(r"([A-Za-z]):(?![|:])\s*(.*)", line)
        if not found:
            music.append(line)
        elif found[1] == "w":
            raise ValueError("tune: w: words to sing cannot be read: leave the line out")
        else:
            _add(fields, found[1], found[2])
    for letter, value in re.findall(r"\[([A-Za-z]):([^\]]*)\]", " ".join(music)):
        _add(fields, letter, value.strip())
    return fields, " ".join(music)


def _add(fields: dict[str, str], letter: str, value: str) -> None:
    if letter == "V":
        raise ValueError("tune: V: only one voice can be read: keep one, and leave the V: out")
    if letter in "KML" and fields.get(letter, value) != value:
        raise ValueError(f"tune: {letter}: it changes from {fields[letter]} to {value}: keep one of the two")
    fields.setdefault(letter, value)


def _metre(name: str) -> tuple[str, int]:
    """The metre, and how many times longer its notes are read."""
    metre = _METRE_NAMES.get(name, name)
    if metre not in METRES:
        raise ValueError(f"tune: M: the metre {name!r} cannot be read: write 4/4 (C, C|, 2/2, 2/4) or 6/8")
    return metre, 2 if name == "2/4" else 1


def _fraction(name: str, text: str) -> float:
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    if not found or int(found[1]) == 0 or int(found[2]) == 0:
        raise ValueError(f"tune: {name}: {text!r} is not a fraction: write one such as 1/8")
    return int(found[1]) / int(found[2])


@dataclass
class _Sounding:
    """A note while it is read: its pitch, its length so far, whether it goes on in the next one, its bar."""

    pitch: int | None
    ticks: float
    tied: bool
    bar: int


def _parts(music: str, unit: float, signature: dict[str, int], bar_ticks: int) -> tuple[tuple[Note, ...], ...]:
    """Read the music from left to right, bar by bar; the parts as tuples of notes."""
    parts, notes, held, bar = [], [], {}, 1
    left, broken, second, at = 0, 1.0, False, 0
    while at < len(music):
        found = _PIECES.match(music, at)
        if not found:
            raise ValueError(_unknown(music, at, bar))
        at = found.end()
        if sign := found["bar"]:
            if notes and any(note.bar == bar for note in notes):
                bar += 1
            held = {}
            ends = ":" in sign or "||" in sign or "]" in sign or "[|" in sign
            whole = sum(note.ticks for note in notes) >= bar_ticks  # else it is an upbeat in front of a repeat
            if ends and whole and not second:
                parts.append(_timed(notes, bar_ticks))
                notes = []
            second = sign.rstrip()[-1] == "2" or (second and not ends)
            continue
        if second or found["left"] or found["field"]:
            continue
        if found["tuplet"]:
            if found["p"] != "3" or found["more"]:
                raise ValueError(f"tune: bar {bar}, {found[0]!r}: only triplets can be read: write (3 and three notes")
            left = 3
        elif found["note"]:
            ticks = unit * _times(found, bar) * broken
            ticks = ticks * 2 / 3 if left else ticks
            left, broken = max(left - 1, 0), 1.0
            notes.append(_Sounding(_pitch(found, signature, held), ticks, False, bar))
        elif not notes:
            raise ValueError(f"tune: bar {bar}, {found[0]!r}: no note stands before it: write one, or leave it out")
        elif found["tie"]:
            notes[-1].tied = True
        else:
            short = 0.5 ** len(found[0])
            first, broken = (2 - short, short) if found[0][0] == ">" else (short, 2 - short)
            notes[-1].ticks *= first
    if notes and not second:
        parts.append(_timed(notes, bar_ticks))
    if not parts:
        raise ValueError("tune: there is no note in it: write some, such as 'GABc d2g2'")
    return tuple(parts)


def _unknown(music: str, at: int, bar: int) -> str:
    sign = music[at]
    what = _UNREAD.get(sign, "this sign cannot be read: leave it out, or write a note (A to G, a to g) or a rest (z)")
    if sign.isdigit():
        what = "a number stands alone: write it right behind its note, as in B2"
    shown = re.match(r"\[[^\]]*\]?|\S{1,8}", music[at:])[0]
    return f"tune: bar {bar}, {shown!r}: {what}"


def _times(found: re.Match, bar: int) -> float:
    """How many plain notes long a note is: A2, A/, A/2, A3/2, A//."""
    below = int(found["below"] or 2) if found["slashes"] else 1
    if below and len(found["slashes"]) > 1:
        below = 2 ** len(found["slashes"])
    top = int(found["top"] or 1)
    if not top or not below or (found["below"] and not found["slashes"]):
        raise ValueError(f"tune: bar {bar}, {found[0]!r}: this is not a length: write one as in G2, G3/2 or G/")
    return top / below


def _pitch(found: re.Match, signature: dict[str, int], held: dict[tuple[str, int], int]) -> int | None:
    letter = found["letter"]
    if letter in "zx":
        return None
    octave = 5 * letter.islower() + 4 * letter.isupper() + found["octave"].count("'") - found["octave"].count(",")
    place = (letter.upper(), octave)
    if found["sign"]:
        held[place] = _SIGNS[found["sign"]]
    return 12 * (octave + 1) + _LETTERS[place[0]] + held.get(place, signature.get(place[0], 0))


def _timed(sounding: list[_Sounding], bar_ticks: int) -> tuple[Note, ...]:
    """The notes of a part with their places; bars are checked, ties joined."""
    lengths = Counter()
    for note in sounding:
        lengths[note.bar] += note.ticks
    bars = list(lengths)
    for bar, length in lengths.items():
        found, full = f"{length / 12:.3g} eighth{'s' * (length != 12)}", bar_ticks // 12
        if length > bar_ticks:
            raise ValueError(f"tune: bar {bar}: {found}, and a bar has {full}: shorten a note, or put a | before it")
        if length < bar_ticks and bar not in (bars[0], bars[-1]):
            told = f"{found}, and a bar within a part has {full}"
            raise ValueError(f"tune: bar {bar}: {told}: lengthen a note, or take a | out")
    upbeat = len(bars) > 1 or lengths[bars[0]] < bar_ticks // 2
    place = bar_ticks - lengths[bars[0]] if upbeat else 0
    notes, begun, tied = [], [], False
    for note in sounding:
        if tied and note.pitch is not None and note.pitch == notes[-1].pitch:
            notes[-1] = notes[-1]._replace(ticks=notes[-1].ticks + note.ticks)
        else:
            notes.append(Note(note.pitch, note.ticks, place % bar_ticks))
            begun.append(note.bar)
        place, tied = place + note.ticks, note.tied
    for note, bar in zip(notes, begun):
        if note.ticks not in LENGTHS:
            told = f"a note of {note.ticks / 12:.3g} eighths cannot be read"
            raise ValueError(f"tune: bar {bar}: {told}: write one of 1/2, 1, 3/2, 2, 3 or 4 eighths (ties add up)")
        if note.pitch is not None and not 55 <= note.pitch <= 91:
            raise ValueError(f"tune: bar {bar}: a note is out of a fiddle's range: write notes from G, to g''")
    return tuple(Note(note.pitch, int(note.ticks), int(note.place)) for note in notes)


# ---------------------------------------------------------------- the collection


@cache
def tunes() -> tuple[Tune, ...]:
    """All tunes of the extract, in the order of their titles."""
    found = []
    lines = gzip.decompress(_FILE.read_bytes()).decode("utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            title, kind, family, metre, length, tonic, music = line.split("\t")
            tune = read_abc(f"M:{metre}\nL:{length}\nK:{tonic}\n{music}")
            found.append(Tune(title, tune.metre, tune.tonic, tune.parts, kind, int(family)))
    return tuple(found)


def split(found: Iterable[Tune] | None = None) -> tuple[list[Tune], list[Tune], list[Tune]]:
    """Tunes to learn from, to choose settings by, and to judge by: eight to one to one, whole families together."""
    parts: tuple[list[Tune], list[Tune], list[Tune]] = ([], [], [])
    for tune in tunes() if found is None else found:
        draw = crc32(f"family {tune.family}".encode()) % 10
        parts[max(draw - 7, 0)].append(tune)
    return parts


def steps(tune: Tune) -> list[int]:
    """The steps from each note to the next in semitones, rests left out: the same in every key.

    >>> steps(read_abc("GAB z G"))
    [2, 2, -4]
    """
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    return [b - a for a, b in zip(pitches, pitches[1:])]


def families(found: Sequence[Tune], n: int = 8, share: float = 0.15) -> list[int]:
    """A number for each tune; tunes that share so many runs of n steps are versions of one tune and get one number.

    Two tunes are joined when the runs that they share are at least `share` of the shorter one's runs.
    """
    runs = [{tuple(line[i : i + n]) for i in range(len(line) - n + 1)} for line in map(steps, found)]
    places: dict[tuple[int, ...], list[int]] = {}
    for i, mine in enumerate(runs):
        for run in mine:
            places.setdefault(run, []).append(i)
    shared = Counter((i, j) for at in places.values() for i in at for j in at if i < j)
    number = list(range(len(runs)))
    for (i, j), count in sorted(shared.items()):
        if count >= share * min(len(runs[i]), len(runs[j])) and number[i] != number[j]:
            low, high = sorted((number[i], number[j]))
            number = [low if k == high else k for k in number]
    return number


# ---------------------------------------------------------------- symbols


def symbol(pitch: int | None, ticks: int) -> int:
    """The symbol of a note, 1 to V - 1; ValueError for one that has none.

    >>> symbol(67, 12), spelled(symbol(67, 12))
    (156, (67, 12))
    """
    if ticks not in LENGTHS or (pitch is not None and not LOWEST <= pitch <= HIGHEST):
        wanted = f"a pitch {LOWEST} to {HIGHEST} and one of {LENGTHS} ticks"
        raise ValueError(f"note: expected {wanted}, got {pitch}, {ticks}")
    return 1 + PITCHES.index(pitch) * len(LENGTHS) + LENGTHS.index(ticks)


def spelled(id: int) -> tuple[int | None, int]:
    """The pitch and the length of a symbol; ValueError for one that is no note."""
    if not 1 <= id < V:
        raise ValueError(f"id: expected a note, 1 to {V - 1}, got {id}")
    return PITCHES[(id - 1) // len(LENGTHS)], LENGTHS[(id - 1) % len(LENGTHS)]


def place_of(ticks: int, metre: str) -> int:
    """The place in a bar, 0 to PLACES - 1, in sixteenths: those of 4/4 first, then those of 6/8."""
    return ticks % METRES[metre] // 6 + (16 if metre == "6/8" else 0)


def rows(tune: Tune, shift: int | None = None) -> np.ndarray:
    """A tune as symbols and places (N + 1, 2), with the end of a part in front and behind each part.

    In row k stand a symbol, and the place in the bar at which the *next* one begins. `shift` moves all notes by
    semitones; None brings the tonic to G.

    >>> rows(read_abc("GA|B4 z4|")).tolist()
    [[0, 12], [156, 14], [172, 0], [192, 8], [8, 0], [0, 12]]
    """
    shift = tune.shift if shift is None else shift
    ids, places = [END], []
    for part in tune.parts:
        for note in part:
            pitch = None if note.pitch is None else note.pitch + shift
            ids.append(symbol(pitch, note.ticks))
            places.append(place_of(note.place, tune.metre))
        ids.append(END)
        places.append(place_of(part[-1].place + part[-1].ticks, tune.metre))
    return np.array([ids, [*places, places[0]]]).T


def tune_batch(found: Sequence[Tune], shifts: Sequence[int] | None = None) -> Batch:
    """Whole tunes side by side: xs (T, B, 2) of symbols and places, targets (T, B) the next symbols, a mask (T, B)."""
    table = [rows(tune, None if shifts is None else shifts[i]) for i, tune in enumerate(found)]
    T = max(len(one) for one in table) - 1
    xs, targets, mask = (np.zeros((T, len(table), *more), kind) for more, kind in (((2,), int), ((), int), ((), bool)))
    for b, one in enumerate(table):
        n = len(one) - 1
        xs[:n, b], targets[:n, b], mask[:n, b] = one[:-1], one[1:, 0], True
    return Batch(xs, targets, mask)


def to_tune(ids: Sequence[int], metre: str, place: int, shift: int = 0, title: str = "") -> Tune:
    """The tune that symbols spell, the first END and those behind the last part left out; `place` is the first note's.

    `shift` is what the symbols were moved by: it is taken back.

    >>> to_tune([156, 172, 0, 0], "4/4", 84).parts[0]
    (Note(pitch=67, ticks=12, place=84), Note(pitch=69, ticks=12, place=0))
    """
    parts: list[list[Note]] = [[]]
    at = place
    for id in ids:
        if id == END:
            parts += [[]] if parts[-1] else []
            at = place
        else:
            pitch, ticks = spelled(int(id))
            parts[-1].append(Note(None if pitch is None else pitch - shift, ticks, at % METRES[metre]))
            at += ticks
    return Tune(title, metre, (TONIC - shift) % 12, tuple(tuple(part) for part in parts if part))


def bars(part: Sequence[Note], metre: str) -> int:
    """The bars of a part, a short one at its beginning or end counted with its other half.

    >>> bars(read_abc("D|GABc d2g2|GABc d2g|").parts[0], "4/4")
    2
    """
    return round(sum(note.ticks for note in part) / METRES[metre])


def bars_before(tune: Tune, count: int) -> np.ndarray:
    """For each symbol of a tune behind the first END (N,), the one that began `count` bars before it in the same part.

    -1 where none began at that time. Symbols and order are those of `rows(tune)[1:, 0]`.

    >>> bars_before(read_abc("GABc d2g2|GABc B4|"), 1)[6:].tolist()
    [156, 172, 188, 196, 214, 156]
    """
    bar, then = METRES[tune.metre], []
    for part in tune.parts:
        at, began = part[0].place - bar * (part[0].place > 0), {}  # an upbeat begins before 0
        shifted = [(note.pitch and note.pitch + tune.shift, note.ticks) for note in part]
        for pitch, ticks in [*shifted, (None, 0)]:
            then.append(began.get(at - count * bar, -1))
            began[at] = symbol(pitch, ticks) if ticks else END
            at += ticks
    return np.array(then)


# ---------------------------------------------------------------- sound


def played(notes: Sequence[Note], eighth: float = 0.14, rate: int = 8000) -> np.ndarray:
    """The notes as sound (N,), -1 to 1: plucked tones of six overtones that fade, an eighth lasting `eighth` seconds.

    >>> played(read_abc("GABc").notes, eighth=0.25).shape
    (8000,)
    """
    ends = np.round(np.cumsum([0, *(note.ticks for note in notes)]) * eighth / 12 * rate).astype(int)
    sound = np.zeros(ends[-1])
    for note, start, end in zip(notes, ends, ends[1:]):
        if note.pitch is not None:
            t = np.arange(end - start) / rate
            hertz = 440 * 2 ** ((note.pitch - 69) / 12)
            tones = [np.sin(2 * np.pi * k * hertz * t) / k**2 for k in range(1, 7) if k * hertz < rate / 2]
            edge = np.minimum(1, np.minimum(t, t[-1] - t) / 0.006)  # no click at the ends
            sound[start:end] = np.exp(-3 * t) * edge * sum(tones)
    return sound / max(np.abs(sound).max(), 1e-9)


def wav(sound: np.ndarray, rate: int = 8000) -> bytes:
    """A sound (N,), -1 to 1, as a WAV file of one byte a sample: small enough for a notebook."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes((128 + 120 * np.clip(sound, -1, 1)).astype(np.uint8).tobytes())
    return buffer.getvalue()
