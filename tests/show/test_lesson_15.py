"""The plots and questions of lesson 15 draw what they are given; a question made of a claim keeps its answer shut."""

import matplotlib

matplotlib.use("Agg")

import re

import matplotlib.pyplot as plt
import pytest

from course_lib import claims
from course_lib.show import lesson_15 as pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_bars_are_as_long_as_the_counts():
    left, right = pictures.verdicts({"right": 2, "imprecise": 5}, {"when": 3}).axes
    assert [bar.get_width() for bar in left.patches] == [2, 5]
    assert [text.get_text() for text in right.texts] == [" 3"]


def test_bars_by_lesson_are_stacked():
    ax = pictures.by_lesson({"01": {"right": 1, "wrong": 2}, "04": {"right": 0, "wrong": 3}})
    assert [bar.get_y() for bar in ax.patches] == [0, 1, 0, 0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["right", "wrong"]


@pytest.mark.parametrize("year", [1986, 2000, 2024])
def test_events_after_the_year_are_pale(year):
    ax = pictures.timeline(claims.events(), year)
    black = [text.get_text() for text in ax.texts if text.get_color() == "black"]
    assert black == [event["name"] for event in claims.events() if event["year"] <= year]
    assert f"{len(black)} events up to {year}" in pictures.until_text(year)
    assert pictures.draw_until(year).axes[0].get_title(loc="left") == f"up to {year}"


def test_names_of_events_do_not_meet_the_marks_of_their_neighbours():
    fig = pictures.draw_until(2024)
    fig.draw_without_rendering()
    box = fig.axes[0].get_window_extent()
    assert all(box.x0 - 1 < text.get_window_extent().x0 for text in fig.axes[0].texts)
    assert all(text.get_window_extent().x1 < box.x1 + 1 for text in fig.axes[0].texts)


def test_a_claim_as_a_question_has_four_options_and_one_of_them_is_right():
    html = pictures.question_html(claims.find("B28"))
    assert re.findall(r"<details class='(\w+)'><summary>([\w ]+)</summary>", html) == [
        ("wrong", "right"), ("wrong", "imprecise"), ("right", "wrong"), ("wrong", "no source"),
    ]  # fmt: skip
    before = html.partition("<details")[0]
    assert "wrong" not in before
    assert claims.find("B28")["precise"][:20] not in before


def test_what_was_measured_stands_under_a_link_to_its_cell():
    html = pictures.evidence_html(claims.find("B28"))
    assert '<a href="07_training_tips.ipynb#cell-id=code-for-bias-in-0-0-1">07_training_tips</a>' in html
    assert "bias 1.0   gate 0.73" in html


def test_a_lesson_without_its_outputs_is_no_error(monkeypatch):
    monkeypatch.setattr(claims, "lectures", dict)
    assert "run this cell" in pictures.evidence_html(claims.find("B28"))


def test_an_unknown_number_is_told():
    with pytest.raises(LookupError, match="B61"):
        pictures.answer("B61")


def test_the_course_on_one_page_has_five_lines_of_each_lesson():
    text = pictures.one_page_text()
    lessons = [name for name in claims.lectures() if "00" < name[10:12] < "15"]
    assert text.count("<details>") == len(lessons)
    assert len(re.findall(r"(?m)^5\. ", text)) == len(lessons)
