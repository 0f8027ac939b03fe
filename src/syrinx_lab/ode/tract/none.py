"""No vocal tract."""

from __future__ import annotations

from torch import Tensor, nn


class NoTract(nn.Module):
    """Radiates the source as it is: y_t = s_t."""

    channels = 0
    reach = 0

    def forward(self, source: Tensor, controls: Tensor | None = None, hop: int = 1) -> Tensor:
        """The source (B, H) itself; controls and hop are not looked at."""
        return source
