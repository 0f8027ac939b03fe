"""The contract of a loss term: one value an item, and what a term says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self

from torch import Tensor, nn

from ..types import Prediction


class TrainingStatistics(Protocol):
    """What a term may learn of the training set before training; every value is computed when it is asked for.

    sample_rate            Hz
    acceleration_variance  variance of tau^2 x'' over all windows, in the audio's units squared
    syllables              up to 200 syllables of all labels in turn, each a waveform (samples,)
    """

    @property
    def sample_rate(self) -> float: ...

    @property
    def acceleration_variance(self) -> float: ...

    @property
    def syllables(self) -> Sequence[Tensor]: ...


class LossTerm(nn.Module, ABC):
    """A loss of every item of a batch, of which the objective takes the mean.

    A subclass defines forward, and says in its class

    needs_rollout       whether it looks at `output` and `target` of a prediction: the free run
    needs_acceleration  whether it looks at its `acceleration`, None where the oscillator's state is not observed
    unit                of its values, for figures

    What it learns in `fit` it keeps in buffers: they are saved with the run, and loaded where it goes on.

    Raises ValueError at construction, with what to add, for a class that does not say these things.
    """

    needs_rollout: ClassVar[bool]
    needs_acceleration: ClassVar[bool]
    unit: ClassVar[str] = "dimensionless"

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        for name, meaning in (("needs_rollout", "the free run"), ("needs_acceleration", "the acceleration")):
            if not isinstance(getattr(cls, name, None), bool):
                raise ValueError(
                    f"{cls.__name__} has no {name}: add {name} = True if it looks at {meaning}, else False"
                )
        if not isinstance(cls.unit, str) or not cls.unit:
            raise ValueError(
                f"{cls.__name__}.unit is {cls.unit!r}: give the unit of its values, as dB or dimensionless"
            )
        if cls.forward is LossTerm.forward:
            raise ValueError(f"{cls.__name__} has no forward: add forward(self, prediction), one loss an item (B,)")
        return super().__new__(cls)

    @abstractmethod
    def forward(self, prediction: Prediction) -> Tensor:
        """The loss (B,) of every item of a prediction."""

    def misfit(self, longest: int) -> str | None:
        """What does not fit rollouts of at most `longest` samples, as `setting is value: reason`; None: all fits."""
        return None

    def fit(self, statistics: TrainingStatistics) -> None:
        """Take what the term needs of the training set, before the first epoch; nothing unless a term overrides it."""
