"""Summed squared error of the acceleration at the data's states: the data term of the published objective."""

from __future__ import annotations

from torch import Tensor

from ..types import Prediction
from .term import LossTerm


class AccelerationErrorSum(LossTerm):
    """Squared error of the acceleration at the data's states, summed over the window, one value an item.

    loss = sum_t (a_model(t) - a_data(t))^2

    The accelerations are tau^2 x'' (dimensionless, in the audio's units). With `WeightPenaltySum` beside it at weight 1
    and the mean over the batch this is the published objective. Against `AccelerationError`: loss = L variance accel.

    Source: train/train.py and utils.sse of the published code (github.com/pearsonlab/ouroboros).
    """

    needs_rollout = False
    needs_acceleration = True

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: accelerations (B, L) in, (B,) out."""
        assert prediction.acceleration is not None, "accel_sum looks at the acceleration: the prediction holds none"
        return (prediction.acceleration - prediction.target_acceleration).square().sum(1)
