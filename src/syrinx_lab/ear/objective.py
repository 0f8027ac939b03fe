"""How far what the ear says lies from the truth of simulated song."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..controls.envelope import local_envelope
from .axis import BINS, FINE, place
from .network import EarOutput

WEIGHTS = {
    "pitch": 1.0,
    "second": 1.0,
    "pressure": 0.5,
    "loudness": 0.5,
    "breath": 0.1,
    "background": 0.1,
    "onset": 0.5,
    "offset": 0.5,
}

_SPREAD = 1.0  # fine bins: 25 cents
_QUIETEST_DB = 40.0
_FLOOR = 1e-7
_INAUDIBLE_DB, _SOFT_DB = -22.0, 3.0
_EDGE_KNOTS = 1.0
_EDGE_WEIGHT = 8.0


@dataclass(frozen=True)
class Truth:
    """What is known of a batch of simulated song at knots `hop` apart: the fields of `simulation.SimulatedSong`."""

    audio: Tensor
    pitch_hz: Tensor
    pressure: Tensor
    voiced: Tensor
    gain: Tensor
    breath: Tensor
    background: Tensor
    onsets: list[list[float]]
    offsets: list[list[float]]
    rate_hz: Tensor
    hop: int
    sample_rate: int

    @classmethod
    def of(cls, song: Any) -> Truth:
        """Those fields of a simulated song."""
        return cls(**{one.name: getattr(song, one.name) for one in fields(cls)})


def losses(output: EarOutput, truth: Truth, top_hz: float | None = None) -> dict[str, Tensor]:
    """Term -> mean over a batch, each about 1 for an ear that knows nothing.

    pitch, second   cross entropy in nats: the target is a Gaussian of 25 cents around the pitch, or none
    pressure        (p - truth)^2 / 0.1 where the side sings
    loudness, breath, background   |error| in units of 10 dB, where it is within 40 dB of the local level
    onset, offset   cross entropy of Gaussian bumps of a knot; knots near one count eight times

    Knots where a side sings, but 22 dB below the background, or above the recorder's band or `top_hz`, do not count.
    """
    level = 20 * torch.log10(local_envelope(truth.audio, truth.sample_rate, truth.hop) + _FLOOR)
    loud = 20 * torch.log10(truth.gain + _FLOOR)
    hush = 20 * torch.log10(truth.background + _FLOOR)
    first, second = by_pitch(truth)
    highest = 0.48 * truth.rate_hz[:, None].to(level)
    if top_hz is not None:
        highest = highest.clamp_max(top_hz)
    found = {}
    weights = []
    for name, logits, side in (("pitch", output.first, first), ("second", output.second, second)):
        there, index = side
        pitch = _of(truth.pitch_hz, index)
        heard = torch.sigmoid((_of(loud, index) - hush[:, None] - _INAUDIBLE_DB) / _SOFT_DB)
        weight = torch.where(there, heard * (pitch < highest), 1.0)
        target = soft_target(pitch, there)
        cross = -(target * torch.log_softmax(logits, -1)).sum(-1)
        found[name] = (weight * cross).mean()
        weights.append((there * weight, target[..., :-1], index))
    pressure, gain, total = level.new_zeros(()), level.new_zeros(()), level.new_tensor(1e-6)
    for weight, target, index in weights:
        error = ((target * output.pressure).sum(-1) - _of(truth.pressure, index)).square() / 0.1
        ratio = (_of(loud, index) - level).clamp(-_QUIETEST_DB, 10)
        off = ((target * output.loudness).sum(-1) - ratio).abs() / 10
        pressure, gain, total = (
            pressure + (weight * error).sum(),
            gain + (weight * off).sum(),
            total + weight.sum(),
        )
    found["pressure"], found["loudness"] = pressure / total, gain / total
    breath = (20 * torch.log10(truth.breath + _FLOOR) - level).clamp(-_QUIETEST_DB, 10)
    found["breath"] = (output.breath.clamp(-_QUIETEST_DB, 10) - breath).abs().mean() / 10
    background = (hush[:, None] - level).clamp(-2 * _QUIETEST_DB, 10)
    found["background"] = (output.background - background).abs().mean() / 10
    for name, logits, times in (("onset", output.onset, truth.onsets), ("offset", output.offset, truth.offsets)):
        bumps = edge_target(times, logits, truth.hop / truth.sample_rate)
        cross = F.binary_cross_entropy_with_logits(logits, bumps, reduction="none")
        found[name] = 1.5 * ((1 + _EDGE_WEIGHT * bumps) * cross).mean()
    return found


def by_pitch(truth: Truth) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Of the only or lower voice, and of the higher of two: where it is (B, T) bool, and which side (B, T) sings it."""
    sings = truth.voiced
    both = sings.all(1)
    lower = torch.where(both, (truth.pitch_hz[:, 1] < truth.pitch_hz[:, 0]).long(), (~sings[:, 0]).long())
    return (sings.any(1), lower), (both, 1 - lower)


def soft_target(pitch_hz: Tensor, there: Tensor) -> Tensor:
    """(B, T, FINE BINS + 1) probabilities: a Gaussian of 25 cents around the pitch, or all of it at none."""
    where = place(pitch_hz.clamp_min(1.0))
    bins = torch.arange(FINE * BINS, device=where.device, dtype=where.dtype)
    bumps = torch.exp(-0.5 * ((bins - where[..., None]) / _SPREAD) ** 2) * there[..., None]
    total = bumps.sum(-1, keepdim=True)
    none = (total < 1e-3).to(bumps)
    return torch.cat([bumps / total.clamp_min(1e-3) * (1 - none), none], -1)


def edge_target(times: list[list[float]], like: Tensor, period: float) -> Tensor:
    """(B, T) bumps of height 1 around times in s."""
    knots = torch.arange(like.shape[1], device=like.device, dtype=like.dtype)
    rows = []
    for some in times:
        places = torch.tensor(some, device=like.device, dtype=like.dtype)[:, None] / period
        rows.append(torch.exp(-0.5 * ((knots - places) / _EDGE_KNOTS) ** 2).sum(0).clamp_max(1))
    return torch.stack(rows)


def _of(sides: Tensor, index: Tensor) -> Tensor:
    """(B, 2, T) and which side (B, T) -> (B, T)."""
    return sides.gather(1, index[:, None])[:, 0]
