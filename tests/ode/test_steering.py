"""Forcing and the fading adjoint, where the answer is known."""

from __future__ import annotations

import pytest
import torch

from syrinx_lab.ode.rollout import Forcing, InitialValueProblem, rollout
from syrinx_lab.types import Drives


def linear(steps: int) -> tuple[Drives, tuple[torch.Tensor, torch.Tensor]]:
    """An undamped linear oscillator of frequency one."""
    one = torch.ones(1, steps, dtype=torch.float64)
    start = torch.tensor([0.3], dtype=torch.float64, requires_grad=True), torch.zeros(1, dtype=torch.float64)
    return Drives(one, 0 * one, torch.zeros(1, steps, 2, 2, dtype=torch.float64)), start


@pytest.mark.parametrize("backend", ["eager", "fused"])
def test_full_forcing_takes_every_step_from_the_data(backend: str) -> None:
    drives, start = linear(6)
    generator = torch.Generator().manual_seed(0)
    x, v = (torch.randn(1, 6, generator=generator, dtype=torch.float64) for _ in range(2))
    forced = rollout(InitialValueProblem(drives, start, 6, step=0.4, forcing=Forcing(x, v, 1.0)), backend)
    for t in range(5):
        one = rollout(InitialValueProblem(drives, (x[:, t], v[:, t]), 2, step=0.4), backend)
        torch.testing.assert_close(forced.x[:, t + 1], one.x[:, 1])
        torch.testing.assert_close(forced.v[:, t + 1], one.v[:, 1])
    assert forced.x[0, 0] == start[0]  # as it was before the pull
    (grad,) = torch.autograd.grad(forced.x.sum(), start[0])
    assert grad.item() == 1.0  # of the first sample alone


@pytest.mark.parametrize("backend", ["eager", "fused"])
def test_forcing_of_rate_zero_is_the_free_run(backend: str) -> None:
    drives, start = linear(9)
    data = torch.ones(1, 9, dtype=torch.float64)
    forced = rollout(InitialValueProblem(drives, start, 9, forcing=Forcing(data, data, 0.0)), backend)
    assert torch.equal(forced.x, rollout(InitialValueProblem(drives, start, 9), backend).x)


@pytest.mark.parametrize("backend", ["eager", "scan", "fused"])
@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_a_loss_k_steps_on_reaches_the_start_with_the_kth_power_of_the_decay(backend: str, decay: float) -> None:
    drives, start = linear(9)
    run = rollout(InitialValueProblem(drives, start, 9, step=0.4, adjoint_decay=decay), backend)
    plain = rollout(InitialValueProblem(drives, start, 9, step=0.4), backend)
    assert torch.equal(run.x, plain.x)
    for k in (0, 1, 5):
        (found,) = torch.autograd.grad(run.x[0, k], start[0], retain_graph=True)
        (full,) = torch.autograd.grad(plain.x[0, k], start[0], retain_graph=True)
        torch.testing.assert_close(found, full * decay**k, rtol=1e-12, atol=0)


@pytest.mark.parametrize("backend", ["eager", "scan", "fused"])
def test_a_loss_reaches_the_drives_of_the_step_before_undiminished(backend: str) -> None:
    drives, start = linear(7)
    stiffness = drives.stiffness.requires_grad_()
    found, full = (
        torch.autograd.grad(
            rollout(InitialValueProblem(drives, start, 7, step=0.4, adjoint_decay=d), backend).x[0, 6], stiffness
        )[0][0]
        for d in (0.5, 1.0)
    )
    weight = 0.5 ** torch.tensor([5.0, 4, 3, 2, 1, 0], dtype=torch.float64)
    torch.testing.assert_close(found[:6], full[:6] * weight, rtol=1e-12, atol=0)
    assert full[0] != 0
    assert found[6] == 0


def test_no_gradient_flows_to_the_data() -> None:
    drives, start = linear(5)
    data = torch.ones(1, 5, dtype=torch.float64, requires_grad=True)
    for backend in ("eager", "scan", "fused"):
        run = rollout(InitialValueProblem(drives, start, 5, forcing=Forcing(data, data, 0.5)), backend)
        grads = torch.autograd.grad(run.x.sum(), (start[0], data), allow_unused=True)
        assert grads[0].item() != 0
        assert grads[1] is None


@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan")])
def test_rates_outside_zero_to_one_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"forcing\.rate is"):
        Forcing(torch.zeros(1, 4), torch.zeros(1, 4), rate)


def test_data_and_decays_that_do_not_fit_are_refused() -> None:
    drives, start = linear(5)
    data = torch.zeros(1, 4, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"forcing x has shape \(1, 4\), but not \(1, 5\)"):
        rollout(InitialValueProblem(drives, start, 5, forcing=Forcing(data, data, 0.1)))
    single = torch.zeros(1, 5)
    with pytest.raises(ValueError, match=r"forcing x is torch\.float32"):
        rollout(InitialValueProblem(drives, start, 5, forcing=Forcing(single, single, 0.1)))
    for decay in (0.0, -1.0, 1.01):
        with pytest.raises(ValueError, match="adjoint_decay"):
            rollout(InitialValueProblem(drives, start, 5, adjoint_decay=decay))
