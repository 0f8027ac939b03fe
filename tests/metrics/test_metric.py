"""The contract of a metric from outside: what a class must say, what it may return, and what is known of it later."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from syrinx_lab.metrics.autonomy import mean_score, score_clip
from syrinx_lab.metrics.facts import (
    METRICS,
    check_selection_metric,
    headline,
    higher_is_better,
    less_is_better,
    merged,
    metrics_of,
    unit,
    with_metric_facts,
)
from syrinx_lab.metrics.metric import Metric, check_metric, scored
from syrinx_lab.metrics.sung_clip import SungClip


class Distance(Metric):
    """Largest difference between output and target, in thousandths of full scale."""

    unit = "mFS"
    higher_is_better = False
    headline = True
    low = 0.0

    def score(self, clip: SungClip) -> float:
        return float(np.max(np.abs(clip.output - clip.target))) * 1e3


def clip(**changed: Any) -> SungClip:
    t = np.arange(200) / 44100
    target = 0.3 * np.sin(2 * np.pi * 900 * t)
    where = {"sample_rate": 44100, "onset": 50, "offset": 150}
    return SungClip(**({"output": 0.5 * target, "target": target} | where | changed))


def test_it_is_a_score_like_the_labs_own() -> None:
    score = score_clip(clip(), {"distance": Distance()})
    expected = 1e3 * 0.5 * float(np.max(np.abs(clip().target)))
    assert score.values()["distance"] == pytest.approx(expected, rel=1e-12)
    assert list(score.values())[-1] == "distance"
    silent = score_clip(clip(output=np.full(200, np.nan)), {"distance": Distance()})
    assert math.isnan(silent.values()["distance"])
    means = mean_score([score, silent], [*METRICS, "distance"])
    assert means["distance"] == pytest.approx(expected, rel=1e-12)  # the clip that does not define it is left out


def test_a_class_that_lacks_a_fact_says_what_to_add() -> None:
    class Unfinished(Metric):
        higher_is_better = False

    with pytest.raises(ValueError, match=r'^Unfinished does not say its unit: add the class attribute unit = "ms"$'):
        Unfinished()

    class Directionless(Metric):
        unit = "ms"

        def score(self, clip: SungClip) -> float:
            return 0.0

    with pytest.raises(ValueError, match=r"^Directionless does not say its higher_is_better: add the class attribute"):
        Directionless()

    class Scoreless(Metric):
        unit, higher_is_better = "ms", True

    with pytest.raises(ValueError, match=r"^Scoreless has no score: add the method score\(self, clip\) -> float$"):
        Scoreless()


@pytest.mark.parametrize(
    ("fact", "value", "message"),
    [
        ("unit", "", "unit is '': use the text of an axis, as \"ms\""),
        ("higher_is_better", "no", "higher_is_better is 'no': use True or False"),
        ("low", "none", "low is 'none': use a number, or leave it out"),
        ("high", -1.0, "low is 0, and high -1: use a smaller low"),
        ("rescaled", 0, "rescaled is 0: use True or False"),
    ],
)
def test_a_fact_of_the_wrong_kind_is_refused(fact: str, value: object, message: str) -> None:
    wrong = type("Wrong", (Distance,), {fact: value})
    with pytest.raises(ValueError) as refused:
        wrong()
    assert str(refused.value).startswith(f"Wrong.{message}")


@pytest.mark.parametrize("name", ["tf_corr", "accel_r2", "Distance", "rescaled_mine", "seed", "val/mine", "2nd", ""])
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^eval\.metrics\.{name}: "):
        check_metric(name, Distance())


def test_what_is_no_metric_is_refused() -> None:
    message = r"^eval\.metrics\.mine: builtins\.dict is no metric: derive it from syrinx_lab\.metrics\.metric\.Metric$"
    with pytest.raises(ValueError, match=message):
        check_metric("mine", {})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "returned None: return one number, or NaN where it is not defined"),
        ("3.0", "returned '3.0': return one number"),
        (np.zeros(3), r"returned array\(\[0\., 0\., 0\.\]\): return one number"),
        (1j, "returned 1j: return one number"),
        (-0.5, "is -0.5, beyond its low of 0"),
        (ZeroDivisionError("a\n b"), "raised ZeroDivisionError: a b"),
    ],
)
def test_a_metric_that_fails_is_named_in_one_line(value: Any, message: str) -> None:
    class Failing(Distance):
        def score(self, clip: SungClip) -> float:
            if isinstance(value, Exception):
                raise value
            return value

    with pytest.raises(ValueError, match=f"^metric mine {message}"):
        scored("mine", Failing(), clip())


@pytest.mark.parametrize("value", [3, np.float32(3), np.array(3.0), True + 2, math.inf])
def test_numbers_of_any_kind_are_taken(value: Any) -> None:
    taken = scored("mine", type("Given", (Distance,), {"score": lambda self, clip: value})(), clip())
    assert type(taken) is float
    assert taken in (3.0, math.inf)


def test_a_run_stores_the_facts_and_gives_them_back() -> None:
    facts = {"distance": Distance.facts("distance")}
    stored = json.loads(json.dumps(with_metric_facts({"eval": {"val_count": 2}}, facts), allow_nan=False))
    known = metrics_of(stored)
    assert known == METRICS | facts
    assert stored["eval"]["val_count"] == 2
    assert with_metric_facts({"eval": {}}, {}) == {"eval": {}}, "a run without any is stored as it always was"
    assert metrics_of({}) == METRICS
    assert headline(known) == (*headline(), "distance")
    assert (unit("distance", known), unit("distance")) == ("mFS", "dimensionless")
    assert less_is_better("distance", known)
    assert not less_is_better("distance")
    for name in ("distance", "val/distance", "val/rescaled_distance", "test.distance"):
        assert not higher_is_better(name, known)
        with pytest.raises(ValueError, match="whether more of it is better is not known"):
            higher_is_better(name)
    assert check_selection_metric("distance", known) == "distance"


def test_runs_that_mean_different_things_by_a_name_are_not_put_together() -> None:
    reach = type("Reach", (Distance,), {"higher_is_better": True})
    one, other = ({"mine": kind.facts("mine")} for kind in (Distance, reach))
    assert merged([METRICS, one, one]) == METRICS | one
    with pytest.raises(ValueError, match="the metric mine is smaller-is-better in one run and larger-is-better in"):
        merged([one, other])
