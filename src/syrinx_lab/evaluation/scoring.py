"""How clips are sung and scored: the settings that every evaluation of a model shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Ouroboros
from .clips import Clip, Take, perform_all
from .starts import checked_start


@dataclass(frozen=True)
class Scoring:
    """How a model sings held-out clips.

    ic_noise_rms  rms of x and v at a cold start, dimensionless
    seed          of the cold starts' noise
    start         cold (near silence) or data (the recording's own state)
    """

    ic_noise_rms: float
    seed: int
    start: str = "cold"

    def takes(self, model: Ouroboros, clips: Sequence[Clip]) -> list[Take]:
        """What the model makes of every clip, see `perform_all`.

        Raises ValueError when `start` is none, or none of this model's.
        """
        start = checked_start(self.start, "eval.start", model)
        return perform_all(model, clips, ic_noise_rms=self.ic_noise_rms, seed=self.seed, start=start)
