"""A long song is one run of one oscillator, however it is cut."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from made_voices import RATE, polynomial_voice, song, syrinx_voice

from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.tract.formants import Formants
from syrinx_lab.synthesis.excitation import white_noise
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing, sing_whole
from syrinx_lab.synthesis.table import DriveTable, encoded_of, radiation_of

VOICES: dict[str, Callable[[], Ouroboros]] = {
    "syrinx": syrinx_voice,
    "formants": lambda: syrinx_voice(Formants(sample_rate=RATE, formants=2)),
    "polynomial": polynomial_voice,
    "polynomial at knots": lambda: polynomial_voice(32),
}


def sung(model: Ouroboros, table: DriveTable, chunk: int) -> np.ndarray:
    return sing_whole(model, table, seed=3, ic_noise_rms=1e-3, chunk=chunk)


@pytest.mark.parametrize("name", VOICES)
def test_the_cut_does_not_matter(name: str) -> None:
    model, x = VOICES[name](), song()[:-7]
    table = read_table(model, x, scale=0.5)
    whole = sung(model, table, 10**6)
    assert whole.shape == x.shape
    assert np.abs(whole).max() > 0.02
    for chunk in (100, 3000, 2**13):  # where 100 are too few for tract and hop, the fewest that are not
        assert np.abs(sung(model, table, chunk) - whole).max() < 1e-6


@torch.no_grad()
def test_it_is_what_the_model_radiates_at_the_loudness_of_the_recording() -> None:
    model, x = syrinx_voice(), song()
    table = read_table(model, x, scale=0.25)
    exact = copy.deepcopy(model).double()
    drives = exact.decode(encoded_of(exact, table.parts, torch.float64))
    follows = radiation_of(table.parts).each(lambda y: y.double())
    drives = replace(drives, **vars(follows))
    start = (torch.randn(2, 1, generator=torch.Generator().manual_seed(3)) * 1e-3).double()
    trajectory = exact.sing(drives, (start[0], start[1]), len(x))
    excitation = white_noise(3, 0, len(x)).double()
    wanted = 4 * exact.radiate(trajectory, drives, excitation)[0].numpy()
    assert np.abs(sung(model, table, 4096) - wanted).max() < 2e-6


@torch.no_grad()
def test_a_step_that_someone_wrote_into_the_table_is_smoothed_like_any_drive() -> None:
    model = syrinx_voice()
    parts = read_table(model, song()).parts
    parts["gain"][:] = 0
    parts["gain"][400:] = 1
    gain = model.decode(encoded_of(model, parts, torch.float32)).gain[0]
    sigma = 1e-3 * RATE / 32
    # from the knot before the step to the one after it: the middle tap of the Gaussian
    assert float(gain[400] - gain[399]) == pytest.approx(1 / (sigma * math.sqrt(2 * math.pi)), rel=5e-3)
    assert (float(gain[390]), float(gain[410])) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))


def test_chunks_come_one_by_one_and_no_further_ahead_than_one() -> None:
    model = syrinx_voice()
    table = read_table(model, song())
    lengths = [len(part) for part in sing(model, table, seed=0, ic_noise_rms=1e-3, chunk=8000)]
    assert lengths == [8000, 8000, 8000, 26460 - 3 * 8000]


def test_without_pressure_there_is_background_alone() -> None:
    model = syrinx_voice()
    table = read_table(model, song())
    mute = table.parts | {name: np.zeros_like(table.parts[name]) for name in ("pressure", "envelope")}
    model.highpass_hz = None
    silent = sung(model, DriveTable(mute, table.samples, table.hop, table.sample_rate), 2**14)
    floor = float(model.noise.response.square().sum().sqrt())
    assert silent[2000:].std() == pytest.approx(floor, rel=0.05)


def test_noise_is_a_matter_of_place() -> None:
    whole = white_noise(7, 0, 200_000)
    assert torch.equal(white_noise(7, 16_000, 17_001), whole[..., 16_000:17_001])
    assert float(whole.std()) == pytest.approx(1, abs=0.01)
    assert abs(float((whole[..., 2**14 :] * whole[..., : -(2**14)]).mean())) < 0.01
    assert abs(float((whole[0] * whole[1]).mean())) < 0.01
    assert not torch.equal(white_noise(8, 0, 100), whole[..., :100])


def test_drives_of_another_rate_are_refused() -> None:
    model = syrinx_voice()
    table = read_table(model, song(0.2))
    other = DriveTable(
        {n: y[: -(-(table.samples // 2 - 1) // 32) + 1] for n, y in table.parts.items()}, table.samples // 2, 32, 22050
    )
    with pytest.raises(ValueError, match="every 32 samples at 22050 Hz: the model wants"):
        sung(model, other, 1000)
