"""The one picture of the start notebook: does a slider move a curve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from course_lib.show.colours import ink

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_tanh(slope: float) -> Figure:
    """The curve tanh(slope x)."""
    fig = plt.figure(figsize=(7, 3))
    ax = fig.add_axes((0.1, 0.19, 0.87, 0.68))
    x = np.linspace(-3, 3, 101)
    ax.plot(x, np.tanh(slope * x), linewidth=2, **ink("h"))
    ax.set(title=f"tanh({slope:g} x)", xlabel="x", ylabel="tanh(slope · x)", xlim=(-3, 3), ylim=(-1.1, 1.1))
    ax.set(xticks=range(-3, 4), yticks=(-1, 0, 1))
    return fig
