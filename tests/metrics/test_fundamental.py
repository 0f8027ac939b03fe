"""The tracker of f0 against signals whose f0 is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics.fundamental import pitch_agreement, track_f0

RATE = 44_100
T = np.arange(8820) / RATE
HOP = 176


def pulses(hz: float) -> np.ndarray:
    """A train of Gaussian pulses of 0.06 ms: all harmonics, as a pulsating syrinx has."""
    phase = (hz * T + 0.5) % 1 - 0.5
    return np.exp(-0.5 * (phase / hz / 6e-5) ** 2)


def stack(hz: float, first: int = 1, last: int = 10) -> np.ndarray:
    return sum(np.sin(2 * np.pi * hz * k * T + k) / k for k in range(first, last + 1))


def cents(a: np.ndarray, b: np.ndarray, **where: int) -> float:
    return pitch_agreement(a, b, sample_rate=RATE, **where).f0_cents


@pytest.mark.parametrize("hz", [302, 440, 613.3, 1000, 1999, 3000, 4321, 5500, 7000, 7900])
def test_sinusoids(hz: float) -> None:
    f0 = track_f0(np.sin(2 * np.pi * hz * T + 1), sample_rate=RATE)
    assert f0.shape == (1 + 8820 // HOP,)
    inside = f0[3:-3]  # frames that lie within the clip
    assert np.abs(1200 * np.log2(inside / hz)).max() < 2.0


def test_no_octave_errors_on_whistles() -> None:
    # at 5 to 8 kHz the peaks of the autocorrelation fall between its samples: their heights need the parabola too
    t = T[:4410]
    for hz in [*np.geomspace(2000, 7950, 20), 6077.0, 6545.0, 7048.0, 7661.0]:
        inside = track_f0(np.sin(2 * np.pi * hz * t), sample_rate=RATE)[3:-3]
        assert np.abs(1200 * np.log2(inside / hz)).max() < 2.0, hz


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(440.0, 466.1638, 100.0), (440.0, 440 * 2 ** (1 / 1200), 1.0), (600.0, 400.0, 701.955)]
)
def test_cents_of_pulse_trains(a: float, b: float, expected: float) -> None:
    assert cents(pulses(a), pulses(b)) == pytest.approx(expected, abs=0.2)
    assert cents(pulses(b), pulses(a)) == pytest.approx(expected, abs=0.2)
    assert cents(pulses(a), -0.01 * pulses(a) + 3.0) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("hz", [330.0, 600.0, 900.0, 1500.0])
def test_no_octave_errors_on_stacks(hz: float) -> None:
    for x in (stack(hz), stack(hz, first=3)):  # the second has no fundamental and no second harmonic
        inside = track_f0(x, sample_rate=RATE)[3:-3]
        assert np.abs(1200 * np.log2(inside / hz)).max() < 3.0


def test_a_glide_is_followed() -> None:
    f = 500 * 1.8 ** (T / 0.2)  # 1018 cents in 0.2 s
    phase = 2 * np.pi * np.cumsum(f) / RATE
    f0 = track_f0(sum(np.sin(k * phase) / k for k in range(1, 10)), sample_rate=RATE)
    truth = f[np.minimum(np.arange(f0.size) * HOP, f.size - 1)]
    assert np.abs(1200 * np.log2(f0 / truth))[3:-3].max() < 1.0


def test_noise_and_hum_are_unvoiced() -> None:
    for seed in range(3):
        assert np.isnan(track_f0(np.random.default_rng(seed).standard_normal(8820), sample_rate=RATE)).all()
    # cage hum below the range neither has a pitch nor hides one that is a third as loud
    hum = np.sin(2 * np.pi * 100 * T)
    assert np.abs(1200 * np.log2(track_f0(hum + 0.3 * stack(700), sample_rate=RATE)[3:-3] / 700)).max() < 3.0


def test_frames_far_below_the_loudest_are_unvoiced() -> None:
    x = stack(700)
    x[4410:] *= 10 ** (-25 / 20)
    assert np.isfinite(track_f0(x, sample_rate=RATE)[28:-3]).all()
    x[4410:] *= 10 ** (-10 / 20)
    assert np.isnan(track_f0(x, sample_rate=RATE)[28:-3]).all()


def test_median_over_the_syllable_alone() -> None:
    # right in the middle 100 ms, a fifth too high before and after
    right, wrong = stack(600), stack(900)
    output = np.where((T > 0.05) & (T < 0.15), right, wrong)
    assert cents(output, right, onset=2646, offset=6174) == pytest.approx(0.0, abs=0.5)
    assert cents(output, right, onset=0, offset=2000) == pytest.approx(701.955, abs=0.5)
    # the median forgives a minority of wrong frames
    assert cents(output, right, onset=1800, offset=8820) < 1.0


def test_nan_where_nothing_is_voiced_in_both() -> None:
    x, hiss = stack(600), np.random.default_rng(0).standard_normal(8820)
    broken = x.copy()
    broken[5] = np.nan
    halves = (np.where(T < 0.08, x, 0), np.where(T > 0.12, x, 0))
    for a, b in ((x, hiss), (hiss, x), (x, 0 * x), (0 * x, x), (broken, x), (x, broken), halves):
        assert math.isnan(cents(a, b))


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_other_sample_rates(rate: int) -> None:
    t = np.arange(rate // 5) / rate
    a, b = (sum(np.sin(2 * np.pi * hz * k * t) / k for k in (1, 2, 3)) for hz in (1000, 1059.463))
    assert pitch_agreement(a, b, sample_rate=rate).f0_cents == pytest.approx(100.0, abs=2.0)


def test_the_real_birds_flat_stack(renditions: dict) -> None:
    # label e is a stack near 590 Hz with its energy at 3 to 5 kHz
    tracks = [track_f0(r.audio, sample_rate=RATE)[r.onset // HOP : r.offset // HOP] for r in renditions["e"][:12]]
    assert np.mean([np.isfinite(track).mean() for track in tracks]) > 0.6
    assert np.median([np.nanmedian(track) for track in tracks]) == pytest.approx(590, abs=12)
