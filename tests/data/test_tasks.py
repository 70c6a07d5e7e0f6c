"""The tasks: targets recomputed from the inputs, seeds, and errors."""

import re
from itertools import pairwise

import numpy as np
import pytest

from course_lib import data


@pytest.fixture
def rng():
    return np.random.default_rng(0)


DRAWS = {
    "adding": lambda rng: data.adding(rng, 20, 5),
    "adding_1997": lambda rng: data.adding_1997(rng, 40, 5),
    "temporal_order": lambda rng: data.temporal_order(rng, 40, 5, symbols=3, stretch=0.2),
    "copy_memory": lambda rng: data.copy_memory(rng, 7, 5),
    "first_symbol": lambda rng: data.first_symbol(rng, 9, 5),
    "latch": lambda rng: data.latch(rng, 9, 5),
    "two_sequences": lambda rng: data.two_sequences(rng, 9, 5),
    "sums": lambda rng: data.sums(rng, 3, 5),
    "parity": lambda rng: data.parity(rng, 9, 5),
    "even_process": lambda rng: data.next_symbol(data.even_process(rng, 9, 5)),
    "windows": lambda rng: data.random_windows(rng, np.arange(99), 9, 5),
    "stream": lambda rng: data.stream_batches(rng.permutation(99), 9, 5)[0],
    "sine": lambda rng: data.sine(rng, 9, 5, noise=0.1),
    "reber": lambda rng: data.reber_batch(rng, 5),
    "country": lambda rng: data.country_language_batch(rng, 5),
    "digits": lambda rng: data.pixel_sequence(data.digit_images(rng, 5)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_same_seed_same_batch_and_time_comes_first(draw):
    first, again, other = draw(np.random.default_rng(1)), draw(np.random.default_rng(1)), draw(np.random.default_rng(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.shares_memory(first.xs, first.targets)  # whoever adds noise to the inputs leaves the answers alone
    assert first.xs.shape != other.xs.shape or not np.array_equal(first.xs, other.xs)
    assert first.xs.shape[1] == 5 and len(first.targets) in (5, len(first.xs))


def test_adding_target_is_the_marked_sum_with_a_marker_in_each_half(rng):
    xs, targets, _ = data.adding(rng, 11, 200)
    np.testing.assert_allclose((xs[..., 0] * xs[..., 1]).sum(0), targets[:, 0])
    assert (xs[:5, :, 1].sum(0) == 1).all() and (xs[5:, :, 1].sum(0) == 1).all()
    assert np.var(data.adding(rng, 4, 200_000).targets) == pytest.approx(data.ADDING_BASELINE, rel=0.02)


def test_adding_1997_marks_two_pairs_early(rng):
    for _ in range(20):
        xs, targets, _ = data.adding_1997(rng, 100, 50)
        numbers, markers = xs[..., 0], xs[..., 1]
        assert 100 <= len(xs) <= 110 and ((markers == 1).sum(0) == 2).all() and (markers[49:] < 1).all()
        assert ((markers[:10] == 1).any(0)).all() and (markers[-1] == -1).all()
        np.testing.assert_allclose(targets[:, 0], 0.5 + (numbers * (markers == 1)).sum(0) / 4)


@pytest.mark.parametrize("symbols", [2, 3])
def test_temporal_order_reads_x_and_y_as_a_number(rng, symbols):
    xs, targets, _ = data.temporal_order(rng, 100, 300, symbols)
    ids = xs.argmax(-1)
    assert (ids[0] == 6).all() and (ids[-1] == 7).all()
    for column, target in zip(ids.T, targets, strict=True):
        places = np.flatnonzero((column == 4) | (column == 5))
        assert len(places) == symbols and 10 <= places[0] < 20
        assert int("".join(str(column[p] - 4) for p in places), 2) == target
    assert set(targets) == set(range(2**symbols))


def test_copy_memory_asks_for_the_word_after_the_sign(rng):
    xs, targets, mask = data.copy_memory(rng, lag=30, B=4)
    ids = xs.argmax(-1)
    assert xs.shape == (50, 4, 10) and (ids[39] == 9).all() and (ids[10:39] == 8).all() and (ids[40:] == 8).all()
    np.testing.assert_array_equal(ids[:10], targets[-10:])
    assert (targets[:-10] == 8).all() and mask[-10:].all() and not mask[:-10].any()


def test_latch_and_first_symbol_show_the_answer_only_at_the_start(rng):
    xs, targets, _ = data.latch(rng, 50, 2000)
    assert np.corrcoef(xs[0, :, 0], targets)[0, 1] > 0.9 and abs(np.corrcoef(xs[1, :, 0], targets)[0, 1]) < 0.1
    xs, targets, _ = data.first_symbol(rng, 12, 50)
    assert (xs[0].argmax(-1) == targets).all() and (xs[1:].argmax(-1) >= 8).all()


def test_two_sequences_show_the_class_in_the_first_steps_only(rng):
    xs, targets, _ = data.two_sequences(rng, 50, 2000)
    assert 50 <= len(xs) <= 55 and (xs[:3, :, 0] == 2 * targets - 1).all()
    assert xs[3:].var() == pytest.approx(0.2, rel=0.05) and abs(np.corrcoef(xs[3, :, 0], targets)[0, 1]) < 0.1


def test_the_last_b_comes_when_there_are_as_many_as_a(rng):
    n = rng.integers(1, 20, 30)
    xs, targets, mask = data.a_n_b_n(n)
    np.testing.assert_array_equal(xs.sum(0), np.stack([n, n], -1))
    np.testing.assert_array_equal(mask, xs[..., 1] == 1)
    ahead = (xs[..., 0] - xs[..., 1]).cumsum(0)  # how many more a than b so far
    np.testing.assert_array_equal(targets == 1, mask & (ahead == 0))


@pytest.mark.parametrize("digits", [1, 2, 9, 17])
def test_sums_are_right_and_only_their_digits_count(rng, digits):
    xs, targets, mask = data.sums(rng, digits, 20)
    np.testing.assert_array_equal(xs[1:].argmax(-1), targets[:-1])
    assert mask.sum(0).tolist() == [digits + 1] * 20
    for column, answer in zip(xs.argmax(-1).T, targets.T, strict=True):
        text = "".join(data.SUM_SYMBOLS[k] for k in [*column, answer[-1]])
        left, total = text.split("=")
        assert sum(map(int, left.split("+"))) == int(total) and len(total) == digits + 1


def test_parity_is_the_running_sum_modulo_two(rng):
    xs, targets, _ = data.parity(rng, 30, 10)
    np.testing.assert_array_equal(np.bitwise_xor.accumulate(xs[..., 0].astype(int)), targets)


def test_even_process_has_even_runs_and_its_entropy_falls_to_the_floor(rng):
    ids = data.even_process(rng, 5000)[:, 0]
    runs = [len(run) for run in "".join(map(str, ids)).split("0")[1:-1]]
    assert all(run % 2 == 0 for run in runs) and max(runs) > 2
    table = [data.even_process_table(k) for k in range(12)]
    assert all(a > b > data.EVEN_ENTROPY for a, b in pairwise(table))
    ones = data.even_process(rng, 1, 100_000).mean()
    assert ones == pytest.approx(2 / 3, abs=0.01)  # stationary from the first symbol


def test_noiseless_sine_obeys_its_recurrence(rng):
    xs = data.sine(rng, 60, 3).xs[..., 0]
    ratio = (xs[2:] + xs[:-2]) / xs[1:-1]
    np.testing.assert_allclose(ratio, ratio[:1].repeat(58, 0), rtol=1e-6)


def test_reber_targets_are_always_allowed_and_the_wrap_needs_memory(rng):
    batch = data.reber_batch(rng, 100)
    rows = np.arange(100)
    steps, columns = np.nonzero(batch.mask)
    assert batch.allowed[steps, columns, batch.targets[steps, columns]].all()
    np.testing.assert_array_equal(batch.targets[batch.lengths - 2, rows], batch.xs[1].argmax(-1))
    assert not batch.xs[~batch.mask].any()


def test_reber_strings_are_judged(rng):
    for embedded in (True, False):
        string = data.reber_string(rng, embedded)
        legal = data.reber_next(string, embedded)
        assert all(letter in ok for letter, ok in zip(string[1:], legal, strict=False)) and legal[-1] == ""
    with pytest.raises(ValueError, match="position 2"):
        data.reber_next("BTVE", embedded=False)
    with pytest.raises(ValueError, match="expected B T"):
        data.reber_next("BTBTXSEPE")
    assert set(data.continual_reber(rng, 3)) <= set(data.REBER_SYMBOLS)


def test_streams_are_strings_of_the_grammar_end_to_end(rng):
    xs, targets, mask, allowed, lengths = data.continual_reber_batch(rng, 300, 5)
    assert mask.all() and lengths.tolist() == [300] * 5
    np.testing.assert_array_equal(xs[1:].argmax(-1), targets[:-1])
    for column, last, may in zip(xs.argmax(-1).T, targets[-1], allowed.transpose(1, 0, 2), strict=True):
        stream = "".join(data.REBER_SYMBOLS[k] for k in [*column, last])
        whole = re.findall(r"B([TP])(B[^E]*E)(\1)E", stream)
        strings = [f"B{wrap}{inner}{wrap}E" for wrap, inner, _ in whole]
        assert len(strings) > 10 and stream.startswith("".join(strings))
        wanted = [letters or "B" for string in strings for letters in data.reber_next(string)]
        found = [
            "".join(letter for letter in wanted[t] if may[t, data.REBER_SYMBOLS.index(letter)]) for t in range(200)
        ]
        assert found == wanted[:200] and may[:200].sum() == sum(map(len, wanted[:200]))


def test_sentences_as_ids(rng):
    sentences = data.country_language(np.random.default_rng(1), 30, distance=4)
    xs = data.country_language_batch(np.random.default_rng(1), 30, distance=4).xs
    assert [data.decode_words(column) for column in xs.T] == [s.words[: s.verb_at] for s in sentences]
    for sentence in data.country_language(rng, 20, distance=6):
        country, language = sentence.words[4], sentence.words[sentence.verb_at]
        assert country[:3] == language[:3] or (country, language) == ("spain", "spanish") or country == "france"
        assert sentence.verb_at - 4 - 1 == 6
    assert data.country_language_batch(rng, 3, 6).xs.shape == (11, 3)


def test_cloze_follows_its_stated_probabilities(rng):
    sentences = data.cloze(rng, 4000, gap=1)
    cats = [sentence for sentence in sentences if sentence[1] == "cat"]
    assert np.mean([sentence[-1] == "mat" for sentence in cats]) == pytest.approx(0.75, abs=0.05)
    p = np.array(list(data.cloze_answers(cats[0][:-1]).values()))
    assert -(p * np.log2(p)).sum() == pytest.approx(data.CLOZE_ENTROPY)


def test_digits_can_be_told_apart_without_noise(rng):
    pixels, labels = data.digit_images(rng, 400, noise=0.0)
    assert pixels.min() >= 0 and pixels.max() <= 1
    seen: dict[bytes, int] = {}
    for image, label in zip(pixels, labels, strict=True):
        rows, columns = np.nonzero(image)
        shape = (image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 0).tobytes()
        assert seen.setdefault(shape, label) == label
    assert set(labels) == set(range(10))
    images = data.Images(pixels, labels)
    np.testing.assert_array_equal(data.pixel_sequence(images).xs[8:16, :, 0], data.row_sequence(images).xs[1].T)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: data.adding(rng, 1, 3), "T: expected an integer >= 2, got 1"),
        (lambda rng: data.adding(rng, 10.0, 3), "T: expected an integer >= 2, got 10.0"),
        (lambda rng: data.adding(rng, 10, 0), "B: expected an integer >= 1, got 0"),
        (lambda rng: data.temporal_order(rng, 100, 3, symbols=4), "symbols: expected 2 or 3, got 4"),
        (lambda rng: data.two_sequences(rng, 2, 5), "T: expected an integer >= 3, got 2"),
        (lambda rng: data.a_n_b_n(np.array([2, 0])), r"n: expected \(B,\) integers >= 1, got int64 \(2,\) \[2, 0\]"),
        (lambda rng: data.sums(rng, 18, 5), "digits: expected at most 17, got 18"),
        (lambda rng: data.continual_reber_batch(rng, 0, 5), "T: expected an integer >= 1, got 0"),
        (lambda rng: data.latch(rng, 5, 5, noise=float("nan")), "noise: expected a finite number"),
        (lambda rng: data.encode_words(("unicorn",)), "got 'unicorn'"),
        (lambda rng: data.cloze_answers(("the", "fish")), "got 'fish'"),
        (lambda rng: data.one_hot(np.array([3]), 3), "ids: expected values in 0..2, got 3..3"),
        (lambda rng: data.one_hot(np.array([0.5]), 3), "ids: expected integers, got float64"),
        (lambda rng: data.latch(rng, 5, 5, noise=np.inf), "noise: expected a finite number in 0..inf, got inf"),
        (lambda rng: data.sine(rng, 5, 5, noise="0"), "noise: expected a finite number in 0..inf, got '0'"),
        (lambda rng: data.copy_baseline(10, n_symbols=0), "n_symbols: expected an integer >= 2, got 0"),
        (lambda rng: data.decode_words([-1]), "ids: expected values in 0..[0-9]+, got -1..-1"),
        (lambda rng: data.next_symbol(np.arange(5)), "expected \\(T\\+1, B\\)"),
        (lambda rng: data.even_process_table(15), "k: expected"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(rng, call, message):
    with pytest.raises(ValueError, match=message):
        call(rng)
