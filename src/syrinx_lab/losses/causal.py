"""Errors over time weighted by whether all that came before them is right already."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def causal_weights(errors: Tensor, per_ms: float, step_ms: float) -> Tensor:
    """Weights that let a sample count when the run up to it fits: a rollout is learned from its beginning on.

        w_t = exp(-eps sum_{s < t} L_s dt)

    with L the error and dt the time between two of its values, so that one eps means the same at every resolution and
    sample rate (the source sums without dt). w_0 is 1, w never rises, and no gradient flows through it. A loss under
    such weights cannot be compared with one without: an early error makes the later ones look small.

    errors   (B, T)  L, not negative
    per_ms   eps, 1/ms per unit of L
    step_ms  dt, ms
    Returns (B, T), 0 to 1.
    Source: Wang, Sankaran and Perdikaris (2022), Respecting causality is all you need for training physics-informed
    neural networks, arXiv 2203.07404.
    """
    known = errors.detach()
    before = torch.nn.functional.pad(known.cumsum(1)[:, :-1], (1, 0))
    return torch.exp(-per_ms * step_ms * before)


def causal_mean(errors: Tensor, per_ms: float, step_ms: float) -> Tensor:
    """The mean (B,) over time of errors (B, T) under their `causal_weights`; without them where per_ms is 0."""
    return errors.mean(1) if per_ms == 0 else (causal_weights(errors, per_ms, step_ms) * errors).mean(1)


def checked_causal(name: str, per_ms: float) -> float:
    """eps of a term, or ValueError with its name."""
    if not 0 <= per_ms < math.inf:
        raise ValueError(f"{name}: causal {per_ms} must be finite and not negative")
    return float(per_ms)
