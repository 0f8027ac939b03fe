"""The free run of the oscillator, through one of several backends that compute the same numbers.

A backend is a file with one public function,
`integrate(drives, ic, horizon, step, clamp, forcing, adjoint_decay) -> (x, v)`.
"""

from __future__ import annotations

from importlib import import_module

from torch import Tensor

from ...types import Drives, Trajectory
from ..right_hand_side import SoftClamp
from .choice import BACKENDS, ResolvedBackend, choose_backend, resolve_backend
from .steering import Forcing

__all__ = ["BACKENDS", "Forcing", "ResolvedBackend", "choose_backend", "resolve_backend", "rollout"]


def rollout(
    drives: Drives,
    ic: tuple[Tensor, Tensor],
    horizon: int,
    *,
    backend: str = "auto",
    step: float = 1.0,
    clamp: SoftClamp | None = None,
    forcing: Forcing | None = None,
    adjoint_decay: float = 1.0,
) -> Trajectory:
    """Integrate the oscillator by itself: only the drives are given, the state follows from its own past.

    y_{k+1} = clamp(RK4(y_k)), y_0 = ic, for y = (x, v), dx/ds = v, dv/ds = `acceleration`, s = t / tau

    with classical Runge-Kutta steps of size h, step k under the drives of sample k, held over the step. The
    polynomial inside sees softly clamped inputs too. Every backend gives the same values, and the same gradients for
    the stiffness, gamma, all weights and the initial condition.

    drives         (B, T) and (B, T, P+1, P+1); at control rate they are interpolated to samples, see `Drives`. The
                   first H - 1 samples are used
    ic             x and v (B,) at the first sample, which the trajectory repeats unchanged
    horizon        H, samples, 1 to `drives.samples`
    backend        auto or one of BACKENDS, see `choose_backend`
    step           h = dt / tau, dimensionless
    clamp          soft clamp of the state, or None
    forcing        data (B, H) that the state is pulled towards before every step, or None
    adjoint_decay  d in (0, 1]: credit is cut off softly. What passes from the state after a step to the state before it
                   in the backward pass is multiplied by d, so a loss at sample k reaches the drives of sample j with
                   weight d^(k - j - 1); values do not change
    Returns x and v (B, H), dimensionless.

    Raises ValueError when shapes, dtypes or devices do not fit, the drives do not reach over the horizon, the step is
    not positive and finite, the decay is not in (0, 1], or the backend is unknown or does not run on these tensors.
    """
    _check(drives, ic, horizon, step, forcing, adjoint_decay)
    name = choose_backend(backend, drives.gamma.device, drives.gamma.dtype)
    integrate = import_module(f".{name}", __package__).integrate  # numba is only imported where it is used
    return Trajectory(*integrate(drives, ic, horizon, step, clamp, forcing, adjoint_decay))


def _check(
    drives: Drives,
    ic: tuple[Tensor, Tensor],
    horizon: int,
    step: float,
    forcing: Forcing | None,
    adjoint_decay: float,
) -> None:
    batch, steps = drives.gamma.shape
    side = drives.weights.shape[-1]
    expected = {
        "stiffness": (drives.stiffness, (batch, steps)),
        "weights": (drives.weights, (batch, steps, side, side)),
        "initial x": (ic[0], (batch,)),
        "initial v": (ic[1], (batch,)),
    }
    for name, (tensor, shape) in expected.items():
        if tensor.shape != shape:
            raise ValueError(f"rollout: {name} has shape {tuple(tensor.shape)}, but gamma asks for {shape}")
    if forcing is not None:
        expected |= {"forcing x": (forcing.x, (batch, horizon)), "forcing v": (forcing.v, (batch, horizon))}
        for name, data in (("x", forcing.x), ("v", forcing.v)):
            if data.shape != (batch, horizon):
                raise ValueError(f"rollout: forcing {name} has shape {tuple(data.shape)}, but not {(batch, horizon)}")
    for name, (tensor, _) in expected.items():
        if (tensor.dtype, tensor.device) != (drives.gamma.dtype, drives.gamma.device):
            raise ValueError(
                f"rollout: {name} is {tensor.dtype} on {tensor.device}, "
                f"but gamma is {drives.gamma.dtype} on {drives.gamma.device}"
            )
    if drives.hop < 1:
        raise ValueError(f"rollout: drives of hop {drives.hop}: give 1 (audio rate) or more samples")
    if not 1 <= horizon <= drives.samples:
        raise ValueError(f"rollout: horizon {horizon} does not lie within the drives' 1 to {drives.samples} samples")
    if not 0 < step < float("inf"):
        raise ValueError(f"rollout: step {step} must be positive and finite")
    if not 0 < adjoint_decay <= 1:
        raise ValueError(f"rollout: adjoint_decay {adjoint_decay} must lie in (0, 1]")
