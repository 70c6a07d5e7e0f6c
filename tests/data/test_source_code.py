"""The standard library as text: an alphabet of its own, whole files held out, and errors of one line."""

import wave

import numpy as np
import pytest

from course_lib.data.source_code import ALPHABET, KINDS, decode, encode, joined, marks, own_text, source_files
from course_lib.nn.n_grams import NGrams


def test_the_alphabet_is_fixed_and_other_characters_share_one_id():
    assert len(ALPHABET) == 97
    assert encode("\né\t☃").tolist() == [1, 0, 0, 0]
    everything = "".join(ALPHABET[1:])
    assert decode(encode(everything)) == everything
    with pytest.raises(ValueError, match="expected a text, got bytes"):
        encode(b"if")


def test_files_are_split_by_file_in_an_order_that_sizes_do_not_change():
    small, large = source_files(50_000, 20_000), source_files(100_000, 20_000)
    assert not set(small.train) & set(small.valid)
    assert small.valid == large.valid
    assert set(small.train) <= set(large.train)
    assert 100_000 <= len(joined(large.train)) < 100_000 + 60_000 + len(large.train)
    with pytest.raises(ValueError, match="at least 1000 characters"):
        source_files(10, 10)


def test_marks_know_strings_brackets_and_comments():
    kind, depth = marks('x = f(["(", 1])  # (\n')
    kinds = [KINDS[k] for k in kind]
    assert kinds[7:10] == ["strings"] * 3
    assert kinds[-2] == "comments"
    assert depth.tolist() == [0] * 5 + [1] + [2] * 7 + [1] + [0] * 7
    assert [KINDS[k] for k in marks("def f():\n    return 1\n").kind[9:13]] == ["line ends and indents"] * 4
    with pytest.raises(ValueError, match="expected a Python program"):
        marks("f((\n")


def test_every_held_out_file_can_be_marked():
    for text in source_files(1000, 50_000).valid.values():
        found = marks(text)
        assert len(found.kind) == len(found.depth) == len(text)
        assert found.depth[-1] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty one"),
        (" \n \n", "got an empty one"),
        ("one line only", "two lines or more"),
        ("not_there.py", "which is not there"),
        ("Ελληνικά γράμματα\nκαι άλλα", "other characters"),
        (7, "got int"),
    ],
)
def test_a_text_that_does_not_fit_gets_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        own_text(text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_gets_one_line(tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(100))
    (tmp_path / "numbers.bin").write_bytes(b"\0\1\2")
    (tmp_path / "latin.txt").write_bytes("é\nè".encode("latin-1"))
    for name, message in (("sound.wav", "a sound file"), ("numbers.bin", "binary"), ("latin.txt", "save it as UTF-8")):
        with pytest.raises(ValueError, match=message):
            own_text(tmp_path / name)
    (tmp_path / "good.py").write_text("a = 1\r\n\tb = 2\n")
    assert own_text(str(tmp_path / "good.py")).startswith("a = 1\n    b = 2")


def by_hand(ids, context, symbol, V):
    p = 1 / V
    for n in range(len(context) + 1):
        u = list(context[len(context) - n :])
        after = [ids[i + n] for i in range(len(ids) - n) if list(ids[i : i + n]) == u]
        if after:
            distinct = len(set(after))
            p = (after.count(symbol) + distinct * p) / (len(after) + distinct)
    return p


def test_n_grams_are_the_rule_of_witten_and_bell():
    rng = np.random.default_rng(0)
    ids, V = rng.integers(0, 4, 300), 5  # symbol 4 is never seen
    model = NGrams(ids, V, 4)
    text = rng.integers(0, 5, 40)
    found = model.probabilities(text)
    for t in range(40):
        for n in range(1, 5):
            context = text[max(0, t - n + 1) : t]
            assert found[n - 1, t] == pytest.approx(by_hand(ids.tolist(), context.tolist(), text[t], V))
    for length in (0, 1, 3, 10):
        p = model.distribution(text[:length])
        assert p.sum() == pytest.approx(1)
        if length >= 3:
            assert p[text[length]] == pytest.approx(found[3, length])


def test_n_grams_refuse_what_has_no_code():
    with pytest.raises(ValueError, match="below 2\\^63"):
        NGrams(np.zeros(100, np.int64), 97, 10)
    with pytest.raises(ValueError, match="symbols 0 to 1"):
        NGrams(np.array([0, 2]), 2, 1)
