"""A known system's attractor, and what models of it make when they are let go."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_SHOWN = 5_000  # samples
_BOUND = 5.0  # standard deviations


def reconstructions_figure(
    path: NDArray[np.float64],
    runs: Sequence[tuple[str, NDArray[np.float64]]],
    *,
    columns: int = 4,
    panel_in: float = 2.6,
) -> Figure:
    """The first against the last channel: the path, and a panel a run, what lies outside five deviations left out.

    path      (T, N) of the system, unit variance
    runs      (title, (T, N)), one a model
    columns   panels side by side, at most
    panel_in  width of a panel, inches
    """
    shown = [("the system", path), *runs]
    columns = min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    figure = new_figure(panel_in * columns, panel_in * rows + 0.2)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for panel, (title, y) in zip(axes.flat, shown):
        kept = np.where(np.abs(y[:_SHOWN]).max(1, keepdims=True) < _BOUND, y[:_SHOWN], np.nan)
        colour = PALETTE["black"] if y is path else PALETTE["blue"]
        panel.plot(kept[:, 0], kept[:, -1], color=colour, linewidth=0.4)
        panel.set_title(title, fontsize=LABEL_SIZE)
        panel.tick_params(labelsize=TICK_SIZE)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    return figure
