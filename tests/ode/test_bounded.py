"""Bounded gains: exponential near zero, flat beyond the range."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.ode.bounded import bounded_gain


def test_is_exponential_near_zero_and_keeps_to_its_range() -> None:
    raw = torch.tensor([-1e3, -0.1, 0.0, 0.1, 1e3], dtype=torch.float64)
    gains = bounded_gain(raw, 20.0)
    assert gains[2] == 1
    assert gains[[0, 4]].tolist() == pytest.approx([0.1, 10.0], rel=1e-12)
    # b tanh(raw / b) = raw - raw^3 / (3 b^2), b = ln 10
    assert gains[3].item() == pytest.approx(math.exp(0.1 - 1e-3 / (3 * math.log(10) ** 2)), rel=1e-6)
    assert gains[1].item() == pytest.approx(1 / gains[3].item(), rel=1e-12)


def test_bounded_gain_gradcheck() -> None:
    raw = torch.linspace(-4, 4, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: bounded_gain(r, 12.0), (raw,))
