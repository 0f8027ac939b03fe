"""Predictions for the tests of the losses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from syrinx_lab.types import Drives, Prediction


@pytest.fixture
def prediction() -> Callable[..., Prediction]:
    """A maker of predictions: what is not given is zero, of the batch size and dtype of what is."""

    def make(
        output: Tensor | None = None,
        target: Tensor | None = None,
        acceleration: Tensor | None = None,
        target_acceleration: Tensor | None = None,
        weights: Tensor | None = None,
    ) -> Prediction:
        given = next(t for t in (output, acceleration, weights) if t is not None)
        batch = given.shape[0]
        if weights is None:
            weights = given.new_zeros(batch, 4, 2, 2)
        steps = given.new_zeros(batch, weights.shape[1])
        acceleration = steps if acceleration is None else acceleration
        return Prediction(
            acceleration=acceleration,
            target_acceleration=torch.zeros_like(acceleration) if target_acceleration is None else target_acceleration,
            drives=Drives(stiffness=steps, gamma=steps, weights=weights),
            output=output,
            target=target,
        )

    return make
