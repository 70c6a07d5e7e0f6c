"""Pens for drawings of a cell: boxes and arrows of which one part can be lit, the rest grey."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def pens(ax: Axes, lit: str, parts: Sequence[str]) -> tuple[Callable, Callable, Callable]:
    """look(part), arrow(a, b, part) and node(x, y, text, part, round_) for a drawing in `ax` with one part lit.

    parts: the names of all parts, "all" among them. ValueError when `lit` is none of them.
    """
    if lit not in parts:
        raise ValueError(f"lit: expected one of {', '.join(parts)}, got {lit!r}")

    def look(part: str) -> dict[str, Any]:
        on = lit in ("all", part)
        return {"color": "#0072B2" if on else "#bbbbbb", "lw": 2.2 if on and lit != "all" else 1.4, "ls": "-"}

    def arrow(a: tuple[float, float], b: tuple[float, float], part: str) -> None:
        ax.annotate("", b, a, arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **look(part)})

    def node(x: float, y: float, text: str, part: str, round_: bool = False) -> None:
        style = look(part)
        box = {"boxstyle": "circle,pad=0.25" if round_ else "round,pad=0.35", "fc": "white"}
        box |= {"ec": style["color"], "lw": style["lw"]}
        ax.text(x, y, text, ha="center", va="center", fontsize=11, color=style["color"], bbox=box, zorder=3)

    return look, arrow, node
