"""What breaks its contract when it is used is refused in one line: group, class, method, and what is wanted."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise import NoNoise
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.oscillator import Oscillator
from syrinx_lab.ode.parameters import Parameters, parameter
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.formants import Formants
from syrinx_lab.trial import check_parts

RATE, HOP = 44100, 32


@dataclass
class Push(Parameters):
    stiffness: Tensor = parameter("1", low=0.0)
    push: Tensor = parameter("1", low=-1.0, high=1.0)


class Pushed(Oscillator):
    parameters_type = Push
    state_is_observed = True
    needs_analysis = False
    nonlinear_maps = False

    def encode(self, reading):
        return Push(reading.omega.square(), torch.tanh(reading.gamma))

    def decode(self, parameters, weights):
        return parameters.stiffness, -parameters.push, weights, None

    def source(self, trajectory, drives):
        return trajectory.x


class Beak(nn.Module):
    channels, reach = 0, 1

    def forward(self, source, controls, hop):
        return source + 0.5 * nn.functional.pad(source, (1, 0))[:, :-1]


def model(oscillator: type = Pushed, tract: nn.Module | None = None, noise: nn.Module | None = None) -> Ouroboros:
    torch.manual_seed(0)
    encoder = ENCODER(degree=3, keep_const=True, sample_rate=RATE, hop=HOP)
    return Ouroboros(
        encoder, oscillator(sample_rate=RATE, degree=3), tract or Beak(), noise, Analyser(sample_rate=RATE)
    )


ENCODER = FramesEncoder


def broken(base: type, **methods: object) -> type:
    return type("Mine", (base,), methods)


def raising(*arguments: object) -> None:
    raise RuntimeError("the beak\nis broken")


def far(self: object, source: Tensor, controls: object, hop: int) -> Tensor:
    return nn.functional.pad(source, (300, 0))[:, :-300]


def extra_weight(self: Oscillator, parameters: Push, weights: Tensor) -> tuple:
    weights = weights.clone()
    weights[..., 0, 1] = 0.01
    return parameters.stiffness, -parameters.push, weights, None


decode = Pushed.decode
OSCILLATORS = {
    "encode": [
        (lambda s, r: {"push": r.gamma}, "gave a dict: give its parameters_type, Push"),
        (
            lambda s, r: Push(r.omega.square(), 3 * torch.tanh(r.gamma)),
            r"gave a push of -?[23]\.\d+: its bounds are -1 to 1",
        ),
        (lambda s, r: Push(-(r.omega**2), r.gamma * 0), r"gave a stiffness of -[\d.]+: its bounds are 0 to inf"),
        (lambda s, r: Push(r.omega**2, r.gamma[:, :1] * 0), r"gave push of shape \(2, 1\): give \(2, 95\)"),
        (lambda s, r: Push(r.omega**2, r.gamma * torch.nan), "gave push with NaN or infinity: give finite numbers"),
        (lambda s, r: Push(r.omega**2, 0.5), "gave push as a float: give a tensor"),
        (raising, "raised RuntimeError: the beak is broken"),
    ],
    "decode": [
        (lambda s, p, w: decode(s, p, w)[:3], r"gave 3 things: give four, \(stiffness, gamma, weights, gain\)"),
        (lambda s, p, w: p, "gave a Push: give four"),
        (lambda s, p, w: (p.stiffness[:, :-1], p.push, w, None), r"gave stiffness of shape \(2, 94\): give \(2, 95\)"),
        (lambda s, p, w: (p.stiffness, None, w, None), "gave gamma as a NoneType"),
        (
            lambda s, p, w: (p.stiffness, p.push, w[..., :2, :2], None),
            r"gave weights of shape \(2, 95, 2, 2\): give \(2, 95, 4, 4\)",
        ),
        (lambda s, p, w: (p.stiffness, p.push, w, p.push[0]), r"gave gain of shape \(95,\)"),
        (extra_weight, r"gave weights\[..., 0, 1\] of up to 0.01: keep it 0, that term is the gamma's"),
    ],
    "source": [
        (lambda s, t, d: t.x.mean(1, keepdim=True), r"gave a source of shape \(2, 1\): give \(2, 3001\)"),
        (raising, "raised RuntimeError: the beak is broken"),
    ],
}
TRACTS = [
    (lambda s, y, c, h: y + 0.1, "gave a sound of up to 0.1 for silence: give silence"),
    (lambda s, y, c, h: y[:, 1:], r"gave a sound of shape \(2, 3000\): give \(2, 3001\)"),
    (lambda s, y, c, h: y / 0, "gave a sound with NaN or infinity"),
    (far, "gave a sound 300 samples from an impulse: its reach is 1, set"),
    (raising, "raised RuntimeError: the beak is broken"),
]


@pytest.mark.parametrize(
    ("method", "own", "said"), [(m, own, said) for m in OSCILLATORS for own, said in OSCILLATORS[m]]
)
def test_an_oscillator(method: str, own: object, said: str) -> None:
    with pytest.raises(ValueError, match=f"^oscillator.{method} of Mine {said}") as error:
        check_parts(model(broken(Pushed, **{method: own})))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("own", "said"), TRACTS)
def test_a_tract(own: object, said: str) -> None:
    with pytest.raises(ValueError, match=f"^tract.forward of Mine {said}"):
        check_parts(model(tract=broken(Beak, forward=own)()))


def test_a_noise() -> None:
    with pytest.raises(ValueError, match=r"^noise.forward of Mine gave a sound of up to 1 for silence"):
        check_parts(model(noise=broken(NoNoise, forward=lambda s, y, e, c, h: y + 1)()))
    with pytest.raises(ValueError, match=r"^noise.background of Mine gave a sound of shape \(2,\): give \(2, 3001\)"):
        check_parts(model(noise=broken(NoNoise, background=lambda s, y: y[:, 0])()))


@pytest.mark.parametrize(
    ("method", "own", "said"),
    [
        ("forward", lambda s, x, v, a=None: x, "gave a Tensor: give syrinx_lab.types.Controls"),
        ("forward", raising, "raised RuntimeError"),
        ("weights", lambda s, code: code, r"gave weights of shape \(2, 95, \d+\): give \(2, 95, 4, 4\)"),
    ],
)
def test_an_encoder(monkeypatch: pytest.MonkeyPatch, method: str, own: object, said: str) -> None:
    monkeypatch.setitem(globals(), "ENCODER", broken(FramesEncoder, **{method: own}))
    with pytest.raises(ValueError, match=f"^encoder.{method} of Mine {said}"):
        check_parts(model())


def test_a_class_that_lacks_a_method_says_which() -> None:
    with pytest.raises(ValueError, match=r"^Bare has no decode: add the method decode\(self, parameters, weights\)"):
        type("Bare", (Oscillator,), {"encode": Pushed.encode, "source": Pushed.source})(sample_rate=RATE, degree=3)
    with pytest.raises(ValueError, match=r"^Mine.source cannot be called as source\(self, trajectory, drives\): see"):
        broken(Pushed, source=lambda self, trajectory: trajectory.x)(sample_rate=RATE, degree=3)
    with pytest.raises(ValueError, match=r"^tract is a object: derive it from torch.nn.Module"):
        model(tract=object())  # type: ignore[arg-type]


def test_whole_models_pass_fast_and_are_left_as_they_were() -> None:
    class Counting(Beak):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
            self.calls += 1
            return super().forward(source, controls, hop) + 0 * torch.rand(())

    for tract in (NoTract(), Formants(sample_rate=RATE), Counting()):
        made = model(Polynomial, tract, FilteredNoise(sample_rate=RATE))
        made.encoder.eval()
        before = [value.clone() for value in made.state_dict().values()]
        drawn, start = torch.get_rng_state(), time.perf_counter()
        check_parts(made)
        assert time.perf_counter() - start < 5
        assert torch.equal(torch.get_rng_state(), drawn)
        assert all(torch.equal(a, b) for a, b in zip(before, made.state_dict().values()))
        assert [made.training, made.tract.training, made.encoder.training] == [True, True, False]
