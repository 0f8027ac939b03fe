"""What is known of a species before a recording is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Species:
    """A preset of the physical prior.

    tau_s     s, time scale of the labia
    pitch_hz  lowest and highest fundamental that its song is known for; the tracker looks there for the range of the
              bird at hand
    source    where the numbers are from
    """

    tau_s: float
    pitch_hz: tuple[float, float]
    source: str


_TAU_S = 1 / 24_000
_NORMAL_FORM = "tau: Amador et al. (2013), Nature 495, fitted to zebra finches and for want of another used for all"

SPECIES = {
    "zebra_finch": Species(
        _TAU_S, (300.0, 7500.0), f"{_NORMAL_FORM}; pitch: Zann (1996), The Zebra Finch; high notes to 7 kHz"
    ),
    "canary": Species(
        _TAU_S, (500.0, 8000.0), f"{_NORMAL_FORM}; pitch: Alonso, Alliende, Goller and Mindlin (2009), Phys. Rev. E 79"
    ),
    "bengalese_finch": Species(
        _TAU_S, (300.0, 8000.0), f"{_NORMAL_FORM}; pitch: Okanoya (2004), Ann. N. Y. Acad. Sci. 1016"
    ),
    "white_crowned_sparrow": Species(
        _TAU_S, (1000.0, 8000.0), f"{_NORMAL_FORM}; pitch: Marler and Tamura (1964), Science 146"
    ),
    "custom": Species(_TAU_S, (150.0, 10_000.0), "no species in mind: the widest range that is looked at"),
}
