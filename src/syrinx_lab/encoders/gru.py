"""Gated recurrent units, by torch's own kernels."""

from __future__ import annotations

from torch import Tensor, nn

from .core import Mixer, ResidualLayers, check_size


class GRU(ResidualLayers):
    """Residual layers of gated recurrent units: `GRUMixer` in each.

    d_model, n_layers   channels, and layers
    hidden              units of a layer
    Raises ValueError for sizes below 1.
    """

    def __init__(self, d_model: int, n_layers: int, hidden: int = 50) -> None:
        super().__init__([GRUMixer(d_model, hidden) for _ in range(n_layers)], d_model)


class GRUMixer(Mixer):
    """A layer of gated recurrent units and a linear map of what they give.

    r, z = sigmoid(W x_t + U h_{t-1} + b),   n = tanh(W x_t + b + r (U h_{t-1} + b')),   h_t = (1 - z) n + z h_{t-1},
    y = V h

    d_model   channels of x and y
    hidden    units
    Raises ValueError for sizes below 1.
    Source: Cho et al. (2014), with r after the product as in cuDNN.
    """

    def __init__(self, d_model: int, hidden: int) -> None:
        super().__init__()
        check_size(d_model=d_model, hidden=hidden)
        self.units = nn.GRU(d_model, hidden, batch_first=True)
        self.out = nn.Linear(hidden, d_model, bias=False)

    def advance(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mix x (B, L, d); the state is h of the last step, (1, B, hidden)."""
        h, state = self.units(x, state)
        return self.out(h), state
