"""`course bench speech FOLDER`, and the recogniser's search in the lexicon."""

import itertools
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from course_lib import applications, cli
from course_lib.applications.speech import Recogniser, best_digits, best_path, ctc_loss
from course_lib.bench import speech
from course_lib.data import Batch
from course_lib.data.speech import CLASSES, letters, recorded_voices, utterance, words, write_wav


def likely(rng, T):
    """Log-probabilities of T steps in which some classes stand out."""
    log_probs = np.log(rng.dirichlet(np.full(CLASSES, 0.3), T) + 1e-9)
    return log_probs - np.logaddexp.reduce(log_probs, axis=1, keepdims=True)


def log_p(log_probs, digits):
    if not digits:
        return log_probs[:, 0].sum()
    steps, label = torch.tensor(log_probs)[:, None], torch.tensor(letters(words(digits)))[None]
    lengths = torch.tensor([len(log_probs)]), torch.tensor([label.shape[1]])
    return -torch.nn.functional.ctc_loss(steps, label, *lengths, reduction="sum").item()


@pytest.mark.parametrize("seed", range(6))
def test_the_lexicon_search_finds_the_best_string_of_all(seed):
    log_probs = likely(np.random.default_rng(seed), (4, 5, 7, 8, 9, 10)[seed])
    strings = ("".join(each) for n in (0, 1, 2) for each in itertools.product("0123456789", repeat=n))
    assert best_digits(log_probs, most=10**6) == max(strings, key=lambda digits: log_p(log_probs, digits))


def test_a_clear_answer_is_read_both_ways():
    for digits in ("", "3", "33", "1882"):
        path = [0, *(k for letter in letters(words(digits)) for k in (letter, letter, 0)), 0]
        log_probs = np.log(0.01 / CLASSES + 0.99 * np.eye(CLASSES)[path])
        assert best_path(log_probs) == words(digits) and best_digits(log_probs) == digits


def test_the_loss_is_torchs_and_reads_lengths_off_the_targets():
    model = Recogniser(0)
    targets = np.zeros((2, 9), int)
    targets[0, :3], targets[1, :9] = letters("one"), letters("three one")
    log_probs, _ = model(torch.randn(90, 2, 32, generator=torch.Generator().manual_seed(0)))
    loss = ctc_loss(log_probs, Batch(None, torch.tensor(targets)))
    each = [-log_p(log_probs[:, b].detach().double().numpy(), digits) for b, digits in enumerate(("1", "31"))]
    assert loss.item() == pytest.approx((each[0] / 3 + each[1] / 9) / 2, rel=1e-5)
    with pytest.raises(ValueError, match=r"xs: expected \(T, B, 32\)"):
        model(torch.zeros(3, 32))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(applications, "load", lambda name: Recogniser(0).eval())
    rng, clips = np.random.default_rng(0), recorded_voices()["Allison Smith"]
    home = tmp_path / "mine"
    home.mkdir()
    for name, digits in (("7_ada_0.wav", "7"), ("3142_ada_1.wav", "3142"), ("05_bob_0.wav", "05")):
        write_wav(home / name, utterance(rng, digits, clips))
    (home / "notes.txt").write_text("hello")
    (home / "8_ada_2.wav").write_text("no sound")
    return home


def test_a_folder_is_scored_by_speaker_and_bad_files_are_one_line_each(folder, tmp_path, capfd):
    done = CliRunner().invoke(cli.app, ["bench", "speech", str(folder), "--json", str(tmp_path / "rows.json")])
    assert done.exit_code == 0, done.output
    stored = json.loads((tmp_path / "rows.json").read_text())
    assert [(row["speaker"], row["files"]) for row in stored["rows"]] == [("ada", 2), ("bob", 1), ("all", 3)]
    assert all(row["errors"] >= 0 and 0 <= row["exact"] <= row["lexicon"] <= 100 for row in stored["rows"])
    assert all(row["speaker"] in done.output for row in stored["rows"])
    assert "8_ada_2.wav: expected a WAV file" in done.output and "notes.txt: left out" in done.output
    assert stored["machine"]["threads"] == 1


def test_what_is_no_folder_of_recordings_is_one_line(tmp_path, folder):
    for arguments, what in (
        (["speech", str(tmp_path / "none")], "speech: expected a folder of recordings"),
        (["speech", str(tmp_path)], "expected recordings named 7_ada_0.wav"),
        (["speech", str(folder), "--json", str(tmp_path / "a" / "b")], "json: expected a file"),
        (["layers", str(folder)], "names: only experiments takes this"),
    ):
        done = CliRunner().invoke(cli.app, ["bench", *arguments])
        assert done.exit_code == 2 and what in done.output, done.output


def test_the_table_says_what_the_rows_say():
    read = speech.Read("ada", "31", "thre one", "31", 2.0, 0.1)
    (ada, everyone) = speech.table_rows([read])
    assert everyone == ada | {"speaker": "all"}
    assert ada == {"speaker": "ada", "files": 1, "errors": 11.1111, "exact": 0, "lexicon": 100, "real time": 0.05}
    assert "11.1 %" in speech.table([ada])
