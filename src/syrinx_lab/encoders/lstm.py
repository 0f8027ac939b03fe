"""Long short-term memory without peepholes, by torch's own kernels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .core import Mixer, ResidualLayers, check_size


class LSTM(ResidualLayers):
    """Residual layers of long short-term memory: `LSTMMixer` in each.

    d_model, n_layers    channels, and layers
    hidden, forget_bias  see `LSTMMixer`
    Raises ValueError for sizes below 1.
    """

    def __init__(self, d_model: int, n_layers: int, hidden: int = 42, forget_bias: float = 1.0) -> None:
        super().__init__([LSTMMixer(d_model, hidden, forget_bias) for _ in range(n_layers)], d_model)


class LSTMMixer(Mixer):
    """A layer of memory cells and a linear map of what they give.

    i, f, o = sigmoid(W x_t + U h_{t-1} + b),   g = tanh(...),   c_t = f c_{t-1} + i g,   h_t = o tanh(c_t),   y = V h

    d_model      channels of x and y
    hidden       cells
    forget_bias  what the bias of f starts at; 0 forgets half of a cell at every step
    Raises ValueError for sizes below 1.
    Source: Hochreiter and Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000) for f; Jozefowicz et al. (2015) for
    the bias.
    """

    def __init__(self, d_model: int, hidden: int, forget_bias: float = 1.0) -> None:
        super().__init__()
        check_size(d_model=d_model, hidden=hidden)
        self.cells = nn.LSTM(d_model, hidden, batch_first=True)
        self.out = nn.Linear(hidden, d_model, bias=False)
        with torch.no_grad():  # torch adds two biases, in the order i, f, g, o
            into, recurrent = self.cells.get_parameter("bias_ih_l0"), self.cells.get_parameter("bias_hh_l0")
            into[hidden : 2 * hidden] = forget_bias
            recurrent[hidden : 2 * hidden] = 0

    def advance(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Mix x (B, L, d); the state is (h, c) of the last step, (1, B, hidden) each."""
        h, state = self.cells(x, state)
        return self.out(h), state
