"""Syllables by a threshold on the band-limited envelope, whose parameters are found from the recordings themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np

from .bouts import BoutRules, Sound, bouts_of, is_song
from .calibration import Calibration, calibrate
from .envelope import excess_db
from .intervals import Thresholds, intervals
from .power import power_of
from .segmenter import Found, Segmentation, Segmenter
from .signal_to_noise import FAINT_SNR_DB, snr_of
from .structure import structure_of

_SURE_DB = 6.0  # above the low threshold a sound is certain to 63 %
_BANG = 0.05  # a sound of less structure is no syllable, even within a song
_MUCH = 0.5  # of a recording that is background
_CROWDED = 0.9  # of a recording that sounds: noise was not heard


@dataclass(frozen=True)
class ThresholdSegmenter(Segmenter):
    """Sounds whose envelope stands above the noise, in bouts that are song.

    The envelope is the mean over the band of each bin's power over its noise, see `envelope.excess_db`. What is None is
    found from the recordings, see `calibration`.

    low_hz, high_hz  Hz, the band
    low_db           dB above the noise at which a syllable begins and ends
    high_db          dB above the noise that it reaches
    depth_db         dB below the loudest sound within 0.15 s that are silence, whatever the noise
    gap_ms           ms; shorter gaps are no gaps
    syllable_ms      ms; shorter sounds are no syllables
    bout_gap_s       s of silence that end a bout
    bout_sounds      voiced sounds of a bout of song, at least, or
    bout_sound_s     s of voiced sound of a bout of song, at least
    calls            "leave_out" bouts that are no song, or "keep" what is voiced of them
    Raises ValueError for limits in the wrong order.
    """

    low_hz: float | None = None
    high_hz: float | None = None
    low_db: float | None = None
    high_db: float | None = None
    depth_db: float = 36.0
    gap_ms: float | None = None
    syllable_ms: float | None = None
    bout_gap_s: float = 0.5
    bout_sounds: int = 3
    bout_sound_s: float = 0.35
    calls: Literal["leave_out", "keep"] = "leave_out"
    calibration: Calibration | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.low_hz is not None and self.high_hz is not None and self.low_hz >= self.high_hz:
            raise ValueError(f"high_hz is {self.high_hz:g}: give Hz above low_hz, {self.low_hz:g}")
        if self.low_db is not None and self.high_db is not None and self.low_db > self.high_db:
            raise ValueError(f"high_db is {self.high_db:g}: give at least low_db, {self.low_db:g}")

    def fitted(self, recordings: Sequence[tuple[np.ndarray, int]]) -> ThresholdSegmenter:
        """With band and thresholds of these recordings."""
        return replace(self, calibration=calibrate(recordings))

    def found(self) -> dict[str, Any]:
        """What stands in `calibration`."""
        return {} if self.calibration is None else asdict(self.calibration)

    def with_found(self, found: Mapping[str, Any]) -> ThresholdSegmenter:
        """With the calibration that `found` gave."""
        return replace(self, calibration=Calibration(**found)) if found else self

    def segment(self, samples: np.ndarray, sample_rate: int) -> Segmentation:
        """The syllables of one recording; without calibration it is made from this recording alone."""
        if self.calibration is None:
            return self.fitted([(samples, sample_rate)]).segment(samples, sample_rate)
        found = self._segmented(self.settings(self.calibration), samples, sample_rate)
        if self.calibration.exponent > 1.0 or not found.syllables:
            return found
        if snr_of(found, samples, sample_rate) >= FAINT_SNR_DB:
            return found
        own = calibrate([(samples, sample_rate)])  # of a folder whose other recordings are better
        return found if own.exponent == 1.0 else self._segmented(self.settings(own), samples, sample_rate)

    def _segmented(self, known: Calibration, samples: np.ndarray, sample_rate: int) -> Segmentation:
        power = power_of(samples, sample_rate, known.low_hz, known.high_hz).power
        excess, background = excess_db(power, known.low_db, known.smooth_ms, known.exponent)
        limits = self.limits(known)
        end = len(samples) / sample_rate
        sounds = []
        for onset, offset in intervals(excess, limits):
            first, stop = round(onset), round(offset) + 1
            sure = 1 - np.exp(-(float(excess[first:stop].max()) - known.low_db) / _SURE_DB)
            # frames are 1 ms apart; the last reaches the end
            stretch = onset * 1e-3, end if offset >= len(excess) - 1 else min(offset * 1e-3, end)
            sounds.append(Sound(*stretch, float(sure), structure_of(power[first:stop])))
        rules = BoutRules(self.bout_gap_s, self.bout_sounds, self.bout_sound_s)
        return sorted_out(sounds, end, rules, self.calls == "keep", _doubts(excess, background, known))

    def limits(self, known: Calibration) -> Thresholds:
        """The thresholds of a calibration."""
        return Thresholds(known.low_db, known.high_db, self.depth_db, known.gap_ms, known.syllable_ms)

    def settings(self, found: Calibration) -> Calibration:
        """The calibration, with what was given in place of what was found."""
        given = {name: getattr(self, name) for name in ("low_hz", "high_hz", "low_db", "high_db")}
        given |= {"gap_ms": self.gap_ms, "syllable_ms": self.syllable_ms}
        return replace(found, **{name: float(value) for name, value in given.items() if value is not None})


def sorted_out(
    sounds: Sequence[Sound], duration_s: float, rules: BoutRules, keep: bool, doubts: Sequence[str]
) -> Segmentation:
    """Sounds of a recording as syllables of song and others.

    sounds      in order of time
    duration_s  seconds, of the recording
    keep        whether voiced sounds that are no song count as syllables as well
    doubts      lines
    """
    syllables: list[Found] = []
    others: list[Found] = []
    for bout in bouts_of(sounds, rules.gap_s):
        song = is_song(bout, duration_s, rules)
        for one in bout:
            found = Found(one.onset_s, one.offset_s, round(one.confidence * (0.5 + 0.5 * one.structure), 4))
            counts = one.structure >= _BANG if song else keep and one.structure >= 0.5
            (syllables if counts else others).append(found)
    return Segmentation(tuple(syllables), tuple(others), tuple(doubts))


def _doubts(excess: np.ndarray, background: int, known: Calibration) -> list[str]:
    """What makes the envelope of a recording doubtful."""
    found = []
    if background > _MUCH * len(excess):
        found.append(f"the background changes: {background / len(excess):.0%} of it stands above its own noise")
    if len(excess) > 500 and float(np.mean(excess > known.low_db)) > _CROWDED:
        found.append("it sounds nearly throughout: there is hardly a silence in which noise can be measured")
    return found
