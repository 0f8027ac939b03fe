"""Growth along a driven path, memory and phase response of systems whose answers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.forgetting import forgetting
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.dynamics.path_exponents import path_exponents
from syrinx_lab.dynamics.phase_response import phase_response
from syrinx_lab.dynamics.rk4_map import rk4_jacobian, rk4_step
from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import InitialValueProblem, rollout
from syrinx_lab.types import Drives

RATE, STEP = 44_100.0, 0.05


def frozen(stiffness: float, gamma: float, weights: NDArray[np.float64], samples: int, hop: int = 50) -> Drives:
    """Drives of one item that do not move."""
    knots = -(-(samples - 1) // hop) + 1
    ones = torch.ones(1, knots, dtype=torch.float64)
    return Drives(stiffness * ones, gamma * ones, torch.from_numpy(weights).expand(1, knots, -1, -1).clone(), hop)


def van_der_pol(mu: float) -> NDArray[np.float64]:
    weights = np.zeros((3, 3))
    weights[2, 1] = mu
    return weights


def moving(samples: int, hop: int, degree: int) -> Drives:
    """Drives that move at random, small enough to stay bounded."""
    knots = -(-(samples - 1) // hop) + 1
    g = torch.Generator().manual_seed(3)
    stiffness, gamma = 1 + 0.3 * torch.randn(2, 1, knots, generator=g, dtype=torch.float64)
    weights = 0.2 * torch.randn(1, knots, degree + 1, degree + 1, generator=g, dtype=torch.float64)
    return Drives(stiffness, gamma.abs() * 0.1, weights, hop)


def cycle_of(field: PlanarField) -> tuple[float, float]:
    """Largest x and period of van der Pol's cycle."""

    def top(_: float, y: NDArray[np.float64]) -> float:
        return float(y[1])

    top.direction = -1.0  # type: ignore[attr-defined]
    slope = lambda _, y: (y[1], float(field.acceleration(y[0], y[1])))  # noqa: E731
    found = solve_ivp(slope, (0, 80), (2.0, 0.0), "DOP853", events=top, rtol=1e-11, atol=1e-12)
    assert found.t_events is not None
    return float(found.y_events[0][-1][0]), float(np.diff(found.t_events[0])[-1])


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
def test_map_is_the_rollouts(clamp: SoftClamp | None) -> None:
    drives = moving(200, 40, 4)
    start = torch.tensor([0.3], dtype=torch.float64), torch.tensor([-0.2], dtype=torch.float64)
    path = rollout(InitialValueProblem(drives, start, 200, STEP, clamp), "eager")
    along = DrivenPath.of(drives, step=STEP, sample_rate=RATE, clamp=clamp)
    field = along.at(np.arange(199) / RATE)
    x, v = path.x[0].numpy(), path.v[0].numpy()
    ahead = rk4_step(field, x[:-1], v[:-1])
    np.testing.assert_allclose(ahead, (x[1:], v[1:]), atol=1e-12)
    exact, e = rk4_jacobian(field, x[:-1], v[:-1]), 1e-6
    for column, (dx, dv) in enumerate(((e, 0), (0, e))):
        up, down = (rk4_step(field, x[:-1] + s * dx, v[:-1] + s * dv) for s in (1, -1))
        numeric = (np.stack(up, -1) - np.stack(down, -1)) / (2 * e)
        np.testing.assert_allclose(exact[:, :, column], numeric, atol=1e-9)


def test_exponents_of_a_linear_field_are_its_eigenvalues() -> None:
    """x'' = -2 x - 3 x' has -1 and -2; a focus has -gamma / 2 twice."""
    rate = RATE * STEP  # of rescaled time a second
    for k, gamma, wanted in ((2.0, 3.0, (-1.0, -2.0)), (1.0, 0.2, (-0.1, -0.1)), (-1.0, 0.0, (1.0, -1.0))):
        drives = frozen(k, gamma, np.zeros((2, 2)), 2001)
        along = DrivenPath.of(drives, step=STEP, sample_rate=RATE)
        still = np.zeros(2001)
        found = path_exponents(along, still, still, window_ms=20 * 2 * math.pi / rate * 1e3 / 20, spin_up=800)
        tolerance = 0.02 if k == 1 else 1e-5  # of a focus the directions turn: windows are not whole turns
        np.testing.assert_allclose(found.whole / rate, wanted, atol=tolerance)
        np.testing.assert_allclose(found.area / rate, -gamma, atol=1e-5)
        np.testing.assert_allclose(found.divergence / rate, -gamma, atol=1e-12)


def test_exponents_of_van_der_pols_cycle() -> None:
    """Along the cycle nothing grows; across it the mean divergence acts, so that both are known."""
    mu, samples = 1.0, 6000
    drives = frozen(1.0, -mu, van_der_pol(mu), samples)
    along = DrivenPath.of(drives, step=STEP, sample_rate=RATE)
    x_0, period = cycle_of(along.field[0])
    start = torch.tensor([x_0], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    path = rollout(InitialValueProblem(drives, start, samples, STEP))
    x, v = path.x[0].numpy(), path.v[0].numpy()
    turn_ms = period / STEP / RATE * 1e3
    found = path_exponents(along, x, v, window_ms=8 * turn_ms, spin_up=400)
    rate = RATE * STEP
    mean_divergence = float(np.mean(mu * (1 - x[400:-1] ** 2)))
    # a window that is no whole number of steps has a last turn cut by one: 1e-3 of the exponents
    np.testing.assert_allclose(found.exponents[:, 0] / rate, 0, atol=2e-3)
    np.testing.assert_allclose(found.exponents[:, 1] / rate, mean_divergence, atol=5e-3)
    np.testing.assert_allclose(found.integrator / rate, 0, atol=1e-4)


def test_rk4s_own_damping_is_told_apart() -> None:
    """|G|^2 = 1 - y^6 / 72 + y^8 / 576 a step on x'' = -x: area shrinks though the equation keeps it."""
    h = 0.7
    drives = frozen(1.0, 0.0, np.zeros((2, 2)), 500)
    found = path_exponents(DrivenPath.of(drives, step=h, sample_rate=RATE), np.zeros(500), np.zeros(500))
    np.testing.assert_allclose(found.divergence, 0, atol=1e-12)
    np.testing.assert_allclose(found.integrator, RATE * math.log(1 - h**6 / 72 + h**8 / 576), rtol=1e-9)


def test_paths_that_have_no_exponents() -> None:
    along = DrivenPath.of(frozen(1.0, 0.0, np.zeros((2, 2)), 10), step=STEP, sample_rate=RATE)
    with pytest.raises(ValueError, match="diverged"):
        path_exponents(along, np.full(10, np.nan), np.zeros(10))
    with pytest.raises(ValueError, match="two or more"):
        path_exponents(along, np.zeros(1), np.zeros(1))


def test_starts_are_forgotten_at_the_rate_of_the_damping() -> None:
    """Of x'' = -x - gamma x' + w_00 the spread falls as exp(-gamma s / 2): to a hundredth of what it was at first."""
    gamma, samples = 0.4, 2001
    weights = np.zeros((2, 2))
    drives = frozen(1.0, gamma, weights, samples)
    drives.weights[0, :, 0, 0] = torch.cos(torch.arange(drives.weights.shape[1]) * 0.7)  # a push keeps an orbit up
    found = forgetting(drives, step=STEP, sample_rate=RATE, rms=1.0)
    for first, last in ((100, 500), (300, 700)):
        decay = math.log(found.spread[last] / found.spread[first]) / ((last - first) * STEP)
        assert decay == pytest.approx(-gamma / 2, abs=0.02)
    late = round(found.memory_ms * 1e-3 * RATE)
    assert found.spread[late] <= 0.01 < found.spread[late - 1]
    assert found.coherence[1200:1700].min() > 0.99


def test_a_frozen_cycle_never_forgets_its_phase() -> None:
    drives = frozen(1.0, -1.0, van_der_pol(1.0), 3001)
    found = forgetting(drives, step=STEP, sample_rate=RATE, rms=1.0)
    assert math.isnan(found.memory_ms)
    assert found.locked < 0.9
    nothing = forgetting(frozen(1.0, 0.5, np.zeros((2, 2)), 800), step=STEP, sample_rate=RATE, rms=0.0)
    assert math.isnan(nothing.locked)
    away = forgetting(frozen(-9.0, -9.0, np.zeros((2, 2)), 9000), step=1.0, sample_rate=RATE)
    assert math.isnan(away.memory_ms)
    with pytest.raises(ValueError, match="starts"):
        forgetting(drives, step=STEP, sample_rate=RATE, starts=1)


@pytest.mark.parametrize("mu", [0.3, 1.0, 3.0])
def test_phase_response_by_kicks_and_by_the_adjoint(mu: float) -> None:
    field = PlanarField(np.array(1.0), np.array(-mu), van_der_pol(mu), step=STEP, sample_rate=RATE)
    x_0, period = cycle_of(field)
    found = phase_response(field, x_0, period)
    assert found.settled
    assert found.disagreement < 1e-4
    # a push along the flow is time itself
    flow = np.stack(field(found.x, found.v), -1)
    np.testing.assert_allclose((found.by_adjoint * flow).sum(1) * period, 1, atol=2e-6)
    # the cycle is symmetric about the origin: half a turn later the response has the other sign
    half = len(found.phase) // 2
    np.testing.assert_allclose(found.by_adjoint[half:], -found.by_adjoint[:half], atol=1e-6)


def test_weakly_nonlinear_phase_response_is_a_sine() -> None:
    """To first order in mu of van der Pol's cycle x = 2 cos: a push in x shifts by -sin / (4 pi), in v by -cos."""
    field = PlanarField(np.array(1.0), np.array(-1e-2), van_der_pol(1e-2), step=STEP, sample_rate=RATE)
    found = phase_response(field, *cycle_of(PlanarField(1.0, -1e-2, van_der_pol(1e-2))), points=16)
    angle = 2 * np.pi * found.phase
    wanted = -np.stack((np.sin(angle), np.cos(angle)), -1) / (4 * np.pi)
    np.testing.assert_allclose(found.by_adjoint, wanted, atol=2e-3)
    assert not found.settled


def test_no_phase_response_without_a_cycle() -> None:
    field = PlanarField(np.array(1.0), np.array(-1.0), van_der_pol(1.0), step=STEP, sample_rate=RATE)
    with pytest.raises(ValueError, match="does not close"):
        phase_response(field, 1.0, 6.0)
    with pytest.raises(ValueError, match="shape"):
        phase_response(
            DrivenPath.of(frozen(1.0, 0.0, np.zeros((2, 2)), 9), step=STEP, sample_rate=RATE).field, 2.0, 6.6
        )
