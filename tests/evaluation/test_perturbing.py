"""Perturbing nothing changes nothing, and what is perturbed answers as it must."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.dynamics.perturbation import Perturbation
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.encoder_units import EncoderUnits
from syrinx_lab.evaluation.performance import Performance
from syrinx_lab.evaluation.perturbing import SCHEDULE, battery, perturb
from syrinx_lab.evaluation.unit_responses import along_directions, unit_responses
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE, COUNT = 44_100, 4001


def syllable() -> Clip:
    time = np.arange(COUNT) / RATE
    envelope = np.clip(np.minimum(time - 0.02, 0.075 - time) / 0.005, 0, 1)
    x = (0.2 * envelope * np.sin(2 * np.pi * 900 * time) + 1e-4 * np.sin(2 * np.pi * 317 * time)).astype(np.float32)
    slope, bend = (y.astype(np.float32) for y in derivatives(x.astype(np.float64)))
    return Clip(Vocalisation("bird.wav", "a", 0, COUNT, 882, 3307), x, slope, bend)


def organ() -> Ouroboros:
    torch.manual_seed(0)
    model = Ouroboros(
        FramesEncoder(3, True, RATE, d_model=8, n_layers=1),
        Syrinx(sample_rate=RATE),
        FirMixture(sample_rate=RATE, filters=6, taps=65, codes=3),
        None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=32,
    ).eval()
    with torch.no_grad():
        model.encoder.weights_net.weight.mul_(0.3)
        model.tract_net.weight.normal_(std=0.3)
    return model


def polynomial() -> Ouroboros:
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=RATE, degree=3), NoTract()
    ).eval()
    with torch.no_grad():  # a stiff oscillator that hardly loses anything
        model.encoder.omega_net.bias.fill_(2 * math.pi * 900 / RATE)
        for net in (model.encoder.omega_net, model.encoder.gamma_net, model.encoder.weights_net):
            net.weight.mul_(1e-3)
        model.encoder.gamma_net.bias.fill_(1e-4)
        model.encoder.weights_net.bias.zero_()
    return model


@pytest.fixture(scope="module", params=[organ, polynomial])
def performance(request: pytest.FixtureRequest) -> Performance:
    return Performance.of(request.param(), syllable(), ic_noise_rms=1e-2, seed=1)


def test_nothing_done_nothing_changed(performance: Performance) -> None:
    units = EncoderUnits.of(performance)
    idle = [
        Perturbation("state", "x", 40.0, 0.0, 0.0),
        Perturbation("drive", "gamma", 40.0, 1.0, 20.0, "scale"),
        Perturbation("drive", "tension", 40.0, 0.0, 20.0, "cents"),
        Perturbation("channel", units.names[0], 40.0, 0.0, 20.0),
        Perturbation("input", "sound", 40.0, 1.0, 20.0, "scale"),
    ]
    for one in perturb(performance, idle):
        assert one.size < 2e-3, one.perturbation  # float32, amplified
        assert abs(one.level_db) < 1e-3
        assert one.label == "a"


def test_kicks_are_as_large_as_they_were_asked_to_be(performance: Performance) -> None:
    for axis in ("x", "v"):
        (found,) = perturb(performance, [Perturbation("state", axis, 40.0, 0.1, 0.0)])
        first = int(np.flatnonzero(found.distance > 0)[0])
        assert found.distance[first] == pytest.approx(0.1, rel=1e-3)
        assert first % performance.drives.hop == 0
        assert abs(first - 40.0 / performance.interval_ms) <= performance.drives.hop
        assert not found.distance[:first].any()


def test_tension_raises_the_pitch(performance: Performance) -> None:
    one = Perturbation("drive", "tension", 30.0, 200.0, 20.0, "cents")
    (found,) = perturb(performance, [one])
    assert found.pitch_cents == pytest.approx(200, abs=25), "the low-pass rounds the edges of 20 ms"


def test_the_battery_runs_and_keeps_its_order(performance: Performance) -> None:
    asked = battery(performance, [replace(one, places=(0.2, 0.6)) for one in SCHEDULE])
    found = perturb(performance, asked)
    assert [one.perturbation for one in found] == asked
    assert {one.kind for one in asked} == {"state", "drive", "input"}
    assert all(np.isfinite(one.size) for one in found)
    louder = "pressure" if "pressure" in performance.encoded.oscillator.named() else "gamma"
    assert {one.target for one in asked if one.kind == "drive"} == {louder, "tension"}


def test_a_unit_is_what_the_heads_read(performance: Performance) -> None:
    """Moving a head's own input by hooks gives the controls that the units' effects say."""
    model, units = performance.model, EncoderUnits.of(performance)
    heads = model.encoder.heads
    assert heads is not None
    number = next(i for i, name in enumerate(units.names) if units.effect[i, 0] != 0)
    name = units.names[number]
    one = Perturbation("channel", name, 20.0, 2.0, 30.0)
    wanted = units.perturbed([one], performance.controls.hop * performance.interval_ms)
    channel = int(name.split()[1])

    def push(head: torch.nn.Linear, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        seen = given[0].clone()
        window = one.window(seen.shape[1], performance.controls.hop * performance.interval_ms)
        seen[:, window, channel] += 2 * seen[0, :, channel].std()
        return (seen,)

    hook = heads.omega.register_forward_pre_hook(push)
    with torch.no_grad():
        found = model.encoder(performance.x, model.velocity(performance.dx), performance.analytic)
    hook.remove()
    torch.testing.assert_close(found.omega, wanted.omega, atol=1e-5, rtol=1e-4)
    assert (wanted.omega != performance.controls.omega).any()


def test_a_silenced_unit_stays_at_its_mean(performance: Performance) -> None:
    units = EncoderUnits.of(performance)
    number = int(torch.argmax(units.moved))
    one = Perturbation("channel", units.names[number], 0.0, 0.0, math.inf, "ablate")
    moved = units.perturbed([one], 1.0)
    along = units.activity[:, number]
    raw = (along.mean() - along)[:, None] * units.effect[number]
    torch.testing.assert_close(moved.omega[0], performance.controls.omega[0] + raw[:, 0])
    vector = tuple(float(i == number) for i in range(len(units.names)))
    same = Perturbation("channel", "direction", 0.0, 0.0, math.inf, "ablate", vector)
    torch.testing.assert_close(units.perturbed([same], 1.0).omega, moved.omega)


def test_directions_move_the_sound_as_the_jacobian_says(performance: Performance) -> None:
    units = unit_responses(performance, amount=0.02, most=6)
    assert len(units.names) == len(units.rows()) <= 6
    assert np.isfinite(units.level_db).all()
    every = along_directions(units)
    assert len(every) == len(units.gains)
    if every:
        (first, *_) = perturb(performance, every[:1])
        answer = np.array([first.level_db, first.pitch_cents / 10, first.brightness_cents / 10])
        assert np.linalg.norm(np.nan_to_num(answer)) == pytest.approx(0.02 * units.gains[0], rel=0.3, abs=2e-3)


def test_what_is_not_there_is_refused(performance: Performance) -> None:
    for one, said in (
        (Perturbation("drive", "muscle", 10.0, 1.0, 5.0), "muscle"),
        (Perturbation("channel", "unit 0", 10.0, 1.0, 5.0), "unit 0"),
        (Perturbation("channel", "d", 10.0, 1.0, 5.0, "add", (1.0,)), "a direction of 1"),
        (Perturbation("input", "light", 10.0, 1.0, 5.0), "light"),
    ):
        with pytest.raises(ValueError, match=said):
            perturb(performance, [one])


@pytest.mark.parametrize(("gamma", "clamped"), [(3.0, True), (-0.6, True), (-0.6, False)])
def test_what_does_not_move_cannot_be_perturbed(gamma: float, clamped: bool) -> None:
    """At rest at the origin, at rest on the clamp, and gone."""
    model = polynomial()
    with torch.no_grad():
        model.encoder.gamma_net.bias.fill_(gamma)
    if not clamped:
        model.oscillator.clamp = None
    silent = Performance.of(model, syllable(), ic_noise_rms=0.0 if gamma > 0 else 1e-3)
    assert silent.silent
    with pytest.raises(ValueError, match=r"bird\.wav: .* nothing to perturb"):
        perturb(silent, [Perturbation("state", "x", 10.0, 1.0, 0.0)])
