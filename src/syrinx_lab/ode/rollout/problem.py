"""What a rollout integrates, as one value that every backend takes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ...types import Drives
from ..right_hand_side import SoftClamp
from .advance import Advance
from .steering import Forcing


@dataclass(frozen=True, eq=False)
class InitialValueProblem:
    """The oscillator under given drives, from a given state, over a horizon.

    y_{k+1} = clamp(RK4(y_k)), y_0 = ic, for y = (x, v), dx/ds = v, dv/ds = `acceleration`, s = t / tau

    with classical Runge-Kutta steps of size h, step k under the drives of sample k, held over the step. The
    polynomial inside sees softly clamped inputs too. (`RolloutSettings`, of the configuration, says how training
    starts and steers its rollouts; a problem is one of them.)

    drives         (B, T) and (B, T, P+1, P+1); at control rate they are interpolated to samples, see `Drives`. The
                   first H - 1 samples are used
    ic             x and v (B,) at the first sample, which the trajectory repeats unchanged
    horizon        H, samples, 1 to `drives.samples`
    step           h = dt / tau, dimensionless
    clamp          soft clamp of the state, or None
    forcing        data (B, H) that the state is pulled towards before every step, or None
    adjoint_decay  d in (0, 1]: credit is cut off softly. What passes from the state after a step to the state before it
                   in the backward pass is multiplied by d, so a loss at sample k reaches the drives of sample j with
                   weight d^(k - j - 1); values do not change
    Raises ValueError when shapes, dtypes or devices do not fit, the drives do not reach over the horizon, the step is
    not positive and finite, or the decay is not in (0, 1].
    """

    drives: Drives
    ic: tuple[Tensor, Tensor]
    horizon: int
    step: float = 1.0
    clamp: SoftClamp | None = None
    forcing: Forcing | None = None
    adjoint_decay: float = 1.0

    def __post_init__(self) -> None:
        self._check_tensors()
        drives, horizon = self.drives, self.horizon
        if drives.hop < 1:
            raise ValueError(f"rollout: drives of hop {drives.hop}: give 1 (audio rate) or more samples")
        if not 1 <= horizon <= drives.samples:
            raise ValueError(
                f"rollout: horizon {horizon} does not lie within the drives' 1 to {drives.samples} samples"
            )
        if not 0 < self.step < float("inf"):
            raise ValueError(f"rollout: step {self.step} must be positive and finite")
        if not 0 < self.adjoint_decay <= 1:
            raise ValueError(f"rollout: adjoint_decay {self.adjoint_decay} must lie in (0, 1]")

    @property
    def advance(self) -> Advance:
        """One step of it, equal for problems that share step, clamp and decay: what graphs are kept by."""
        return Advance(self.step, self.clamp, self.adjoint_decay)

    @property
    def data(self) -> tuple[Tensor, ...]:
        """The forcing's x and v (B, H), to which no gradient flows; () without."""
        return () if self.forcing is None else (self.forcing.x.detach(), self.forcing.v.detach())

    @property
    def rate(self) -> float:
        """The forcing's, 0 without."""
        return 0.0 if self.forcing is None else self.forcing.rate

    def _check_tensors(self) -> None:
        drives, forcing = self.drives, self.forcing
        batch, steps = drives.gamma.shape
        side = drives.weights.shape[-1]
        expected = {
            "stiffness": (drives.stiffness, (batch, steps)),
            "weights": (drives.weights, (batch, steps, side, side)),
            "initial x": (self.ic[0], (batch,)),
            "initial v": (self.ic[1], (batch,)),
        }
        for name, (tensor, shape) in expected.items():
            if tensor.shape != shape:
                raise ValueError(f"rollout: {name} has shape {tuple(tensor.shape)}, but gamma asks for {shape}")
        if forcing is not None:
            shape = batch, self.horizon
            expected |= {"forcing x": (forcing.x, shape), "forcing v": (forcing.v, shape)}
            for name, data in (("x", forcing.x), ("v", forcing.v)):
                if data.shape != shape:
                    raise ValueError(f"rollout: forcing {name} has shape {tuple(data.shape)}, but not {shape}")
        for name, (tensor, _) in expected.items():
            if (tensor.dtype, tensor.device) != (drives.gamma.dtype, drives.gamma.device):
                raise ValueError(
                    f"rollout: {name} is {tensor.dtype} on {tensor.device}, "
                    f"but gamma is {drives.gamma.dtype} on {drives.gamma.device}"
                )
