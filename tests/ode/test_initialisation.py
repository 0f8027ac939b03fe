"""The physical prior: what it sets in the heads, and that the oscillator it makes has the amplitude it promises."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from syrinx_lab.ode.initialisation import OscInit
from syrinx_lab.ode.rollout import InitialValueProblem, rollout
from syrinx_lab.types import Drives, Heads


def heads(degree: int) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    return nn.Linear(2, 1), nn.Linear(2, 1), nn.Linear(2, (degree + 1) ** 2)


@pytest.mark.parametrize("keep_const", [True, False])
def test_sets_its_rows_and_no_other(keep_const: bool) -> None:
    degree = 4
    omega, gamma, weights = heads(degree)
    before = [p.clone() for head in (omega, gamma, weights) for p in head.parameters()]
    OscInit(gamma=-0.02, vdp=0.05, cubic=0.03, const=2e-3).apply_(Heads(omega, gamma, weights), degree, keep_const)
    assert torch.equal(omega.weight, before[0])
    assert torch.equal(omega.bias, before[1])
    assert torch.equal(gamma.weight, torch.zeros(1, 2))
    assert gamma.bias.item() == pytest.approx(-0.02)
    expected_weight, expected_bias = before[4].clone(), before[5].clone()
    for row, bias in {11: 0.05, 15: 0.03, **({0: 2e-3} if keep_const else {})}.items():  # 2 * 5 + 1 and 3 * 5 + 0
        expected_weight[row], expected_bias[row] = 0, bias
    assert torch.equal(weights.weight, expected_weight)
    assert torch.equal(weights.bias, expected_bias)
    assert all(p.requires_grad for head in (omega, gamma, weights) for p in head.parameters())


def test_the_limit_cycle_has_the_documented_amplitude_growth_and_pitch() -> None:
    degree, steps, h = 3, 8000, 0.25
    prior = OscInit()
    stiffness = torch.tensor([0.2, 0.8], dtype=torch.float64)
    weights = torch.zeros(2, steps, degree + 1, degree + 1, dtype=torch.float64)
    weights[..., 2, 1], weights[..., 3, 0] = prior.vdp, prior.cubic
    drives = Drives(
        stiffness[:, None].expand(2, steps), torch.full((2, steps), prior.gamma, dtype=torch.float64), weights
    )
    quiet = torch.full((2,), 1e-2, dtype=torch.float64)
    run = rollout(InitialValueProblem(drives, (quiet, torch.zeros_like(quiet)), steps, step=h))

    amplitude = 2 * math.sqrt(-prior.gamma / prior.vdp)
    assert run.x[:, -1000:].amax(1).tolist() == pytest.approx([amplitude] * 2, rel=0.005)

    early = run.x[:, :400].amax(1), run.x[:, 1600:2000].amax(1)  # 400 s apart, still far below the limit
    assert (early[1] / early[0]).log().tolist() == pytest.approx([-prior.gamma / 2 * 1600 * h] * 2, rel=0.05)

    for x, k in zip(run.x[:, -3000:], stiffness.tolist()):
        rising = ((x[:-1] < 0) & (x[1:] >= 0)).nonzero().flatten().double()
        omega = 2 * math.pi * (len(rising) - 1) / ((rising[-1] - rising[0]).item() * h)
        assert omega == pytest.approx(math.sqrt(k + 0.75 * prior.cubic * amplitude**2), rel=0.002)


def test_a_prior_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"oscillator\.degree is 2: use 3 or more"):
        OscInit().apply_(Heads(*heads(2)), 2, True)
    with pytest.raises(ValueError, match="do not fit degree 4"):
        OscInit().apply_(Heads(*heads(3)), 4, True)
