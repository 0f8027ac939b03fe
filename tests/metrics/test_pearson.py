"""Pearson's correlation against hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.metrics.pearson import pearson


def test_hand_computed() -> None:
    # deviations (-2, -1, 0, 1, 2) and (-2, 0, -1, 1, 2): products 9, squares 10 and 10
    assert pearson(np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 3, 2, 4, 5])) == pytest.approx(0.9, abs=1e-15)


def test_any_shape_scale_and_offset() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 7, 11))
    expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert pearson(a, b) == pytest.approx(expected, abs=1e-14)
    assert pearson(1e-6 * a + 3, -20 * b - 1) == pytest.approx(-expected, abs=1e-8)


def test_what_does_not_vary_agrees_with_nothing() -> None:
    # 0.1 has no exact mean in binary: rounding must not pass for variation
    ramp = np.linspace(0, 1, 997)
    assert pearson(np.full(997, 0.1), ramp) == 0.0
    assert pearson(np.full(997, 0.1), np.full(997, 0.1)) == 0.0
    assert pearson(np.empty(0), np.empty(0)) == 0.0


def test_identity_never_exceeds_one() -> None:
    for seed in range(20):
        a = np.random.default_rng(seed).standard_normal(333)
        assert 1 - 1e-15 <= pearson(a, a) <= 1
