"""How several runs went: their losses and scores over each other, one colour a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..metrics.facts import METRICS, Known, by_importance
from .epochs import (
    COLUMNS,
    Series,
    axis_unit,
    horizon_steps,
    log_where_it_spans,
    loss_names,
    marker,
    ordered,
    series_of,
    warmup_ends,
)
from .panels import LABEL_SIZE, TICK_SIZE
from .smoothing import check_smooth, smoothed, window_of
from .style import PALETTE, new_figure

# yellow is hardly seen on white
_COLOURS = tuple(PALETTE[name] for name in ("blue", "vermillion", "green", "orange", "purple", "sky", "black"))
_STYLES = ("-", "--", ":", "-.")
_SHARED = "0.5"  # of lines that hold for all runs
MOST_RUNS = len(_COLOURS) * len(_STYLES)

Rows = Sequence[Mapping[str, Any]]


def overlay_panels(
    runs: Mapping[str, Rows],
    *,
    smooth: str | int | None = "auto",
    units: Mapping[str, str] = MappingProxyType({}),
    known: Known = METRICS,
) -> Figure:
    """One panel for each loss term, for the horizon and for each validation score as sung; one curve for each run.

    runs    name -> rows of its history, see `loss_panels`; a run without a term has no curve in its panel
    known   the metrics of the runs, see `metrics_of`
    smooth  none, auto or a number of epochs, see `window_of`; behind a smoothed curve lie the values themselves, faint
    units   loss term -> unit of its values

    Every run has the same colour and stroke in all panels. Dashed uprights: the end of a term's warm-up, in the panels
    of the term and of the total; dotted ones: steps of the horizon, in every panel. They are grey where all runs that
    have any agree, else of the run's colour. Raises ValueError when there is no history, or more runs than colours and
    strokes distinguish, or for another `smooth`.
    """
    check_smooth(smooth)
    runs = {name: rows for name, rows in runs.items() if rows}
    if not runs:
        raise ValueError("no history to draw: train for at least one epoch")
    if len(runs) > MOST_RUNS:
        raise ValueError(f"{len(runs)} runs cannot be distinguished in one figure: choose {MOST_RUNS} or fewer")
    keys = _panel_keys([row for rows in runs.values() for row in rows], known)
    columns = max(1, min(COLUMNS, len(keys)))
    lines = max(1, math.ceil(len(keys) / columns))
    legend_lines = math.ceil((len(runs) + 2) / columns)
    figure = new_figure(3.0 * columns + 0.2, 2.3 * lines + 0.2 + 0.2 * legend_lines)
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    last = max(int(row["epoch"]) for rows in runs.values() for row in rows)
    ramps = [warmup_ends(rows) for rows in runs.values()]
    steps = [horizon_steps(series_of(rows, "train/horizon")) for rows in runs.values()]
    for panel, key in zip(axes, keys):
        found = {name: series_of(rows, key) for name, rows in runs.items()}
        if key.startswith("loss/"):
            log_where_it_spans(panel, np.concatenate([values for _, values in found.values()]))
        for number, series in enumerate(found.values()):
            logarithmic = panel.get_yscale() == "log"
            _draw(panel, series, number, logarithmic=logarithmic, stairs=key == "train/horizon", smooth=smooth)
        name = key.partition("/")[2]
        if key.startswith("loss/"):
            own = [[end for term, end in ends.items() if name in ("total", term)] for ends in ramps]
            _uprights(panel, own, "--")
        _uprights(panel, steps, ":")
        panel.set_title(key, fontsize=LABEL_SIZE)
        panel.set_xlabel("epoch", fontsize=TICK_SIZE)
        panel.set_ylabel(axis_unit(key, known, units), fontsize=TICK_SIZE)
        panel.tick_params(labelsize=TICK_SIZE)
        panel.set_xlim(0.5, last + 0.5)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    for panel in axes[len(keys) :]:
        panel.set_axis_off()
    handles = [axes[0].plot([], [], **_stroke(number))[0] for number in range(len(runs))]
    labels = list(runs)
    for marks, style, label in ((ramps, "--", "warm-up ends"), (steps, ":", "horizon steps")):
        if any(marks):
            handles += axes[0].plot([], [], color=_SHARED, linestyle=style, linewidth=0.9)
            labels.append(label)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=TICK_SIZE, frameon=False)
    return figure


def _panel_keys(rows: Rows, known: Known) -> list[str]:
    """The names in the history that get a panel, in the order of `loss_panels`."""
    names = {key for row in rows for key in row}
    losses = loss_names(names)
    scores = ordered(
        (key[4:] for key in names if key.startswith(("val/")) and "/rescaled_" not in key), by_importance(known)
    )
    keys = [f"loss/{name}" for name in losses] + ["train/horizon"] + [f"val/{name}" for name in scores]
    # what was never left out and what was never rolled out needs no panel
    dull = [key for key in ("loss/nan_skip", "train/horizon") if not np.any(series_of(rows, key)[1] > 0)]
    return [key for key in keys if key not in dull]


def _uprights(panel: Axes, marks: Sequence[Sequence[float]], style: str) -> None:
    """Lines at the marks of every run: once, in grey, where those that have any agree."""
    distinct = {tuple(own) for own in marks if own}
    for number, own in enumerate(marks) if len(distinct) > 1 else enumerate(list(distinct)):
        tint = _COLOURS[number % len(_COLOURS)] if len(distinct) > 1 else _SHARED
        for at in dict.fromkeys(own):
            panel.axvline(at, color=tint, linestyle=style, linewidth=0.9, zorder=0)


def _draw(
    panel: Axes, series: Series, number: int, *, logarithmic: bool, stairs: bool, smooth: str | int | None
) -> None:
    """The curve of a run, smoothed; noise on a logarithmic axis is judged there."""
    at, values = series
    stroke = _stroke(number)
    if stairs:
        panel.step(at, values, where="mid", **stroke)
        return
    scaled = np.log(values) if logarithmic else values
    window = window_of(at, scaled, smooth)
    if window > 1:
        panel.plot(at, values, color=stroke["color"], linewidth=0.6, alpha=0.25)
        mean = smoothed(scaled, window)
        values = np.exp(mean) if logarithmic else mean
    panel.plot(at, values, marker=marker((at, values)), markersize=2.5, **stroke)


def _stroke(number: int) -> dict[str, Any]:
    """Colour and stroke of a run: all colours in full strokes first."""
    style = _STYLES[number // len(_COLOURS)]
    return {"color": _COLOURS[number % len(_COLOURS)], "linestyle": style, "linewidth": 1.3}
