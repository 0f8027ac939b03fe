"""The ear in the place of the hand-made analysis: a learned `Analyser`."""

from __future__ import annotations

import torch
from torch import Tensor

from ..controls.analyser import Analyser
from ..controls.analytic import AnalyticControls
from ..controls.envelope import ENVELOPE_MS, local_envelope
from ..controls.pitch_range import PitchRange
from ..controls.range_estimate import WIDEST
from ..types import knot_count
from .features import PERIOD_S
from .listening import Heard, between, listen
from .weights import identity_of, load_ear, packaged_ear

DOUBT = 3.0
"""Nats in favour of a pitch: who sings it follows one better than a line across what is hoarse."""

_SURE = 0.8
_QUIETEST = 10 ** (-30 / 20)
_TAIL = 0.01
_MARGIN_OCTAVES = 0.25
_LEAST_VOICED = 10  # knots: 29 ms


class EarAnalyser(Analyser):
    """Pitch, voicing, loudness and second voice as the ear hears them; a drop-in for `Analyser`.

    pitch_hz   of the ear's path, joined in octaves between its knots; with voices=1 that of the louder of two
    voiced     1 on the path times the probability of its pitch, between knots on straight lines
    periodicity   that probability, or of any pitch where none was decided for
    envelope   the local envelope of the recording, as `Analyser` has it: it has the time resolution that the ear lacks
    second_hz, second_share   of the higher of two voices, its share of the power from both voices' loudness

    The ear's weights are part of this module, so of a model's checkpoint, and are not trained.

    sample_rate    Hz, any
    weights        file of an ear, see `weights.save_ear`; None: the one that comes with the lab
    lookahead_ms   None: every knot has heard the whole recording; else samples so many ms after it, at least 6
    Other arguments as `Analyser`. Raises ValueError for a file that is no ear, and for a lookahead that is too short.
    """

    def __init__(
        self,
        *,
        sample_rate: int,
        weights: str | None = None,
        pitch_range_hz: tuple[float, float] | None = None,
        widest_hz: tuple[float, float] = (WIDEST.min_hz, WIDEST.max_hz),
        lookahead_ms: float | None = None,
        envelope_ms: float = ENVELOPE_MS,
    ) -> None:
        super().__init__(
            sample_rate=sample_rate,
            pitch_range_hz=pitch_range_hz,
            widest_hz=widest_hz,
            lookahead_ms=lookahead_ms,
            envelope_ms=envelope_ms,
        )
        self.ear = packaged_ear() if weights is None else load_ear(weights)
        self.ear.frames_ms(lookahead_ms)  # refuses what is too short

    @property
    def identity(self) -> str:
        """16 hexadecimal digits of the ear's weights."""
        return identity_of(self.ear)

    def hear(self, x: Tensor) -> Heard:
        """What the ear says of recordings x (B, L) at its own knots, within the range of pitch."""
        limits = self.pitch_range()
        return listen(
            self.ear,
            x.to(torch.float32),
            self.sample_rate,
            (limits.min_hz, limits.max_hz),
            self.lookahead_ms,
            doubt=DOUBT,
        )

    @torch.no_grad()
    def forward(self, x: Tensor, hop: int, voices: int = 1) -> AnalyticControls:
        """The controls of recordings x (B, L) at knots `hop` samples apart; voices, 1 or 2: pitches at a time."""
        if x.ndim != 2 or x.shape[1] < 1:
            raise ValueError(f"a batch of recordings (B, L) is wanted, not {tuple(x.shape)}: add or flatten dimensions")
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        heard = self.hear(x)
        first, second = heard.first, heard.second
        power, other = (torch.pow(10.0, 0.1 * voice.loudness.clamp(-60, 10)) for voice in (first, second))
        both = first.voiced & second.voiced & (second.octaves > first.octaves)
        share = torch.where(both, other / (power + other), 0.0)
        octaves = first.octaves
        if voices == 1:
            octaves = torch.where(share > 0.5, second.octaves, octaves)
        delay = 0
        if self.lookahead_ms is not None:
            window = int(3e-3 * self.envelope_ms * self.sample_rate) + 1
            delay = max(0, window - int(self.lookahead_ms * 1e-3 * self.sample_rate))

        def at_knots(y: Tensor) -> Tensor:
            return between(y.to(x), knot_count(x.shape[1], hop), hop / self.sample_rate)

        found = AnalyticControls(
            pitch_hz=torch.exp2(at_knots(octaves)),
            voiced=at_knots(first.voiced * first.sure),
            periodicity=at_knots(first.sure),
            envelope=local_envelope(x, self.sample_rate, hop, self.envelope_ms, delay),
            hop=hop,
        )
        if voices == 2:
            found.second_hz = torch.exp2(at_knots(second.octaves))
            found.second_share = at_knots(share)
        return found

    def _find_range(self, syllables: list[Tensor]) -> PitchRange:
        """The range that holds all but the outermost hundredths of what the ear is sure of, and a quarter octave more.

        Raises ValueError when it is sure of nothing.
        """
        octaves, weights = [], []
        for syllable in syllables:
            x = syllable[None].to(torch.float32)
            voice = listen(
                self.ear, x, self.sample_rate, (self.widest.min_hz, self.widest.max_hz), self.lookahead_ms
            ).first
            loud = local_envelope(x, self.sample_rate, max(1, round(PERIOD_S * self.sample_rate)))
            here = (voice.voiced & (voice.sure > _SURE))[:, : loud.shape[1]]
            octaves.append(voice.octaves[:, : loud.shape[1]][here].cpu())
            weights.append(loud[:, : here.shape[1]][here].cpu())
        where = torch.cat(octaves) if octaves else torch.empty(0)
        if len(where) < _LEAST_VOICED:
            raise ValueError(
                "the ear hears no pitch in the syllables: controls.pitch_range_hz=[LOWEST,HIGHEST], or select other "
                "labels (data.label)"
            )
        where, order = where.sort()
        weight = torch.cat(weights)[order]
        share = torch.where(weight > _QUIETEST * weight.max(), weight, 0).cumsum(0)
        ends = torch.tensor([_TAIL, 1 - _TAIL]) * share[-1]
        low, high = where[torch.searchsorted(share, ends).clamp_max(len(where) - 1)].tolist()
        return PitchRange(
            max(self.widest.min_hz, 2 ** (low - _MARGIN_OCTAVES)),
            min(self.widest.max_hz, 0.45 * self.sample_rate, 2 ** (high + _MARGIN_OCTAVES)),
        )
