"""Loudness over time on a log scale: too quiet costs as much as too loud."""

from __future__ import annotations

from torch import Tensor

from ..types import Prediction
from .causal import causal_mean, checked_causal
from .envelope import GaussianEnvelope
from .term import LossTerm


class EnvelopeLog(LossTerm):
    """Mean absolute log ratio of the envelopes, one value an item.

    loss = mean_t |log((e_a + eps) / (e_g + eps))|, e_a of the free run, e_g of the target

    At a target envelope of 3.9e-3 (with eps 1e-4) a run 28 times too loud scores 3.31, near log 28, and one 1430 times
    too quiet 3.66, where `Envelope` gives 27 and 0.999: eps bounds the score of silence at log(1 + e_g / eps).

    env_ms, sample_rate  see `GaussianEnvelope`
    eps                  envelope (units of the signal) below which loudness no longer matters, > 0
    causal               eps of `causal_weights` over the samples, 1/ms; 0: all count alike

    Raises ValueError when env_ms, sample_rate or eps is not positive and finite.
    """

    needs_rollout = True
    needs_acceleration = False

    def __init__(self, env_ms: float = 2.0, sample_rate: float = 44100, eps: float = 1e-4, causal: float = 0.0) -> None:
        super().__init__()
        if not 0 < eps < float("inf"):
            raise ValueError(f"env_log: eps {eps} must be positive and finite")
        self.envelope = GaussianEnvelope(env_ms, sample_rate)
        self.causal, self.step_ms = checked_causal("env_log", causal), 1e3 / sample_rate
        self.eps = float(eps)

    def forward(self, prediction: Prediction) -> Tensor:
        """The loss of every item: `output` and `target` (B, H) in, (B,) out, dimensionless."""
        output, target = prediction.output, prediction.target
        assert output is not None, "env_log looks at the rollout: the prediction holds none"
        assert target is not None, "env_log compares with the target: the prediction holds none"
        goal = (self.envelope(target.detach()) + self.eps).log()
        return causal_mean(((self.envelope(output) + self.eps).log() - goal).abs(), self.causal, self.step_ms)
