"""The autonomy score against closed forms and a Welch spectrum written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics.welch_spectrum import spectral_agreement

RATE = 44_100
BIN = RATE / 1024


def sine(hz: float, n: int = 9000) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(n) / RATE)


def test_identity() -> None:
    x = np.random.default_rng(0).standard_normal(8000)
    assert spectral_agreement(x, x, sample_rate=RATE) == (1.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("gain", [2.0, 0.5, 1 / 1430])
def test_gain_costs_its_logarithm_and_nothing_else(gain: float) -> None:
    x = np.random.default_rng(1).standard_normal(8000)
    score = spectral_agreement(gain * x, x, sample_rate=RATE)
    assert score.amp_pen == pytest.approx(abs(math.log(gain)), abs=1e-12)
    assert score.spec_corr == pytest.approx(1.0, abs=1e-9)
    assert score.pitch_pen == 0.0
    assert score.autonomy == pytest.approx(1 - abs(math.log(gain)), abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(20, 40), (40, 20)])
def test_an_octave_costs_log_2_either_way(low: int, high: int) -> None:
    score = spectral_agreement(sine(low * BIN), sine(high * BIN), sample_rate=RATE)
    assert score.pitch_pen == pytest.approx(math.log(2), abs=1e-12)
    assert score.autonomy == pytest.approx(score.spec_corr - score.amp_pen - math.log(2), abs=1e-12)
    assert score.amp_pen == pytest.approx(0.0, abs=1e-3)


def test_the_peak_lies_within_half_a_bin() -> None:
    score = spectral_agreement(sine(1000.0), sine(BIN * 100), sample_rate=RATE)
    assert score.pitch_pen == pytest.approx(abs(math.log(23 / 100)), abs=1e-12)  # 1000 Hz = bin 23.2


def test_constant_offset_is_neither_loud_nor_a_pitch() -> None:
    x = sine(30 * BIN)
    with_offset = spectral_agreement(x + 5.0, x, sample_rate=RATE)
    assert with_offset.pitch_pen == 0.0
    assert with_offset.amp_pen == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [600, 1024, 5000])
def test_spec_corr_against_welch_written_out(n: int) -> None:
    output, target = np.random.default_rng(2).standard_normal((2, n)).cumsum(axis=1) + 3.0
    size = min(1024, n)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)

    def log_power(x: np.ndarray) -> np.ndarray:
        starts = range(0, n - size + 1, size - size // 2)
        segments = [x[s : s + size] - x[s : s + size].mean() for s in starts]
        power = np.mean([np.abs(np.fft.rfft(window * segment)) ** 2 for segment in segments], axis=0)
        # one-sided: every bin but 0 Hz counts twice
        power[1:] *= 2
        return np.log(power / (RATE * np.sum(window**2)) + 1e-20)[np.arange(size // 2 + 1) * RATE / size <= 8000]

    expected = np.corrcoef(log_power(output), log_power(target))[0, 1]
    assert spectral_agreement(output, target, sample_rate=RATE).spec_corr == pytest.approx(expected, abs=1e-10)


def test_only_up_to_8_khz() -> None:
    x = np.random.default_rng(3).standard_normal(9000)
    hiss = x + 100 * sine(400 * BIN)  # 17 kHz, and far above the leakage of the Hann window
    assert spectral_agreement(hiss, x, sample_rate=RATE).pitch_pen == 0.0


def test_blind_to_time() -> None:
    x = np.zeros(12_000)
    x[2000:6000] = np.random.default_rng(4).standard_normal(4000)
    assert spectral_agreement(np.roll(x, 3072), x, sample_rate=RATE).autonomy > 0.99


@pytest.mark.parametrize("wrong", ["silent", "constant", "whisper", "nan", "inf"])
def test_a_dead_or_diverged_output_scores_minus_5(wrong: str) -> None:
    x = sine(440.0)
    output = {"silent": 0 * x, "constant": 0 * x + 0.1, "whisper": 1e-9 * x, "nan": x.copy(), "inf": x.copy()}[wrong]
    if wrong in ("nan", "inf"):
        output[4321] = float(wrong)
    score = spectral_agreement(output, x, sample_rate=RATE)
    assert score[:2] == (-5.0, 0.0)
    assert math.isnan(score.amp_pen)
    assert math.isnan(score.pitch_pen)


def test_a_dead_target_defines_nothing() -> None:
    x = sine(440.0)
    assert all(math.isnan(value) for value in spectral_agreement(x, 0 * x, sample_rate=RATE))
    assert spectral_agreement(0 * x, 0 * x, sample_rate=RATE).autonomy == -5.0
