"""The grammar of "was or were?": sentences, their batches, and what the best reader pays."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import data
from course_lib.data import was_or_were

GRAMMAR = re.compile(
    r"the (NOUN)( which ACT PLACE the NOUN( and ACT MANNER)*)?$".replace("NOUN", "(?:cat|dog|boy|bird)s?")
    .replace("ACT", "(?:sat|slept|waited|played)")
    .replace("PLACE", "(?:near|behind|beside|with)")
    .replace("MANNER", "(?:there|alone|again|quietly)")
)


@given(st.integers(0, 2**32), st.integers(0, 25))
def test_a_sentence_is_of_the_grammar_and_its_first_noun_decides(seed, clauses):
    words, verb = data.sentence(np.random.default_rng(seed), clauses)
    found = GRAMMAR.match(" ".join(words))
    assert found
    assert verb == ("were" if found[1].endswith("s") else "was")
    assert len(words) == 2 + data.distance(clauses)


@given(st.integers(0, 2**32), st.integers(0, 6))
def test_a_batch_holds_such_sentences(seed, clauses):
    batch = data.sentence_batch(np.random.default_rng(seed), 4, clauses)
    for b in range(4):
        found = GRAMMAR.match(" ".join(data.WORDS[i] for i in batch.xs[:, b]))
        assert found
        assert batch.targets[b] == found[1].endswith("s")


def test_the_second_noun_tells_nothing():
    batch = data.sentence_batch(np.random.default_rng(0), 20_000, 1)
    second = np.isin(batch.xs[6], data.word_ids(was_or_were.MORE))
    assert abs(np.mean(second == batch.targets) - 0.5) < 0.02


def test_the_best_reader_of_the_stream_pays_what_is_computed_by_hand():
    """Each word costs the binary logarithm of how many words were equally likely there."""
    words = data.sentence_stream(np.random.default_rng(0), 90_000)
    likely = {"ACT": 4, "PLACE": 4, "MANNER": 4, "MOOD": 4, "NOUN": 8}
    kinds = {
        "ACT": was_or_were._ACTS,
        "PLACE": was_or_were._PLACES,
        "MANNER": was_or_were._MANNERS,
        "MOOD": was_or_were._MOODS,
        "NOUN": data.was_or_were.NOUNS,
    }
    bits = sum(np.log2(likely[kind]) for word in words for kind, members in kinds.items() if word in members)
    coins = sum(word in ("which", "and", "was", "were") for word in words)  # each says: an aside, or no more of it
    rate = data.SENTENCE_BITS / data.SENTENCE_LENGTH
    assert (bits + coins) / len(words) == pytest.approx(rate, abs=0.02)
    assert words.count(".") / len(words) == pytest.approx(1 / data.SENTENCE_LENGTH, abs=0.003)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda rng: data.sentence(rng, -1), "clauses"),
        (lambda rng: data.sentence_batch(rng, 0, 1), "B"),
        (lambda rng: data.sentence_stream(rng, 0), "n"),
        (lambda rng: data.word_ids(["mouse"]), "got 'mouse'"),
    ],
)
def test_what_does_not_fit_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call(np.random.default_rng(0))
