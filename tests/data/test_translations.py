"""Pairs to translate: exact, plain, reproducible; and one line for each input that does not fit."""

import datetime

import numpy as np
import pytest

from course_lib.applications import dates, numbers
from course_lib.data import translations
from course_lib.data.translations import END, LANGUAGES, LOCALES, PAD, START, STYLES, Vocabulary

DAY = datetime.date(1997, 3, 5)


def test_numbers_are_different_short_and_long_and_the_same_each_time():
    drawn = translations.draw_numbers(np.random.default_rng(1), 2000)
    assert drawn == translations.draw_numbers(np.random.default_rng(1), 2000)
    assert len(set(drawn)) == 2000
    assert {len(str(number)) for number in drawn} == {1, 2, 3, 4, 5, 6}
    assert sum(drawn[:1000]) != sum(sorted(drawn)[:1000])  # in no order
    assert sorted(translations.draw_numbers(np.random.default_rng(0), 100, digits=2)) == list(range(100))


def test_the_held_out_numbers_and_days_occur_in_training_in_no_language():
    for application in (numbers, dates):
        train, held = application.pairs()
        assert not {pair.target for pair in train} & {pair.target for pair in held}
    assert {pair.kind for pair in numbers.pairs()[1]} == set(numbers.SPOKEN) <= set(LANGUAGES)


def test_every_text_of_the_applications_can_be_read():
    for language in numbers.SPOKEN:
        for number in (*range(0, 1000, 7), 1000, 2001, 30_000, 71_071, 400_000, 999_999):
            numbers.LETTERS.encode(translations.number_words(number, language))
    for locale in LOCALES:
        for style in STYLES:
            for k in range(0, 366, 5):
                dates.SYMBOLS.encode(translations.date_words(DAY + datetime.timedelta(k), locale, style))


def test_a_date_says_its_day_in_every_locale():
    for locale in LOCALES:
        for style in STYLES:
            texts = {translations.date_words(DAY + datetime.timedelta(k), locale, style) for k in range(366)}
            assert len(texts) == 366, (locale, style)


def test_distances_are_those_of_the_recursion():
    def slow(a, b):
        if not a or not b:
            return len(a) + len(b)
        return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))

    words = ["onze", "douze", "un", "zéro", ""]
    for word in words:
        assert translations.edit_distances(word, words).tolist() == [slow(word, other) for other in words]


def test_a_batch_feeds_one_step_late_and_asks_for_the_end():
    batch = translations.pair_batch([np.array([7, 8]), np.array([9])], [np.array([4, 5, 6]), np.array([3])])
    assert batch.xs.shape == (4, 2, 2)
    assert batch.xs[..., 0].T.tolist() == [[7, 8, PAD, PAD], [9, PAD, PAD, PAD]]
    assert batch.xs[..., 1].T.tolist() == [[START, 4, 5, 6], [START, 3, PAD, PAD]]
    assert batch.targets.T.tolist() == [[4, 5, 6, END], [3, END, PAD, PAD]]
    assert batch.mask.T.tolist() == [[True] * 4, [True, True, False, False]]


def test_plain_text_has_nothing_that_cannot_be_seen():
    assert translations.plain("5\u200f \u202fMÄRZ\u00ad  1997 ") == "5 märz 1997"
    assert translations.plain("ma\u0308rz") == "märz"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: translations.number_words(3, "klingon"), "language: expected one of da, de, .*, got 'klingon'"),
        (lambda: translations.number_words(-3), "number: expected an integer >= 0, got -3"),
        (lambda: translations.date_words(DAY, "klingon"), "locale: expected one of ca, cs, .*, got 'klingon'"),
        (lambda: translations.date_words(DAY, "fr", "tiny"), "style: expected one of full, long, medium, got 'tiny'"),
        (lambda: translations.date_words("5 mars", "fr"), "date: expected a datetime.date, got str"),
        (lambda: translations.plain("onze\ndouze"), "text: expected one line of text, got 2"),
        (lambda: translations.plain(b"RIFF$\x00\x00\x00WAVE"), "text: expected one line of text, got bytes"),
        (lambda: Vocabulary("abc").encode(""), "text: expected at least one symbol, got an empty text"),
        (lambda: Vocabulary("abc").encode("ab8"), "text: expected symbols .*, got '8' in place 3: "),
        (lambda: Vocabulary("abca"), "symbols: expected each once, got 'a' twice"),
        (lambda: translations.draw_numbers(np.random.default_rng(0), 11, digits=1), "n: expected at most .* = 10"),
        (lambda: translations.padded([np.array([4, 5])], pad=5), "pad: expected an id that no symbol has, got 5"),
        (lambda: translations.padded([np.array([4, 5])], length=1), "length: expected at least 2, .* got 1"),
        (lambda: translations.padded([]), "sequences: expected at least one"),
        (
            lambda: translations.pair_batch([np.array([4])], []),
            "targets: expected one for each of the 1 sources, got 0",
        ),
        (lambda: translations.pair_batch([np.array([4])], [np.array([2])]), "targets: expected ids >= 3"),
    ],
)
def test_bad_input_gets_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
