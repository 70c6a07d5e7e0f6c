"""The opinions of lesson 13: pairs have one bag and two answers, halves share nothing, bad input is named."""

from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.applications.negation import Opinion, share_good
from course_lib.data import negation
from course_lib.data.extracts import make_valences
from course_lib.data.negation import opinion_batch, opinion_pairs, tokens, valences, word_rows


@pytest.mark.parametrize("held_out", [False, True])
def test_the_halves_of_a_pair_have_the_same_words_and_opposite_answers(held_out):
    told = opinion_pairs(np.random.default_rng(0), 300, held_out)
    for (first, good), (second, other) in zip(told[::2], told[1::2]):
        assert Counter(first.split()) == Counter(second.split())
        assert first != second
        assert good == 1 - other


def test_held_out_frames_and_words_never_stand_in_training():
    assert not set(negation.TEMPLATES) & set(negation.HELD_OUT)
    seen, held = (
        {w for text, _ in opinion_pairs(np.random.default_rng(0), 800, h) for w in tokens(text)} for h in (0, 1)
    )
    assert not seen & held & set(valences())


@pytest.mark.parametrize(
    ("template", "good"),
    [
        ("{x} was {neg} {A} but {B}", "the film was not dull but funny"),
        ("{who} said that {x} was {A} , but it was not", "she said that the film was dull , but it was not"),
        ("i do not {V} it and {who} do", "i do not hate it and she do"),
    ],
)
def test_the_first_half_means_what_it_says(template, good):
    """With A and V bad, the first half of every pair is meant well: read three of them with your own eyes."""
    pair = next(pair for pair in negation.TEMPLATES + negation.HELD_OUT if pair[0] == template)
    bad = {"A": "dull", "B": "funny", "V": "hate", "x": "the film", "who": "she", "neg": "not"}
    assert pair[0].format(**bad) == good


def test_a_row_holds_the_rating_a_known_word_or_another_one():
    rows = word_rows(["awful", "not", "zebra"])
    assert rows[0, 0] == pytest.approx(-0.5)
    assert rows[1, 1 + negation.KNOWN.index("not")] == 1
    assert rows[2, -1] == 1
    assert (rows != 0).sum() == 3


def test_a_batch_is_padded_with_rows_of_zeros():
    batch = opinion_batch([("good", 1), ("it was not bad", 1)])
    assert batch.xs.shape == (4, 2, negation.ROW)
    assert not batch.xs[1:, 0].any()


@pytest.mark.parametrize("wrong", ["", "   ", "?! 12", "--"])
def test_a_text_without_a_word_is_refused(wrong):
    with pytest.raises(ValueError, match="text: expected at least one word"):
        tokens(wrong)


def test_a_sound_file_is_no_text():
    with pytest.raises(ValueError, match="text: expected a sentence .* got bytes"):
        tokens(b"RIFF\x24\x08\x00\x00WAVE")


def test_one_word_and_curly_apostrophes_are_read():
    assert tokens("Lovely") == ["lovely"]
    assert tokens("I can\u2019t, won't") == ["i", "can", "not", ",", "will", "not"]


def test_words_must_be_split():
    with pytest.raises(ValueError, match=r"split a text with tokens\(\)"):
        word_rows("not bad")


def test_the_extract_is_what_its_script_made():
    text = (Path(negation.__file__).parent / "extracts" / "valences.txt").read_bytes()
    assert sha256(text).hexdigest() == make_valences.MADE
    assert len(valences()) == 368


@pytest.mark.parametrize("shape", [(3, 2), (3, 2, 5)])
def test_the_model_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"xs: expected \(T, B, 33\)"):
        Opinion(0)(torch.ones(shape))


def test_the_model_names_a_sentence_of_pads():
    xs = torch.tensor(opinion_batch([("good", 1), ("bad", 0)]).xs).float()
    xs[:, 1] = 0
    with pytest.raises(ValueError, match="got a sentence of pads"):
        Opinion(0)(xs)


def test_padding_does_not_move_an_answer():
    alone = share_good(Opinion(0), "it was not bad")
    batch = opinion_batch([("it was not bad", 1), ("it was bad , and to me it was never good", 0)])
    with torch.no_grad():
        beside = Opinion(0)(torch.tensor(batch.xs).float())[0].softmax(1)[0, 1].item()
    assert beside == pytest.approx(alone, abs=1e-6)
