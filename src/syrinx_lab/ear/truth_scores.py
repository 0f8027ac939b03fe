"""How well pitch and gestures were found, against the truth of simulated song."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .features import PERIOD_S
from .objective import Truth, by_pitch

GROSS_CENTS = 50.0
AUDIBLE_DB = -10.0
"""A side sings audibly where its local level is at least so far above the background."""

_FLOOR = 1e-7
_AROUND_S = 1e-3


@dataclass(frozen=True)
class Voice:
    """The lower or only voice of a batch at its knots, (B, T) each.

    pitch_hz  Hz;   sings  bool: it oscillates;   audible  bool: and is loud enough to be heard
    silent    bool: no side oscillates;   pressure  0 to 1
    """

    pitch_hz: Tensor
    sings: Tensor
    audible: Tensor
    silent: Tensor
    pressure: Tensor


def voice_of(truth: Truth) -> Voice:
    """What is to be found: audible is what lies no more than 10 dB below the background, and in the recorder's band."""
    (sings, side), _ = by_pitch(truth)

    def of(sides: Tensor) -> Tensor:
        return sides.gather(1, side[:, None])[:, 0]

    over = 20 * torch.log10((of(truth.gain) + _FLOOR) / (truth.background[:, None] + _FLOOR))
    pitch = of(truth.pitch_hz)
    audible = sings & (over > AUDIBLE_DB) & (pitch < 0.45 * truth.rate_hz[:, None])
    return Voice(pitch, sings, audible, ~sings, of(truth.pressure))


def pitch_scores(hz: Tensor, voiced: Tensor, voice: Voice, rows: Tensor | None = None) -> dict[str, float]:
    """Shares of knots: gross and octave errors of what was found, and what was missed or made up.

    gross    |error| > 50 cents, of the audible knots where a pitch was found;   octave: within 50 cents of 1 or 2
             octaves off
    gross_1ms  the same, of the distance from all pitches that are sung within a millisecond of the knot, between
             knots on straight lines of octaves: through a sweep of 50 octaves/s 50 cents are 0.8 ms
    missed   no pitch where one is audible;   false: a pitch where none is sung;   voicing: both, of all knots
    cents    median |error| of those not gross

    hz, voiced  (B, T) what was found: Hz, bool;   rows  (B,) bool: recordings that count
    """
    chosen = torch.ones_like(voiced) if rows is None else rows[:, None].expand_as(voiced)
    audible, silent = voice.audible & chosen, voice.silent & chosen
    found = audible & voiced
    off = 1200 * torch.log2(hz.clamp_min(1e-3) / voice.pitch_hz.clamp_min(1e-3))
    low, high = _within_a_ms(voice)
    beyond = torch.maximum(low - off, off - high).clamp_min(0)[found]
    cents = off[found].abs()
    gross = cents > GROSS_CENTS
    octave = ((cents - 1200).abs() < GROSS_CENTS) | ((cents - 2400).abs() < GROSS_CENTS)
    wrong = (audible & ~voiced) | (silent & voiced)
    return {
        "gross": _mean(gross),
        "gross_1ms": _mean(beyond > GROSS_CENTS),
        "octave": _mean(octave),
        "missed": _mean(~voiced[audible]),
        "false": _mean(voiced[silent]),
        "voicing": float(wrong.sum()) / max(1, int((audible | silent).sum())),
        "cents": float(cents[~gross].median()) if (~gross).any() else float("nan"),
        "knots": float(audible.sum()),
    }


def _within_a_ms(voice: Voice) -> tuple[Tensor, Tensor]:
    """Lowest and highest pitch sung within a millisecond of each knot, in cents from that at the knot, (B, T)."""
    here = 1200 * torch.log2(voice.pitch_hz.clamp_min(1e-3))
    step = (here[:, 1:] - here[:, :-1]) * (_AROUND_S / PERIOD_S) * (voice.sings[:, 1:] & voice.sings[:, :-1])
    nothing = torch.zeros_like(here[:, :1])
    around = torch.stack([torch.cat([step, nothing], 1), torch.cat([nothing, -step], 1), torch.zeros_like(here)])
    return around.amin(0), around.amax(0)


def correlation(found: Tensor, true: Tensor) -> float:
    """Pearson's r of two sets of numbers (N,); NaN below three or without spread."""
    if len(found) < 3 or not found.std() > 0 or not true.std() > 0:
        return float("nan")
    return float(torch.corrcoef(torch.stack([found.double(), true.double()]))[0, 1])


def _mean(flags: Tensor) -> float:
    return float(flags.float().mean()) if flags.numel() else float("nan")
