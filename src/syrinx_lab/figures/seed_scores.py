"""How well each condition scores, and how much of that is the seed: a panel a score, a row a condition."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..metrics.facts import METRICS, Known, by_importance, less_is_better, unit
from .conditions import colour, marker, row_name
from .epochs import ordered
from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_COLUMNS = 3
_QUARTILES = 5  # seeds that make quartiles worth drawing
_BELOW, _SPREAD = 0.3, 0.13  # of a row: where test stands, and how far seeds stand apart
_INK = PALETTE["black"]

Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class ConditionScores:
    """What is drawn of one condition.

    number    from 1: its colour, marker and place
    name      of its row
    seeds     the val scores of every seed, as sung
    to_end    of every seed whether it was trained to the end; those that were culled or still train are drawn hollow
    selected  the place of the selected seed among them, None when there is none
    raw       test scores of the selected model as sung; rescaled likewise; empty where there are none
    """

    number: int
    name: str
    seeds: Sequence[Scores]
    to_end: Sequence[bool]
    selected: int | None
    raw: Scores
    rescaled: Scores


def seed_scores_figure(
    conditions: Sequence[ConditionScores], *, anchors: Scores | None = None, known: Known = METRICS
) -> Figure:
    """One panel for each score, and in it one row for each condition.

    conditions    from top to bottom
    known    the metrics of the runs, see `metrics_of`
    anchors  score -> a value to compare with (the bird's own reproducibility), a dotted line

    In a row the seeds stand as points, the median as an upright, the range as a line, and from five seeds on the
    quartiles as a bar. The selected seed has an ink rim. Below them a star is what its model scores on test as sung, a
    hollow star what it scores rescaled. Where the score of some seeds is no number, how many count stands at the right.
    Raises ValueError when no condition has a score.
    """
    found = {
        name
        for condition in conditions
        for scores in (*condition.seeds, condition.raw, condition.rescaled)
        for name in scores
    }
    names = ordered(found, by_importance(known))
    if not names:
        raise ValueError("no scores to draw: no seed has been scored on val yet")
    columns = min(_COLUMNS, len(names))
    lines = math.ceil(len(names) / columns)
    figure = new_figure(10.0, (0.34 * len(conditions) + 0.75) * lines + 0.4)
    axes = figure.subplots(lines, columns, squeeze=False, sharey=True)
    for place, (panel, name) in enumerate(zip(axes.flat, names)):
        for row, condition in enumerate(conditions):
            _draw_condition(panel, row, condition, name)
        anchor = (anchors or {}).get(name)
        if anchor is not None:
            panel.axvline(anchor, color=_INK, linestyle=":", linewidth=1.0, zorder=0)
        panel.set_title(name + " (less is better)" * less_is_better(name, known), fontsize=LABEL_SIZE)
        panel.set_xlabel(unit(name, known), fontsize=TICK_SIZE, labelpad=1)
        panel.tick_params(labelsize=TICK_SIZE)
        panel.tick_params(axis="y", length=0, labelleft=place % columns == 0)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=4))
        panel.grid(axis="x", color="0.5", alpha=0.25, linewidth=0.6)
        panel.margins(x=0.08)
        if unit(name, known) == "share":
            panel.set_xlim(-0.06, 1.06)
    axes[0, 0].set_yticks(
        range(len(conditions)), [row_name(condition.number, condition.name) for condition in conditions]
    )
    axes[0, 0].set_ylim(len(conditions) - 0.4, -0.5)
    for panel in axes.flat[len(names) :]:
        panel.set_axis_off()
    figure.legend(
        handles=_key(bool(anchors)), loc="outside upper center", ncols=7, fontsize=TICK_SIZE, frameon=False,
        handletextpad=0.4, columnspacing=1.4,
    )  # fmt: skip
    return figure


def _draw_condition(panel: Axes, row: int, condition: ConditionScores, name: str) -> None:
    """One condition's row in the panel of a score."""
    values = np.array([_number(scores.get(name)) for scores in condition.seeds], dtype=np.float64)
    finite = values[np.isfinite(values)]
    tint = colour(condition.number)
    if len(finite):
        panel.plot([finite.min(), finite.max()], [row, row], color=tint, linewidth=1.2, alpha=0.6, zorder=1)
        if len(finite) >= _QUARTILES:
            low, high = np.percentile(finite, [25, 75])
            panel.plot([low, high], [row, row], color=tint, linewidth=6.0, alpha=0.3, solid_capstyle="butt", zorder=1)
        middle = float(np.median(finite))
        panel.plot([middle, middle], [row - 0.24, row + 0.24], color=tint, linewidth=2.2, zorder=2)
    offsets = np.linspace(-_SPREAD, _SPREAD, len(values)) if len(values) > 1 else np.zeros(1)
    for place, (value, offset) in enumerate(zip(values, offsets)):
        panel.plot(
            [value],
            [row + offset],
            marker=marker(condition.number),
            markersize=6.5 if place == condition.selected else 5.5,
            markerfacecolor=tint if condition.to_end[place] else "none",
            markeredgecolor=_INK if place == condition.selected else tint,
            markeredgewidth=1.1 if place == condition.selected else 1.0,
            zorder=3,
        )
    for scores, filled in ((condition.raw, True), (condition.rescaled, False)):
        panel.plot([_number(scores.get(name))], [row + _BELOW], zorder=3, **_star(filled))
    left_out = len(values) - len(finite)
    if left_out:
        text = f"{len(finite)}/{len(values)}"
        panel.annotate(text, (1.0, row), (2, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                       va="center", fontsize=TICK_SIZE - 2)  # fmt: skip


def _star(filled: bool) -> dict[str, Any]:
    return {
        **{"marker": "*", "markersize": 7.5, "linestyle": "none", "markeredgecolor": _INK, "markeredgewidth": 0.8},
        "markerfacecolor": _INK if filled else "none",
    }


def _key(anchors: bool) -> list[Line2D]:
    """What the signs mean, in ink: colours and markers are named by the rows."""
    dot: dict[str, Any] = {"marker": "o", "markersize": 5.5, "linestyle": "none", "color": "0.5"}
    entries = [
        Line2D([], [], label="seed, val", **dot),
        Line2D([], [], label="culled or unfinished", **{**dot, "markerfacecolor": "none"}),
        Line2D([], [], label="selected seed", **{**dot, "markeredgecolor": _INK, "markeredgewidth": 1.3}),
        Line2D([], [], label="median", marker="|", markersize=9, markeredgewidth=2.2, linestyle="none", color="0.5"),
        Line2D([], [], label="selected, test", **_star(True)),
        Line2D([], [], label="test, rescaled", **_star(False)),
    ]
    if anchors:
        entries.append(Line2D([], [], label="the bird itself", color=_INK, linestyle=":", linewidth=1.0))
    return entries


def _number(value: float | None) -> float:
    return math.nan if value is None or not math.isfinite(value) else float(value)
