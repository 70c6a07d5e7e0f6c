"""Uses of names: the answers come from ast, and the reader sees no name; bad input is named."""

import numpy as np
import pytest

from course_lib.data.uses_of_names import TOKENS, USES, name_windows, names_in_library, table_score, uses_of_names


def told(source):
    names = uses_of_names(source)
    return [(USES[use], int(far)) for use, far in zip(names.uses, names.ahead) if use >= 0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("print(size)", [("called", 1), ("read", -1)]),
        ("a, b = c", [("assigned", 3), ("assigned", 1), ("read", -1)]),
        ("self.x = y", [("followed by a dot", 1), ("assigned", 1), ("read", -1)]),
        ("a[i] += 1", [("read", -1), ("read", -1)]),
        ("a: int = 1", [("assigned", 1), ("read", -1)]),
        ("f(key=1)", [("called", 1), ("keyword argument", 1)]),
        ("for k in xs: pass", [("assigned", 0), ("read", -1)]),
        ("def f(x, y=z): pass", [("declared", 0), ("declared", 0), ("declared", 0), ("read", -1)]),
        ("a = b = c", [("assigned", 1), ("assigned", 1), ("read", -1)]),
        ("if (n := g()): pass", [("assigned", 1), ("called", 1)]),
        ("x = 'ä'; yy.z()", [("assigned", 1), ("followed by a dot", 1), ("called", 1)]),
        ("import os as o", [("declared", 0), ("declared", 0)]),
    ],
)
def test_the_use_of_each_name(source, expected):
    assert told(source) == expected


def test_all_names_look_alike():
    names = uses_of_names("first = second")
    assert [TOKENS[i] for i in names.ids] == ["NAME", "=", "NAME", "NEWLINE"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "at least one name"),
        ("1 + 1", "at least one name"),
        ("for for", "expected Python that can be run"),
        ("x = (", "expected Python that can be run"),
        ("x = 1\x00", "expected Python that can be run"),
        (b"RIFF", "expected the text of a Python file, got bytes"),
    ],
)
def test_what_is_no_python_is_named(source, message):
    with pytest.raises(ValueError, match=message):
        uses_of_names(source)


def test_halves_share_no_file():
    train, test = names_in_library()
    assert train
    assert test
    assert not set(train) & set(test)


def test_windows_refuse_a_length_that_no_file_has():
    with pytest.raises(ValueError, match="T: expected a file with at least 1000 tokens"):
        name_windows([uses_of_names("a = b")], 1000)


def test_a_table_with_what_stands_behind_beats_one_without():
    files = [uses_of_names("a = f(b)\nc.d(e)\n" * 3)]
    assert table_score(files, files, 0, 1) > table_score(files, files, 0, 0)
    assert np.isclose(table_score(files, files, 2, 2), 1.0)
