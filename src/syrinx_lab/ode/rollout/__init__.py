"""The free run of the oscillator, through one of several backends that compute the same numbers.

A backend is a file with one public function, `integrate(problem) -> (x, v)`, both (B, H).
"""

from __future__ import annotations

from importlib import import_module

from ...types import Trajectory
from .choice import BACKENDS, ResolvedBackend, choose_backend, resolve_backend
from .problem import InitialValueProblem
from .steering import Forcing

__all__ = [
    "BACKENDS",
    "Forcing",
    "InitialValueProblem",
    "ResolvedBackend",
    "choose_backend",
    "resolve_backend",
    "rollout",
]


def rollout(problem: InitialValueProblem, backend: str = "auto") -> Trajectory:
    """Integrate the oscillator by itself: only the drives are given, the state follows from its own past.

    Every backend gives the same values, and the same gradients for the stiffness, gamma, all weights and the initial
    condition.

    problem  what is integrated
    backend  auto or one of BACKENDS, see `choose_backend`
    Returns x and v (B, H), dimensionless. Raises ValueError when the backend is unknown or does not run on these
    tensors.
    """
    name = choose_backend(backend, problem.drives.gamma.device, problem.drives.gamma.dtype)
    integrate = import_module(f".{name}", __package__).integrate  # numba is only imported where it is used
    return Trajectory(*integrate(problem))
