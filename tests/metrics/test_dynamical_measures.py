"""Measures of dynamical systems come out as published, or as closed forms say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from known_systems import (
    LORENZ_DIMENSION,
    LORENZ_EXPONENT,
    ROESSLER_DIMENSION,
    ROESSLER_EXPONENT,
    lorenz,
    roessler,
)
from numpy.typing import NDArray
from scipy.stats import norm

from syrinx_lab.metrics.as_systems import compare_as_systems
from syrinx_lab.metrics.correlation_dimension import correlation_dimension
from syrinx_lab.metrics.delay_embedding import delay_embedding, dominant_period, suitable_delay
from syrinx_lab.metrics.lyapunov_exponent import lyapunov_exponent
from syrinx_lab.metrics.ordinal_patterns import ordinal_complexity, pattern_delay, pattern_shares
from syrinx_lab.metrics.spectrum_hellinger import spectrum_hellinger
from syrinx_lab.metrics.state_space_divergence import mixture_divergence, state_space_divergence

Points = NDArray[np.float64]


def noise(count: int, seed: int = 0) -> Points:
    return np.random.default_rng(seed).standard_normal(count)


def sine(count: int, period: float = 50.8945) -> Points:
    return np.sin(2 * np.pi / period * np.arange(count))


def logistic(count: int) -> Points:
    """x -> 4 x (1 - x), by its conjugacy to the tent map, whose angles are even: no orbit, but its statistics."""
    x = np.empty(count)
    x[0] = 0.3141592
    for i in range(1, count):
        x[i] = 4 * x[i - 1] * (1 - x[i - 1])
    return x


def test_delay_embedding_and_its_delay() -> None:
    points = delay_embedding(np.arange(10.0), 3, 2)
    assert points.shape == (6, 3)
    assert points[1].tolist() == [1, 3, 5]
    # cos(2 pi lag / period) = 1 / e
    assert suitable_delay(sine(5000, 100.7)) == math.ceil(100.7 * math.acos(1 / math.e) / (2 * math.pi))
    assert suitable_delay(noise(5000)) == 1
    assert suitable_delay(np.zeros(100)) == 1
    assert dominant_period(sine(5000, 100.7)) == pytest.approx(100.7, rel=1e-3)
    for dimension, delay in ((0, 1), (2, 0), (4, 5)):
        with pytest.raises(ValueError, match="delay"):
            delay_embedding(np.arange(10.0), dimension, delay)


def test_correlation_dimension_of_known_sets() -> None:
    chaos = correlation_dimension(lorenz(5000, 0.05, steps=5), theiler=40)
    assert chaos.dimension == pytest.approx(LORENZ_DIMENSION, abs=0.06)
    turns = correlation_dimension(roessler(5000, 0.3), theiler=40)
    assert ROESSLER_DIMENSION - 0.25 < turns.dimension < ROESSLER_DIMENSION, "few points see the sheet alone"
    assert correlation_dimension(delay_embedding(noise(5000), 2, 1), theiler=5).dimension == pytest.approx(2, abs=0.05)
    assert correlation_dimension(delay_embedding(noise(9000), 3, 1), theiler=5).dimension == pytest.approx(3, abs=0.1)
    cycle = delay_embedding(sine(5000), 3, 12)
    assert correlation_dimension(cycle, theiler=51).dimension == pytest.approx(1, abs=0.1)
    still = correlation_dimension(np.ones((500, 3)), theiler=5)
    assert math.isnan(still.dimension)


def test_correlation_sum_counts_pairs() -> None:
    points = noise(400).reshape(-1, 2)
    found = correlation_dimension(points, theiler=3)
    distance = np.linalg.norm(points[:, None] - points, axis=-1)
    apart = np.triu(np.ones_like(distance, bool), 4)
    for radius, share in zip(found.radii[::7], found.sums[::7]):
        assert share == pytest.approx((distance[apart] <= radius).mean(), abs=1e-12)


def test_largest_exponent_of_known_systems() -> None:
    chaos = lyapunov_exponent(lorenz(8000, 0.05, steps=5), interval_s=0.05, theiler=16, horizon=160, skip=16)
    assert chaos.per_s == pytest.approx(LORENZ_EXPONENT, rel=0.1)
    slow = lyapunov_exponent(roessler(16_000, 0.2, steps=4), interval_s=0.2, theiler=30, horizon=450, skip=30)
    assert slow.per_s == pytest.approx(ROESSLER_EXPONENT, rel=0.1)
    cycle = lyapunov_exponent(delay_embedding(sine(4000), 3, 12), interval_s=1, theiler=51, horizon=300, skip=51)
    assert abs(cycle.per_s) < 1e-5
    strangers = lyapunov_exponent(delay_embedding(noise(4000), 3, 1), interval_s=1, theiler=50, horizon=300, skip=5)
    assert math.isnan(strangers.per_s)
    assert math.isnan(lyapunov_exponent(np.zeros((900, 3)), interval_s=1, theiler=5, horizon=50).per_s)
    assert math.isnan(lyapunov_exponent(noise(60)[:, None], interval_s=1, theiler=20, horizon=50).per_s)


def test_ordinal_patterns_of_the_logistic_map() -> None:
    """Of x -> 4 x (1 - x) the shares of the patterns of three are fifteenths, and the falling one is forbidden."""
    shares = pattern_shares(logistic(200_000), order=3)
    # numbered by Lehmer code: 123, 132, 213, 231, 312, 321
    wanted = np.array([5, 1, 2, 4, 3, 0]) / 15
    np.testing.assert_allclose(shares, wanted, atol=4e-3)
    assert shares[5] == 0


def test_entropy_and_complexity() -> None:
    assert ordinal_complexity(np.arange(100.0)) == pytest.approx((0, 0), abs=1e-12)
    h, c = ordinal_complexity(noise(100_000), order=5)
    assert h == pytest.approx(1, abs=1e-3)
    assert c == pytest.approx(0, abs=2e-3)
    # Rosso et al. 2007, figure 1: the logistic map at r = 4 with patterns of six lies at (0.63, 0.48)
    h, c = ordinal_complexity(logistic(2**15), order=6)
    assert h == pytest.approx(0.63, abs=0.01)
    assert c == pytest.approx(0.48, abs=0.01)
    # two patterns of two, equally often: H is 1, and there is no room for complexity
    assert ordinal_complexity(np.tile([0.0, 1.0], 500)[:-1], order=2) == pytest.approx((1, 0), abs=1e-5)
    slow = sine(20_000, 400.3)
    regular = ordinal_complexity(slow, delay=pattern_delay(400.3))
    assert regular.entropy < 0.6
    assert regular.entropy < ordinal_complexity(noise(20_000)).entropy
    assert pattern_delay(400) == 40
    assert pattern_delay(math.nan) == 1
    assert math.isnan(ordinal_complexity(np.zeros(50)).entropy)
    with pytest.raises(ValueError, match="order is 9"):
        ordinal_complexity(noise(50), order=9)


def test_hellinger_distance_of_two_tones() -> None:
    """Two lines smoothed by sigma are Gaussians of the power spectrum: D^2 = 1 - exp(-(f1 - f2)^2 / (8 sigma^2))."""
    rate, time = 44_100.0, np.arange(44_100) / 44_100
    a, b = (np.sin(2 * np.pi * hz * time) for hz in (2000.0, 2060.0))
    found = spectrum_hellinger(a, 7 * b, sample_rate=rate, smoothing_hz=20)
    assert found == pytest.approx(math.sqrt(1 - math.exp(-(60**2) / (8 * 20**2))), abs=2e-3)
    assert spectrum_hellinger(a, -3 * a, sample_rate=rate) == pytest.approx(0, abs=1e-7)
    far = np.sin(2 * np.pi * 9000 * time)
    assert spectrum_hellinger(a, far, sample_rate=rate) == pytest.approx(1, abs=1e-6)
    assert math.isnan(spectrum_hellinger(0 * a, b, sample_rate=rate))


def test_state_space_divergence_of_gaussians() -> None:
    a, b = (noise(120_000, seed).reshape(-1, 2) for seed in (1, 2))
    shift = np.array([0.5, 0.0])
    # around every point a Gaussian of variance 1: two Gaussians of variance 2, KL = |shift|^2 / 4
    assert mixture_divergence(b + shift, a, draws=1000) == pytest.approx(0.25 / 4, abs=0.02)
    assert mixture_divergence(b, a) == pytest.approx(0, abs=0.02)
    # two normals over 30 boxes within +-2 and one without
    edges = np.concatenate(([-np.inf], np.linspace(-2, 2, 31), [np.inf]))
    p, q = np.diff(norm.cdf(edges)), np.diff(norm.cdf(edges - 0.5))
    p, q = (np.append(y[1:-1], y[0] + y[-1]) for y in (p, q))
    wanted = float((p * np.log(p / q)).sum())
    assert state_space_divergence((b + shift)[:, :1], a[:, :1]) == pytest.approx(wanted, rel=0.05)
    assert state_space_divergence(a, a) == 0
    assert math.isnan(state_space_divergence(np.full_like(a, np.nan), a))
    assert state_space_divergence(a + 100, a) > 5, "never near: finite, and large"


def test_state_space_divergence_tells_attractors_apart() -> None:
    one, same = lorenz(20_000, 0.02), lorenz(20_000, 0.02, start=(-8.0, 4.0, 27.0))
    other = roessler(20_000, 0.1)
    other = (other - other.mean(0)) / other.std(0) * one.std(0) + one.mean(0)
    assert state_space_divergence(same, one) < 0.3 * state_space_divergence(other, one)
    scaled, again, strange = ((path - one.mean(0)) / one.std(0) for path in (one, same, other))
    assert abs(mixture_divergence(again, scaled, variance=0.05)) < 0.05
    assert mixture_divergence(strange, scaled, variance=0.05) > 0.5


def test_comparison_of_clips() -> None:
    rate, clip = 44_100.0, sine(4000, 50.1 * math.sqrt(2))
    silence = np.zeros_like(clip)
    found = compare_as_systems(clip + 1e-3 * noise(4000), clip, sample_rate=rate, onset=100, offset=3900)
    assert found.values().keys() == compare_as_systems(silence, silence, sample_rate=rate).values().keys()
    assert found.target.correlation_dimension == pytest.approx(1, abs=0.1)
    assert found.target_points.shape == (3800 - 2 * found.delay_samples, 3)
    assert 0 <= found.d_h < 0.05
    assert found.d_stsp_mixture == pytest.approx(0, abs=0.01)
    mute = compare_as_systems(silence, clip, sample_rate=rate)
    assert math.isnan(mute.d_stsp)
    assert math.isnan(mute.output.permutation_entropy)
    assert mute.target.permutation_entropy > 0
    broken = compare_as_systems(np.full(4000, np.inf), clip, sample_rate=rate)
    assert math.isnan(broken.d_h)
