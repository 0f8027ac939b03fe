"""Pitch, tempo and loudness change what they say, by as much as they say, and nothing else."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from made_voices import RATE, polynomial_voice, song, syrinx_voice

from syrinx_lab.controls.frames import AnalysisFrames
from syrinx_lab.controls.pitch import track_pitch
from syrinx_lab.controls.pitch_range import PitchRange
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.synthesis.account import out_of_reach
from syrinx_lab.synthesis.edits import Edit, edited
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing_whole
from syrinx_lab.synthesis.table import DriveTable


@cache
def voice() -> Ouroboros:
    return syrinx_voice(NoTract(), noise=False, analytic=True)


@cache
def table() -> DriveTable:
    return read_table(voice(), song())


def sung(**factors: float) -> np.ndarray:
    return sing_whole(voice(), edited(table(), Edit(**factors), voice()), seed=0, ic_noise_rms=1e-3)


def pitch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hz at knots 32 samples apart, and where it is sure."""
    found = track_pitch(torch.from_numpy(x)[None], AnalysisFrames(RATE, 32, PitchRange(350.0, 3000.0)))
    return found.hz[0].numpy(), (found.voiced & (found.periodicity > 0.9))[0].numpy()


def test_pitch_moves_and_neither_loudness_nor_time() -> None:
    (before, sure), (after, still) = pitch(sung()), pitch(sung(pitch=1.3))
    both = sure & still
    assert both.sum() > 200
    assert np.median(after[both] / before[both]) == pytest.approx(1.3, rel=2e-3)
    assert len(sung(pitch=1.3)) == len(sung())
    # the rms of v differs by a third between these pitches: a gain that stayed would be heard
    level = [np.sqrt((sung(pitch=factor) ** 2).mean()) for factor in (1.0, 1.3)]
    assert level[1] == pytest.approx(level[0], rel=0.02)


def test_tempo_moves_time_and_not_pitch() -> None:
    slow = sung(tempo=0.8)
    assert len(slow) == round(len(sung()) / 0.8)
    (before, sure), (after, still) = pitch(sung()), pitch(slow)
    at = np.minimum(np.arange(len(after)) * 0.8, len(before) - 1).astype(int)
    both = sure[at] & still
    assert both.sum() > 250
    assert np.median(after[both] / before[at][both]) == pytest.approx(1.0, abs=2e-3)


def test_tempo_takes_rows_from_straight_lines() -> None:
    parts = {"gain": np.array([[0.0], [1.0], [4.0], [9.0]], np.float32)}
    quick = edited(DriveTable(parts, 3 * 32 + 1, 32, RATE), Edit(tempo=1.5), voice())
    assert quick.samples == 65  # 97 / 1.5
    assert quick.parts["gain"][:, 0].tolist() == [0.0, 2.5, 9.0]
    slow = edited(DriveTable(parts, 3 * 32 + 1, 32, RATE), Edit(tempo=0.5), voice())
    assert slow.samples == 194
    assert slow.parts["gain"][:, 0].tolist() == [0.0, 0.5, 1.0, 2.5, 4.0, 6.5, 9.0, 9.0]


def test_loudness_is_a_factor_on_the_song_and_not_on_the_background() -> None:
    assert np.abs(sung(loudness=2.0) - 2 * sung()).max() < 1e-6
    model = syrinx_voice()
    read = read_table(model, song())
    loud = edited(read, Edit(loudness=3.0), model)
    changed = {name for name in read.parts if not np.array_equal(read.parts[name], loud.parts[name])}
    assert changed == {"gain", "envelope"}
    assert np.allclose(loud.parts["gain"], 3 * read.parts["gain"])
    assert np.array_equal(table().parts["gain"], read_table(voice(), song()).parts["gain"]), "the table itself stays"


def test_without_a_prior_stiffness_follows_the_square_and_loudness_is_the_outputs() -> None:
    model = polynomial_voice()
    read = read_table(model, song())
    high = edited(read, Edit(pitch=1.2), model)
    assert np.allclose(high.parts["stiffness"], 1.44 * read.parts["stiffness"])
    tones = [sing_whole(model, one, seed=0, ic_noise_rms=1e-3) for one in (read, high)]
    spectra = [np.abs(np.fft.rfft(tone[4000:] * np.hanning(len(tone) - 4000), 2**18)) for tone in tones]
    assert spectra[1].argmax() / spectra[0].argmax() == pytest.approx(1.2, rel=0.01)
    loud = sing_whole(model, edited(read, Edit(loudness=0.5), model), seed=0, ic_noise_rms=1e-3)
    assert np.abs(loud - 0.5 * tones[0]).max() < 1e-7


@pytest.mark.parametrize("factor", [0, -1.0, float("nan"), float("inf"), "fast", True, None])
@pytest.mark.parametrize("name", ["pitch", "tempo", "loudness"])
def test_bad_factors_are_refused(name: str, factor: object) -> None:
    with pytest.raises(ValueError, match=rf"edit\.{name} is {factor}: use a factor from"):
        Edit(**{name: factor})


def test_pitch_beyond_the_oscillators_is_refused() -> None:
    assert out_of_reach(table(), voice()) == []
    high = edited(edited(table(), Edit(pitch=8.0), voice()), Edit(pitch=8.0), voice())
    low, top = voice().oscillator.pitch_range_hz
    wanted = f"100.0% of the song has a pitch beyond the oscillator's {low:.0f} to {top:.0f} Hz"
    assert wanted in out_of_reach(high, voice())[0]
    assert not Edit()
    assert Edit(tempo=2.0)
