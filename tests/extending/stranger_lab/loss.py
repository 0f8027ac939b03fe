"""A loss term: how far the loudest sample of the free run is from the recording's."""

from __future__ import annotations

import torch
from torch import Tensor

from syrinx_lab.losses.term import LossTerm, TrainingStatistics
from syrinx_lab.types import Prediction


class PeakRatio(LossTerm):
    """loss = |log((max |output| + floor) / (max |target| + floor))|, with a floor that the training set sets.

    share  of the training set's loudest sample that the floor is, dimensionless
    """

    needs_rollout = True
    needs_acceleration = False
    unit = "|log ratio|"
    floor: Tensor

    def __init__(self, share: float = 1e-3) -> None:
        super().__init__()
        self.share = share
        self.register_buffer("floor", torch.tensor(1e-6))

    def fit(self, statistics: TrainingStatistics) -> None:
        loudest = max(float(syllable.abs().max()) for syllable in statistics.syllables)
        self.floor.fill_(self.share * loudest)

    def forward(self, prediction: Prediction) -> Tensor:
        output, target = (y.abs().amax(1) + self.floor for y in (prediction.output, prediction.target))
        return (output / target).log().abs()
