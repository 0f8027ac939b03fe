"""No noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class NoNoise(nn.Module):
    """Adds silence: y_t = 0."""

    channels = 0
    reach = 0

    def forward(
        self, excitation: Tensor, envelope: Tensor | None = None, controls: Tensor | None = None, hop: int = 1
    ) -> Tensor:
        """Zeros (B, H) like the excitation; nothing else is looked at."""
        return torch.zeros_like(excitation)

    def background(self, excitation: Tensor) -> Tensor:
        """Zeros (B, H) like the excitation."""
        return torch.zeros_like(excitation)
