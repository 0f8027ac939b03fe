"""The examples of `docs/extending.md` run as they stand there."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from syrinx_lab.losses.term import LossTerm
from syrinx_lab.ode.control_rate import interpolate
from syrinx_lab.ode.oscillator import Oscillator, Reading
from syrinx_lab.ode.parameters import Parameters, parameter
from syrinx_lab.types import Drives, Trajectory

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extending.md").read_text()


def block(first: str, last: str) -> str:
    """The indented lines from one that begins with `first` to the one that begins with `last`."""
    found = re.search(rf"^    {re.escape(first)}.*?^ +{re.escape(last)}[^\n]*$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, first
    return found[0]


def made(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {
        **{"torch": torch, "math": math, "dataclass": dataclasses.dataclass, "Tensor": torch.Tensor},
        **{"LossTerm": LossTerm, "Parameters": Parameters, "parameter": parameter, "interpolate": interpolate},
        "Oscillator": Oscillator,
    }
    exec("if True:\n" + source, names)
    return names


def test_the_loss() -> None:
    term = made(block("class PeakRatio", "return (output"))["PeakRatio"]()
    output = torch.tensor([[0.5, -1.0], [0.1, 0.2]])
    value = term(SimpleNamespace(output=output, target=torch.full((2, 2), 0.5)))
    torch.testing.assert_close(value, torch.tensor([math.log(2), math.log(2.5)]), atol=1e-4, rtol=0)


def test_the_oscillator() -> None:
    body = block("def encode", "return interpolate")
    facts = "parameters_type, state_is_observed, needs_analysis, nonlinear_maps, mu = Wind, False, True, True, 0.05"
    whole = block("@dataclass", "gain:") + "\n    class Mine(Oscillator):\n        " + facts + "\n"
    names = made(whole + "\n".join(f"    {line}" for line in body.splitlines()) + "\n")
    mine = names["Mine"](sample_rate=44100, degree=3)
    zero, weights = torch.zeros(2, 5), torch.zeros(2, 5, 4, 4)
    heard = SimpleNamespace(pitch_hz=torch.full((2, 5), 3000.0), envelope=torch.full((2, 5), 0.1))
    wind = mine.encode(Reading(zero, zero, lambda: weights, heard, torch.tensor(0.001)))
    assert wind.drive.min() > 0.99, "40 dB above the background"
    stiffness, gamma, fixed, gain = mine.decode(wind, weights)
    assert float(stiffness[0, 0]) == pytest.approx((2 * math.pi * 3000 / 44100) ** 2, rel=1e-5)
    assert float(gamma[0, 0]) == pytest.approx(-0.05, rel=0.01)
    assert fixed[..., 2, 1].eq(0.05).all()
    drives = Drives(stiffness, gamma, fixed, 8, gain)
    assert mine.source(Trajectory(torch.ones(2, 33), torch.ones(2, 33)), drives).shape == (2, 33)
