"""Loudness of a recording at the knots."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import knot_count

ENVELOPE_MS = 1.0


def local_envelope(x: Tensor, sample_rate: int, hop: int, width_ms: float = ENVELOPE_MS, delay: int = 0) -> Tensor:
    """Standard deviation of the samples around every knot.

    e(c)^2 = <x^2> - <x>^2,   <y> = sum_u g(u - c) y(u) / sum_u g(u - c)

    g is a Gaussian of standard deviation width_ms that ends at three of them; only samples of the recording count, so
    a constant offset has no envelope and a steady tone of amplitude a has a / sqrt 2, at the ends too.

    x         (B, L) audio
    hop       samples from knot to knot
    width_ms  > 0; ValueError otherwise
    delay     samples by which the middle of the window lies before its knot
    Returns (B, ceil((L - 1) / hop) + 1) in the unit of x.
    """
    if not 0 < width_ms < math.inf:
        raise ValueError(f"envelope: width_ms {width_ms} must be positive and finite")
    samples = x.shape[1]
    count = knot_count(samples, hop)
    sigma = width_ms * 1e-3 * sample_rate
    half = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-half, half + 1, device=x.device, dtype=x.dtype) / sigma) ** 2)
    missing = max(0, (count - 1) * hop + half + 1 - delay - samples)

    def mean(y: Tensor) -> Tensor:
        padded = F.pad(y, (half + delay, missing))
        return F.conv1d(padded[:, None], taps[None, None], stride=hop)[:, 0, :count]

    weight = mean(torch.ones_like(x[:1])).clamp_min(torch.finfo(x.dtype).tiny)
    return (mean(x.square()) / weight - (mean(x) / weight).square()).clamp_min(0).sqrt()
