"""What came out: JSON, CSV, pages for learners and for the class, files that Canvas, Moodle and CI import."""

from __future__ import annotations

import csv
import hashlib
import html as html_module
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from course_lib.grading.executor import remove_parts, write_atomically

Row = dict[str, Any]
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # the wide ones too: some spreadsheets take them for the others
STABLE = ("id", "name", "points", "max_points", "status", "message", "misconception")


def write(rows: list[Row], outputs: dict[str, str], seed: int, protection: str, timing: Row) -> list[str]:
    """Write the reports that were asked for; each one that cannot be written is one line of the result."""
    makers: dict[str, Callable[[], str]] = {
        "json": lambda: as_json(rows, seed, protection, timing),
        "csv": lambda: as_csv(rows),
        "canvas": lambda: as_canvas(rows),
        "moodle": lambda: as_moodle(rows),
        "junit": lambda: as_junit(rows),
    }
    failed = []
    for kind, target in outputs.items():
        try:
            remove_parts(Path(target) if kind == "html" else Path(target).parent)
            if kind == "html":
                for name, text in pages(rows, seed, protection).items():
                    write_atomically(Path(target) / name, text)
            else:
                write_atomically(Path(target), makers[kind]())
        except OSError as error:
            why = error.strerror or error
            failed.append(f"--{kind} {target}: not written ({why}); make room or name another place")
    return failed


def as_json(rows: list[Row], seed: int, protection: str, timing: Row) -> str:
    """The stable interface: the same submissions, grader and seed give the same bytes, apart from `timing`."""
    submissions = []
    for row in rows:
        item = {k: row[k] for k in ("file", "points", "max_points", "status", "message", "lesson", "notes")}
        item["exercises"] = [{k: e[k] for k in STABLE} for e in row["exercises"]]
        submissions.append(item)
    whole = {"seed": seed, "protection": protection, "timing": timing, "submissions": submissions}
    return json.dumps(whole, indent=1) + "\n"


def safe(value: Any) -> Any:
    """A cell of a table that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in FORMULA else value


def table(lines: list[list[Any]]) -> str:
    """Lines as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[safe(v) for v in line] for line in lines])
    return out.getvalue()


def number(value: float) -> str:
    """Points without a needless `.0`."""
    return f"{value:g}"


def as_csv(rows: list[Row]) -> str:
    """One line a submission, one column an exercise."""
    ids = sorted({e["id"] for r in rows for e in r["exercises"]})
    lines: list[list[Any]] = [["file", "points", "max_points", "status", *ids, "misconceptions", "message"]]
    for row in rows:
        points = {e["id"]: number(e["points"]) for e in row["exercises"]}
        keys = " ".join(f"{e['id']}:{e['misconception']}" for e in row["exercises"] if e["misconception"])
        head = [row["file"], number(row["points"]), number(row["max_points"]), row["status"]]
        lines.append([*head, *(points.get(i, "") for i in ids), keys, row["message"]])
    return table(lines)


def got(row: Row) -> str:
    """Points of a submission or an exercise, in words."""
    if row["status"] in ("unreadable", "failed"):
        return "not graded"
    return f"{number(row['points'])} of {number(row['max_points'])}"


def as_text(rows: list[Row], seed: int, protection: str) -> str:
    """The class on a terminal; one submission is shown with all its checks."""
    lines = []
    for row in rows:
        what = f": {row['message']}" if row["message"] else ""
        mark = f"{got(row):>8}"
        lines.append(f"{mark}  {row['file']}{what}")
        if len(rows) == 1:
            for e in row["exercises"]:
                sign = "✓" if e["status"] == "right" else "·" if e["status"] == "blank" else "✗"
                lines.append(f"  {sign} {e['id']} {e['name']} ({got(e)}): {e['message']}")
            lines += [f"  note: {n}" for n in row["notes"]]
    lines.append(f"seed {seed}. {protection}")
    return printable("\n".join(lines))


def learner(row: Row) -> tuple[str, str]:
    """(name, identity number) of the learner, from the names that Canvas and Moodle give to downloaded files.

    Moodle: `Ada Byron_4711_assignsubmission_file/x.ipynb`; Canvas: `byronada_[LATE_]4711_815_x.ipynb`; else the file.
    """
    parts = Path(row["file"]).parts
    for part in parts[:-1]:  # the outermost: a folder inside what somebody handed in names nobody
        found = re.match(r"(.+?)_(\d+)_assignsubmission", part)
        if found:
            return found[1], found[2]
    stem = Path(row["file"]).name.rsplit(".ipynb", 1)[0]
    found = re.match(r"([^_]+)_(?:LATE_)?(\d+)_\d+_", stem, re.IGNORECASE)
    return (found[1], found[2]) if found else (stem, "")


def counting(rows: list[Row]) -> list[tuple[tuple[str, str], Row]]:
    """(learner, result) for grade imports: of several notebooks of one learner and lesson the one with most points.

    Learners without a number are known by their file; where several files have one name, by the folders as well.
    """
    people = [learner(row) for row in rows]
    count = Counter(people)
    paths = short_paths(rows)
    best: dict[tuple[tuple[str, str], str], Row] = {}
    for row, who in zip(rows, people, strict=True):
        if not who[1] and count[who] > 1:
            who = paths[row["file"]].rsplit(".ipynb", 1)[0], ""
        if row["points"] > best.get((who, row["lesson"]), {"points": -1})["points"]:
            best[who, row["lesson"]] = row
    graded = {who for who, lesson in best if lesson}
    return [(who, row) for (who, lesson), row in best.items() if lesson or who not in graded]


def short_paths(rows: list[Row]) -> dict[str, str]:
    """Each file as seen from the folder that holds all of them."""
    top = os.path.commonpath([str(Path(row["file"]).parent) for row in rows]) if rows else ""
    return {row["file"]: os.path.relpath(row["file"], top or ".") for row in rows}


def as_canvas(rows: list[Row]) -> str:
    """Canvas grade import: one column a lesson, points possible in the second line."""
    lessons = {f"Lesson {r['lesson']}": number(r["max_points"]) for r in rows if r["status"] == "graded"}
    titles = sorted(lessons)
    lines: list[list[Any]] = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles]]
    lines.append(["    Points Possible", "", "", "", "", *(lessons[t] for t in titles)])
    people: dict[tuple[str, str], dict[str, str]] = {}
    for who, row in counting(rows):
        if row["status"] == "graded":
            people.setdefault(who, {})[f"Lesson {row['lesson']}"] = number(row["points"])
    lines += [[name, ident, "", "", "", *(p.get(t, "") for t in titles)] for (name, ident), p in people.items()]
    return table(lines)


def as_moodle(rows: list[Row]) -> str:
    """Moodle grade import: identifier as in Moodle's own worksheet, grade, feedback."""
    lines: list[list[Any]] = [["Identifier", "Full name", "Maximum grade", "Grade", "Feedback comments"]]
    for (name, ident), row in counting(rows):
        told = "; ".join(f"{e['id']} {e['message']}" for e in row["exercises"] if e["status"] != "right")
        graded = row["status"] == "graded"
        grade = [number(row["max_points"]), number(row["points"])] if graded else ["", ""]
        lines.append([f"Participant {ident}" if ident else "", name, *grade, told or row["message"]])
    return table(lines)


def printable(text: str) -> str:
    """Text without characters that XML and pages cannot hold, that terminals obey, or that turn the reading order."""
    held = "[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    return re.sub(f"{held}|[\u2028-\u202e\u2066-\u2069]", "�", text)


def as_junit(rows: list[Row]) -> str:
    """JUnit XML for CI: one suite a submission, one case an exercise."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    for row in rows:
        cases = row["exercises"] or [{"id": "file", "name": "readable", "status": "error", "message": row["message"]}]
        bad = sum(e["status"] != "right" for e in cases)
        lines.append(f'<testsuite name={quoteattr(printable(row["file"]))} tests="{len(cases)}" failures="{bad}">')
        for e in cases:
            name = quoteattr(f"{e['id']} {e['name']}")
            case = f"<testcase classname={quoteattr(printable(row['file']))} name={name}"
            if e["status"] == "right":
                lines.append(f"{case}/>")
            else:
                message = printable(e["message"])
                kind = quoteattr(e["status"])
                failure = f"<failure type={kind} message={quoteattr(message)}>{escape(message)}</failure>"
                lines.append(f"{case}>{failure}</testcase>")
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:54rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
pre{background:#f4f4f4;padding:.7rem;overflow-x:auto;border-radius:4px;font-size:.85rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left}
section{border-left:5px solid #b35900;padding-left:1rem;margin:1.5rem 0}section.right{border-color:#0b6e4f}
.bar{background:#2b6cb0;height:1rem;display:inline-block;vertical-align:middle}
small{color:#555}
"""


def page(title: str, body: str) -> str:
    """One page that needs nothing from outside and runs no script."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n'
        f"<body>{body}</body></html>\n"
    )


def text(value: Any) -> str:
    """Anything as harmless HTML text."""
    return html_module.escape(printable(str(value)))


def titled(file: str) -> str:
    """The name of a file, after its learner's where only the folder says who that is."""
    name, who = Path(file).name, learner({"file": file})[0]
    return name if name.startswith(who) else f"{who}: {name}"


def page_name(file: str) -> str:
    """A file name for a learner's page: readable, safe everywhere, never the same for two files."""
    stem = re.sub(r"[^\w-]+", "-", titled(file).rsplit(".ipynb", 1)[0], flags=re.ASCII).strip("-")[:40] or "notebook"
    return f"{stem}-{hashlib.sha256(file.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def pages(rows: list[Row], seed: int, protection: str) -> dict[str, str]:
    """File name → page: one for each learner and index.html for the teacher."""
    found = {page_name(row["file"]): learner_page(row, seed) for row in rows}
    return {**found, "index.html": class_page(rows, seed, protection)}


def learner_page(row: Row, seed: int) -> str:
    """What one learner gets: verdict, message, one small case, the hints to open, their own answer."""
    name = titled(row["file"])
    parts = [f"<h1>{text(name)}</h1>"]
    if row["status"] != "graded":
        parts.append(f"<p>This file could not be graded: it {text(row['message'])}.</p>")
    else:
        parts.append(f"<p><strong>{number(row['points'])} of {number(row['max_points'])} points</strong></p>")
    parts += [_exercise(e, row["answers"].get(e["name"], "")) for e in row["exercises"]]
    if row["notes"]:
        parts.append("<h2>Notes</h2><ul>" + "".join(f"<li>{text(n)}</li>" for n in row["notes"]) + "</ul>")
    parts.append(f"<p><small>Inputs drawn with seed {seed}.</small></p>")
    return page(name, "\n".join(parts))


def _exercise(e: Row, answer: str) -> str:
    right = e["status"] == "right"
    sign = "✓" if right else "·" if e["status"] == "blank" else "✗"
    parts = [
        f'<section class="{"right" if right else "open"}">',
        f"<h2>{sign} {text(e['id'])} {text(e['name'])}: {number(e['points'])} of {number(e['max_points'])}</h2>",
        f"<p>{text(e['message'])}</p>",
    ]
    if e["obtained"] and not right:
        rows = [("input", e["case"]), ("expected", e["expected"]), ("obtained", e["obtained"])]
        lines = "".join(f"<tr><th>{k}</th><td><code>{text(v)}</code></td></tr>" for k, v in rows if v)
        parts.append(f"<table>{lines}</table>")
    if not right:
        parts += [
            f"<details><summary>Hint {k}</summary><p>{text(h)}</p></details>" for k, h in enumerate(e["hints"], 1)
        ]
    if answer:
        parts.append(f"<details><summary>Your answer</summary><pre>{text(answer)}</pre></details>")
    return "\n".join([*parts, "</section>"])


def class_page(rows: list[Row], seed: int, protection: str) -> str:
    """The teacher's page: points, how they spread, which bugs are common."""
    graded = [r for r in rows if r["status"] == "graded"]
    parts = [f"<h1>{len(rows)} submissions</h1>"]
    if graded:
        shares = [r["points"] / r["max_points"] if r["max_points"] else 0 for r in graded]
        mean = sum(shares) / len(shares)
        parts.append(f"<p>Mean: {100 * mean:.0f} % of the points, {len(graded)} graded.</p>")
        parts.append(_histogram(graded))
        parts.append(_exercises_table(graded))
        parts.append(_misconceptions_table(graded))
    lines, paths = [], short_paths(rows)
    for row in rows:
        link = f'<a href="{page_name(row["file"])}">{text(paths[row["file"]])}</a>'
        lost: dict[str, list[str]] = {}
        for e in row["exercises"]:
            if e["points"] == 0:
                lost.setdefault(e["status"], []).append(e["id"])
        told = row["message"] or "; ".join(f"{status}: {', '.join(ids)}" for status, ids in lost.items())
        lines.append(f"<tr><td>{link}</td><td>{got(row).replace(' ', '&nbsp;')}</td><td>{text(told)}</td></tr>")
    head = "<tr><th>file</th><th>points</th><th>open</th></tr>"
    parts.append(f"<h2>Everyone</h2><table>{head}{''.join(lines)}</table>")
    parts.append(f"<p><small>Seed {seed}. {text(protection)}</small></p>")
    return page("Class summary", "\n".join(parts))


def _histogram(graded: list[Row]) -> str:
    counts = Counter(round(10 * r["points"] / r["max_points"]) if r["max_points"] else 0 for r in graded)
    top = max(counts.values())
    lines = []
    for k in range(11):
        width = max(0.1, 20 * counts[k] / top) if counts[k] else 0  # one of many is seen, none is not
        bar = f'<span class="bar" style="width:{width:.2f}rem"></span>'
        lines.append(f"<tr><td>{10 * k} %</td><td>{bar} {counts[k]}</td></tr>")
    return f"<h2>Points</h2><table><tr><th>share of points</th><th>learners</th></tr>{''.join(lines)}</table>"


def _exercises_table(graded: list[Row]) -> str:
    tally: dict[tuple[str, str], Counter[str]] = {}
    for row in graded:
        for e in row["exercises"]:
            tally.setdefault((e["id"], e["name"]), Counter())[e["status"]] += 1
    lines = []
    for (ident, name), c in sorted(tally.items()):
        rest = ", ".join(f"{n} {s}" for s, n in sorted(c.items()) if s != "right")
        share = f"{100 * c['right'] / c.total():.0f} %"
        lines.append(f"<tr><td>{text(ident)} {text(name)}</td><td>{share}</td><td>{text(rest)}</td></tr>")
    head = "<tr><th>exercise</th><th>right</th><th>others</th></tr>"
    return f"<h2>Exercises</h2><table>{head}{''.join(lines)}</table>"


def misconceptions(rows: list[Row]) -> list[tuple[str, str, str, int, float]]:
    """(exercise, key, words, learners, share of those who got that exercise) for every recognised bug, common first."""
    asked: Counter[str] = Counter(e["id"] for r in rows for e in r["exercises"])
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for e in row["exercises"]:
            if e["misconception"]:
                found[e["id"], e["misconception"], e["message"].removeprefix("this looks like: ")] += 1
    return [(i, k, m, n, n / asked[i]) for (i, k, m), n in sorted(found.items(), key=lambda x: (-x[1], x[0]))]


def _misconceptions_table(graded: list[Row]) -> str:
    lines = [
        f"<tr><td>{text(i)}</td><td>{text(m)}</td><td>{n} ({100 * share:.0f} %)</td></tr>"
        for i, _, m, n, share in misconceptions(graded)
    ]
    if not lines:
        return "<h2>Named bugs</h2><p>None was recognised.</p>"
    head = "<tr><th>exercise</th><th>bug</th><th>learners</th></tr>"
    return f"<h2>Named bugs</h2><table>{head}{''.join(lines)}</table>"
