"""The polynomial in units of the sound: raw outputs are octaves, decades and pressure, the state is heard."""

import math

import pytest
import torch

from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.ode.oscillator import Reading
from syrinx_lab.ode.rollout import InitialValueProblem, rollout
from syrinx_lab.ode.syrinx.cycle import CyclePolynomial, raw_loudness, raw_pitch
from syrinx_lab.types import Drives

RATE = 44_100


def sung(hz: float, loudness: float, pressure: float = 8.0, samples: int = 22_050, **settings) -> torch.Tensor:
    """The state v (samples,) from near silence under steady raw outputs."""
    oscillator = CyclePolynomial(sample_rate=RATE, **settings)
    raw = torch.zeros(1, 2, oscillator.degree + 1, oscillator.degree + 1)
    raw[..., 0, 0] = raw_loudness(torch.tensor(math.log10(loudness)))
    omega = raw_pitch(torch.full((1, 2), math.log2(hz)))
    reading = Reading(omega, torch.full((1, 2), pressure), lambda: raw)
    drive = oscillator.decode(oscillator.encode(reading), torch.zeros_like(raw))
    stiffness, gamma, weights, gain = drive
    assert gain is None, "nothing multiplies the state"
    start = (torch.full((1,), 1e-4),) * 2
    drives = Drives(stiffness, gamma, weights, samples)
    trajectory = rollout(InitialValueProblem(drives, start, samples, step=oscillator.step))
    assert torch.equal(oscillator.source(trajectory, drives), trajectory.v)
    return trajectory.v[0]


@pytest.mark.parametrize(("hz", "loudness"), [(600.0, 0.2), (1800.0, 0.02), (4000.0, 0.2), (7000.0, 0.05)])
def test_pitch_and_loudness_of_the_state_are_those_asked_for(hz, loudness):
    v = sung(hz, loudness)[11_025:]
    assert float(v.square().mean().sqrt()) == pytest.approx(loudness, rel=0.02)
    spectrum = torch.fft.rfft((v - v.mean()) * torch.hann_window(len(v))).abs()
    spacing = RATE / len(v)
    lowest = int(torch.nonzero(spectrum > 0.2 * spectrum.max())[0]) + 1
    assert abs(1200 * math.log2(lowest * spacing / hz)) < 15


def test_it_ignites_within_ten_milliseconds_and_is_silent_without_pressure():
    v = sung(1500.0, 0.1, samples=2_205)
    assert float(v[882:1_323].square().mean().sqrt()) > 0.07
    assert float(sung(1500.0, 0.1, pressure=-8.0, samples=8_820)[4_410:].abs().max()) < 1e-4


def test_a_louder_song_is_the_same_song():
    quiet, loud = sung(900.0, 0.02), sung(900.0, 0.2)
    shape = [torch.fft.rfft(y[11_025:]).abs() / y[11_025:].square().mean().sqrt() for y in (quiet, loud)]
    assert float((shape[0] - shape[1]).norm() / shape[0].norm()) < 0.05


def test_a_raw_weight_moves_it_by_its_reach_at_most():
    oscillator = CyclePolynomial(sample_rate=RATE, weight_reach=0.1)
    raw = torch.full((1, 2, 4, 4), 1e3)
    raw[..., 0, 0] = raw_loudness(torch.tensor(-1.0))
    zero = torch.zeros(1, 2)
    parameters = oscillator.encode(Reading(zero, zero + 30, lambda: raw))
    still, moved = (oscillator.decode(parameters, w)[2][0, 0] for w in (torch.zeros_like(raw), raw))
    size = 0.1 / math.exp(float(oscillator._look_up(torch.tensor(1000.0), oscillator.log_rms)))
    powers = torch.arange(4)
    in_own_units = (moved - still) * size ** (powers[:, None] + powers - 1)
    for i, j in ((2, 0), (1, 1), (0, 2), (3, 0), (2, 1)):
        assert float(in_own_units[i, j]) == pytest.approx(0.1, rel=1e-3), (i, j)
    for i, j in ((0, 0), (1, 2), (0, 3), (3, 3)):
        assert float(in_own_units[i, j]) == 0, (i, j)


def test_a_high_degree_stays_finite_at_the_softest():
    oscillator = CyclePolynomial(sample_rate=RATE, degree=15)
    raw = torch.zeros(1, 2, 16, 16)
    raw[..., 0, 0] = -9.0
    zero = torch.zeros(1, 2)
    drives = oscillator.decode(oscillator.encode(Reading(zero, zero, lambda: raw)), raw)
    assert all(bool(torch.isfinite(y).all()) for y in drives[:3])


def test_edits_are_of_pitch_and_loudness_alone():
    oscillator = CyclePolynomial(sample_rate=RATE)
    zero = torch.zeros(1, 2)
    before = oscillator.encode(Reading(zero, zero, lambda: torch.zeros(1, 2, 4, 4)))
    higher, louder = oscillator.transposed(before, 1.5), oscillator.amplified(before, 2.0)
    assert (float(before.pitch_hz[0, 0]), float(before.loudness[0, 0])) == pytest.approx((1000.0, 0.1))
    assert (float(higher.pitch_hz[0, 0]), float(higher.loudness[0, 0])) == pytest.approx((1500.0, 0.1))
    assert (float(louder.pitch_hz[0, 0]), float(louder.loudness[0, 0])) == pytest.approx((1000.0, 0.2))


@pytest.mark.parametrize("softest", [0.0, 1.0, float("nan")])
def test_softest_out_of_range(softest):
    with pytest.raises(ValueError, match=r"oscillator\.softest"):
        CyclePolynomial(sample_rate=RATE, softest=softest)


def test_it_is_born_as_it_is_asked_to_be():
    encoder = FramesEncoder(degree=3, keep_const=True, sample_rate=RATE)
    CyclePolynomial(sample_rate=RATE, born_gamma=3.0).initialise_(encoder.heads)
    assert float(encoder.gamma_net.bias.detach()) == 3.0
    others = [p for head in encoder.heads.modules for p in head.parameters() if p is not encoder.gamma_net.bias]
    assert sum(float(p.detach().abs().sum()) for p in others[:2]) == 0


def test_at_rest_the_cycle_is_the_softest():
    quiet, louder = (sung(1500.0, 0.2, pressure=-30.0, samples=2_205, softest=s).abs().max() for s in (5e-4, 1e-2))
    assert float(quiet) < 6e-4, "the way to the fixed point makes no sound"
    assert float(louder) > 2e-3
