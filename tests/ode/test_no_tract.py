"""The absent vocal tract and the absent noise."""

from __future__ import annotations

import torch

from syrinx_lab.ode.noise import NoNoise
from syrinx_lab.ode.tract import NoTract


def test_radiates_the_source_and_has_nothing_to_learn() -> None:
    source = torch.randn(2, 5)
    tract = NoTract()
    assert tract(source, None, 32) is source
    assert (tract.channels, tract.reach) == (0, 0)
    assert not tract.state_dict()


def test_no_noise_is_silence() -> None:
    excitation = torch.randn(2, 5, dtype=torch.float64)
    noise = NoNoise()
    assert torch.equal(noise(excitation, torch.ones(2, 2), None, 4), torch.zeros(2, 5, dtype=torch.float64))
    assert (noise.channels, noise.reach) == (0, 0)
    assert not noise.state_dict()
