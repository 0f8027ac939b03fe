"""No noise."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class NoNoise(nn.Module):
    """Adds silence: y_t = 0."""

    channels = 0
    reach = 0

    def calibrate(self, recordings: Sequence[Tensor]) -> None:
        """Nothing is taken from recordings."""

    def forward(
        self, excitation: Tensor, envelope: Tensor | None = None, controls: Tensor | None = None, hop: int = 1
    ) -> Tensor:
        """Zeros (B, H) like the excitation; nothing else is looked at."""
        return torch.zeros_like(excitation)

    def background(self, excitation: Tensor) -> Tensor:
        """Zeros (B, H) like the excitation."""
        return torch.zeros_like(excitation)
