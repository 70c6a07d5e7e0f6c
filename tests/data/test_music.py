"""Tunes: what the reader of ABC reads, what it refuses in one line, and a split that no version of a tune crosses."""

import gzip
import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.data import music
from course_lib.data.music import Tune, read_abc


def pitches(text):
    return [note.pitch for note in read_abc(text).notes]


def ticks(text):
    return [note.ticks for note in read_abc(text).notes]


def test_octaves_and_key():
    assert pitches("[K:C] G, C c c'") == [55, 60, 72, 84]
    assert pitches("[K:D] F C f") == [66, 61, 78]
    assert pitches("[K:Bb] B E z") == [70, 63, None]
    assert pitches("[K:Ador] F C") == [66, 60]


@pytest.mark.parametrize(
    ("name", "tonic", "signs"),
    [("G", 7, {"F": 1}), ("Am", 9, {}), ("A minor", 9, {}), ("F#m", 6, {"F": 1, "C": 1, "G": 1}), ("EM", 4, 4),
     ("Eb", 3, {"B": -1, "E": -1, "A": -1}), ("Dmix", 2, {"F": 1}), ("Glyd", 7, {"F": 1, "C": 1}), ("Bphr", 11, 1)],
)  # fmt: skip
def test_keys(name, tonic, signs):
    found = music.key(name)
    assert found[0] == tonic
    assert (found[1] == signs) if isinstance(signs, dict) else len(found[1]) == signs


def test_an_accidental_holds_to_the_end_of_its_bar_for_its_octave():
    assert pitches("[K:G] ^c c C =f f F z2|c f4 z3|") == [73, 73, 60, 77, 77, 66, None, 72, 78, None]


def test_lengths():
    assert ticks("A A2 A/ A/2 A3/2 z") == [12, 24, 6, 6, 18, 12]
    assert ticks("A>B c<d") == [18, 6, 6, 18]
    assert ticks("(3ABc d2") == [8, 8, 8, 24]
    assert ticks("[L:1/16] A2 (3ABc") == [12, 4, 4, 4]
    assert ticks("[M:2/4][L:1/16] A2 B") == [24, 12]  # 2/4 is read at twice its length
    assert ticks("A2-A B2-|B A") == [36, 36, 12]
    assert ticks("A2-B") == [24, 12]  # a tie to another pitch is a slur


def test_what_is_left_out():
    assert pitches('{g}A "Am"B !trill!c ~d .e (fg) vA') == pitches("A B c d e f g A")
    assert len(read_abc("|:GABc dedB|1 dedB G4:|2 dedB A4|]").notes) == 8 + 5


def test_places_and_parts():
    tune = read_abc("T: Two\nM: 6/8\nK: D\nA|d2f agf|efg e2:|:A|f3 e3|d3 d2:|")
    assert tune.title == "Two" and tune.metre == "6/8" and tune.tonic == 2 and len(tune.parts) == 2
    assert [note.place for note in tune.parts[0]][:4] == [60, 0, 24, 36]
    assert tune.parts[1][0].place == 60 and [music.bars(part, "6/8") for part in tune.parts] == [2, 2]
    lone = read_abc("D2|:GABc dedB|G4 G2:|")
    assert len(lone.parts) == 1 and lone.notes[0].place == 72


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GAB[ce]", "bar 1, '[ce]': a chord cannot be read: keep one"),
        ("GABc dedB|GABc d|GABc dedB|", "bar 2: 5 eighths, and a bar within a part has 8: lengthen"),
        ("GABc dedB|G|GABc dedB|", "bar 2: 1 eighth, and"),
        ("GABc dedB A|G", "bar 1: 9 eighths, and a bar has 8: shorten"),
        ("[M:5/4] G", "M: the metre '5/4' cannot be read: write 4/4"),
        ("[K:H] G", "K: 'H' is not a key: write one such as"),
        ("[L:8] G", "L: '8' is not a fraction: write"),
        ("K:G\nGABc dedB|\nK:D\nGABc dedB|", "K: it changes from G to D: keep one"),
        ("V:1\nGABc", "V: only one voice"),
        ("GABc\nw: la la", "w: words to sing"),
        ("(5GABcd", "bar 1, '(5': only triplets can be read: write (3"),
        ("G5", "bar 1: a note of 5 eighths cannot be read: write one of"),
        ("G,,", "out of a fiddle's range: write notes from"),
        ("- G", "bar 1, '-': no note stands before it: write one"),
        ("|  |", "there is no note in it: write some"),
        ("", "there is no note in it: write some"),
        ("GA & Bc", "bar 1, '&': a second voice"),
        ("G/0", "'G/0': this is not a length: write one"),
        ("GABc dedB|G 5", "bar 2, '5': a number stands alone: write it right behind"),
        ("GÄ", "bar 1, 'Ä': this sign cannot be read: leave it out"),
        ('G "Am', "bar 1, '\"Am': a chord name has no end"),
        ("Z2|G", "bar 1, 'Z2|G': a rest of whole bars"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_says_what_where_and_how_to_mend_it(text, told):
    with pytest.raises(ValueError, match="^tune: ") as error:
        read_abc(text)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_no_text():
    with pytest.raises(ValueError, match="expected a text in ABC notation"):
        read_abc(7)


@settings(max_examples=300)
@given(st.text(alphabet="GABcdefg2/3(|:>-^_=z[]{}\"'1 ,\n&", max_size=40))
def test_any_text_is_a_tune_or_one_line(text):
    told = ""
    try:
        assert read_abc(text).notes
    except ValueError as error:
        told = str(error)
    assert not told or (told.startswith("tune: ") and "\n" not in told)


# ---------------------------------------------------------------- the collection


def test_the_collection_is_what_the_lesson_says():
    found = music.tunes()
    assert len(found) > 700 and {tune.kind for tune in found} == {"reel", "hornpipe", "jig"}
    assert all((tune.metre == "6/8") == (tune.kind == "jig") for tune in found)


def test_no_version_of_a_tune_stands_on_both_sides():
    sides = music.split()
    assert sum(map(len, sides)) == len(music.tunes())
    found = [{tune.family for tune in side} for side in sides]
    assert not found[0] & found[1] and not found[0] & found[2] and not found[1] & found[2]
    runs = [
        {tuple(line[k : k + 24]) for line in map(music.steps, side) for k in range(len(line) - 23)} for side in sides
    ]
    assert not runs[0] & runs[2]


def test_families_join_what_is_moved_and_part_what_differs():
    one = "GABc dedB|cBAG FGAF|GABc dedB|cAFA G4|"
    moved = "[K:A] ABcd efec|dcBA GABG|ABcd efec|dBGB A4|"
    other = "g2fe dcBA|GFED EFGA|BAGF GABc|dBcA G4|"
    assert music.families([read_abc(text) for text in (one, other, moved)]) == [0, 1, 0]


def test_no_address_is_in_the_extract():
    text = gzip.decompress(music._FILE.read_bytes()).decode()
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert not any("@" in line for line in head) and "John Chambers" in " ".join(head)


# ---------------------------------------------------------------- symbols


def test_symbols_and_back():
    for id in range(1, music.V):
        assert music.symbol(*music.spelled(id)) == id
    for wrong in ((48, 12), (67, 13)):
        with pytest.raises(ValueError, match="note: expected"):
            music.symbol(*wrong)
    with pytest.raises(ValueError, match="id: expected"):
        music.spelled(0)


def test_rows_are_the_same_in_every_key_and_back():
    one, two = read_abc("[K:G] D2|GABc dedB|G4 G2|"), read_abc("[K:A] E2|ABcd efec|A4 A2|")
    assert (music.rows(one) == music.rows(two)).all()
    for tune in (one, two, *music.tunes()[:40]):
        ids = music.rows(tune)[1:, 0]
        back = music.to_tune(ids, tune.metre, tune.parts[0][0].place, tune.shift)
        assert [n[:2] for n in back.notes] == [n[:2] for n in tune.notes] and len(back.parts) == len(tune.parts)


def test_the_place_of_the_next_note_is_that_of_the_music():
    tune = read_abc("[M:6/8] A|B2c d3|")
    assert music.rows(tune)[:, 1].tolist() == [16 + 10, 16, 16 + 4, 16 + 6, 16, 16 + 10]


def test_a_batch_holds_each_tune_and_nothing_else():
    tunes = music.tunes()[:3]
    xs, targets, mask = music.tune_batch(tunes)
    for b, tune in enumerate(tunes):
        rows = music.rows(tune)
        assert mask[:, b].sum() == len(rows) - 1
        assert (xs[mask[:, b], b] == rows[:-1]).all() and (targets[mask[:, b], b] == rows[1:, 0]).all()


# ---------------------------------------------------------------- sound


def test_a_tone_has_its_pitch():
    sound = music.played(read_abc("[K:C] A4").notes, eighth=0.25)
    loud = np.abs(np.fft.rfft(sound))
    assert np.fft.rfftfreq(len(sound), 1 / 8000)[loud.argmax()] == pytest.approx(440, abs=1.5)
    assert np.abs(sound).max() <= 1
    assert not music.played(read_abc("z4").notes).any()


def test_a_wav_file_is_small_and_whole():
    data = music.wav(np.sin(np.arange(4000)))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (1, 1, 8000, 4000)


def test_a_tune_without_parts_has_no_notes():
    assert Tune("", "4/4", 7, ()).notes == []
