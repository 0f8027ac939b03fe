"""Both sides of the syrinx: two oscillators, each with a pitch and a loudness of its own, into one tract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from torch import Tensor

from ..oscillator import Reading
from ..parameters import Parameters, parameter
from .loudness import LoudGestures, LoudnessSyrinx

_FAINTEST = 1e-20  # of a power, so that silence has a gradient


@dataclass
class BothSides(LoudGestures):
    """What both sides do, at the knots of the drives; pitch_hz and loudness are those of the side that sings lower.

    second_hz        (B, T) the pitch of the other side
    second_loudness  (B, T) of the other side, 0 where it is silent
    Neither is refined: a voice that is not there would begin to cost numbers.
    """

    second_hz: Tensor = parameter("Hz", low=1.0, ratio=True)
    second_loudness: Tensor = parameter("full scale", low=0.0, ratio=True)


class TwoSidedSyrinx(LoudnessSyrinx):
    """`LoudnessSyrinx` twice, for syllables with two pitches at a time.

    source = g_1 v_1 + g_2 v_2,   loudness_1^2 = (1 - q) envelope^2,   loudness_2^2 = q envelope^2

    with q the higher voice's share of the power, see `controls.two_voices`. Both sides have the same equation, weights
    and damping, and do not feel each other. Where a bird sings with one voice q is 0 and the other side, without
    pressure or gain, is silent and needs no numbers. The rollout is twice as large. Arguments and errors as `Syrinx`.

    Source: Suthers, Contributions to birdsong from the left and right sides of the intact syrinx, Nature 347, 473, 1990
    (two independent voices); Laje and Mindlin, Modeling source-source and source-filter acoustic interaction in
    birdsong, Phys. Rev. E 72, 036218, 2005 (what is left out here: they feel each other through the tract).
    """

    parameters_type = BothSides
    sides = 2

    def encode(self, reading: Reading) -> Parameters:
        """Pitch and loudness of both voices that are heard, with the encoder's departures for the lower one."""
        one = cast(LoudGestures, super().encode(reading))
        analytic = reading.analytic
        assert analytic is not None
        assert analytic.second_hz is not None, "the analyser looks for two voices where there are two sides"
        assert analytic.second_share is not None
        share = analytic.second_share
        return BothSides(
            **vars(replace(one, loudness=one.loudness * (1 - share).sqrt())),
            second_hz=analytic.second_hz,
            second_loudness=one.loudness * share.sqrt(),
        )

    def other_side(self, parameters: Parameters) -> Parameters:
        """The other side's pitch and loudness in place of this one's."""
        both = cast(BothSides, parameters)
        return replace(both, pitch_hz=both.second_hz, loudness=both.second_loudness)

    def loudness(self, parameters: Parameters) -> Tensor:
        """The root of the sum of squares of both."""
        both = cast(BothSides, parameters)
        power = both.loudness.square() + both.second_loudness.square()
        return power.clamp_min(_FAINTEST).sqrt()

    def transposed(self, parameters: Parameters, factor: float) -> Parameters:
        """Both pitches."""
        both = cast(BothSides, super().transposed(parameters, factor))
        return replace(both, second_hz=factor * both.second_hz)

    def amplified(self, parameters: Parameters, factor: float) -> Parameters:
        """Both loudnesses and the background alike; exact."""
        both = cast(BothSides, super().amplified(parameters, factor))
        return replace(both, second_loudness=factor * both.second_loudness)
