"""What is known of every metric: unit, direction, bounds. No torch, so that runs can be ranked and drawn without it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

_OF_A_SCORE = re.compile(r"(?:(?:val|test|new)[/.]|eval/[^/]+/)?(?:rescaled_)?(?P<name>[^/.]+)")
_OF_A_LOSS = re.compile(r"loss/[^/]+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# what else stands beside a score where scores are stored or logged
_TAKEN = (
    *("seed", "epoch", "epochs", "key", "run", "path", "clips", "count", "rank", "status", "reason"),
    *("audio", "spectrogram", "vocalisations"),
)
FACTS_KEY = "metric_facts"  # in the stored `eval` group: the facts of metrics from outside, by name


@dataclass(frozen=True)
class MetricFacts:
    """What is known of a cold-start score beside its values.

    name              of the field of `Score`, or the key in eval.metrics
    unit              for an axis
    higher_is_better  whether more of it is better
    headline          whether it stands where there is room for few
    low, high         values that it cannot leave; infinite where there is no such bound
    rescaled          whether it is another number for the output at the target's RMS; False: it does not depend on the
                      output's scale, and is logged once
    Raises ValueError with one line that begins with the fact that is none.
    """

    name: str
    unit: str
    higher_is_better: bool
    headline: bool = False
    low: float = -math.inf
    high: float = math.inf
    rescaled: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.unit, str) or not self.unit.strip():
            raise ValueError(f'unit is {self.unit!r}: use the text of an axis, as "ms" or "dimensionless"')
        for fact in ("higher_is_better", "headline", "rescaled"):
            if not isinstance(getattr(self, fact), bool):
                raise ValueError(f"{fact} is {getattr(self, fact)!r}: use True or False")
        for fact in ("low", "high"):
            value = getattr(self, fact)
            if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
                raise ValueError(f"{fact} is {value!r}: use a number, or leave it out where there is no bound")
        if not self.low < self.high:
            raise ValueError(f"low is {self.low:g}, and high {self.high:g}: use a smaller low")

    def plain(self) -> dict[str, Any]:
        """The facts less the name, as they are stored: an infinite bound is None."""
        values = {name: value for name, value in asdict(self).items() if name != "name"}
        return {name: None if value in (-math.inf, math.inf) else value for name, value in values.items()}


Known = Mapping[str, MetricFacts]

# the lab's own, in the order in which they are shown; a metric that nobody knows can be neither ranked nor drawn with
# its unit
METRICS: dict[str, MetricFacts] = {
    metric.name: metric
    for metric in (
        MetricFacts("tf_corr", "correlation", True, headline=True, low=-1.0, high=1.0),
        MetricFacts("autonomy", "dimensionless", True, headline=True, high=1.0),
        MetricFacts("bounded_frac", "share", True, headline=True, low=0.0, high=1.0),
        MetricFacts("spec_corr", "correlation", True, low=-1.0, high=1.0),
        MetricFacts("amp_pen", "|log ratio|", False, low=0.0),
        MetricFacts("pitch_pen", "|log ratio|", False, low=0.0),
        MetricFacts("autonomy_published", "dimensionless", True, high=1.0),
        MetricFacts("f0_cents", "cents", False, low=0.0),
        MetricFacts("env_corr", "correlation", True, low=-1.0, high=1.0),
        MetricFacts("onset_error_ms", "ms", False, low=0.0),
        MetricFacts("ignition_rate", "share", True, low=0.0, high=1.0),
        MetricFacts("oscillator_share", "share", True, low=-1.0, high=1.0),
        MetricFacts("tf_corr_syllable", "correlation", True, low=-1.0, high=1.0),
        MetricFacts("wrong_partial", "share", False, headline=True, low=0.0, high=1.0),
        MetricFacts("leak_db", "dB", False, low=-120.0, high=0.0),
        MetricFacts("lsd_db", "dB", False, low=0.0),
        MetricFacts("mcd_db", "dB", False, low=0.0),
        MetricFacts("octave_errors", "share", False, low=0.0, high=1.0),
        MetricFacts("numbers_per_second", "1/s", False, low=0.0, rescaled=False),
        MetricFacts("accel_r2", "R²", True, high=1.0, rescaled=False),
    )
}


def metrics_of(config: Mapping[str, Any]) -> dict[str, MetricFacts]:
    """The metrics of a run: the lab's own, and those that its `eval` group took from outside.

    config  as the run stores it, see `with_metric_facts`
    """
    stored = (config.get("eval") or {}).get(FACTS_KEY) or {}
    return METRICS | {name: _read(name, facts) for name, facts in stored.items()}


def with_metric_facts(config: Mapping[str, Any], outside: Known) -> dict[str, Any]:
    """The configuration with the facts of metrics from outside, so that it is read without their module."""
    if not outside:
        return dict(config)
    return {**config, "eval": {**config["eval"], FACTS_KEY: {name: one.plain() for name, one in outside.items()}}}


def merged(several: Iterable[Known]) -> dict[str, MetricFacts]:
    """The metrics of several runs together.

    Raises ValueError with one line when one name is a smaller-is-better metric in one and the opposite in another.
    """
    found = dict(METRICS)
    for known in several:
        for name, facts in known.items():
            if found.setdefault(name, facts).higher_is_better != facts.higher_is_better:
                raise ValueError(
                    f"the metric {name} is smaller-is-better in one run and larger-is-better in another: rename one"
                )
    return found


def headline(known: Known = METRICS) -> tuple[str, ...]:
    """The names of the metrics that stand where there is room for few."""
    return tuple(name for name, facts in known.items() if facts.headline)


def by_importance(known: Known = METRICS) -> tuple[str, ...]:
    """The names of all metrics, the headlines first."""
    first = headline(known)
    return (*first, *(name for name in known if name not in first))


def unit(name: str, known: Known = METRICS) -> str:
    """The unit of a metric for an axis; dimensionless where it is not known."""
    return known[name].unit if name in known else "dimensionless"


def less_is_better(name: str, known: Known = METRICS) -> bool:
    """Whether a metric is known, and known to be smaller-is-better: for a remark beside its name."""
    return name in known and not known[name].higher_is_better


def metric_of(name: str, known: Known = METRICS) -> MetricFacts:
    """The facts of the metric behind a score's name.

    name   tf_corr, val/tf_corr, val.tf_corr, test/rescaled_tf_corr, eval/test/tf_corr, ...
    known  the metrics there are, see `metrics_of`
    Raises ValueError with one line that lists the metrics when there is none of that name.
    """
    match = _OF_A_SCORE.fullmatch(name)
    if match is None or match["name"] not in known:
        raise ValueError(f"no metric is called {name!r}: use one of {', '.join(known)}")
    return known[match["name"]]


def higher_is_better(name: str, known: Known = METRICS) -> bool:
    """Whether more of a score or loss is better: False for loss/TERM, else the metric's own fact, see `metric_of`.

    Raises ValueError with one line for a name whose direction is not known: it cannot be ranked.
    """
    if _OF_A_LOSS.fullmatch(name):
        return False
    try:
        return metric_of(name, known).higher_is_better
    except ValueError as error:
        raise ValueError(f"cannot rank by {name}: whether more of it is better is not known; {error}") from None


def check_selection_metric(name: object, known: Known = METRICS) -> str:
    """`name`, a val score that models may be ranked by, as checkpoint.metric gives it.

    Raises ValueError with one line that lists the metrics when it is none of them.
    """
    if name not in known:
        raise ValueError(f"checkpoint.metric is {name!r}: use one of {', '.join(known)}")
    return str(name)


def check_new_name(name: str, key: str = "eval.metrics") -> str:
    """`name`, given as key.name; raises ValueError with one line when no metric from outside may be called so."""
    if name in METRICS:
        raise ValueError(f"{key}.{name}: the lab has a metric of this name; choose another")
    if not _NAME.fullmatch(name) or name.startswith("rescaled_") or name in _TAKEN:
        raise ValueError(
            f"{key}.{name}: use a name of small letters, digits and _ that begins with a letter, not with "
            f"rescaled_, and is none of {', '.join(_TAKEN)}"
        )
    return name


def _read(name: str, stored: Mapping[str, Any]) -> MetricFacts:
    return MetricFacts(name, **{fact: value for fact, value in stored.items() if value is not None})
