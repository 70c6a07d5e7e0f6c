"""One colour and one line style for each quantity of the course: the same in formulas, diagrams and plots.

Colours follow the sets of Okabe and Ito (2008) and Paul Tol (2021), which colour-blind readers can tell apart; where
two are close (the gates that keep, the candidates that are written), the line style tells them apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Ink(NamedTuple):
    """How a quantity is drawn, and what it is called in a legend."""

    colour: str
    line: Any
    name: str


QUANTITIES = {
    "x": Ink("#666666", "-", "input"),
    "h": Ink("#0072B2", "-", "hidden state"),
    "c": Ink("#D55E00", "-", "cell state"),
    "y": Ink("#332288", "-", "output"),
    "f": Ink("#009E73", "--", "forget gate"),
    "z": Ink("#117733", (0, (5, 1)), "update gate"),
    "i": Ink("#C266A0", "-.", "input gate"),
    "g": Ink("#8A6A00", ":", "candidate"),
    "n": Ink("#8F8F2F", (0, (1, 1)), "candidate"),
    "o": Ink("#3399CC", (0, (3, 1, 1, 1)), "output gate"),
    "r": Ink("#882255", (0, (3, 1, 1, 1, 1, 1)), "reset gate"),
    "d": Ink("#000000", "--", "gradient"),
}


def ink(quantity: str) -> dict[str, Any]:
    """The colour and the line style of a quantity as keywords for matplotlib; LookupError for an unknown letter.

    >>> ink("h")
    {'color': '#0072B2', 'linestyle': '-'}
    """
    if quantity not in QUANTITIES:
        raise LookupError(f"quantity: expected one of {', '.join(QUANTITIES)}, got {quantity!r}")
    found = QUANTITIES[quantity]
    return {"color": found.colour, "linestyle": found.line}
