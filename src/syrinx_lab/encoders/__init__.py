"""What reads the drives off a recording, one encoder a file."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ..controls.analytic import AnalyticControls
from ..types import Controls


class Encoder(Protocol):
    """What the model asks of an encoder, itself an `nn.Module`; one whose controls can be told has a `width` too."""

    hop: int  # samples between the knots of its controls; 1 is audio rate

    def __call__(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """x, v (B, L), and the analytic controls where the model has them -> controls of T steps."""

    def weights(self, control: Tensor) -> Tensor:
        """Smoothed controls (B, T, C) -> weights (B, T, P+1, P+1)."""
