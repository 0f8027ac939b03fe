"""Wrong notes and energy below the song: by how much they move for what, and what tf_corr says of the same."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from syrinx_lab.metrics.leak import leak_db
from syrinx_lab.metrics.partials import loud_frames, lowest_strong_partial, power_frames, strongest_partial
from syrinx_lab.metrics.time_frequency import tf_corr
from syrinx_lab.metrics.wrong_partial import wrong_partial

RATE = 44_100


def tone(hz: float, amplitude: float = 0.3) -> np.ndarray:
    """A whistle of 110 ms within 180 ms, its ends faded over 5 ms."""
    n = np.arange(8000)
    gate = np.clip(np.minimum(n - 2000, 6900 - n) / 220, 0, 1)
    return amplitude * gate * np.sin(2 * np.pi * hz * n / RATE)


def wrong(output: np.ndarray, target: np.ndarray) -> float:
    return wrong_partial(output, target, sample_rate=RATE)


def leak(output: np.ndarray, target: np.ndarray) -> float:
    return leak_db(output, target, sample_rate=RATE)


@pytest.mark.parametrize("hz", [430.0, 1234.5, 5000.0, 11_500.0])
def test_a_partial_is_found_within_two_hertz(hz: float) -> None:
    power = power_frames(tone(hz))
    loud = loud_frames(power, RATE)
    # 4,900 samples of tone and the edges of frames that reach into it
    assert 18 <= loud.sum() <= 22
    inner = strongest_partial(power[12:24], RATE)
    assert np.abs(inner - hz).max() < 2.0


def test_the_strongest_and_the_lowest_strong_partial_of_a_sum() -> None:
    power = power_frames(tone(1500) + tone(3000, 0.6) + tone(800, 0.3 * 0.05))
    loud = slice(12, 24)
    assert strongest_partial(power[loud], RATE) == pytest.approx(3000, abs=2)
    # 800 Hz is 32 dB below the strongest: no strong partial
    assert lowest_strong_partial(power[loud], RATE) == pytest.approx(1500, abs=RATE / 1024)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.0, 0.0), (2 ** (2.9 / 12), 0.0), (2 ** (-2.9 / 12), 0.0), (2 ** (3.1 / 12), 1.0), (0.5, 1.0), (2.0, 1.0)],
)
def test_three_semitones_part_a_bent_note_from_a_wrong_one(factor: float, expected: float) -> None:
    assert wrong(tone(3000 * factor), tone(3000)) == expected


def test_half_of_a_whistle_an_octave_low_is_half_wrong_whatever_its_loudness() -> None:
    target = tone(3000)
    half = np.where(np.arange(8000) < 4450, target, tone(1500))
    assert wrong(half, target) == pytest.approx(0.5, abs=0.06)
    assert wrong(1e-3 * half, target) == wrong(half, target)
    assert wrong(np.where(np.arange(8000) < 4450, target, 0), target) == pytest.approx(0.5, abs=0.1), (
        "no partial, none right"
    )


def test_a_low_whistle_an_octave_down_flatters_tf_corr_and_leaks() -> None:
    """At 450 Hz the octave below lies outside the bands of tf_corr and wrong_partial: leak_db alone hears it."""
    target, low = tone(450), tone(225)
    assert tf_corr(low, target, sample_rate=RATE) > 0.85
    assert wrong(low, target) == 0.0
    assert leak(target, target) == pytest.approx(-36.1, abs=0.5), "the window's own"
    assert leak(low, target) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(("level_db", "expected"), [(-10, -10.41), (-20, -20.04), (-30, -30.0)])
def test_leak_is_the_share_of_what_is_below(level_db: float, expected: float) -> None:
    """An undertone L dB below the tone has 10 log10(r / (1 + r)) of the energy, r = 10^(L / 10)."""
    target = tone(4000)
    assert leak(target + tone(2000, 0.3 * 10 ** (level_db / 20)), target) == pytest.approx(expected, abs=0.05)
    # three quarters of 4 kHz are 3 kHz: what is above does not count
    assert leak(target + tone(3300, 0.1), target) < -50


def test_silent_and_broken_signals() -> None:
    x = tone(2000)
    broken = x.copy()
    broken[5000] = math.nan
    for dead in (0 * x, broken):
        assert wrong(dead, x) == 1.0
        assert math.isnan(leak(dead, x))
        assert math.isnan(wrong(x, dead))
        assert math.isnan(leak(x, dead))


@pytest.mark.parametrize(("label", "lowest", "highest"), [("c", 0.15, 0.35), ("e", 0.35, 0.6)])
def test_the_bird_itself_is_not_free_of_it(
    renditions: dict[str, list[Any]], label: str, lowest: float, highest: float
) -> None:
    """Harmonics of like strength trade places from one rendition to the next: the bar for a model is not 0."""
    found = []
    for a, b in pairwise(renditions[label][:13]):
        lead = min(a.onset, b.onset)
        x, y = a.audio[a.onset - lead :], b.audio[b.onset - lead :]
        n = min(x.size, y.size)
        found.append(wrong(y[:n], x[:n]))
    assert lowest < np.mean(found) < highest
