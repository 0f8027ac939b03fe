"""Long short-term memory whose gates see the cells: the cell written out, as Gers, Schraudolph and Schmidhuber did."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .core import Mixer, ResidualLayers, check_size
from .peephole_kernel import advance_compiled, runs_compiled


class CellState(NamedTuple):
    """What a layer remembers: h and c, (B, hidden) each."""

    h: Tensor
    c: Tensor


class PeepholeLSTM(ResidualLayers):
    """Residual layers of long short-term memory with peepholes: `PeepholeMixer` in each.

    d_model, n_layers                             channels, and layers
    hidden, forget_bias, forget_gate, peepholes   see `PeepholeMixer`
    Raises ValueError for sizes below 1.
    """

    def __init__(
        self,
        d_model: int,
        n_layers: int,
        hidden: int = 42,
        forget_bias: float = 1.0,
        forget_gate: bool = True,
        peepholes: bool = True,
    ) -> None:
        mixers = [PeepholeMixer(d_model, hidden, forget_bias, forget_gate, peepholes) for _ in range(n_layers)]
        super().__init__([*mixers], d_model)


class PeepholeMixer(Mixer):
    """A layer of memory cells whose gates see the cells' own contents, and a linear map of what they give.

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + p_i c_{t-1} + b_i),   f_t likewise,   g_t = tanh(W_g x_t + U_g h_{t-1} + b_g),
    c_t = f_t c_{t-1} + i_t g_t,   o_t = sigmoid(W_o x_t + U_o h_{t-1} + p_o c_t + b_o),   h_t = o_t tanh(c_t),
    y_t = V h_t

    With the peepholes p at zero it is torch's LSTM; W, U and b hold i, f, g and o in its order.

    d_model      channels of x and y
    hidden       cells
    forget_bias  what b_f starts at
    forget_gate  False: f = 1, the cell of 1997, whose contents are never let go
    peepholes    False: p = 0, and they do not learn
    Raises ValueError for sizes below 1.
    Source: Gers, Schraudolph and Schmidhuber (2002), Learning precise timing with LSTM recurrent networks, section 2.
    """

    def __init__(
        self, d_model: int, hidden: int, forget_bias: float = 1.0, forget_gate: bool = True, peepholes: bool = True
    ) -> None:
        super().__init__()
        check_size(d_model=d_model, hidden=hidden)
        self.forget_gate = forget_gate
        self.into = nn.Linear(d_model, 4 * hidden)
        self.recurrent = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.peepholes = nn.Parameter(torch.zeros(3, hidden), requires_grad=peepholes)  # of i, f and o
        self.out = nn.Linear(hidden, d_model, bias=False)
        reach = hidden**-0.5
        with torch.no_grad():
            for weights in (self.into.weight, self.into.bias, self.recurrent):
                weights.uniform_(-reach, reach)
            if peepholes:
                self.peepholes.uniform_(-reach, reach)
            self.into.bias[hidden : 2 * hidden] = forget_bias

    def advance(self, x: Tensor, state: CellState | None = None) -> tuple[Tensor, CellState]:
        """Mix x (B, L, d): compiled on a CPU, by operations elsewhere."""
        if runs_compiled(x):
            gates = self.into(x)
            h, c = state or self._initial(gates)
            hs, cs = advance_compiled(gates, self.recurrent, self.peepholes, h, c, self.forget_gate)
            return self.out(hs), CellState(hs[:, -1], cs[:, -1])
        return self.advance_by_operations(x, state)

    def advance_by_operations(self, x: Tensor, state: CellState | None = None) -> tuple[Tensor, CellState]:
        """`advance` by PyTorch operations, a step after another: for any device, and to test the kernel against."""
        gates = self.into(x)
        h, c = state or self._initial(gates)
        p_i, p_f, p_o = self.peepholes
        hs = []
        for z in gates.unbind(1):
            z_i, z_f, z_g, z_o = (z + h @ self.recurrent.T).chunk(4, -1)
            f = torch.sigmoid(z_f + p_f * c) if self.forget_gate else 1.0
            c = f * c + torch.sigmoid(z_i + p_i * c) * torch.tanh(z_g)
            h = torch.sigmoid(z_o + p_o * c) * torch.tanh(c)
            hs.append(h)
        return self.out(torch.stack(hs, 1)), CellState(h, c)

    def _initial(self, gates: Tensor) -> CellState:
        zeros = gates.new_zeros(len(gates), self.recurrent.shape[1])
        return CellState(zeros, zeros)
