"""One line for below a formula: each letter in the colour in which it is drawn, a sample of its line, and its name."""

from __future__ import annotations

import base64

from course_lib.show.colours import QUANTITIES, ink
from course_lib.show.figure import STYLE

PATTERNS = {"-": "", "--": "7 4", "-.": "9 3 2 3", ":": "2 3"}
WORDS = {"-": "full line", "--": "dashed line", "-.": "line of dashes and dots", ":": "dotted line"}


def legend_html(*letters: str) -> str:
    """The legend as HTML that needs no script; LookupError for an unknown letter, ValueError for none.

    Letter and line are one small picture, so that a dark page turns their colours over as it does in figures.
    """
    if not letters:
        raise ValueError(f"legend: expected letters, such as {', '.join(list(QUANTITIES)[:3])}, got none")
    items = []
    for letter in letters:
        colour, line = ink(letter).values()
        dashes = PATTERNS[line] if isinstance(line, str) else " ".join(str(2 * n) for n in line[1])
        drawn = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="22" viewBox="0 0 64 22"><text x="4" y="16" '
            f'font-family="serif" font-size="18" font-weight="bold" font-style="italic" fill="{colour}">{letter}</text>'
            f'<path d="M22 12H60" stroke="{colour}" stroke-width="3" stroke-dasharray="{dashes}"/></svg>'
        )
        source = "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()
        words = WORDS[line] if isinstance(line, str) else "broken line"
        items.append(
            f'<span style="white-space:nowrap;margin-right:1.5em"><img class="course-figure" src="{source}" width="64" '
            f'height="22" alt="{letter}, {words}:" style="vertical-align:middle"> {QUANTITIES[letter].name}</span>'
        )
    return f'{STYLE}<p class="course-legend">{" ".join(items)}</p>'


def legend(*letters: str) -> None:
    """Display the legend of these quantities, for instance `legend("x", "h", "c")`."""
    from IPython.display import HTML, display

    display(HTML(legend_html(*letters)))
