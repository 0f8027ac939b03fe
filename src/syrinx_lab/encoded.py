"""All that a model reads off a recording before the oscillator is driven by it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .ode.parameters import Parameters, Radiation

_CONSTANT = 1e-6


@dataclass
class Encoded:
    """All that is read off a recording, low-passed, at knots `control_hop` samples apart.

    oscillator   the oscillator's own parameters
    weight_code  (B, T, C), of which the polynomial weights are a linear function
    radiation    envelope, raw controls of tract and noise
    """

    oscillator: Parameters
    weight_code: Tensor
    radiation: Radiation


def varying(y: Tensor) -> int:
    """How many of the channels of y (B, T) or (B, T, C) move over time, by more than a millionth of their size."""
    y = y.detach()[..., None] if y.dim() == 2 else y.detach()
    spread = y.amax(1) - y.amin(1)
    return int((spread > _CONSTANT * y.abs().amax(1)).any(0).sum())
