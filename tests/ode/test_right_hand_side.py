"""The right-hand side and the soft clamp against sums written out, closed-form derivatives and finite differences."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch

from syrinx_lab.ode.right_hand_side import SoftClamp, acceleration


def draw(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("degree", [1, 2, 3, 15])
@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
def test_acceleration_is_the_sum_written_out(degree: int, clamp: SoftClamp | None) -> None:
    x, v, stiffness, gamma = (0.7 * draw(2, 3, seed=s) for s in range(4))
    weights = draw(2, 3, degree + 1, degree + 1, seed=4)
    found = acceleration(x, v, stiffness, gamma, weights, clamp)
    for place in np.ndindex(2, 3):
        a, b = float(x[place]), float(v[place])
        p, q = (a, b) if clamp is None else (0.5 * math.tanh(a / 0.5), math.tanh(b))
        terms = [-float(stiffness[place]) * a, -float(gamma[place]) * b]
        terms += [-float(weights[place][i, j]) * p**i * q**j for i in range(degree + 1) for j in range(degree + 1)]
        assert float(found[place]) == pytest.approx(math.fsum(terms), rel=1e-12, abs=1e-12)


def test_gradients_at_the_origin_are_the_linear_terms_and_the_constant() -> None:
    degree = 15
    x, v = (torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    stiffness, gamma = draw(1, seed=0).requires_grad_(), draw(1, seed=1).requires_grad_()
    weights = draw(1, degree + 1, degree + 1, seed=2).requires_grad_()
    grads = torch.autograd.grad(acceleration(x, v, stiffness, gamma, weights).sum(), (x, v, stiffness, gamma, weights))
    assert grads[0].item() == pytest.approx(-stiffness.item() - weights[0, 1, 0].item(), rel=1e-14)
    assert grads[1].item() == pytest.approx(-gamma.item() - weights[0, 0, 1].item(), rel=1e-14)
    assert grads[2].item() == grads[3].item() == 0
    only_constant = torch.zeros(1, degree + 1, degree + 1, dtype=torch.float64)
    only_constant[0, 0, 0] = -1
    assert torch.equal(grads[4], only_constant)


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
def test_acceleration_gradcheck_first_and_second_order(clamp: SoftClamp | None) -> None:
    inputs = [0.5 * draw(2, seed=s) for s in range(4)] + [draw(2, 3, 3, seed=4)]
    inputs[0][0] = 0.0
    for tensor in inputs:
        tensor.requires_grad_()
    clamped = partial(acceleration, clamp=clamp)
    assert torch.autograd.gradcheck(clamped, inputs)
    assert torch.autograd.gradgradcheck(clamped, inputs)


def test_soft_clamp_values() -> None:
    x = torch.tensor([0.0, 1e-3, 0.5, -0.5, 50.0], dtype=torch.float64)
    clamped_x, clamped_v = SoftClamp(0.5, 2.0).apply(x, 4 * x)
    tanh_one = math.tanh(1.0)
    expected = [0.0, 1e-3 - 1e-9 / 0.75, 0.5 * tanh_one, -0.5 * tanh_one, 0.5]  # x - x^3 / (3 X^2) near zero
    assert clamped_x.tolist() == pytest.approx(expected, abs=1e-14)
    assert clamped_v.tolist() == pytest.approx([4 * value for value in expected], abs=1e-13)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.5, -1.0), (math.inf, 1.0), (0.5, math.nan)])
def test_a_clamp_without_bounds_is_refused_in_one_line(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=r"^clamp\.[xv] is [^\n]*$"):
        SoftClamp(*bounds)
