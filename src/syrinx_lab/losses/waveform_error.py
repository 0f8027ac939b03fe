"""The rollout against the recording, sample by sample: for runs that are pulled to it."""

from __future__ import annotations

from torch import Tensor

from ..types import Prediction
from .term import LossTerm


class WaveformError(LossTerm):
    """Squared error of the rollout over the target's mean square, one value an item.

    loss = mean_t (y_t - x_t)^2 / (mean_t x_t^2 + floor^2), t from the second sample on

    A free run is soon out of phase with a recording, whatever it sounds like; under generalised teacher forcing
    (`rollout.forcing_rate`) this is the published objective.

    floor  rms (units of the signal) below which a target counts as silence, > 0

    Raises ValueError when floor is not positive and finite.
    Source: Hess, Monfared, Brenner and Durstewitz (2023), ICML, section 3.3.
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(self, floor: float = 1e-2) -> None:
        super().__init__()
        if not 0 < floor < float("inf"):
            raise ValueError(f"waveform: floor {floor} must be positive and finite")
        self.floor = float(floor)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "waveform looks at the rollout: the prediction holds none"
        assert target is not None, "waveform compares with the target: the prediction holds none"
        error = (output - target.detach())[:, 1:].square().mean(1)
        return error / (target.detach()[:, 1:].square().mean(1) + self.floor**2)
