"""Where somebody sings in a recording, without labels: what stands out of its own background."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .envelope import local_envelope

CONTRAST_DB = 10.0
"""Less than this between the quietest and the loudest: nothing stands out."""

_HOP_MS, _WIDTH_MS = 1.0, 4.0
_QUIET, _LOUD = 0.1, 0.98
_HIGH, _LOW = 0.45, 0.3  # of the way from quiet to loud: where a syllable is sure, and how far it then reaches
_LEAST_MS, _GAP_MS = 15, 6


@torch.no_grad()
def find_syllables(x: Tensor, sample_rate: int) -> list[tuple[int, int]]:
    """The syllables [onset, offset) of a recording (L,), in samples; none where nothing stands out of the background.

    With the level e in dB (Gaussian, 4 ms), its 10 % quantile q and its 98 % quantile p, a syllable is a stretch above
    q + 0.3 (p - q) that somewhere exceeds q + 0.45 (p - q), of 15 ms at least; gaps below 6 ms are closed.

    x            audio, high-passed, any unit
    sample_rate  Hz
    """
    hop = max(1, round(_HOP_MS * 1e-3 * sample_rate))
    level = 20 * torch.log10(local_envelope(x[None], sample_rate, hop, _WIDTH_MS)[0].clamp_min(1e-9))
    quiet, loud = (float(torch.quantile(level[:: -(-len(level) // 2**20)], q)) for q in (_QUIET, _LOUD))
    if loud - quiet < CONTRAST_DB:
        return []
    above = (level > quiet + _LOW * (loud - quiet)).float()[None, None]
    closed = -F.max_pool1d(-F.max_pool1d(F.pad(above, (_GAP_MS, _GAP_MS)), _GAP_MS, 1), _GAP_MS, 1)
    start = (closed.shape[-1] - len(level)) // 2
    inside = closed[0, 0, start : start + len(level)] > 0
    edges = torch.diff(inside.int(), prepend=torch.zeros(1, dtype=torch.int), append=torch.zeros(1, dtype=torch.int))
    onsets, offsets = (edges == 1).nonzero()[:, 0].tolist(), (edges == -1).nonzero()[:, 0].tolist()
    sure = quiet + _HIGH * (loud - quiet)
    return [
        (on * hop, min(off * hop, len(x)))
        for on, off in zip(onsets, offsets)
        if off - on >= _LEAST_MS and bool((level[on:off] > sure).any())
    ]
