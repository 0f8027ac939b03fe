"""Measures of a reconstruction against closed forms, and known systems against published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics.state_space_divergence import state_space_divergence
from syrinx_lab.reconstruction.exponents import lyapunov_spectrum
from syrinx_lab.reconstruction.models.model import Reconstruction
from syrinx_lab.reconstruction.prediction import forecast
from syrinx_lab.reconstruction.spectra import path_hellinger
from syrinx_lab.reconstruction.systems.flow import Array, Flow
from syrinx_lab.reconstruction.systems.lorenz import Lorenz
from syrinx_lab.reconstruction.systems.rossler import Rossler


class Circle(Reconstruction):
    """A turn, wrong by a share in its rate."""

    about, source = "a turn", "here"

    def __init__(self, wrong: float = 0.0) -> None:
        self.angle = 0.1 * (1 + wrong)

    def fit(self, path: Array, interval: float, seed: int) -> None: ...

    def begun(self, past: Array) -> Array:
        return past[-1].copy()

    def step(self, states: Array) -> Array:
        c, s = math.cos(self.angle), math.sin(self.angle)
        return states @ np.array([[c, s], [-s, c]])

    def seen(self, states: Array) -> Array:
        return states


def circle(samples: int = 4_000) -> Array:
    t = 0.1 * np.arange(samples)
    return math.sqrt(2) * np.stack((np.cos(t), np.sin(t)), 1)


class Classic:
    """A map of the step of a known flow: Runge and Kutta."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def step(self, y: Array) -> Array:
        h, f = self.flow.interval, self.flow.rate
        a = f(y)
        b = f(y + h / 2 * a)
        c = f(y + h / 2 * b)
        return np.asarray(y + h / 6 * (a + 2 * b + 2 * c + f(y + h * c)))

    def jacobian(self, y: Array) -> Array:
        moved = 1e-6 * np.eye(len(y))
        return np.stack([(self.step(y + d) - self.step(y - d)) / 2e-6 for d in moved], 1)


@pytest.mark.parametrize(("flow", "off"), [(Lorenz(), 0.06), (Rossler(), 0.02)])
def test_published_exponents_of_known_systems(flow: Flow, off: float) -> None:
    found = lyapunov_spectrum(Classic(flow).jacobian, flow.path(6_000, 0), flow.interval)
    assert found[0] == pytest.approx(flow.lyapunov[0], abs=off)
    assert found[1] == pytest.approx(0.0, abs=off)
    assert found[2] == pytest.approx(flow.lyapunov[2], rel=0.02)


def test_exponents_of_a_linear_map_are_its_eigenvalues() -> None:
    step = np.array([[1.1, 0.4], [0.0, 0.5]])
    found = lyapunov_spectrum(lambda _: step, np.zeros((400, 2)), 0.5)
    np.testing.assert_allclose(found, np.log([1.1, 0.5]) / 0.5, atol=2e-3)
    assert np.isnan(lyapunov_spectrum(lambda _: step, np.full((9, 2), np.nan), 0.5)).all()


def test_a_path_of_the_lorenz_system_has_its_moments() -> None:
    path = Lorenz().path(8_000, 1)
    assert abs(path[:, 2].mean() - 23.55) < 0.6
    assert path[:, 2].min() > 0
    assert not np.array_equal(path, Lorenz().path(8_000, 2))
    with pytest.raises(ValueError, match="interval is 0"):
        Lorenz(interval=0.0)


def test_spectra_of_disjoint_lines_are_one_apart_and_loudness_does_not_matter() -> None:
    t = 2 * np.pi * np.arange(1_000) / 1_000
    one, other = (np.stack((np.sin(k * t), np.cos(k * t)), 1) for k in (50, 90))
    assert path_hellinger(one, other, smoothing=0) == pytest.approx(1.0)
    assert path_hellinger(3 * one, one, smoothing=0) == pytest.approx(0.0, abs=1e-6)
    mixed = np.stack((one[:, 0], other[:, 1]), 1)
    assert path_hellinger(mixed, one, smoothing=0) == pytest.approx(0.5)
    assert math.isnan(path_hellinger(np.zeros_like(one), one))
    # two gaussians of one width, 40 lines apart: sqrt(1 - exp(-40^2 / (8 20^2)))
    assert path_hellinger(one, other, smoothing=20) == pytest.approx(math.sqrt(1 - math.exp(-0.5)), abs=0.01)


def test_valid_time_ends_where_the_phase_is_off() -> None:
    perfect = forecast(Circle(), circle(), 0.01, starts=7, longest=500)
    assert perfect.valid_time == pytest.approx(5.0)
    assert perfect.error < 1e-20
    # |x - y| = 2 r sin(phase / 2) passes 0.4 r at a phase of 2 asin(0.2)
    wrong = forecast(Circle(0.02), circle(), 0.01, starts=7, longest=500)
    steps = 2 * math.asin(0.2) / (0.1 * 0.02)
    assert wrong.valid_time == pytest.approx(0.01 * math.floor(steps), abs=0.011)
    assert wrong.error == pytest.approx((2 * math.sin(0.02) * math.sqrt(2)) ** 2 / 2, rel=1e-3)


def test_jacobians_by_differences() -> None:
    model = Circle()
    found = model.jacobian(np.array([0.3, -2.0]))
    np.testing.assert_allclose(found @ np.array([1.0, 0.0]), [math.cos(0.1), math.sin(0.1)], atol=1e-9)


def test_the_boxes_of_a_divergence_can_be_given() -> None:
    points = np.array([[0.1], [0.3], [0.6], [0.8]])
    other = np.array([[0.1], [0.1], [0.1], [0.8]])
    found = state_space_divergence(other, points, bins=2, box=(np.zeros(1), np.ones(1)))
    assert found == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25), abs=1e-4)
