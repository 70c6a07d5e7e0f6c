"""The plots and explorers of lesson 11 draw what they are given, at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.applications import sunspots as eleven
from course_lib.data.series import sunspots
from course_lib.show import lesson_11 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def read():
    sun, network = sunspots(), eleven.model(0)

    def read(year):
        known = sun.index(str(year)) + 1
        return sun.years, sun.values, known - 1, eleven.fans(network, sun.values[:known])[-1]

    return read


@pytest.mark.parametrize("year", [1955, 1976, 2008])
def test_a_fan_and_what_came(read, year):
    ax = pictures.draw_fan(year, read).axes[0]
    assert str(year) in ax.get_title(loc="left")
    assert f"of {min(11, 2008 - year)} years that came" in pictures.fan_text(year, read)


def test_early_years_are_drawn_too():
    sun = sunspots()
    pictures.fan(sun.years, sun.values, 12, np.tile([1.0, 2.0, 3.0], (11, 1)))


def test_a_copy_of_yesterday_fits_best_one_step_in_the_past():
    walk = np.cumsum(np.random.default_rng(0).normal(size=400))
    actual, forecast = walk[1:], walk[:-1]
    found = {k: pictures.shifted_correlation(actual, forecast, k) for k in range(-5, 4)}
    assert max(found, key=found.get) == -1 and found[-1] == pytest.approx(1)


@pytest.mark.parametrize("shift", [-5, 0, 3])
def test_draw_shift(shift):
    rng = np.random.default_rng(0)
    actual, forecast = rng.normal(size=(2, 100)).cumsum(1)
    fig = pictures.draw_shift(shift, actual, forecast)
    assert f"moved by {shift}: correlation" in fig.axes[1].get_title(loc="left")
    assert f"moved by {shift} steps" in pictures.shift_text(shift, actual, forecast)


def test_a_month_above_its_limit_is_marked():
    values = np.array([0.0, 2.0, 3.0, 0.0, 2.5])
    fig = pictures.alarms(np.arange(5.0), {"one": (values, 1.0), "two": (values, 2.7)}, [(1.0, 2.0)])
    marks = [next(line for line in ax.lines if line.get_marker() == "v") for ax in fig.axes]
    assert [len(line.get_xdata()) for line in marks] == [3, 1]


def test_static_figures_draw():
    steps = np.arange(20.0)
    pictures.overlay(steps, steps, {"a": steps, "b": steps}, "title")
    pictures.overlay(steps, steps, {}, "title", ("year", "number"))
    pictures.changes(steps, -steps, "title")
    pictures.three_series({"one": (steps, steps, 12.0, "°C"), "two": (steps, steps, 15.0, "ppm")})
    ax = pictures.by_horizon({"a": np.ones(11), "b": np.full(11, 2.0)}, "error")
    assert ax.get_ylim()[0] == 0
    pictures.coverage({"plain": np.full(11, 0.7), "widened": np.full(11, 0.9)}, 0.9)
