"""The classic experiments as a picture: what the papers needed and what came out here. Numbers in, Axes out."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from course_lib.show.colours import ink
from course_lib.show.figure import axes

Row = tuple[str, Sequence[float], Sequence[float], float | None]


def beside_the_papers(rows: Sequence[Row], ax: Axes | None = None, unit: str = "training sequences") -> Axes:
    """A line for each experiment on a logarithmic axis, the first one on top.

    rows  (title, numbers of the starts that were solved, numbers at which the others were given up, the paper's number
          or None)
    """
    ax = axes(ax, (7, 0.9 + 0.34 * len(rows)))
    ours = ink("h")["color"]
    for y, (_, solved, given_up, paper) in enumerate(rows):
        ax.plot(solved, [y] * len(solved), "o", color=ours, alpha=0.6)
        ax.plot(given_up, [y] * len(given_up), ">", mfc="none", color=ours)
        if paper is not None:
            ax.plot(paper, y, "D", ms=8, mfc="none", mew=2, color="black")
    for marker, look, name in (
        ("o", {"alpha": 0.6}, "here, solved"),
        (">", {"mfc": "none"}, "here, not solved by then"),
    ):
        ax.plot([], [], marker, color=ours, label=name, **look)
    ax.plot([], [], "D", ms=8, mfc="none", mew=2, color="black", label="paper")
    ax.set(xscale="log", xlabel=unit, ylim=(len(rows) - 0.5, -0.5))
    ax.set_yticks(range(len(rows)), [title for title, *_ in rows])
    ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=3)
    return ax


def beside_text(rows: Sequence[Row], unit: str = "training sequences") -> str:
    """The alt text of `beside_the_papers`.

    >>> beside_text([("adding", [4000, 5000], [], 74_000), ("order", [], [900], None)])
    'Chart of training sequences. adding: solved after 4,000 to 5,000, in the paper 74,000. order: not solved by 900.'
    """
    told = []
    for title, solved, given_up, paper in rows:
        parts = [f"solved after {min(solved):,} to {max(solved):,}"] if solved else []
        parts += [f"not solved by {max(given_up):,}"] if given_up else []
        parts += [f"in the paper {paper:,}"] if paper is not None else []
        told.append(f"{title}: {', '.join(parts)}.")
    return f"Chart of {unit}. {' '.join(told)}"
