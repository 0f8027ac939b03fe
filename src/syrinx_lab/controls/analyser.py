"""The analytic controls as a part of a model: they know the bird's range of pitch and its background."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .analytic import AnalyticControls, analytic_controls
from .envelope import ENVELOPE_MS, local_envelope
from .pitch_range import PitchRange
from .range_estimate import WIDEST, estimate_pitch_range

_QUIET, _LOUD = 0.05, 0.99
_DYNAMIC_RANGE = 10 ** (-50 / 20)
_SECOND_LOOK = 2**0.5
_SHORTER = 4
_AUDIBLE = 0.475  # of the sample rate, above which no pitch is looked for


class Analyser(nn.Module):
    """Pitch, voicing, periodicity and envelope of recordings, with what has been learned of the bird as buffers.

    sample_rate    Hz
    pitch_range_hz (lowest, highest) fundamental, Hz; None leaves it to `calibrate`
    widest_hz      where `calibrate` looks for it, Hz; its top is at most 0.475 of the sample rate
    lookahead_ms   None: every knot sees the whole recording; else samples so many ms after it, see `analytic_controls`
    envelope_ms    standard deviation of the envelope's window, ms
    """

    range_hz: Tensor
    background: Tensor

    def __init__(
        self,
        *,
        sample_rate: int,
        pitch_range_hz: tuple[float, float] | None = None,
        widest_hz: tuple[float, float] = (WIDEST.min_hz, WIDEST.max_hz),
        lookahead_ms: float | None = None,
        envelope_ms: float = ENVELOPE_MS,
    ) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.given = None if pitch_range_hz is None else PitchRange(*pitch_range_hz)
        self.widest = PitchRange(widest_hz[0], min(widest_hz[1], _AUDIBLE * sample_rate))
        self.lookahead_ms = lookahead_ms
        self.envelope_ms = envelope_ms
        start = self.given or self.widest
        self.register_buffer("range_hz", torch.tensor([start.min_hz, start.max_hz], dtype=torch.float64))
        self.register_buffer("background", torch.tensor(0.0))
        self._read: tuple[Tensor, int, PitchRange] | None = None

    def calibrate(self, recordings: Iterable[Tensor], syllables: Iterable[Tensor]) -> None:
        """Take the range of pitch from syllables, and the background from whole recordings.

        The range is looked for twice: in `widest_hz`, then within half an octave of what was found. Frames are as long
        as the lowest pitch that is looked for asks: through long ones a pitch that moves repeats itself best after a
        fraction of its period, a fast sweep loses its ends, and a bird that only trills fast may have no pitch at all.
        Then the lowest pitch is raised, an octave at a time. Never the other way round: above its pitch a low bird has
        its harmonics, and they would do.

        The background is the 5 % quantile of the envelope over all recordings, but not below -50 dB of its 99 %
        quantile: what lies deeper is silence that was drawn, not recorded.

        recordings  tensors (L,), with their silence
        syllables   tensors (L,), without
        Raises ValueError when there are no recordings, or no pitch is found and none was given.
        """
        recordings, syllables = list(recordings), list(syllables)
        if not recordings:
            raise ValueError(
                "pitch and background are read off training syllables, but there is none that no other one overlaps: "
                "correct the annotation, or choose other labels (data.label)"
            )
        if self.given is None:
            found = self._find_range(syllables)
            self.range_hz.copy_(torch.tensor([found.min_hz, found.max_hz]))
        self.calibrate_background(recordings)

    def calibrate_background(self, recordings: Iterable[Tensor]) -> None:
        """Take the background alone from whole recordings (L,), see `calibrate`."""
        hop = max(1, round(1e-3 * self.sample_rate))
        levels = torch.cat([local_envelope(r[None], self.sample_rate, hop, self.envelope_ms)[0] for r in recordings])
        quiet, loud = (torch.quantile(_thinned(levels), q) for q in (_QUIET, _LOUD))
        self.background.copy_(torch.maximum(quiet, _DYNAMIC_RANGE * loud))

    def _find_range(self, syllables: list[Tensor]) -> PitchRange:
        """The range of pitch, looked at closely after a first look."""
        rough = self._first_look(syllables)
        low = max(self.widest.min_hz, rough.min_hz / _SECOND_LOOK)
        high = min(self.widest.max_hz, rough.max_hz * _SECOND_LOOK)
        try:
            return estimate_pitch_range(syllables, self.sample_rate, PitchRange(low, high))
        except ValueError:  # what little there was lay in frames of one length
            return rough

    def _first_look(self, syllables: list[Tensor]) -> PitchRange:
        """The range of pitch through the longest frames in which there is any pitch."""
        reason = ""
        for octave in range(_SHORTER):
            low = self.widest.min_hz * 2**octave
            if octave == 0 or low < self.widest.max_hz / 2:
                try:
                    return estimate_pitch_range(syllables, self.sample_rate, PitchRange(low, self.widest.max_hz))
                except ValueError as error:
                    reason = reason or str(error)
        raise ValueError(f"{reason}: controls.pitch_range_hz=[LOWEST,HIGHEST], or select other labels (data.label)")

    def forward(self, x: Tensor, hop: int, voices: int = 1) -> AnalyticControls:
        """The controls of recordings x (B, L) at knots `hop` samples apart; voices, 1 or 2: pitches at a time."""
        return analytic_controls(
            x, self.sample_rate, hop, self.pitch_range(), self.lookahead_ms, self.envelope_ms, voices
        )

    def pitch_range(self) -> PitchRange:
        """The range of pitch as numbers; the buffer is read once after every change, since the host waits for it."""
        buffer = self.range_hz
        if self._read is None or self._read[0] is not buffer or self._read[1] != buffer._version:
            self._read = (buffer, buffer._version, PitchRange(*buffer.tolist()))
        return self._read[2]


def _thinned(values: Tensor, most: int = 2**20) -> Tensor:
    """At most about `most` of the values, evenly spread: torch's quantile takes no more than 2^24."""
    return values[:: -(-len(values) // most)]
