"""Two pitches at the same time: a syrinx has two sides, and some birds sing with both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import knot_count
from .frames import AnalysisFrames
from .unvoiced_f0 import fill_unvoiced_f0

FRAME_MS = 23.0
STEP_MS = 3.0
PEAKS = 6
EXPLAINED = 0.03  # of the power, left by two voices
WORSE = 6.0  # times as much, left by one
SOFTEST = 0.04  # of the power: -14 dB
_HARMONIC = 0.06  # of the lower pitch: as near to a multiple of it, the higher one is its harmonic
_LEAST_FRAMES = 3
_CHUNK = 2048  # frames at once
_TOP_HZ = 12_000.0


@dataclass
class TwoVoices:
    """Both pitches at the knots of `AnalyticControls`.

    there      (B, T)  whether there are two
    low_hz     (B, T)  the lower pitch where there are, Hz
    high_hz    (B, T)  the higher one, Hz, without gaps: knots between are joined on a logarithmic scale
    share      (B, T)  of the power, the higher one's; 0 where there are not two
    """

    there: Tensor
    low_hz: Tensor
    high_hz: Tensor
    share: Tensor


@torch.no_grad()
def two_voices(x: Tensor, pitch_hz: Tensor, frames: AnalysisFrames) -> TwoVoices:
    """Where two pitches explain a recording and no single one does.

    With the power spectrum P of a frame (Blackman, 23 ms, every 3 ms) and A_f(g) = 1 - cos(2 pi g / f), which is zero
    at all harmonics g of f,

        left(a) = sum P A_a^2 / (1.5 sum P),   left(a, b) = sum P A_a^2 A_b^2 / (2.25 sum P)

    is what remains when the pitches are cancelled; noise keeps 1. Pitches to choose from are the frame's six highest
    peaks within the range and the pitch that was tracked; a pair of which one is a harmonic of the other is none. Two
    voices are there when the best pair leaves less than 0.03, the best single pitch six times as much, and the softer
    voice has 0.04 of the power, in three frames on end. The power is shared by what is nearer to harmonics of which,

        share_b = sum P A_a^2 / (A_a^2 + A_b^2) / sum P

    x         (B, L) audio
    pitch_hz  (B, T) as tracked for one voice, at knots `frames.hop` samples apart
    frames    range of pitch, sample rate and hop; a frame looks 11.5 ms ahead

    Source: de Cheveigne, Separation of concurrent harmonic sounds, J. Acoust. Soc. Am. 93, 3271, 1993 (cancellation of
    two periods, and the pair that cancels most).
    """
    rate, hop, low = frames.sample_rate, frames.hop, frames.pitch_range.min_hz
    every = max(1, round(STEP_MS * 1e-3 * rate / hop))  # knots a frame
    size = 2 * round(FRAME_MS * 5e-4 * rate)
    count = knot_count(pitch_hz.shape[1], every)
    power = _power(x, size, every * hop, count)
    hz = torch.fft.rfftfreq(2 * size, 1 / rate, device=x.device).to(power)
    kept = (hz >= 0.7 * low) & (hz <= min(_TOP_HZ, 0.475 * rate))
    power, hz = power[..., kept], hz[kept]
    known = pitch_hz[:, torch.arange(count, device=x.device).mul(every).clamp(max=pitch_hz.shape[1] - 1)]
    found = [
        _best_pair(power[:, start : start + _CHUNK], hz, known[:, start : start + _CHUNK], frames)
        for start in range(0, count, _CHUNK)
    ]
    there, below, above, share = (torch.cat(parts, 1) for parts in zip(*found))
    there = _lasting(there)
    middle = math.log2(frames.pitch_range.middle_hz)
    lower, higher = (fill_unvoiced_f0(y.log2(), there, middle) for y in (below, above))
    knots = [_at_knots(y, every, pitch_hz.shape[1]) for y in (there.to(power), lower, higher, share * there)]
    return TwoVoices(knots[0] > 0.5, torch.exp2(knots[1]), torch.exp2(knots[2]), knots[3] * (knots[0] > 0.5))


def _power(x: Tensor, size: int, step: int, count: int) -> Tensor:
    """(B, count, size + 1) power spectra of frames centred every `step` samples, padded to twice their length."""
    behind = max(0, (count - 1) * step + size - size // 2 - x.shape[1])
    framed = F.pad(x, (size // 2, behind)).unfold(1, size, step)[:, :count]
    window = torch.blackman_window(size, device=x.device, dtype=x.dtype)
    return torch.fft.rfft(framed * window, n=2 * size).abs().square()


def _best_pair(
    power: Tensor, hz: Tensor, known: Tensor, frames: AnalysisFrames
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of every frame (B, T): whether there are two voices, the lower and the higher pitch, the share of the higher."""
    low, high = frames.pitch_range.min_hz, frames.pitch_range.max_hz
    pitches = torch.cat((_peaks(power, hz, low, high), known[..., None]), -1)
    exists = pitches > 0
    pitches = torch.where(exists, pitches, low)
    total = power.sum(-1).clamp_min(torch.finfo(power.dtype).tiny)
    left = (1 - torch.cos(2 * math.pi * hz / pitches[..., None])).square()  # (B, T, K, F)
    weighted = left * (power / total[..., None])[..., None, :]
    alone = weighted.sum(-1) / 1.5
    pairs = (weighted @ left.mT) / 2.25
    ratio = pitches[..., None, :] / pitches[..., :, None]
    related = (ratio - ratio.round()).abs() < _HARMONIC
    possible = (ratio > 1) & ~related & exists[..., None, :] & exists[..., :, None]
    best, index = torch.where(possible, pairs, torch.inf).flatten(-2).min(-1)
    kinds = pitches.shape[-1]
    first, second = index // kinds, index % kinds
    below, above = (pitches.gather(-1, i[..., None])[..., 0] for i in (first, second))
    masks = [left.gather(-2, i[..., None, None].expand(*i.shape, 1, len(hz)))[..., 0, :] for i in (first, second)]
    share = (power * masks[0] / (masks[0] + masks[1]).clamp_min(1e-6)).sum(-1) / total
    single = torch.where(exists, alone, torch.inf).amin(-1)
    there = (best < EXPLAINED) & (single > WORSE * best) & (share > SOFTEST) & (share < 1 - SOFTEST)
    return there, below, above, share


def _peaks(power: Tensor, hz: Tensor, low: float, high: float) -> Tensor:
    """(B, T, 6) frequencies of the highest peaks from low to high, by a parabola through the logarithms; 0: none."""
    level = power.clamp_min(torch.finfo(power.dtype).tiny).log()
    before, here, after = level[..., :-2], level[..., 1:-1], level[..., 2:]
    inside = (hz[1:-1] >= low) & (hz[1:-1] <= high)
    peak = (here > before) & (here >= after) & inside
    height, at = torch.where(peak, here, -torch.inf).topk(min(PEAKS, here.shape[-1]), -1)
    before, here, after = (y.gather(-1, at) for y in (before, here, after))
    shift = 0.5 * (before - after) / (before - 2 * here + after).clamp_max(-1e-6)
    found = hz[at + 1] + shift.clamp(-0.5, 0.5) * (hz[1] - hz[0])
    return torch.where(height > -torch.inf, found, 0.0)


def _lasting(there: Tensor) -> Tensor:
    """Those of `there` (B, T) that lie in a run of three."""
    padded = F.pad(there.float()[:, None], (_LEAST_FRAMES - 1, _LEAST_FRAMES - 1))
    eroded = -F.max_pool1d(-padded, _LEAST_FRAMES, 1)
    return F.max_pool1d(eroded, _LEAST_FRAMES, 1)[:, 0] > 0


def _at_knots(y: Tensor, every: int, knots: int) -> Tensor:
    """Frames (B, T) every so many knots -> knots, on straight lines."""
    if y.shape[1] == 1:
        return y.expand(-1, knots)
    fine = (y.shape[1] - 1) * every + 1
    return F.interpolate(y[:, None], size=fine, mode="linear", align_corners=True)[:, 0, :knots]
