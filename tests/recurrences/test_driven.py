"""A recurrence, and a vocoder's source, in the oscillator's place."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch

from syrinx_lab.ode.rollout import Forcing, InitialValueProblem
from syrinx_lab.recurrences.almost_linear import AlmostLinearRnn
from syrinx_lab.recurrences.driven import DrivenRecurrence, Heard
from syrinx_lab.recurrences.pulses import Pulses
from syrinx_lab.recurrences.shallow_plrnn import ShallowPlrnn
from syrinx_lab.types import Drives, Trajectory

RATE = 44_100


def drives(count: int = 5, hop: int = 4, hz: float = 2000.0, loudness: float = 0.1) -> Drives:
    oscillator = DrivenRecurrence(sample_rate=RATE, recurrence=partial(ShallowPlrnn, hidden=3))
    heard = Heard(torch.full((2, count), hz), torch.full((2, count), loudness))
    pitch, level, weights, _ = oscillator.decode(heard, torch.zeros(2, count, 3, 3))
    return Drives(pitch, level, weights, hop)


def test_inputs_are_pitch_in_octaves_and_loudness_in_decades() -> None:
    given = drives()
    assert float(given.stiffness[0, 0]) == pytest.approx(1.0)
    assert float(given.gamma[0, 0]) == pytest.approx(math.log10(0.1 / 1e-4 + 1) / 4)


@pytest.mark.parametrize("hidden", [0, 4])
def test_the_run_is_the_recurrence_under_the_drives_at_audio_rate(hidden: int) -> None:
    torch.manual_seed(0)
    make = partial(AlmostLinearRnn, rectified=2) if hidden else partial(ShallowPlrnn, hidden=6)
    oscillator = DrivenRecurrence(sample_rate=RATE, recurrence=make, hidden=hidden, scale=0.2)
    assert oscillator.state_is_whole == (hidden == 0)
    start = (torch.tensor([0.1, -0.2]), torch.tensor([0.0, 0.3]))
    found = oscillator.integrated(InitialValueProblem(drives(), start, 9, oscillator.step), "auto")
    inputs = torch.cat((torch.tensor([1.0, float(drives().gamma[0, 0])]), torch.zeros(9))).expand(2, 9, 11)
    states = oscillator.recurrence.run(torch.stack(start, -1) / 0.2, 9, inputs)
    torch.testing.assert_close(found.x, 0.2 * states[..., 0])
    torch.testing.assert_close(found.v, 0.2 * states[..., 1])


def test_full_forcing_predicts_a_step_from_the_recording() -> None:
    torch.manual_seed(0)
    oscillator = DrivenRecurrence(sample_rate=RATE, recurrence=partial(ShallowPlrnn, hidden=6))
    x, v = 0.1 * torch.randn(2, 9), 0.1 * torch.randn(2, 9)
    given = drives()
    start = (torch.zeros(2), torch.zeros(2))
    forced = InitialValueProblem(given, start, 9, oscillator.step, forcing=Forcing(x, v, 1.0))
    found = oscillator.integrated(forced, "auto")
    alone = InitialValueProblem(given, (x[:, 6], v[:, 6]), 2, oscillator.step)
    torch.testing.assert_close(found.x[:, 7], oscillator.integrated(alone, "auto").x[:, 1])


def test_the_adaptive_rate_is_what_undoes_the_stretching() -> None:
    oscillator = DrivenRecurrence(sample_rate=RATE, recurrence=partial(AlmostLinearRnn, rectified=0))
    with torch.no_grad():
        oscillator.recurrence.diagonal.copy_(torch.tensor([2.0, 0.5]))
        oscillator.recurrence.coupling.zero_()
    assert oscillator.adaptive_rate(drives(), torch.randn(2, 9), torch.randn(2, 9)) == pytest.approx(0.5)


def test_pulses_have_the_pitch_the_loudness_and_no_aliases() -> None:
    oscillator, hz, samples = Pulses(sample_rate=RATE, harmonics=60), 1102.5, 4000
    heard = Heard(torch.full((1, 126), hz), torch.full((1, 126), 0.05))
    stiffness, gamma, weights, gain = oscillator.decode(heard, torch.zeros(1, 126, 2, 2))
    given = Drives(stiffness, gamma, weights, 32, gain=gain)
    problem = InitialValueProblem(given, (torch.tensor([1.0]), torch.tensor([0.0])), samples, oscillator.step)
    sound = oscillator.source(oscillator.integrated(problem, "auto"), given)[0, :4000].double()
    power = torch.fft.rfft(sound).abs().square()
    lines = torch.arange(1, 19) * 100  # of 11.025 Hz; 18 harmonics lie below 0.45 of the rate
    torch.testing.assert_close(power[lines] / power[100], torch.ones(18).double(), rtol=1e-3, atol=0)
    assert float(power[lines].sum() / power.sum()) > 0.999
    assert float(sound.square().mean().sqrt()) == pytest.approx(0.05, rel=0.02)


def test_without_a_state_pulses_are_silent() -> None:
    oscillator = Pulses(sample_rate=RATE)
    silent = Trajectory(torch.zeros(1, 40), torch.zeros(1, 40))
    given = Drives(torch.full((1, 40), 0.02), torch.zeros(1, 40), torch.zeros(1, 40, 2, 2), gain=torch.ones(1, 40))
    assert float(oscillator.source(silent, given).abs().max()) == 0


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="scale 0"):
        DrivenRecurrence(sample_rate=RATE, recurrence=partial(ShallowPlrnn, hidden=3), scale=0.0)
    with pytest.raises(ValueError, match="harmonics is 0"):
        Pulses(sample_rate=RATE, harmonics=0)
