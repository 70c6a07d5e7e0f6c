"""A bar for a loop that takes a while: one line of text that goes when the loop is over."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from tqdm import tqdm


def bar(
    items: Iterable[Any], what: str = "", *, total: int | None = None, delay: float = 2.0, shown: Any = None
) -> tqdm:
    """The items, and a bar that says how far they are when a cell has been silent for `delay` seconds.

    what   the name of an item's kind, before the bar; total where items have no length
    shown  None: in a notebook and on a terminal; True or False: always or never

    In a notebook nothing is left behind: a stored notebook is the same with and without it. There the silence counts
    from the first bar of the cell or the last one that was seen: many short loops say as much as a long one.

    >>> sum(bar(range(4)))
    6
    """
    notebook = in_notebook()
    visible = (notebook or sys.stderr.isatty()) if shown is None else shown
    file = _Line() if notebook else sys.stderr
    if notebook and shown is None:
        delay = max(0.0, delay - _Line.silence())
    return tqdm(items, what or None, total, leave=False, file=file, disable=not visible, delay=delay,
                mininterval=0.25, miniters=1, position=0)  # fmt: skip


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


class _Line:
    """A file of one line: each text takes the place of the one before in one display, an empty one clears it.

    tqdm's own bar for notebooks is a widget, of which "Error displaying widget" stays in a notebook that was saved.
    """

    cell: Any = None  # whose loops are counted together: the number of the cell that runs
    sign: float = 0.0  # when a line was last seen there

    def __init__(self) -> None:
        self.handle: Any = None

    @classmethod
    def silence(cls) -> float:
        """Seconds since the running cell showed a line, or since it asked for the first time."""
        from IPython.core.getipython import get_ipython

        cell = getattr(get_ipython(), "execution_count", None)
        if cell is None or cell != cls.cell:
            cls.cell, cls.sign = cell, perf_counter()
        return perf_counter() - cls.sign

    def write(self, text: str) -> None:
        from IPython.display import display

        line = text.strip("\r\n ")
        data = {"text/plain": line} if line else {}
        if self.handle is not None:
            self.handle.update(data, raw=True)
        elif line:
            self.handle = display(data, raw=True, display_id=True)
        else:
            return
        _Line.sign = perf_counter()

    def flush(self) -> None:
        """Nothing is kept back."""
