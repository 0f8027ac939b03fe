"""Rollouts on which the graph backends are compared with eager."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import Forcing, InitialValueProblem
from syrinx_lab.types import Drives

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
STEP = 0.6
Integrate = Callable[..., tuple[Tensor, Tensor]]


class Problem:
    """A lively but bounded oscillator under drives of `hop` samples, to be pulled to data and differentiated."""

    def __init__(self, batch: int, horizon: int, degree: int, dtype: torch.dtype, hop: int = 1) -> None:
        generator = torch.Generator().manual_seed(1000 * degree + 10 * horizon + batch)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        steps = -(-(horizon - 1) // hop) + 2  # one to spare
        power = torch.arange(degree + 1)
        weights = 0.05 * draw(batch, steps, degree + 1, degree + 1) / (1.0 + power[:, None] + power)
        drives = 0.8 + 0.1 * draw(batch, steps), 0.1 * draw(batch, steps), weights
        inputs = (*drives, 0.2 * draw(batch), 0.2 * draw(batch))
        self.inputs = tuple(y.to(dtype).requires_grad_() for y in inputs)
        self.data = 0.2 * draw(batch, horizon).to(dtype), 0.2 * draw(batch, horizon).to(dtype)
        self.horizon, self.hop = horizon, hop

    def solve(
        self, integrate: Integrate, clamp: SoftClamp | None, rate: float | None = None, decay: float = 1.0
    ) -> list[Tensor]:
        """x, v, and the gradients of a loss that weighs every sample otherwise, for all that requires one."""
        stiffness, gamma, weights, *start = self.inputs
        forcing = None if rate is None else Forcing(*self.data, rate)
        drives = Drives(stiffness, gamma, weights, self.hop)
        x, v = integrate(InitialValueProblem(drives, tuple(start), self.horizon, STEP, clamp, forcing, decay))
        place = torch.arange(x.numel(), dtype=x.dtype).reshape(x.shape)
        loss = (x * torch.cos(place)).sum() + (v * torch.sin(0.7 * place)).sum()
        wanted = [y for y in self.inputs if y.requires_grad]
        grads = torch.autograd.grad(loss, wanted, allow_unused=True) if wanted else []
        return [x, v] + [torch.zeros_like(y) if g is None else g for y, g in zip(wanted, grads)]


def problems(degree: int, dtype: torch.dtype, batches: tuple[int, ...] = (1, 5)) -> Iterator[Problem]:
    """At audio and at control rate: the start alone, one step, some steps."""
    for hop in (1, 4):
        for batch in batches:
            for horizon in (1, 2, 33):
                yield Problem(batch, horizon, degree, dtype, hop)


def assert_agree(found: list[Tensor], expected: list[Tensor]) -> None:
    """Every result to the tolerance of its dtype, relative to its largest number."""
    assert len(found) == len(expected)
    for number, (a, b) in enumerate(zip(found, expected)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert torch.isfinite(b).all()
        scale = b.abs().max().item()
        assert (a - b).abs().max().item() <= TOLERANCE[b.dtype] * scale, f"result {number}, scale {scale}"
