"""The selective scan as its definition says it, one step of time after another: slow, the reference for the others."""

from __future__ import annotations

import torch
from torch import Tensor


def sequential_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run the recurrence of `selective_scan` as a loop over time; any device, dtype and order of derivative.

    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = sum_n h_t[n] C_t[n] + D u_t

    u, delta (B, L, i); A (i, N); B, C (B, L, N); D (i,); state (B, i, N) before the first step, zeros when None.
    Returns y (B, L, i) and the last state (B, i, N). Gu and Dao 2023, equation 2 with B discretised by Euler's rule.
    """
    h = u.new_zeros(u.shape[0], *A.shape) if state is None else state
    ys = []
    for t in range(u.shape[1]):
        h = torch.exp(delta[:, t, :, None] * A) * h + (delta[:, t] * u[:, t])[..., None] * B[:, t, None]
        ys.append((h * C[:, t, None]).sum(-1) + D * u[:, t])
    return torch.stack(ys, dim=1), h
