"""Drawings of a cell: wires, boxes and round nodes in the colours of the quantities, of which one part can be lit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from course_lib.show.colours import ink
from course_lib.show.figure import axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY, PALE = "#8a8a8a", "#cccccc"  # text and lines of the parts that are not lit
ROUND = 0.19  # radius of a round node, in the drawing's units
WIDE = 8  # points: the width of a bar
Point = tuple[float, float]


class Drawing:
    """A sheet of `size` inches with one unit an inch; every stroke belongs to a quantity and to a part that can be lit.

    lit, parts  the part that stands out, and the names of all, "all" among them; ValueError when `lit` is none of them.

    A stroke's quantity is a letter of `colours.QUANTITIES`, or "" for black; its part is a name, or several: it is lit
    with each of them. Corners and ends are given by the drawing, so that no wire crosses another.
    """

    def __init__(self, ax: Axes | None, size: Point, lit: str, parts: Sequence[str]) -> None:
        if lit not in parts:
            raise ValueError(f"lit: expected one of {', '.join(parts)}, got {lit!r}")
        self.lit, self.ax = lit, axes(ax, size)
        if ax is None:
            self.ax.set_position((0, 0, 1, 1))
        self.ax.set(xlim=(0, size[0]), ylim=(0, size[1]), aspect="equal")
        self.ax.axis("off")

    def _on(self, part: str | tuple[str, ...]) -> bool:
        return self.lit == "all" or self.lit in ([part] if isinstance(part, str) else part)

    def _look(self, quantity: str, part: str | tuple[str, ...]) -> dict[str, Any]:
        if not self._on(part):
            return {"color": PALE, "linestyle": "-", "lw": 1.4}
        colour = ink(quantity) if quantity else {"color": "black", "linestyle": "-"}
        return {**colour, "lw": 2.0 if self.lit == "all" else 2.8}

    def wire(self, quantity: str, part: str | tuple[str, ...], *points: Point, head: bool = True) -> None:
        """A line through the points, with an arrowhead at the last one."""
        look = self._look(quantity, part)
        (x0, y0), (x, y) = points[-2:]
        length = ((x - x0) ** 2 + (y - y0) ** 2) ** 0.5
        dx, dy = 0.15 * (x - x0) / length, 0.15 * (y - y0) / length
        end = (x - 0.9 * dx, y - 0.9 * dy) if head else (x, y)
        self.ax.plot(*zip(*points[:-1], end, strict=True), **look, solid_capstyle="butt", zorder=1)
        if head:
            tip = [(x, y), (x - dx - dy / 2, y - dy + dx / 2), (x - dx + dy / 2, y - dy - dx / 2)]
            self.ax.fill(*zip(*tip, strict=True), color=look["color"], lw=0, zorder=2)

    def text(
        self, x: float, y: float, words: str, part: str | tuple[str, ...] = "all", gid: str = "", **look: Any
    ) -> None:
        """A label; with a gid it is one that a formula may replace."""
        colour = "black" if self._on(part) else GREY
        words = self.ax.text(x, y, words, **{"ha": "center", "va": "center", "fontsize": 12, "color": colour, **look})
        words.set(gid=gid or None, zorder=4)

    def box(
        self, quantity: str, part: str | tuple[str, ...], x: float, y: float, words: str, size: Point = (1.15, 0.5)
    ) -> None:
        """A box around (x, y) with its formula, or empty."""
        from matplotlib.patches import FancyBboxPatch

        look, (w, h) = self._look(quantity, part), size
        pad, edge = 0.06, {"fc": "white", "ec": look["color"], "lw": look["lw"], "zorder": 3}
        corner, inside = (x - w / 2 + pad, y - h / 2 + pad), (w - 2 * pad, h - 2 * pad)
        shape = FancyBboxPatch(corner, *inside, boxstyle=f"round,pad={pad}", **edge)
        self.ax.add_patch(shape)
        if words:
            self.text(x, y, words, part)

    def node(self, quantity: str, part: str | tuple[str, ...], x: float, y: float, sign: str) -> None:
        """A round node: a product or a sum, element by element."""
        from matplotlib.patches import Circle

        look = self._look(quantity, part)
        self.ax.add_patch(Circle((x, y), ROUND, fc="white", ec=look["color"], lw=look["lw"], zorder=3))
        self.text(x, y, sign, part, fontsize=14)

    def branch(self, quantity: str, part: str | tuple[str, ...], x: float, y: float) -> None:
        """A dot where a wire branches."""
        self.ax.plot(x, y, "o", ms=6, color=self._look(quantity, part)["color"], zorder=2)

    def bar(self, gid: str, quantity: str, at: Point, value: float, unit: float, reach: Point) -> None:
        """A bar from 0 (`at`) to `value`, `unit` inches long for 1, on a track that reaches from low to high."""
        (x, y), (low, high), look = at, reach, {"lw": WIDE, "ls": "-", "solid_capstyle": "butt"}
        self.ax.plot([x + unit * low, x + unit * high], [y, y], color="#e4e4e4", zorder=2, **look)
        self.ax.plot(
            [x, x + unit * value],
            [y, y],
            color=self._look(quantity, "all")["color"],
            zorder=3,
            gid="bar_" + gid,
            **look,
        )
        self.ax.plot([x, x], [y - 0.08, y + 0.08], color="black", lw=1, ls="-", zorder=4)

    def value(self, gid: str, x: float, y: float, name: str, value: float) -> None:
        """`name` = `value`, the equals sign at x; the number can be replaced by a formula."""
        self.text(x + 0.05, y, f"{name} =", ha="right", va="baseline")
        self.text(x + 0.11, y, two(value), gid=gid, ha="left", va="baseline")

    def number(self, gid: str, at: Point, name: str, value: float, quantity: str, unit: float, reach: float) -> None:
        """`name` = `value` with its bar below, on a track from -reach to reach."""
        x, y = at
        self.value(gid, x, y, name, value)
        self.bar(gid, quantity, (x, y - 0.15), value, unit, (-reach, reach))


def two(value: float) -> str:
    """A number with two decimals, and no sign at 0.

    >>> two(-0.001), two(0.5)
    ('0.00', '0.50')
    """
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text
