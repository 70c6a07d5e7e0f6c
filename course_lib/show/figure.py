"""One look for every figure, and `show`, which displays it with a text for those who cannot see it."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 80
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#8A6A00", "#000000"]  # Okabe and Ito 2008
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1))]
LOOK = {
    "figure.figsize": (7, 3.2),
    "figure.dpi": DPI,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "image.cmap": "viridis",
    "font.size": 11,
    "legend.frameon": False,
    "svg.hashsalt": "course",
}


def style() -> None:
    """Set the course's matplotlib defaults: colour-blind-safe colours, each with its own line style."""
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update({**LOOK, "axes.prop_cycle": cycler(color=COLOURS, linestyle=LINES)})


def axes(ax: Axes | None, size: tuple[float, float] = (7, 3.2)) -> Axes:
    """The given Axes, or those of a new figure of this size in inches: what `ax=None` means in every plot."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size)[1] if ax is None else ax


def picture(fig: Figure, alt: str, dpi: int = DPI) -> str:
    """A figure as one HTML `<img>` with its alt text; closes the figure. ValueError when the text says too little."""
    import matplotlib.pyplot as plt

    if len(alt.strip()) < 20:
        raise ValueError(f"alt: expected a sentence that tells what the figure shows, got {alt!r}")
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    plt.close(fig)
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<img alt="{html.escape(alt.strip(), quote=True)}" style="max-width: 100%" src="data:image/png;base64,{data}">'
    )


def show(fig: Figure, alt: str, dpi: int = DPI) -> None:
    """Display a figure with alt text, and close it, so that it is shown once.

    alt: what someone who cannot see the figure needs to know: kind of plot, axes, what there is to see.
    """
    from IPython.display import HTML, display

    display(HTML(picture(fig, alt, dpi)))
