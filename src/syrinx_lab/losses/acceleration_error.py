"""Error of the acceleration at the data's states over its variance on the training set."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..types import Prediction
from .term import LossTerm, TrainingStatistics

VARIANCE_FLOOR = 1e-6


class AccelerationError(LossTerm):
    """Mean squared error of the acceleration at the data's states, over its variance, one value an item.

    loss = mean_t (a_model(t) - a_data(t))^2 / max(variance, 1e-6)

    so that 1 is the score of a model that predicts the mean, and 1 - loss is close to R^2. The accelerations are
    tau^2 x'' (dimensionless, in the audio's units). The variance is a buffer: it is saved with the model, and the same
    number serves every batch, every epoch and a resumed run.

    variance  variance of a_data over the training set, >= 0; None leaves it to `fit` or to a checkpoint

    Raises ValueError for a variance that is negative or not finite, and in `forward` when there is none yet.
    """

    needs_rollout = False
    needs_acceleration = True
    variance: Tensor

    def __init__(self, variance: float | None = None) -> None:
        super().__init__()
        # NaN stands for "not set", so that the buffer has one shape and one key in every checkpoint.
        self.register_buffer("variance", torch.tensor(math.nan))
        self._is_set = False
        if variance is not None:
            self.set_variance(variance)

    def fit(self, statistics: TrainingStatistics) -> None:
        """Take the variance of the training set."""
        self.set_variance(statistics.acceleration_variance)

    def set_variance(self, variance: float) -> None:
        """Take the training set's variance of the acceleration tau^2 x''; ValueError when negative or not finite."""
        value = float(variance)
        if not 0 <= value < math.inf:
            raise ValueError(
                f"accel: variance {value} of the acceleration must be finite and not negative: check the data"
            )
        self.variance.fill_(value)
        self._is_set = True

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: accelerations (B, L) in, (B,) out, dimensionless."""
        # Read once: looking at the buffer's value would make the host wait for the device at every step.
        if not self._is_set:
            if bool(self.variance.isnan()):
                raise ValueError("accel: the variance is not set: call fit with the statistics of the training set")
            self._is_set = True
        assert prediction.acceleration is not None, "accel looks at the acceleration: the prediction holds none"
        error = prediction.acceleration - prediction.target_acceleration
        return error.square().mean(1) / self.variance.clamp_min(VARIANCE_FLOOR)
