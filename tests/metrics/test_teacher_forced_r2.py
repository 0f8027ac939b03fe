"""The coefficient of determination against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics.teacher_forced import teacher_forced_r2


def test_closed_forms() -> None:
    a = np.array([[1.0, 2.0], [3.0, 6.0]])  # mean 3, sum of squares 4 + 1 + 0 + 9 = 14
    assert teacher_forced_r2(a, a) == 1.0
    assert teacher_forced_r2(np.full_like(a, 3.0), a) == 0.0
    assert teacher_forced_r2(a + [[1, 0], [0, -1]], a) == pytest.approx(1 - 2 / 14, abs=1e-15)
    assert teacher_forced_r2(a + 1, a) == pytest.approx(1 - 4 / 14, abs=1e-15)


def test_not_symmetric_and_not_a_correlation() -> None:
    a = np.sin(np.arange(1000.0))
    a -= a.mean()
    assert teacher_forced_r2(2 * a, a) == pytest.approx(0.0, abs=1e-12)
    assert teacher_forced_r2(a, 2 * a) == pytest.approx(0.75, abs=1e-12)
    assert teacher_forced_r2(-a, a) == pytest.approx(-3.0, abs=1e-12)


def test_noise_of_a_known_size() -> None:
    rng = np.random.default_rng(0)
    a, error = rng.standard_normal((2, 200_000))
    assert teacher_forced_r2(a + 0.3 * error, a) == pytest.approx(1 - 0.09, abs=2e-3)


def test_what_cannot_be_measured() -> None:
    a = np.sin(np.arange(100.0))
    broken = a.copy()
    broken[3] = np.nan
    assert teacher_forced_r2(broken, a) == -math.inf
    assert teacher_forced_r2(a * 1e200, a) == -math.inf
    for undefined in (broken, np.full(100, 0.1), 0 * a):
        assert math.isnan(teacher_forced_r2(a, undefined))
    assert math.isnan(teacher_forced_r2([], []))
