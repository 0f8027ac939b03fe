"""Error of the teacher-forced acceleration over its variance on the training set."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..types import Prediction

VARIANCE_FLOOR = 1e-6


class TeacherForced(nn.Module):
    """Mean squared error of the acceleration at the data's states, over its variance, one value an item.

    loss = mean_t (a_model(t) - a_data(t))^2 / max(variance, 1e-6)

    so that 1 is the score of a model that predicts the mean, and 1 - loss is close to R^2. The accelerations are
    tau^2 x'' (dimensionless, in the audio's units). The variance is a buffer: it is saved with the model, and the same
    number serves every batch, every epoch and a resumed run.

    variance  variance of a_data over the training set, >= 0; None leaves it to `set_variance` or to a checkpoint

    Raises ValueError for a variance that is negative or not finite, and in `forward` when there is none yet.
    """

    needs_rollout = False
    variance: Tensor

    def __init__(self, variance: float | None = None) -> None:
        super().__init__()
        # NaN stands for "not set", so that the buffer has one shape and one key in every checkpoint.
        self.register_buffer("variance", torch.tensor(math.nan))
        self._is_set = False
        if variance is not None:
            self.set_variance(variance)

    def set_variance(self, variance: float) -> None:
        """Take the training set's variance of the acceleration tau^2 x''; ValueError when negative or not finite."""
        value = float(variance)
        if not 0 <= value < math.inf:
            raise ValueError(
                f"tf: variance {value} of the acceleration must be finite and not negative: check the data"
            )
        self.variance.fill_(value)
        self._is_set = True

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: accelerations (B, L) in, (B,) out, dimensionless."""
        # Read once: looking at the buffer's value would make the host wait for the device at every step.
        if not self._is_set:
            if bool(self.variance.isnan()):
                raise ValueError("tf: the variance is not set: call set_variance(v) with that of the training set")
            self._is_set = True
        if prediction.acceleration is None:
            raise ValueError(
                "tf: the oscillator's state is not the sound, so the recording knows no acceleration of it: "
                "set loss.lam_tf to 0 with this oscillator"
            )
        error = prediction.acceleration - prediction.target_acceleration
        return error.square().mean(1) / self.variance.clamp_min(VARIANCE_FLOOR)
