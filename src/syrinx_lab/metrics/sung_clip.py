"""What a metric looks at: one vocalisation, sung from a cold start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..types import Drives

Samples = NDArray[Any]


@dataclass(frozen=True)
class SungClip:
    """One cold start of n samples beside the recording that it is to be; arrays are real, of any precision.

    output                (n,) audio that the model radiates from a cold start at sample 0; it may hold NaN and infinity
    target                (n,) the recording, n at least 64
    sample_rate           Hz
    onset, offset         the syllable, samples of the clip, 0 <= onset < offset <= n
    state_x, state_v      (n,) the oscillator's state, dimensionless; None where it is not known
    clamp_x, clamp_v      levels of the soft clamp; None where the state ran unclamped
    without_oscillator    (n,) the output with the oscillator's state forced to zero, at the output's scale; None where
                          it is not known
    acceleration          (n,) tau^2 x'' of the model at the recording's own states; None where these are not observed
    target_acceleration   (n,) that of the recording
    drives                that were sung, (1, T) each; None where they are not known
    numbers_per_second    that the drives of the clip hold: those of their channels that vary, times knots a second
    rescaled              whether the output was brought to the target's RMS
    """

    output: Samples
    target: Samples
    sample_rate: float = field(kw_only=True)
    onset: int = field(kw_only=True)
    offset: int = field(kw_only=True)
    state_x: Samples | None = None
    state_v: Samples | None = None
    clamp_x: float | None = None
    clamp_v: float | None = None
    without_oscillator: Samples | None = None
    acceleration: Samples | None = None
    target_acceleration: Samples | None = None
    drives: Drives | None = None
    numbers_per_second: float | None = None
    rescaled: bool = False
