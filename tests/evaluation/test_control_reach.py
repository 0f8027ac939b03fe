"""How far a control looks is what it was built to look at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.controls.analytic import AnalyticControls
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoders import Encoder
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.control_reach import control_reach
from syrinx_lab.evaluation.encoder_dynamics import encoder_dynamics
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.types import Controls, Vocalisation

RATE = 10_000


class Looking(Encoder):
    """Omega is the sound 12 ms ago, gamma an average of 8 ms around the knot, the code nothing at all."""

    def __init__(self) -> None:
        super().__init__(hop=1, width=0, code_size=2, lookahead_ms=None, needs_analysis=False)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """x (B, L) -> controls."""
        around = torch.nn.functional.avg_pool1d(x[:, None], 81, 1, 40)[:, 0]
        return Controls(torch.roll(x, 120, 1), around, x.detach()[..., None].expand(-1, -1, 2))

    def weights(self, code: Tensor) -> Tensor:
        """(B, T, 2) -> zeros."""
        return code.new_zeros(*code.shape[:2], 4, 4)


def clip() -> Clip:
    x = (0.1 * np.sin(0.3 * np.arange(2000))).astype(np.float32)
    slope, bend = (y.astype(np.float32) for y in derivatives(x.astype(np.float64)))
    return Clip(Vocalisation("r", "a", 0, 2000, 400, 1600), x, slope, bend)


def test_reach_is_where_a_control_looks() -> None:
    model = Ouroboros(Looking(), Polynomial(sample_rate=RATE, degree=3), NoTract()).eval()
    past, around, nothing = control_reach(model, clip())
    assert (past.control, around.control, nothing.control) == ("omega", "gamma", "code")
    assert (past.back_ms, past.forward_ms) == (12.0, -12.0)
    assert past.lag_ms[np.argmax(past.weight)] == -12
    assert past.weight.sum() == pytest.approx(1)
    # of 81 samples around the knot 5 % on each side are left out
    assert around.back_ms == pytest.approx(4.0 - 0.05 * 8.1, abs=0.11)
    assert around.forward_ms == pytest.approx(4.0 - 0.05 * 8.1, abs=0.11)
    assert np.isnan(nothing.back_ms)
    assert np.isnan(nothing.weight).all()
    assert encoder_dynamics(model, clip()).layers == ()


@pytest.mark.parametrize("direction", ["both", "causal"])
def test_a_causal_encoder_looks_back_alone(direction: str) -> None:
    torch.manual_seed(0)
    encoder = FramesEncoder(3, True, RATE, d_model=8, n_layers=1, direction=direction, lookahead_ms=0.0)
    analyser = Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0))
    model = Ouroboros(encoder, Polynomial(sample_rate=RATE, degree=3), NoTract(), None, analyser, control_hop=32).eval()
    found = encoder_dynamics(model, clip())
    assert len(found.layers) == (2 if direction == "both" else 1)
    for one in found.reach:
        assert one.weight[one.lag_ms < -1].sum() > 0.1
        assert (one.weight[one.lag_ms > 1].sum() > 0.1) == (direction == "both")
        assert set(one.row()) == {"control", "back_ms", "forward_ms"}
