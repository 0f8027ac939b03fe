"""The training objective: named terms under target weights and warm-up scales."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..types import Prediction


class WeightedLoss(nn.Module):
    """total = sum_k weight_k scale_k mean_b term_k(b).

    weight_k is the target weight, fixed; scale_k in [0, 1] is set by warm-ups and starts at 1. Three cases:

    - target weight 0: the term is switched off, not computed and not reported;
    - scale 0 with a positive target weight: computed without gradient, reported, and kept out of the total altogether,
      since 0 times a non-finite value would be NaN;
    - otherwise it enters the total.

    terms    name -> nn.Module with `needs_rollout: bool` and forward(Prediction) -> (B,); the lab's names are
             spec, tf, env, env_log, ltas, level, weights, and as published accel_sum, weights_sum
    weights  name -> target weight, >= 0, one for every term

    Raises ValueError when the two do not name the same terms, or a weight is negative or not finite.
    """

    def __init__(self, terms: Mapping[str, nn.Module], weights: Mapping[str, float]) -> None:
        super().__init__()
        known = ", ".join(sorted(terms))
        if unknown := sorted(set(weights) - set(terms)):
            raise ValueError(f"loss weights for unknown terms {', '.join(unknown)}: the terms are {known}")
        if missing := sorted(set(terms) - set(weights)):
            raise ValueError(
                f"no loss weight for {', '.join(missing)}: give one to each of {known}, 0 to switch it off"
            )
        for name, weight in weights.items():
            if not 0 <= weight < math.inf:
                raise ValueError(f"loss weight {weight} of {name} must be finite and not negative")
        self.terms = nn.ModuleDict({name: terms[name] for name in terms})
        self.weights = {name: float(weights[name]) for name in terms}
        self._scales = dict.fromkeys(self.weights, 1.0)

    def set_scale(self, name: str, value: float) -> None:
        """Set the warm-up scale of term `name` to `value` in [0, 1]; ValueError for another name or value."""
        if name not in self._scales:
            raise ValueError(f"no loss term is called {name}: the terms are {', '.join(sorted(self._scales))}")
        if not 0 <= value <= 1:
            raise ValueError(f"scale {value} of loss term {name} is outside [0, 1]")
        self._scales[name] = float(value)

    def effective_weight(self, name: str) -> float:
        """Target weight times current scale of term `name`: what multiplies its mean in the total now."""
        return self.weights[name] * self._scales[name]

    @property
    def needs_rollout(self) -> bool:
        """Whether any term that is switched on looks at the rollout."""
        return any(self.weights[name] > 0 and bool(term.needs_rollout) for name, term in self.terms.items())

    @property
    def rollout_needs_grad(self) -> bool:
        """Whether any term that looks at the rollout enters the total now."""
        return any(self.effective_weight(name) > 0 and bool(term.needs_rollout) for name, term in self.terms.items())

    def forward(self, prediction: Prediction) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, a scalar, and the mean over the batch of every term that is switched on, detached scalars.

        The total of no term at all is a zero that can be differentiated, and gives nobody a gradient.
        """
        parts: list[Tensor] = []
        means: dict[str, Tensor] = {}
        for name, term in self.terms.items():
            if self.weights[name] == 0:
                continue
            weight = self.effective_weight(name)
            with torch.set_grad_enabled(torch.is_grad_enabled() and weight > 0):
                mean = term(prediction).mean()
            means[name] = mean.detach()
            if weight > 0:
                parts.append(weight * mean)
        if not parts:
            return prediction.target_acceleration.new_zeros((), requires_grad=True), means
        return torch.stack(parts).sum(), means
