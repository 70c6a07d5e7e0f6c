"""Plots and questions of lesson 15, made of the claims' data. Figures take numbers and compute nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt

from course_lib import claims
from course_lib.show import question, script
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"right": "#009E73", "imprecise": "#56B4E9", "wrong": "#D55E00", "no source": "0.75"}
HATCHES = {"right": "", "imprecise": "//", "wrong": "xx", "no source": ".."}
KINDS = {
    "network": ("#0072B2", "o"),
    "training": ("#009E73", "s"),
    "use": ("#8A6A00", "^"),
    "without recurrence": ("#D55E00", "D"),
}
BLOCK = "tabindex='0' style='max-width: 68em; overflow-x: auto; margin: 0 0 0.8em 1em; font: 12px/1.35 monospace'"
LINES = "style='white-space: pre; font: inherit'"  # long lines scroll: columns stay columns
REMEMBER = re.compile(r"(?m)^## .*remember")

# ---------------------------------------------------------------- figures


def verdicts(counts: Mapping[str, int], open_questions: Mapping[str, int]) -> Figure:
    """How many claims have each verdict, and how many of the imprecise ones leave each question open."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), layout="constrained")
    _bars(left, counts, [COLOURS[name] for name in counts], [HATCHES[name] for name in counts])
    left.set_title("verdicts", loc="left")
    _bars(right, open_questions, [COLOURS["imprecise"]] * 9, [HATCHES["imprecise"]] * 9)
    right.set_title("imprecise: left open", loc="left")
    return fig


def _bars(ax: Axes, counts: Mapping[str, int], colours: Sequence[str], hatches: Sequence[str]) -> None:
    for k, count in enumerate(counts.values()):
        ax.barh(k, count, 0.7, color=colours[k], hatch=hatches[k], edgecolor="white")
        ax.text(count, k, f" {count}", va="center")
    ax.set_yticks(range(len(counts)), list(counts))
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.15 * max(counts.values())), xlabel="claims")
    ax.grid(visible=False, axis="y")


def by_lesson(table: Mapping[str, Mapping[str, int]], ax: Axes | None = None) -> Axes:
    """A bar for each lesson: of the claims that it measures, how many have each verdict.

    table  lesson -> verdict -> number of claims
    """
    ax = axes(ax, (7, 3.2))
    for k, counts in enumerate(table.values()):
        bottom = 0
        for verdict, count in counts.items():
            look = {"color": COLOURS[verdict], "hatch": HATCHES[verdict], "label": verdict if k == 0 else None}
            ax.bar(k, count, 0.75, bottom=bottom, edgecolor="white", **look)
            bottom += count
    ax.set_xticks(range(len(table)), list(table))
    ax.set(xlabel="lesson that measures", ylabel="claims")
    ax.grid(visible=False, axis="x")
    ax.set_yticks(range(0, 100, 5))
    ax.set_ylim(0, 1.08 * max(sum(counts.values()) for counts in table.values()))
    ax.legend(loc="upper right", ncols=2)
    return ax


def timeline(events: Sequence[Mapping[str, Any]], until: int = 9999, ax: Axes | None = None) -> Axes:
    """A mark for each event at its year, one below the other; those after the year `until` are pale."""
    ax = axes(ax, (7, 8.6))
    years = [event["year"] for event in events]
    middle = (min(years) + max(years)) / 2
    for kind, (colour, mark) in KINDS.items():
        chosen = [k for k, event in enumerate(events) if event["kind"] == kind and event["year"] <= until]
        ax.plot([years[k] for k in chosen], chosen, mark, color=colour, ls="none", label=kind)
    for k, event in enumerate(events):
        past = event["year"] <= until
        place = (0.7, "left") if event["year"] < middle else (-0.7, "right")
        ax.text(event["year"] + place[0], k, event["name"], ha=place[1], va="center", color="black" if past else "0.8")
        if not past:
            ax.plot(event["year"], k, "o", color="0.88", ms=4)
    ax.set(xlim=(min(years) - 1, max(years) + 1), ylim=(len(events) - 0.3, -0.7), xlabel="year")
    ax.set_yticks([])
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left")
    return ax


def draw_until(year: int) -> Figure:
    """The course's timeline up to a year."""
    ax = timeline(claims.events(), year)
    ax.set_title(f"up to {year}", loc="left")
    return ax.figure


def until_text(year: int) -> str:
    """The alt text of `draw_until`."""
    found = [event for event in claims.events() if event["year"] <= year]
    last = ", ".join(f"{event['name']} ({event['year']})" for event in found[-4:])
    return f"Timeline from {found[0]['year']} with {len(found)} events up to {year}; the last of them: {last}."


# ---------------------------------------------------------------- questions made of claims


def guess(*numbers: str) -> None:
    """Show claims by their numbers, each with four verdicts to choose from; a choice opens what was measured."""
    _display(f"<div>{''.join(question_html(claims.find(number)) for number in numbers)}{script.script()}</div>")


def question_html(claim: Mapping[str, Any]) -> str:
    """A claim as a question with the four verdicts; `guess` adds the script."""
    item = {k: claim[k] for k in ("id", "says", "verdict", "precise")}
    rows = []
    for verdict in claims.VERDICTS:
        right = verdict == claim["verdict"]
        told = "✓ Right. We say" if right else "✗ Not so: we say"
        rows.append(
            f"<details class='{'right' if right else 'wrong'}'><summary>{verdict}</summary>"
            f"<div class='why' style='margin-left: 1.5em'><p>{told} <b>{claim['verdict']}</b>.</p>"
            f"{answer_html(claim)}</div></details>"
        )
    head = (
        f"<p><b>{claim['id']}.</b> “{question.text(claim['says'])}” <em class='how'>Choose first, then open.</em></p>"
    )
    name = script.stamped("quiz", f"15.{claim['id']}", item)
    return f'<div class="course-quiz" id="{name}">{question.LOOK}{head}{"".join(rows)}</div>'


def answer_html(claim: Mapping[str, Any]) -> str:
    """What is known of a claim: the precise sentence, what the course measured, the references."""
    parts = [f"<p>{question.text(claim['precise'])}</p>", evidence_html(claim)]
    if claim["references"]:
        parts.append("<p><em>" + "<br>".join(map(question.text, claim["references"])) + "</em></p>")
    return "".join(parts)


def evidence_html(claim: Mapping[str, Any]) -> str:
    """The lines that the measuring cells of a claim have printed, each block under a link to its cell."""
    parts = []
    for one in claims.evidence(claim, claims.lectures()):
        link = f'<a href="{one.title}.ipynb#cell-id={one.cell}">{one.title}</a>'
        lines = escape("\n".join(one.lines)) or "(run this cell: your copy of the lesson holds no output of it)"
        parts.append(f"<p>Measured in {link}:</p><pre {BLOCK}><code {LINES}>{lines}</code></pre>")
    for key in ("unmeasured", "caveat"):
        parts += [f"<p>{question.text(claim[key])}</p>"] if claim.get(key) else []
    return "".join(parts)


def answer(number: str) -> None:
    """Show a claim with its verdict, the precise sentence, and what the course has measured of it."""
    found = claims.find(number)
    head = f"<p><b>{number}.</b> “{question.text(found['says'])}” <b>{found['verdict'].capitalize()}.</b></p>"
    _display(head + answer_html(found))


def browse(found: Sequence[Mapping[str, Any]]) -> None:
    """Show claims as a list, each with its verdict and its evidence behind a fold."""
    rows = [
        f"<details><summary><b>{c['id']}</b> {question.text(c['says'])}</summary>"
        f"<div style='margin-left: 1.5em'><p><b>{c['verdict'].capitalize()}.</b></p>{answer_html(c)}</div></details>"
        for c in found
    ]
    _display(f"<p>{len(found)} claims</p>{''.join(rows)}")


def card(one: claims.Card) -> None:
    """Show a study card, its answer behind a fold."""
    ask = "Right, imprecise, wrong or no source?" if one.kind == "claim" else "What is it?"
    _display(
        f"<p>{ask}<br><b>{question.text(one.front)}</b></p>"
        f"<details><summary>Turn the card</summary><p>{question.text(one.back)}</p></details>"
    )


def one_page() -> None:
    """Show the lines to remember of all lessons that are here, each lesson's behind a fold."""
    from IPython.display import Markdown, display

    display(Markdown(one_page_text()))


def one_page_text() -> str:
    """The lines to remember as Markdown: they stand in each lecture under a heading that says so."""
    parts = []
    for name, nb in claims.lectures().items():
        file = name.removeprefix("notebooks/")
        for cell in nb.cells:
            if cell.cell_type == "markdown" and REMEMBER.search(cell.source) and not file.startswith("15"):
                lines = "\n".join(re.findall(r"(?m)^\d\. .*", cell.source))
                title = f"{file[:2]} {nb.metadata.course.title}"
                link = f"[to the lesson]({file}#cell-id={cell.id})"
                parts.append(f"<details><summary>{title}</summary>\n\n{lines}\n\n{link}\n\n</details>")
    return "\n".join(parts)


def _display(html: str) -> None:
    from IPython.display import HTML, display

    display(HTML(html))
