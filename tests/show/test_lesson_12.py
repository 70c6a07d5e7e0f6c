"""The plots and explorers of lesson 12 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.data import music
from course_lib.show import lesson_12 as pictures

TUNE = music.read_abc("D2|GABc d2z2|G4 G2|")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_piano_roll_has_a_bar_for_each_note_and_a_line_for_each_bar_of_music():
    ax = pictures.piano_roll(TUNE.notes, 96)
    sounding = [note for note in TUNE.notes if note.pitch is not None]
    assert [patch.get_width() for patch in ax.patches] == [note.ticks / 12 for note in sounding]
    assert [patch.get_y() + 0.45 for patch in ax.patches] == [note.pitch for note in sounding]
    assert [line.get_xdata()[0] for line in ax.lines] == [2, 10]


def test_what_the_model_wrote_is_hatched():
    ax = pictures.piano_roll(TUNE.notes, 96, np.linspace(0, 9, len(TUNE.notes)), written_from=2)
    assert [bool(patch.get_hatch()) for patch in ax.patches] == [False] * 2 + [True] * (len(ax.patches) - 2)


def test_only_rests_and_a_single_note():
    pictures.piano_roll(music.read_abc("z4 z4").notes, 96)
    pictures.piano_roll(music.read_abc("G").notes, 96)


def test_the_line_to_type_in():
    def go_on(text):
        return TUNE.notes, 96, np.ones(len(TUNE.notes)), 4

    assert "4 notes of yours, then 5" in pictures.draw_continued("GABc", go_on).axes[0].get_title(loc="left")
    assert "4 notes typed" in pictures.continued_text("GABc", go_on)
    ended = go_on("GABc")[0][:4], 96, np.ones(4), 4
    assert "ends the tune there" in pictures.continued_text("GABc", lambda text: ended)


@pytest.mark.parametrize("temperature", [0.1, 1.2])
def test_the_explorer_of_temperatures(temperature):
    samples, shares = {0.1: TUNE.notes, 1.2: TUNE.notes}, {0.1: 0.9, 1.2: 0.05}
    fig = pictures.draw_temperature(temperature, samples, shares, 0.3, 96)
    assert f"{shares[temperature]:.0%} of runs" in fig.axes[0].get_title(loc="left")
    assert "30%" in pictures.temperature_text(temperature, samples, shares, 0.3, 96)


def test_static_figures_draw():
    pictures.orders({"a": np.array([3.0, 2, 2.5]), "b": np.array([3.0, 2, 1.5])}, {"network": 1.9})
    pictures.statistics({"real": {"in the / scale": 0.9}, "null": {"in the / scale": 0.8}})
    pictures.several({"A": TUNE.notes, "B": TUNE.notes}, 96)
    pictures.spectrogram(music.played(TUNE.notes), 8000)
