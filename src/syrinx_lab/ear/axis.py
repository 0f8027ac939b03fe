"""The logarithmic axis of frequency on which the ear looks for pitch: a change of pitch is a shift along it."""

from __future__ import annotations

import torch
from torch import Tensor

LOWEST_HZ = 140.0
BINS_PER_OCTAVE = 24
BINS = 156
"""Six and a half octaves: 140 Hz to 12.5 kHz."""

FINE = 2
"""Pitches a bin: 25 cents lie between two."""


def bins_hz(device: torch.device | None = None) -> Tensor:
    """(BINS,) float64 Hz: bin i lies at 140 2^(i / 24)."""
    return LOWEST_HZ * torch.exp2(torch.arange(BINS, dtype=torch.float64, device=device) / BINS_PER_OCTAVE)


def place(pitch_hz: Tensor) -> Tensor:
    """Where a pitch in Hz, any shape, lies among the FINE * BINS pitches, as a real number: 0 is the first.

    place = FINE 24 log2(f / 140 Hz) + (FINE - 1) / 2: the pitches of a bin lie evenly around it
    """
    return FINE * BINS_PER_OCTAVE * torch.log2(pitch_hz / LOWEST_HZ) + (FINE - 1) / 2


def octaves(places: Tensor) -> Tensor:
    """log2 of the pitch in Hz at a place: the inverse of `place`."""
    base = torch.log2(torch.tensor(LOWEST_HZ, dtype=torch.float64)).item()
    return base + (places - (FINE - 1) / 2) / (FINE * BINS_PER_OCTAVE)
