"""Log-spectral distance and mel-cepstral distortion: closed forms, and what each is blind to."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter

from syrinx_lab.metrics.log_spectral_distance import lsd_db
from syrinx_lab.metrics.mel_cepstral_distortion import mcd_db, mel_bank
from syrinx_lab.metrics.partials import frame_hz

RATE = 44_100
Maker = Callable[..., np.ndarray]


def mcd(output: np.ndarray, target: np.ndarray, **where: int) -> float:
    return mcd_db(output, target, sample_rate=RATE, **where)


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(3).standard_normal(20_000)


def test_a_gain_is_its_decibels_for_lsd_and_nothing_for_mcd(noise: np.ndarray) -> None:
    for gain in (2.0, 0.5, 10.0):
        assert lsd_db(gain * noise, noise) == pytest.approx(20 * abs(math.log10(gain)), abs=1e-6)
        assert mcd(gain * noise, noise) == pytest.approx(0.0, abs=1e-6)
    assert lsd_db(noise, noise) == mcd(noise, noise) == 0.0


def test_two_draws_of_one_noise(noise: np.ndarray) -> None:
    """The difference of two log periodograms: each ln has variance pi^2 / 6, so 10 / ln 10 pi / sqrt 3 = 7.88 dB."""
    other = 0.1 * np.random.default_rng(4).standard_normal(20_000)
    assert lsd_db(other, noise) == pytest.approx(10 / math.log(10) * math.pi / math.sqrt(3), abs=0.15)
    assert 2.0 < mcd(other, noise) < 5.0


def test_a_filter_is_heard_by_its_root_mean_square(noise: np.ndarray) -> None:
    """One zero at -0.5: |H|^2 = 1.25 + cos w in power; lsd is the root mean square of its decibels over frequency."""
    filtered = lfilter([1.0, 0.5], [1.0], noise)
    w = np.pi * np.arange(1, 513) / 512
    expected = np.sqrt(np.mean((10 * np.log10(1.25 + np.cos(w))) ** 2))
    assert lsd_db(filtered, noise) == pytest.approx(expected, rel=0.02)


def test_mcd_of_a_cosine_in_the_mel_spectrum() -> None:
    """Impulses have flat spectra: a ripple of q cycles over the mel bands is the cepstral coefficient 2 q alone.

    ln A = ln A_0 + e cos(pi d (b + 1/2) / 80) has c_d = e, so mcd = 10 / ln 10 sqrt(2) e.
    """
    bank = mel_bank(float(RATE))
    centres = (bank * frame_hz(RATE)).sum(1)
    d, e = 6, 0.4
    hz = frame_hz(RATE)
    ripple = np.interp(hz, centres, e * np.cos(np.pi * d * (np.arange(80) + 0.5) / 80))
    response = np.fft.fftshift(np.fft.irfft(np.exp(ripple)))
    target, output = np.zeros(12_800), np.zeros(12_800)
    for at in range(1024, 11_776, 256):
        target[at] = 1.0
    output = np.convolve(target, response)[512 : 512 + target.size]
    inner = {"onset": 2048, "offset": 10_240}
    assert mcd(output, target, **inner) == pytest.approx(10 / math.log(10) * math.sqrt(2) * e, rel=0.1)


def test_they_look_at_the_syllable_alone(noise: np.ndarray) -> None:
    output = noise.copy()
    output[:6000] *= 0.01
    assert lsd_db(output, noise, onset=6000, offset=18_000) == 0.0
    assert mcd(output, noise, onset=6000, offset=18_000) == 0.0
    assert lsd_db(output, noise) > 5


def test_pitch_is_heard_by_lsd_more_than_by_mcd(syllable: Maker) -> None:
    """mcd keeps 24 of 80 coefficients, the envelope: a semitone moves it by 3 dB, lsd by 18."""
    x = syllable() + 1e-4 * np.random.default_rng(0).standard_normal(7497)
    high = syllable(700 * 2 ** (1 / 12)) + 1e-4 * np.random.default_rng(1).standard_normal(7497)
    where = {"onset": 1985, "offset": 6395}
    assert lsd_db(high, x, **where) > 3 * mcd(high, x, **where) > 3.0


def test_silence_is_not_defined(noise: np.ndarray) -> None:
    for output, target in ((0 * noise, noise), (noise, 0 * noise)):
        assert math.isnan(lsd_db(output, target))
        assert math.isnan(mcd(output, target))


@pytest.mark.parametrize("rate", [16_000.0, 22_050.0, 96_000.0])
def test_the_mel_bank_has_a_bin_for_every_band(rate: float) -> None:
    bank = mel_bank(rate)
    assert bank.sum(1) == pytest.approx(np.ones(80))
    centres = bank @ frame_hz(rate)
    assert (np.diff(centres) >= 0).all()
