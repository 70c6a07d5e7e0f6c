"""Questions that are answered before they are opened: `quiz` with plausible options, `predict` with a number.

Both work without a kernel. Without scripts each option of a quiz, and the answer of a prediction, opens by itself.
"""

from __future__ import annotations

import html
import os
import re
import tomllib
import zlib
from functools import cache, partial
from pathlib import Path
from typing import Any

from course_lib.show import script
from course_lib.show.bar import in_notebook

FOLDER = Path(__file__).parent / "quizzes"
LOOK = (
    "<style>.course-quiz fieldset{border:1px solid #888;border-radius:4px;max-width:46em}"
    ".course-quiz legend{float:left;width:100%;padding:.3em 0}.course-quiz legend+*{clear:both}"
    ".course-quiz label,.course-quiz .verdict{display:block;padding:.3em .6em;border-left:4px solid transparent}"
    ".course-quiz .verdict:empty{display:none}.course-quiz .yes{border-color:#009E73}"
    ".course-quiz .no{border-color:#D55E00}"
    ".course-quiz button{margin:.4em .5em;font:inherit}.course-quiz .all{margin:.4em .5em}"
    ".course-predict input{width:8em;font:inherit}.course-predict button{font:inherit}</style>"
)
POWER = re.compile(r"(?<=[\w)])\^(?:\{([^}]*)\}|(-?[\w.]*\w))")
CLOSED = "Open when you have guessed"


@cache
def load(lesson: str) -> dict[str, dict[str, Any]]:
    """The questions of one lesson by name; LookupError when the lesson has none.

    A question holds `question` and `options`; an option holds `text`, `why`, and either `right = true` or the
    `misconception` that makes people choose it.
    """
    path = FOLDER / f"lesson_{lesson}.toml"
    if not path.is_file():
        raise LookupError(f"quiz: lesson {lesson!r} has no questions in {FOLDER.name}/")
    return tomllib.loads(path.read_text("utf-8"))


def faults(lesson: str) -> list[str]:
    """What is wrong with the questions of one lesson, one line each."""
    found = []
    for name, item in load(lesson).items():
        options = item.get("options", [])
        right = sum(bool(option.get("right")) for option in options)
        where = f"{FOLDER.name}/lesson_{lesson}.toml, {name}"
        if right != 1:
            found.append(f"{where}: {right} right options; exactly one is right")
        for number, option in enumerate(options, 1):
            missing = [k for k in ("text", "why") if not str(option.get(k, "")).strip()]
            if not option.get("right") and not option.get("misconception"):
                missing.append("misconception")
            if missing:
                found.append(f"{where}, option {number}: {' and '.join(missing)} missing")
    return found


def quiz(name: str) -> None:
    """Show one question, `quiz("01.units")`: choose an option, lock it, and read whether it holds, and why."""
    from IPython.display import HTML, display

    display(HTML(as_html(name)))
    _listen(name)


def as_html(name: str) -> str:
    """A question as HTML with one `<details>` for each option, which the script turns into options to choose from."""
    item = _item(name)
    rows = []
    for letter, option in zip("ABCDEFGH", sorted(item["options"], key=partial(_place, name)), strict=False):
        right = bool(option.get("right"))
        kind = "right" if right else "wrong"
        verdict = "✓ Right." if right else f"✗ Not so: <em>{text(option['misconception'])}</em>."
        rows.append(
            f"<details class='{kind}'><summary><b>{letter}</b> {text(option['text'])}</summary>"
            f"<p class='why' style='margin-left: 1.5em'>{verdict} {text(option['why'])}</p></details>"
        )
    how = "<em class='how'>Choose first, then open your choice.</em>"
    head = f"<p><b>Question.</b> {text(item['question'])} {how}</p>"
    return f'<div class="course-quiz" id="{_id(name)}">{LOOK}{head}{"".join(rows)}{script.script()}</div>'


def _item(name: str) -> dict[str, Any]:
    lesson, _, key = name.partition(".")
    questions = load(lesson)
    if key not in questions:
        raise LookupError(f"quiz: lesson {lesson} has {', '.join(questions)}; got {key!r}")
    wrong = [fault for fault in faults(lesson) if f".toml, {key}" in fault]
    if wrong:
        raise ValueError(f"quiz: {wrong[0]}")
    return questions[key]


def _id(name: str) -> str:
    return script.stamped("quiz", name, _item(name))


def _listen(name: str) -> None:
    """Write the choice that is locked in the browser into the learner's progress, where there are kernel and file."""
    from course_lib.checks import progress

    if not in_notebook() or os.environ.get("COURSE_GRADING") or not progress.kept():
        return
    import ipywidgets as widgets
    from IPython.display import display

    relay = widgets.Text(layout={"display": "none"})
    relay.add_class(f"relay-{_id(name)}")
    relay.observe(lambda change: _note(name, change["new"]), names="value")
    display(relay)


def _note(name: str, told: str) -> None:
    """Record an answer ("2 right") once: the browser tells it again after each reload."""
    from course_lib.checks import progress

    status = told.partition(" ")[2]
    if status in ("right", "wrong") and name not in progress.questions():
        progress.record(f"quiz {name}", status, 0.0, None)


def predict(question: str, answer: float, unit: str = "") -> None:
    """Ask for a number before it is shown: `predict("How many of 12 runs solve it?", solved, "runs")`.

    The answer stands in a fold; who types a guess is told how far off it was. Nobody has to.
    """
    from IPython.display import HTML, display

    display(HTML(predict_html(question, answer, unit)))


def predict_html(question: str, answer: float, unit: str = "") -> str:
    """A prediction as HTML; ValueError when the answer can be read in the question."""
    shown = f"{answer:.4g}"
    if re.search(rf"(?<![\d.]){re.escape(shown)}(?![\d.]*\d)", question):
        raise ValueError(f"predict: the answer {shown} can be read in the question")
    told = f"It is <data value='{float(answer)!r}'>{shown}</data> {text(unit)}".strip()
    return (
        f'<div class="course-predict" id="{script.stamped("predict", question[:30], [question, unit])}">{LOOK}'
        f"<p><b>Your guess?</b> {text(question)}</p><details><summary>{CLOSED}</summary><p>{told}.</p></details>"
        f"{script.script()}</div>"
    )


def _place(name: str, option: dict[str, Any]) -> int:
    """Where an option stands: by a hash, always the same, since authors put the right one in the middle."""
    return zlib.crc32(f"{name} {option['text']}".encode())


def text(plain: str) -> str:
    """Plain text with `code` marks, $formulas$ and powers (2^200) as HTML."""
    parts = html.escape(plain.strip(), quote=False).split("`")
    return "".join(f"<code>{p}</code>" if k % 2 else _formulas(_powers(p)) for k, p in enumerate(parts))


def _formulas(plain: str) -> str:
    if "$" not in plain:
        return plain
    from course_lib import formulas

    return formulas.inline(plain)


def _powers(plain: str) -> str:
    """2^200 and 0.9^{50} with raised exponents; what stands between dollar signs is left to the formulas."""
    parts = plain.split("$")
    raised = [
        re.sub(r"(?<=[\w)])\^(?:\{([^}]*)\}|(-?[\w.]*\w))", lambda m: f"<sup>{m[1] or m[2]}</sup>", p) for p in parts
    ]
    return "$".join(raised[k] if k % 2 == 0 else parts[k] for k in range(len(parts)))
