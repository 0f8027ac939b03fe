"""The Hankel alternative view of Koopman: linear dynamics of delay coordinates, and a forcing that is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import expm

from ..systems.flow import Array
from .hankel_dmd import delayed, pydmd
from .model import Reconstruction


class Havok(Reconstruction):
    """v' = A v + B f of the leading singular vectors v of delayed samples, the last of which, f, forces the others.

    By itself it has no forcing: f = 0 in a free run, which then is linear and rings out. What it says of a system is
    when f is large, not how the system goes on.

    delays   samples of all channels in a row of the Hankel matrix
    rank     singular vectors, the forcing among them
    Raises ValueError where pydmd is missing.

    Source: Brunton, Brunton, Proctor, Kaiser and Kutz (2017), Nat. Commun. 8, 19; pydmd.
    """

    about = "linear in delay coordinates, its forcing left out"
    source = "Brunton et al. (2017), by pydmd"

    def __init__(self, *, delays: int = 30, rank: int = 30) -> None:
        if delays < 2 or not 2 <= rank <= delays:
            raise ValueError(f"rank is {rank} and delays {delays}: use 2 or more, and no higher rank than delays")
        self.memory, self.rank = delays, rank
        self._package = pydmd()

    def fit(self, path: Array, interval: float, seed: int) -> None:
        """Singular vectors and their linear dynamics; nothing is drawn."""
        fitted: Any = self._package.HAVOK(svd_rank=self.rank, delays=self.memory)
        fitted.fit(path.T, interval * np.arange(len(path)))
        self._step = expm(np.real(fitted.A) * interval).T
        embedded = np.real(fitted.linear_dynamics)  # the leading vectors without the forcing
        rows = delayed(path, self.memory)
        self._into = np.linalg.lstsq(rows, embedded, rcond=None)[0]
        self._out = np.linalg.lstsq(rows @ self._into, path[self.memory - 1 :], rcond=None)[0]

    def begun(self, past: Array) -> Array:
        """The delay coordinates of the last samples."""
        return np.asarray(past[::-1].ravel() @ self._into)

    def step(self, states: Array) -> Array:
        """Exp(A dt) v."""
        return np.asarray(states @ self._step)

    def seen(self, states: Array) -> Array:
        """The channels, as linear functions of v."""
        return np.asarray(states @ self._out)

    def jacobian(self, state: Array) -> Array:
        """Exp(A dt)."""
        return np.asarray(self._step.T)
