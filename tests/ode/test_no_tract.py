"""The absent vocal tract."""

from __future__ import annotations

import torch

from syrinx_lab.ode.tract.none import NoTract
from syrinx_lab.types import Trajectory


def test_radiates_x_and_has_nothing_to_learn() -> None:
    trajectory = Trajectory(torch.randn(2, 5), torch.randn(2, 5))
    tract = NoTract()
    assert torch.equal(tract(trajectory), trajectory.x)
    assert not tract.state_dict()
