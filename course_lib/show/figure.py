"""One look for every figure, and `show`, which displays it with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

DPI = 120  # of the stored picture: sharp in a column of 900 px
WIDE = 128  # CSS pixels for an inch of the figure: 7 inches fill a column of 900 px
COLUMN = 640  # CSS pixels of a column in a window of 800
SMALLEST = 9  # points; no text is smaller than this in that column
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#8A6A00", "#000000"]  # Okabe and Ito 2008
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1))]
LOOK = {
    "figure.figsize": (7, 3.2),
    "figure.dpi": 80,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "font.size": 11,
    "legend.frameon": False,
    "svg.hashsalt": "course",
}
# A dark page turns line drawings over (the hues stay) and dims pictures in which brightness has a meaning.
STYLE = (
    "<style>.course-figure{max-width:100%;height:auto;background:#fff;border-radius:4px}"
    "[data-jp-theme-light=false] .course-figure{filter:invert(.88) hue-rotate(180deg)}"
    "[data-jp-theme-light=false] .course-figure.map{filter:brightness(.85)}</style>"
)


def style() -> None:
    """Set the course's matplotlib defaults: colour-blind-safe colours, each with its own line style."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update({**LOOK, "axes.prop_cycle": cycler(color=COLOURS, linestyle=LINES)})


def axes(ax: Axes | None, size: tuple[float, float] = (7, 3.2)) -> Axes:
    """The given Axes, or those of a new figure of this size in inches: what `ax=None` means in every plot."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1] if ax is None else ax


def smallest_size(fig: Figure) -> float:
    """The font size in points that is still `SMALLEST` when the figure is as wide as a narrow column."""
    return SMALLEST * fig.get_figwidth() * 96 / COLUMN


def legible(fig: Figure) -> None:
    """Raise every text of a figure to the size that can be read in a narrow column."""
    from matplotlib.text import Text

    least = smallest_size(fig)
    for axis in (axis for ax in fig.axes for axis in (ax.xaxis, ax.yaxis)):
        if _points(axis) < least:
            axis.set_tick_params(labelsize=least)
    for text in _artists(fig):
        if isinstance(text, Text) and text.get_fontsize() < least:
            text.set_fontsize(least)


def _points(axis: Axis) -> float:
    """The size of an axis's tick labels; the labels themselves are dear, and made when they are drawn."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    size = axis.get_tick_params().get("labelsize", mpl.rcParams[f"{axis.axis_name}tick.labelsize"])
    return FontProperties(size=size).get_size_in_points()


def _artists(artist: Artist) -> Iterator[Artist]:
    """All parts of a figure but ticks."""
    from matplotlib.axis import Axis

    for child in [artist.label, artist.get_offset_text()] if isinstance(artist, Axis) else artist.get_children():
        yield child
        yield from _artists(child)


def told(alt: str) -> str:
    """An alt text as an HTML attribute's value; ValueError when it says too little."""
    if len(alt.strip()) < 20:
        raise ValueError(f"alt: expected a sentence that tells what the figure shows, got {alt!r}")
    return html.escape(alt.strip(), quote=True)


def tag(fig: Figure, alt: str, dpi: int = DPI, box: Bbox | None = None) -> str:
    """A figure, or the part of it in `box` (inches), as one HTML `<img>` with its alt text; closes the figure."""
    import matplotlib.pyplot as plt
    from PIL import Image

    text = told(alt)
    legible(fig)
    brightness = any(ax.images or _meshes(ax) for ax in fig.axes)
    buffer, small = io.BytesIO(), io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, bbox_inches=box or "tight", metadata={"Software": None})
    plt.close(fig)
    image = Image.open(buffer).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    data = base64.b64encode(small.getvalue()).decode()
    kind = "course-figure map" if brightness else "course-figure"
    width = round(image.width / dpi * WIDE)
    return f'<img class="{kind}" alt="{text}" width="{width}" src="data:image/png;base64,{data}">'


def _meshes(ax: Axes) -> bool:
    from matplotlib.collections import QuadMesh

    return any(isinstance(artist, QuadMesh) for artist in ax.collections)


def picture(fig: Figure, alt: str, dpi: int = DPI) -> str:
    """A figure as HTML, with its alt text; closes the figure. ValueError when the text says too little."""
    return STYLE + tag(fig, alt, dpi)


def show(fig: Figure, alt: str, dpi: int = DPI) -> None:
    """Display a figure with alt text, and close it, so that it is shown once.

    alt: what someone who cannot see the figure needs to know: kind of plot, axes, what there is to see.
    """
    from IPython.display import HTML, display

    display(HTML(picture(fig, alt, dpi)))
