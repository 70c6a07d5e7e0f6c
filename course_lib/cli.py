"""The `course` command: each command reads its options, calls one function, and ends with an exit code.

Exit codes: 0 fine, 1 findings, 2 wrong use. An error is one line: what, where, how to mend it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from course_lib.grading.isolation import Handover, lost, require_folder

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="The course in recurrent networks."
)


def fail(message: str, code: int = 2) -> NoReturn:
    """End with one line on stderr."""
    typer.echo(f"course: {message}", err=True)
    raise typer.Exit(code)


def root() -> Path:
    """The course's folder: the nearest one above that holds course_lib/ and solutions/."""
    for folder in [Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parent.parent]:
        if (folder / "course_lib").is_dir() and (folder / "solutions").is_dir():
            return folder
    fail("no course here: run it inside the course's folder")


@app.command()
def build(
    words: Annotated[list[str] | None, typer.Argument(help="only notebooks whose name contains one of these")] = None,
    check: Annotated[bool, typer.Option("--check", help="report drift, change nothing, exit 1 on findings")] = False,
    run: Annotated[bool, typer.Option("--run/--no-run", help="execute notebooks whose code has changed")] = True,
) -> None:
    """Make exercises/ from solutions/, bring notebooks into canonical form, refresh stored outputs and the index.

    An exercise that somebody has typed into is left as it is: `course update` carries answers into a new version.
    """
    from course_lib import building

    report = building.build(root(), check=check, only=tuple(words or ()), run=run)
    for name in report.changed:
        typer.echo(f"wrote {name}")
    for line in [*report.findings, *report.work]:
        typer.echo(line, err=True)
    if report == building.Report():
        typer.echo("everything is in step")
    raise typer.Exit(1 if report.findings or report.work else 0)


@app.command()
def update(
    old: Annotated[
        list[Path] | None, typer.Argument(help="copies from elsewhere; without any, those in exercises/")
    ] = None,
) -> None:
    """Put your answers into the course's new exercise notebooks; the old files are kept beside the new ones."""
    from course_lib.grading import update as updating

    report = updating.update(root(), tuple(old or ()))
    for line in report.changed:
        typer.echo(line)
    for finding in report.findings:
        typer.echo(finding, err=True)
    if report == updating.Report():
        typer.echo("nothing to carry over: every exercise that holds work is of this version")
    raise typer.Exit(1 if report.findings else 0)


@app.command()
def progress() -> None:
    """Show your points by lesson and the next open exercise."""
    from course_lib.show.progress_board import as_text

    typer.echo(as_text())


@app.command()
def grade(
    paths: Annotated[list[str], typer.Argument(help="notebooks, or folders with a class")],
    seed: Annotated[int | None, typer.Option(help="draw the inputs with this seed; without it a new one")] = None,
    json: Annotated[str | None, typer.Option(help="write all results here")] = None,
    csv: Annotated[str | None, typer.Option(help="write a table here")] = None,
    html: Annotated[str | None, typer.Option(help="write pages for learners and the class into this folder")] = None,
    canvas: Annotated[str | None, typer.Option(help="write a Canvas grade import here")] = None,
    moodle: Annotated[str | None, typer.Option(help="write a Moodle grade import here")] = None,
    junit: Annotated[str | None, typer.Option(help="write JUnit XML here")] = None,
    cluster: Annotated[str | None, typer.Option(help="a dask scheduler's address, or `local`")] = None,
    jobs: Annotated[int | None, typer.Option(help="workers on this machine; without it one a core")] = None,
    sandbox: Annotated[str, typer.Option(help="required, best or off")] = "best",
    lesson: Annotated[str, typer.Option(help="the lesson that is expected, for instance 03")] = "",
    course: Annotated[str | None, typer.Option(help="the course's folder, where it is not this one")] = None,
    state: Annotated[str | None, typer.Option(help="keep finished results here between runs")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="grade again what was graded before")] = False,
) -> None:
    """Grade a notebook or a class: run each answer in a kernel of its own on fresh inputs and compare here."""
    options = {
        "seed": seed,
        "json_file": json,
        "csv_file": csv,
        "html": html,
        "canvas": canvas,
        "moodle": moodle,
        "junit": junit,
        "cluster": cluster,
        "jobs": jobs,
        "sandbox": sandbox,
        "lesson": lesson,
        "course": course,
        "state": state,
        "fresh": fresh,
    }
    try:
        require_folder([*paths, json, csv, html, canvas, moodle, junit, course, state])
    except ValueError as error:
        fail(f"grade: {error}")
    raise Handover("course_lib.grading.main", options, paths)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="an application: code, numbers, ...")],
    seeds: Annotated[int, typer.Option(min=1, help="how many models, from seed 0 on; the first one is stored")] = 3,
    full: Annotated[bool, typer.Option("--full", help="train longer; most store the scores only")] = False,
) -> None:
    """Make the stored model of an application again, and its held-out scores."""
    from course_lib import applications

    try:
        applications.train(name, range(seeds), full)
    except ValueError as error:
        fail(f"train: {error}")


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help="nbgrader")],
    folder: Annotated[Path, typer.Argument(help="the folder to write")],
) -> None:
    """Write the exercises in the form of another system: `course export nbgrader DIR`."""
    from course_lib.grading import nbgrader

    if kind != "nbgrader":
        fail(f"export: expected nbgrader, got {kind!r}")
    try:
        for name in nbgrader.export(folder):
            typer.echo(f"wrote {name}")
    except OSError as error:
        fail(str(error))


@app.command()
def bench(
    group: Annotated[
        str | None,
        typer.Argument(help="layers, memory, experiments, grade or explorers; without it all of them; or speech"),
    ] = None,
    what: Annotated[
        list[str] | None,
        typer.Argument(help="speech: a folder of recordings named 3142_ada_1.wav; experiments: some of them"),
    ] = None,
    json: Annotated[str | None, typer.Option(help="write the rows and the machine here")] = None,
    full: Annotated[bool, typer.Option("--full", help="experiments: the long ones too")] = False,
    store: Annotated[bool, typer.Option("--store", help="experiments: keep the results that the lessons show")] = False,
) -> None:
    """Measure the course against PyTorch and other graders: ratios side by side, in processor time, one thread.

    `course bench experiments` runs the classic experiments beside their papers' figures;
    `course bench speech FOLDER` scores the recogniser of lesson 10 on a folder of recordings.
    """
    from course_lib import bench as benchmarks

    try:
        if group == "speech":
            from course_lib.bench import speech

            speech.run(" ".join(what or ()), json)
        else:
            chosen = {"names": what or [], "full": full, "store": store}
            benchmarks.run(group, json, **{name: value for name, value in chosen.items() if value})
    except ValueError as error:
        fail(f"bench: {error}")


def main() -> None:
    """Entry point of `course`."""
    for stream in (sys.stdout, sys.stderr):  # a Windows console may not know ✓
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if sys.argv[1:2] != ["grade"] and lost():  # which works with whole paths
        typer.echo("course: the current folder was deleted or is closed; go to another one and start again", err=True)
        sys.exit(2)
    try:
        app(prog_name="course")
    except Handover as next_step:
        next_step.go()


if __name__ == "__main__":
    main()
