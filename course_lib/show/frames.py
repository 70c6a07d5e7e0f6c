"""Frames of an explorer: figures as small SVG texts, many of them packed into one string.

A frame costs little because what was drawn before is not drawn again: the layout of the first frame is kept, and an
axis with the same place, limits and labels is taken from the frame that drew it first. Equal lines of all frames are
stored once.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from unittest import mock

from course_lib.show.figure import legible

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
PATH = re.compile(r' d="([^"]*)"')
REFERENCE = re.compile(r'(?:url\(#|href="#)([\w.:-]+)')
TOKEN = re.compile(r"[MLCQZz]|-?[\d.]+(?:e-?\d+)?")
POINTS = {"M": 1, "L": 1, "C": 3, "Q": 2}


class Drawer:
    """Figures of one explorer as SVG texts that share layout, axes and view box."""

    def __init__(self) -> None:
        self.places: list[Bbox] = []
        self.axes: dict[tuple, tuple[str, Bbox | None]] = {}

    def arrange(self, fig: Figure) -> Figure:
        """A figure with texts that can be read, and with the layout of the first one."""
        legible(fig)
        for ax in fig.axes:
            for image in ax.images:
                image.set_interpolation("none")  # its own few pixels, not those of the page
        if fig.get_layout_engine() is not None:
            if not self.places:
                fig.draw_without_rendering()
                self.places = [ax.get_position(original=True) for ax in fig.axes]
            fig.set_layout_engine("none")
            for ax, place in zip(fig.axes, self.places, strict=False):
                ax.set_position(place)
        return fig

    def svg(self, fig: Figure, box: Bbox, keep: Iterable[str] = ()) -> str:
        """The part of an arranged figure within `box` (inches) as a small SVG text; closes the figure.

        keep: the ids (`artist.set_gid`) that a formula will ask for.
        """
        import matplotlib.pyplot as plt

        known, new = {}, {}
        for n, axis in enumerate(axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
            if not axis.axes.axison or not axis.get_visible():
                continue
            axis.axes.apply_aspect()
            mark, key = f"axis{n}", _key(axis)
            axis.set_gid(mark)
            if key in self.axes:
                known[mark], extent = self.axes[key]
                axis.draw = _hole(axis, mark)
                axis.get_tightbbox = lambda *args, _extent=extent, **options: _extent  # asked for by titles
            else:
                new[mark] = (key, axis)
        text = _text(fig)
        for mark, (key, axis) in new.items():
            if f'<g id="{mark}"' not in text:
                continue  # not drawn: the second axis of a colour bar
            begin, end = _group(text, mark)
            self.axes[key] = text[begin:end], axis.get_tightbbox()
        for mark, group in known.items():
            begin, end = _group(text, mark)
            text = text[:begin] + group + text[end:]
        if not set(REFERENCE.findall(text)) <= set(re.findall(r' id="([^"]*)"', text)):
            for ax in fig.axes:  # a tick whose shape another axis, now gone, has defined
                for axis in (ax.xaxis, ax.yaxis):
                    vars(axis).pop("draw", None)
            text = _text(fig)
        high = fig.get_figheight()
        plt.close(fig)
        edges = (box.x0, high - box.y1, box.width, box.height)
        return small(text, " ".join(f"{72 * edge:.1f}" for edge in edges), set(keep))


def _key(axis: Axis) -> tuple:
    ax, words = axis.axes, (type(axis.get_major_formatter()).__name__, type(axis.get_major_locator()).__name__)
    fixed = (
        tuple(t.get_text() for t in axis.get_majorticklabels())
        if words[0] in ("FixedFormatter", "FuncFormatter")
        else ()
    )
    limits = tuple(float(v) for v in axis.get_view_interval().round(9))
    return (axis.axis_name, axis.get_scale(), limits, axis.get_label_text(), ax.get_position().bounds, words, fixed)


def _hole(axis: Axis, mark: str) -> Callable[..., None]:
    """Draws an empty group where the axis would be."""

    def draw(renderer: Any, *args: Any, **options: Any) -> None:
        renderer.open_group("axis", gid=mark)
        renderer.close_group("axis")
        axis.stale = False

    return draw


def _text(fig: Figure) -> str:
    import matplotlib as mpl
    from matplotlib import text, textpath
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer, shared = io.StringIO(), textpath.text_to_path  # it remembers how a formula is set; a new one does not
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}),
        mock.patch.object(text, "TextToPath", return_value=shared),
    ):
        FigureCanvasSVG(fig).print_svg(buffer, metadata=NOTHING)
    return buffer.getvalue()


def _group(text: str, mark: str) -> tuple[int, int]:
    """Where the group with this id begins and ends."""
    begin = re.search(rf'<g id="{mark}"', text).start()
    depth = 0
    for found in re.finditer(r"<(/?)g\b[^>]*?(/?)>", text[begin:]):
        depth += -1 if found[1] else not found[2]
        if depth == 0:
            return begin, begin + found.end()
    raise ValueError(f"svg: the group {mark} has no end")


# ---------------------------------------------------------------- small texts


def small(svg: str, view: str, keep: set[str]) -> str:
    """matplotlib's SVG without prolog, comments, ids that nothing refers to, needless blanks; coordinates to 0.1 pt."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*|<defs>\s*<style[^>]*>.*?</style>\s*</defs>\s*", "", svg, flags=re.S
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" stroke-linejoin="round">'
    svg = re.sub(r"<svg [^>]*>", head, svg, count=1).replace("xlink:href", "href")
    used = keep | set(REFERENCE.findall(svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", svg)
    svg = PATH.sub(lambda m: f' d="{_relative(m[1])}"', svg)
    svg = re.sub(r' (x|y|width|height|cx|cy|r|transform)="([^"]*)"', lambda m: f' {m[1]}="{_rounded(m[2])}"', svg)
    svg = re.sub(r' style="([^"]*)"', lambda m: ' style="' + re.sub(r"\s*([:;])\s*", r"\1", m[1]).strip(";") + '"', svg)
    svg = re.sub(r"font:([\d.]+)px '[^;\"]*?sans-serif", r"font:\1px 'DejaVu Sans',Verdana,sans-serif", svg)
    return re.sub(r"\s+/>", "/>", re.sub(r"\n\s*", "\n", svg))


def _number(tenths: int) -> str:
    whole = f"{tenths / 10:.1f}".removesuffix(".0")
    return whole.replace("0.", ".", 1) if whole.startswith(("0.", "-0.")) else whole


def _rounded(text: str) -> str:
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda m: _number(round(10 * float(m[0]))), text)


def _relative(path: str) -> str:
    """A path with relative coordinates in tenths of a point."""
    out, tokens, k, here, command = [], TOKEN.findall(path), 0, (0, 0), "M"
    start = here
    while k < len(tokens):
        if tokens[k].isalpha():
            command, k = tokens[k], k + 1
            if command in "Zz":
                out.append("z")
                here = start
                continue
        count = 2 * POINTS[command]
        values = [round(10 * float(t)) for t in tokens[k : k + count]]
        k += count
        out.append(command.lower() + " ".join(_number(v - here[i % 2]) for i, v in enumerate(values)))
        here = (values[-2], values[-1])
        start = here if command == "M" else start
    return re.sub(r" -", "-", "".join(out))


# ---------------------------------------------------------------- many frames in one text


def pack(svgs: list[str], alts: list[str]) -> str:
    """All frames as [lines, rows of line numbers, alt texts]: JSON, gzip, base64."""
    lines: dict[str, int] = {}
    rows = [[lines.setdefault(line, len(lines)) for line in svg.split("\n")] for svg in svgs]
    text = json.dumps([list(lines), rows, alts], separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def unpack(packed: str) -> tuple[list[str], list[str]]:
    """The SVG texts and alt texts of `pack`."""
    lines, rows, alts = json.loads(gzip.decompress(base64.b64decode(packed)))
    return ["\n".join(lines[k] for k in row) for row in rows], alts
