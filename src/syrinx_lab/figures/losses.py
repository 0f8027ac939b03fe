"""How training went: every loss term, every validation score and the horizon over the epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..metrics.facts import METRICS, Known, by_importance, unit
from .epochs import (
    COLUMNS,
    MOST_STEPS,
    PAPER,
    Series,
    draw_series,
    horizon_steps,
    log_where_it_spans,
    loss_label,
    loss_names,
    marker,
    ordered,
    series_of,
    warmup_ends,
)
from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

_RESCALED = "rescaled_"


def loss_panels(
    rows: Sequence[Mapping[str, Any]],
    *,
    units: Mapping[str, str] = MappingProxyType({}),
    known: Known = METRICS,
) -> Figure:
    """One panel for each loss term, for the horizon and for each validation score, over the epochs.

    rows   of the history: `epoch` and any of loss/{term}, train/horizon, train/lam_{term}, val/{score} and
           val/rescaled_{score}; what is missing is left out; None, NaN and infinite values leave gaps
    units  loss term -> unit of its values
    known  the metrics of the run, see `metrics_of`

    A dashed line stands where a loss weight, train/lam_{term}, has reached its full value.
    Dotted lines mark the steps of a horizon that changes in steps. Scores are drawn as sung and, where there are both,
    as rescaled. Raises ValueError when there are no rows.
    """
    if not rows:
        raise ValueError("no history to draw: train for at least one epoch")
    epochs = np.array(sorted({int(row["epoch"]) for row in rows}))
    losses = loss_names(key for row in rows for key in row)
    if not np.any(series_of(rows, "loss/nan_skip")[1] > 0):
        losses = [name for name in losses if name != "nan_skip"]
    found = (key[4:].removeprefix(_RESCALED) for row in rows for key in row if key.startswith("val/"))
    scores = ordered(found, by_importance(known))
    horizon = series_of(rows, "train/horizon")
    has_horizon = bool(np.any(horizon[1] > 0))
    ramps = warmup_ends(rows)
    steps = horizon_steps(horizon) if has_horizon else []

    count = max(len(losses) + has_horizon + len(scores), 1)
    columns = min(COLUMNS, count)
    lines = math.ceil(count / columns)
    figure = new_figure(3.0 * columns + 0.2, 2.3 * lines + 0.1)
    axes = list(figure.subplots(lines, columns, squeeze=False).flat)
    panels = iter(axes)
    for name in losses:
        panel = next(panels)
        values = series_of(rows, f"loss/{name}")
        draw_series(panel, values, PALETTE["blue"])
        log_where_it_spans(panel, values[1])
        own = ramps if name == "total" else {name: ramps[name]} if name in ramps else {}
        _frame(panel, epochs, f"loss/{name}", loss_label(name, units), own, steps, named=True)
    if has_horizon:
        panel = next(panels)
        panel.step(*horizon, where="mid", color=PALETTE["green"], linewidth=1.4, marker=marker(horizon), markersize=3)
        _name_horizons(panel, horizon)
        _frame(panel, epochs, "train/horizon", "samples", ramps, steps)
    for name in scores:
        panel = next(panels)
        scaled = series_of(rows, f"val/{_RESCALED}{name}")
        draw_series(panel, series_of(rows, f"val/{name}"), PALETTE["vermillion"], "as sung")
        if len(scaled[0]):
            draw_series(panel, scaled, PALETTE["sky"], "rescaled", style="--")
            panel.legend(fontsize=TICK_SIZE - 1, loc="best", framealpha=0.7, handlelength=2.5)
        _frame(panel, epochs, f"val/{name}", unit(name, known), ramps, steps)
    for panel in panels:
        panel.set_axis_off()
    return figure


def _name_horizons(panel: Axes, horizon: Series) -> None:
    """Write the length of every stair above its beginning."""
    at, length = horizon
    changes = [0, *(np.flatnonzero(np.diff(length) != 0) + 1)]
    panel.margins(y=0.2)
    if len(changes) <= MOST_STEPS:
        for k in changes:
            panel.annotate(
                f"{length[k]:.0f}",
                (at[k], length[k]),
                (2, 4),
                textcoords="offset points",
                fontsize=TICK_SIZE,
                bbox=PAPER,
            )


def _frame(
    panel: Axes,
    epochs: NDArray[np.int64],
    name: str,
    unit: str,
    ramps: Mapping[str, float],
    steps: Sequence[float],
    *,
    named: bool = False,
) -> None:
    """Title, axes, the ends of the warm-ups (with their names if `named`) and the steps of the horizon."""
    panel.set_title(name, fontsize=LABEL_SIZE)
    panel.set_xlabel("epoch", fontsize=TICK_SIZE)
    panel.set_ylabel(unit, fontsize=TICK_SIZE)
    panel.tick_params(labelsize=TICK_SIZE)
    panel.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    for step in steps:
        panel.axvline(step, color="0.6", linestyle=":", linewidth=0.9, zorder=0)
    for end in sorted(set(ramps.values())):
        panel.axvline(end, color=PALETTE["black"], linestyle="--", linewidth=0.9, zorder=0)
        if named:
            terms = ", ".join(term for term in ramps if ramps[term] == end) if len(ramps) > 1 else ""
            text = f"{terms} warm-up ends".strip()
            _name_line(panel, end, text)


def _name_line(panel: Axes, at: float, text: str) -> None:
    """Write along a vertical line, at the end of it that is farther from the panel's curve and behind the curve."""
    epochs, values = (np.asarray(data, dtype=np.float64) for data in panel.lines[0].get_data())
    finite = np.isfinite(values)
    bottom, _ = panel.get_ylim()  # also brings the limits up to date
    level = np.interp(at, epochs[finite], values[finite]) if finite.any() else bottom
    height = (panel.transScale + panel.transLimits).transform((at, level))[1]
    y, edge, inward = (0.0, "bottom", 4) if height > 0.5 else (1.0, "top", -4)
    panel.annotate(
        text,
        (at, y),
        (3, inward),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        rotation=90,
        va=edge,
        fontsize=TICK_SIZE - 1,
        color="0.3",
        zorder=1,
    )
