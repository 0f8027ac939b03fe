"""The range found in songs of three kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from known_pitch import RATE, sing

from syrinx_lab.controls import PitchRange, estimate_pitch_range

STACK, WHISTLE = [0.3, *[1.0] * 9], [1.0, 0.03]


def notes(low: float, high: float, harmonics: list[float], seed: int) -> list[torch.Tensor]:
    """Ten clips: a note that sweeps a little, between silences, in noise 30 dB below it and hum of 120 Hz."""
    rng = np.random.default_rng(seed)
    clips = []
    for middle in np.geomspace(low * 1.05, high / 1.05, 10):
        note, _ = sing(middle * np.linspace(1 / 1.05, 1.05, 4410), harmonics, 4410)
        x = np.pad(note[0].numpy(), 4410)
        hum = 0.2 * np.sin(2 * np.pi * 120 * np.arange(len(x)) / RATE)
        clips.append(torch.tensor(x + 0.03 * note.std().item() * rng.standard_normal(len(x)) + hum).float())
    return clips


def check(found: PitchRange, low: float, high: float) -> None:
    """The range holds [low, high] and reaches at most 0.45 octaves further."""
    assert low * 2**-0.45 < found.min_hz < low
    assert high < found.max_hz < high * 2**0.45


def test_three_kinds_of_song() -> None:
    finch, canary = notes(450, 900, STACK, 0), notes(2000, 7000, WHISTLE, 1)
    check(estimate_pitch_range(finch, RATE), 450, 900)
    check(estimate_pitch_range(canary, RATE), 2000, 7000)
    check(estimate_pitch_range(finch + canary, RATE), 450, 7000)
    # a batch is as good as a list
    check(estimate_pitch_range([torch.stack(finch)], RATE), 450, 900)


def test_a_gain_for_all_changes_nothing() -> None:
    finch = notes(450, 900, STACK, 0)
    a, b = estimate_pitch_range(finch, RATE), estimate_pitch_range([1e-3 * x for x in finch], RATE)
    assert (a.min_hz, a.max_hz) == pytest.approx((b.min_hz, b.max_hz), rel=1e-3)


def test_noise_alone_has_no_range() -> None:
    with pytest.raises(ValueError, match="no pitch between 150 and 10000 Hz"):
        estimate_pitch_range(torch.randn(3, 22050, generator=torch.Generator().manual_seed(0)), RATE)
    with pytest.raises(ValueError, match="give the pitch range by hand"):
        estimate_pitch_range([], RATE)


def test_the_real_bird(song_root: Path) -> None:
    # stacks of 500 to 650 Hz, a tone of 1.8 kHz
    table = pd.read_csv(song_root / "syllables.csv").query("labels in ['d', 'e', 'f', 'g']").iloc[::10]
    clips = []
    for name, onset, offset, _ in table.itertuples(index=False):
        audio, rate = soundfile.read(song_root / "audio" / name, dtype="float32")
        clips.append(torch.tensor(audio[int(onset * rate) : int(offset * rate)]))
    found = estimate_pitch_range(clips, RATE)
    assert 400 < found.min_hz < 500
    assert 1850 < found.max_hz < 7000
