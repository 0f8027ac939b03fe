"""No vocal tract."""

from __future__ import annotations

from torch import Tensor, nn

from ...types import Trajectory


class NoTract(nn.Module):
    """Radiates the oscillator's x as it is."""

    def forward(self, trajectory: Trajectory) -> Tensor:
        """The audio (B, H): the trajectory's x."""
        return trajectory.x
