"""How strong the partials of the vocal organ are, over the pitch: measured once on the oscillator itself."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from ...types import Drives
from ..rollout import InitialValueProblem, rollout
from .normal_form import DEGREE, alpha_at, fixed_weights, numerical_damping_correction
from .oscillator import piecewise_linear
from .pitch_map import pitch_map

_SETTLE_S, _MEASURE_S = 0.05, 0.1
_PITCHES = 48


@cache
def source_envelope(tau: float, step: float, low_hz: float, high_hz: float, bands: int) -> tuple[Tensor, Tensor]:
    """The level at which partials of the source lie in bands of equal width, over the pitch.

        e_k(f) = a_n at n f = middle of band k, geometric between partials, a_1 below the first

    with a_n the amplitude of partial n on the limit cycle at full pressure, of which the rms is 1: 1.41 for a sine.
    Beyond the last partial below half the sample rate its level holds.

    tau, step         s and h = dt / tau of the oscillator
    low_hz, high_hz   what the bands span, Hz
    Returns log pitches (P,) in log Hz, rising, and log e (P, bands).
    """
    table = pitch_map(tau, step)
    rate = 1 / (tau * step)
    log_hz = torch.linspace(math.log(max(float(table.hz[0]), 100.0)), math.log(float(table.hz[-1])), _PITCHES)
    beta = piecewise_linear(log_hz, table.hz.log().float(), table.beta.float())
    settle, measured = round(_SETTLE_S * rate), round(_MEASURE_S * rate)
    hop = settle + measured
    weights = fixed_weights(DEGREE).expand(_PITCHES, 2, -1, -1).clone()
    weights[..., 0, 0] = alpha_at(1.0, beta)[:, None]
    stiffness, gamma = (y[:, None].expand(-1, 2).clone() for y in (beta, numerical_damping_correction(beta, step)))
    start = torch.full_like(beta, 1e-3)
    with torch.no_grad():
        v = rollout(InitialValueProblem(Drives(stiffness, gamma, weights, hop), (start, start), hop, step=step)).v
    v = v[:, settle:] / v[:, settle:].square().mean(1, keepdim=True).sqrt()
    window = torch.hann_window(v.shape[1])
    spectrum = torch.fft.rfft(v * window, n=4 * v.shape[1]).abs() * (2 / window.sum())
    middle = low_hz + (torch.arange(bands) + 0.5) * (high_hz - low_hz) / bands
    levels = []
    for amplitude, hz in zip(spectrum, log_hz.exp().tolist()):
        count = max(1, int(0.48 * rate / hz))
        bins = hz * torch.arange(1, count + 1)[:, None] * (4 * v.shape[1] / rate)
        near = (bins + torch.arange(-8, 9)).round().long().clamp(0, spectrum.shape[1] - 1)
        partials = amplitude[near].amax(1).clamp_min(1e-6).log()
        if count == 1:
            levels.append(partials.expand(bands))
        else:
            levels.append(piecewise_linear(middle / hz, torch.arange(1.0, count + 1), partials))
    return log_hz, torch.stack(levels)
