"""How the share of right answers rose on memory tasks, core by core."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_COLOURS = [colour for name, colour in PALETTE.items() if name != "yellow"]

Course = tuple[str, str, Sequence[tuple[int, float]]]


def probes_figure(courses: Sequence[Course], *, columns: int = 4, width_in: float = 12.0) -> Figure:
    """A panel a task, a line a training in the colour of its core; a dot where it ended.

    courses    (task, core, checks as (updates, share right)), one a training
    columns    panels side by side, at most
    width_in   inches
    """
    tasks = list(dict.fromkeys(task for task, _, _ in courses))
    cores = list(dict.fromkeys(core for _, core, _ in courses))
    columns = min(columns, len(tasks))
    rows = math.ceil(len(tasks) / columns)
    figure = new_figure(max(4.0, width_in * columns / 4), 2.4 * rows + 0.5)
    axes = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for task, core, course in courses:
        panel = axes[divmod(tasks.index(task), columns)]
        colour = _COLOURS[cores.index(core) % len(_COLOURS)]
        updates, shares = zip(*course)
        panel.plot(updates, shares, color=colour, linewidth=0.9, alpha=0.8)
        panel.plot(updates[-1], shares[-1], "o", color=colour, markersize=3)
    for panel in axes.flat[len(tasks) :]:
        panel.set_axis_off()
    for task, panel in zip(tasks, axes.flat):
        panel.set_title(task, fontsize=LABEL_SIZE)
        panel.set_xlabel("updates", fontsize=TICK_SIZE)
        panel.set_ylim(-0.03, 1.03)
        panel.tick_params(labelsize=TICK_SIZE)
    for panel in axes[:, 0]:
        panel.set_ylabel("share right", fontsize=TICK_SIZE)
    for core in cores:
        axes[0, 0].plot([], [], color=_COLOURS[cores.index(core) % len(_COLOURS)], label=core)
    figure.legend(loc="outside lower center", ncols=len(cores), fontsize=TICK_SIZE, frameon=False)
    return figure
