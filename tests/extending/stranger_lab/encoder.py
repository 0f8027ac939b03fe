"""An encoder: mean magnitudes of sound and slope around every knot."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from syrinx_lab.controls.analytic import AnalyticControls
from syrinx_lab.encoders import Encoder
from syrinx_lab.encoders.weights_head import WeightsHead
from syrinx_lab.types import Controls, Heads, knot_count


class MagnitudeEncoder(Encoder):
    """features = tanh(W (mean |x|, mean |v|) + b) in frames of one hop, and linear heads on them.

    degree, keep_const  of the oscillator
    hop                 samples from knot to knot
    size                features
    """

    def __init__(self, degree: int, keep_const: bool, hop: int = 32, size: int = 6) -> None:
        super().__init__(hop=hop, width=size, code_size=3, lookahead_ms=None, needs_analysis=False)
        self.into = nn.Linear(2, size)
        self.omega, self.gamma, self.code = nn.Linear(size, 1), nn.Linear(size, 1), nn.Linear(size, 3)
        self.out = WeightsHead(3, degree, keep_const)

    @property
    def heads(self) -> Heads:
        return Heads(self.omega, self.gamma, self.out, self.code)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        knots = knot_count(x.shape[1], self.hop)
        both = nn.functional.pad(torch.stack([x.abs(), v.abs()], 1), (0, knots * self.hop - x.shape[1]))
        features = torch.tanh(self.into(both.unflatten(-1, (knots, self.hop)).mean(-1).mT))
        omega, gamma = (head(features)[..., 0] for head in (self.omega, self.gamma))
        return Controls(omega, gamma, self.code(features), self.hop, features)

    def weights(self, code: Tensor) -> Tensor:
        return self.out(code)
