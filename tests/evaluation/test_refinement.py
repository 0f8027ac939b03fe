"""Controls refined against one clip: the loss falls, the rate stays, and nothing else of the model moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoded import smooth_curve
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.refinement import Refinement, counting_knots
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.parameters import Radiation
from syrinx_lab.ode.syrinx.loudness import LoudnessSyrinx
from syrinx_lab.ode.tract.fir_mixture import FirMixture

RATE = 44_100
HOP, KNOT, SAMPLES = 32, 160, 4001


@pytest.fixture
def model() -> Ouroboros:
    torch.manual_seed(0)
    return Ouroboros(
        FramesEncoder(3, True, RATE, d_model=8, n_layers=1),
        LoudnessSyrinx(sample_rate=RATE),
        FirMixture(sample_rate=RATE, filters=6, taps=65, codes=3),
        None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=HOP,
        knot_hop=KNOT,
    ).eval()


def controls(seed: int) -> torch.Tensor:
    """Raw controls (1, 126, 3) on a curve through every fifth knot."""
    knots = 0.5 * torch.randn(1, 26, 3, generator=torch.Generator().manual_seed(seed))
    return smooth_curve(knots, KNOT // HOP, 126)


def test_the_controls_that_made_a_sound_are_found_again(model: Ouroboros) -> None:
    """Noise through known controls: from zero the descent leaves a twentieth of the error of the waveform."""
    generator = torch.Generator().manual_seed(1)
    source = 0.2 * torch.randn(1, SAMPLES, generator=generator)
    wanted = controls(2)
    with torch.no_grad():
        target = model.sound(source, Radiation(tract=wanted), HOP)
        before = model.sound(source, Radiation(tract=torch.zeros_like(wanted)), HOP)
        found = Refinement(200).refined(model, source, Radiation(tract=torch.zeros_like(wanted)), target, generator)
        after = model.sound(source, found, HOP)
    assert found.tract is not None
    error = [float((y - target).square().mean() / target.square().mean()) for y in (before, after)]
    assert error[1] < 0.05 * error[0]
    # the curve goes through the knots that count: no more numbers than before
    through = smooth_curve(counting_knots(found.tract, KNOT // HOP), KNOT // HOP, 126)
    torch.testing.assert_close(through, found.tract)


def test_nothing_else_gets_a_gradient_and_no_steps_are_the_same(model: Ouroboros) -> None:
    generator = torch.Generator().manual_seed(1)
    source, radiation = torch.randn(1, SAMPLES, generator=generator), Radiation(tract=controls(2))
    target = torch.randn(1, SAMPLES, generator=generator)
    before = [p.detach().clone() for p in model.parameters()]
    Refinement(3).refined(model, source, radiation, target, generator)
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters()))
    assert Refinement(0).refined(model, source, radiation, target, generator) is radiation


@pytest.mark.parametrize(
    ("settings", "line"), [({"steps": -1}, "refine is -1"), ({"steps": 1, "lr": 0.0}, "refine_lr")]
)
def test_numbers_out_of_range_are_refused(settings: dict, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        Refinement(**settings)


def test_counting_knots_of_any_length() -> None:
    y = torch.arange(23.0)[None, :, None]
    assert counting_knots(y, 5)[0, :, 0].tolist() == [0, 5, 10, 15, 20, 22]
    assert np.array_equal(counting_knots(y, 1), y)
