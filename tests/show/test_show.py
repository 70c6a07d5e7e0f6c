"""Figures with alt text, quizzes, explorers and the progress board."""

import base64
import re
from collections import Counter

import matplotlib.pyplot as plt
import pytest

from course_lib.show import explore, figure, progress_board, question, style

ALT = 'A straight line from 0 to 1 & the "end".'


def line(slope=1.0):
    fig, ax = plt.subplots()
    ax.plot([0, 1], [0, slope])
    return fig


def test_a_picture_carries_its_alt_text_and_the_figure_is_closed():
    html = figure.picture(line(), ALT)
    assert 'alt="A straight line from 0 to 1 &amp; the &quot;end&quot;."' in html
    assert base64.b64decode(re.search('base64,([^"]+)', html)[1]).startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_the_same_figure_gives_the_same_bytes():
    assert figure.picture(line(), ALT) == figure.picture(line(), ALT)


def test_a_figure_without_a_real_alt_text_is_refused():
    with pytest.raises(ValueError, match="expected a sentence"):
        figure.picture(line(), "plot")


def test_every_line_of_the_style_has_its_own_colour_and_dash():
    with plt.rc_context():
        style()
        cycle = list(plt.rcParams["axes.prop_cycle"])
    assert len({c["color"] for c in cycle}) == len({str(c["linestyle"]) for c in cycle}) == len(cycle) == 7


def shown(monkeypatch):
    """Collect what is displayed; the handle collects updates."""
    seen, updates = [], []

    class Handle:
        def update(self, thing):
            updates.append(thing)

    def display(thing, display_id=None):
        seen.append(thing)
        return Handle() if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    return seen, updates


def test_moving_a_control_changes_the_picture(monkeypatch):
    seen, updates = shown(monkeypatch)
    explore(line, alt=lambda slope: f"A straight line with slope {slope:.1f}.", slope=(0.0, 2.0, 0.5))
    slider = seen[0].children[0]
    assert slider.value == 1.0
    assert "slope 1.0" in seen[1].data
    slider.value = 2.0
    assert "slope 2.0" in updates[-1].data
    assert updates[-1].data.split("base64,")[1] != seen[1].data.split("base64,")[1]


def test_controls_of_each_kind(monkeypatch):
    seen, _ = shown(monkeypatch)
    explore(lambda n, kind, tick: line(), alt=ALT, n=(1, 9, 1, 3), kind=["a", "b"], tick=False)
    assert [type(c).__name__ for c in seen[0].children] == ["IntSlider", "Dropdown", "Checkbox"]
    assert [c.value for c in seen[0].children] == [3, "a", False]
    with pytest.raises(ValueError, match="x: expected"):
        explore(line, alt=ALT, x="wrong")


def test_a_slider_can_get_buttons_that_run_through_it(monkeypatch):
    seen, _ = shown(monkeypatch)
    explore(lambda n: line(), alt=ALT, play="n", n=(1, 9, 2, 3))
    player, slider = seen[0].children
    assert [getattr(player, name) for name in ("min", "max", "step", "value")] == [1, 9, 2, 3]
    assert slider.value == 3
    assert not player.playing


def test_a_question_opens_each_option_by_itself(monkeypatch, tmp_path):
    text = """
[units]
question = "What is `H` & <V>?"
options = [
  {text = "a size", right = true, why = "It is."},
  {text = "time", misconception = "units = time steps", why = "No."},
]
"""
    (tmp_path / "lesson_99.toml").write_text(text, "utf-8")
    monkeypatch.setattr(question, "FOLDER", tmp_path)
    html = question.as_html("99.units")
    assert html.count("<details>") == 2
    assert "<code>H</code> &amp; &lt;V&gt;" in html
    assert "✗ Not so: <em>units = time steps</em>. No." in html
    with pytest.raises(LookupError, match="lesson 99 has units; got 'other'"):
        question.as_html("99.other")
    with pytest.raises(LookupError, match="has no questions"):
        question.as_html("98.units")


def test_no_letter_is_right_most_of_the_time():
    right = Counter()
    for path in question.FOLDER.glob("lesson_*.toml"):
        for name in question.load(path.stem[-2:]):
            options = question.as_html(f"{path.stem[-2:]}.{name}").split("<summary><b>")[1:]
            right += Counter(option[0] for option in options if "✓" in option)
    assert max(right.values()) < right.total() / 2


def test_the_board_has_a_line_for_each_lesson():
    from course_lib import checks

    assert [r["lesson"] for r in progress_board.rows()] == checks.lessons()
