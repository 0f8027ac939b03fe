"""The shipped voice on whistles and stacks in noise of 10 dB: at their own pitch, without a voice an octave below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from syrinx_lab.model import Ouroboros
from syrinx_lab.selected_model import load_selected
from syrinx_lab.synthesis.bird import calibrate_to
from syrinx_lab.synthesis.song_file import SongFile
from syrinx_lab.synthesis.unheard import sing_unheard
from syrinx_lab.voices.finding import DEFAULT, model_folder

RATE = 44_100
NOTE_S, GAP_S = 0.12, 0.08


@pytest.fixture(scope="module")
def voice() -> tuple[Ouroboros, float]:
    folder, _ = model_folder(None, None, DEFAULT)
    loaded = load_selected(folder, None)
    return loaded.model, loaded.run.config()["data"]["scale_to"]


def song(hz: list[float], partials: list[float]) -> np.ndarray:
    """A note of every pitch, of rms 0.1, in white noise 10 dB below."""
    t = np.arange(round(NOTE_S * RATE)) / RATE
    edge = np.clip(np.minimum(t, NOTE_S - t) / 0.006, 0, 1)
    silence = np.zeros(round(GAP_S * RATE))
    parts = [silence]
    for f in hz:
        note = sum(a * np.sin(2 * np.pi * k * f * t + k) for k, a in enumerate(partials, 1))
        parts += [0.1 * edge * note / np.std(note), silence]
    x = np.concatenate(parts)
    return x + 0.1 * 10 ** (-10 / 20) * np.random.default_rng(0).standard_normal(len(x))


@pytest.mark.parametrize(
    ("hz", "partials"), [([3000.0, 4500.0, 6000.0, 2500.0], [1.0]), ([3500.0, 3200.0, 3700.0], [1.0, 0.8, 0.6, 0.5])]
)
def test_they_are_sung_at_their_own_pitch(
    hz: list[float], partials: list[float], voice: tuple[Ouroboros, float], tmp_path: Path
) -> None:
    model, scale_to = voice
    sf.write(tmp_path / "song.wav", song(hz, partials), RATE)
    file = SongFile(tmp_path / "song.wav", model.sample_rate, 300.0)
    scale = calibrate_to(model, file, scale_to).scale
    sing_unheard(model, file, scale, tmp_path / "sung.wav", seed=0, ic_noise_rms=1e-3, chunk_s=2.0)
    sound = sf.read(tmp_path / "sung.wav")[0]
    window = np.hanning(round(0.06 * RATE))
    at = np.fft.rfftfreq(1 << 16, 1 / RATE)
    for k, f in enumerate(hz):
        begin = round((GAP_S + 0.03 + k * (NOTE_S + GAP_S)) * RATE)
        lines = np.abs(np.fft.rfft(window * sound[begin : begin + len(window)], 1 << 16))
        assert 1200 * np.log2(at[lines.argmax()] / f) == pytest.approx(0, abs=60)
        below = lines[np.abs(at / f - 0.5) < 0.03].max()
        assert 20 * np.log10(below / lines.max()) < -18
