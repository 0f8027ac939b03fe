"""A piecewise-linear recurrence trained on a path under teacher forcing."""

from __future__ import annotations

import copy
import math
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ...recurrences.forcing import Forcing
from ...recurrences.pieces import Pull
from ...recurrences.recurrence import Recurrence
from ...recurrences.steps import jacobians, run, step
from ..systems.flow import Array
from .model import Reconstruction


class MakeRecurrence(Protocol):
    """What makes the recurrence for a path of N channels."""

    def __call__(self, observed: int, size: int) -> Recurrence: ...


class TrainedRecurrence(Reconstruction):
    """A recurrence whose first N numbers are the path, by truncated backpropagation through forced runs.

    loss = mean (x_t - z_t)^2 over windows of H samples, z pulled to x as `forcing` says; RAdam, whose rate falls
    exponentially from `lr` to `lr_end`.

    recurrence  called with (observed, size), see `Recurrence`
    forcing     of the runs in training
    hidden      numbers of the state beside the N that are observed
    updates     of training
    batch, length  windows an update, and their samples
    lr, lr_end  rates of RAdam
    noise       standard deviation of what is added to the windows, of channels of unit variance

    Source: Hess et al. (2023), ICML, and Brenner et al. (2024), NeurIPS, with their settings.
    """

    about = "piecewise-linear recurrence, teacher forcing"
    source = "Hess et al. (2023), Brenner et al. (2024)"

    def __init__(
        self,
        *,
        recurrence: MakeRecurrence,
        forcing: Forcing,
        hidden: int = 0,
        updates: int = 20_000,
        batch: int = 16,
        length: int = 200,
        lr: float = 1e-3,
        lr_end: float = 1e-6,
        noise: float = 0.0,
    ) -> None:
        for name, value in (("hidden", hidden + 1), ("updates", updates), ("batch", batch), ("length", length - 1)):
            if value < 1:
                raise ValueError(f"{name} is out of range: use more")
        self._make, self._forcing, self._hidden = recurrence, forcing, hidden
        self.updates, self.batch, self.length = updates, batch, length
        self.lr, self.lr_end, self.noise = lr, lr_end, noise
        self.recurrence: Recurrence

    def fit(self, path: Array, interval: float, seed: int) -> None:
        """Train; of updates whose gradient is not finite none is made."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.recurrence = self._make(path.shape[1], path.shape[1] + self._hidden)
        forcing, data = copy.deepcopy(self._forcing), torch.as_tensor(path, dtype=torch.float32)
        if len(data) < self.length:
            raise ValueError(f"length is {self.length}: the path has {len(data)} samples, use less")
        generator = torch.Generator().manual_seed(seed)
        adam = torch.optim.RAdam(self.recurrence.parameters(), lr=self.lr)
        schedule = torch.optim.lr_scheduler.ExponentialLR(
            adam, math.exp(math.log(self.lr_end / self.lr) / self.updates)
        )
        window = torch.arange(self.length)
        for _ in range(self.updates):
            first = torch.randint(len(data) - self.length + 1, (self.batch, 1), generator=generator)
            seen = data[first + window]
            if self.noise:
                seen = seen + self.noise * torch.randn(seen.shape, generator=generator)
            adam.zero_grad()
            self.loss(seen, forcing).backward()
            if all(bool(torch.isfinite(p.grad).all()) for p in self.recurrence.parameters() if p.grad is not None):
                adam.step()
            schedule.step()
        self.recurrence.double()
        self._pieces = self.recurrence.pieces()

    def loss(self, seen: Tensor, forcing: Forcing) -> Tensor:
        """() of windows (B, H, N)."""
        pull = Pull(seen, forcing.rates(self.recurrence, seen))
        states = self.recurrence.run(seen[:, 0], seen.shape[1], None, pull)
        return (states[:, 1:, : seen.shape[-1]] - seen[:, 1:]).square().mean()

    @torch.no_grad()
    def begun(self, past: Array) -> Array:
        """The last sample, and what it says of the hidden numbers."""
        return self.recurrence.lifted(torch.as_tensor(past[-1:], dtype=torch.float64))[0].numpy()

    @torch.no_grad()
    def step(self, states: Array) -> Array:
        """F of states (B, M)."""
        return step(torch.as_tensor(states), self._pieces).numpy()

    def seen(self, states: Array) -> Array:
        """The first N numbers."""
        return states[..., : self.recurrence.observed]

    @torch.no_grad()
    def jacobian(self, state: Array) -> Array:
        """In closed form."""
        return jacobians(torch.as_tensor(state), self._pieces).numpy()

    @torch.no_grad()
    def states(self, start: Array, steps: int) -> Array:
        """(steps + 1, B, M), compiled."""
        found: Any = run(torch.as_tensor(start), self._pieces, steps + 1)
        return np.moveaxis(found.numpy(), 0, 1)
