"""Claims, their evidence and the pages made of them; small claims that break the rules in each way."""

import csv
import re
from pathlib import Path

import nbformat
import pytest

from course_lib import building, claims, vocabulary
from course_lib.show import lesson_15 as pictures

ROOT = Path(__file__).parent.parent
CLAIM = {
    "id": "B1",
    "says": "A gate is a door.",
    "verdict": "wrong",
    "precise": "It is a number.",
    "references": ["Somebody 1997"],
    "measured": {"05#code-gate": ["start", "  mean"]},
}


def course(printed="start 0: 0.5\nother\nmean 0.5\n", tags=()):
    output = nbformat.v4.new_output("stream", text=printed)
    cell = nbformat.v4.new_code_cell("x", id="code-gate", outputs=[output], metadata={"tags": list(tags)})
    return {"notebooks/05_lstm.ipynb": nbformat.v4.new_notebook(cells=[cell])}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, None),
        ({"verdict": "false"}, "verdict 'false'"),
        ({"verdict": "imprecise", "lacks": "when"}, None),
        ({"verdict": "imprecise"}, "lacks None"),
        ({"lacks": "when"}, "lacks 'when'"),
        ({"references": []}, None),
        ({"references": [], "measured": {}, "unmeasured": "history"}, "neither a reference nor a cell"),
        ({"measured": {}, "unmeasured": "history"}, None),
        ({"measured": {}}, "no cell measures it"),
        ({"measured": {"05#code-gate": ["stop"]}}, "code-gate of notebooks/05_lstm.ipynb prints no line"),
        ({"measured": {"05#code-gone": [""]}}, "code-gone of notebooks/05_lstm.ipynb prints no line"),
        ({"measured": {"14#code-gate": [""]}}, "code-gate of no lesson prints no line"),
    ],
)
def test_a_claim_without_its_evidence_is_a_fault(changed, told):
    found = claims.faults(course(), [CLAIM | changed])
    assert (found == []) if told is None else (len(found) == 1 and told in found[0]), found


def test_only_the_lines_that_are_named_are_shown_those_behind_a_fold_as_well():
    lines = ["start 0: 0.5", "mean 0.5"]
    assert next(claims.evidence(CLAIM, course())).lines == lines
    folded = course()
    cell = folded["notebooks/05_lstm.ipynb"].cells[0]
    cell.outputs = building.folded(cell.outputs)
    assert next(claims.evidence(CLAIM, folded)).lines == lines


def test_the_page_shows_what_is_printed_and_says_where_it_changes():
    page = claims.page(course(), [CLAIM])
    assert "| [B1](#b1-wrong) | A gate is a door. | wrong |" in page
    assert (
        "Measured in [05_lstm](../notebooks/05_lstm.ipynb#cell-id=code-gate):\n\n```\nstart 0: 0.5\nmean 0.5\n" in page
    )
    assert "code-gate) (another run" in claims.page(course(tags=["nbval-ignore-output"]), [CLAIM])


def test_all_sixty_sentences_and_all_numbers_are_there():
    numbers = [claim["id"] for claim in claims.load()]
    assert [n for n in numbers if n.startswith("B")] == [f"B{k}" for k in range(1, 61)]
    assert {"A3", "A6", "A38", "A48", "A57", "A69", "A97", "A98", "A130"} <= set(numbers)
    assert len(numbers) == len(set(numbers))


def test_every_claim_has_evidence_in_a_living_cell_and_the_page_is_in_step():
    notebooks = {f"notebooks/{path.name}": building.read(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    assert claims.faults(notebooks) == []
    assert (ROOT / claims.PAGE).read_text("utf-8") == claims.page(notebooks)


def test_every_reference_has_a_year_or_a_version():
    found = [ref for claim in claims.load() for ref in claim["references"] if not re.search(r"\d\d", ref)]
    assert [ref for ref in found if not ref.startswith("Keras")] == []


def test_links_of_the_lesson_lead_to_cells():
    inside = {name: {cell.id for cell in nb.cells} for name, nb in claims.lectures().items()}
    text = "\n".join(c.source for c in claims.lectures()["notebooks/15_claims.ipynb"].cells)
    links = re.findall(r"\]\((\d\d_\w+\.ipynb)?#cell-id=([\w-]+)\)", text)
    assert len(links) > 10
    assert [link for link in links if link[1] not in inside.get(f"notebooks/{link[0] or '15_claims.ipynb'}", ())] == []


def test_every_row_of_the_syllabus_has_a_cell():
    assert "not yet" not in (ROOT / "docs/syllabus.md").read_text("utf-8")


def test_the_timeline_runs_forward_and_each_event_has_its_source():
    years = [event["year"] for event in claims.events()]
    assert years == sorted(years)
    assert (years[0], len(years)) == (1986, 42)
    assert all(event["reference"] and event["kind"] in claims.KINDS for event in claims.events())
    assert set(claims.KINDS) == set(pictures.KINDS)
    lessons = {path.name[:2] for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {event["lesson"] for event in claims.events() if "lesson" in event} <= lessons


def test_a_card_for_each_claim_and_each_term():
    rows = list(csv.reader(line for line in claims.card_file().splitlines() if not line.startswith("#")))
    assert len(rows) == len(claims.load()) + len(vocabulary.load()["term"])
    assert rows[0][0] == claims.load()[0]["says"]
    assert rows[0][1].startswith("Imprecise. In Elman's network")
    assert {row[2] for row in rows} == {"claim", "term"}
    assert (ROOT / claims.CARDS).read_text("utf-8") == claims.card_file()
