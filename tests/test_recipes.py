"""What the recipes are judged by, gates that are held open, and weights that are guessed."""

import numpy as np
import pytest
import torch

from course_lib import data, recipes
from course_lib.recipes import RECIPES, guess_weights, run_recipe
from course_lib.training import Settings


def outputs_for(answers, K=2):
    return torch.tensor(data.one_hot(np.asarray(answers), K))


def test_exact_and_longest_count_whole_sequences():
    batch = data.Batch(*map(torch.tensor, data.a_n_b_n(np.array([1, 2, 3]))))
    right = batch.targets.clone()
    assert recipes.exact(outputs_for(right), batch) == 1 and recipes.longest(outputs_for(right), batch) == 3
    right[0, 0] = 1 - right[0, 0]  # an a, which does not count
    right[2, 1] = 1 - right[2, 1]  # the first b of the second
    assert recipes.exact(outputs_for(right), batch) == pytest.approx(2 / 3)
    assert recipes.longest(outputs_for(right), batch) == 1


def test_a_stream_is_free_of_errors_until_a_wrong_symbol_is_among_the_likely_ones():
    stream = data.continual_reber_batch(np.random.default_rng(0), 20, 3)
    batch = data.Batch(None, torch.tensor(stream.allowed.astype(float)))
    assert recipes.error_free(batch.targets, batch) == 20
    wrong = batch.targets.clone()
    wrong[5, 0] = 1 - wrong[5, 0]
    assert recipes.error_free(wrong, batch) == pytest.approx((5 + 20 + 20) / 3)


@pytest.mark.parametrize("gate", ["i", "f", "o"])
def test_a_gate_that_is_held_open_stays_open(gate):
    rnn = run_recipe("adding", sizes=(5,), H=3, open_gate=gate, settings=Settings(steps=3)).model.rnn
    block = slice("ifgo".index(gate) * 3, "ifgo".index(gate) * 3 + 3)
    assert not rnn.weight_ih_l0[block].any() and not rnn.weight_hh_l0[block].any()
    assert torch.equal(torch.sigmoid(rnn.bias_ih_l0[block] + rnn.bias_hh_l0[block]), torch.ones(3))
    assert all(parameter.any() for parameter in rnn.parameters())


def test_guessing_says_when_it_has_not_found_any():
    run = guess_weights("first_symbol", guesses=3, sizes=(5,), H=2, held=(50, 50))
    assert (run.solved, run.sequences) == (False, 3) and run.score < 0.99
    with pytest.raises(ValueError, match="recipe: expected one of adding, .*, got 'sorting'"):
        guess_weights("sorting")


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_a_few_steps_and_is_judged(name):
    small = {"copy": (2, 3), "counting": 3, "sums": 1, "adding_1997": 24}
    run = run_recipe(name, sizes=(small.get(name, 12),), H=4, B=2, held=(3, 3), settings=Settings(steps=2))
    assert np.isfinite(run.score) and run.sequences >= 2
