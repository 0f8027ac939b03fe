"""The normal form of the vocal organ against its bifurcations, an independent integrator and its published pitches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from syrinx_lab.data.vocal_organ import TIME_SCALE, decimate, labial_velocity, resting_point, sing, tract

RATE = 44_100


def steady(alpha: float, beta: float, seconds: float = 0.3) -> tuple[np.ndarray, int]:
    """Second half of the labia's velocity at constant controls, after a nudge of pressure, and its rate."""
    n = round(seconds * RATE)
    pressure = np.full(n, alpha)
    pressure[:200] -= 0.02
    velocity, factor = labial_velocity(pressure, np.full(n, beta), RATE)
    return velocity[len(velocity) // 2 :], RATE * factor


def pitch_hz(signal: np.ndarray, rate: int) -> float:
    """f0 from the times between rising zero crossings, interpolated."""
    below = np.flatnonzero((signal[:-1] < 0) & (signal[1:] >= 0))
    crossings = below - signal[below] / (signal[below + 1] - signal[below])
    return rate * (len(crossings) - 1) / (crossings[-1] - crossings[0])


def harmonics_db(signal: np.ndarray, rate: int, f0: float, count: int) -> np.ndarray:
    """Levels of the first harmonics relative to the first."""
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    frequencies = np.fft.rfftfreq(len(signal), 1 / rate)
    levels = [spectrum[np.abs(frequencies - k * f0) < 0.2 * f0].max() for k in range(1, count + 1)]
    return 20 * np.log10(np.array(levels) / levels[0])


@pytest.mark.parametrize("beta", [-0.03, 0.0, 0.05])
def test_the_fixed_point_turns_into_a_cycle_at_the_saddle_node(beta: float) -> None:
    x = (1 + np.sqrt(1 - 3 * beta)) / 3
    critical = x**2 - x**3 - beta * x  # 0.168, 0.148 and 0.116
    silent, _ = steady(0.99 * critical, beta)
    singing, _ = steady(1.01 * critical, beta)
    assert np.abs(silent).max() < 1e-4
    assert np.abs(singing).max() > 0.2


@pytest.mark.parametrize(("alpha", "beta", "x"), [(-0.15, 0.1, 1.0422), (-0.1, 0.6, 0.2392), (0.02, 0.1, 0.8559)])
def test_the_labia_start_at_rest_on_the_largest_fixed_point(alpha: float, beta: float, x: float) -> None:
    assert alpha + beta * x + x**3 - x**2 == pytest.approx(0.0, abs=2e-4)
    assert resting_point(alpha, beta) == pytest.approx(x, abs=1e-4)
    velocity, _ = labial_velocity(np.full(2_000, alpha), np.full(2_000, beta), RATE)
    assert np.abs(velocity).max() < 1e-9


@pytest.mark.parametrize("beta", [0.4, 0.6])
def test_high_tension_ignites_in_a_hopf_bifurcation_at_its_own_frequency(beta: float) -> None:
    silent, _ = steady(-0.005, beta)
    singing, rate = steady(0.003, beta)
    assert np.abs(silent).max() < 1e-3 * np.abs(singing).max()
    assert pitch_hz(singing, rate) == pytest.approx(TIME_SCALE * np.sqrt(beta) / (2 * np.pi), rel=0.005)


@pytest.mark.parametrize(
    ("alpha", "beta", "f0"),
    [(0.15, -0.0013, 225), (0.15, 0.0, 311), (0.15, 0.1, 1835), (0.15, 0.6, 3511), (0.17, -0.03, 284)],
)
def test_tension_sets_the_pitch(alpha: float, beta: float, f0: float) -> None:
    assert pitch_hz(*steady(alpha, beta)) == pytest.approx(f0, rel=0.01)


def test_low_tension_is_rich_in_harmonics_and_high_tension_nearly_a_sine() -> None:
    pulses, rate = steady(0.15, 0.0, 0.6)
    tone, _ = steady(0.15, 0.6, 0.6)
    assert harmonics_db(pulses, rate, 311, 8).min() > -1
    np.testing.assert_allclose(harmonics_db(tone, rate, 3511, 4), [0.0, -9.9, -25.4, -37.8], atol=0.5)


def test_integration_converges_at_fourth_order_to_an_independent_solution() -> None:
    n = 100
    instants = np.arange(n) * TIME_SCALE / RATE
    alpha, beta = np.linspace(0.1, 0.2, n), np.linspace(0.5, 0.1, n)

    def field(s: float, state: np.ndarray) -> list[float]:
        x, v = state
        a, b = 0.1 + 0.1 * s / instants[-1], 0.5 - 0.4 * s / instants[-1]
        return [v, -(a + b * x + x**3 - x**2) - v * (x**2 + x)]

    start = [resting_point(0.1, 0.5), 0.0]
    exact = solve_ivp(field, (0, instants[-1]), start, "DOP853", instants, rtol=1e-12, atol=1e-14).y[1]
    errors = [np.abs(labial_velocity(alpha, beta, RATE, factor)[0][::factor] - exact).max() for factor in (2, 4, 8)]
    assert np.abs(exact).max() > 0.3
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(16, rel=0.1)
    assert errors[2] < 3e-6


def test_tract_resonates_at_a_quarter_wave() -> None:
    rate = 352_800
    impulse = np.zeros(rate // 10)
    impulse[0] = 1.0
    response = np.abs(np.fft.rfft(tract(impulse, rate)))
    level = {hz: 20 * np.log10(response[hz // 10]) for hz in (0, 2_500, 5_000, 7_500)}
    assert level[2_500] == pytest.approx(4.21, abs=0.02)
    assert level[7_500] == pytest.approx(4.21, abs=0.02)
    assert level[0] == pytest.approx(-3.15, abs=0.02)
    assert level[5_000] == pytest.approx(-3.15, abs=0.02)


def test_decimation_keeps_the_band_in_place_and_stops_aliases() -> None:
    t = np.arange(8 * 4_000) / 8  # in samples of the new rate
    inside = slice(100, -100)
    kept = decimate(np.sin(2 * np.pi * 0.3 * t), 8)
    np.testing.assert_allclose(kept[inside], np.sin(2 * np.pi * 0.3 * t[::8])[inside], atol=1e-4)
    assert np.abs(decimate(np.sin(2 * np.pi * 0.7 * t), 8)[inside]).max() < 1e-4


def test_the_sound_does_not_depend_on_the_sample_rate() -> None:
    def song(rate: int) -> np.ndarray:
        t = np.arange(round(0.1 * rate)) / rate
        return sing(0.15 * np.sin(np.pi * t / 0.1), 0.4 + 0.2 * np.cos(np.pi * t / 0.1), rate)

    reference, other = song(88_200)[::2], song(44_100)  # nothing above 18 kHz, so that every second sample will do
    assert np.abs(reference).max() > 0.5
    np.testing.assert_allclose(other, reference, atol=0.01)
