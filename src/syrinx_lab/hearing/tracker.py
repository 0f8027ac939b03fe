"""What a pitch tracker is to the benchmark, and the lab's own two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..controls.analytic import analytic_controls
from ..controls.envelope import local_envelope
from ..controls.pitch_range import PitchRange
from ..ear.features import PERIOD_S
from ..ear.listening import listen
from ..ear.syllables import syllables_of
from ..ear.weights import load_ear, packaged_ear


@dataclass(frozen=True)
class Tracked:
    """What a tracker says of one recording at T knots `features.PERIOD_S` apart.

    hz        (T,) Hz, read where voiced
    voiced    (T,) bool
    pressure  (T,) 0 to 1, of the louder or only voice, 0 where none sings; None where nobody looked
    onsets    s, of syllables; None: where the pitch begins
    """

    hz: Tensor
    voiced: Tensor
    pressure: Tensor | None = None
    onsets: list[float] | None = None


class Tracker(Protocol):
    """A pitch tracker, given the range of 150 Hz to 10 kHz and nothing else."""

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """What it says of a recording (L,)."""


class EarTracker:
    """The ear.

    weights       file of an ear; None: the one that comes with the lab
    lookahead_ms  None: it hears the whole recording
    """

    def __init__(self, weights: str | None = None, lookahead_ms: float | None = None) -> None:
        self.ear = packaged_ear() if weights is None else load_ear(weights)
        self.ear.frames_ms(lookahead_ms)
        self.lookahead_ms = lookahead_ms

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """Its lower or only voice."""
        heard = listen(self.ear, x[None], sample_rate, lookahead_ms=self.lookahead_ms)
        first = heard.first
        return Tracked(
            torch.exp2(first.octaves[0]),
            first.voiced[0],
            (first.there * first.pressure)[0],
            syllables_of(heard, x[None], sample_rate).onsets,
        )


class AnalyticTracker:
    """The hand-made analysis of `controls`; for its pressure the envelope over its largest value.

    pitch_range_hz  (lowest, highest), Hz
    lookahead_ms    as `analytic_controls`
    """

    def __init__(
        self, pitch_range_hz: tuple[float, float] = (150.0, 10_000.0), lookahead_ms: float | None = None
    ) -> None:
        self.range = PitchRange(*pitch_range_hz)
        self.lookahead_ms = lookahead_ms

    def track(self, x: Tensor, sample_rate: int) -> Tracked:
        """Its pitch at the benchmark's knots."""
        hop = round(PERIOD_S * sample_rate)
        found = analytic_controls(x[None], sample_rate, hop, self.range, self.lookahead_ms)
        envelope = local_envelope(x[None], sample_rate, hop)[0]
        return Tracked(found.pitch_hz[0], found.voiced[0] > 0, envelope / envelope.max().clamp_min(1e-9))
