"""What the ear looks at: log spectra of four lengths and the correlation with itself, on the axis of `axis`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from .axis import BINS_PER_OCTAVE, bins_hz

PERIOD_S = 128 / 44_100
"""Seconds between the ear's knots, 2.9 ms, at any sample rate."""

WINDOWS_MS = (28.0, 12.0, 6.0, 3.0)
SPECTRA = len(WINDOWS_MS)
CHANNELS = SPECTRA + 3
"""Spectra, two correlations, and whether the bin is missing."""
LEVELS = SPECTRA

_LAG_MS = (2.0, 0.75)
_FLOOR = 1e-14
_DYNAMIC_RANGE = 1e-9
_SCALE_DB = 15.0
_HIGHPASS_HZ = 100.0
_TOP = 0.96
_HIGHEST_HZ = 13_000.0
_FRAMES_AT_ONCE = 4096


@dataclass(frozen=True)
class Heard:
    """What the ear looks at, T knots.

    maps    (B, CHANNELS, T, BINS) spectra in units of 15 dB around their mean, correlations, 1 where a bin is missing
    levels  (B, T, LEVELS) mean of each log spectrum in units of 15 dB above -80 dB: with it alone the gain comes in
    """

    maps: Tensor
    levels: Tensor


def knots_of(samples: int, sample_rate: float) -> int:
    """Knots of the ear in a recording: the last lies at its last sample or after it."""
    return math.ceil(round((samples - 1) / sample_rate / PERIOD_S, 9)) + 1


@torch.no_grad()
def hear(
    x: Tensor,
    sample_rate: int,
    first: int = 0,
    stop: int | None = None,
    lookahead_ms: float | None = None,
    top_hz: float | None = None,
) -> Heard:
    """Spectra and correlations around the knots first to stop - 1, which lie 2.9 ms apart.

    With P_n(g) the power spectrum of a Hann frame of n ms, divided by (sum w)^2 so that a tone of amplitude a has a^2/4
    at any rate, a bin at f has s_n(f) = 10 log10 of the mean of P_n around f, through a triangle as wide as a bin or as
    the transform's lines lie apart. Its mean over the bins is the level; what remains has no gain.

    r(f) = sum_g P_n(g) cos(2 pi g / f) / sum_g P_n(g) / window's own correlation

    is how well the frame repeats itself after 1/f: 1 at the pitch and what lies whole numbers of octaves, fifths, ...
    below it. n is shorter for shorter lags. A second one is computed from the root of P of the longest frame.

    x             (B, L) audio
    sample_rate   Hz; bins above 0.48 of it are missing
    lookahead_ms  None: frames lie around their knots. A number: a frame that would reach further than that behind its
                  knot is moved back as a whole
    top_hz        bins above it are missing, whatever the rate
    """
    count = knots_of(x.shape[1], sample_rate)
    stop = count if stop is None else stop
    tables = _tables(sample_rate, lookahead_ms, x.device, x.dtype, min(top_hz or math.inf, _TOP * sample_rate / 2))
    at_once = max(1, _FRAMES_AT_ONCE // len(x))
    pieces = [_piece(x, sample_rate, a, min(a + at_once, stop), tables) for a in range(first, stop, at_once)]
    return Heard(torch.cat([maps for maps, _ in pieces], 2), torch.cat([levels for _, levels in pieces], 1))


@dataclass(frozen=True)
class _Frame:
    size: int
    delay: int
    window: Tensor
    fft_size: int
    to_bins: Tensor
    cosines: Tensor
    root_cosines: Tensor | None


@dataclass(frozen=True)
class _Tables:
    frames: tuple[_Frame, ...]
    there: Tensor  # (BINS,) 1 where the bin is not missing


@lru_cache(maxsize=32)
def _tables(
    sample_rate: int, lookahead_ms: float | None, device: torch.device, dtype: torch.dtype, top_hz: float
) -> _Tables:
    """Everything that depends on the rate alone."""
    with torch.inference_mode(False):
        hz = bins_hz()
        there = hz < top_hz
        lag = 1 / hz
        edges = [math.log2(ms * 1e-3) for ms in _LAG_MS]
        octave = torch.log2(lag)
        longer = [torch.sigmoid((octave - edge) * 6) for edge in edges]
        shares = [longer[0], (1 - longer[0]) * longer[1], (1 - longer[0]) * (1 - longer[1])]
        shares.append(torch.zeros_like(lag))  # the shortest frame holds too few periods
        frames = []
        for index, ms in enumerate(WINDOWS_MS):
            half = round(ms * 5e-4 * sample_rate)
            size = 2 * half + 1
            ahead = half if lookahead_ms is None else min(half, int(lookahead_ms * 1e-3 * sample_rate))
            window = torch.hann_window(size + 2, periodic=False, dtype=torch.float64)[1:-1]
            fft_size = next_fast_len(2 * size, real=True)
            fft_size += fft_size % 2
            lines = torch.arange(fft_size // 2 + 1, dtype=torch.float64) * sample_rate / fft_size
            lines = lines[lines < _HIGHEST_HZ]  # what lies above is looked at by nobody
            spacing = sample_rate / fft_size
            width = torch.maximum(hz * (2 ** (1 / BINS_PER_OCTAVE) - 1), torch.tensor(spacing))
            triangle = (1 - (lines[:, None] - hz).abs() / width).clamp_min(0)
            to_bins = triangle / triangle.sum(0).clamp_min(1e-12)
            own = torch.fft.irfft(torch.fft.rfft(window, fft_size).abs().square())
            own = own / own[0]
            at = (lag * sample_rate).clamp_max(fft_size // 2 - 2)
            below = at.floor().long()
            ownlag = own[below] + (at - below) * (own[below + 1] - own[below])
            ramp = ((lines - 0.7 * _HIGHPASS_HZ) / (0.6 * _HIGHPASS_HZ)).clamp(0, 1) * (lines < top_hz)
            cosines = ramp[:, None] * torch.cos(2 * math.pi * lines[:, None] * lag)
            reach = ownlag > 0.2
            scaled = torch.where(reach, 1 / ownlag.clamp_min(0.2), 0)
            ones = ramp[:, None]
            frames.append(
                _Frame(
                    size,
                    half - ahead,
                    (window / window.sum()).to(device, dtype),
                    fft_size,
                    (to_bins * there).to(device, dtype),
                    torch.cat([cosines * scaled * shares[index] * there, ones], 1).to(device, dtype),
                    torch.cat([cosines * there, ones], 1).to(device, dtype) if index == 0 else None,
                )
            )
        return _Tables(tuple(frames), there.to(device, dtype))


def _piece(x: Tensor, sample_rate: int, first: int, stop: int, tables: _Tables) -> tuple[Tensor, Tensor]:
    """Maps (B, CHANNELS, n, BINS) and levels (B, n, LEVELS) of the knots first to stop - 1."""
    centres = [round(k * PERIOD_S * sample_rate) for k in range(first, stop)]
    there = tables.there
    channels, levels = [], []
    correlation: Tensor | float = 0.0
    rooted: Tensor | None = None
    for frame in tables.frames:
        half = frame.size // 2
        starts = [centre - half - frame.delay for centre in centres]
        before, behind = max(0, -starts[0]), max(0, starts[-1] + frame.size - x.shape[1])
        low, high = max(0, starts[0]), min(x.shape[1], starts[-1] + frame.size)
        cut = F.pad(x[:, low : max(low, high)], (before, behind))
        where = torch.tensor([start - starts[0] for start in starts], device=x.device)
        framed = cut.unfold(1, frame.size, 1)[:, where]
        spectrum = torch.fft.rfft(framed * frame.window, frame.fft_size)
        spectrum = spectrum[..., : len(frame.to_bins)]
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        bins = power @ frame.to_bins
        loudest = bins.amax(-1, keepdim=True)
        log = 10 * torch.log10(bins + _DYNAMIC_RANGE * loudest + _FLOOR)
        level = (log * there).sum(-1, keepdim=True) / there.sum()
        channels.append(((log - level) / _SCALE_DB).clamp_(-4, 6) * there)
        levels.append((level[..., 0] + 80) / _SCALE_DB)
        sums = power @ frame.cosines
        correlation = correlation + sums[..., :-1] / (sums[..., -1:] + _FLOOR)
        if frame.root_cosines is not None:
            sums = power.sqrt() @ frame.root_cosines
            rooted = sums[..., :-1] / (sums[..., -1:] + _FLOOR)
    assert isinstance(correlation, Tensor)
    assert rooted is not None
    missing = (1 - there).expand_as(correlation)
    maps = torch.stack([*channels, correlation.clamp(-1.5, 1.5), 2 * rooted, missing], 1)
    return maps, torch.stack(levels, -1)
