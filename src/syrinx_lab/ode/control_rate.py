"""Drives at control rate: knots every hop samples, with straight lines between them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import Drives, knot_count
from .right_hand_side import acceleration, powers


def interpolate(knots: Tensor, hop: int, samples: int) -> Tensor:
    """The first `samples` samples of what lies on straight lines between knots.

    y_t = a + f (b - a), a = knots[t // hop], b = knots[t // hop + 1], f = (t mod hop) / hop

    knots    (B, T, ...) at samples 0, hop, 2 hop, ..., any unit
    hop      samples from a knot to the next; 1 returns the first knots themselves
    samples  at most (T - 1) hop + 1
    Returns (B, samples, ...). Raises ValueError when the knots do not reach so far.
    """
    count = knots.shape[1]
    if hop < 1 or not 1 <= samples <= (count - 1) * hop + 1:
        raise ValueError(f"{samples} samples do not lie on {count} knots of hop {hop}")
    if hop == 1:
        return knots[:, :samples]
    segments = knot_count(samples, hop) - 1
    if segments == 0:
        return knots[:, :1]
    a = knots[:, :segments].unsqueeze(2)
    rise = knots[:, 1 : segments + 1].unsqueeze(2) - a
    f = torch.arange(hop, device=knots.device, dtype=knots.dtype) / hop
    between = (a + f.view(-1, *(1,) * (knots.dim() - 2)) * rise).flatten(1, 2)
    return torch.cat((between, knots[:, segments : segments + 1]), 1)[:, :samples]


def to_knots(y: Tensor, hop: int) -> Tensor:
    """Every hop-th sample of y (B, L, ...), from the first on; the last sample stands for a knot beyond the end.

    Returns (B, ceil((L - 1) / hop) + 1, ...): as many knots as it takes to interpolate all L samples. What has been
    smoothed with a Gaussian of standard deviation sigma samples loses about hop^2 / (8 sigma^2) of its fastest parts.
    """
    missing = -(y.shape[1] - 1) % hop
    if missing == 0:
        return y[:, ::hop]
    return torch.cat((y[:, ::hop], y[:, -1:]), 1)


def at_audio_rate(drives: Drives, samples: int) -> Drives:
    """The first `samples` samples of what drives the oscillator, of any hop, as drives of hop 1."""
    every = (drives.stiffness, drives.gamma, drives.weights)
    stiffness, gamma, weights = (interpolate(knots, drives.hop, samples) for knots in every)
    return Drives(stiffness, gamma, weights)


def acceleration_along(x: Tensor, v: Tensor, drives: Drives) -> Tensor:
    """`oscillator.acceleration` without a clamp along a recording, under drives of any hop.

    At control rate the polynomials of the two knots around a sample are evaluated and what they give is interpolated:
    the same number, with no weights at audio rate in memory.

    x, v    (B, L) state: audio and tau dx/dt, dimensionless, L at most `drives.samples`
    Returns (B, L) tau^2 d2x/dt2, dimensionless.
    """
    hop, samples, side = drives.hop, x.shape[1], drives.weights.shape[-1]
    if hop == 1:
        cut = slice(samples)
        return acceleration(x, v, drives.stiffness[:, cut], drives.gamma[:, cut], drives.weights[:, cut])
    segments = -(-samples // hop)
    states = F.pad(torch.stack((x, v)), (0, segments * hop - samples)).unflatten(2, (segments, hop))
    x_powers, v_powers = powers(states, side).unbind()  # (B, segments, hop, P+1)
    weights = drives.weights[:, : segments + 1]
    if weights.shape[1] == segments:  # the last sample is a knot, after which no other need be
        weights = torch.cat((weights, weights[:, -1:]), 1)
    rows = (x_powers @ torch.cat((weights[:, :-1], weights[:, 1:]), -1)).unflatten(-1, (2, side))
    at_a, at_b = (rows * v_powers.unsqueeze(-2)).sum(-1).unbind(-1)
    share = torch.arange(hop, device=x.device, dtype=x.dtype) / hop
    polynomial = (at_a + share * (at_b - at_a)).flatten(1)[:, :samples]
    stiffness, gamma = (interpolate(y, hop, samples) for y in (drives.stiffness, drives.gamma))
    return -stiffness * x - gamma * v - polynomial
