"""Causal convolutions whose reach grows with depth: the core without a recurrent state."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .core import Mixer, ResidualLayers, check_size


class Conv(ResidualLayers):
    """Residual layers of causal convolutions, dilated by 1, kernel, kernel^2, ...: y_t sees kernel^n_layers steps.

    d_model, n_layers   channels, and layers
    hidden, kernel      see `ConvMixer`
    Raises ValueError for sizes below 1.
    """

    def __init__(self, d_model: int, n_layers: int, hidden: int = 60, kernel: int = 5) -> None:
        mixers = [ConvMixer(d_model, hidden, kernel, dilation=kernel**layer) for layer in range(n_layers)]
        super().__init__([*mixers], d_model)


class ConvMixer(Mixer):
    """A causal dilated convolution and a linear map: y = V silu(b + sum_k W_k x_{t - k dilation}), 0 <= k < kernel.

    d_model    channels of x and y
    hidden     channels between
    kernel     taps
    dilation   steps from tap to tap
    Raises ValueError for sizes below 1.
    Source: van den Oord et al. (2016), WaveNet, section 2.1; Bai, Kolter and Koltun (2018), section 3.
    """

    def __init__(self, d_model: int, hidden: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        check_size(d_model=d_model, hidden=hidden, kernel=kernel, dilation=dilation)
        self.taps = nn.Conv1d(d_model, hidden, kernel, dilation=dilation)
        self.out = nn.Linear(hidden, d_model, bias=False)
        self._before = (kernel - 1) * dilation

    def advance(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mix x (B, L, d); the state is the last (kernel - 1) dilation steps of x, (B, ..., d), oldest first."""
        if state is None:
            state = x.new_zeros(len(x), self._before, x.shape[-1])
        seen = torch.cat([state, x], 1)
        return self.out(F.silu(self.taps(seen.mT)).mT), seen[:, seen.shape[1] - self._before :]
