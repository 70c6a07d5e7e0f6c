"""Plots of lesson 08, second half: what is drawn is what was given."""

import pytest

from course_lib.show import lesson_08b as plots


def test_candidate_bars_have_a_bar_for_each_candidate_and_judgement():
    ax = plots.candidate_bars("fo", ["of", "so"], {"list": [0.4, 0.6], "network": [0.9, 0.1]})
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.4, 0.6, 0.9, 0.1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["of", "so"]


def test_shares_right_has_a_mark_for_each_start():
    ax = plots.shares_right({"list": [[0.8, 0.82], [0.6]], "network": [[0.9, 0.92], [0.8]]}, ["all", "choice"])
    assert sorted(x for line in ax.lines for x in line.get_xdata()) == [0.6, 0.8, 0.8, 0.82, 0.9, 0.92]
