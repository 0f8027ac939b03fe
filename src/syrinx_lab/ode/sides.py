"""Two oscillators side by side: their drives as one batch, their states apart again."""

from __future__ import annotations

import torch
from torch import Tensor

from ..types import Drives, Trajectory
from .oscillator import Oscillator
from .rollout import Forcing, InitialValueProblem

State = tuple[Tensor, Tensor]


def sung(
    oscillator: Oscillator,
    drives: Drives,
    state: State,
    horizon: int,
    backend: str,
    forcing: Forcing | None = None,
    adjoint_decay: float = 1.0,
) -> Trajectory:
    """The run over `horizon` samples with only the drives (B, T) supplied, unless forced; two sides are a batch of 2 B.

    state  (x (B,), v (B,)) where one side begins, or both; or (2 B,) of both, as `last_state` gives them
    Raises ValueError when two sides are forced: their states are not in a recording.
    """
    other, batch, driven = drives.second, len(drives.gamma), drives
    if other is not None:
        if forcing is not None:
            raise ValueError("rollout.forcing_rate is above 0: two sides have no recorded states, use 0")
        pairs = ((drives.stiffness, other.stiffness), (drives.gamma, other.gamma), (drives.weights, other.weights))
        stiffness, gamma, weights = (torch.cat(pair) for pair in pairs)
        driven = Drives(stiffness, gamma, weights, drives.hop)
        state = state if len(state[0]) == 2 * batch else (state[0].repeat(2), state[1].repeat(2))
    problem = InitialValueProblem(driven, state, horizon, oscillator.step, oscillator.clamp, forcing, adjoint_decay)
    found = oscillator.integrated(problem, backend)
    if other is None:
        return found
    return Trajectory(found.x[:batch], found.v[:batch], Trajectory(found.x[batch:], found.v[batch:]))


def last_state(trajectory: Trajectory) -> State:
    """The state at the end, x and v (B,), or (2 B,) of both sides, the other one's behind."""
    sides = [one for one in (trajectory, trajectory.second) if one is not None]
    if len(sides) == 1:
        return trajectory.x[:, -1], trajectory.v[:, -1]
    return torch.cat([one.x[:, -1] for one in sides]), torch.cat([one.v[:, -1] for one in sides])


def silenced(trajectory: Trajectory) -> Trajectory:
    """States of zero in its place."""
    other = None if trajectory.second is None else silenced(trajectory.second)
    return Trajectory(torch.zeros_like(trajectory.x), torch.zeros_like(trajectory.v), other)


def source_of(oscillator: Oscillator, trajectory: Trajectory, drives: Drives) -> Tensor:
    """(B, H) what the oscillator sends into the tract, both sides of it."""
    own = oscillator.source(trajectory, drives)
    if trajectory.second is None or drives.second is None:
        return own
    return own + oscillator.source(trajectory.second, drives.second)
