"""The corpus and its split, padding and buckets."""

import numpy as np
import pytest

from course_lib import data


def test_topics_are_held_out_whole_and_not_repeated():
    corpus, topics = data.text(), data.topics()
    train, valid = corpus.decode(corpus.train), corpus.decode(corpus.valid)
    assert all((text in train) != (text in valid) for text in topics.values())
    assert 0.08 < len(valid) / (len(train) + len(valid)) < 0.12
    seen = {line.strip() for line in train.splitlines() if len(line.strip()) > 50}
    lines = [line.strip() for line in valid.splitlines() if len(line.strip()) > 50]
    assert sum(line in seen for line in lines) < 0.05 * len(lines)


def test_text_is_encoded_without_loss_and_cannot_be_spoilt():
    corpus = data.text()
    assert corpus.decode(corpus.encode("def f(x): return x\n")) == "def f(x): return x\n"
    assert corpus.encode("\u2603").tolist() == [0]
    assert corpus.train.max() < len(corpus.chars)
    with pytest.raises(ValueError, match="read-only"):
        corpus.train[0] = 1


def test_stream_rows_go_on_where_they_stopped():
    ids = np.arange(1000)
    batches = data.stream_batches(ids, T=7, B=3)
    xs = np.concatenate([batch.xs for batch in batches])
    assert (np.diff(xs, axis=0) == 1).all() and len(np.unique(xs)) == xs.size
    np.testing.assert_array_equal(data.stream_batches(ids.tolist(), T=7, B=3)[0].xs, batches[0].xs)
    for batch in [*batches, data.random_windows(np.random.default_rng(0), ids.tolist(), 7, 3)]:
        np.testing.assert_array_equal(batch.targets, batch.xs + 1)
    with pytest.raises(ValueError, match="B T \\+ 1 = 22, got \\(21,\\)"):
        data.stream_batches(ids[:21], T=7, B=3)


def test_random_windows_reach_both_ends():
    xs, targets, _ = data.random_windows(np.random.default_rng(0), np.arange(10), 7, 500)
    assert xs.min() == 0 and targets.max() == 9


def test_padding_keeps_every_symbol_and_masks_the_rest():
    words = [data.encode_letters(word) for word in data.words()[:50]]
    ids, lengths, mask = data.pad(words)
    assert mask.sum() == sum(map(len, words)) and not ids[~mask].any()
    for b, word in enumerate(words):
        np.testing.assert_array_equal(ids[: lengths[b], b], word)
    assert data.pad([np.ones((2, 3)), np.ones((4, 3))]).ids.shape == (4, 2, 3)


def test_buckets_hold_every_index_once_and_waste_less():
    rng = np.random.default_rng(0)
    lengths = np.array([len(word) for word in data.words()])
    sorted_batches, mixed = data.buckets(rng, lengths, 32), data.shuffled(rng, len(lengths), 32)
    for batches in (sorted_batches, mixed):
        np.testing.assert_array_equal(np.sort(np.concatenate(batches)), np.arange(len(lengths)))
    assert data.wasted_steps(lengths, sorted_batches) < 0.1 * data.wasted_steps(lengths, mixed)
    assert data.wasted_steps(lengths, data.shuffled(rng, len(lengths), 1)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.pad([]), "at least one"),
        (lambda: data.pad([np.array([])]), "none of them empty"),
        (lambda: data.pad([np.ones((2, 3)), np.ones((2, 4))]), "with one D"),
        (lambda: data.encode_letters("Na\u00efve"), "letters a..z, got 'Na\u00efve'"),
        (lambda: data.buckets(np.random.default_rng(0), np.array([3, 0]), 2), "integers >= 1"),
        (lambda: data.buckets(np.random.default_rng(0), [1.5, 2.0], 2), "integers >= 1"),
        (lambda: data.wasted_steps(np.array([3]), []), "at least one"),
        (lambda: data.text().decode([-1]), "ids: expected values in 0.."),
        (lambda: data.text(held_out=0.9), "held_out: expected a finite number"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
