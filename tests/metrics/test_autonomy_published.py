"""The published autonomy score against its definition written out here, and beside ours on the bird itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import signal

from syrinx_lab.metrics.autonomy_published import autonomy_published, detrended
from syrinx_lab.metrics.welch_spectrum import spectral_agreement

RATE = 44_100


def by_definition(output: np.ndarray, target: np.ndarray) -> float:
    """What the published code computes: its filter assumes that the clip lasts a second and may not hold 100 Hz."""

    def freed(y: np.ndarray) -> np.ndarray:
        b, a = signal.butter(5, 100 / (0.5 * len(y)), btype="low", analog=False)
        return y - signal.filtfilt(b, a, y)

    def spectrum(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return signal.welch(y - np.mean(y), fs=RATE, nperseg=min(1024, len(y)))

    ours, theirs = freed(output), freed(target)
    hz, power = spectrum(ours)
    _, wanted = spectrum(theirs)
    low = hz <= 8000
    correlation = np.corrcoef(np.log(wanted[low] + 1e-20), np.log(power[low] + 1e-20))[0, 1]
    power[0] = wanted[0] = 0
    loudness = abs(np.log((np.std(ours) + 1e-12) / (np.std(theirs) + 1e-12)))
    pitch = abs(np.log((hz[np.argmax(power)] + 1e-9) / (hz[np.argmax(wanted)] + 1e-9)))
    return float(correlation - loudness - pitch)


@pytest.mark.parametrize("gain", [1.0, 0.2])
def test_it_is_the_published_definition(syllable, gain: float) -> None:
    rng = np.random.default_rng(0)
    target = syllable(900.0) + 0.02 * rng.standard_normal(7497) + 0.3
    output = gain * (syllable(2000.0) + 0.01 * rng.standard_normal(7497))
    assert autonomy_published(output, target, sample_rate=RATE) == pytest.approx(
        by_definition(output, target), abs=1e-6
    )


def test_the_cut_off_lies_at_a_hundred_cycles_in_the_clip() -> None:
    """6,800 samples at 44.1 kHz: 649 Hz, where the zero-phase filter leaves half."""
    size = 6800
    t = np.arange(size) / RATE
    inner = slice(1000, -1000)
    for cycles, left in ((10, 0.0), (50, 0.001), (100, 0.5), (200, 0.999), (1000, 1.0)):
        sine = np.sin(2 * np.pi * cycles * RATE / size * t)
        assert np.std(detrended(sine)[inner]) / np.std(sine[inner]) == pytest.approx(left, abs=0.01)


def test_hum_is_not_heard(syllable) -> None:
    x = syllable(900.0)
    hum = 0.2 * np.sin(2 * np.pi * 150 * np.arange(x.size) / RATE)
    assert autonomy_published(x + hum, x, sample_rate=RATE) > 0.9
    assert spectral_agreement(x + hum, x, sample_rate=RATE).autonomy < -0.5


def test_what_makes_no_sound_and_what_is_too_short(syllable) -> None:
    x = syllable()
    for dead in (0 * x, np.full_like(x, np.nan), 1e-10 * x):
        assert autonomy_published(dead, x, sample_rate=RATE) == -5.0
    assert autonomy_published(np.linspace(0, 1e-3, x.size), x, sample_rate=RATE) < -3, "a drift alone is nearly silent"
    assert math.isnan(autonomy_published(x, 0 * x, sample_rate=RATE))
    assert math.isnan(autonomy_published(x[3000:3200], x[3000:3200], sample_rate=RATE))


def test_two_renditions_of_the_real_bird_agree_better_than_by_ours(renditions) -> None:
    """Label e, whose clips put the cut-off at 655 Hz: 20 pairs that follow one another, in docs/metrics.md."""
    ours, published = [], []
    for a, b in zip(renditions["e"][:20], renditions["e"][1:21], strict=True):
        lead = min(a.onset, b.onset)
        x, y = a.audio[a.onset - lead :], b.audio[b.onset - lead :]
        size = min(len(x), len(y))
        ours.append(spectral_agreement(x[:size], y[:size], sample_rate=RATE).autonomy)
        published.append(autonomy_published(x[:size], y[:size], sample_rate=RATE))
    assert np.mean(ours) == pytest.approx(-0.04, abs=0.01)
    assert np.mean(published) == pytest.approx(0.35, abs=0.01)
