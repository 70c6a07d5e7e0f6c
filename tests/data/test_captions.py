"""Pictures of four digits and their captions."""

import re

import numpy as np
import pytest

from course_lib.data.captions import (
    CAPTION_WORDS,
    HELD_PAIRS,
    caption,
    caption_batch,
    captioned_digits,
    quarters,
    said,
)


def rows(drawn):
    return {(int(a), int(b)) for a, b in drawn.digits.reshape(-1, 2)}


def test_held_out_pairs_are_in_no_training_picture_though_their_digits_are_in_each_quarter():
    train = captioned_digits(np.random.default_rng(0), 2000)
    held = captioned_digits(np.random.default_rng(1), 500, "held")
    assert not rows(train) & HELD_PAIRS
    assert rows(held) == HELD_PAIRS
    assert all(set(train.digits[:, q]) == set(range(10)) for q in range(4))
    spoken = {word for text in train.captions for word in text.split()}
    assert spoken == set(CAPTION_WORDS.symbols)  # nobody can write a word that he has never read


def test_a_quarter_shows_its_digit_and_the_caption_says_so():
    drawn = captioned_digits(np.random.default_rng(2), 40, noise=0)
    parts = quarters(drawn.pixels)
    for b in range(3):
        assert np.array_equal(parts[2, b].reshape(8, 8), drawn.pixels[b, 8:, :8])
    glyphs = {}
    for q in range(4):
        for b in range(40):
            lit = parts[q, b].reshape(8, 8) > 0
            glyph = lit[lit.any(1)][:, lit.any(0)].tobytes()
            glyphs.setdefault(drawn.digits[b, q], set()).add(glyph)
    assert all(len(forms) == 1 for forms in glyphs.values())  # each digit has one glyph, wherever it stands
    assert len(set.union(*glyphs.values())) == len(glyphs)
    assert drawn.captions == tuple(caption(d) for d in drawn.digits)


def test_a_batch_holds_what_is_seen_what_is_fed_and_what_is_asked():
    drawn = captioned_digits(np.random.default_rng(3), 30)
    xs, asked, mask = caption_batch(drawn)
    assert [said(column) for column in asked.T] == list(drawn.captions)
    assert np.array_equal(xs[1:, :, 64] * mask[1:], asked[:-1] * mask[1:])  # what was asked is fed next
    assert np.array_equal(xs[:4, :, :64], quarters(drawn.pixels))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: caption([1, 2, 3]), "digits: expected four of 0..9, got [1, 2, 3]"),
        (
            lambda: captioned_digits(np.random.default_rng(0), 2, "test"),
            "part: expected one of train, held, all, got 'test'",
        ),
        (lambda: quarters(np.zeros((3, 8, 8))), "pixels: expected (B, 16, 16), got (3, 8, 8)"),
        (lambda: captioned_digits(np.random.default_rng(0), 0), "B: expected an integer >= 1, got 0"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
