"""The range of a bird's pitch, found in its recordings."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from .envelope import local_envelope
from .frames import AnalysisFrames
from .pitch import track_pitch
from .pitch_range import PitchRange

WIDEST = PitchRange(150.0, 10_000.0)
_HOP_MS = 2.0
_SURE = 0.8
_QUIETEST = 10 ** (-30 / 20)
_TAIL = 0.01
_MARGIN_OCTAVES = 0.25


@torch.no_grad()
def estimate_pitch_range(recordings: Iterable[Tensor], sample_rate: int, widest: PitchRange = WIDEST) -> PitchRange:
    """The range that holds all but the outermost hundredths of what a bird sings, with a quarter octave to spare.

    Pitch is tracked over a wide range at a knot every 2 ms. A knot counts, with its envelope as its weight, when it is
    voiced with a periodicity above 0.8 and lies within 30 dB of the loudest of all. The weighted hundredths of log2 of
    the pitch at either end, widened by a quarter octave, are the range. A minute of song takes a few seconds.

    recordings   tensors (L,) or (B, L), in one unit; best the syllables alone, for a whine of the recorder beside the
                 song is a pitch too
    sample_rate  Hz
    widest       Hz, where to look; its top is lowered to 0.45 of the sample rate
    Raises ValueError when no knot counts: then the range must be given by hand.
    """
    widest = PitchRange(widest.min_hz, min(widest.max_hz, 0.45 * sample_rate))
    frames = AnalysisFrames(sample_rate, max(1, round(_HOP_MS * 1e-3 * sample_rate)), widest)
    octaves, weights = [torch.empty(0)], [torch.empty(0)]
    for recording in recordings:
        rows = torch.atleast_2d(recording)
        pitch = track_pitch(rows, frames)
        counts = pitch.voiced & (pitch.periodicity > _SURE)
        octaves.append(torch.log2(pitch.hz[counts]).cpu())
        weights.append(local_envelope(rows, sample_rate, frames.hop)[counts].cpu())
    where, order = torch.cat(octaves).sort()
    if not len(where):
        raise ValueError(
            f"no pitch between {widest.min_hz:g} and {widest.max_hz:g} Hz was found in the recordings: "
            f"check that they hold song, or give the pitch range by hand"
        )
    weight = torch.cat(weights)[order]
    share = torch.where(weight > _QUIETEST * weight.max(), weight, 0).cumsum(0)
    ends = torch.tensor([_TAIL, 1 - _TAIL]) * share[-1]
    low, high = where[torch.searchsorted(share, ends).clamp_max(len(where) - 1)].tolist()
    return PitchRange(
        max(widest.min_hz, 2 ** (low - _MARGIN_OCTAVES)), min(widest.max_hz, 2 ** (high + _MARGIN_OCTAVES))
    )
