"""Explorers: controls around a plain drawing function, beside a static picture that is there without a kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course_lib.show.figure import picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def explore(
    draw: Callable[..., Figure], alt: str | Callable[..., str], *, play: str | None = None, **controls: Any
) -> None:
    """Show `draw(**values)` with a control for each value; the picture follows the controls.

    draw      a plain function of the package that returns a Figure; it has a test of its own
    alt       what the picture shows: a text, or a function of the same values that returns one
    play      the name of a slider that gets buttons which run through it; nothing moves before one is pressed
    controls  name=(low, high, step) for a slider that starts in the middle, name=(low, high, step, start),
              name=[choices] for a list that starts at its first item, name=True for a box to tick;
              a slider's name is its label ("spectral_radius" is shown as "spectral radius")

    The picture of the start values is an ordinary output: it stays in the stored notebook, on paper and on the web.
    A control moves with the arrow keys as well as with the mouse.
    """
    import ipywidgets as widgets
    from IPython.display import HTML, display

    boxes = {name: _control(widgets, name, spec) for name, spec in controls.items()}

    def html(values: dict[str, Any]) -> HTML:
        return HTML(picture(draw(**values), alt(**values) if callable(alt) else alt))

    rows = list(boxes.values())
    if play is not None:
        rows.insert(0, _player(widgets, boxes[play]))
    display(widgets.VBox(rows))
    handle = display(html({n: b.value for n, b in boxes.items()}), display_id=True)

    def redraw(_change: dict[str, Any]) -> None:
        handle.update(html({n: b.value for n, b in boxes.items()}))

    for box in boxes.values():
        box.observe(redraw, names="value")


def _player(widgets: Any, slider: Any) -> Any:
    """Start, pause and stop buttons that move a slider, one step in 1.2 seconds."""
    player = widgets.Play(min=slider.min, max=slider.max, step=slider.step, value=slider.value, interval=1200,
                          show_repeat=False)  # fmt: skip
    widgets.jslink((player, "value"), (slider, "value"))
    return player


def _control(widgets: Any, name: str, spec: Any) -> Any:
    look = {"description": name.replace("_", " "), "style": {"description_width": "10em"}, "layout": {"width": "32em"}}
    if isinstance(spec, bool):
        return widgets.Checkbox(value=spec, **look)
    if isinstance(spec, list):
        return widgets.Dropdown(options=spec, value=spec[0], **look)
    if isinstance(spec, tuple) and len(spec) in (3, 4):
        low, high, step = spec[:3]
        start = spec[3] if len(spec) == 4 else low + step * round((high - low) / step / 2)
        kind = widgets.IntSlider if all(isinstance(v, int) for v in spec) else widgets.FloatSlider
        return kind(min=low, max=high, step=step, value=start, continuous_update=False, **look)
    raise ValueError(f"{name}: expected (low, high, step[, start]), a list or a bool, got {spec!r}")
