"""What every metric is: its unit, whether more of it is better, its bounds; free of torch, for all who rank or draw."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_OF_A_SCORE = re.compile(r"(?:(?:val|test|new)[/.]|eval/[^/]+/)?(?:rescaled_)?(?P<name>[^/.]+)")
_OF_A_LOSS = re.compile(r"loss/[^/]+")


@dataclass(frozen=True)
class Metric:
    """A cold-start score.

    name              of the field of `types.Score`, or accel_r2, which stands beside a Score
    unit              for an axis
    higher_is_better  whether more of it is better
    headline          whether it stands where there is room for few
    low, high         values that it cannot leave
    """

    name: str
    unit: str
    higher_is_better: bool
    headline: bool = False
    low: float = -math.inf
    high: float = math.inf


# in the order in which they are shown; a metric that is not here can be neither ranked nor drawn with its unit
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("tf_corr", "correlation", True, headline=True, low=-1.0, high=1.0),
        Metric("autonomy", "dimensionless", True, headline=True, high=1.0),
        Metric("bounded_frac", "share", True, headline=True, low=0.0, high=1.0),
        Metric("spec_corr", "correlation", True, low=-1.0, high=1.0),
        Metric("amp_pen", "|log ratio|", False, low=0.0),
        Metric("pitch_pen", "|log ratio|", False, low=0.0),
        Metric("autonomy_published", "dimensionless", True, high=1.0),
        Metric("f0_cents", "cents", False, low=0.0),
        Metric("env_corr", "correlation", True, low=-1.0, high=1.0),
        Metric("onset_error_ms", "ms", False, low=0.0),
        Metric("ignition_rate", "share", True, low=0.0, high=1.0),
        Metric("oscillator_share", "share", True, low=-1.0, high=1.0),
        Metric("accel_r2", "R²", True, high=1.0),
    )
}
HEADLINE = tuple(metric.name for metric in METRICS.values() if metric.headline)
UNITS = {metric.name: metric.unit for metric in METRICS.values()}


def metric_of(name: str) -> Metric:
    """The facts of the metric behind a score's name.

    name  tf_corr, val/tf_corr, val.tf_corr, test/rescaled_tf_corr, eval/test/tf_corr, ...
    Raises ValueError with one line that lists the metrics when there is none of that name.
    """
    match = _OF_A_SCORE.fullmatch(name)
    if match is None or match["name"] not in METRICS:
        raise ValueError(f"no metric is called {name!r}: use one of {', '.join(METRICS)}")
    return METRICS[match["name"]]


def higher_is_better(name: str) -> bool:
    """Whether more of a score or loss is better: False for loss/TERM, else the metric's own fact, see `metric_of`.

    Raises ValueError with one line for a name whose direction is not known: it cannot be ranked.
    """
    if _OF_A_LOSS.fullmatch(name):
        return False
    try:
        return metric_of(name).higher_is_better
    except ValueError as error:
        raise ValueError(f"cannot rank by {name}: whether more of it is better is not known; {error}") from None


def check_selection_metric(name: object) -> str:
    """`name`, a val score that models may be ranked by, as selection.metric gives it.

    Raises ValueError with one line that lists the metrics when it is none of them.
    """
    if name not in METRICS:
        raise ValueError(f"selection.metric is {name!r}: use one of {', '.join(METRICS)}")
    return str(name)
