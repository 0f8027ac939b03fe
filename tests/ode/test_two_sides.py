"""Two sides of a syrinx: the sum of two oscillators, at the cost of two more numbers where there are two voices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.anchors import ZeroEncoder
from syrinx_lab.metrics.time_frequency import tf_corr
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.rollout import Forcing
from syrinx_lab.ode.sides import last_state, silenced, source_of
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.syrinx.two_sides import TwoSidedSyrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.synthesis.edits import Edit, edited
from syrinx_lab.synthesis.reading import read_table
from syrinx_lab.synthesis.singing import sing_whole
from syrinx_lab.training.prediction import predict
from syrinx_lab.trial import check_parts
from syrinx_lab.types import Batch, Drives, RolloutSettings

RATE, SAMPLES, LEAD = 44100, 6000, 2000


def voice(from_hz: float, to_hz: float, *amplitudes: float) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(np.linspace(from_hz, to_hz, SAMPLES)) / RATE
    ramp = np.clip(np.minimum(np.arange(SAMPLES), np.arange(SAMPLES)[::-1]) / 220, 0, 1)
    return ramp * sum(a * np.cos((k + 1) * phase + 2 * k) for k, a in enumerate(amplitudes))


def song(*voices: np.ndarray) -> torch.Tensor:
    x = np.pad(sum(voices, np.zeros(SAMPLES)), LEAD)
    return torch.from_numpy(x + 1e-4 * np.random.default_rng(5).standard_normal(len(x))).float()[None]


WHISTLES = song(voice(1500, 1700, 0.1), voice(2600, 2300, 0.1))
STACKS = song(voice(700, 800, 0.1, 0.08, 0.06, 0.04, 0.02), voice(1130, 1000, 0.08, 0.06, 0.05, 0.03, 0.01))
ONE = song(voice(700, 800, 0.1, 0.08, 0.06, 0.04, 0.02))


def model(kind: type[LoudnessSyrinx] = TwoSidedSyrinx, x: torch.Tensor = WHISTLES) -> Ouroboros:
    """The analytic model: nothing learned."""
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(400.0, 6000.0))
    made = Ouroboros(ZeroEncoder(32), kind(sample_rate=RATE, species="custom"), NoTract(), analyser=analyser).eval()
    made.calibrate([x[0]], [])
    return made


def start(batch: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((batch,), 1e-3), torch.full((batch,), -1e-3)


@torch.no_grad()
def sung(made: Ouroboros, x: torch.Tensor) -> tuple[torch.Tensor, float]:
    encoded = made.encode(x, torch.gradient(x, dim=1)[0])
    drives = made.decode(encoded)
    return made.radiate(made.sing(drives, start(), x.shape[1]), drives), made.numbers_per_second(encoded) * 32 / RATE


def line_db(y: torch.Tensor, hz: float) -> float:
    """Level of the steady middle at a frequency, dB re its strongest."""
    middle = y[0, LEAD + 1500 : LEAD + 4500].double().numpy()
    power = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 2**15)) ** 2
    grid = np.fft.rfftfreq(2**15, 1 / RATE)
    return float(10 * np.log10(power[abs(grid - hz) < 60].max() / power.max()))


@pytest.mark.parametrize(("x", "gain"), [(WHISTLES, 0.12), (STACKS, 0.12)], ids=["whistles", "stacks"])
def test_two_voices_come_nearer_with_two_sides(x: torch.Tensor, gain: float) -> None:
    (one, cost), (both, doubled) = (sung(model(kind, x), x) for kind in (LoudnessSyrinx, TwoSidedSyrinx))
    scores = [tf_corr(y[0].numpy(), x[0].numpy(), sample_rate=RATE) for y in (one, both)]
    assert scores[1] > scores[0] + gain
    assert cost <= 2
    assert doubled == 4
    assert both.std().item() == pytest.approx(x.std().item(), rel=0.05), "the loudness is shared, not doubled"


def test_both_pitches_are_sung() -> None:
    steady = song(voice(1500, 1500, 0.1), voice(2600, 2600, 0.1))
    both, _ = sung(model(TwoSidedSyrinx, steady), steady)
    assert [line_db(both, hz) for hz in (1500, 2600)] == pytest.approx([0, 0], abs=3)


def test_one_voice_costs_nothing_and_is_the_one_side() -> None:
    (one, cost), (both, same) = (sung(model(kind, ONE), ONE) for kind in (LoudnessSyrinx, TwoSidedSyrinx))
    assert cost == same == 2
    torch.testing.assert_close(both, one, rtol=0, atol=5e-3 * one.std().item())  # a batch of two is rounded otherwise


def test_sides_are_oscillators_of_their_own() -> None:
    made = model()
    with torch.no_grad():
        drives = made.decode(made.encode(WHISTLES, torch.gradient(WHISTLES, dim=1)[0]))
        assert drives.second is not None
        both = made.sing(drives, start(), 3000)
        alone = [made.sing(one, start(), 3000) for one in (replace(drives, second=None), drives.second)]
        assert both.second is not None
        for side, own in zip((both, both.second), alone):
            torch.testing.assert_close(side.x, own.x, rtol=0, atol=1e-3 * own.x.std().item())
        sources = sum(made.oscillator.source(a, b) for a, b in zip(alone, (drives, drives.second)))
        torch.testing.assert_close(
            source_of(made.oscillator, both, drives), sources, rtol=0, atol=1e-3 * sources.std().item()
        )
        assert not source_of(made.oscillator, silenced(both), drives).any()
        x, v = last_state(both)
        assert (x.shape, v.shape) == ((2,), (2,))
        rest = made.sing(drives.window(torch.tensor([2976]), 500), (both.x[:, 2976].repeat(2), v), 500)
        assert rest.second is not None
    window = drives.window(torch.tensor([320]), 640)
    assert isinstance(window.second, Drives)
    torch.testing.assert_close(window.second.gain, drives.second.gain[:, 10:31])
    with pytest.raises(ValueError, match=r"^rollout.forcing_rate is above 0: two sides have no recorded states"):
        made.sing(drives, start(), 64, Forcing(WHISTLES[:, :64], WHISTLES[:, :64], 0.5))


def test_gradients_and_a_step_of_training_reach_both_sides() -> None:
    torch.manual_seed(0)
    encoder = FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    oscillator = TwoSidedSyrinx(sample_rate=RATE)
    oscillator.initialise_(encoder.heads)
    made = Ouroboros(
        encoder, oscillator, NoTract(), None, Analyser(sample_rate=RATE, pitch_range_hz=(400.0, 6000.0)), control_hop=32
    )
    made.calibrate([WHISTLES[0]], [])
    check_parts(made)
    x = torch.cat((WHISTLES, STACKS))[:, LEAD - 400 : LEAD + 3600]
    zeros = torch.zeros(2, dtype=torch.int64)
    batch = Batch(x, torch.gradient(x, dim=1)[0], torch.zeros_like(x), torch.tensor([0, 2]), zeros + 400)
    found = predict(
        made,
        batch,
        horizon=1024,
        rollout_grad=True,
        rollout=RolloutSettings(),
        generator=torch.Generator().manual_seed(0),
    )
    assert found.output is not None
    assert found.output.shape == (2, 1024)
    assert found.drives.second is not None
    gains = torch.autograd.grad(found.output.square().mean(), [found.drives.gamma, found.drives.second.gamma])
    assert all(slope.isfinite().all() and slope.abs().max() > 0 for slope in gains)


def test_a_long_song_carries_both_states_and_edits_move_both() -> None:
    made = model()
    table = read_table(made, WHISTLES[0].numpy())
    pieces, whole = (sing_whole(made, table, seed=0, ic_noise_rms=1e-3, chunk=chunk) for chunk in (1024, 2**15))
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-4 * whole.std())
    higher = edited(table, Edit(pitch=1.2, loudness=0.5), made)
    for name, factor in (("pitch_hz", 1.2), ("second_hz", 1.2), ("loudness", 0.5), ("second_loudness", 0.5)):
        np.testing.assert_allclose(higher.parts[name], factor * table.parts[name], rtol=1e-5)


def test_what_cannot_be() -> None:
    with pytest.raises(ValueError, match=r"^TwoSidedSyrinx has two sides, whose pitches are read off the whole record"):
        Ouroboros(
            ZeroEncoder(32),
            TwoSidedSyrinx(sample_rate=RATE),
            NoTract(),
            analyser=Analyser(sample_rate=RATE, lookahead_ms=12.0),
        )
    with pytest.raises(ValueError, match=r"^Odd has 2 sides: add other_side\(self, parameters\)"):
        type("Odd", (LoudnessSyrinx,), {"sides": 2})(sample_rate=RATE)
