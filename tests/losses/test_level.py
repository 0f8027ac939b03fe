"""Loudness of the whole rollout."""

from __future__ import annotations

import math

import pytest
import torch
from test_long_term_spectrum import noise, pair

from syrinx_lab.losses.level import Level


@pytest.mark.parametrize("gain", [0.1, 0.9, 7.0])
def test_a_gain_costs_its_logarithm_either_way(gain: float) -> None:
    x = noise()
    value = Level(eps=1e-9)(pair(gain * x, x))
    torch.testing.assert_close(value, torch.full_like(value, abs(math.log(gain))), atol=1e-7, rtol=0)


def test_what_is_below_eps_does_not_matter() -> None:
    x = noise()
    assert float(Level(eps=1e-2)(pair(1e-5 * x, 1e-4 * x)).max()) < 0.01


def test_gradients_also_at_silence() -> None:
    x = noise(1, 32).requires_grad_()
    target = 2 * noise(1, 32)
    assert torch.autograd.gradcheck(lambda y: Level()(pair(y, target)), x)
    silent = torch.zeros(1, 32, requires_grad=True)
    Level()(pair(silent, target.float())).sum().backward()
    assert bool(torch.isfinite(silent.grad).all())


@pytest.mark.parametrize("eps", [0.0, -1.0, math.inf])
def test_a_bad_eps_is_refused(eps: float) -> None:
    with pytest.raises(ValueError, match="eps"):
        Level(eps=eps)
