"""Many pairs of labia at once: the normal form under known gestures, and the pitch that they truly sing."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..ode.control_rate import interpolate
from ..ode.rollout import InitialValueProblem, rollout
from ..ode.syrinx.normal_form import DEGREE, REST, SINGING, alpha_at, fixed_weights, numerical_damping_correction
from ..ode.syrinx.oscillator import piecewise_linear
from ..ode.syrinx.pitch_map import pitch_map
from ..types import Drives

REFERENCE_PER_S = 24_000.0
_MAP_STEP = REFERENCE_PER_S / 88_200  # fine enough that the map holds for all rates of the rollout
_START = 1e-3
_SUNG = 0.2  # rms of a period over that of the cycle at full pressure, from which on it counts as sung
_LONGEST_PERIOD_S = 1 / 100.0


def velocity(pitch_hz: Tensor, pressure: Tensor, per_s: Tensor, hop: int, sample_rate: int, samples: int) -> Tensor:
    """The velocity of the labia in units of its rms on the cycle at full pressure, (M, samples).

    With time scales 1 / g of their own, u = r v and r = g / g_0 obey in s_0 = g_0 t

        u' = r^2 (-beta x - alpha + x^2 - x^3) - r (x + x^2) u,   x' = u

    which is of the polynomial class again: one rollout sings them all. They begin at rest, but for 1e-3.

    pitch_hz     (M, K) Hz that the tension is set for, at knots `hop` samples apart
    pressure     (M, K) 0 to 1
    per_s        (M,) g in 1/s
    sample_rate  Hz of the rollout
    """
    step = REFERENCE_PER_S / sample_rate
    table = pitch_map(1 / REFERENCE_PER_S, _MAP_STEP)
    log_hz, beta_at, log_rms = table.hz.log().float(), table.beta.float(), table.rms.log().float()
    ratio = (per_s / REFERENCE_PER_S)[:, None]
    log_pitch = (pitch_hz / ratio).log()
    beta = piecewise_linear(log_pitch, log_hz, beta_at)
    weights = fixed_weights(DEGREE).expand(*beta.shape, -1, -1).clone()
    weights[..., 0, 0] = ratio.square() * alpha_at(pressure, beta)
    weights[..., 2, 0] *= ratio.square()
    weights[..., 3, 0] *= ratio.square()
    weights[..., 1, 1] *= ratio
    weights[..., 2, 1] *= ratio
    stiffness = ratio.square() * beta
    drives = Drives(stiffness, numerical_damping_correction(stiffness, step), weights, hop)
    start = torch.full((len(beta),), _START)
    with torch.no_grad():
        u = rollout(InitialValueProblem(drives, (start, start), samples, step=step)).v
        return u / interpolate(ratio * piecewise_linear(log_pitch, log_hz, log_rms).exp(), hop, samples)


def singing_pressure(pitch_hz: float, per_s: float) -> float:
    """The pressure from which on labia of 1 / tau = per_s sing at the tension of a pitch in Hz: 0.25 to nearly 1.

    At beta < 1/3 the fixed point of largest x vanishes at alpha = x^2 - x^3 - beta x, x = (1 + sqrt(1 - 3 beta)) / 3;
    above it a cycle is born at alpha = 0.
    """
    table = pitch_map(1 / REFERENCE_PER_S, _MAP_STEP)
    beta = float(np.interp(pitch_hz * REFERENCE_PER_S / per_s, table.hz, table.beta))
    if beta >= 1 / 3:
        alpha = 0.0
    else:
        x = (1 + math.sqrt(1 - 3 * beta)) / 3
        alpha = max(0.0, x**2 - x**3 - beta * x)
    return (alpha / math.sqrt(1 + beta**2) - REST) / (SINGING - REST)


def sung_pitch(
    velocity: NDArray[np.float32], sample_rate: int, times: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """The pitch in Hz that one pair of labia sings at times (T,) in s, and whether it sings at all.

    A planar cycle crosses v = 0 upwards once a period, so that crossings count the phase; its slope over a millisecond,
    or a period where that is longer, within what is sung in a row is the pitch. A period is sung where its rms is 0.2
    of the cycle's or more. Where nothing is sung the pitch is that of the nearest time at which something is; 0 if
    there is none.

    velocity     (N,) in units of its rms on the cycle
    sample_rate  Hz of the velocity
    """
    before, after = velocity[:-1], velocity[1:]
    at = np.flatnonzero((before < 0) & (after >= 0))
    silent = np.zeros(len(times)), np.zeros(len(times), dtype=bool)
    if len(at) < 2:
        return silent
    left = before[at].astype(np.float64)
    crossings = (at + left / (left - after[at])) / sample_rate
    energy = np.concatenate(([0.0], np.cumsum(velocity.astype(np.float64) ** 2)))
    periods = np.diff(crossings)
    rms = np.sqrt(np.diff(energy[at + 1]) / np.diff(at))
    sung = (rms >= _SUNG) & (periods <= _LONGEST_PERIOD_S)
    here = np.searchsorted(crossings, times, side="right") - 1
    inside = (here >= 0) & (here < len(periods))
    voiced = inside & sung[np.clip(here, 0, len(periods) - 1)]
    if not voiced.any():
        return silent
    edges = np.flatnonzero(np.diff(np.concatenate(([False], sung, [False])).astype(np.int8)))
    run = np.clip(np.searchsorted(edges, here, side="right") - 1, 0, len(edges) - 2)  # of periods sung in a row
    bounds = crossings[edges[run]], crossings[edges[run + 1]]
    half = 0.5 * np.maximum(1e-3, periods[np.clip(here, 0, len(periods) - 1)])
    low, high = (np.clip(times + side * half, *bounds) for side in (-1, 1))
    count = np.arange(len(crossings), dtype=np.float64)
    spread = np.maximum(high - low, 1e-9)
    slope = (np.interp(high, crossings, count) - np.interp(low, crossings, count)) / spread
    singing = np.flatnonzero(voiced)
    nearest = np.clip(np.searchsorted(singing, np.arange(len(times))), 0, len(singing) - 1)
    previous = np.maximum(nearest - 1, 0)
    there = np.arange(len(times))
    closer = np.abs(singing[previous] - there) < np.abs(singing[nearest] - there)
    return slope[singing[np.where(closer, previous, nearest)]], voiced


def control_hop(sample_rate: int) -> int:
    """Samples between the knots of the gestures: 0.36 ms."""
    return max(1, math.floor(sample_rate * 3.63e-4 + 0.5))
