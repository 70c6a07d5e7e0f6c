"""Real messages, edit distance, the character F-score."""

import gzip
import hashlib
import importlib.util
import random

import numpy as np
import pytest

from course_lib.data import catalogues
from course_lib.data.catalogues import (
    EXTRACT,
    by_table,
    character_f,
    cut,
    edit_distances,
    joined,
    messages,
    remembered,
    word_table,
)


@pytest.fixture(scope="module")
def making():
    """The script that made the extract, as a module."""
    spec = importlib.util.spec_from_file_location("making", EXTRACT.with_name("make_jupyterlab_fr.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_extract_is_the_one_that_was_described_and_carries_its_licence(making):
    text = gzip.decompress(EXTRACT.read_bytes())
    found = hashlib.sha256(text).hexdigest()
    assert found in catalogues.__doc__
    assert found in making.__doc__
    assert b"# Redistribution and use in source and binary forms" in text
    assert EXTRACT.stat().st_size < 150_000
    assert (len(messages()), len(messages("held"))) == (2318, 300)


@pytest.mark.parametrize("side", ["source", "target"])
def test_no_held_out_message_has_a_near_duplicate_to_learn_from(making, side):
    texts = [getattr(pair, side) for pair in (*messages("held"), *messages())]
    assert making.alike(texts)[:300, 300:].max() < making.ALIKE


def test_edit_distances_are_those_of_the_table():
    def table(a, b):
        row = list(range(len(b) + 1))
        for i, x in enumerate(a, 1):
            above, row = row, [i]
            for j, y in enumerate(b, 1):
                row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
        return row[-1]

    rng = random.Random(0)
    texts = ["".join(rng.choices("abé", k=rng.randint(0, 8))) for _ in range(40)]
    for text in texts:
        assert edit_distances(text, texts).tolist() == [table(text, other) for other in texts]


def test_the_score_of_a_translation():
    assert character_f("Fermer", "Fermer") == pytest.approx(100)
    assert character_f("abc", "xyz") == 0
    assert character_f("", "xyz") == 0
    # "ab" for "abc": P = (1 + 1 + 0) / 3, R = (2/3 + 1/2 + 0) / 3, chrF = 5 P R / (4 P + R)
    P, R = 2 / 3, (2 / 3 + 1 / 2) / 3
    assert character_f("ab", "abc") == pytest.approx(100 * 5 * P * R / (4 * P + R))
    assert character_f("a b", "ab") == pytest.approx(100)  # spaces do not count


def test_a_memory_gives_back_what_it_holds():
    pair = messages()[100]
    assert remembered(pair.source, messages()) == pair
    assert remembered(pair.source + "!", messages()[90:110]) == pair


def test_a_word_table_finds_who_goes_with_whom_and_a_message_is_cut_and_joined():
    pairs = [catalogues.Pair(*texts, "fr") for texts in (("a b", "X Y"), ("b c", "Y Z"), ("c a", "Z X"))]
    assert word_table(pairs) == {"a": "X", "b": "Y", "c": "Z"}
    assert by_table("B a d", word_table(pairs)) == "Y X d"
    text = "Fermer l'onglet (%1) ?"
    assert cut(text) == ["Fermer", "l'", "onglet", "(", "%1", ")", "?"]
    assert joined(cut(text)) == text


def test_what_does_not_fit_is_said_in_one_line():
    with pytest.raises(ValueError, match="part: expected 'train' or 'held', got 'test'"):
        messages("test")
    with pytest.raises(ValueError, match="others: expected at least one text, got none"):
        edit_distances("a", [])
    with pytest.raises(ValueError, match="pairs: expected at least one pair and one round, got 0 and 8"):
        word_table([])
    assert np.isfinite(edit_distances("", ["", "ab"])).all()
