"""Reports of a race and their headlines."""

import re

import numpy as np
import pytest

from course_lib.data.headlines import HEADLINE_WORDS, headline, lead, reports


def test_the_headline_is_the_winner_and_half_of_the_reports_begin_with_it():
    texts, headlines = reports(np.random.default_rng(0), 400, (3, 6))
    assert [headline(text) for text in texts] == list(headlines)
    first = np.mean([lead(text) == news for text, news in zip(texts, headlines)])
    assert 0.42 < first < 0.58
    assert {text.count(".") for text in texts} == {3, 4, 5, 6}
    for text in texts:
        HEADLINE_WORDS.encode(text.split())
    assert all(len(set(text.split()[::4])) == text.count(".") for text in texts)  # nobody runs twice


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: headline(""), "report: expected sentences such as \"ada ran 20 .\", got ''"),
        (lambda: headline("ada ran 20"), "report: expected sentences"),
        (lambda: headline("zoe ran 20 ."), "report: expected sentences"),
        (lambda: reports(np.random.default_rng(0), 3, (1, 4)), "runners: expected an integer >= 2, got 1"),
        (lambda: reports(np.random.default_rng(0), 3, (5, 4)), "runners: expected 2 <= from <= to <= 12, got (5, 4)"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
