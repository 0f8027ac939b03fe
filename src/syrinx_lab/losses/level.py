"""Loudness of the whole rollout."""

from __future__ import annotations

from torch import Tensor

from ..types import Prediction
from .term import LossTerm


class Level(LossTerm):
    """Absolute log ratio of the root mean squares, one value an item.

    loss = |log((rms_a + eps) / (rms_g + eps))|, rms_a of the free run, rms_g of the target

    What `amp_pen` measures, on a window. The L1 of log magnitudes sets every bin to the median of what the target may
    be there, below its mean power: a model that knows no other term sings ten to twenty per cent too softly.

    eps  rms (units of the signal) below which loudness no longer matters, > 0

    Raises ValueError when eps is not positive and finite.
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(self, eps: float = 1e-4) -> None:
        super().__init__()
        if not 0 < eps < float("inf"):
            raise ValueError(f"level: eps {eps} must be positive and finite")
        self.eps = float(eps)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "level looks at the rollout: the prediction holds none"
        assert target is not None, "level compares with the target: the prediction holds none"
        return (self._log_rms(output) - self._log_rms(target.detach())).abs()

    def _log_rms(self, x: Tensor) -> Tensor:
        # a root has no slope at zero: the square of eps under it keeps that of silence finite
        return ((x.square().mean(1) + self.eps**2).sqrt() + self.eps).log()
