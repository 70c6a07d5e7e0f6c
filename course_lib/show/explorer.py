"""Explorers: controls around a plain drawing function. They need no kernel: all frames are in the output.

Without scripts the picture of the start values stands there, with its alt text and a line on how to make it move.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import os
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from course_lib.show import figure, frames, script
from course_lib.show.bar import bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

Alt = str | Callable[..., str]
MOST = 40  # frames that are drawn when the cell is run; more are drawn by `course build` and kept in CACHE
LARGEST = 150_000  # bytes of the packed frames
CACHE = Path(__file__).parent / "frames"
LOOK = (
    "<style>.course-explorer{max-width:60em}.course-explorer form{display:grid;gap:.3em .8em;align-items:center;"
    "grid-template-columns:max-content minmax(8em,24em) max-content;margin:0 0 .4em}"
    ".course-explorer label{display:contents}.course-explorer button{justify-self:start;font:inherit}"
    ".course-explorer select{justify-self:start;max-width:100%;font:inherit}"
    ".course-explorer input[type=checkbox]{justify-self:start}.course-explorer .told{position:absolute;width:1px;"
    "height:1px;overflow:hidden;clip-path:inset(50%)}</style>"
)
STILL = "A still picture: run this cell, or trust the notebook (File, Trust Notebook), and it gets its controls."
STILL_LIVE = "No controls above the picture? They need a running kernel: run this cell."


class Control(NamedTuple):
    """One control: the values that it can have, and the place of the one that it starts with."""

    key: str
    kind: str
    values: list[Any]
    start: int

    @property
    def label(self) -> str:
        """The name as a reader sees it."""
        return self.key.replace("_", " ").strip()

    def shown(self) -> list[str]:
        """The values as a reader sees them: all with the same number of digits."""
        if not any(isinstance(v, float) for v in self.values):
            return [str(v) for v in self.values]
        digits = max(len(f"{v:g}".partition(".")[2]) for v in self.values)
        return [f"{v:.{digits}f}" for v in self.values]

    def spec(self) -> dict[str, Any]:
        """What the script needs to know."""
        values = self.values
        spec = {"key": self.key, "kind": self.kind, "label": self.label, "values": self.shown(), "start": self.start}
        if self.kind == "slider":
            spec["uneven"] = len({round(b - a, 6) for a, b in zip(values, values[1:])}) > 1
        return spec | {"numbers": values}


def control(name: str, spec: Any) -> Control:
    """The control that `name=spec` asks for (see `explore`); ValueError when it is none, or has no label."""
    values, start = spec, None
    if isinstance(spec, tuple) and len(spec) == 2 and isinstance(spec[0], list):
        values, start = spec
    if isinstance(values, bool):
        found = Control(name, "box", [False, True], int(values))
    elif isinstance(values, list) and len(values) > 1:
        kind = "list" if isinstance(values[0], str) else "slider"
        found = Control(name, kind, values, 0 if start is None else values.index(start))
    elif isinstance(values, tuple) and len(values) in (3, 4):
        found = _even(name, *values)
    elif isinstance(values, str):
        found = Control(name, "text", [values], 0)
    else:
        raise ValueError(
            f"{name}: expected (low, high, step[, start]), a list of two or more, a bool or a text, got {spec!r}"
        )
    if not found.label:
        raise ValueError(f"{name!r}: expected a control's name that a reader can read as its label")
    return found


def _even(name: str, low: float, high: float, step: float, start: float | None = None) -> Control:
    count = round((high - low) / step)
    whole = all(isinstance(v, int) for v in (low, high, step))
    values = [low + k * step if whole else round(low + k * step, 9) for k in range(count + 1)]
    place = count // 2 if start is None else round((start - low) / step)
    if not 0 <= place <= count or count < 1:
        raise ValueError(f"{name}: expected low < high and a start between them, got {(low, high, step, start)}")
    return Control(name, "slider", values, place)


def explore(
    draw: Callable[..., Figure],
    alt: Alt,
    *,
    play: str | None = None,
    live: bool = False,
    formula: str | None = None,
    **controls: Any,
) -> None:
    """Show `draw(**values)` with a control for each value; the picture follows while a control is moved.

    draw      a plain function of the package that returns a Figure; it has a test of its own
    alt       what the picture shows: a text, or a function of the same values that returns one
    play      the name of a slider that gets a button which runs through it; nothing moves before it is pressed
    live      draw in the kernel while a control moves, for what needs a trained model or the learner's own code
    formula   the name of a file in show/formulas/ with one JavaScript function of the values. It returns the text of
              each Text and the numbers of each Line2D of the figure that has that gid, and `alt`: then only one frame
              is drawn, and the grid may be as fine as one likes
    controls  name=(low, high, step) for a slider that starts in the middle, name=(low, high, step, start),
              name=[numbers] for a slider with these values, name=[texts] for a list, name=([values], start),
              name=True for a box to tick, name="a text" for a line to type in (with live=True only; where `draw`
              raises ValueError its message is shown); a control's name is its label

    More than 40 frames are drawn once, by `course build`, and kept in the package. ValueError: a control that is none,
    frames of more than 150 kB, an alt text that says too little.
    """
    from IPython.display import HTML, display

    chosen = [control(name, spec) for name, spec in controls.items()]
    if live:
        _live(draw, alt, play, chosen)
    else:
        display(HTML(as_html(draw, alt, chosen, play, formula)))


def as_html(
    draw: Callable[..., Figure], alt: Alt, controls: list[Control], play: str | None = None, formula: str | None = None
) -> str:
    """An explorer as HTML that works alone."""
    if typed := [c.key for c in controls if c.kind == "text"]:
        raise ValueError(f"{typed[0]}: a line to type in needs a kernel that answers: expected live=True")
    start = {c.key: c.values[c.start] for c in controls}
    drawer, box = frames.Drawer(), extent(draw, controls)
    still = figure.tag(drawer.arrange(draw(**start)), _words(alt, start), box=box)  # its layout is that of all frames
    spec: dict[str, Any] = {"controls": [c.spec() for c in controls], "play": play, "formula": formula}
    if formula:
        spec["places"], packed = _template(draw, alt, start, drawer, box)
    else:
        spec["kept"], packed = _kept(draw, alt, controls, drawer, box)
    if len(packed) > LARGEST:
        raise ValueError(f"explore: the frames have {len(packed)} bytes, more than {LARGEST}; take a coarser grid")
    text = json.dumps(spec, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="course-explorer">{figure.STYLE}{LOOK}{still}<p class="still"><em>{STILL}</em></p>'
        f'<script type="text/x-frames">{text}\n{packed}</script>'
        f"{script.formula(formula) if formula else ''}{script.script()}</div>"
    )


def _words(alt: Alt, values: dict[str, Any]) -> str:
    return alt(**values) if callable(alt) else alt


def grid(controls: list[Control]) -> Iterator[dict[str, Any]]:
    """All combinations of the controls' values; the last control runs fastest."""
    for values in product(*(c.values for c in controls)):
        yield dict(zip((c.key for c in controls), values))


def extent(draw: Callable[..., Figure], controls: list[Control]) -> Bbox:
    """The part of the canvas (inches) that holds the drawings of the lowest, the start and the highest values."""
    import matplotlib.pyplot as plt
    from matplotlib.transforms import Bbox

    boxes = []
    for places in ([0] * len(controls), [c.start for c in controls], [-1] * len(controls)):
        fig = draw(**{c.key: c.values[k] for c, k in zip(controls, places)})
        figure.legible(fig)
        fig.draw_without_rendering()
        boxes.append(fig.get_tightbbox())
        plt.close(fig)
    return Bbox.union(boxes).padded(0.06)


def _kept(
    draw: Callable[..., Figure], alt: Alt, controls: list[Control], drawer: frames.Drawer, box: Bbox
) -> tuple[str | None, str]:
    """The packed frames: drawn here, or, where there are many, taken from the cache, and then their name there."""
    count = len(list(grid(controls)))
    name = identity(draw, alt, controls) if count > MOST else None
    path = CACHE / f"{name}.txt"
    if name and path.is_file():
        return name, path.read_text("ascii").strip()
    svgs, alts = [], []
    for values in bar(grid(controls), "frames", total=count):
        svgs.append(drawer.svg(drawer.arrange(draw(**values)), box))
        alts.append(_words(alt, values))
    packed = frames.pack(svgs, alts)
    if name and os.environ.get("COURSE_BUILDING"):
        CACHE.mkdir(exist_ok=True)
        path.write_text(packed + "\n", "ascii")
    return name, packed


def identity(draw: Callable[..., Figure], alt: Alt, controls: list[Control]) -> str:
    """A hash of the source of the drawing, of the data bound to it and of the grid: a name for its frames."""
    plain = draw.func if isinstance(draw, partial) else draw
    data = (draw.args, draw.keywords) if isinstance(draw, partial) else ()
    if plain.__closure__:
        raise ValueError(f"draw: {plain.__name__} needs more than {MOST} frames: bind its data by functools.partial")
    words = inspect.getsource(alt.func if isinstance(alt, partial) else alt) if callable(alt) else alt
    module = inspect.getsource(inspect.getmodule(plain))
    parts = (plain.__qualname__, module, words, pickle.dumps(data, 5), [(c.key, c.values, c.start) for c in controls])
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


# ---------------------------------------------------------------- one frame and a formula


def _template(
    draw: Callable[..., Figure], alt: Alt, start: dict[str, Any], drawer: frames.Drawer, box: Bbox
) -> tuple[dict[str, Any], str]:
    """Where each line with a gid lies (svg = a x + b, c y + d, in points), and the one frame, packed."""
    fig = drawer.arrange(draw(**start))
    high, places, parts = 72 * fig.get_figheight(), {}, artists(fig)
    for name, artist in parts.items():
        if not hasattr(artist, "get_ydata"):
            continue
        artist.axes.apply_aspect()
        (x0, y0), (x1, y1) = artist.get_transform().transform([(0, 0), (1, 1)]) * 72 / fig.dpi
        places[name] = {
            "a": x1 - x0,
            "b": x0,
            "c": y0 - y1,
            "d": high - y0,
            "xs": [float(x) for x in artist.get_xdata()],
        }
        artist.get_path().should_simplify = False
    return places, frames.pack([drawer.svg(fig, box, keep=parts)], [_words(alt, start)])


def artists(fig: Figure) -> dict[str, Any]:
    """The texts and lines of a figure that have a gid, by gid: those that a formula changes."""
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

    found = fig.findobj(lambda a: isinstance(a, Line2D | Text) and a.get_gid())
    return {artist.get_gid(): artist for artist in found}


# ---------------------------------------------------------------- with a kernel


def _live(draw: Callable[..., Figure], alt: Alt, play: str | None, controls: list[Control]) -> None:
    import ipywidgets as widgets
    from IPython.display import HTML, display

    boxes = {c.key: _widget(widgets, c) for c in controls}

    def html() -> HTML:
        values = {c.key: boxes[c.key].value for c in controls}
        try:
            drawn = figure.picture(draw(**values), _words(alt, values))
        except ValueError as error:
            drawn = f"<p role='status'>{escape(str(error))}</p>"
        return HTML(drawn + f"<p class='still'><em>{STILL_LIVE}</em></p>")

    rows = list(boxes.values())
    if play is not None:
        slider = boxes[play]
        player = widgets.Play(max=len(slider.options) - 1, value=slider.index, interval=1200, show_repeat=False)
        widgets.jslink((player, "value"), (slider, "index"))
        rows.insert(0, player)
    display(widgets.VBox(rows))
    handle = display(html(), display_id=True)
    redraw = _once(lambda: handle.update(html()))
    for one in boxes.values():
        one.observe(lambda _change: redraw(), names="value")


def _once(call: Callable[[], Any], pause: float = 0.15) -> Callable[[], None]:
    """A function that calls when it has not been asked again for `pause` seconds: who types fast waits for one picture.

    Outside a running event loop it calls at once.
    """
    waiting: list[asyncio.TimerHandle] = []

    def ask() -> None:
        while waiting:
            waiting.pop().cancel()
        try:
            waiting.append(asyncio.get_running_loop().call_later(pause, call))
        except RuntimeError:
            call()

    return ask


def _widget(widgets: Any, found: Control) -> Any:
    look = {"description": found.label, "style": {"description_width": "10em"}, "layout": {"width": "32em"}}
    if found.kind == "text":
        return widgets.Text(found.values[0], **look | {"layout": {"width": "48em"}})
    kind = widgets.SelectionSlider if found.kind == "slider" else widgets.Dropdown
    return kind(options=list(zip(found.shown(), found.values)), value=found.values[found.start], **look)
