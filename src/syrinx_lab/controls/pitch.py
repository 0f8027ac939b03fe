"""The pitch of a recording over time, and where it has one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .candidates import find_candidates
from .frames import AnalysisFrames
from .periodicity import correlations
from .unvoiced_f0 import fill_unvoiced_f0
from .viterbi import cheapest_path

VOICING = 0.45
JUMP_COST_MS = 1.5
SWITCH_COST_MS = 0.75


@dataclass
class Pitch:
    """hz (B, T), voiced (B, T) bool, periodicity (B, T) in [0, 1]; see `track_pitch`."""

    hz: Tensor
    voiced: Tensor
    periodicity: Tensor


def track_pitch(x: Tensor, frames: AnalysisFrames) -> Pitch:
    """The pitch at every knot, by the cheapest path through the peaks of the correlation.

    Costs are in ms, so that a path does not depend on the hop: a voiced ms costs 1 - score, an unvoiced one 1 - 0.45,
    a jump 1.5 an octave, a change of voicing 0.75. A sweep pays for its octaves once, however fast it is.

    x       (B, L) audio
    frames  where to look; with a lookahead every knot is decided from the knots up to it
    Returns pitch in Hz (between voiced knots on straight lines of its logarithm; the middle of the range where no knot
    is voiced), voicing, and periodicity: the height of the path's peak, or of the frame's highest where unvoiced.
    """
    parts = [find_candidates(r, frames) for r in correlations(x, frames)]
    hz, height, score = (
        torch.cat([getattr(part, name) for part in parts], 1) for name in ("pitch_hz", "height", "score")
    )
    octaves = torch.log2(hz)
    ms = 1e3 * frames.hop / frames.sample_rate
    online = frames.lookahead_ms is not None
    path = cheapest_path(ms * (1 - score), octaves, ms * (1 - VOICING), JUMP_COST_MS, SWITCH_COST_MS, online)
    voiced = path < hz.shape[-1]
    index = path.clamp_max(hz.shape[-1] - 1)[..., None]
    exists = score > -math.inf
    highest = torch.where(exists, height, 0).amax(-1)
    periodicity = torch.where(voiced, height.gather(-1, index)[..., 0], highest)
    chosen = octaves.gather(-1, index)[..., 0]
    held = fill_unvoiced_f0(chosen, voiced, math.log2(frames.pitch_range.middle_hz), online)
    return Pitch(torch.exp2(held), voiced, periodicity)
