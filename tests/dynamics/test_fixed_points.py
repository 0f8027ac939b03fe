"""No fixed point is missed, and each is what its eigenvalues say."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.dynamics.branches import branches
from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.fixed_points import Kind, fixed_points
from syrinx_lab.ode.right_hand_side import SoftClamp


def along_x(*coefficients: float, gamma: float = 0.0, degree: int | None = None) -> PlanarField:
    """A field with F(x) = sum_i coefficients_i x^i."""
    side = (len(coefficients) if degree is None else degree + 1) or 1
    weights = np.zeros((max(side, 2), max(side, 2)))
    weights[: len(coefficients), 0] = coefficients
    stiffness, weights[1, 0] = weights[1, 0], 0
    return PlanarField(np.array(stiffness), np.array(gamma), weights)


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
@pytest.mark.parametrize("degree", [1, 3, 7, 15])
def test_none_is_missed(clamp: SoftClamp | None, degree: int) -> None:
    rng = np.random.default_rng(degree)
    weights = rng.normal(size=(40, degree + 1, degree + 1)) * (2.0 ** np.arange(degree + 1))[:, None]
    field = PlanarField(0.1 * rng.normal(size=40), rng.normal(size=40), weights, clamp=clamp)
    found = fixed_points(field)
    dense = np.linspace(-6, 6, 20_001) if clamp is None else np.arctanh(np.tanh(np.linspace(-12, 12, 20_001))) / 2
    within = np.abs(found.x) < dense[-1]
    for k in range(40):
        force = field[k].restoring(dense)
        assert within[k].sum() == (np.sign(force[1:]) != np.sign(force[:-1])).sum()
    x = np.where(within, found.x, 0)
    powers = np.maximum(np.abs(x), 1)[..., None] ** np.arange(degree + 1)
    size = (np.abs(field.weights[..., 0])[:, None] * powers).sum(-1)
    np.testing.assert_allclose(np.where(within, field.restoring(x), 0) / size, 0, atol=1e-13)


def test_known_zeros_of_degree_15_come_out() -> None:
    zeros = np.arange(-7, 8) / 4
    found = fixed_points(along_x(*np.poly(zeros)[::-1]))
    np.testing.assert_allclose(found.x, zeros, atol=1e-9)
    assert [Kind(k) for k in found.kind[:2]] == [Kind.CENTRE, Kind.SADDLE]


def test_a_pair_that_is_about_to_meet_is_two_and_one_that_met_is_one_and_degenerate() -> None:
    apart = 1e-6
    two = fixed_points(along_x(0.49 - apart**2, -1.4, 1))
    np.testing.assert_allclose(two.x, [0.7 - apart, 0.7 + apart], atol=1e-9)
    one = fixed_points(along_x(0.25, -1, 1))
    assert one.count == 1
    assert one.kind[0] == Kind.DEGENERATE
    assert fixed_points(along_x(0.49 + apart**2, -1.4, 1)).count == 0


@pytest.mark.parametrize(
    ("stiffness", "gamma", "kind"),
    [
        (1, 0.5, Kind.STABLE_FOCUS),
        (1, -0.5, Kind.UNSTABLE_FOCUS),
        (1, 3, Kind.STABLE_NODE),
        (1, -3, Kind.UNSTABLE_NODE),
        (1, 0, Kind.CENTRE),
        (-1, 0.5, Kind.SADDLE),
    ],
)
def test_the_kinds_of_a_linear_oscillator(stiffness: float, gamma: float, kind: Kind) -> None:
    field = PlanarField(np.array(float(stiffness)), np.array(float(gamma)), np.zeros((2, 2)), step=0.5, sample_rate=1e4)
    found = fixed_points(field)
    assert Kind(found.kind[0]) == kind
    eigenvalues = np.sort_complex(np.linalg.eigvals(field.jacobian(0.0, 0.0)).astype(complex))
    np.testing.assert_allclose(np.sort_complex(found.eigenvalues[0]), eigenvalues, atol=1e-14)
    np.testing.assert_allclose(found.growth_per_second[0], eigenvalues.real.max() * 5000)
    np.testing.assert_allclose(found.hz[0], eigenvalues.imag.max() * 5000 / 2 / np.pi)


def test_curvature_is_that_of_field_and_potential() -> None:
    found = fixed_points(along_x(0.3, 2.0, -1.0, 1.0, gamma=0.1))
    x = found.x[0]
    np.testing.assert_allclose(found.potential_curvature[0], 2 - 2 * x + 3 * x**2, rtol=1e-12)
    np.testing.assert_allclose(found.hessian[0], [[2 - 6 * x, 0], [0, 0]], rtol=1e-12)


def test_no_force_anywhere_is_told() -> None:
    silent = fixed_points(PlanarField(np.zeros(2), np.ones(2), np.zeros((2, 4, 4))))
    assert silent.everywhere.all()
    assert silent.count.sum() == 0


def test_points_beyond_the_clamp_are_marked() -> None:
    weights = np.zeros((4, 4))
    weights[0, 0] = 1.0
    found = fixed_points(PlanarField(np.array(1.0), np.array(0.1), weights, clamp=SoftClamp(0.5, 1.0)))
    np.testing.assert_allclose(found.x, [-1])
    assert not found.within_clamp[0]


def test_branches_are_born_and_die_in_pairs() -> None:
    alpha = np.linspace(-0.3, 0.6, 91)
    weights = np.zeros((91, 4, 4))
    weights[:, 0, 0], weights[:, 2, 0], weights[:, 3, 0] = alpha, -1, 1
    points = fixed_points(PlanarField(np.zeros(91) + 0.1, np.full(91, 0.2), weights))
    found = branches(points)
    assert points.count.max() == 3
    assert len(found) == 3
    assert sorted(len(one.knots) for one in found)[0] == (points.count == 3).sum()
    for one in found:
        assert (np.diff(one.knots) == 1).all()
        assert len(set(np.sign(points.determinant[one.knots, one.columns]))) == 1
        np.testing.assert_allclose(one.x, points.x[one.knots, one.columns])
    assert sum(len(one.knots) for one in found) == points.count.sum()


def test_rest_at_the_origin_is_exactly_there_under_a_clamp() -> None:
    """Without a constant term x = 0 is a root, and halving an interval comes only near it."""
    generator = np.random.default_rng(0)
    for _ in range(60):
        weights = np.zeros((6, 6))
        weights[2:, 0] = generator.standard_normal(4)
        field = PlanarField(generator.standard_normal(), 0.1, weights, clamp=SoftClamp(0.5, 1.0))
        assert np.any(fixed_points(field).x == 0)
