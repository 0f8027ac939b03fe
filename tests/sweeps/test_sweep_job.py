"""What a job says of a seed that cannot be ranked."""

from __future__ import annotations

import math

import pytest

from syrinx_lab.sweep_job import _verdict, sweep_job


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_score_that_is_no_number_is_divergence(value: float | None) -> None:
    verdict = _verdict({"tf_corr": value, "autonomy": 0.1}, "tf_corr", 20)
    assert verdict == {"status": "diverged", "reason": "val tf_corr is not a number after epoch 20"}
    assert _verdict({"tf_corr": value, "autonomy": 0.1}, "autonomy", 20) == {"status": "trained", "reason": None}


def test_outside_hydra_nothing_is_a_job() -> None:
    assert sweep_job() is None
