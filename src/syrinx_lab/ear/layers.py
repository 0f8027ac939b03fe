"""The layers of the ear: along time and frequency, at harmonics, and over all frequencies."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..encoders.gru import GRU
from ..encoders.mamba import Mamba
from .axis import BINS, BINS_PER_OCTAVE


class Along(nn.Module):
    """u + silu(conv(u)) along time and frequency; the knots that time takes away are `behind` and `ahead`."""

    def __init__(
        self, channels: int, *, time: int, dilation: int, behind: int, frequency: int, spread: int = 1
    ) -> None:
        super().__init__()
        self.behind, self.ahead = behind, (time - 1) * dilation - behind
        padding = (0, spread * (frequency // 2))
        self.conv = nn.Conv2d(channels, channels, (time, frequency), padding=padding, dilation=(dilation, spread))

    def forward(self, u: Tensor) -> Tensor:
        """u (B, C, T, F) to (B, C, T - behind - ahead, F)."""
        kept = u[:, :, self.behind : u.shape[2] - self.ahead]
        return kept + F.silu(self.conv(u))


class Recurrence(nn.Module):
    """u + what a recurrence says that reads the bins of each knot upward and one that reads them downward."""

    def __init__(self, channels: int, kind: str, d_state: int) -> None:
        super().__init__()

        def core() -> nn.Module:
            return Mamba(channels, 1, d_state, expand=1) if kind == "mamba" else GRU(channels, 1, channels)

        self.up, self.down = core(), core()

    def forward(self, u: Tensor) -> Tensor:
        """u (B, C, T, F) to the same shape."""
        batch, channels, knots, bins = u.shape
        rows = u.permute(0, 2, 3, 1).reshape(batch * knots, bins, channels)
        read = self.up(rows) + self.down(rows.flip(1)).flip(1) - rows
        return read.view(batch, knots, bins, channels).permute(0, 3, 1, 2)


def at_ratio(maps: Tensor, ratio: float) -> Tensor:
    """Maps (..., BINS) at `ratio` times every bin's frequency, between two bins on a straight line; 0 off the axis."""
    shift = BINS_PER_OCTAVE * math.log2(ratio)
    whole = math.floor(shift + 1e-9)
    part = shift - whole

    def moved(by: int) -> Tensor:
        return F.pad(maps, (-by, by)) if abs(by) < BINS else torch.zeros_like(maps)

    return moved(whole) if part < 1e-6 else (1 - part) * moved(whole) + part * moved(whole + 1)


def attended(u: Tensor, scores: Tensor) -> Tensor:
    """Weighted means of u (B, C, T, F) over the bins, for every head of scores (B, H, T, F): (B, T, H C)."""
    weights = torch.softmax(scores, -1).permute(0, 2, 1, 3)  # (B, T, H, F)
    return (weights @ u.permute(0, 2, 3, 1)).flatten(2)
