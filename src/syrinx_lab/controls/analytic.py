"""What can be read off a recording without learning: pitch, voicing, periodicity and envelope at control rate."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .envelope import ENVELOPE_MS, local_envelope
from .frames import AnalysisFrames
from .pitch import VOICING, track_pitch
from .pitch_range import PitchRange
from .two_voices import two_voices

_VOICING_WIDTH = 0.1


@dataclass
class AnalyticControls:
    """Controls at the knots 0, hop, 2 hop, ... of a recording, as `types.Drives` counts them.

    pitch_hz     (B, T)  Hz, within the range and without gaps: voiced knots are joined on a logarithmic scale
    voiced       (B, T)  0 where there is no pitch, up to 1 the surer there is one
    periodicity  (B, T)  0 to 1: how well the sound repeats itself after one period
    envelope     (B, T)  local standard deviation, in the unit of the recording
    hop          samples from knot to knot
    second_hz    (B, T)  Hz, without gaps: the higher pitch where there are two voices; None where nobody looked
    second_share (B, T)  its part of the power, 0 where there is one voice; None likewise
    """

    pitch_hz: Tensor
    voiced: Tensor
    periodicity: Tensor
    envelope: Tensor
    hop: int
    second_hz: Tensor | None = None
    second_share: Tensor | None = None


@torch.no_grad()
def analytic_controls(
    x: Tensor,
    sample_rate: int,
    hop: int,
    pitch_range: PitchRange,
    lookahead_ms: float | None = None,
    envelope_ms: float = ENVELOPE_MS,
    voices: int = 1,
) -> AnalyticControls:
    """Pitch, voicing, periodicity and envelope of every recording of a batch.

    voiced = [on the voiced path] / (1 + exp((0.45 - periodicity) / 0.1));   the others: `track_pitch`, `local_envelope`

    x             (B, L) floating, any unit; a gain changes the envelope alone
    sample_rate   Hz
    hop           samples from knot to knot
    pitch_range   Hz; see `estimate_pitch_range`
    lookahead_ms  None: each knot sees the whole recording. A number: samples up to that many ms after the knot, so
                  that the controls can be computed while the bird sings
    envelope_ms   standard deviation of the envelope's window, ms
    voices        2: two pitches at a time are looked for as well, see `two_voices`; pitch_hz is then the lower one
    Returns T = ceil((L - 1) / hop) + 1 knots, without gradients, on the device and in the dtype of x (float32 for
    shorter types). Raises ValueError for x that is not (B, L) with L > 0 and for values out of range.
    """
    if x.ndim != 2 or x.shape[1] < 1:
        raise ValueError(f"a batch of recordings (B, L) is wanted, not {tuple(x.shape)}: add or flatten dimensions")
    frames = AnalysisFrames(sample_rate, hop, pitch_range, lookahead_ms)
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    pitch = track_pitch(x, frames)
    sure = torch.sigmoid((pitch.periodicity - VOICING) / _VOICING_WIDTH)
    delay = 0
    if lookahead_ms is not None:
        delay = max(0, int(3e-3 * envelope_ms * sample_rate) + 1 - int(lookahead_ms * 1e-3 * sample_rate))
    found = AnalyticControls(
        pitch_hz=pitch.hz,
        voiced=pitch.voiced * sure,
        periodicity=pitch.periodicity,
        envelope=local_envelope(x, sample_rate, hop, envelope_ms, delay),
        hop=hop,
    )
    if voices == 1:
        return found
    if lookahead_ms is not None:
        raise ValueError("two voices are read off the whole recording: use one voice, or no lookahead")
    both = two_voices(x, pitch.hz, frames)
    return replace(
        found,
        pitch_hz=torch.where(both.there, both.low_hz, pitch.hz),
        voiced=torch.where(both.there, 1.0, found.voiced),
        second_hz=both.high_hz,
        second_share=both.share,
    )
