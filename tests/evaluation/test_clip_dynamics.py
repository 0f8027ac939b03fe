"""A clip of a model taken apart: what it sings, what of that is the oscillator's, and what goes wrong in a line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.dynamics.clip_atlas import ClipAtlas
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.atlas_study import AtlasStudy
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.tract_effect import tract_effect
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE, HZ = 44_100, 900.0


def clip(level: float = 0.3) -> Clip:
    """A note of 100 ms at 900 Hz in faint noise, from 45 ms on."""
    n = np.arange(8000)
    gate = np.clip(np.minimum(n - 2000, 6400 - n) / 220, 0, 1)
    x = level * gate * np.sin(2 * np.pi * HZ / RATE * n)
    x += 1e-3 * level * np.random.default_rng(0).standard_normal(8000)
    dx, d2x = derivatives(x)
    where = Vocalisation("folder/r.wav", "a", 0, 8000, onset=2000, offset=6400)
    return Clip(where, *(y.astype(np.float32) for y in (x, dx, d2x)))


def organ(noise: bool = False) -> Ouroboros:
    """The untrained vocal organ."""
    torch.manual_seed(0)
    oscillator, encoder = LoudnessSyrinx(sample_rate=RATE), FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    oscillator.initialise_(encoder.heads)
    tract = FirMixture(sample_rate=RATE, filters=4, codes=2)
    breath = FilteredNoise(sample_rate=RATE, bands=4, taps=33, codes=1) if noise else None
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0))
    model = Ouroboros(encoder, oscillator, tract, breath, analyser, control_hop=32)
    model.calibrate([torch.from_numpy(clip().x)], [])
    return model.eval()


def atlas_of(model: Ouroboros, one: Clip, moments: int = 24) -> ClipAtlas:
    study = AtlasStudy(model, split="test", ic_noise_rms=1e-3, seed=0, moments=moments)
    (found,) = study.of_clips([(3, one)])
    return found


@pytest.fixture(scope="module")
def found() -> ClipAtlas:
    return atlas_of(organ(), clip())


def test_the_cycle_has_the_pitch_that_is_sung_and_is_born_with_the_syllable(found: ClipAtlas) -> None:
    assert (found.stem, found.name, found.where) == ("test-003-a", "a", "r.wav at 0.05 s")
    sound = found.sound
    assert sound is not None
    sings = found.where_it_sings()
    within = (found.times_s > 0.055) & (found.times_s < 0.135)
    assert sings[within].all()
    assert not sings[found.times_s < 0.03].any()
    np.testing.assert_allclose(found.cycles.hz[within], HZ, rtol=0.01)
    np.testing.assert_allclose(sound.hz[within], HZ, rtol=0.01)
    np.testing.assert_allclose(sound.target_hz[within], HZ, rtol=0.002)
    assert np.nanmax(np.abs(found.cycles.trivial - 1)) < 1e-8
    assert found.map is not None
    events = {one.event: one.time_s for one in found.map.crossings if one.event}
    assert events["onset"] == pytest.approx(sound.onset_s, abs=0.01)
    assert events["offset"] == pytest.approx(sound.offset_s, abs=0.01)
    assert {"pitch_hz", "loudness", "stiffness", "w_00"} <= set(found.gestures)
    assert found.phase_curve is not None
    assert {"memory_ms", "d_stsp", "d_h"} <= set(found.measures)
    assert found.responses
    assert found.number == 3
    assert found.layers
    assert found.remarks == ()


def test_the_parts_of_the_sound_add_up(found: ClipAtlas) -> None:
    assert found.sound is not None
    assert found.sound.shares["oscillator"] == pytest.approx(1.0)
    assert "noise" not in found.sound.shares
    assert found.sound.shares["tract_shape_db"] > 0
    breathing = atlas_of(organ(noise=True), clip(), 8)
    assert breathing.sound is not None
    shares = breathing.sound.shares
    assert shares["oscillator"] + shares["noise"] == pytest.approx(1.0)
    assert 0 < shares["noise"] < 1


def test_it_is_pushed_along_the_directions_that_the_sound_changes_most_along() -> None:
    model = organ()
    with torch.no_grad():
        model.tract_net.weight.normal_(std=0.3)
    found = atlas_of(model, clip(), 8)
    along = [one for one in found.responses if one.perturbation.direction is not None]
    rows = [row for row in found.units if "gain" in row]
    assert [one.perturbation.target for one in along] == [row["unit"] for row in rows]
    assert rows[0]["unit"] == "direction 1"
    assert rows[0]["gain"] > 0
    assert [row["level_db"] for row in rows] == [one.level_db for one in along]


def test_a_silent_model_is_said_to_be_silent() -> None:
    found = atlas_of(organ(), clip(0.0), 8)
    assert not found.where_it_sings().any()
    assert found.remarks[0] == "the model is silent on this clip"
    assert found.sound is not None
    assert found.sound.shares == {}


@pytest.mark.parametrize(
    ("gamma", "push", "said"),
    [
        (3.0, -0.3, "as good as silent on this clip"),
        (-5.0, 0.0, "the state lies on its clamp, |x| 0.5 or |v| 1, in 100 %"),
    ],
)
def test_what_rests_away_from_zero_is_named_and_left_unperturbed(gamma: float, push: float, said: str) -> None:
    """A resting point that the drives move a little, and a state that is pressed against its clamp."""
    torch.manual_seed(0)
    oscillator, encoder = Polynomial(sample_rate=RATE, degree=5), FramesEncoder(5, True, RATE, d_model=8, n_layers=1)
    with torch.no_grad():
        for head in encoder.heads.modules:
            head.weight.zero_()
            head.bias.zero_()
        encoder.heads.gamma.bias.fill_(gamma)
        encoder.heads.omega.bias.fill_(1.0)
        encoder.heads.weights.bias[0] = push
        encoder.heads.weights.weight[0].fill_(1e-4)
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0))
    model = Ouroboros(encoder, oscillator, NoTract(), None, analyser, control_hop=32)
    model.calibrate([torch.from_numpy(clip().x)], [])
    found = atlas_of(model.eval(), clip(), 8)
    assert any(said in line for line in found.remarks), found.remarks
    assert found.remarks[-1] == "the oscillator does not swing within the syllable: nothing is perturbed"
    assert found.responses == found.units == ()


def test_drives_that_are_not_finite_leave_a_line() -> None:
    model = organ()
    with torch.no_grad():
        next(model.encoder.parameters()).fill_(float("nan"))
    found = atlas_of(model, clip(), 8)
    assert len(found.times_s) == 0
    (remark,) = found.remarks
    assert "the model has diverged" in remark


def test_a_state_that_runs_away_leaves_a_line_and_the_rest() -> None:
    """An unclamped oscillator with negative damping."""
    torch.manual_seed(0)
    oscillator = Polynomial(sample_rate=RATE, degree=5, clamp_x=None, clamp_v=None)
    encoder = FramesEncoder(5, True, RATE, d_model=8, n_layers=1)
    with torch.no_grad():
        for head in encoder.heads.modules:
            head.weight.zero_()
            head.bias.zero_()
        encoder.heads.omega.bias.fill_(0.2)
        encoder.heads.gamma.bias.fill_(-0.5)
        encoder.heads.weights.bias[3 * 6] = -1.0  # x^3 pushes outward
    tract = FirMixture(sample_rate=RATE, filters=2, codes=1)
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0))
    model = Ouroboros(encoder, oscillator, tract, None, analyser, control_hop=32)
    model.calibrate([torch.from_numpy(clip().x)], [])
    found = atlas_of(model.eval(), clip(), 8)
    assert found.remarks[0].startswith("the model diverges: its state is no longer finite from ")
    assert len(found.branches) == 3
    assert not found.where_it_sings().any()


def test_what_a_tract_does_is_told_in_level_and_shape() -> None:
    source = np.random.default_rng(0).standard_normal(RATE)
    louder = tract_effect(source, 2 * source, RATE)
    assert louder["tract_level_db"] == pytest.approx(20 * np.log10(2))
    assert louder["tract_shape_db"] == pytest.approx(0.0, abs=1e-6)
    # 1 + z^-1 has |H| = 2 cos(pi f / rate)
    found = tract_effect(source, source + np.roll(source, 1), RATE)
    hz = np.linspace(350, 12_000, 2000)
    assert found["tract_shape_db"] == pytest.approx(np.std(20 * np.log10(2 * np.cos(np.pi * hz / RATE))), rel=0.1)
    assert np.isnan(tract_effect(source, 0 * source, RATE)["tract_shape_db"])
