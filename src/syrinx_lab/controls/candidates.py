"""The few pitches that a frame may have: the highest peaks of its correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .frames import OVERSAMPLING, AnalysisFrames

CANDIDATES = 8
OCTAVE_COST = 0.02
"""What a candidate loses for every octave below the top of the range: of equally good periods the shortest wins."""

_LEAST_HEIGHT = 0.2
_LEAST_MEAN = 0.02
_LOOKED_AT = 16


@dataclass
class Candidates:
    """Candidates of every knot, (B, T, K) each: pitch in Hz, height of the peak in [0, 1], score (-inf: none)."""

    pitch_hz: Tensor
    height: Tensor
    score: Tensor


def find_candidates(r: Tensor, frames: AnalysisFrames) -> Candidates:
    """The K = 8 peaks of largest height - 0.02 log2(max_hz / pitch).

    height = 1 - (1 - A) / min(1, mean of 1 - r over the lags up to the peak)

    A is the peak's top. What is far slower than the lag, as hum, leaves r high at every short lag; the mean takes that
    away. Over a whole period of a sound without it the mean is 1, so a clean period keeps its height.

    Through a peak r0 and its neighbours r-, r+ goes A cos(omega (lag - shift)): exact for a sinusoid, however few
    samples its period has, and a parabola where the peak is flat.

        cos omega = (r- + r+) / 2 r0,   tan(omega shift) = (r+ - r-) / (2 r0 sin omega)

    r  (B, T, 2 longest_lag + 2) as `correlations` yields it

    Source of the mean: de Cheveigne and Kawahara (2002), YIN, eq. 8.
    """
    first, last, rate = OVERSAMPLING * frames.shortest_lag, OVERSAMPLING * frames.longest_lag, frames.sample_rate
    before, here, after = r[..., first - 1 : last], r[..., first : last + 1], r[..., first + 1 : last + 2]
    lag = torch.arange(first, last + 1, device=r.device, dtype=r.dtype)
    mean = ((1 - r[..., 1 : last + 1]).cumsum(-1)[..., first - 1 :] / lag).clamp_(_LEAST_MEAN, 1)
    peak = (here > before) & (here >= after) & (here > _LEAST_HEIGHT)
    # at most as high as this, were the peak that of a sinusoid midway between two lags; few are worth a closer look
    most = here * (1 / torch.cos(math.pi * 0.5 / lag.clamp_min(2)))
    bias = OCTAVE_COST * torch.log2(OVERSAMPLING * rate / lag / frames.pitch_range.max_hz)
    rough = torch.where(peak, 1 - (1 - most) / mean + bias, -math.inf)
    rough, index = rough.topk(min(_LOOKED_AT, len(lag)), dim=-1)
    before, here, after, mean = (y.gather(-1, index) for y in (before, here, after, mean))
    return _refine(before, here, after, mean, index + first, rough > -math.inf, frames)


def _refine(
    before: Tensor, here: Tensor, after: Tensor, mean: Tensor, lag: Tensor, exists: Tensor, frames: AnalysisFrames
) -> Candidates:
    """The best of the peaks at whole lags, each moved and raised to its top between them."""
    here = torch.where(exists, here, 1.0)
    cosine = ((before + after) / (2 * here)).clamp(-0.99, 1 - 1e-6)
    lean = 0.5 * (after - before) / (1 - cosine.square()).sqrt()
    # the sharpest peak that the band admits falls off no faster from its top to the nearest lag
    steepest = math.cos(min(1.0, math.pi * frames.band_hz[2] / (OVERSAMPLING * frames.sample_rate)))
    top = torch.minimum((here.square() + lean.square()).sqrt(), here / steepest).clamp_max(1)
    height = (1 - (1 - top) / mean).clamp_min(0)
    shift = torch.atan2(lean, here) / torch.acos(cosine)
    pitch = OVERSAMPLING * frames.sample_rate / (lag + shift.clamp(-1, 1))
    low, high = frames.pitch_range.min_hz, frames.pitch_range.max_hz
    allowed = exists & (pitch >= low) & (pitch <= high)
    score = torch.where(allowed, height + OCTAVE_COST * torch.log2(pitch / high), -math.inf)
    best, index = score.topk(min(CANDIDATES, score.shape[-1]), dim=-1)
    return Candidates(pitch.gather(-1, index), height.gather(-1, index), best)
