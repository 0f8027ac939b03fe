"""Which model of several is kept: the rule by which seeds and epochs are ranked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..metrics.facts import METRICS, Known, higher_is_better

BOUNDED_ENOUGH = 0.9
# a share of vocalisations that was averaged in float32 may fall short of 0.9 by a rounding
_ROUNDING = 1e-6

Row = Mapping[str, Any]


def rank(rows: Iterable[Row], metric: str = "tf_corr", known: Known = METRICS) -> list[Row]:
    """The rows from best to worst by (bounded_frac >= 0.9, metric, bounded_frac).

    rows    one mapping per candidate with the VALIDATION means `bounded_frac` (0 to 1) and `metric`, and `seed`,
            `epoch` and `key` where candidates may differ in them
    metric  name of the score within a row: a metric, as sung or rescaled_; of those like amp_pen less is better
    known   the metrics there are, see `metrics_of`

    A candidate that diverges (bounded_frac below 0.9 or not a number) ranks below every bounded one whatever its
    number. A metric that is None, NaN or infinite ranks last in its class. Ties go to the lower seed, then the lower
    epoch, then the lower key, so that the order of the input never decides. Raises ValueError when a row lacks a score
    or when it is not known whether more of the metric is better.
    """
    sign = 1.0 if higher_is_better(metric, known) else -1.0
    rows = list(rows)
    for number, row in enumerate(rows):
        for name in (metric, "bounded_frac"):
            if name not in row:
                raise ValueError(f"candidate {number} has no score {name}; it has {', '.join(sorted(row))}")
    return sorted(rows, key=lambda row: _place(row, metric, sign))


def best(rows: Iterable[Row], metric: str = "tf_corr", known: Known = METRICS) -> Row:
    """The first of `rank(rows, metric, known)`; raises ValueError when there is no row."""
    ranked = rank(rows, metric, known)
    if not ranked:
        raise ValueError("nothing to select from: no model has been evaluated on val")
    return ranked[0]


def _place(row: Row, metric: str, sign: float) -> tuple[Any, ...]:
    """Sort key of a candidate: smaller is better."""
    bounded, value = _finite(row["bounded_frac"], 0.0), _finite(row[metric], -math.inf * sign)
    diverged = bounded < BOUNDED_ENOUGH - _ROUNDING
    return diverged, -sign * value, -bounded, row.get("seed", 0), row.get("epoch", 0), str(row.get("key", ""))


def _finite(value: float | None, otherwise: float) -> float:
    """`value` where it is a finite number, else `otherwise`."""
    return float(value) if value is not None and math.isfinite(value) else otherwise
