"""Two pitches are found where there are two, within cents, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from syrinx_lab.controls.analytic import AnalyticControls, analytic_controls
from syrinx_lab.controls.frames import AnalysisFrames
from syrinx_lab.controls.pitch_range import PitchRange
from syrinx_lab.controls.two_voices import two_voices

RATE, HOP, LEAD, SAMPLES = 44100, 32, 2000, 6000
RANGE = PitchRange(400.0, 6000.0)
STACK, HIGHER = (0.1, 0.08, 0.06, 0.04, 0.02), (0.08, 0.06, 0.05, 0.03, 0.01)


def voice(from_hz: float, to_hz: float, *amplitudes: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """136 ms of harmonics of a pitch that glides, and that pitch."""
    hz = np.linspace(from_hz, to_hz, SAMPLES)
    phase, shift = 2 * np.pi * np.cumsum(hz) / RATE, np.random.default_rng(seed).uniform(0, 2 * np.pi, len(amplitudes))
    ramp = np.clip(np.minimum(np.arange(SAMPLES), np.arange(SAMPLES)[::-1]) / 220, 0, 1)
    return ramp * sum(a * np.cos((k + 1) * phase + shift[k]) for k, a in enumerate(amplitudes)), hz


def heard(*sounds: np.ndarray, noise: float = 1e-4) -> tuple[torch.Tensor, AnalyticControls]:
    x = np.pad(sum(sounds, np.zeros(SAMPLES)), LEAD)
    x = x + noise * np.random.default_rng(5).standard_normal(len(x))
    y = torch.from_numpy(x[None]).float()
    return y, analytic_controls(y, RATE, HOP, RANGE, voices=2)


WITHIN = slice(LEAD // HOP + 15, (LEAD + SAMPLES) // HOP - 15)
AT = np.arange(WITHIN.start, WITHIN.stop) * HOP - LEAD


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((1500, 1700, 0.1), (2600, 2300, 0.1)),
        ((700, 800, *STACK), (1130, 1000, *HIGHER)),
        ((1500, 1700, 0.1), (2600, 2300, 0.03)),
        ((700, 740, *STACK), (2500, 2650, 0.08)),
    ],
    ids=["whistles", "stacks", "a soft one", "a stack and a whistle"],
)
def test_both_pitches_and_their_shares(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    (low, low_hz), (high, high_hz) = voice(*a), voice(*b, seed=1)
    _, found = heard(low, high)
    assert found.second_hz is not None
    assert found.second_share is not None
    share = found.second_share[0].numpy()[WITHIN]
    there = share > 0
    assert there.mean() > 0.9
    for hz, wanted in ((found.pitch_hz, low_hz), (found.second_hz, high_hz)):
        cents = 1200 * abs(np.log2(hz[0].numpy()[WITHIN] / np.interp(AT, np.arange(SAMPLES), wanted)))
        assert np.median(cents[there]) < 1
        assert np.quantile(cents[there], 0.9) < 10
    assert np.median(share[there]) == pytest.approx(high.var() / (low.var() + high.var()), abs=0.02)
    assert found.voiced[0].numpy()[WITHIN][there].min() == 1.0
    assert not found.second_share[0, : LEAD // HOP - 20].any(), "silence has no voice"


@pytest.mark.parametrize(
    "sound",
    [
        voice(700, 800, *STACK)[0],
        voice(500, 1500, *STACK)[0],
        voice(3000, 5000, 0.1)[0],
        voice(600, 700, 0.0, 0.1, 0.09, 0.08, 0.05)[0],
        voice(700, 800, 0.1, 0.0, 0.1, 0.0, 0.1)[0],
        0.1 * np.random.default_rng(1).standard_normal(SAMPLES),
        voice(700, 800, *STACK)[0] + 0.03 * np.random.default_rng(1).standard_normal(SAMPLES),
    ],
    ids=["stack", "sweep", "whistle", "no fundamental", "odd harmonics", "noise", "hoarse"],
)
def test_one_voice_is_one(sound: np.ndarray) -> None:
    x, found = heard(sound)
    assert found.second_share is not None
    assert not found.second_share.any()
    plain = analytic_controls(x, RATE, HOP, RANGE)
    assert torch.equal(found.pitch_hz, plain.pitch_hz)
    assert torch.equal(found.voiced, plain.voiced)
    assert plain.second_share is None
    assert found.second_hz is not None
    assert found.second_hz.min() == found.second_hz.max(), "what does not vary needs no numbers"


def test_batches_pieces_and_any_hop_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    two = voice(1500, 1700, 0.1)[0] + voice(2600, 2300, 0.1, seed=1)[0]
    x = torch.from_numpy(np.stack([np.pad(two, LEAD), np.pad(voice(700, 800, *STACK)[0], LEAD)])).float()
    frames = AnalysisFrames(RATE, HOP, RANGE)
    pitch = torch.full((2, -(-(x.shape[1] - 1) // HOP) + 1), 900.0)
    both = two_voices(x, pitch, frames)
    monkeypatch.setattr("syrinx_lab.controls.two_voices._CHUNK", 7)
    again = two_voices(x, pitch, frames)
    alone = two_voices(x[:1], pitch[:1], frames)
    for one, other, single in zip(vars(both).values(), vars(again).values(), vars(alone).values()):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(one[:1], single, rtol=1e-5, atol=1e-5)
    every = two_voices(x, torch.full((2, x.shape[1]), 900.0), AnalysisFrames(RATE, 1, RANGE))
    middle = slice(LEAD + 600, LEAD + SAMPLES - 600, HOP)
    ratio = every.high_hz[0, ::HOP] / both.high_hz[0, : len(every.high_hz[0, ::HOP])]
    ratio = ratio[middle.start // HOP : middle.stop // HOP]
    assert float((1200 * ratio.log2()).abs().max()) < 5


def test_short_recordings_and_a_lookahead() -> None:
    found = analytic_controls(torch.zeros(1, 40), RATE, HOP, RANGE, voices=2)
    assert found.second_share is not None
    assert found.second_share.shape == found.pitch_hz.shape == (1, 3)
    with pytest.raises(ValueError, match="two voices are read off the whole recording"):
        analytic_controls(torch.zeros(1, 4000), RATE, HOP, RANGE, lookahead_ms=12.0, voices=2)


def test_a_zebra_finch_has_hardly_any(song_root: Path) -> None:
    """Its syllables have one pitch, or noise: what is found there would be a mistake."""
    path = sorted((song_root / "segments").glob("*.txt"))[0]
    audio, rate = soundfile.read(song_root / "audio" / f"{path.stem}.wav", dtype="float32")
    found = analytic_controls(torch.from_numpy(audio[None]), rate, HOP, PitchRange(450.0, 2500.0), voices=2)
    assert found.second_share is not None
    assert float((found.second_share > 0).float().mean()) < 0.005
