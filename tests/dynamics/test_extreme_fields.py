"""Silent, stiff, diverging and random fields: an answer or an empty one, and never a traceback."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from syrinx_lab.dynamics.axes import DriveAxis
from syrinx_lab.dynamics.branches import branches
from syrinx_lab.dynamics.crossings import crossings
from syrinx_lab.dynamics.curves import bifurcation_curves
from syrinx_lab.dynamics.cycles import limit_cycles
from syrinx_lab.dynamics.distances import distances
from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.fixed_points import fixed_points
from syrinx_lab.dynamics.integrator import cycle_under_rk4, fixed_point_under_rk4
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.dynamics.plane import DrivePlane
from syrinx_lab.ode.right_hand_side import SoftClamp


@pytest.mark.parametrize("scale", [0.0, 1.0, 1e5])
@pytest.mark.parametrize(("degree", "clamp"), [(2, None), (15, None), (3, SoftClamp(0.5, 1.0))])
def test_every_question_has_an_answer(degree: int, clamp: SoftClamp | None, scale: float) -> None:
    rng = np.random.default_rng(1)
    weights = scale * rng.normal(size=(3, degree + 1, degree + 1))
    stiffness, gamma = rng.normal(size=(2, 3))
    if not scale:
        stiffness[:2] = 0
    field = PlanarField(stiffness, gamma, weights, step=0.5, sample_rate=8000.0, clamp=clamp)
    gamma_axis, stiffness_axis = DriveAxis("gamma"), DriveAxis("stiffness")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points = fixed_points(field)
        branches(points)
        for x in points.x.T:
            fixed_point_under_rk4(field, x)
        cycles = limit_cycles(field)
        cycle_under_rk4(cycles)
        crossings(DrivenPath(field, np.arange(3) * 1e-3), parts=1)
        distances(field, gamma_axis, -1, 1, count=4)
        bifurcation_curves(DrivePlane(field[0], gamma_axis, stiffness_axis), (-1, 1), (-1, 1), grid=3)
    assert all(bool(reason) == (count == 0) for reason, count in zip(cycles.reason, cycles.count, strict=True))
    assert (cycles.residual[np.isfinite(cycles.residual)] < 1e-9).all()
