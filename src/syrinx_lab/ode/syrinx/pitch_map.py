"""Which tension gives which pitch: measured once on the oscillator itself, with the step that it is run with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from ...types import Drives
from ..rollout import InitialValueProblem, rollout
from .normal_form import DEGREE, alpha_at, fixed_weights, numerical_damping_correction

_LOWEST_BETA, _HIGHEST_BETA = -0.003, 7.0  # the cycle of alpha = 0.15 is born at beta = -0.0028
_SETTLE_S, _MEASURE_S = 0.1, 0.15
_FAINT = 1e-3
_POINTS = 240
_STEPS_A_PERIOD = 4


@dataclass(frozen=True)
class PitchMap:
    """The limit cycle at full pressure over the tension, float64, pitch rising.

    hz    (N,) f0
    beta  (N,) tension, dimensionless
    rms   (N,) of v = tau dx/dt on the cycle, dimensionless
    """

    hz: Tensor
    beta: Tensor
    rms: Tensor


@cache
def pitch_map(tau: float, step: float) -> PitchMap:
    """The pitch map of the normal form for one time scale and one step of the integrator.

    At 240 tensions the oscillator sings at full pressure, 0.1 s to settle and 0.15 s measured. A planar cycle has
    one maximum and one minimum of x a period, so v crosses zero upwards once a period: f0 is the number of periods
    between the first and the last such crossing over the time between them. The step counts: at 44.1 kHz and tau =
    1 / 24000 s classical RK4 lowers 7 kHz by 0.8 %. Tensions of a silent or a slower cycle than the one before are
    left out, so that the pitch rises along the map, and so are those of a period shorter than four steps.

    tau   s
    step  h = dt / tau, dimensionless
    Raises ValueError when no tension sings: tau is then too long or too short for the sample rate.
    """
    dt = step * tau
    # dense where the cycle is born: there the pitch begins at zero and rises like a square root
    rise = torch.linspace(0, 1, _POINTS, dtype=torch.float64)
    beta = _LOWEST_BETA + (_HIGHEST_BETA - _LOWEST_BETA) * rise**3
    settle = round(_SETTLE_S / dt)
    knots = (_POINTS, 2)
    hop = settle + round(_MEASURE_S / dt)
    weights = fixed_weights(DEGREE).to(beta).expand(*knots, -1, -1).clone()
    weights[..., 0, 0] = alpha_at(1.0, beta)[:, None]
    stiffness, gamma = (y[:, None].expand(knots).clone() for y in (beta, numerical_damping_correction(beta, step)))
    drives = Drives(stiffness, gamma, weights, hop)
    start = torch.full_like(beta, 1e-3)
    with torch.no_grad():
        v = rollout(InitialValueProblem(drives, (start, start), hop, step=step)).v[:, settle:]
    hz, rms = _upward_crossing_rate(v) / dt, v.square().mean(1).sqrt()
    kept: list[int] = []
    highest = 1 / (_STEPS_A_PERIOD * dt)
    for i in range(_POINTS):
        sings = bool(torch.isfinite(hz[i])) and rms[i] > _FAINT
        if sings and (hz[kept[-1]] if kept else 0) * (1 + 1e-6) < hz[i] < highest:
            kept.append(i)
    if len(kept) < 2:
        raise ValueError(f"the normal form does not sing with tau {tau:g} s at {1 / dt:g} Hz: use a tau near 1/24000 s")
    return PitchMap(hz[kept], beta[kept], rms[kept])


def _upward_crossing_rate(v: Tensor) -> Tensor:
    """Upward zero crossings a sample, between the first and the last one; NaN where there are fewer than two."""
    rates = []
    for row in v:
        before, after = row[:-1], row[1:]
        at = torch.nonzero((before < 0) & (after >= 0))[:, 0]
        if len(at) < 2:
            rates.append(torch.nan)
            continue
        first, last = ((i + before[i] / (before[i] - after[i])) for i in (at[0], at[-1]))
        rates.append(float((len(at) - 1) / (last - first)))
    return torch.tensor(rates, dtype=v.dtype)
