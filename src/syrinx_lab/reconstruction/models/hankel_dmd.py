"""Dynamic mode decomposition of delayed samples, by pydmd."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..systems.flow import Array
from .model import Reconstruction


class HankelDmd(Reconstruction):
    """z_{t+1} = K z_t of the last `delays` samples z, K of low rank: the best linear map in delay coordinates.

    delays  samples in the state
    rank    of K, at most; 0: what the singular values say (Gavish and Donoho's threshold)
    Raises ValueError where pydmd is missing.

    Source: Arbabi and Mezic (2017), SIAM J. Appl. Dyn. Syst. 16, 2096; Schmid (2010), J. Fluid Mech. 656, 5; pydmd.
    """

    about = "linear map of delayed samples"
    source = "Arbabi and Mezic (2017), by pydmd"

    def __init__(self, *, delays: int = 30, rank: int = 20) -> None:
        if delays < 1 or rank < 0:
            raise ValueError(f"delays is {delays} and rank {rank}: use 1 or more, and 0 or more")
        self.memory, self.rank = delays, rank
        self._dmd = pydmd()

    def fit(self, path: Array, interval: float, seed: int) -> None:
        """One singular value decomposition; nothing is drawn."""
        self._channels = path.shape[1]
        found = self._dmd.DMD(svd_rank=self.rank, exact=True).fit(delayed(path, self.memory).T)
        modes = found.modes
        self._map = np.real(modes @ np.diag(found.eigs) @ np.linalg.pinv(modes)).T

    def begun(self, past: Array) -> Array:
        """The last samples, the newest first."""
        return past[::-1].ravel().copy()

    def step(self, states: Array) -> Array:
        """K of states (B, delays N)."""
        return np.asarray(states @ self._map)

    def seen(self, states: Array) -> Array:
        """The newest sample."""
        return states[..., : self._channels]

    def jacobian(self, state: Array) -> Array:
        """K."""
        return np.asarray(self._map.T)


def delayed(path: Array, delays: int) -> Array:
    """(T - delays + 1, delays N) the last samples at every time, the newest first."""
    rows = [path[delays - 1 - k : len(path) - k] for k in range(delays)]
    return np.concatenate(rows, 1)


def pydmd() -> Any:
    """The package; ValueError with one line where it is missing."""
    try:
        return importlib.import_module("pydmd")
    except ImportError:
        raise ValueError(
            "this model needs the package pydmd: pip install 'syrinx-lab[reconstruction]', or leave it out of model="
        ) from None
