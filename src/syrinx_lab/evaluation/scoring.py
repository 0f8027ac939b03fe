"""How clips are sung and scored: the settings that every evaluation of a model shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ..metrics.facts import METRICS, MetricFacts
from ..metrics.metric import Metric
from ..model import Ouroboros
from .clips import Clip
from .refinement import Refinement
from .takes import Take, perform_all

STARTS = ("cold", "data")  # near silence, or in the recording's own state


@dataclass(frozen=True)
class Scoring:
    """How a model sings held-out clips.

    ic_noise_rms  rms of x and v at a cold start, dimensionless
    seed          of the cold starts' noise
    start         cold (near silence) or data (the recording's own state)
    metrics       from outside the lab, by name
    refinement    of every clip's controls of tract and noise
    """

    ic_noise_rms: float
    seed: int
    start: str = "cold"
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    refinement: Refinement = field(default_factory=partial(Refinement, 0))

    @property
    def known(self) -> dict[str, MetricFacts]:
        """The facts of every metric that is computed, the lab's own first."""
        return METRICS | self.outside

    @property
    def outside(self) -> dict[str, MetricFacts]:
        """The facts of the metrics from outside."""
        return {name: metric.facts(name) for name, metric in self.metrics.items()}

    def takes(self, model: Ouroboros, clips: Sequence[Clip]) -> list[Take]:
        """What the model makes of every clip, see `perform_all`.

        Raises ValueError when `start` is none, or none of this model's.
        """
        start = checked_start(self.start, "eval.start", model)
        return perform_all(
            model,
            clips,
            ic_noise_rms=self.ic_noise_rms,
            seed=self.seed,
            start=start,
            metrics=self.metrics,
            refinement=self.refinement,
        )


def checked_start(value: str, key: str, model: Ouroboros) -> str:
    """`value`, cold or data; ValueError for others, and for data where the state is not in a recording."""
    if value not in STARTS:
        raise ValueError(f"{key} is {value!r}: use cold (noise) or data (the recording's own state)")
    if value == "data" and not model.oscillator.state_is_observed:
        raise ValueError(
            f"{key} is data, but this oscillator's state is not in a recording: use cold, or oscillator=poly"
        )
    return value
