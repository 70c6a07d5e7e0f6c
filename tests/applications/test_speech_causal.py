"""The recogniser that never looks ahead: pieces of sound give what the whole gives, wherever they are cut."""

import numpy as np
import pytest
import torch

from course_lib.applications import speech_causal as causal
from course_lib.data import speech


@pytest.fixture
def sound():
    return speech.utterance(np.random.default_rng(0), "314", speech.recorded_voices()["Allison Smith"])


@pytest.mark.parametrize("cuts", [[], [1], [199, 200, 201], [5000] * 3, range(80, 8000, 7)])
def test_pieces_give_what_the_whole_gives(sound, cuts):
    model = causal.CausalRecogniser(0)
    whole, _ = causal.listen(model, sound)
    said, carried = [], causal.NOTHING
    for piece in np.split(sound, list(cuts)):
        steps, carried = causal.listen(model, piece, carried)
        said.append(steps)
    assert np.allclose(np.concatenate(said), whole, atol=1e-5)
    assert len(whole) == len(speech.frames(sound)) // causal.STRIDE
    assert len(carried.samples) < speech.WINDOW and len(carried.frames) < causal.STRIDE


def test_a_step_does_not_depend_on_later_sound(sound):
    model = causal.CausalRecogniser(0)
    other = sound.copy()
    other[8000:] = 0
    known = ((8000 - speech.WINDOW) // speech.HOP + 1) // causal.STRIDE  # the steps whose frames end before that
    first, second = causal.listen(model, sound)[0], causal.listen(model, other)[0]
    assert np.array_equal(first[:known], second[:known]) and not np.allclose(first[known + 2], second[known + 2])


def test_the_state_is_carried_and_shapes_are_told():
    model, xs = causal.CausalRecogniser(0), torch.randn(12, 2, speech.MELS)
    whole, _ = model(xs)
    first, state = model(xs[:6])
    assert torch.allclose(torch.cat([first, model(xs[6:], state)[0]]), whole, atol=1e-6)
    for wrong in (xs[:2], xs[:, :0], xs[..., :5]):
        with pytest.raises(ValueError, match=r"xs: expected \(T, B, 32\)"):
            model(wrong)


def test_the_mean_so_far_forgets_how_it_began():
    energies = np.full((4000, speech.MELS), causal.LEVEL)
    features, mean = causal.steady(energies)
    assert abs(features[-1]).max() < 0.02 < abs(features[0]).max()
    assert mean.count == pytest.approx(causal.PRIOR + 4000)
    assert causal.steady(energies[:0], mean)[1] is mean
