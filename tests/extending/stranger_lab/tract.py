"""A tract: a pair of taps, one of them learned, under a gain that varies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from syrinx_lab.ode.control_rate import interpolate


class TwoTaps(nn.Module):
    """y[t] = exp(tanh c(t)) (s[t] + tanh(a) s[t - 1])"""

    channels = 1
    reach = 1

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.zeros(()))

    def forward(self, source: Tensor, controls: Tensor | None, hop: int) -> Tensor:
        before = nn.functional.pad(source, (1, 0))[:, :-1]
        gain = interpolate(torch.exp(torch.tanh(controls[..., 0])), hop, source.shape[1])
        return gain * (source + torch.tanh(self.a) * before)
