"""Unbounded numbers of a network, made into gains that stay within a range."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def bounded_gain(raw: Tensor, range_db: float) -> Tensor:
    """A positive gain that never leaves +-range_db.

    g = exp(b tanh(raw / b)),   b = range_db ln(10) / 20

    raw       any shape, any real; 0 gives 1, and near 0 the gain is exp(raw)
    range_db  > 0, dB
    Returns the shape of raw: an amplitude, dimensionless, within 10^(-range_db / 20) and 10^(range_db / 20).
    """
    bound = range_db * math.log(10) / 20
    return torch.exp(bound * torch.tanh(raw / bound))
