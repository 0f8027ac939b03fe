"""The physical syrinx: what pitch a tension gives, when pressure lights it up, and that no orbit escapes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from syrinx_lab.controls.analytic import AnalyticControls
from syrinx_lab.ode.oscillator import Reading
from syrinx_lab.ode.rollout import InitialValueProblem, rollout
from syrinx_lab.ode.syrinx.normal_form import alpha_at, fixed_weights, numerical_damping_correction
from syrinx_lab.ode.syrinx.oscillator import Syrinx, piecewise_linear
from syrinx_lab.ode.syrinx.pitch_map import pitch_map
from syrinx_lab.ode.syrinx.species import SPECIES
from syrinx_lab.types import Drives, Trajectory

RATE, HOP = 44100, 32
BACKGROUND = torch.tensor(1e-3)


def controls(pitch_hz: Tensor, envelope: Tensor) -> AnalyticControls:
    """Controls (B, T) of a bird that is voiced throughout."""
    return AnalyticControls(pitch_hz, torch.ones_like(pitch_hz), torch.ones_like(pitch_hz), envelope, HOP)


def reading(r_omega: Tensor, r_gamma: Tensor, r_weights: Tensor, heard: AnalyticControls) -> Reading:
    return Reading(r_omega, r_gamma, lambda: r_weights, heard, BACKGROUND)


def steady(syrinx: Syrinx, pitches: list[float], envelope: float, seconds: float) -> tuple[Drives, Tensor]:
    """Analytic drives at constant pitches, and the gain (B, T)."""
    knots = math.ceil(seconds * RATE / HOP) + 1
    pitch = torch.tensor(pitches)[:, None].expand(-1, knots)
    side = syrinx.fixed.shape[0]
    zero, zeros = torch.zeros_like(pitch), torch.zeros(*pitch.shape, side, side)
    gestures = syrinx.encode(reading(zero, zero, zeros, controls(pitch, torch.full_like(pitch, envelope))))
    return Drives(*syrinx.decode(gestures, zeros)[:3], HOP), gestures.gain


def sung(drives: Drives, start: float = 1e-3) -> Trajectory:
    x = torch.full((len(drives.gamma),), start, dtype=drives.gamma.dtype)
    return rollout(InitialValueProblem(drives, (x, x), drives.samples, step=24_000 / RATE))


def f0_hz(v: Tensor) -> float:
    """The inverse of the mean time between rises through zero, of which a cycle has one."""
    rises = torch.nonzero((v[:-1] < 0) & (v[1:] >= 0))[:, 0].double()
    return float((len(rises) - 1) / (rises[-1] - rises[0]) * RATE)


PITCHES = [200.0, 300.0, 450.0, 620.0, 1000.0, 1700.0, 2900.0, 4500.0, 7000.0, 9500.0]


def test_the_tension_of_a_pitch_sings_that_pitch() -> None:
    drives, _ = steady(Syrinx(sample_rate=RATE), PITCHES, 0.1, 0.25)
    v = sung(drives).v[:, RATE // 20 :]
    for row, wanted in zip(v, PITCHES):
        assert 1200 * abs(math.log2(f0_hz(row) / wanted)) < 12, wanted


def test_the_map_is_that_of_the_step_that_is_taken() -> None:
    tau, beta = 1 / 24_000, torch.tensor(3.0)
    maps = [pitch_map(tau, 1 / (rate * tau)) for rate in (44_100, 96_000, 192_000)]
    coarse, fine, finest = (float(piecewise_linear(beta, m.beta.float(), m.hz.float())) for m in maps)
    assert fine == pytest.approx(finest, rel=1e-3)
    assert 0.005 < 1 - coarse / finest < 0.011


def test_no_pressure_is_silence_and_pressure_lights_up_within_milliseconds() -> None:
    syrinx = Syrinx(sample_rate=RATE)
    quiet, _ = steady(syrinx, PITCHES, 1e-3, 0.1)
    assert float(sung(quiet, 0.3).v[:, -500:].abs().max()) < 1e-3
    loud, _ = steady(syrinx, PITCHES, 0.1, 0.1)
    v = sung(loud).v.abs()
    half = (v > 0.5 * v.amax(1, keepdim=True)).int().argmax(1) / RATE
    assert float(half.max()) < 5e-3


def test_high_notes_are_put_out_as_quickly_as_low_ones() -> None:
    syrinx = Syrinx(sample_rate=RATE)
    quiet, _ = steady(syrinx, PITCHES, 1e-3, 0.1)
    v = sung(quiet, 0.3).v.abs()
    last = torch.stack([torch.nonzero(row > 0.03 * row.max())[-1, 0] for row in v]) / RATE
    assert float(last[4:].max()) < 0.02  # from 1 kHz on, where the rest is a spring's and not a slow drift


def test_whistles_of_all_pitches_light_up_at_one_pressure() -> None:
    # alpha = 0, where the labia begin to sing, at a quarter of the pressure
    beta = torch.tensor([0.35, 0.7, 1.0, 2.0, 3.0])
    torch.testing.assert_close(alpha_at(0.25, beta), torch.zeros(5))
    for pressure, sings in ((0.2, False), (0.4, True)):
        weights = fixed_weights(3).expand(5, 2, -1, -1).clone()
        weights[..., 0, 0] = alpha_at(pressure, beta)[:, None]
        v = sung(Drives(beta[:, None].expand(5, 2).clone(), torch.zeros(5, 2), weights, RATE // 5), 0.1).v
        assert ((v[:, -2000:].abs().amax(1) > 0.05) == sings).all(), pressure


def test_what_is_numerical_damping_correction_is_what_the_step_takes() -> None:
    step, beta = 24_000 / RATE, torch.tensor([0.1, 1.0, 3.0, 6.0], dtype=torch.float64)
    held, weights = beta[:, None].expand(4, 2).clone(), torch.zeros(4, 2, 4, 4, dtype=beta.dtype)
    ends = []
    for gamma in (torch.zeros_like(beta), numerical_damping_correction(beta, step)):
        drives = Drives(held, gamma[:, None].expand(4, 2).clone(), weights, 2000)
        sung = rollout(InitialValueProblem(drives, (torch.ones_like(beta), torch.zeros_like(beta)), 2000, step=step))
        energy = (beta[:, None] * sung.x.square() + sung.v.square()) / beta[:, None]
        ends.append(energy[:, -100:].mean(1).log() / 1999)  # nepers of energy a step
    assert float(ends[0][-1]) < -0.05
    assert bool((ends[1].abs() < 0.25 * ends[0].abs()).all())


def test_the_highest_notes_that_are_looked_for_are_in_reach() -> None:
    assert Syrinx(sample_rate=RATE).pitch_range_hz[1] > 10_000
    for rate in (22_050, 32_000):
        assert Syrinx(sample_rate=rate).pitch_range_hz[1] < rate / 4


@pytest.mark.parametrize("rate", [22050, 32000])
def test_low_notes_keep_their_pitch_at_low_sample_rates(rate: int) -> None:
    """With the species' own tau, 1 / 24000 s, 1 kHz is sung 258 cents too high at 22,050 Hz."""
    syrinx = Syrinx(sample_rate=rate)
    pitches = [300.0, 450.0, 620.0, 1000.0, 1700.0, 2900.0, 4000.0]
    drives, _ = steady(syrinx, pitches, 0.1, 0.25)
    start = torch.full((len(pitches),), 1e-3)
    v = rollout(InitialValueProblem(drives, (start, start), rate // 4, step=syrinx.step)).v[:, rate // 20 :]
    cents = [1200 * math.log2(f0_hz(one) * rate / RATE / hz) for one, hz in zip(v, pitches)]
    assert max(map(abs, cents)) < 6
    assert Syrinx(sample_rate=RATE).tau == SPECIES["zebra_finch"].tau_s


def test_the_source_is_as_loud_as_the_recording() -> None:
    drives, gain = steady(Syrinx(sample_rate=RATE), PITCHES, 0.1, 0.25)
    v = sung(drives).v[:, RATE // 20 :]
    rms = gain[:, 0] * v.square().mean(1).sqrt()
    torch.testing.assert_close(rms, torch.full_like(rms, 0.1), rtol=0.02, atol=0)


def test_raw_outputs_of_zero_are_the_normal_form() -> None:
    syrinx = Syrinx(sample_rate=RATE)
    drives, _ = steady(syrinx, [1000.0], 0.1, 0.01)
    beta = drives.stiffness[0, 0]
    weights = drives.weights[0, 0]
    torch.testing.assert_close(weights[0, 0], alpha_at(1.0, beta), rtol=1e-3, atol=0)
    assert weights[2, 0] == -1
    assert weights[3, 0] == weights[1, 1] == weights[2, 1] == 1
    assert int((weights != 0).sum()) == 5
    assert float(drives.gamma.abs().max()) < 1e-5


@pytest.mark.parametrize("raw", [-1e3, 1e3])
@pytest.mark.parametrize("degree", [3, 5])
def test_no_orbit_escapes_whatever_the_encoder_says(raw: float, degree: int) -> None:
    syrinx = Syrinx(sample_rate=RATE, degree=degree)
    pitch = torch.tensor(PITCHES)[:, None].expand(-1, 200)
    raws = torch.full_like(pitch, raw)
    weights = torch.full((*pitch.shape, degree + 1, degree + 1), raw)
    gestures = syrinx.encode(reading(raws, raws, weights, controls(pitch, torch.full_like(pitch, 0.1))))
    assert float((1200 * torch.log2(gestures.pitch_hz / pitch)).abs().max()) <= 100.01
    assert 0 <= float(gestures.pressure.min()) <= float(gestures.pressure.max()) <= 1
    drives = Drives(*syrinx.decode(gestures, weights)[:3], HOP)
    assert float((drives.weights - syrinx.fixed)[..., 1:, :].abs().max()) <= 0.02 + 1e-6
    for start in (-1.2, 1.2):
        assert float(sung(drives, start).x.abs().max()) < 3


def test_gradients_reach_every_gesture() -> None:
    syrinx = Syrinx(sample_rate=RATE)
    pitch = torch.full((1, 8), 800.0)
    r_omega, r_gamma = (torch.zeros(1, 8, requires_grad=True) for _ in range(2))
    r_weights = torch.zeros(1, 8, 4, 4, requires_grad=True)
    # at the threshold, where pressure has the largest slope
    level = torch.full_like(pitch, 1e-3 * 10 ** (6 / 20))
    gestures = syrinx.encode(reading(r_omega, r_gamma, r_weights, controls(pitch, level)))
    beta, gamma, weights, _ = syrinx.decode(gestures, r_weights)
    (beta.sum() + gamma.sum() + weights.sum()).backward()
    assert float(r_omega.grad.abs().min()) > 0
    torch.testing.assert_close(r_gamma.grad, torch.full_like(r_gamma, 0.02))
    moved = (r_weights.grad[0, 0] != 0).nonzero().tolist()
    assert moved == [[0, 0], [0, 2], [1, 1], [2, 0], [2, 1], [3, 0]]


def test_interpolation_is_piecewise_linear_and_holds_at_the_ends() -> None:
    x, y = torch.tensor([0.0, 1.0, 3.0]), torch.tensor([1.0, 2.0, 0.0])
    at = torch.tensor([-1.0, 0.0, 0.25, 1.0, 2.0, 3.0, 9.0])
    torch.testing.assert_close(piecewise_linear(at, x, y), torch.tensor([1.0, 1.0, 1.25, 2.0, 1.0, 0.0, 0.0]))
    inner = torch.tensor([0.3, 2.2], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a: piecewise_linear(a, x, y), inner)


def test_the_pitch_of_a_tension_is_the_inverse_of_the_map() -> None:
    syrinx = Syrinx(sample_rate=RATE)
    pitch = torch.tensor(PITCHES)
    torch.testing.assert_close(
        syrinx.pitch_at(piecewise_linear(pitch.log(), syrinx.log_hz, syrinx.beta)), pitch, rtol=1e-3, atol=0
    )


@pytest.mark.parametrize("name", SPECIES)
def test_every_species_can_sing_where_it_is_said_to(name: str) -> None:
    syrinx = Syrinx(sample_rate=RATE, species=name)
    low, high = syrinx.pitch_range_hz
    assert low < SPECIES[name].pitch_hz[0]
    assert high > min(8000.0, SPECIES[name].pitch_hz[1]) * 0.95
    assert SPECIES[name].source


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"species": "dodo"}, "zebra_finch"),
        ({"degree": 2}, "use 3 or more"),
        ({"slope_db": 0.0}, "slope_db"),
        ({"weight_reach": 1.0}, "weight_reach"),
        ({"pitch_reach_cents": -1.0}, "pitch_reach_cents"),
        ({"tau": 1.0}, "does not sing"),
    ],
)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Syrinx(sample_rate=RATE, **settings)


def test_the_normal_form_asks_for_a_cubic() -> None:
    assert fixed_weights(5).shape == (6, 6)
    with pytest.raises(ValueError, match="x\\^3"):
        fixed_weights(2)
