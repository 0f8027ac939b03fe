"""Nullclines against closed forms."""

from __future__ import annotations

import numpy as np

from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.nullclines import nullclines


def test_nullclines_of_van_der_pol_lie_where_the_equation_says() -> None:
    """x'' = -x + mu (1 - x^2) x': v = x / (mu (1 - x^2)), three branches within the window; a line where mu is 0."""
    mu = np.array([1.5, 0.0])
    weights = np.zeros((2, 3, 3))
    weights[:, 2, 1] = mu
    field = PlanarField(np.ones(2), -mu, weights)
    bent, straight = nullclines(field, (-3.0, 3.0), (-4.0, 4.0), points=161)
    assert len(bent) == 3
    points = np.concatenate(bent)
    slope = mu[0] * (1 - points[:, 0] ** 2)
    within = np.abs(slope) > 0.3
    assert within.sum() > 100
    np.testing.assert_allclose(points[within, 1], (points[:, 0] / slope)[within], atol=0.02)
    (line,) = straight
    np.testing.assert_allclose(line[:, 0], 0.0, atol=1e-12)
