"""Onsets that were put where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from syrinx_lab.metrics.ignition import ignition, onset_sample

RATE = 44_100
ONSET, OFFSET, N = 2000, 6000, 7102


def tone(start: int = ONSET, stop: int = OFFSET, level: float = 0.3, n: int = N) -> np.ndarray:
    k = np.arange(n)
    return np.where((k >= start) & (k < stop), level * np.sin(0.4 * (k - start)), 0.0)


def check(output: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    return ignition(output, target, sample_rate=RATE, onset=ONSET, offset=OFFSET)


def background(level: float, seed: int = 0) -> np.ndarray:
    return level * np.random.default_rng(seed).standard_normal(N)


@pytest.mark.parametrize("delay_ms", [-30, -10.5, -5, 0, 5, 9.5, 10.5, 40])
def test_known_shifts(delay_ms: float) -> None:
    delay = round(delay_ms * 1e-3 * RATE)
    error_ms, ignited = check(tone(ONSET + delay, OFFSET + delay), tone())
    assert error_ms == pytest.approx(abs(delay_ms), abs=0.1)
    assert ignited == (abs(delay_ms) < 10)


def test_ten_milliseconds_is_within() -> None:
    assert check(tone(ONSET + 441, OFFSET + 441), tone()) == (10.0, 1.0)
    assert check(tone(ONSET + 442, OFFSET + 442), tone()).ignited == 0.0


@pytest.mark.parametrize("gain", [1e-4, 1.0, 50.0])
def test_loudness_plays_no_part(gain: float) -> None:
    assert check(gain * tone(), tone()) == (0.0, 1.0)


def test_the_threshold_is_a_tenth_of_the_way_up() -> None:
    # a linear ramp of 40 ms reaches a tenth after 4 ms, two sigma, where the Gaussian bends it by less than 0.02 ms
    ramp = np.clip((np.arange(N) - ONSET) / 1764, 0, 1)
    x = ramp * 0.3 * np.sin(0.4 * np.arange(N))
    first = onset_sample(x, sample_rate=RATE, onset=ONSET, offset=OFFSET)
    assert (first - ONSET) / RATE * 1e3 == pytest.approx(4.0, abs=0.3)


@pytest.mark.parametrize("level", [0.003, 0.02, 0.04])
def test_noise_floor_of_a_recording(level: float) -> None:
    # the loudest noise (mean |x| 0.032) lies above a tenth of the peak (0.19): it is the floor that holds it down
    noisy = tone() + background(level)
    assert check(tone(), noisy)[0] < 2.0
    # and a recording that begins with digital silence has no lower floor for that
    noisy[:100] = 0.0
    assert check(tone(), noisy)[0] < 2.0


def test_a_clip_that_sounds_throughout_begins_at_its_first_sample() -> None:
    for x in (tone(0, N), background(0.3)):
        assert onset_sample(x, sample_rate=RATE, onset=ONSET, offset=OFFSET) == 0


def test_hum_does_not_count() -> None:
    hum = 0.3 * np.sin(2 * np.pi * 60 * np.arange(N) / RATE)
    assert check(tone(), tone() + hum)[0] < 1.0
    assert check(tone() + 5.0, tone()) == (0.0, 1.0)


@pytest.mark.parametrize(
    "early", ["throughout", "in the lead-in, then again", "noise throughout", "decays from the start"]
)
def test_what_lit_up_early_has_not_ignited(early: str) -> None:
    output = {
        "throughout": tone(0, N),
        "in the lead-in, then again": tone(300, 1200) + tone(),
        "noise throughout": background(0.3),
        "decays from the start": tone(0, N) * np.exp(-np.arange(N) / 500),
    }[early]
    error_ms, ignited = check(output, tone())
    assert error_ms > 30
    assert ignited == 0.0


def test_a_cold_starts_own_noise_is_not_early() -> None:
    # the state's first 10 ms hold N(0, 1e-3), 50 dB below the syllable
    k = np.arange(N)
    assert check(tone() + background(1e-3) * np.exp(-k / 200), tone()).ignited == 1.0


def test_growth_that_comes_too_late() -> None:
    slow = np.where(np.arange(N) >= ONSET, np.exp((np.arange(N) - OFFSET) / 800), 0) * np.sin(0.4 * np.arange(N))
    error_ms, ignited = check(slow, tone())
    # a tenth of the value at the offset; the target's own step crosses a tenth 1.28 sigma (2 ms) before its onset
    expected = (OFFSET - ONSET - 800 * math.log(10)) / RATE * 1e3 + 1.2816 * 2
    assert error_ms == pytest.approx(expected, abs=0.2)
    assert ignited == 0.0


@pytest.mark.parametrize("dead", ["silent", "constant", "nan", "silent in the syllable"])
def test_a_dead_output_never_ignites(dead: str) -> None:
    output = {
        "silent": 0 * tone(),
        "constant": 0 * tone() + 0.2,
        "nan": tone(),
        "silent in the syllable": tone(0, 900),
    }[dead]
    if dead == "nan":
        output[-1] = np.nan
    error_ms, ignited = check(output, tone())
    assert math.isnan(error_ms)
    assert ignited == 0.0
    assert all(math.isnan(value) for value in check(tone(), output))


def test_measured_onsets_agree_with_hand_made_ones(renditions: dict) -> None:
    errors = {
        label: [
            (onset_sample(r.audio, sample_rate=RATE, onset=r.onset, offset=r.offset) - r.onset) / RATE * 1e3
            for r in renditions[label][:20]
            if r.onset > 441
        ]
        for label in "bcdef"
    }
    for label, error in errors.items():
        assert 0 < np.median(error) < 8, label
        assert np.mean(np.abs(error) < 10) >= 0.95, label


def test_one_rendition_ignites_with_another(renditions: dict) -> None:
    for label in "bcde":
        pairs = list(zip(renditions[label][0:16:2], renditions[label][1:16:2]))
        ignited = []
        for a, b in pairs:
            lead = min(a.onset, b.onset)
            x, y = a.audio[a.onset - lead :], b.audio[b.onset - lead :]
            n = min(x.size, y.size)
            offset = min(lead + b.offset - b.onset, n)
            ignited.append(ignition(x[:n], y[:n], sample_rate=RATE, onset=lead, offset=offset).ignited)
        assert np.mean(ignited) == 1.0, label
