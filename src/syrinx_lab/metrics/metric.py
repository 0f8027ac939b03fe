"""The contract of a metric from outside the lab: one file, named in eval.metrics."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from .facts import MetricFacts, check_new_name
from .sung_clip import SungClip

_TOLERANCE = 1e-6  # of a bound: sums round


class Metric(ABC):
    """A score of one vocalisation that the model has sung from a cold start.

    A subclass says with class attributes what is known of it beside its values, see `MetricFacts`, and computes it:

        class SilenceLeak(Metric):
            \"\"\"RMS of the output before the onset, dB of full scale.\"\"\"

            unit = "dB"
            higher_is_better = False

            def score(self, clip):
                return 20 * math.log10(np.sqrt(np.mean(clip.output[: clip.onset] ** 2)) + 1e-6)

    It is named where it is chosen, `eval.metrics: {silence_leak: {_target_: my_module.SilenceLeak}}`, and is from there
    on what the lab's own metrics are: logged, drawn, stored, and models can be ranked by it.

    unit              of its values, for an axis
    higher_is_better  whether more of it is better
    headline          whether it stands where there is room for few
    low, high         values that it cannot leave
    rescaled          whether it is another number for the output at the target's RMS; False: it does not depend on the
                      output's scale, and is computed once
    Raises ValueError with one line, on construction, for a fact or `score` that a class lacks.
    """

    unit: ClassVar[str]
    higher_is_better: ClassVar[bool]
    headline: ClassVar[bool] = False
    low: ClassVar[float] = -math.inf
    high: ClassVar[float] = math.inf
    rescaled: ClassVar[bool] = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Metric:
        """Check the class before its own constructor runs."""
        lacking = [fact for fact in ("unit", "higher_is_better") if not hasattr(cls, fact)]
        if lacking:
            example = {"unit": 'unit = "ms"', "higher_is_better": "higher_is_better = False"}[lacking[0]]
            raise ValueError(f"{cls.__name__} does not say its {lacking[0]}: add the class attribute {example}")
        if getattr(cls.score, "__isabstractmethod__", False):
            raise ValueError(f"{cls.__name__} has no score: add the method score(self, clip) -> float")
        try:
            cls.facts("mine")
        except ValueError as error:
            raise ValueError(f"{cls.__name__}.{error}") from None
        return super().__new__(cls)

    @abstractmethod
    def score(self, clip: SungClip) -> float:
        """The value for one clip; NaN where the clip does not define it, which leaves the clip out of the mean."""

    @classmethod
    def facts(cls, name: str) -> MetricFacts:
        """What is known of it under the name that it was given."""
        return MetricFacts(name, cls.unit, cls.higher_is_better, cls.headline, cls.low, cls.high, cls.rescaled)


def check_metric(name: str, metric: object) -> Metric:
    """`metric`, chosen as eval.metrics.{name}; raises ValueError with one line when the lab cannot use it."""
    check_new_name(name)
    if not isinstance(metric, Metric):
        kind = type(metric)
        raise ValueError(
            f"eval.metrics.{name}: {kind.__module__}.{kind.__qualname__} is no metric: derive it from "
            "syrinx_lab.metrics.metric.Metric"
        )
    return metric


def scored(name: str, metric: Metric, clip: SungClip) -> float:
    """The value of a metric for a clip.

    Raises ValueError with one line when it raises, returns no number, or leaves its bounds.
    """
    try:
        value = metric.score(clip)
    except Exception as error:  # whatever a stranger's code can think of
        text = " ".join(str(error).split())
        raise ValueError(f"metric {name} raised {type(error).__name__}{': ' * bool(text)}{text[:200]}") from error
    if isinstance(value, str | bytes | complex) or np.ndim(value) or value is None:  # type: ignore[arg-type]
        raise ValueError(f"metric {name} returned {value!r:.80}: return one number, or NaN where it is not defined")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"metric {name} returned {value!r:.80}: return one number, or NaN where it is not defined"
        ) from None
    for bound, beyond in (("low", metric.low - number), ("high", number - metric.high)):
        if beyond > _TOLERANCE * max(1.0, abs(number)):
            raise ValueError(f"metric {name} is {number:g}, beyond its {bound} of {getattr(metric, bound):g}")
    return number
