"""Figures with alt text, quizzes, explorers and the progress board."""

import asyncio
import base64
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import pytest

from course_lib.show import along, explore, explorer, figure, progress_board, question, style

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
    # pictures come at once, also where a browser's event loop is left in this process
    monkeypatch.setattr(explorer, "_once", lambda call: call)
    return seen, updates


def test_a_live_explorer_draws_in_the_kernel(monkeypatch):
    seen, updates = shown(monkeypatch)
    explore(
        line,
        alt=lambda slope: f"A straight line with slope {slope:.1f}.",
        live=True,
        play="slope",
        slope=(0.0, 2.0, 0.5),
    )
    player, slider = seen[0].children
    assert slider.value == 1.0
    assert "slope 1.0" in seen[1].data
    assert "need a running kernel" in seen[1].data
    slider.value = 2.0
    assert "slope 2.0" in updates[-1].data
    assert not player.playing


def test_what_is_typed_is_drawn_and_an_error_is_one_line(monkeypatch):
    def draw(word):
        if not word:
            raise ValueError("word: expected letters, got <nothing>")
        return line(slope=len(word))

    seen, updates = shown(monkeypatch)
    explore(draw, ALT, live=True, word="thin")
    [box] = seen[0].children
    assert "<img" in seen[1].data
    box.value = ""
    assert "got &lt;nothing&gt;" in updates[-1].data and "<img" not in updates[-1].data
    box.value = "thick"
    assert "<img" in updates[-1].data


def test_who_types_fast_waits_for_one_picture():
    calls = []

    async def typing():
        ask = explorer._once(lambda: calls.append(1), pause=0.01)
        for _ in range(5):
            ask()
        await asyncio.sleep(0.05)

    with ThreadPoolExecutor(1) as thread:  # where no event loop is left of a browser
        thread.submit(lambda: asyncio.run(typing())).result()
    assert calls == [1]


QUESTION = """
[units]
question = "What is `H` & <V> in 2^10?"
options = [
  {text = "a size", right = true, why = "It is."},
  {text = "time", misconception = "units = time steps", why = "No."},
]
"""


@pytest.fixture
def questions(monkeypatch, tmp_path):
    """A function that makes a text the questions of lesson 99."""
    monkeypatch.setattr(question, "FOLDER", tmp_path)
    question.load.cache_clear()
    yield lambda text: (tmp_path / "lesson_99.toml").write_text(text, "utf-8")
    question.load.cache_clear()


def test_a_question_opens_each_option_by_itself(questions):
    questions(QUESTION)
    html = question.as_html("99.units")
    assert html.count("<details ") == 2
    assert "<code>H</code> &amp; &lt;V&gt; in 2<sup>10</sup>?" in html
    assert "✗ Not so: <em>units = time steps</em>. No." in html
    with pytest.raises(LookupError, match="lesson 99 has units; got 'other'"):
        question.as_html("99.other")
    with pytest.raises(LookupError, match="has no questions"):
        question.as_html("98.units")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("right = true, ", 'misconception = "x", ', "units: 0 right options"),
        ('misconception = "units = time steps"', "right = true", "units: 2 right options"),
        ('why = "No."', 'why = ""', "units, option 2: why missing"),
        ("right = true, ", "", "units, option 1: misconception missing"),
    ],
)
def test_a_question_that_is_none_is_named(questions, old, new, fault):
    questions(QUESTION.replace(old, new))
    assert any(fault in line for line in question.faults("99"))
    with pytest.raises(ValueError, match="quiz: "):
        question.as_html("99.units")


def test_the_questions_of_the_course_have_no_faults():
    found = {path.stem: question.faults(path.stem[-2:]) for path in question.FOLDER.glob("*.toml")}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_a_prediction_keeps_its_answer_folded():
    html = question.predict_html("How many of 12 runs solve it?", 7, "runs")
    assert "7" not in re.sub(
        r"<details>.*?</details>|<style>.*?</style>|<script>.*?</script>|id=\"[^\"]*\"", "", html, flags=re.S
    )
    with pytest.raises(ValueError, match="can be read in the question"):
        question.predict_html("How many of 12 runs solve it? (12)", 12)


def test_no_letter_is_right_most_of_the_time():
    right = Counter()
    for path in question.FOLDER.glob("lesson_*.toml"):
        for name in question.load(path.stem[-2:]):
            options = re.findall("<details class='right'><summary><b>(.)", question.as_html(f"{path.stem[-2:]}.{name}"))
            right += Counter(options)
    assert max(right.values()) < right.total() / 2


def test_the_board_has_a_line_for_each_lesson_and_a_link_to_its_next_exercise(monkeypatch, tmp_path):
    from course_lib import checks
    from course_lib.checks import progress

    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    for task in (*checks.lesson("01"), checks.lesson("02")[0]):
        progress.record(task.id, "right", task.points, None)
    assert [r["lesson"] for r in progress_board.rows()] == checks.lessons()
    first, after = checks.lesson("02")[:2]
    assert progress_board.as_text().splitlines()[:2] == [
        "01  ██████████  10/10  done",
        f"02  {'█' * first.points:·<10}  {first.points}/10  next: {after.id} {after.name}",
    ]
    html = progress_board.as_html()
    assert '<th scope="col">next</th>' in html
    assert f'<progress aria-label="lesson 02" max="10" value="{first.points}">{first.points} of 10</progress>' in html
    link = f'<a href="../exercises/02_prediction.ipynb#cell-id=answer-{after.name}">{after.id} {after.name}</a>'
    assert link in html


def test_the_board_counts_the_first_answer_to_each_question(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    for told in ("0 wrong", "1 right", "1 right"):
        question._note("01.pulse", told)
    question._note("01.order", "2 right")
    question._note("01.reset", "")
    row = progress_board.rows()[0]
    assert (row["answered"], row["right"], row["points"]) == (2, 1, 0)
    assert f"2 of {len(question.load('01'))}, 1 right" in progress_board.as_html()


def test_the_board_stands_where_a_lesson_has_exercises_and_no_questions(monkeypatch, tmp_path):
    from course_lib import checks

    monkeypatch.setattr(question, "FOLDER", tmp_path)
    question.load.cache_clear()
    try:
        assert [row["questions"] for row in progress_board.rows()] == [0] * len(checks.lessons())
    finally:
        question.load.cache_clear()


# ---------------------------------------------------------------- along a sentence


@pytest.mark.parametrize("length", [3, 10, 19, along.MOST])
@pytest.mark.parametrize("draw", [along.lines_along, along.bars_along])
def test_every_word_stands_below_its_place_and_none_on_another(draw, length):
    words = ("the cats which sat near the dog and slept there " * 4).split()[:length]
    ax = draw(words, {"one": range(length), "two": range(length)}, quantity="h", ylabel="state")
    figure.legible(ax.figure)
    ax.figure.canvas.draw()
    labels = ax.get_xticklabels()
    assert [label.get_text() for label in labels] == words
    boxes = [label.get_window_extent() for label in labels]
    assert all(a.x1 <= b.x0 for a, b in zip(boxes, boxes[1:]))
    plt.close(ax.figure)


def test_more_words_than_can_be_read_are_refused():
    with pytest.raises(ValueError, match="words: expected at most 28, got 29"):
        along.bars_along(["the"] * 29, {"one": range(29)})
