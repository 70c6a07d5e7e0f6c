"""Sentences of the documentation and sessions of calls: nothing leaks, and what is counted is counted right."""

import numpy as np
import pytest

from course_lib.data import _library
from course_lib.data import calls as items
from course_lib.data import prose as words


def test_no_sentence_stands_in_both_halves():
    found = words.prose()
    assert not set(found.train) & set(found.held_out)
    assert not any("\n" in line for line in found.train + found.held_out)
    assert len(set(found.train)) == len(found.train)


def test_sentences_leave_code_out():
    text = (
        "Add one.  This is the\n    second sentence of it.\n\n>>> add(1) is not a sentence.\n\nx[0] = y(z) + {1: 2} ok."
    )
    assert list(words.sentences(text)) == ["This is the second sentence of it."]  # "Add one." is too short


def test_frequency_list_drops_rare_words():
    assert words.frequency_list(["the cat", "the dog"], least=2) == {"the": 2}


def test_calls_in_order_and_each_function_by_itself():
    source = "def f(x):\n    def g(y):\n        return int(y)\n    return a(b(x)).c(g(x))"
    assert items.sessions(source) == [["a", "b", "c", "g"], ["int"]]
    assert items.sessions("RIFF\x00WAVE") == []
    assert items.sessions("def broken(:") == []


def test_markov_rows_are_distributions_and_back_off_to_popularity():
    train = [np.array([0, 1, 0, 1]), np.array([2, 0])]
    table = items.markov(train, 4)
    assert table.sum(1) == pytest.approx(np.ones(4))
    assert table[3] == pytest.approx(items.popularity(train, 4))  # an item that nothing has followed


def test_ranks_and_ties():
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0]])
    assert items.ranks(scores, np.array([2, 0])).tolist() == [3.0, 2.0]
    assert items.hits_and_mrr(np.array([1.0, 11.0]), at=10) == pytest.approx((0.5, (1 + 1 / 11) / 2))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: items.ranks(np.zeros((2, 3)), np.zeros(3, int)), "scores: expected .N, n. with right .N,."),
        (lambda: items.hits_and_mrr(np.array([])), "places: expected .N,. numbers >= 1"),
        (lambda: items.markov([np.array([5])], 3), "ids: expected values in 0..2, got 5..5"),
    ],
)
def test_what_does_not_fit_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_a_python_without_its_library_is_named_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(RuntimeError, match="library: expected Python's own as .py files in .*, got 0 of them"):
        _library.library()


def test_a_least_that_no_name_reaches_is_refused():
    with pytest.raises(ValueError, match="least: expected .* got 1000000"):
        items.calls(least=10**6)
