"""The plots and explorers of lesson 07 draw at their default and extreme values."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.show import lesson_07 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("values", [(0.0, 0.5), (0.4, 2.0), (0.9, 4.0)])
def test_draw_padded_loss(values):
    assert len(pictures.draw_padded_loss(*values).axes) == 1
    printed = f"{(1 - values[0]) * values[1]:.2f}"
    assert f"printed {printed} nats" in pictures.draw_padded_loss(*values).axes[0].get_title()
    assert f"prints {printed}" in pictures.padded_loss_text(*values)


@pytest.mark.parametrize("kind", ["constant", "exponential", "step", "cosine"])
@pytest.mark.parametrize("warm_up", [0, 50])
def test_draw_schedule(kind, warm_up):
    fig = pictures.draw_schedule(kind, 0.9, warm_up)
    assert len(fig.axes[0].lines[0].get_ydata()) == 201
    assert kind in pictures.schedule_text(kind, 0.9, warm_up)


def test_static_figures_draw():
    curve = np.linspace(4, 1, 5)
    pictures.erased({"a": 0.5 ** np.arange(5)})
    pictures.padded_batches(np.array([3, 1, 2]), {"a": [np.array([0, 1])], "b": [np.array([2])]})
    pictures.rates({"a": curve})
    axes = plt.subplots(1, 2)[1]
    lrs = {"adam": np.array([0.1, 1.0]), "sgd": np.array([1.0, 10.0])}
    pictures.sweep(lrs, {name: {"RNN": np.ones((2, 3))} for name in lrs}, axes, 2.0)
    pictures.clinic({"A": curve, "B": curve}, {"guessing": 4.0})
    pictures.norms(curve, {"1": 1.0})
    pictures.spread({"a": [0.1, 0.2], "b": [0.3]})
