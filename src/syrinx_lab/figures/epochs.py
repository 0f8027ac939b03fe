"""What the figures over epochs share: the order of the panels, their units, and curves with gaps."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..metrics.facts import Known, unit
from .panels import TICK_SIZE

MOST_STEPS = 8  # a horizon that changes more often than this is a slope, not a stair
COLUMNS = 4
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}  # under text that lies on lines
_LOG_SPAN = 20.0  # a loss that falls by more than this is drawn on a logarithmic axis

Series = tuple[NDArray[np.float64], NDArray[np.float64]]


def axis_unit(key: str, known: Known, units: Mapping[str, str]) -> str:
    """What stands beside the axis of a name in the history.

    known  the metrics of the runs that are drawn
    units  loss term -> unit of its values
    """
    group, _, name = key.partition("/")
    if group == "loss":
        return loss_label(name, units)
    return unit(name, known) if group == "val" else "samples"


def ordered(found: Iterable[str], first: Collection[str]) -> list[str]:
    """The distinct names, those of `first` in its order, the others after them by name."""
    names = set(found)
    return [name for name in first if name in names] + sorted(names - set(first))


def loss_names(logged: Iterable[str]) -> list[str]:
    """The loss terms among logged names: the total, the terms by name, and last the updates that were left out."""
    names = {name.removeprefix("loss/") for name in logged if name.startswith("loss/")}
    return sorted(names, key=lambda name: (name != "total", name == "nan_skip", name))


def loss_label(term: str, units: Mapping[str, str]) -> str:
    """What stands beside the axis of a loss, as `loss (dB)`; a term whose unit nobody gives is a loss alone."""
    if term == "nan_skip":
        return "updates left out"
    return f"loss ({units[term]})" if term in units else "loss"


def series_of(rows: Sequence[Mapping[str, Any]], key: str) -> Series:
    """(epochs, values) of the rows that have `key`; what is not a finite number is NaN."""
    found = [(int(row["epoch"]), row[key]) for row in rows if key in row]
    values = [float(value) if value is not None and math.isfinite(value) else math.nan for _, value in found]
    return np.array([epoch for epoch, _ in found], dtype=np.float64), np.array(values, dtype=np.float64)


def draw_series(panel: Axes, series: Series, color: str, label: str | None = None, *, style: str = "-") -> None:
    """A curve with gaps where it is NaN, or a word that there is nothing to see."""
    panel.plot(*series, color=color, linestyle=style, linewidth=1.2, marker=marker(series), markersize=3, label=label)
    if not np.isfinite(series[1]).any():
        panel.text(
            0.5, 0.5, "never a finite number", transform=panel.transAxes, ha="center", fontsize=TICK_SIZE, bbox=PAPER
        )
        panel.set_yticks([])


def marker(series: Series) -> str | None:
    """Dots as long as they can be distinguished: a point between two gaps is seen by its dot alone."""
    return "o" if len(series[0]) <= 40 or np.isnan(series[1]).any() else None


def log_where_it_spans(panel: Axes, values: NDArray[np.float64]) -> None:
    """A logarithmic axis for values that are positive and span more than `_LOG_SPAN`."""
    finite = values[np.isfinite(values)]
    if len(finite) and finite.min() > 0 and finite.max() > _LOG_SPAN * finite.min():
        panel.set_yscale("log")


def horizon_steps(horizon: Series) -> list[float]:
    """Where the horizon changes, halfway between two epochs; empty when it changes at every turn."""
    at, length = horizon
    changes = np.flatnonzero(np.diff(length) != 0)
    return [float(at[k] + at[k + 1]) / 2 for k in changes] if len(changes) <= MOST_STEPS else []


def warmup_ends(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Term -> where its weight train/lam_{term} has reached its full value, halfway between two epochs.

    A term without a ramp, or whose ramp had not ended in these rows, is left out.
    """
    ends = {}
    names = {key.removeprefix("train/lam_") for row in rows for key in row if key.startswith("train/lam_")}
    for term in sorted(names):
        at, weight = series_of(rows, f"train/lam_{term}")
        rising = np.flatnonzero(weight < 0.999 * np.nanmax(weight, initial=0.0))
        # one epoch at the highest weight may still be a step of the ramp, two are its end
        if len(rising) and rising[-1] < len(weight) - 2:
            ends[term] = float(at[rising[-1]]) + 0.5
    return ends
