"""Plots and explorers of lesson 11: overlays, changes, fans, errors by horizon, alarms. Arrays in, Axes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.show.colours import ink
from course_lib.show.figure import COLOURS, LINES, axes

Array = np.ndarray
TRUE = {"color": "0.25", "lw": 1.6, "ls": "-"}  # what was measured
GUESS = {"color": ink("y")["color"], "lw": 1.6, "ls": "--"}  # what was forecast
SEEN = 30  # years before the forecast in the picture of a fan


# ---------------------------------------------------------------- a fan


def fan(
    years: Array, values: Array, start: int, quantiles: Array, names: tuple[str, str] = ("90 %", "middle"),
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """A forecast with its interval beside what came: the years up to places[start] are known.

    years, values  (n,)
    quantiles      (K, 3) low, middle, high for the K years after `start`
    """
    ax = axes(ax, (7, 3.2))
    first, ahead = max(start - SEEN, 0), np.arange(1, len(quantiles) + 1)
    later = slice(start, min(start + len(quantiles) + 1, len(values)))
    ax.fill_between(years[start] + ahead, quantiles[:, 0], quantiles[:, 2], alpha=0.25, label=f"interval, {names[0]}",
                    color=GUESS["color"], lw=0)  # fmt: skip
    ax.plot(years[start] + ahead, quantiles[:, 1], **GUESS, marker="s", ms=4, label=f"forecast, {names[1]}")
    ax.plot(years[first : start + 1], values[first : start + 1], **TRUE, label="known")
    ax.plot(years[later], values[later], color="0.25", ls=":", marker="o", ms=5, mfc="white", label="what came")
    ax.axvline(years[start], color="0.6", lw=1)
    ax.set(xlabel="year", ylabel="sunspots", ylim=(0, 270))
    ax.set_title(f"Sunspots after {years[start]:.0f}, forecast from the years before", loc="left")
    ax.legend(loc="upper left", ncols=2)
    return ax


def draw_fan(year: int, read: Callable[[int], tuple[Array, Array, int, Array]]) -> Figure:
    """The picture behind the slider; `read(year)` returns years, values, the place of the year, and its quantiles."""
    return fan(*read(year)).figure


def fan_text(year: int, read: Callable[[int], tuple[Array, Array, int, Array]]) -> str:
    """The alt text of `draw_fan`."""
    years, values, start, quantiles = read(year)
    came = values[start + 1 : start + 1 + len(quantiles)]
    inside = ((quantiles[: len(came), 0] <= came) & (came <= quantiles[: len(came), 2])).sum()
    top = int(quantiles[:, 1].argmax())
    return (
        f"Known sunspots up to {years[start]:.0f}, then the forecast of {len(quantiles)} years with a band. Its middle "
        f"is highest, {quantiles[top, 1]:.0f}, in {years[start] + top + 1:.0f}. {inside} of {len(came)} years that "
        "came lie in the band."
    )


# ---------------------------------------------------------------- overlay, changes, shift


def overlay(
    times: Array,
    actual: Array,
    forecasts: Mapping[str, Array],
    title: str,
    labels: tuple[str, str] = ("step", "value"),
    ax: Axes | None = None,
) -> Axes:
    """A series and one or more forecasts of it as lines over time."""
    ax = axes(ax, (7, 3))
    ax.plot(times, actual, **TRUE, label="measured")
    for k, (name, values) in enumerate(forecasts.items()):
        look = GUESS if k == 0 else {"color": COLOURS[k], "ls": LINES[k + 1], "lw": 1.6}
        ax.plot(times, values, **look, label=name)
    ax.set(xlabel=labels[0], ylabel=labels[1])
    ax.set_title(title, loc="left")
    ax.legend(ncols=2)
    return ax


def changes(actual: Array, forecast: Array, title: str, ax: Axes | None = None) -> Axes:
    """The change that came against the change that was forecast, a point a step."""
    ax = axes(ax, (4.6, 3.6))
    ax.plot(forecast, actual, "o", ms=4, alpha=0.5, color=GUESS["color"])
    ax.axhline(0, color="0.6", lw=1)
    ax.axvline(0, color="0.6", lw=1)
    low, high = min(actual.min(), forecast.min()), max(actual.max(), forecast.max())
    ax.plot([low, high], [low, high], color="0.4", ls=":", label="right")
    ax.set(xlabel="change that was forecast", ylabel="change that came")
    ax.set_title(title, loc="left")
    ax.legend()
    return ax


def draw_shift(shift: int, actual: Array, forecast: Array, shown: int = 60) -> Figure:
    """The forecast moved along the axis by `shift` steps, and its correlation with the series at every shift."""
    shifts = np.arange(-5, 4)
    found = [shifted_correlation(actual, forecast, int(k)) for k in shifts]
    fig, (ax, below) = plt.subplots(2, 1, figsize=(7, 4.4), height_ratios=[3, 2], layout="constrained")
    steps = np.arange(shown)
    ax.plot(steps, actual[:shown], **TRUE, label="measured")
    ax.plot(steps + shift, forecast[:shown], **GUESS, label=f"forecast, moved by {shift}")
    ax.set(xlim=(0, shown), xlabel="step", ylabel="value")
    ax.legend(ncols=2)
    chosen = shifts == shift
    below.bar(shifts, found, 0.7, color=np.where(chosen, GUESS["color"], "0.8"), edgecolor=np.where(chosen, "k", "0.6"))
    below.set(xlabel="shift (steps)", ylabel="correlation", ylim=(min(found) - 0.002, 1.001))
    below.set_xticks(shifts)
    below.set_title(f"moved by {shift}: correlation {found[int(shift - shifts[0])]:.4f}", loc="left")
    return fig


def shifted_correlation(actual: Array, forecast: Array, shift: int) -> float:
    """The correlation of actual[t] with forecast[t - shift]: a shift below 0 moves the forecast into the past."""
    n = len(actual)
    if shift < 0:
        return float(np.corrcoef(actual[: n + shift], forecast[-shift:])[0, 1])
    return float(np.corrcoef(actual[shift:], forecast[: n - shift])[0, 1])


def shift_text(shift: int, actual: Array, forecast: Array) -> str:
    """The alt text of `draw_shift`."""
    found = shifted_correlation(actual, forecast, shift)
    return f"A random walk and its forecast, moved by {shift} steps: the correlation of the two is {found:.4f}."


# ---------------------------------------------------------------- series, horizons, coverage


def three_series(shown: Mapping[str, tuple[Array, Array, float, str]]) -> Figure:
    """Series one below the other; the part that is held out is shaded.

    shown  name -> years, values, first year held out, unit
    """
    fig, panels = plt.subplots(len(shown), 1, figsize=(7, 1.9 * len(shown)), layout="constrained")
    for ax, (name, (years, values, stop, unit)) in zip(np.atleast_1d(panels), shown.items()):
        ax.plot(years, values, color=ink("x")["color"], lw=1.2)
        ax.axvspan(stop, years[-1], color="0.88")
        ax.axvline(stop, color="0.4", ls=":")
        ax.set(ylabel=unit, xlim=(years[0], years[-1]))
        ax.set_title(f"{name} (held out: grey)", loc="left")
    ax.set_xlabel("year")
    return fig


def by_horizon(errors: Mapping[str, Array], unit: str, ax: Axes | None = None) -> Axes:
    """Error against the number of steps ahead, a line for each way to forecast."""
    ax = axes(ax, (7, 3))
    for k, (name, values) in enumerate(errors.items()):
        ax.plot(np.arange(1, len(values) + 1), values, label=name, color=COLOURS[k % 7], ls=LINES[k % 7],
                marker="os^Dvx"[k % 6], ms=4)  # fmt: skip
    ax.set(xlabel="steps ahead", ylabel=unit, ylim=(0, 1.6 * max(np.max(values) for values in errors.values())))
    ax.set_title("How far ahead, and how far off", loc="left")
    ax.legend(ncols=2)
    return ax


def coverage(shares: Mapping[str, Array], promised: float, ax: Axes | None = None) -> Axes:
    """Share of values that came to lie in the interval, for each number of steps ahead."""
    ax = axes(ax, (7, 2.8))
    width = 0.8 / len(shares)
    for k, (name, values) in enumerate(shares.items()):
        places = np.arange(1, len(values) + 1) + (k + 0.5) * width - 0.4
        ax.bar(places, 100 * np.asarray(values), 0.95 * width, label=name, color=(GUESS["color"], "#56B4E9")[k % 2],
               hatch=("", "///")[k % 2], edgecolor="white")  # fmt: skip
    ax.axhline(100 * promised, color="0.25", ls=":")
    ax.text(0.45, 100 * promised + 2, f"promised: {promised:.0%}", color="0.25")
    ax.set(xlabel="years ahead", ylabel="inside (%)", ylim=(0, 135))
    ax.set_yticks(range(0, 101, 25))
    ax.set_xticks(range(1, len(values) + 1))
    ax.set_title("How often the interval held", loc="left")
    ax.legend(ncols=2, loc="upper right")
    return ax


def alarms(
    years: Array, scores: Mapping[str, tuple[Array, float]], spans: Sequence[tuple[float, float]]
) -> Figure:  # fmt: skip
    """Detectors one below the other: the score of each month, its limit, a mark at each flag; events are shaded.

    scores  name -> score (n,) and the limit above which a month is flagged
    spans   first and last year of each event
    """
    fig, panels = plt.subplots(len(scores), 1, figsize=(7, 1.8 * len(scores)), sharex=True, layout="constrained")
    for ax, (name, (values, limit)) in zip(np.atleast_1d(panels), scores.items()):
        for first, last in spans:
            ax.axvspan(first, last, color="#F2C879", alpha=0.7, lw=0)
        ax.plot(years, values, color=ink("x")["color"], lw=1)
        ax.axhline(limit, color="0.25", ls=":")
        flags = values > limit
        ax.plot(years[flags], values[flags], "v", ms=5, color=COLOURS[1])
        ax.set(ylabel="°C", xlim=(years[0], years[-1]))
        ax.set_title(name, loc="left")
    ax.set_xlabel("year (El Niño: shaded; flags: ▼)")
    return fig
