"""From one sample of the rollout to the next, with all that may be done to the state on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ..right_hand_side import SoftClamp
from .rk4 import rk4_step
from .steering import pull, scale_gradient


@dataclass(frozen=True)
class Advance:
    """One step of the rollout as a function of tensors alone, called by eager, compiled or captured by graph backends.

    y_{t+1} = RK4(pull(y_t)); what passes from y_{t+1} to y_t in the backward pass is multiplied by `decay`

    step   h = dt / tau, dimensionless
    clamp  soft clamp of the state, or None
    decay  factor of the adjoint, in (0, 1]
    """

    step: float
    clamp: SoftClamp | None
    decay: float = 1.0

    def __call__(
        self, x: Tensor, v: Tensor, stiffness: Tensor, gamma: Tensor, weights: Tensor, *forcing: Any
    ) -> tuple[Tensor, Tensor]:
        """The state one step later.

        x, v, stiffness, gamma (B,), weights (B, P+1, P+1): the state and the drives of this step; forcing is nothing,
        or the x (B,) and v (B,) that the state is pulled towards and the rate, a number or a tensor (). A tensor is no
        part of a graph, so that a rate that changes over the epochs asks for no new one.
        """
        if forcing:
            x_data, v_data, rate = forcing
            x, v = pull(x, x_data, rate), pull(v, v_data, rate)
        return rk4_step(
            scale_gradient(x, self.decay),
            scale_gradient(v, self.decay),
            stiffness,
            gamma,
            weights,
            self.step,
            self.clamp,
        )
