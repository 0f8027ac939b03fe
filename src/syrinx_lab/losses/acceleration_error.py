"""Summed squared error of the teacher-forced acceleration: the data term of the published objective."""

from __future__ import annotations

from torch import Tensor, nn

from ..types import Prediction


class AccelerationError(nn.Module):
    """Squared error of the acceleration at the data's states, summed over the window, one value an item.

    loss = sum_t (a_model(t) - a_data(t))^2

    The accelerations are tau^2 x'' (dimensionless, in the audio's units). With `WeightPenaltySum` beside it at weight 1
    and the mean over the batch this is the published objective. Against `TeacherForced`: loss = L variance tf.

    Source: train/train.py and utils.sse of the published code (github.com/pearsonlab/ouroboros).
    """

    needs_rollout = False

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: accelerations (B, L) in, (B,) out. ValueError where the state is not the sound."""
        if prediction.acceleration is None:
            raise ValueError(
                "accel_sum: the oscillator's state is not the sound, so there is no acceleration to compare: "
                "set loss.lam_accel_sum to 0 with this oscillator, or use loss=spectral_song"
            )
        return (prediction.acceleration - prediction.target_acceleration).square().sum(1)
