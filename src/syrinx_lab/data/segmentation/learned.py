"""Syllables by an ear that has learned on simulated song: the ear says what sings, the envelope when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .bouts import BoutRules, Sound
from .envelope import excess_db
from .intervals import intervals
from .power import power_of
from .segmenter import Segmentation, Segmenter
from .structure import structure_of
from .threshold import ThresholdSegmenter, sorted_out

_VOICED = 0.2  # share of a bout's sounding time: what the ear does not hear is left out one by one
_PIECE_S, _OVERLAP_S = 30.0, 1.0  # what the ear hears at a time, and what two pieces share


class Heard(Protocol):
    """Syllables as an ear gives them: onsets and offsets in seconds, confidence 0 to 1, equally many."""

    onsets: Sequence[float]
    offsets: Sequence[float]
    confidence: Sequence[float]


@dataclass(frozen=True)
class LearnedSegmenter(Segmenter):
    """The sounds of the envelope that an ear calls song, in bouts, and what the ear alone hears in noise.

    A sound that stands above the noise, see `ThresholdSegmenter`, is voiced as far as the ear's syllables cover it; its
    confidence is the mean of theirs over its length. A syllable of the ear where no sound stands out counts as it is.

    finder        (samples (n,), sample rate in Hz) -> onsets, offsets, confidence
    covered       share of a sound that the ear's syllables cover, at least
    least         confidence of a syllable of the ear alone, at least
    bout_gap_s    s of silence that end a bout
    bout_sounds   voiced sounds of a bout of song, at least, or
    bout_sound_s  s of voiced sound of a bout of song, at least
    calls         "leave_out" bouts that are no song, or "keep" what is voiced of them
    """

    finder: Callable[[Tensor, int], Heard]
    covered: float = 0.3
    least: float = 0.8
    bout_gap_s: float = 0.5
    bout_sounds: int = 3
    bout_sound_s: float = 0.35
    calls: Literal["leave_out", "keep"] = "leave_out"
    envelope: ThresholdSegmenter = field(default_factory=ThresholdSegmenter, repr=False)

    def fitted(self, recordings: Sequence[tuple[np.ndarray, int]]) -> LearnedSegmenter:
        """With band and thresholds of these recordings, for the boundaries."""
        return replace(self, envelope=self.envelope.fitted(recordings))

    def found(self) -> dict[str, Any]:
        """The envelope's calibration."""
        return self.envelope.found()

    def with_found(self, found: Mapping[str, Any]) -> LearnedSegmenter:
        """With the calibration that `found` gave."""
        return replace(self, envelope=self.envelope.with_found(found))

    def segment(self, samples: np.ndarray, sample_rate: int) -> Segmentation:
        """The syllables of one recording."""
        if self.envelope.calibration is None:
            return self.fitted([(samples, sample_rate)]).segment(samples, sample_rate)
        known = self.envelope.settings(self.envelope.calibration)
        power = power_of(samples, sample_rate, known.low_hz, known.high_hz).power
        excess, _ = excess_db(power, known.low_db, known.smooth_ms, known.exponent)
        heard = np.array(self._heard(samples, sample_rate), float).reshape(-1, 3)
        end, free = len(samples) / sample_rate, np.ones(len(heard), bool)
        sounds: list[Sound] = []
        for first, last in intervals(excess, self.envelope.limits(known)):
            onset, offset = first * 1e-3, end if last >= len(excess) - 1 else min(last * 1e-3, end)
            shared = np.maximum(np.minimum(heard[:, 1], offset) - np.maximum(heard[:, 0], onset), 0)
            free &= shared == 0
            share = min(float(shared.sum()) / max(offset - onset, 1e-6), 1.0)
            sure = float(shared @ heard[:, 2]) / max(float(shared.sum()), 1e-6)
            structure = 0.5 + 0.5 * share if share >= self.covered else 0.0
            sounds.append(Sound(onset, offset, sure, structure))
        for onset, offset, sure in heard[free & (heard[:, 2] >= self.least)] if len(heard) else ():
            stretch = power[round(onset * 1e3) : round(offset * 1e3) + 1]
            if (offset - onset) * 1e3 >= known.syllable_ms and structure_of(stretch) >= 0.5:
                sounds.append(Sound(float(onset), min(float(offset), end), float(sure), float(sure)))
        rules = BoutRules(self.bout_gap_s, self.bout_sounds, self.bout_sound_s, voiced=_VOICED)
        return sorted_out(sorted(sounds, key=lambda s: s.onset_s), end, rules, self.calls == "keep", ())

    def _heard(self, samples: NDArray[np.float32], sample_rate: int) -> list[tuple[float, float, float]]:
        """What the ear finds, piece by piece; a syllable belongs to the piece in whose own part its middle lies."""
        found = []
        step, shared = round(_PIECE_S * sample_rate), round(_OVERLAP_S * sample_rate)
        for start in range(0, len(samples), step):
            first = max(start - shared, 0)
            piece = torch.from_numpy(np.ascontiguousarray(samples[first : start + step + shared]))
            with torch.no_grad():
                heard = self.finder(piece, sample_rate)
            for onset, offset, confidence in zip(heard.onsets, heard.offsets, heard.confidence):
                on, off = float(onset) + first / sample_rate, float(offset) + first / sample_rate
                if start <= (on + off) / 2 * sample_rate < start + step:
                    found.append((on, off, float(confidence)))
        return found
