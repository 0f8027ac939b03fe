"""Gaussian envelopes against the error function, a direct convolution and a correlation known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.special import erf

from syrinx_lab.metrics.envelope_correlation import env_corr, gaussian_envelope

RATE = 44_100
N = 8820
SIGMA = 2e-3 * RATE


def test_a_burst_is_a_difference_of_error_functions() -> None:
    # |x| = 0.3 on [2000, 6000): the mean of an alternating sign is zero
    n = np.arange(N)
    x = np.where((n >= 2000) & (n < 6000), 0.3 * (-1.0) ** n, 0.0)
    edge = lambda at: erf((n - at + 0.5) / (SIGMA * math.sqrt(2)))  # noqa: E731
    expected = 0.15 * (edge(2000) - edge(6000))
    assert np.abs(gaussian_envelope(x, sample_rate=RATE) - expected).max() < 1e-5


@pytest.mark.parametrize("n", [64, 300, 600, N])
def test_against_a_direct_convolution_mirrored_at_the_ends(n: int) -> None:
    x = np.random.default_rng(0).standard_normal(n)
    x -= x.mean()
    expected = gaussian_filter1d(np.abs(x), SIGMA, mode="reflect", truncate=8)
    assert np.abs(gaussian_envelope(x + 0.5, sample_rate=RATE) - expected).max() < 2e-4


def test_sinusoid_reaches_2_over_pi() -> None:
    envelope = gaussian_envelope(0.7 * np.sin(2 * np.pi * 3000 * np.arange(N) / RATE), sample_rate=RATE)
    assert envelope == pytest.approx(0.7 * 2 / math.pi, abs=3e-3)


@pytest.mark.parametrize(("hz", "gain"), [(350, 0.5), (700, 16 / 17), (175, 1 / 17), (50, 1 / (1 + 7**4))])
def test_high_pass(hz: float, gain: float) -> None:
    x = np.sin(2 * np.pi * hz * np.arange(4 * N) / RATE)
    middle = slice(N, 3 * N)
    passed = gaussian_envelope(x, sample_rate=RATE, highpass_hz=350.0)[middle].mean()
    assert passed == pytest.approx(gain * 2 / math.pi, rel=0.02)


@pytest.mark.parametrize("phase", [0.0, math.pi / 3, math.pi / 2, math.pi])
def test_correlation_of_modulations_is_the_cosine_of_their_phase(phase: float) -> None:
    # 25 Hz over exactly 5 periods: smoothing shrinks both alike and turns neither
    t = np.arange(N) / RATE
    a = (1 + 0.5 * np.cos(2 * np.pi * 25 * t)) * np.sin(2 * np.pi * 5000 * t)
    b = 0.01 * (1 + 0.5 * np.cos(2 * np.pi * 25 * t - phase)) * np.sin(2 * np.pi * 3000 * t)
    assert env_corr(a, b, sample_rate=RATE) == pytest.approx(math.cos(phase), abs=0.02)


def test_identity_gain_and_offset_score_1() -> None:
    x = np.random.default_rng(1).standard_normal(600)
    for output in (x, -x, 100 * x, x + 4):
        assert env_corr(output, x, sample_rate=RATE) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("wrong", [0.0, 0.1, np.nan, np.inf])
def test_dead_output_scores_0_and_dead_target_nothing(wrong: float) -> None:
    x, dead = np.random.default_rng(2).standard_normal(600), np.full(600, wrong)
    assert env_corr(dead, x, sample_rate=RATE) == 0.0
    assert math.isnan(env_corr(x, dead, sample_rate=RATE))
