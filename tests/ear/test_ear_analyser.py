"""The packaged ear in the place of the analysis: sounds whose pitch is known."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.ear.analyser import EarAnalyser
from syrinx_lab.ear.syllables import find_syllables

RATE = 44_100


def song(hz: list[float], rate: int = RATE, harmonics: int = 1, noise_db: float = -40, length: float = 0.15):
    """Notes of `length` s with silences of 0.1 s before, between and after, of rms 0.1, in white noise."""
    t = torch.arange(round(length * rate), dtype=torch.float64) / rate
    edge = torch.minimum(t, length - t).div(0.004).clamp(0, 1)
    silence = torch.zeros(round(0.1 * rate), dtype=torch.float64)
    parts = [silence]
    for f in hz:
        note = sum(torch.sin(2 * math.pi * k * f * t) / k**0.5 for k in range(1, harmonics + 1) if k * f < 0.45 * rate)
        parts += [0.1 * edge * note / note.square().mean().sqrt(), silence]  # type: ignore[union-attr]
    x = torch.cat(parts)
    hiss = torch.randn(len(x), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (x + 0.1 * 10 ** (noise_db / 20) * hiss).float()


def found(x: torch.Tensor, rate: int = RATE, notes: int = 4, **settings: float) -> torch.Tensor:
    """The median pitch in the middle of each note, and whether all of it is voiced."""
    heard = EarAnalyser(sample_rate=rate, **settings)(x[None], 64)  # type: ignore[arg-type]
    knots = [
        slice(round((0.1 + 0.25 * k + 0.05) * rate / 64), round((0.1 + 0.25 * k + 0.1) * rate / 64))
        for k in range(notes)
    ]
    assert all(float(heard.voiced[0, one].median()) > 0.5 for one in knots)
    assert float(heard.voiced[0, : round(0.05 * rate / 64)].max()) < 0.3
    return torch.stack([heard.pitch_hz[0, one].median() for one in knots])


@pytest.mark.parametrize("harmonics", [1, 10])
def test_known_pitches_are_heard(harmonics: int) -> None:
    hz = [450.0, 1100.0, 2700.0, 5200.0]
    cents = 1200 * torch.log2(found(song(hz, harmonics=harmonics)) / torch.tensor(hz))
    assert float(cents.abs().max()) < 25  # low pure tones are the least sure
    assert float(cents.abs()[1:].max()) < 10


def test_the_rate_makes_no_difference() -> None:
    hz = [600.0, 1300.0, 2500.0, 4500.0]
    pitches = {rate: found(song(hz, rate, harmonics=3), rate) for rate in (22_050, 44_100, 48_000)}
    for rate in (22_050, 48_000):
        assert float(1200 * torch.log2(pitches[rate] / pitches[44_100]).abs().max()) < 12


def test_an_octave_higher_is_heard_an_octave_higher() -> None:
    low, high = (found(song([f, 1.3 * f, 1.7 * f, 2.2 * f], harmonics=4)) for f in (700.0, 1400.0))
    assert float((1200 * torch.log2(high / low) - 1200).abs().max()) < 15


def test_it_hears_in_time_to_sing_along() -> None:
    hz = [450.0, 1100.0, 2700.0, 5200.0]
    cents = 1200 * torch.log2(found(song(hz, harmonics=5), lookahead_ms=10.0) / torch.tensor(hz))
    assert float(cents.abs().max()) < 25


def test_it_gives_what_the_analyser_gives() -> None:
    x = torch.stack([song([900.0, 2000.0]), song([3000.0, 700.0], harmonics=6)])
    theirs, ours = (kind(sample_rate=RATE)(x, 32) for kind in (Analyser, EarAnalyser))
    assert ours.hop == 32
    for name in ("pitch_hz", "voiced", "periodicity", "envelope"):
        one, other = getattr(theirs, name), getattr(ours, name)
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        assert bool(other.isfinite().all())
    torch.testing.assert_close(ours.envelope, theirs.envelope)


def test_two_voices_are_told_apart() -> None:
    t = torch.arange(22_050) / RATE
    x = 0.1 * torch.sin(2 * math.pi * 1500 * t) + 0.06 * torch.sin(2 * math.pi * 2650 * t)
    heard = EarAnalyser(sample_rate=RATE)(x[None], 128, voices=2)
    middle = slice(40, 130)
    assert heard.second_hz is not None
    assert heard.second_share is not None
    assert float(heard.pitch_hz[0, middle].median()) == pytest.approx(1500, rel=0.02)
    there = heard.second_share[0, middle] > 0
    assert float(there.float().mean()) > 0.5
    assert float(heard.second_hz[0, middle][there].median()) == pytest.approx(2650, rel=0.02)


def test_the_range_is_found_and_kept() -> None:
    x = song([800.0, 1000.0, 1200.0, 1500.0], harmonics=5)
    analyser = EarAnalyser(sample_rate=RATE)
    notes = [x[round((0.1 + 0.25 * k) * RATE) : round((0.25 + 0.25 * k) * RATE)] for k in range(4)]
    analyser.calibrate([x], notes)
    limits = analyser.pitch_range()
    assert 600 < limits.min_hz < 800
    assert 1500 < limits.max_hz < 2000
    assert 0 < float(analyser.background) < 0.002
    with pytest.raises(ValueError, match="the ear hears no pitch in the syllables"):
        analyser.calibrate([x], [0.01 * torch.randn(4410, generator=torch.Generator().manual_seed(1))])


def test_syllables_are_where_they_are() -> None:
    x = song([900.0, 3000.0, 1800.0], harmonics=3)
    for rate in (RATE, 22_050):
        heard = find_syllables(song([900.0, 3000.0, 1800.0], rate, harmonics=3), rate)
        assert len(heard.onsets) == 3
        for k in range(3):
            assert heard.onsets[k] == pytest.approx(0.1 + 0.25 * k, abs=0.006)
            assert heard.offsets[k] == pytest.approx(0.25 + 0.25 * k, abs=0.012)
            assert heard.confidence[k] > 0.5
    assert find_syllables(torch.zeros(4410), RATE).onsets == []
    with pytest.raises(ValueError, match=r"one recording \(L,\) is wanted, not \(1, "):
        find_syllables(x[None], RATE)


def test_odd_harmonics_in_noise_have_the_range_of_their_pitch() -> None:
    # every second partial is missing, so an octave lower explains them as well
    t = torch.arange(6615) / RATE
    notes = []
    for k, f in enumerate((800.0, 950.0, 1100.0, 1300.0)):
        note = sum(torch.sin(2 * math.pi * n * f * t) / n**0.5 for n in (1, 3, 5, 7))
        hiss = torch.randn(len(t), generator=torch.Generator().manual_seed(k))
        notes.append(0.1 * (note / note.square().mean().sqrt() + 10 ** (-10 / 20) * hiss))  # type: ignore[union-attr]
    for kind in (Analyser, EarAnalyser):
        analyser = kind(sample_rate=RATE)
        analyser.calibrate(notes, notes)
        assert 560 < analyser.pitch_range().min_hz < 800, kind
        assert 1300 < analyser.pitch_range().max_hz < 2000, kind
