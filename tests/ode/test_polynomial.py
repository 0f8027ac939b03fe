"""The polynomial oscillator's own maps, and what the contract asks of every oscillator."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from syrinx_lab.encoders import Encoder
from syrinx_lab.ode.oscillator import Oscillator, Reading
from syrinx_lab.ode.parameters import Parameters, parameter
from syrinx_lab.ode.polynomial import Polynomial, PolynomialParameters
from syrinx_lab.types import Drives, Trajectory

OMEGA = torch.tensor([[-0.2, 0.0, 0.3]])


@pytest.mark.parametrize(
    ("stiffness", "rectified", "wanted"),
    [
        ("squared", [0.2, 0.0, 0.3], [0.04, 0.0, 0.09]),
        ("signed", [-0.2, 0.0, 0.3], [-0.2, 0.0, 0.3]),
    ],
)
def test_omega_is_squared_or_taken_as_it_is(stiffness: str, rectified: list[float], wanted: list[float]) -> None:
    oscillator = Polynomial(sample_rate=1000, degree=3, stiffness=stiffness)
    omega = oscillator.rectify(OMEGA)
    assert omega[0].tolist() == pytest.approx(rectified)
    parameters = oscillator.encode(Reading(omega, OMEGA, lambda: OMEGA))
    assert parameters.stiffness[0].tolist() == pytest.approx(wanted)
    weights = torch.ones(1, 3, 4, 4)
    k, gamma, same, gain = oscillator.decode(parameters, weights)
    assert k is parameters.stiffness
    assert gamma is OMEGA
    assert same is weights
    assert gain is None
    assert oscillator.transposed(parameters, 1.5).stiffness[0].tolist() == pytest.approx([2.25 * k for k in wanted])
    assert oscillator.amplified(parameters, 2.0) is None, "the state holds the loudness, and it is not linear"
    drives = Drives(parameters.stiffness, OMEGA, weights)
    assert oscillator.source(Trajectory(OMEGA, 2 * OMEGA), drives) is OMEGA
    if stiffness == "squared":
        # f = omega / (2 pi tau), tau one sample at 1 kHz
        assert oscillator.pitch_hz(drives)[0].tolist() == pytest.approx([31.831, 0.0, 47.746], abs=1e-3)


def test_time_scale_step_and_clamp() -> None:
    published = Polynomial(sample_rate=44100)
    assert (published.tau, published.step) == (pytest.approx(1 / 44100), pytest.approx(1.0))
    assert (published.clamp.x, published.clamp.v) == (0.5, 1.0)
    slow = Polynomial(sample_rate=44100, tau=1 / 22050, clamp_x=None)
    assert slow.step == pytest.approx(0.5)
    assert slow.clamp is None
    for settings, message in (
        ({"tau": 0.0}, "oscillator.tau is 0.0"),
        ({"stiffness": "soft"}, "use squared or signed"),
    ):
        with pytest.raises(ValueError, match=message):
            Polynomial(sample_rate=44100, **settings)


def oscillator_class(**facts: object) -> type[Oscillator]:
    body = {
        "encode": lambda self, reading: PolynomialParameters(reading.omega, reading.gamma),
        "decode": lambda self, parameters, weights: (parameters.stiffness, parameters.gamma, weights, None),
        "source": lambda self, trajectory, drives: trajectory.v,
    }
    return type("Mine", (Oscillator,), body | facts)


FACTS = {
    "parameters_type": PolynomialParameters,
    "state_is_observed": True,
    "needs_analysis": False,
    "nonlinear_maps": False,
}


@pytest.mark.parametrize("missing", FACTS)
def test_an_oscillator_that_keeps_a_fact_to_itself_is_refused(missing: str) -> None:
    facts = {name: value for name, value in FACTS.items() if name != missing}
    with pytest.raises(ValueError, match=f"Mine does not say its {missing}: set it as a class attribute"):
        oscillator_class(**facts)(sample_rate=1000, degree=3)


def test_an_oscillators_defaults_change_nothing_and_refuse_what_it_does_not_define() -> None:
    mine = oscillator_class(**FACTS)(sample_rate=1000, degree=3, spin_up_ms=5.0)
    parameters = PolynomialParameters(OMEGA, OMEGA)
    assert mine.rectify(OMEGA) is OMEGA
    assert mine.spin_up == 5
    assert mine.search_hz is None
    assert mine.out_of_reach(parameters) == (0.0, "")
    with pytest.raises(ValueError, match=r"edit\.pitch is 1.2, but Mine defines no `transposed`"):
        mine.transposed(parameters, 1.2)
    with pytest.raises(ValueError, match="spin_up_ms is -1"):
        oscillator_class(**FACTS)(sample_rate=1000, degree=3, spin_up_ms=-1.0)


def test_a_parameter_without_a_unit_is_refused() -> None:
    @dataclass
    class Bare(Parameters):
        pressure: Tensor = parameter("1", low=0.0)
        force: Tensor

    with pytest.raises(ValueError, match=r"Bare\.force has no unit: declare it as parameter"):
        oscillator_class(**FACTS | {"parameters_type": Bare})(sample_rate=1000, degree=3)
    with pytest.raises(ValueError, match="no dataclass derived from Parameters"):
        oscillator_class(**FACTS | {"parameters_type": dict})(sample_rate=1000, degree=3)


def test_parameters_know_their_units_and_bounds() -> None:
    facts = PolynomialParameters.facts()
    assert list(facts) == ["stiffness", "gamma"]
    assert (facts["gamma"].unit, facts["gamma"].low, facts["gamma"].channels) == ("1", float("-inf"), False)
    doubled = PolynomialParameters(OMEGA, OMEGA).each(lambda y: 2 * y)
    assert torch.equal(doubled.gamma, 2 * OMEGA)


def test_an_encoder_says_every_fact_about_itself() -> None:
    class Silent(Encoder):
        def forward(self, x: Tensor, v: Tensor, analytic: object = None) -> None: ...

        def weights(self, code: Tensor) -> Tensor:
            return code

    facts = {"hop": 32, "width": 4, "code_size": 2, "lookahead_ms": None, "needs_analysis": False}
    assert Silent(**facts).heads is None
    for name in facts:
        with pytest.raises(TypeError, match=name):
            Silent(**{key: value for key, value in facts.items() if key != name})
    for name, value in (("hop", 0), ("code_size", 0), ("width", -1), ("lookahead_ms", -1.0)):
        with pytest.raises(ValueError, match=f"{name} is {value}"):
            Silent(**facts | {name: value})
