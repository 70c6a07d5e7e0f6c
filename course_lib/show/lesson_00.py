"""The one picture of the start notebook: does a slider move a curve?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_tanh(slope: float) -> Figure:
    """The curve tanh(slope x)."""
    fig, ax = plt.subplots(figsize=(5, 2.2))
    x = np.linspace(-3, 3, 200)
    ax.plot(x, np.tanh(slope * x))
    ax.set(title=f"tanh({slope:g} x)", xlabel="x", ylabel="value", ylim=(-1.1, 1.1))
    return fig
