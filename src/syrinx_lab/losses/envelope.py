"""Loudness over time: distance of the envelopes of the free run and the recording."""

from __future__ import annotations

from torch import Tensor, nn

from ..ode.lowpass import gaussian_lowpass
from ..types import Prediction
from .causal import causal_mean, checked_causal
from .term import LossTerm

MEAN_FLOOR = 1e-6


class GaussianEnvelope(nn.Module):
    """The envelope e = |x| after a zero-phase Gaussian low-pass, reflected at the ends.

    env_ms       standard deviation of the Gaussian, ms, > 0; the kernel ends at three of them
    sample_rate  Hz, > 0

    Raises ValueError when either is not positive and finite.
    """

    def __init__(self, env_ms: float = 2.0, sample_rate: float = 44100) -> None:
        super().__init__()
        if not 0 < env_ms < float("inf"):
            raise ValueError(f"envelope: env_ms {env_ms} must be positive and finite")
        if not 0 < sample_rate < float("inf"):
            raise ValueError(f"envelope: sample_rate {sample_rate} must be positive and finite")
        self.sigma_samples = 1e-3 * env_ms * sample_rate

    def forward(self, x: Tensor) -> Tensor:
        """The envelope (B, H) of a signal (B, H), in its units."""
        # Rounding may carry the low-pass a little below zero beside a very loud passage, where a log would be NaN.
        return gaussian_lowpass(x.abs(), self.sigma_samples).clamp_min(0)


class Envelope(LossTerm):
    """L1 distance of the envelopes over the mean target envelope, one value an item.

    loss = mean_t |e_a - e_g| / (mean_t e_g + 1e-6), e_a of the free run, e_g of the target

    A run that is silent scores 1 and one that is c times too loud scores c - 1, so that too quiet costs next to
    nothing beside too loud: `EnvelopeLog` mends that.

    env_ms, sample_rate  see `GaussianEnvelope`; ValueError likewise
    causal               eps of `causal_weights` over the samples, 1/ms; 0: all count alike
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(self, env_ms: float = 2.0, sample_rate: float = 44100, causal: float = 0.0) -> None:
        super().__init__()
        self.envelope = GaussianEnvelope(env_ms, sample_rate)
        self.causal, self.step_ms = checked_causal("env", causal), 1e3 / sample_rate

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "env looks at the rollout: the prediction holds none"
        assert target is not None, "env compares with the target: the prediction holds none"
        goal = self.envelope(target.detach())
        missing, loudness = (self.envelope(output) - goal).abs(), goal.mean(1) + MEAN_FLOOR
        if self.causal:
            return causal_mean(missing / loudness[:, None], self.causal, self.step_ms)
        return missing.mean(1) / loudness
