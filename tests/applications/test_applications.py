"""The stored models: each scores what its record says, a short training learns, and the command makes them again."""

import json
import math
import platform
from dataclasses import replace

import pytest
import torch
from typer.testing import CliRunner

from course_lib import applications, cli
from course_lib.applications import FOLDER, LARGEST, application, load, names, record


@pytest.mark.parametrize("name", names())
def test_a_stored_model_scores_what_its_record_says(name):
    told, made = record(name), application(name)
    first = told["full" if made.stored == "full" else "runs"][0]
    score = made.score(load(name))
    same = told["versions"]["python"].rpartition(".")[0] == platform.python_version().rpartition(".")[0]
    assert math.isclose(score, first["score"], rel_tol=0.002 if same else 0.1), (score, first)
    assert first["seed"] == 0 and len({run["seed"] for run in told["runs"]}) >= 3
    assert told["unit"] == made.unit and told["runs"][0]["updates"] == told["updates"] == made.updates
    assert first["updates"] == (made.full if made.stored == "full" else made.updates)
    assert (FOLDER / f"{name}.npz").stat().st_size <= LARGEST


@pytest.mark.parametrize("name", names())
def test_a_short_training_learns_and_the_same_seed_learns_the_same(name):
    made, sign = application(name), 1 if application(name).higher else -1
    updates, wanted = made.short
    before, after = made.model(0), made.model(0)
    assert all(torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True))
    made.train(after, 0, updates)
    reached = made.score(after.eval())
    assert sign * reached >= sign * wanted > sign * made.score(before.eval())


class Tiny(torch.nn.Module):
    """One number that training raises by 1 an update."""

    def __init__(self, size=1):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(size))


def tiny(size=1):
    def train(model, seed, updates):
        model.weight.data += updates + seed / 3

    return applications.Application("tiny", "points", True, lambda seed: Tiny(size), train,
                                    lambda model: model.weight[0].item(), 3, 5, (1, 1.0))  # fmt: skip


def test_the_record_holds_every_seed_and_the_score_of_the_rounded_weights(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(applications, "application", lambda name: tiny())
    monkeypatch.setattr(applications, "FOLDER", tmp_path)
    told = applications.train("tiny", range(2), folder=tmp_path)
    third = float(torch.tensor(3 + 1 / 3).half())
    assert [run["score"] for run in told["runs"]] == [3.0, round(third, 4)]
    assert "seed 1, 3 updates" in capsys.readouterr().out
    assert load("tiny").weight.item() == 3
    more = applications.train("tiny", [0], full=True, folder=tmp_path)
    assert more["runs"] == told["runs"] and more["full"][0]["score"] == 5
    assert load("tiny").weight.item() == 3  # the longer run leaves the weights alone
    assert json.loads((tmp_path / "tiny.json").read_text()) == more


def test_an_application_may_store_the_weights_of_its_longer_run(tmp_path, monkeypatch):
    monkeypatch.setattr(applications, "application", lambda name: replace(tiny(), stored="full"))
    monkeypatch.setattr(applications, "FOLDER", tmp_path)
    applications.train("tiny", range(2), folder=tmp_path)
    assert not (tmp_path / "tiny.npz").exists()
    told = applications.train("tiny", [0], full=True, folder=tmp_path)
    assert load("tiny").weight.item() == 5 == told["full"][0]["score"]
    assert [run["score"] for run in told["runs"]] == [3.0, round(float(torch.tensor(3 + 1 / 3).half()), 4)]
    assert told["updates"] == 3 and "torch" in told["versions"]


def test_a_model_that_is_too_large_leaves_the_old_one(tmp_path, monkeypatch):
    noise = torch.rand(LARGEST)

    def train(model, seed, updates):
        model.weight.data += noise

    large = applications.Application("large", "points", True, lambda seed: Tiny(LARGEST), train, lambda model: 0.0,
                                     1, 1, (1, 0.0))  # fmt: skip
    monkeypatch.setattr(applications, "application", lambda name: large)
    (tmp_path / "large.npz").write_text("old")
    with pytest.raises(ValueError, match="take a smaller model"):
        applications.train("large", [0], folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["large.npz"]


def test_a_name_that_is_none_is_one_line():
    done = CliRunner().invoke(cli.app, ["train", "sonnets"])
    assert done.exit_code == 2
    assert done.output.strip() == f"course: train: expected one of {', '.join(names())}, got 'sonnets'"
