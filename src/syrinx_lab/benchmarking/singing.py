"""What the benchmark lets the oscillator sing: self-sustained oscillations, a little different for every item."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..ode.right_hand_side import SoftClamp
from ..ode.rollout import InitialValueProblem, rollout
from ..types import Drives, Trajectory, knot_count

_SAMPLE_RATE = 44_100
_DAMPING = -0.02  # negative: feeds energy in, until the clamp takes out as much, at an amplitude near 0.13
_SCATTER = 1e-4  # standard deviation of the weights
CLAMP = SoftClamp()


@dataclass(frozen=True)
class Song:
    """Drives, a start and gradients that come back from a loss: all that a rollout and its backward pass need."""

    drives: Drives
    ic: tuple[Tensor, Tensor]
    returning: tuple[Tensor, Tensor]

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors that gradients are taken for."""
        return [self.drives.stiffness, self.drives.gamma, self.drives.weights, *self.ic]

    @property
    def inputs_bytes(self) -> int:
        """Bytes of `inputs`."""
        return sum(tensor.nbytes for tensor in self.inputs)

    @property
    def horizon(self) -> int:
        """H, samples."""
        return self.returning[0].shape[1]

    def forward(self, backend: str, horizon: int | None = None) -> Trajectory:
        """The rollout alone, without a gradient, over all samples or the first `horizon`."""
        with torch.no_grad():
            return self._roll(backend, horizon or self.horizon)

    def forward_backward(self, backend: str, horizon: int | None = None) -> tuple[Tensor, ...]:
        """The rollout and the gradients of all inputs."""
        horizon = horizon or self.horizon
        sung = self._roll(backend, horizon)
        x_grad, v_grad = self.returning
        return torch.autograd.grad((sung.x, sung.v), self.inputs, (x_grad[:, :horizon], v_grad[:, :horizon]))

    def run(self, backend: str, backward: bool, horizon: int | None = None) -> Callable[[], object]:
        """`forward_backward` or `forward`, to be timed."""
        task = self.forward_backward if backward else self.forward
        return lambda: task(backend, horizon)

    def _roll(self, backend: str, horizon: int) -> Trajectory:
        return rollout(InitialValueProblem(self.drives, self.ic, horizon, clamp=CLAMP), backend)


def check_sizes(batch: int, horizon: int, degree: int, hop: int) -> None:
    """Raise ValueError for a size that is no whole number or below 1 (horizon: below 2)."""
    sizes = (("batch", batch, 1), ("horizon", horizon, 2), ("degree", degree, 1), ("control_hop", hop, 1))
    for name, size, least in sizes:
        if not isinstance(size, int) or size < least:
            raise ValueError(f"{name} is {size!r}: it must be a whole number of at least {least}")


def compose_song(
    batch: int,
    horizon: int,
    degree: int,
    hop: int = 1,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> Song:
    """A self-sustained oscillator that glides from 1-2 to 2-4 kHz at 44.1 kHz, with small weights, from a loud start.

    batch, horizon, degree   B, H samples, P >= 1; hop as in `Drives`: the knots reach just over the horizon
    Raises ValueError as `check_sizes` does.
    """
    check_sizes(batch, horizon, degree, hop)
    generator = torch.Generator().manual_seed(seed)
    knots = knot_count(horizon, hop)
    glide = 2 ** (torch.rand(batch, 1, generator=generator) + torch.linspace(0, 1, knots))  # Hz / 1000, over time
    stiffness = (2 * math.pi * 1000 * glide / _SAMPLE_RATE).square()
    gamma = torch.full((batch, knots), _DAMPING)
    weights = torch.empty(batch, knots, degree + 1, degree + 1).normal_(0, _SCATTER, generator=generator)
    weights[..., 1, 0] = weights[..., 0, 1] = 0
    starts = [0.2 * torch.randn(batch, generator=generator) for _ in range(2)]
    returning = [torch.randn(batch, horizon, generator=generator) for _ in range(2)]

    def ready(tensor: Tensor, gradient: bool = True) -> Tensor:
        return tensor.to(device, dtype).requires_grad_(gradient)

    return Song(
        Drives(ready(stiffness), ready(gamma), ready(weights), hop=hop),
        (ready(starts[0]), ready(starts[1])),
        (ready(returning[0], False), ready(returning[1], False)),
    )
