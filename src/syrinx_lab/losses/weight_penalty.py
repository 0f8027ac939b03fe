"""Penalty on the polynomial's weights, dearer for higher powers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..types import Prediction


class WeightPenalty(nn.Module):
    """Squared polynomial weights, growing with the total power, averaged over time, one value an item.

    loss = mean_t sum_ij lam^(i + j) w_ij(t)^2

    Relation to the published objective, which sums the penalty over the T control steps of a window and adds it to
    the mean squared error of the acceleration, not divided by its variance (T = L at audio rate):

    published = mean_t (a_model - a_data)^2 + sum_t sum_ij lam^(i + j) w_ij(t)^2 = variance * tf + T * weights

    so the published balance is had with weight 1 on `tf` and T / variance on this term.

    lam  growth of the price per power, > 0, dimensionless; 1.068 is the published value

    Raises ValueError when lam is not positive and finite.
    """

    needs_rollout = False

    def __init__(self, lam: float = 1.068) -> None:
        super().__init__()
        if not 0 < lam < float("inf"):
            raise ValueError(f"weights: lam {lam} must be positive and finite")
        self.lam = float(lam)

    def forward(self, prediction: Prediction) -> Tensor:
        """The penalty of every item: `drives.weights` (B, T, P+1, P+1) in, (B,) out, dimensionless."""
        weights = prediction.drives.weights
        power = torch.arange(weights.shape[-1], device=weights.device, dtype=weights.dtype)
        return _MeanPricedSquares.apply(weights, self.lam ** (power[:, None] + power))


class _MeanPricedSquares(torch.autograd.Function):
    """mean_t sum_ij price_ij w_ij^2, whose adjoint 2 price w g / T is one pass over the largest tensor of a step."""

    @staticmethod
    def forward(ctx: Any, weights: Tensor, price: Tensor) -> Tensor:
        ctx.save_for_backward(weights, price)
        return (weights.square().mean(1) * price).sum((1, 2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        weights, price = ctx.saved_tensors
        return weights * (grad[:, None, None, None] * (price * (2 / weights.shape[1]))), None
