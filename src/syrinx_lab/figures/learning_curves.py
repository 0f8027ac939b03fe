"""How the seeds of several conditions trained: every loss term and val score over the epochs, the median in front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..metrics.facts import METRICS, Known, by_importance
from .conditions import colour, marker, number_ends, row_name, stroke
from .epochs import Series, axis_unit, horizon_steps, log_where_it_spans, loss_names, ordered, series_of
from .panels import LABEL_SIZE, TICK_SIZE
from .smoothing import check_smooth, smoothed, window_of
from .style import PALETTE, new_figure

_COLUMNS = 3
_INK = PALETTE["black"]
_SHARED = "0.5"  # of lines that hold for all conditions; neither lost on white nor on black

Rows = Sequence[Mapping[str, Any]]
Mark = tuple[float, str]  # where an upright stands, and the term that it is about


@dataclass(frozen=True)
class ConditionCurves:
    """What is drawn of one condition.

    number   from 1: its colour, marker and stroke
    name     for the legend
    seeds    the rows of each seed's history, see `loss_panels`
    warmups  term -> epochs over which its weight ramps
    rungs    epochs after which seeds were culled
    units    loss term -> unit of its values
    """

    number: int
    name: str
    seeds: Sequence[Rows]
    warmups: Mapping[str, int] = field(default_factory=dict)
    rungs: Sequence[int] = ()
    units: Mapping[str, str] = field(default_factory=dict)


def learning_curves_figure(
    conditions: Sequence[ConditionCurves], *, smooth: str | int | None = "auto", known: Known = METRICS
) -> Figure:
    """One panel for each loss term, for the horizon and for each val score as sung, over the epochs.

    conditions   in the order of their numbers; those without a row are left out
    known   the metrics of the runs, see `metrics_of`
    smooth  of the medians: none, auto or a number of epochs, see `window_of`

    A thin line is a seed. A thick one is the median of a condition's seeds, interrupted where their number changes,
    since what comes after a culling is the median of others; its number stands at its end. Dashed uprights: the end of
    a term's warm-up, in the panels of the term and of the total; dotted uprights: steps of the horizon; triangles:
    rungs. These are grey where all conditions that have any agree, else of the condition's colour. Raises ValueError
    when there is no history, or for another `smooth`.
    """
    check_smooth(smooth)
    conditions = [condition for condition in conditions if any(condition.seeds)]
    keys = _panel_keys([row for condition in conditions for rows in condition.seeds for row in rows], known)
    if not keys:
        raise ValueError("no history to draw: train for at least one epoch")
    columns = min(_COLUMNS, len(keys))
    lines = math.ceil(len(keys) / columns)
    per_line = 3 if max(len(condition.name) for condition in conditions) > 16 else 5
    figure = new_figure(10.0, 2.0 * lines + 0.2 + 0.2 * math.ceil((len(conditions) + 3) / per_line))
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    last = max(int(row["epoch"]) for condition in conditions for rows in condition.seeds for row in rows)
    ramps = {condition.number: _ramps(condition) for condition in conditions}
    steps = {condition.number: _steps(condition) for condition in conditions}
    rungs = {condition.number: [(float(epoch), "") for epoch in condition.rungs] for condition in conditions}
    units = {term: unit for condition in conditions for term, unit in condition.units.items()}
    for panel, key in zip(axes, keys):
        group, _, name = key.partition("/")
        series = {condition.number: [series_of(rows, key) for rows in condition.seeds] for condition in conditions}
        if key == "train/horizon":  # what is never rolled out has none
            series = {n: many for n, many in series.items() if any(np.any(values > 0) for _, values in many)}
        if group == "loss":
            log_where_it_spans(panel, np.concatenate([values for many in series.values() for _, values in many]))
        ends = []
        for number, many in series.items():
            ends += _draw_condition(panel, number, many, stairs=key == "train/horizon", smooth=smooth)
        panel.set_title(key, fontsize=LABEL_SIZE)
        panel.set_xlabel("epoch", fontsize=TICK_SIZE, labelpad=1)
        panel.set_ylabel(axis_unit(key, known, units), fontsize=TICK_SIZE)
        panel.tick_params(labelsize=TICK_SIZE)
        panel.set_xlim(0.5, last + 0.5 + 0.06 * last)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
        if axis_unit(key, known, units) == "share":
            panel.set_ylim(-0.06, 1.06)
        if group == "loss":
            own = {n: [(at, t) for at, t in marks if name in ("total", t)] for n, marks in ramps.items()}
            _uprights(panel, own, "--", named=True)
        _uprights(panel, steps, ":")
        _uprights(panel, rungs, "^")
        number_ends(panel, ends)
    for panel in axes[len(keys) :]:
        panel.set_axis_off()
    handles = [
        Line2D([0, 1], [0, 0], label=row_name(condition.number, condition.name), **_median_stroke(condition.number))
        for condition in conditions
    ]
    handles += [
        Line2D([], [], color=_SHARED, linestyle="--", linewidth=0.9, label="warm-up ends"),
        Line2D([], [], color=_SHARED, linestyle=":", linewidth=0.9, label="horizon steps"),
    ]
    if any(rungs.values()):
        handles.append(Line2D([], [], color=_SHARED, linestyle="none", marker="^", markersize=5, label="seeds culled"))
    figure.legend(
        handles=handles, loc="outside upper center", ncols=per_line, fontsize=TICK_SIZE, frameon=False, handlelength=3.5
    )
    return figure


def median_of(series: Sequence[Series]) -> list[tuple[Series, int]]:
    """The median over seeds at every epoch, cut where the number of seeds changes: (epochs, values) and that number.

    series  (epochs, values) of each seed; a NaN is a seed without a value there, all NaN is a gap
    """
    found: dict[float, list[float]] = {}
    for at, values in series:
        for epoch, value in zip(at, values):
            found.setdefault(float(epoch), []).append(float(value))
    pieces: list[tuple[list[float], list[float], int]] = []
    for epoch in sorted(found):
        defined = [value for value in found[epoch] if np.isfinite(value)]
        if not pieces or pieces[-1][2] != len(found[epoch]):
            pieces.append(([], [], len(found[epoch])))
        pieces[-1][0].append(epoch)
        pieces[-1][1].append(float(np.median(defined)) if defined else np.nan)
    return [((np.array(at), np.array(values)), count) for at, values, count in pieces]


def _panel_keys(rows: Rows, known: Known) -> list[str]:
    """The names in the history that get a panel, in the order of `loss_panels`."""
    names = {key for row in rows for key in row}
    losses = loss_names(names)
    scores = ordered(
        (key[4:] for key in names if key.startswith("val/") and "/rescaled_" not in key), by_importance(known)
    )
    keys = [f"loss/{name}" for name in losses] + ["train/horizon"] + [f"val/{name}" for name in scores]
    dull = [key for key in ("loss/nan_skip", "train/horizon") if not np.any(series_of(rows, key)[1] > 0)]
    return [key for key in keys if key in names and key not in dull]


def _draw_condition(
    panel: Axes, number: int, series: Sequence[Series], *, stairs: bool, smooth: str | int | None
) -> list[tuple[int, float, float]]:
    """The seeds and the median of a condition; where the latter ends."""
    tint, end = colour(number), []
    for at, values in series:
        if stairs:
            panel.step(at, values, where="mid", color=tint, linewidth=0.8, alpha=0.5)
        else:
            panel.plot(at, values, color=tint, linewidth=0.8, alpha=0.5)
    logarithmic = panel.get_yscale() == "log"
    for (at, values), _ in median_of(series):
        scaled = np.log(values) if logarithmic else values
        mean = smoothed(scaled, window_of(at, scaled, smooth))
        values = np.exp(mean) if logarithmic else mean
        if stairs:
            panel.step(at, values, where="mid", **{**_median_stroke(number), "marker": None})
        else:
            panel.plot(at, values, markevery=max(1, len(at) // 6), **_median_stroke(number))
        if np.isfinite(values).any():
            place = np.flatnonzero(np.isfinite(values))[-1]
            end = [(number, float(at[place]), float(values[place]))]
    return end


def _median_stroke(number: int) -> dict[str, Any]:
    return {
        **{"color": colour(number), "linestyle": stroke(number), "linewidth": 1.7},
        **{"marker": marker(number), "markersize": 3.5},
    }


def _ramps(condition: ConditionCurves) -> list[Mark]:
    """(where the ramp of a term ends, halfway between two epochs, the term) of the terms that have a weight."""
    rows = [row for rows in condition.seeds for row in rows]
    weighted = [term for term in condition.warmups if np.any(series_of(rows, f"train/lam_{term}")[1] > 0)]
    return [(condition.warmups[term] + 0.5, term) for term in weighted if condition.warmups[term] > 0]


def _steps(condition: ConditionCurves) -> list[Mark]:
    """Where the horizon steps, of the seed that came farthest: they share the schedule."""
    longest = max(condition.seeds, key=len)
    return [(at, "") for at in horizon_steps(series_of(longest, "train/horizon"))]


def _uprights(panel: Axes, marks: Mapping[int, Sequence[Mark]], style: str, *, named: bool = False) -> None:
    """Lines (or triangles on the axis) at the marks of every condition: once, in grey, where all with any agree."""
    distinct = list(dict.fromkeys(tuple(own) for own in marks.values() if own))
    agreed = len(distinct) == 1
    drawn = [(0, distinct[0])] if agreed else [(number, own) for number, own in marks.items()]
    for number, own in drawn:
        tint = _SHARED if agreed else colour(number)
        at_once: dict[float, list[str]] = {}
        for at, term in own:
            at_once.setdefault(at, []).append(term)
        for at, terms in at_once.items():
            if style == "^":
                panel.plot([at], [0.0], marker="^", markersize=5, color=tint, transform=panel.get_xaxis_transform(),
                           clip_on=False, zorder=4)  # fmt: skip
                continue
            panel.axvline(at, color=tint, linestyle=style, linewidth=0.9, zorder=0)
            if named and agreed and len(own) > 1:
                panel.annotate(", ".join(terms), (at, 0.98), (2, 0), xycoords=("data", "axes fraction"), va="top",
                               textcoords="offset points", fontsize=TICK_SIZE - 2, rotation=90)  # fmt: skip
