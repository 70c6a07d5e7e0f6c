"""The training curve of `fit(..., watch=True)`: one display that is drawn anew while a model trains."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from course_lib.show.figure import COLOURS, LINES, WIDE, legible, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_lib.training import Goal, History, Watch

OFTEN = 0.25  # seconds: at most four drawings in one
REST = 9  # times what a drawing took passes before the next one: drawing takes at most a tenth of the time
DPI = 90  # of the drawings on the way
POINTS = 600  # of a line, however many updates there were


class Curve:
    """The numbers of the updates, and a curve that is drawn while they go by; ends when Stop is pressed.

    The curve is a widget; at the end the finished figure takes its place, so that it stays in a stored notebook. The
    Stop button appears when the front end has answered while the kernel was busy: else it would do nothing in time.
    """

    def __init__(self, steps: int, history: History, goal: Goal | None, watch: Watch) -> None:
        self.steps, self.history, self.goal, self.watch = steps, history, goal, watch
        self.done, self.asked, self.answered, self.stopped = 0, 0, False, False
        self.widgets: list[Any] = []

    def __enter__(self) -> Curve:
        import ipywidgets as widgets
        from IPython.display import display

        self.line, self.view = widgets.HTML(f"0 of {self.steps} updates"), widgets.HTML(self._drawn())
        self.button = widgets.Button(description="Stop", icon="stop", layout={"display": "none"})
        self.button.on_click(self.stop)
        box = widgets.VBox([widgets.HBox([self.button, self.line]), self.view])
        self.widgets = [box, *box.children, self.button, self.line]
        self.handle = display(box, display_id=True)
        self.begun = perf_counter()
        self.due = self.redraw = self.begun + OFTEN
        return self

    def __iter__(self) -> Iterator[int]:
        for step in range(self.steps):
            yield step
            self.done += 1
            now = perf_counter()
            if self.done == 1:
                self.first = now
            if now >= self.due:
                self.refresh(now)
            if self.stopped:
                return

    def __exit__(self, *_: object) -> None:
        from IPython.display import HTML

        fig, alt = draw(self.history, self.goal, self.watch), describe(self.history, self.goal, self.watch)
        self.handle.update(HTML(picture(fig, alt)))
        for widget in self.widgets:
            widget.close()

    def stop(self, _button: Any = None) -> None:
        """End the training after the update that is being made."""
        self.stopped = True

    def refresh(self, now: float) -> None:
        """Say how long it will take, and draw what is known, if the last drawing is long enough ago."""
        if not self.answered and self.asked < 3:
            self._ask()
        self.button.layout.display = "" if self.answered else "none"
        how = "" if self.answered else " · ■ in the toolbar stops it and keeps what was trained"
        self.line.value = f"{self.done} of {self.steps} updates · {self._left(now)}{how}"
        if now >= self.redraw:
            begun = perf_counter()
            self.view.value = self._drawn()
            self.redraw = perf_counter() + REST * (perf_counter() - begun)
        self.due = perf_counter() + OFTEN

    def _ask(self) -> None:
        """Have the front end copy a value: the kernel hears of it while it is busy only if it can hear a click then.

        JupyterLab sends what widgets say to a second thread of the kernel (a subshell), but ipykernel 7.4 sends it on
        to the thread that used the widget last, which is this busy one, unless it has forgotten it.
        """
        import ipywidgets as widgets

        sent, echo = widgets.Checkbox(True), widgets.Checkbox(False)
        echo.observe(self._hear, "value")
        for widget in (echo, self.button):
            vars(widget.comm).pop("_reply_subshell_id", None)
        self.widgets += [sent, echo, widgets.jsdlink((sent, "value"), (echo, "value"))]
        self.asked += 1

    def _hear(self, _change: dict[str, Any]) -> None:
        self.answered = True

    def _drawn(self) -> str:
        """The curve so far as HTML, made faster and smaller than the final one."""
        fig, file = draw(self.history, self.goal, self.watch), io.BytesIO()
        legible(fig)
        fig.savefig(file, format="png", dpi=DPI)
        data, alt = base64.b64encode(file.getvalue()).decode(), f"The training curve after {self.done} updates."
        width = round(WIDE * fig.get_figwidth())
        return f'<img class="course-figure" alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'

    def _left(self, now: float) -> str:
        """What the updates so far promise; the first one, which is slower than the others, only as long as it must."""
        spent, made = (now - self.begun, 1) if self.done == 1 else (now - self.first, self.done - 1)
        seconds = spent / made * (self.steps - self.done)
        said = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
        return f"{'at most ' if self.goal is not None else ''}about {said} left"


def smooth(values: Any, window: int) -> np.ndarray:
    """At each place the mean of the last `window` values, without those that are not finite; NaN where none is.

    >>> smooth([1.0, 3.0, float("nan"), 5.0], 2)
    array([1., 2., 3., 5.])
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    sums, counts = (np.cumsum([0, *a]) for a in (np.where(known, values, 0.0), known))
    begin = np.maximum(np.arange(len(values)) + 1 - window, 0)
    count = counts[1:] - counts[begin]
    return np.divide(sums[1:] - sums[begin], count, out=np.full(len(values), np.nan), where=count > 0)


def smoothed(history: History) -> np.ndarray:
    """The losses, each one the mean of the last twentieth of all updates."""
    return smooth(history.loss, max(1, len(history.loss) // 20))


def draw(history: History, goal: Goal | None, watch: Watch) -> Figure:
    """The losses, with lines at the floor and the rivals; with a goal the held-out scores beside them."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(7, 3.2))
    axes = fig.subplots(1, 1 if goal is None else 2, sharex=True, squeeze=False)[0]
    fig.subplots_adjust(left=0.11, right=0.98, bottom=0.17, top=0.89, wspace=0.3)
    _draw_loss(axes[0], history, watch)
    if goal is not None:
        _draw_scores(axes[1], history, goal)
    return fig


def _draw_loss(ax: Axes, history: History, watch: Watch) -> None:
    n, mean = len(history.loss), smoothed(history)
    at = np.unique(np.linspace(0, n - 1, POINTS).astype(int)) if n else np.arange(0)
    raw = np.where(np.isfinite(history.loss), history.loss, np.nan)
    ax.plot(at + 1, raw[at], color=COLOURS[0], linestyle="-", linewidth=0.7, alpha=0.35)
    ax.plot(at + 1, mean[at], color=COLOURS[0], linestyle="-", label="loss, mean")
    lines = dict(watch.rivals) if watch.floor is None else {**watch.rivals, "floor": watch.floor}
    for k, (name, value) in enumerate(lines.items(), start=1):
        ax.axhline(value, color=COLOURS[k % 7], linestyle=LINES[k % 7], label=f"{name} {value:.3g}")
    shown = [*mean[np.isfinite(mean)], *filter(math.isfinite, lines.values())]
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    ax.set_ylim(low - 0.06 * ((high - low) or 1), high + 0.06 * ((high - low) or 1))
    ax.set(title=watch.title, xlabel="update", ylabel=f"loss in {watch.unit}" if watch.unit else "loss")
    ax.legend(loc="best")


def _draw_scores(ax: Axes, history: History, goal: Goal) -> None:
    ax.plot(*zip(*history.scores, strict=True), "o-", color=COLOURS[2], markersize=4) if history.scores else None
    for level, words in ((goal.at_most, "at most"), (goal.at_least, "at least")):
        if level is not None:
            ax.axhline(level, color="black", linestyle="--", label=f"goal: {words} {level:g}")
            ax.legend(loc="upper right" if words == "at most" else "lower right")
    ax.set(title="On held-out data", xlabel="update", ylabel=metric_name(goal))


def metric_name(goal: Goal) -> str:
    """The name of the metric's function as words, or "score"."""
    name = getattr(goal.metric, "__name__", "")
    return name.replace("_", " ") if name.isidentifier() else "score"


def describe(history: History, goal: Goal | None, watch: Watch) -> str:
    """The alt text: where the curve starts and ends, after how many updates, and what became of the goal."""
    if not history.loss:
        return "An empty training curve: no update was made."
    mean, n = smoothed(history), len(history.loss)
    unit = f" {watch.unit}" if watch.unit else ""
    told = [f"The loss against the update: {_number(history.loss[0])}{unit} at the first of {n} updates, "
            f"{_number(mean[-1])}{unit} at the end (mean of {max(1, n // 20)})."]  # fmt: skip
    lines = dict(watch.rivals) if watch.floor is None else {**watch.rivals, "floor": watch.floor}
    if lines:
        told.append("Lines: " + ", ".join(f"{name} {value:.3g}" for name, value in lines.items()) + ".")
    if goal is not None:
        name = f"The {metric_name(goal)} on held-out data"
        scores = history.scores
        told.append(f"{name} was not measured." if not scores else f"{name} ends at {_number(scores[-1][1])}.")
        levels = {"at most": goal.at_most, "at least": goal.at_least}
        asked = " or ".join(f"{words} {level:g}" for words, level in levels.items() if level is not None)
        if asked:
            end = f"was reached after {history.solved_at} updates" if history.solved else "was not reached"
            told.append(f"The goal, {asked}, {end}.")
    return " ".join(told)


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "no finite number"
