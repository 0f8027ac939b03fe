"""Limit cycles against published digits, series, Melnikov's function and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from syrinx_lab.dynamics.cycles import Cycles, limit_cycles
from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.ode.right_hand_side import SoftClamp


def van_der_pol(*mu: float) -> PlanarField:
    weights = np.zeros((len(mu), 3, 3))
    weights[:, 2, 1] = mu
    return PlanarField(np.ones(len(mu)), -np.array(mu), weights)


def test_van_der_pols_period_and_amplitude() -> None:
    """mu = 1: Hairer, Norsett and Wanner, Solving ODEs I, section I.16; mu = 5: Amore (2021), arXiv 2111.12198.

    mu = 0.1: omega = 1 - mu^2/16 + 17 mu^4/3072 + 35 mu^6/884736, Andersen and Geer (1982), SIAM J. Appl. Math. 42.
    """
    found = limit_cycles(van_der_pol(0.1, 1.0, 5.0))
    small = 2 * np.pi / (1 - 0.1**2 / 16 + 17 * 0.1**4 / 3072 + 35 * 0.1**6 / 884736)
    np.testing.assert_allclose(found.period[:, 0], [small, 6.66328685932313019, 11.6122306677195700], atol=1e-9)
    np.testing.assert_allclose(found.x_max[1, 0], 2.00861986087484313, atol=1e-9)
    np.testing.assert_allclose(found.x_min, -found.x_max, atol=1e-9)
    assert found.stable.all()


def test_floquet_multipliers_by_two_ways() -> None:
    found = limit_cycles(van_der_pol(0.1, 0.5, 1.0, 5.0))
    np.testing.assert_allclose(found.trivial, 1, atol=1e-8)
    np.testing.assert_allclose(found.multiplier, np.exp(found.log_multiplier), atol=1e-8)
    np.testing.assert_allclose(found.log_multiplier[0, 0], -0.1 * 2 * np.pi, rtol=2e-3)  # averaging, first order


def test_the_same_cycles_repel_when_time_runs_backward() -> None:
    stable = van_der_pol(0.1, 1.0, 5.0)
    turned = PlanarField(stable.stiffness, -stable.gamma, stable.weights * -1)
    found, other = limit_cycles(stable), limit_cycles(turned)
    np.testing.assert_allclose(other.period, found.period, atol=1e-9)
    np.testing.assert_allclose(other.log_multiplier, -found.log_multiplier, rtol=1e-8)
    np.testing.assert_allclose(other.multiplier[:2], np.exp(other.log_multiplier[:2]), rtol=1e-6)
    np.testing.assert_allclose(other.trivial, 1, atol=1e-8)
    assert not other.stable.any()
    assert (other.sung == -1).all()
    assert other.reason == ("",) * 3
    # the orbit is given forward in time all the same: dx/ds = v
    slope = np.gradient(np.concatenate((other.x, other.x[..., :1]), -1)[1, 0]) * 128 / other.period[1, 0]
    np.testing.assert_allclose(slope[1:-1], other.v[1, 0, 1:], atol=0.05)


def test_three_nested_cycles_are_all_found() -> None:
    """x'' + eps p(x) x' + x = 0 has cycles of amplitude r where sum_i p_2i r^2i (2i)! / (4^i i! (i+1)!) = 0."""
    eps, radii = 1e-3, np.array([1.0, 2.0, 3.0])
    needed = -np.poly(radii**2)[::-1]  # in r^2, growing from -, so that the innermost attracts
    shares = np.array([1, 1 / 4, 1 / 8, 5 / 64])
    weights = np.zeros((7, 7))
    weights[[0, 2, 4, 6], 1] = -eps * needed / shares
    gamma, weights[0, 1] = weights[0, 1], 0
    found = limit_cycles(PlanarField(np.array(1.0), np.array(-abs(gamma)), weights * np.sign(-gamma)))
    np.testing.assert_allclose(found.x_max[0], radii, rtol=2e-3)
    assert list(found.stable[0]) == [True, False, True]
    assert found.sung[0] == 2


def test_a_cycle_with_a_known_orbit() -> None:
    """x' = v, v' = -x + mu (1 - x^2 - v^2) v turns on the circle of radius 1, multiplier exp(-2 pi mu)."""
    weights = np.zeros((4, 4))
    weights[2, 1] = weights[0, 3] = 0.3
    found = limit_cycles(PlanarField(np.array(1.0), np.array(-0.3), weights, step=0.25, sample_rate=8000.0))
    np.testing.assert_allclose(found.period, 2 * np.pi, atol=1e-9)
    np.testing.assert_allclose(found.multiplier, np.exp(-0.6 * np.pi), atol=1e-9)
    np.testing.assert_allclose(found.hz, 2000 / 2 / np.pi)
    np.testing.assert_allclose(found.contraction_per_second, -0.6 * 2000 / 2, rtol=1e-8)
    np.testing.assert_allclose(np.abs(found.harmonics[0, 0, :3]), [0, 0.5, 0], atol=1e-9)
    np.testing.assert_allclose(found.x[0, 0], np.cos(2 * np.pi * np.arange(128) / 128), atol=1e-8)
    np.testing.assert_allclose(np.abs(found.harmonics_v[0, 0, 1]), 0.5, atol=1e-9)


def brute_force(field: PlanarField, x: float, v: float) -> float:
    """Period of the attractor that (x, v) comes to, by a long integration and its last crossings of the middle."""

    def slope(_: float, y: np.ndarray) -> list[float]:
        return [y[1], float(field.acceleration(y[0], y[1]))]

    def falling(_: float, y: np.ndarray) -> float:
        return y[1]

    falling.direction = -1  # type: ignore[attr-defined]
    done = solve_ivp(slope, (0, 100), [x, v], "DOP853", rtol=1e-10, atol=1e-12, events=falling)
    return float(np.diff(done.t_events[0])[-1])


@pytest.mark.parametrize("degree", [3, 15])
def test_random_polynomials_agree_with_brute_force(degree: int) -> None:
    rng = np.random.default_rng(degree)
    weights = rng.normal(size=(16, degree + 1, degree + 1))
    weights[:, 1, 0] = weights[:, 0, 1] = 0
    field = PlanarField(rng.normal(size=16) + 2, np.full(16, -0.1), weights, clamp=SoftClamp(0.5, 1.0))
    found = limit_cycles(field)
    attracting = np.argwhere(found.stable)
    assert len(attracting) >= 2
    for k, m in attracting:
        period = brute_force(field[k], 0.999 * found.x_max[k, m], 0.0)
        np.testing.assert_allclose(found.period[k, m], period, rtol=2e-5)
    np.testing.assert_allclose(found.trivial[np.isfinite(found.trivial)], 1, atol=1e-8)


def test_why_there_is_none_is_told() -> None:
    weights = np.zeros((5, 4, 4))
    weights[2, 0, 0] = 1.0
    stiffness, gamma = np.array([1.0, 1.0, 0.0, 0.0, -1.0]), np.array([0.1, -0.1, 1.0, 1.0, 0.2])
    found = limit_cycles(PlanarField(stiffness, gamma, weights))
    assert found.period.shape == (5, 0)
    assert found.reason == (
        "silent: orbits come to rest at a stable focus",
        "no orbit within reach closes: they leave",
        "no fixed point, so no cycle about one: every orbit leaves",
        "silent: no force acts on x",
        "no orbit within reach closes: they leave",
    )
    assert np.isnan(found.sung_values(found.hz)).all()


def test_more_harmonics_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="harmonics is 65: use 1 to 64"):
        limit_cycles(van_der_pol(1.0), harmonics=65)


def test_a_silent_and_a_singing_knot_side_by_side() -> None:
    found: Cycles = limit_cycles(van_der_pol(-1.0, 1.0))
    assert list(found.count) == [1, 1]
    assert list(found.sung) == [-1, 0]
    np.testing.assert_allclose(found.sung_values(found.period), [np.nan, 6.66328685932313], atol=1e-9)


def test_cycles_of_any_size_are_found() -> None:
    """The amplitude of x'' = (1 - w x^2) x' - x scales as w^(-1/2)."""
    size = np.geomspace(1e-5, 1e3, 9)
    weights = np.zeros((9, 3, 3))
    weights[:, 2, 1] = size**-2
    found = limit_cycles(PlanarField(np.ones(9), -np.ones(9), weights))
    np.testing.assert_allclose(found.x_max[:, 0] / size, 2.00861986087484313, rtol=1e-9)


@pytest.mark.parametrize("mu", [30.0, 100.0])
def test_stiff_cycles_against_an_implicit_integration(mu: float) -> None:
    def falling(_: float, y: np.ndarray) -> float:
        return y[1]

    falling.direction = -1  # type: ignore[attr-defined]

    def jacobian(_: float, y: np.ndarray) -> list[list[float]]:
        return [[0, 1], [-2 * mu * y[0] * y[1] - 1, mu * (1 - y[0] ** 2)]]

    slope = lambda _, y: [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]  # noqa: E731
    done = solve_ivp(slope, (0, 5 * mu), [2, 0], "Radau", rtol=1e-8, atol=1e-10, jac=jacobian, events=falling)
    found = limit_cycles(van_der_pol(mu))
    np.testing.assert_allclose(found.period[0, 0], np.diff(done.t_events[0])[-1], rtol=1e-6)
    np.testing.assert_allclose(found.x_max[0, 0], done.y_events[0][-1][0], rtol=1e-6)


def test_a_centre_and_the_undecided_are_told_from_what_leaves() -> None:
    weights = np.zeros((5, 4, 4))
    weights[0, 2, 1] = 1
    weights[1, 3, 0] = 1
    weights[2, 2, 0] = -1
    weights[3, 2, 1] = 3000
    gamma = np.array([1e-16, 0.0, 0.0, -3000.0, -0.1])
    found = limit_cycles(PlanarField(np.ones(5), gamma, weights))
    assert [one.partition(":")[0] for one in found.reason] == [
        *["all orbits within reach close, to 1e-12"] * 3,
        "undecided",
        "no orbit within reach closes",
    ]
