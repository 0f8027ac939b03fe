"""What counts as a sound."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.metrics.audible import as_signal, is_audible, is_finite, level


def test_level_is_the_standard_deviation_and_exactly_zero_for_a_constant() -> None:
    assert level(np.array([1.0, 3.0, 1.0, 3.0])) == 1.0
    assert level(np.full(1001, 0.1)) == 0.0
    assert level(np.full(1001, 1e20)) == 0.0
    assert level(np.empty(0)) == 0.0


@pytest.mark.parametrize(("std", "expected"), [(1.1e-9, True), (0.9e-9, False), (0.0, False), (1e20, True)])
def test_audible_from_1e_minus_9_on(std: float, expected: bool) -> None:
    assert is_audible(std * np.tile([-1.0, 1.0], 50)) is expected


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e60])
def test_one_wrong_sample_is_enough(wrong: float) -> None:
    x = np.sin(np.arange(100.0))
    assert is_finite(x)
    x[37] = wrong
    assert not is_finite(x)
    assert not is_audible(x)


def test_half_precision_is_widened_and_a_batch_refused() -> None:
    assert as_signal(np.zeros(3, np.float16)).dtype == np.float64
    with pytest.raises(AssertionError, match=r"one clip \(n,\), not an array of shape \(2, 3\)"):
        as_signal(np.zeros((2, 3)))
