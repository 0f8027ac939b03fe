"""A pitch for every knot, voiced or not."""

from __future__ import annotations

import torch
from torch import Tensor


def fill_unvoiced_f0(octaves: Tensor, voiced: Tensor, middle: float, online: bool = False) -> Tensor:
    """log2 of the pitch where voiced; else on the straight line between the voiced knots around, or at the only one.

    octaves  (B, T) log2 of the pitch in Hz; read where voiced alone
    voiced   (B, T) bool
    middle   taken where no knot of the row is voiced
    online   do not look ahead: hold the last voiced knot, and `middle` before the first
    Returns (B, T).
    """
    count = octaves.shape[1]
    t = torch.arange(count, device=octaves.device).expand_as(octaves)
    last = torch.where(voiced, t, -1).cummax(1).values
    before = torch.where(last < 0, middle, octaves.gather(1, last.clamp_min(0)))
    if online:
        return before
    following = torch.where(voiced, t, count).flip(1).cummin(1).values.flip(1)
    after = torch.where(following == count, before, octaves.gather(1, following.clamp_max(count - 1)))
    before = torch.where(last < 0, after, before)
    share = (t - last) / (following - last).clamp_min(1)
    return before + (after - before) * share.to(octaves.dtype)
