"""Penalty on the polynomial's weights that grows with their power."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..types import Prediction
from .term import LossTerm


class WeightPenalty(LossTerm):
    """Squared polynomial weights, growing with the total power, averaged over time, one value an item.

    loss = mean_t sum_ij lam^(i + j) w_ij(t)^2

    Relation to the published objective, which sums error and penalty over time alike (`AccelerationErrorSum`,
    `WeightPenaltySum`):

    published / L = mean_t (a_model - a_data)^2 + mean_t sum_ij lam^(i + j) w_ij(t)^2 = variance accel + weights

    so the published balance is had with weight 1 on `accel` and 1 / variance on this term, the variance being that of
    the acceleration on the training set.

    lam  growth of the penalty per power, > 0, dimensionless; 1.068 is the published value

    Raises ValueError when lam is not positive and finite.
    """

    needs_rollout = False
    needs_acceleration = False

    def __init__(self, lam: float = 1.068) -> None:
        super().__init__()
        if not 0 < lam < float("inf"):
            raise ValueError(f"lam is {lam}: the weights' penalty needs a number above 0")
        self.lam = float(lam)

    def forward(self, prediction: Prediction) -> Tensor:
        """The penalty of every item: `drives.weights` (B, T, P+1, P+1) in, (B,) out, dimensionless."""
        weights = prediction.drives.weights
        power = torch.arange(weights.shape[-1], device=weights.device, dtype=weights.dtype)
        return _MeanScaledSquares.apply(weights, self.lam ** (power[:, None] + power))


class WeightPenaltySum(WeightPenalty):
    """The same, summed over the window's samples as published.

    loss = sum_t sum_ij lam^(i + j) w_ij(t)^2 = L mean_t sum_ij lam^(i + j) w_ij(t)^2

    At control rate each of the T knots stands for its share of the L samples, so that the balance with the error of the
    acceleration does not depend on `control_hop`. Arguments and errors as `WeightPenalty`.

    Source: train/train.py of the published code (github.com/pearsonlab/ouroboros), `reg_weights`.
    """

    def forward(self, prediction: Prediction) -> Tensor:
        """The penalty of every item: `drives.weights` (B, T, P+1, P+1) in, (B,) out, dimensionless."""
        return super().forward(prediction) * prediction.drives.samples


class _MeanScaledSquares(torch.autograd.Function):
    """mean_t sum_ij c_ij w_ij^2, whose adjoint 2 c w g / T is one pass over the largest tensor of a step."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(weights, factor)
        return (weights.square().mean(1) * factor).sum((1, 2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        weights, factor = ctx.saved_tensors
        return weights * (grad[:, None, None, None] * (factor * (2 / weights.shape[1]))), None
