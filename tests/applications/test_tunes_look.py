"""The tunes looked up: read in pieces as at once, and a place is told by its time."""

import torch

from course_lib.applications.tunes_look import TuneLooker
from course_lib.data import music


@torch.no_grad()
def test_a_tune_is_read_in_pieces_as_at_once():
    xs = torch.from_numpy(music.rows(music.tunes()[0])[:40, None]).repeat(1, 2, 1)
    model = TuneLooker(0).eval()
    at_once, _ = model(xs)
    scores, state = model(xs[:17])
    rest, state = model(xs[17:], state)
    torch.testing.assert_close(torch.cat([scores, rest]), at_once)
    assert [tuple(part.shape) for part in state] == [(40, 2, 64)] * 4 + [(1, 2)]


@torch.no_grad()
def test_no_score_hangs_on_a_later_note():
    xs = torch.from_numpy(music.rows(music.tunes()[0])[:30, None])
    other, model = xs.clone(), TuneLooker(0).eval()
    other[20:] = xs[5:15]
    same = (model(xs)[0] == model(other)[0]).all(2)[:, 0]
    assert same[:20].all() and not same[20:].all()
