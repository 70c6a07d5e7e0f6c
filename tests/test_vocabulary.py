"""Nothing before its turn: words and functions, on small lectures that break the rule in each way."""

import nbformat
import pytest

from course_lib import building, vocabulary

WORDS = {
    "term": [
        {"name": "gate", "lesson": "05", "cell": "text-gate", "says": "A number in 0..1.", "forms": ["gate", "gates"]},
    ],
    "instead": {"valves?": "gate"},
    "free": {"course_lib.show": "00", "course_lib.training": "06"},
}


def text(cell_id, source):
    return nbformat.v4.new_markdown_cell(source, id=cell_id)


def code(cell_id, source):
    return nbformat.v4.new_code_cell(source, id=cell_id)


def lectures(before=(), after=(), evidence=()):
    first = nbformat.v4.new_notebook(cells=[text("text-a", "# 04"), *before])
    explains = text("text-gate", "We call it a **gate**.")
    second = [explains, *after, text("text-more", "## More evidence"), *evidence]
    return {"notebooks/04_a.ipynb": first, "notebooks/05_b.ipynb": nbformat.v4.new_notebook(cells=second)}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, None),
        ({"before": [text("text-b", "A Gate, too early.")]}, "04_a.ipynb, cell text-b: 'Gate' before lesson 05"),
        ({"before": [text("text-b", "a `gate` in [05 the gate](05_b.ipynb), $gate$, floodgate")]}, None),
        ({"after": [text("text-b", "two gates")], "evidence": [text("text-c", "a valve")]}, None),
        ({"after": [text("text-b", "two valves")]}, "'valves'; the course says gate"),
        ({"after": [code("code-b", "from course_lib.nn.cells import lstm_step")]}, "lstm_step comes before"),
        ({"after": [code("code-b", "from course_lib.training import fit")]}, "fit comes before"),
        ({"before": [code("code-b", "def lstm_step(): pass")],
          "after": [code("code-c", "from course_lib.nn.cells import lstm_step\nfrom course_lib import show")]}, None),
        ({"evidence": [code("code-b", "from course_lib.nn.cells import lstm_step")]}, None),
    ],
)  # fmt: skip
def test_what_comes_before_its_turn_is_found(parts, told):
    found = vocabulary.faults(lectures(**parts), WORDS)
    assert (found == []) if told is None else (len(found) == 1 and told in found[0]), found


def test_a_term_must_be_printed_bold_in_its_cell():
    course = lectures()
    course["notebooks/05_b.ipynb"].cells[0].source = "We call it a gate."
    assert "should print **gate**" in vocabulary.faults(course, WORDS)[0]
    course["notebooks/05_b.ipynb"].cells[0].id = "text-other"
    assert any("text-gate is not in the core" in fault for fault in vocabulary.faults(course, WORDS))


def test_the_glossary_links_each_term_to_the_cell_that_explains_it():
    assert "| **gate** | A number in 0..1. | [05](../notebooks/05_b.ipynb#cell-id=text-gate) |" in vocabulary.glossary(
        lectures(), WORDS["term"]
    )


def test_the_evidence_is_closed_and_the_core_has_a_limit():
    cells = [text(f"text-{k}", "x") for k in range(61)]
    nb = nbformat.v4.new_notebook(cells=[*cells, text("text-more", "## More evidence")])
    assert "61 cells above" in building.warnings_of(nb, "notebooks/04_a.ipynb")[0]
    closed = building.canonical(nb).cells[-1].metadata
    assert closed == {"jp-MarkdownHeadingCollapsed": True}
    assert building.warnings_of(nbformat.v4.new_notebook(cells=nb.cells[1:]), "notebooks/04_a.ipynb") == []
