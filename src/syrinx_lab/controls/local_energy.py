"""The energy of a recording around every knot, and half a lag before and after it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import knot_count
from .frames import OVERSAMPLING, AnalysisFrames


class LocalEnergy:
    """E(c) = sum_m G(m - c) x(m)^2 at points so close together that straight lines between them do.

    x        (B, L) audio, zero beyond its ends
    frames   where the knots lie
    weights  (2 half + 1,) G
    at_knots (B, T) E in the middle of every frame
    """

    def __init__(self, x: Tensor, frames: AnalysisFrames, weights: Tensor) -> None:
        self.frames = frames
        half, step, hop = frames.half, frames.energy_step, frames.hop
        count = knot_count(x.shape[1], frames.hop)
        self._margin = frames.longest_lag + frames.delay + step  # samples before the recording's first
        self._points = -(-((count - 1) * hop + 2 * self._margin) // step) + 1
        after = max(0, (self._points - 1) * step + half + 1 - self._margin - x.shape[1])
        padded = F.pad(x.square(), (half + self._margin, after))
        self._grid = F.conv1d(padded[:, None], weights[None, None], stride=step)[:, 0, : self._points]
        where = torch.arange(count, device=x.device) * hop + self._margin - frames.delay
        share = (where % step).to(x.dtype) / step
        below, above = self._grid[:, where // step], self._grid[:, where // step + 1]
        self.at_knots = below + share * (above - below)

    def around(self, first: int, stop: int, lags: int) -> Tensor:
        """[E(c - tau/2) + E(c + tau/2)] / 2 for the knots first to stop - 1: (B, stop - first, lags)."""
        hop, step, fineness = self.frames.hop, self.frames.energy_step, 2 * OVERSAMPLING
        reach = -(-(lags - 1) // fineness)
        start = first * hop + self._margin - self.frames.delay
        low, high = (start - reach) // step, -(-(start + (stop - first - 1) * hop + reach) // step)
        points = self._grid[:, None, low : high + 1]
        fine = F.interpolate(points, size=fineness * step * (high - low) + 1, mode="linear", align_corners=True)
        offset = fineness * (start - low * step) - (lags - 1)
        width = fineness * (stop - first - 1) * hop + 2 * lags - 1
        rows = fine[:, 0, offset : offset + width].unfold(1, 2 * lags - 1, fineness * hop)
        return 0.5 * (rows[..., lags - 1 :] + rows[..., :lags].flip(-1))
