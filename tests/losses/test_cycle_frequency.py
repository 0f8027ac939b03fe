"""The frequency of a state that goes round, against states whose frequency is known."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.controls.pitch_range import PitchRange
from syrinx_lab.losses.cycle_frequency import CycleFrequency, cycle_frequency, strongest_partial
from syrinx_lab.types import Drives, Prediction, Trajectory

RATE = 44100
RANGE = (300.0, 8000.0)


def circling(hz: float | torch.Tensor, samples: int = 2048, bend: float = 0.0) -> Trajectory:
    """A state on a circle about (0.3, 0), or on one that is run through unevenly."""
    phase = 2 * math.pi * hz / RATE * torch.arange(samples, dtype=torch.float64)
    angle = phase + bend * torch.sin(phase)
    return Trajectory((0.3 + 0.1 * torch.cos(angle))[None], (-0.02 * torch.sin(angle))[None])


def prediction_of(trajectory: Trajectory, target: torch.Tensor) -> Prediction:
    nothing = torch.zeros_like(target)
    drives = Drives(nothing, nothing, nothing[..., None, None])
    return Prediction(None, nothing, drives, trajectory.x, target, trajectory)


def harmonic(hz: float, samples: int = 2048, strongest: int = 1) -> torch.Tensor:
    phase = 2 * math.pi * hz / RATE * torch.arange(samples, dtype=torch.float64)
    return sum(((0.2 if k == strongest else 0.05) * torch.cos(k * phase + k) for k in (1, 2, 3, 4)), 0 * phase)[None]


@pytest.mark.parametrize("hz", [430.0, 1900.0, 7000.0])
@pytest.mark.parametrize("bend", [0.0, 0.7])
def test_turns_are_counted_whatever_the_shape(hz: float, bend: float) -> None:
    found = cycle_frequency(circling(hz, bend=bend), 1024, 256, RATE)
    assert found.shape == (1, 5)
    torch.testing.assert_close(found, torch.full_like(found, hz), rtol=5e-3, atol=0)


def test_the_other_way_round_is_negative() -> None:
    one = circling(900.0)
    assert bool((cycle_frequency(Trajectory(one.x, -one.v), 1024, 256, RATE) < -800).all())


@pytest.mark.parametrize("cents", [-1200.0, 1200.0])
def test_loss_and_slope_an_octave_away(cents: float) -> None:
    hz = torch.tensor(1000 * 2 ** (cents / 1200), dtype=torch.float64, requires_grad=True)
    loss = CycleFrequency(pitch_range_hz=RANGE)(prediction_of(circling(hz), harmonic(1000.0)))
    assert loss.item() == pytest.approx(1.0, abs=0.02)
    loss.sum().backward()
    assert hz.grad is not None
    assert hz.grad.item() == pytest.approx(math.copysign(1 / (hz.item() * math.log(2)), cents), rel=0.05)


def test_the_strongest_partial_can_be_followed_instead() -> None:
    target = harmonic(700.0, strongest=3)
    for follow, hz in (("fundamental", 700.0), ("strongest", 2100.0)):
        loss = CycleFrequency(follow, pitch_range_hz=RANGE)(prediction_of(circling(hz), target))
        assert loss.item() < 0.02


def test_a_partial_between_two_bins() -> None:
    spectrum = torch.fft.rfft(harmonic(1234.0)[:, None, :512] * torch.hann_window(512, dtype=torch.float64)).abs()
    assert strongest_partial(spectrum, RATE / 512, PitchRange(*RANGE)).item() == pytest.approx(1234, abs=8)


def test_noise_has_no_pitch_to_follow() -> None:
    noise = torch.randn(1, 2048, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    voiced, unvoiced = (
        CycleFrequency(pitch_range_hz=RANGE).pitch(y, 512, 128)[1].mean() for y in (harmonic(1000.0), noise)
    )
    assert voiced > 0.8
    assert unvoiced < 0.2


def test_the_range_is_found_in_the_training_set_and_kept() -> None:
    class Statistics:
        sample_rate = RATE
        acceleration_variance = 1.0
        syllables = (harmonic(1000.0, 8000)[0].float(),)

    loss = CycleFrequency()
    loss.fit(Statistics())
    low, high = loss.state_dict()["range_hz"].tolist()
    assert low < 1000 < high
    assert low > 500


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"follow": "loudest"}, "follow"), ({"hop": 0}, "hop"), ({"pitch_range_hz": (5.0, 2.0)}, "range")],
)
def test_bad_settings_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        CycleFrequency(**settings)
