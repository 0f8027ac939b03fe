"""The atlas of a known system, driven through the lesson that it has."""

from __future__ import annotations

import numpy as np
import torch

from ..ode.rollout import InitialValueProblem, rollout
from ..types import Drives
from .atlas import MapRequest, atlas_of
from .clip_atlas import Array, ClipAtlas
from .cycles import limit_cycles
from .fixed_points import Kind, fixed_points
from .path import DrivenPath
from .systems.system import System

_START = 1e-2


def check_system(system: object) -> System:
    """The system itself; ValueError with one line for what is not derived from `System`."""
    if not isinstance(system, System):
        raise ValueError(f"system is a {type(system).__name__}: derive it from {System.__module__}.{System.__name__}")
    return system


def system_atlas(system: System, *, name: str, stem: str, moments: int) -> ClipAtlas:
    """The atlas of a system under its gesture, with the state that follows it from near rest.

    name, stem  see `ClipAtlas`
    moments     at which the drives are frozen, at most
    """
    path = system.gesture()
    plane, *ranges = system.plane()
    request = MapRequest(system.axes, (ranges[0], ranges[1]), plane)
    return atlas_of(path, stem=stem, name=name, request=request, state=driven_state(path), moments=moments)


def system_facts(system: System) -> list[tuple[str, str]]:
    """(name, value) of what the system does at its own numbers, nothing moved: fixed points and cycles."""
    field = system.field()
    points = fixed_points(field)
    resting = [f"x = {x:.5g}, {Kind(int(k)).label}" for x, k in zip(points.x, points.kind) if np.isfinite(x)]
    cycles = limit_cycles(field)
    turning = [
        f"period {period:.8g} tau ({hz:.5g} Hz), amplitude {amplitude:.5g}, multiplier {multiplier:.4g}"
        for period, hz, amplitude, multiplier in zip(
            cycles.period[0], cycles.hz[0], cycles.amplitude[0], np.exp(cycles.log_multiplier[0])
        )
        if np.isfinite(period)
    ]
    return [("fixed points", "; ".join(resting) or "none"), ("cycles", "; ".join(turning) or cycles.reason[0])]


def driven_state(path: DrivenPath, start: float = _START) -> Array:
    """(H, 2) x and v at every sample of a path, by the lab's own rollout from x = `start`, v = 0."""
    rate = path.field.sample_rate
    count = max(2, round((path.seconds[-1] - path.seconds[0]) * rate) + 1)
    fine = path.resampled(path.seconds[0] + np.arange(count) / rate).field
    stiffness, gamma, weights = (torch.from_numpy(y)[None] for y in (fine.stiffness, fine.gamma, fine.weights))
    state = torch.tensor([start], dtype=torch.float64), torch.tensor([0.0], dtype=torch.float64)
    problem = InitialValueProblem(Drives(stiffness, gamma, weights), state, count, path.field.step, path.field.clamp)
    with torch.no_grad():
        found = rollout(problem, "auto")
    return np.stack((found.x[0].numpy(), found.v[0].numpy()), -1)
