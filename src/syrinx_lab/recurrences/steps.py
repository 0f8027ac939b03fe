"""The run of a piecewise-linear recurrence, step by step, and how its steps stretch."""

from __future__ import annotations

import torch
from torch import Tensor

from .kernel import run_compiled, runs_compiled
from .pieces import Pieces, Pull


def run(start: Tensor, pieces: Pieces, horizon: int, pull: Pull | None = None, decay: float = 1.0) -> Tensor:
    """The states (B, H, M) of z_{t+1} = F_t(z_t), z_0 = `start` (B, M); compiled on a CPU.

    pieces  F_t; the first H - 1 steps of what varies are used
    pull    of the state towards data before every step; None: a free run
    decay   d in (0, 1]: what passes from a state to the one before it in the backward pass is multiplied by d
    """
    if runs_compiled(start):
        return run_compiled(start, pieces, horizon, pull, decay)
    return run_by_operations(start, pieces, horizon, pull, decay)


def run_by_operations(
    start: Tensor, pieces: Pieces, horizon: int, pull: Pull | None = None, decay: float = 1.0
) -> Tensor:
    """`run` by PyTorch operations: for any device, and to test the kernel against."""
    states = [start]
    for t in range(horizon - 1):
        z = states[-1]
        y = z if decay == 1 else decay * z + (1 - decay) * z.detach()
        if pull is not None:
            seen = pull.data.shape[-1]
            pulled = y[:, :seen] + pull.rate[t] * (pull.data[:, t].detach() - y[:, :seen])
            y = torch.cat((pulled, y[:, seen:]), -1)
        states.append(step(y, pieces, t))
    return torch.stack(states, 1)


def step(z: Tensor, pieces: Pieces, t: int = 0) -> Tensor:
    """F_t of states (B, M)."""
    b, c = (y[:, min(t, y.shape[1] - 1)] for y in (pieces.threshold, pieces.offset))
    pre = z @ pieces.into.T
    units = torch.relu(pre + b)
    if pieces.clipped:
        units = units - torch.relu(pre)
    return z @ pieces.transition.T + units @ pieces.out.T + c


def jacobians(z: Tensor, pieces: Pieces) -> Tensor:
    """dF/dz (..., M, M) = A + W1 diag(phi') W2 at states z (M,), or (B, H, M) where the map changes."""
    pre = z @ pieces.into.T
    open_ = (pre + (pieces.threshold if z.dim() == 3 else pieces.threshold[0, 0]) > 0).to(z)
    if pieces.clipped:
        open_ = open_ - (pre > 0).to(z)
    return pieces.transition + (pieces.out * open_.unsqueeze(-2)) @ pieces.into
