"""The start notebook's map and questions."""

import json

from course_lib.show import course_map, question


def notebook(title, text, minutes):
    cell = {"cell_type": "markdown", "source": [text]}
    return json.dumps({"cells": [cell], "metadata": {"course": {"title": title, "minutes": minutes}}})


def test_the_map_reads_what_is_there(tmp_path):
    for folder in ("notebooks", "exercises"):
        (tmp_path / folder).mkdir()
    text = "# 01 · First\n\n**A promise | with a bar.**\n\nMore **bold** text."
    (tmp_path / "notebooks" / "01_first.ipynb").write_text(notebook("First", text, {"teaching": 60, "exercises": 90}))
    (tmp_path / "notebooks" / "02_second.ipynb").write_text(notebook("Second", "# only a title", {"teaching": 30}))
    (tmp_path / "notebooks" / "03_broken.ipynb").write_text("{")
    (tmp_path / "exercises" / "01_first.ipynb").write_text(notebook("First", "#", {"exercises": 90}))
    table = course_map.rows(tmp_path)
    assert [(r["lesson"], r["teaching"], r["exercises"]) for r in table] == [("01", 60, 90), ("02", 30, 0)]
    assert [r["promise"] for r in table] == ["A promise | with a bar.", ""]
    said = course_map.as_markdown(tmp_path)
    work = "60 min | [90 min](../exercises/01_first.ipynb)"
    assert f"| [01 First](01_first.ipynb) | A promise \\| with a bar. | {work} |" in said
    assert "| **together** | | 1.5 h | 1.5 h |" in said


def test_the_map_of_this_course_has_lesson_one_with_a_promise():
    row = next(r for r in course_map.rows() if r["lesson"] == "01")
    assert row["title"] == "Recurrence"
    assert row["promise"]
    assert row["exercises"] > 0


def test_the_questions_on_prerequisites_have_one_right_answer_and_a_pointer():
    for name, item in question.load("00").items():
        assert sum(bool(o.get("right")) for o in item["options"]) == 1, name
        wrong = [o for o in item["options"] if not o.get("right")]
        assert all(o["misconception"] and "Section" in o["why"] for o in wrong), name
        assert "<details" in question.as_html(f"00.{name}")


def test_the_slider_of_the_start_notebook_draws():
    from course_lib.show import figure
    from course_lib.show.lesson_00 import draw_tanh

    pictures = [figure.picture(draw_tanh(slope), "A curve between -1 and 1.") for slope in (1, 6)]
    assert pictures[0] != pictures[1]
