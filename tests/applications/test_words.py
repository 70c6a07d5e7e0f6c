"""The model of words: its tokens are the line again, and a line costs the same in any company."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.applications import load, prose, words

LINES = ["Return the value.", "If the file is not found, raise an error.", "Zyzzyva qwertz!", "A"]


@given(st.text())
def test_the_tokens_of_a_line_are_the_line(line):
    assert "".join(words.tokens(line)) == line


@pytest.mark.parametrize(("name", "bits"), [("words", words.bits), ("prose", prose.bits)])
def test_a_line_costs_the_same_in_any_company(name, bits):
    network = load(name)
    alone = np.concatenate([bits(network, [line]) for line in LINES])
    assert bits(network, LINES) == pytest.approx(alone, rel=1e-5)
    for wrong in ("", "two\nlines"):
        with pytest.raises(ValueError, match="lines: expected one line of text each"):
            bits(network, [wrong])


def test_an_unknown_word_pays_for_its_letters():
    network = load("words")
    assert "Zyzzyva" not in network.ids() and len(network.ids()) == words.V - 2
    short, long = words.spelled_bits(network, [" zq", " zqzqzqzq"])
    assert 0 < short < long


def test_the_vocabulary_travels_with_the_weights():
    assert {" the", " return", "The", "."} <= set(load("words").ids())
    assert set(words.model(0).vocabulary) == {""}  # nothing before the training
