"""Which explorers of a lecture can be drawn again without running it."""

import json

import pytest

from course_lib.show import stored


@pytest.mark.parametrize(
    ("call", "known"),
    [
        ("explore(loud, t=(0, 3))", True),
        ("explore(lambda t: draw(t, states), t=(0, 3))", False),
        ("explore(*drawn(states), t=(0, 3))", False),
        ("explore(loud, t=(0, len(states)))", False),
    ],
)
def test_what_binds_the_lectures_own_data_is_passed_over(tmp_path, call, known):
    cell = {"cell_type": "code", "id": "code-a", "outputs": [], "source": f"from builtins import print as loud\n{call}"}
    lecture = tmp_path / "01_a.ipynb"
    lecture.write_text(json.dumps({"cells": [cell]}), "utf-8")
    [found] = stored.of_lecture(lecture)
    assert bool(found.arguments) == known
