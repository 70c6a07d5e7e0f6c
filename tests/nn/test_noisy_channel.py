"""The noisy channel: what it makes adds up, what it makes is one edit away, and Bayes' rule is what is computed."""

import numpy as np
import pytest

from course_lib.nn.noisy_channel import KINDS, candidates, channel, mistype, one_edit, posterior, slips, typos


@pytest.mark.parametrize("word", ["if", "tt", "return", "committee"])
def test_slips_add_up_and_are_one_edit_away(word):
    made = slips(word)
    assert {kind: sum(made[kind].values()) for kind in KINDS} == pytest.approx(KINDS)
    assert sum(channel(word).values()) == pytest.approx(1)
    assert set(channel(word)) - {word} <= one_edit(word)


def test_every_slip_finds_its_word_again():
    assert all(candidates(typed, {"value", "other"}) == ["value"] for typed in channel("value") if typed != "value")


def test_mistype_draws_what_the_channel_says():
    rng, n = np.random.default_rng(0), 4000
    kinds = [mistype(rng, "value")[1] for _ in range(n)]
    for kind, share in KINDS.items():
        assert abs(kinds.count(kind) / n - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_posterior_is_bayes_rule():
    words, bits = ["ten", "the"], np.array([8.0, 3.0])
    weights = [channel(word)["teh"] * 2.0**-b for word, b in zip(words, bits)]
    assert posterior("teh", words, bits) == pytest.approx(np.array(weights) / sum(weights))
    assert posterior("teh", words, bits + 5000) == pytest.approx(posterior("teh", words, bits))  # no underflow


def test_typos_change_one_word_and_no_name():
    lines = ["Return x.__dict__ of the class.", "A B C", "See os.path for more."]
    made = typos(np.random.default_rng(1), lines)
    assert [typo.filled(typo.meant) for typo in made] == [lines[0], lines[2]]
    assert all(typo.typed != typo.meant and typo.meant in {"of", "the", "class", "for", "more"} for typo in made)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: candidates("", {"a"}), "typed: expected letters a..z, got ''"),
        (lambda: candidates("naïve", {"naive"}), "typed: expected letters a..z, got 'naïve'"),
        (lambda: slips("x"), "word: expected two or more letters a..z, got 'x'"),
        (lambda: posterior("teh", [], np.array([])), "prior_bits: expected .n,. = .0,. with n >= 1"),
        (lambda: posterior("teh", ["the"], np.array([1.0, 2.0])), "prior_bits: expected .n,. = .1,. with n >= 1"),
        (lambda: posterior("teh", ["while"], np.array([1.0])), "typed: expected one slip away from a candidate"),
    ],
)
def test_what_does_not_fit_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
