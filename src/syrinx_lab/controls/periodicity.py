"""How well a recording repeats itself after every lag, around every knot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import knot_count
from .frames import OVERSAMPLING, AnalysisFrames
from .local_energy import LocalEnergy

FLOOR = 1e-5
"""Share of the loudest frame's power that is added to every frame's: what lies 50 dB below it is half as periodic."""

_LEAST_OVERLAP = 0.25
FRAMES_AT_ONCE = 4096


def correlations(x: Tensor, frames: AnalysisFrames) -> Iterator[Tensor]:
    """The normalised correlation of a recording with itself, a stretch of knots after another.

    r(c, tau) = 2 sum_m G(m - c) x(m - tau/2) x(m + tau/2) / [E(c - tau/2) + E(c + tau/2)]
    E(c) = sum_m G(m - c) x(m)^2

    G = w^2 is a Gaussian: a product of two windows tau apart is one Gaussian halfway between them, so one frame serves
    all lags, no lag is looked at for less time than another, and the energy needs no transform of its own. The sum is
    computed from a power spectrum without what lies outside the band of `frames` (hum, DC). Beyond its ends the
    recording is zero, and r is divided by that of a recording of ones, which knows how many pairs are missing. A floor
    is added to the energy, relative to the loudest frame: of the recording, or up to the knot with a lookahead.

    x       (B, L) audio
    Yields (B, n, 2 longest_lag + 2), r up to about 1 at the lags 0, 1/2, 1, ... samples; T knots in all.

    Source: McLeod and Wyvill (2005), A smarter way to find pitch, eqs. 4 to 9 (there with a rectangular window).
    """
    batch, samples = x.shape
    count, lags = knot_count(samples, frames.hop), OVERSAMPLING * frames.longest_lag + 2
    half, hop = frames.half, frames.hop
    window, mask, growth = _constants(frames, x.device, x.dtype)
    energy = LocalEnergy(x, frames, window.square())
    here = energy.at_knots
    loudest = here.amax(1, keepdim=True) if frames.lookahead_ms is None else here.cummax(1).values
    floor = (FLOOR * loudest + torch.finfo(x.dtype).tiny).expand_as(here)
    before = half + frames.delay
    padded = F.pad(x, (before, max(0, (count - 1) * hop + half + 1 - frames.delay - samples)))
    at_once = max(1, FRAMES_AT_ONCE // batch)
    for first in range(0, count, at_once):
        stop = min(first + at_once, count)
        cut = padded[:, first * hop : (stop - 1) * hop + 2 * half + 1].unfold(1, 2 * half + 1, hop)
        spectrum = torch.fft.rfft(cut * window, frames.fft_size)
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag).mul_(mask)
        r = torch.fft.irfft(power, OVERSAMPLING * frames.fft_size)[..., :lags]
        own, eps = here[:, first:stop, None], floor[:, first:stop, None]
        scale = (own + eps) / (r[..., :1] + eps)
        r = (energy.around(first, stop, lags) + eps).reciprocal_().mul_(growth).mul_(r).mul_(scale)
        if first * hop - frames.delay < half + lags or (stop - 1) * hop - frames.delay > samples - half - lags:
            centre = torch.arange(first, stop, device=x.device, dtype=x.dtype) * hop - frames.delay
            r = r / _of_ones(centre, samples, lags, frames.sigma)
        yield r


@lru_cache(maxsize=16)
def _constants(frames: AnalysisFrames, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """The window, the share of every frequency that counts, and what undoes the window's decline with the lag."""
    with torch.inference_mode(False):
        u = torch.arange(-frames.half, frames.half + 1, device=device, dtype=dtype)
        window = torch.exp(-0.5 * (u / frames.sigma) ** 2)
        hz = torch.arange(frames.fft_size // 2 + 1, device=device, dtype=dtype) * frames.sample_rate / frames.fft_size
        nothing, all_of_it, top = frames.band_hz
        ramp = ((hz - nothing) / (all_of_it - nothing)).clamp(0, 1)
        mask = OVERSAMPLING * ramp.square() * (hz <= top)  # the longer inverse transform divides by as much more
        lag = torch.arange(OVERSAMPLING * frames.longest_lag + 2, device=device, dtype=dtype) / OVERSAMPLING
        return window, mask, torch.exp(0.25 * (lag / frames.sigma) ** 2)


def _of_ones(centre: Tensor, samples: int, lags: int, sigma: float) -> Tensor:
    """r of a recording of ones: the share of pairs that the ends leave, (n, lags), not below a quarter."""
    half_lag = 0.5 / OVERSAMPLING * torch.arange(lags, device=centre.device, dtype=centre.dtype)
    centre = centre[:, None]

    def inside(first: Tensor, stop: Tensor) -> Tensor:
        return torch.erf((stop + 0.5) / sigma) - torch.erf((first - 0.5) / sigma)

    pairs = inside(half_lag - centre, samples - 1 - half_lag - centre)
    own = [inside(-(centre + s * half_lag), samples - 1 - (centre + s * half_lag)) for s in (-1, 1)]
    return (2 * pairs / (own[0] + own[1]).clamp_min(1e-9)).clamp(_LEAST_OVERLAP, 1)
