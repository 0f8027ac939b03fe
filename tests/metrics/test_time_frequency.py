"""The headline number: 1 for identity, and by how much it drops for what."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.signal

from syrinx_lab.metrics.envelope_correlation import gaussian_envelope
from syrinx_lab.metrics.time_frequency import spectrogram_db, tf_corr

RATE = 44_100
Maker = Callable[..., np.ndarray]


def corr(output: np.ndarray, target: np.ndarray) -> float:
    return tf_corr(output, target, sample_rate=RATE)


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))


@pytest.mark.parametrize("n", [64, 600, 5000])
def test_identity(n: int) -> None:
    x = noise(n)
    assert corr(x, x) == pytest.approx(1.0, abs=1e-12)
    # phase and sign are no part of a spectrogram, nor is a constant; both clips may be scaled together
    assert corr(-x, x) == pytest.approx(1.0, abs=1e-12)
    assert corr(x + 0.7, x) == pytest.approx(1.0, abs=1e-9)
    assert corr(x, x - 0.7) == pytest.approx(1.0, abs=1e-9)


def test_against_scipys_stft(syllable: Maker) -> None:
    target = syllable() + 1e-3 * noise(7497)
    output = 1.7 * syllable(750.0, 0.003) + 1e-3 * noise(7497, 2)

    def decibels(x: np.ndarray) -> np.ndarray:
        x = (x - x.mean()) / np.abs(target - target.mean()).max()
        hz, _, z = scipy.signal.stft(x, RATE, "hann", 512, 384, boundary="zeros", padded=False)
        # scipy divides by the sum of the window, 256
        return 20 * np.log10(256 * np.abs(z[(hz >= 350) & (hz <= 12_000)]) + 1e-3)

    a, b = decibels(output), decibels(target)
    floor = b.max() - 50
    expected = np.corrcoef(np.maximum(a, floor).ravel(), np.maximum(b, floor).ravel())[0, 1]
    assert corr(output, target) == pytest.approx(expected, abs=1e-9)
    assert expected < 0.9


def test_a_sinusoid_of_amplitude_one_reaches_42_db() -> None:
    bin_hz = RATE / 512
    plane = spectrogram_db(np.sin(2 * np.pi * 50 * bin_hz * np.arange(4096) / RATE), sample_rate=RATE)
    assert plane.shape == (33, 135)  # bins 5 (431 Hz) to 139 (11.97 kHz)
    assert plane[16, 50 - 5] == pytest.approx(20 * math.log10(128 + 1e-3), abs=1e-9)
    assert plane[16, 51 - 5] == pytest.approx(20 * math.log10(64 + 1e-3), abs=1e-9)
    assert plane[16, 80 - 5] == pytest.approx(-60.0, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "expected"),
    [("5 ms late", 0.919), ("20 ms late", 0.499), ("a semitone up", 0.491), ("a quarter tone up", 0.743)],
)
def test_drop_for_time_and_pitch(syllable: Maker, change: str, expected: float) -> None:
    output = {
        "5 ms late": syllable(delay_s=0.005),
        "20 ms late": syllable(delay_s=0.020),
        "a semitone up": syllable(700.0 * 2 ** (1 / 12)),
        "a quarter tone up": syllable(700.0 * 2 ** (1 / 24)),
    }[change]
    assert corr(output, syllable()) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("gain", "expected"), [(0.5, 0.991), (2, 0.993), (0.1, 0.911), (10, 0.953), (1e-4, 0.0)])
def test_drop_for_gain(syllable: Maker, gain: float, expected: float) -> None:
    # a factor of two is nearly free: loudness is what amp_pen is for
    assert corr(gain * syllable(), syllable()) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("snr_db", "expected"), [(40, 0.999), (20, 0.911), (10, 0.766), (0, 0.535)])
def test_drop_for_added_noise(syllable: Maker, snr_db: float, expected: float) -> None:
    x = syllable()
    assert corr(x + rms(x) * 10 ** (-snr_db / 20) * noise(x.size), x) == pytest.approx(expected, abs=0.01)


def test_what_noise_earns_without_an_oscillator(syllable: Maker) -> None:
    x = syllable()
    shaped = gaussian_envelope(x, sample_rate=RATE) * noise(x.size)
    assert corr(noise(x.size) * rms(x), x) == pytest.approx(0.0, abs=0.06)
    assert corr(shaped * rms(x) / rms(shaped), x) == pytest.approx(0.48, abs=0.02)


def test_only_the_band_counts(syllable: Maker) -> None:
    x = syllable()
    t = np.arange(x.size) / RATE
    # 100 Hz and 15 kHz leak 50 dB below the peak; 5 kHz does not stay outside
    window = np.hanning(x.size)
    assert corr(x + 0.1 * window * np.sin(2 * np.pi * 100 * t), x) > 0.99
    assert corr(x + 0.1 * window * np.sin(2 * np.pi * 15_000 * t), x) > 0.99
    assert corr(x + 0.1 * window * np.sin(2 * np.pi * 5000 * t), x) < 0.97


def test_the_floor_is_the_targets(syllable: Maker) -> None:
    x = syllable()
    # what both leave below the target's maximum - 50 dB does not count: faint noise in either is the same as none
    faint = 1e-5 * noise(x.size)
    assert corr(x + faint, x) > 0.9999
    # and the output's own maximum does not move the floor: its faint parts count when it is loud as a whole
    assert corr(1000 * (x + faint), x) < 0.9
    assert corr(x, 1000 * (x + faint)) < 0.1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e200])
def test_dead_output_scores_0_and_dead_target_nothing(syllable: Maker, wrong: float) -> None:
    x = syllable()
    broken = x.copy()
    broken[100] = wrong
    for dead in (broken, 0 * x, 0 * x + 0.1, 1e-10 * x):
        assert corr(dead, x) == 0.0
        assert math.isnan(corr(x, dead))


def test_drop_on_the_real_bird(renditions: dict) -> None:
    x = renditions["e"][4].audio
    late = np.concatenate([np.zeros(220), x[:-220]])
    assert 0.80 < corr(late, x) < 0.92
    assert 0.97 < corr(0.5 * x, x) < 0.99
    assert 0.70 < corr(x + rms(x) * 10**-0.5 * noise(x.size), x) < 0.80
