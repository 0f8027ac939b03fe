"""The field is the rollout's own right-hand side, and its derivatives are its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.dynamics.field import PlanarField
from syrinx_lab.dynamics.path import DrivenPath
from syrinx_lab.ode.right_hand_side import SoftClamp, acceleration
from syrinx_lab.types import Drives


def made(shape: tuple[int, ...], degree: int, clamp: SoftClamp | None, seed: int = 3) -> PlanarField:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(*shape, degree + 1, degree + 1))
    weights[..., 1, 0] = weights[..., 0, 1] = 0
    return PlanarField(rng.normal(size=shape), rng.normal(size=shape), weights, step=0.5, sample_rate=8000, clamp=clamp)


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
@pytest.mark.parametrize("degree", [1, 3, 15])
def test_it_is_the_right_hand_side_of_the_rollout(clamp: SoftClamp | None, degree: int) -> None:
    field = made((4,), degree, clamp)
    x, v = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 4))
    own = (torch.as_tensor(y) for y in (x, v, field.stiffness, field.gamma, field.weights))
    np.testing.assert_allclose(field.acceleration(x, v), acceleration(*own, clamp).numpy(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
def test_derivatives_up_to_the_third_are_those_of_autograd(clamp: SoftClamp | None) -> None:
    field = made((), 5, clamp)
    own = [torch.as_tensor(y) for y in (field.stiffness, field.gamma, field.weights)]
    state = torch.tensor([0.3, -0.4], dtype=torch.float64, requires_grad=True)

    def gradient(y: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(y, state, create_graph=True)[0]

    a = acceleration(state[0], state[1], *own, clamp)
    a_x, a_v = gradient(a)
    (xx, xv), (_, vv) = gradient(a_x), gradient(a_v)
    (xxx, xxv), (xvv, vvv) = gradient(xx), gradient(vv)
    expected = [float(y.detach()) for y in (a, a_x, a_v, xx, xv, vv, xxx, xxv, xvv, vvv)]
    np.testing.assert_allclose(field.derivatives(0.3, -0.4, 3), expected, rtol=1e-11)
    np.testing.assert_allclose(field.jacobian(0.3, -0.4), [[0, 1], expected[1:3]], rtol=1e-11)
    np.testing.assert_allclose(
        field.hessian(0.3, -0.4), [[expected[3], expected[4]], [expected[4], expected[5]]], rtol=1e-11
    )
    np.testing.assert_allclose(field.divergence(0.3, -0.4), expected[2], rtol=1e-11)


@pytest.mark.parametrize("clamp", [None, SoftClamp(0.5, 1.0)])
def test_the_potential_is_the_integral_of_the_restoring_force(clamp: SoftClamp | None) -> None:
    field = made((3,), 6, clamp)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x = 0.8
    integral = (field.restoring(x / 2 * np.tile(nodes + 1, (3, 1))) * weights).sum(-1) * x / 2
    np.testing.assert_allclose(field.potential(x), integral, rtol=1e-10)
    np.testing.assert_allclose(field.potential(0.0), 0, atol=1e-15)


def test_every_field_has_its_own_states() -> None:
    field = made((3,), 4, SoftClamp(0.5, 1.0))
    x, v = np.random.default_rng(1).uniform(-1, 1, (2, 3, 5))
    together = field.acceleration(x, v)
    for k in range(3):
        np.testing.assert_allclose(together[k], field[k].acceleration(x[k], v[k]), rtol=1e-13)
        np.testing.assert_allclose(field[k].acceleration(x[k, 0], v[k, 0]), together[k, 0], rtol=1e-13)


def test_a_path_lies_between_its_knots_as_a_rollout_does() -> None:
    weights = torch.arange(2.0 * 3 * 4).view(2, 3, 2, 2)
    drives = Drives(torch.tensor([[0.0, 1, 2], [4, 2, 0]]), torch.zeros(2, 3), weights, hop=10)
    path = DrivenPath.of(drives, 1, step=1.0, sample_rate=1000)
    np.testing.assert_allclose(path.seconds, [0, 0.01, 0.02])
    np.testing.assert_allclose(path.at([0.0025, 0.015, 9.0]).stiffness, [3.5, 1, 0])
    np.testing.assert_allclose(path.at(0.005).weights, weights[1, :2].mean(0))
    assert len(path.thinned(2)) == 2


def test_what_is_not_finite_is_refused_in_one_line() -> None:
    drives = Drives(torch.tensor([[0.0, float("nan")]]), torch.zeros(1, 2), torch.zeros(1, 2, 4, 4))
    with pytest.raises(ValueError, match="1 of 2 knots are not finite: the model has diverged"):
        DrivenPath.of(drives, step=1.0, sample_rate=1000)
    with pytest.raises(ValueError, match="do not fit"):
        PlanarField(np.zeros(3), np.zeros(2), np.zeros((2, 4, 4)))
