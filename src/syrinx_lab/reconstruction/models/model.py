"""The contract of a model that is to reconstruct a system: a map of states of which something is seen."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from ..systems.flow import Array

_SHIFT = 1e-5


class Reconstruction(ABC):
    """z_{t+1} = F(z_t), and x_t a function of z_t, fitted to a path x.

    A subclass says `about` and `source` in its class, and has

    fit     learn from a path (T, N) of unit variance
    begun   the state (M,) after a piece of path
    step    F of states (B, M)
    seen    x (B, N) of states (B, M)

    memory  samples of path that `begun` looks at
    """

    about: ClassVar[str]
    source: ClassVar[str]
    memory: int = 1

    @abstractmethod
    def fit(self, path: Array, interval: float, seed: int) -> None:
        """Learn from samples (T, N), `interval` units of time apart; the same seed gives the same model."""

    @abstractmethod
    def begun(self, past: Array) -> Array:
        """The state (M,) after the samples `past` (memory, N)."""

    @abstractmethod
    def step(self, states: Array) -> Array:
        """F of states (B, M)."""

    @abstractmethod
    def seen(self, states: Array) -> Array:
        """What is observed (B, N) of states (B, M)."""

    def jacobian(self, state: Array) -> Array:
        """dF/dz (M, M) at a state (M,); by central differences of 1e-5 of the state's size where it is not given."""
        shift = _SHIFT * max(1.0, float(np.abs(state).max()))
        moved = shift * np.eye(len(state))
        apart = self.step(np.concatenate((state + moved, state - moved)))
        return (apart[: len(state)] - apart[len(state) :]).T / (2 * shift)

    def states(self, start: Array, steps: int) -> Array:
        """(steps + 1, B, M) of the free run from states (B, M)."""
        found = np.empty((steps + 1, *start.shape))
        found[0] = start
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(steps):
                found[t + 1] = self.step(found[t])
        return found

    def run(self, past: Array, steps: int) -> Array:
        """(steps, N) what follows the samples `past`, by the model alone."""
        return self.seen(self.states(self.begun(past)[None], steps)[1:, 0])
