"""A file as it was handed in: what is no whole notebook is named in one line, with a mend that its owner can follow."""

import doctest
import gzip
import json
import re
import sys

import pytest

from course_lib.grading import notebook as reading
from course_lib.grading.notebook import Unreadable, parse
from tests.grading.handed_in import notebook

TEXT = json.dumps(notebook(), indent=1)
LINES = TEXT.splitlines()
LAST = len(LINES)
MARKED = "\n".join([*LINES[:9], "<<<<<<< HEAD", *LINES[9:11], "=======", *LINES[9:11], ">>>>>>> b1f2", *LINES[11:]])
SAME = "hand in the whole file again, or hand in the copy that JupyterLab keeps"
HELD = {
    "conflict": (MARKED, "Git's marks of a conflict (<<<<<<<, first at line 10): in a text editor"),
    "conflict of Windows": (MARKED.replace("\n", "\r\n"), "Git's marks of a conflict (<<<<<<<, first at line 10)"),
    "conflict of the whole file": (
        f"<<<<<<< HEAD\n{TEXT}\n=======\n{TEXT}\n>>>>>>> b",
        "conflict (<<<<<<<, first at line 1)",
    ),
    "conflict with an ancestor": (MARKED.replace("=======", "||||||| a\n======="), "marks of a conflict"),
    "pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "`git lfs pull`"),
    "twice": (TEXT + "\n" + TEXT, f"goes on at line {LAST + 1}, after the end of the notebook: delete the rest"),
    "one bracket too many": (TEXT + "\n}", f"goes on at line {LAST + 1}, after the end"),
    "line comment": (TEXT.replace("{\n", "{ // mine\n", 1), "holds a comment at line 1"),
    "block comment": ("\n".join([*LINES[:5], "/* here */", *LINES[5:]]), "holds a comment at line 6"),
    "comma forgotten": (
        TEXT.replace(",\n", "\n", 1),
        "damaged JSON at line 5 or before it (Expecting ',' delimiter): mend",
    ),
    "many commas": (re.sub(r"(?=\n *[\]}])", ",", TEXT), "delete every comma that stands before a ] or }"),
    "quotes of Python": (str(notebook()), "damaged JSON at line 1 or before it (Expecting property name"),
    "script": ("import numpy as np\n\ndef step(x):\n    return x\n", "not a notebook but a Python script: hand in"),
    "percent script": ("# %% [markdown]\n# # Title\n# %%\nx = 1", "a Python script"),
    "Markdown": ("---\njupytext: 1\n---\n\n# Title\n\n```{code-cell}\nx = 1\n```\n", "a Markdown text: hand in"),
    "text": ("hello\n", "not a notebook but a text: hand in"),
    "bytes": (b"\x01\x02\x03abc\0\0\0xyz", "not a notebook but a binary file"),
    "gzip": (gzip.compress(b"{}"), "is a gzip archive"),
    "tar": (b"work/x.ipynb".ljust(257, b"\0") + b"ustar" + bytes(300), "is a tar archive"),
    "rich text": (b"{\\rtf1\\ansi {}}", "is a document of a word processor"),
    "macOS": (b"\x00\x05\x16\x07\x00\x02" + bytes(60), "is a companion file of macOS"),
    "web page": ("\n <!DOCTYPE html>", "is a web page"),
    "link": ("[InternetShortcut]\nURL=https://example.org\n", "is a link, not a notebook"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_it_is_is_said_and_how_to_mend_it(name):
    content, said = HELD[name]
    with pytest.raises(Unreadable) as caught:
        parse(content if isinstance(content, bytes) else content.encode())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ": " in str(caught.value)
    assert "open it in JupyterLab" not in str(caught.value), "JupyterLab opens none of these"


@pytest.mark.parametrize("text", [TEXT, json.dumps(notebook()), TEXT.replace("\n", "\r\n"), TEXT + "\0" * 40])
def test_every_beginning_of_a_file_is_cut_off(text):
    whole = len(text.rstrip("\0"))
    for end in [*range(1, 40), *range(40, whole - 40, 97), *range(whole - 40, whole)]:
        with pytest.raises(Unreadable, match=r"is cut off at line \d+: hand in the whole file again"):
            parse(text[:end].encode())


def test_a_file_that_is_cut_in_a_letter_is_cut_off():
    raw = TEXT.replace('"# ', '"# größer é– ').encode()
    end = raw.index("–".encode()) + 1
    with pytest.raises(Unreadable, match="is cut off"):
        parse(raw[:end])


def test_a_comma_too_many_is_left_out_wherever_it_stands():
    whole = parse(TEXT.encode())
    places = [k for k, line in enumerate(LINES) if line.strip().rstrip(",") in ("]", "}")]
    assert len(places) > 20
    for k in places:
        for comma in (",", " , \n\n"):
            mended = parse("\n".join([*LINES[: k - 1], LINES[k - 1] + comma, *LINES[k:]]).encode())
            assert mended.cells == whole.cells
            assert mended.notes == (f"a comma too many at line {k} was left out",)


def test_a_comma_in_a_text_is_no_comma_too_many():
    cell = {"cell_type": "code", "source": "x = [1, ]\ny = {'a': 1,}  # ,]", "metadata": {}}
    assert parse(json.dumps({"cells": [cell]}).encode()).cells[0].source == cell["source"]


def test_one_line_of_many_commas_is_read_in_no_time():
    with pytest.raises(Unreadable, match="damaged JSON"):
        parse(b'{"cells": [' + b",]" * 2**20 + b"}")


@pytest.mark.parametrize(
    ("source", "kind", "read"),
    [
        ("%python\nx = 1", "code", "x = 1"),
        ("%python  \r\nx = 1", "code", "x = 1"),
        ("%python", "code", ""),
        ("%md\n# Title", "markdown", "# Title"),
        ("%%python\nx = 1", "code", "%%python\nx = 1"),  # another program, in every notebook
        ("%python x = 1", "code", "%python x = 1"),
        ("%sql\nselect 1", "code", "%sql\nselect 1"),
        ("#@title Answer\nx = 1", "code", "#@title Answer\nx = 1"),
        ("x = 1\n%python", "code", "x = 1\n%python"),
    ],
)
def test_databricks_word_for_the_language_is_no_code(source, kind, read):
    cell = {"cell_type": "code", "source": source, "metadata": {"tags": ["answer:f"]}}
    submission = parse(json.dumps({"cells": [cell]}).encode())
    assert [(c.kind, c.source, c.tags) for c in submission.cells] == [(kind, read, ("answer:f",))]
    assert submission.notes == ()


def test_a_syntax_error_names_the_python_that_grades():
    said = reading.syntax_note("SyntaxError", "f-string: unmatched '['")
    assert said == f"f-string: unmatched '[' (graded with Python {sys.version_info[0]}.{sys.version_info[1]})"
    assert reading.syntax_note("SyntaxError", said) == said
    assert reading.syntax_note("ValueError", "no") == "no"


def test_examples_are_true():
    assert doctest.testmod(reading).failed == 0
