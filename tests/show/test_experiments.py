"""The chart of the classic experiments draws what it is given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

from course_lib.recipes.experiments import stored
from course_lib.show.experiments import beside_the_papers


def test_a_line_for_each_experiment_with_its_starts_and_its_paper():
    ax = beside_the_papers([("adding", [4000, 5000], [], 74_000), ("order", [], [60_000], None)])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["adding", "order"]
    assert [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata())] == [[4000, 5000], [74_000], [60_000]]
    assert ax.get_xscale() == "log" and ax.get_ylim() == (1.5, -0.5)
    plt.close("all")


def test_the_stored_results_can_be_drawn():
    beside_the_papers([result.line for result in stored()] or [("none", [], [], None)]).figure.canvas.draw()
    plt.close("all")
