"""What loss terms may learn of the training set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from torch import Tensor

from ..model import Ouroboros
from .datamodule import SongDataModule


class SongStatistics:
    """The `TrainingStatistics` of a prepared data module, each computed when it is first asked for.

    datamodule  whose training set it is
    model       gives the unit of the acceleration: tau^2 x'' = (tau / dt)^2 times the second difference
    """

    def __init__(self, datamodule: SongDataModule, model: Ouroboros) -> None:
        self._datamodule, self._step = datamodule, model.oscillator.step
        self.sample_rate: float = model.sample_rate

    @cached_property
    def acceleration_variance(self) -> float:
        """Variance of tau^2 x'' over all windows."""
        return self._datamodule.acceleration_variance() / self._step**4

    @cached_property
    def syllables(self) -> Sequence[Tensor]:
        """Up to 200 syllables of all labels in turn, each a waveform (samples,)."""
        return self._datamodule.calibration_material()[1]
