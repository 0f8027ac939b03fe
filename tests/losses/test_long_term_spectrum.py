"""The long-term spectrum: right energy in every band, wherever in time it came."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from syrinx_lab.losses.long_term_spectrum import LongTermSpectrum
from syrinx_lab.types import Drives, Prediction

RATE = 44100


def pair(output: Tensor, target: Tensor) -> Prediction:
    none = torch.zeros(len(output), 1, dtype=output.dtype)
    drives = Drives(none, none, torch.zeros(len(output), 1, 2, 2))
    return Prediction(None, none, drives, output=output, target=target)


def noise(batch: int = 2, length: int = 4096) -> Tensor:
    return torch.randn(batch, length, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def test_a_gain_costs_its_logarithm() -> None:
    x = noise()
    loss = LongTermSpectrum(floor=1e-12)
    for gain in (0.5, 3.0):
        value = loss(pair(gain * x, x))
        torch.testing.assert_close(value, torch.full_like(value, abs(math.log(gain))), atol=1e-6, rtol=0)


def test_it_does_not_see_when() -> None:
    x = noise(length=8192)
    x[:, :1024] = x[:, -1024:] = 0
    late = x.roll(256, 1)  # one hop: the same frames, another order
    loss = LongTermSpectrum()
    assert float(loss(pair(late, x)).max()) < 1e-9
    assert float(loss(pair(x.flip(0), x)).max()) > 0.1


def test_bins_above_the_highest_do_not_count() -> None:
    t = torch.arange(4096, dtype=torch.float64) / RATE
    low, high = (torch.hann_window(4096) * torch.sin(2 * torch.pi * hz * t)[None] for hz in (11000.0, 13000.0))
    base = noise(1) * 1e-3
    heard = LongTermSpectrum(highest_hz=12000.0)
    assert float(heard(pair(base + high, base))) < 0.05 < float(heard(pair(base + low, base)))
    assert float(LongTermSpectrum(highest_hz=None)(pair(base + high, base))) > 0.05


def test_gradients_and_short_rollouts() -> None:
    x = noise(1, 64).requires_grad_()
    target = 2 * noise(1, 64)
    assert torch.autograd.gradcheck(lambda y: LongTermSpectrum(n_fft=32, hop=8)(pair(y, target)), x)
    assert LongTermSpectrum()(pair(noise(2, 600), noise(2, 600))).tolist() == [0.0, 0.0]
    silent = torch.zeros(1, 2048, requires_grad=True)
    LongTermSpectrum()(pair(silent, noise(1, 2048).float())).sum().backward()
    assert bool(torch.isfinite(silent.grad).all())


@pytest.mark.parametrize(
    ("settings", "message"), [({"floor": 0.0}, "floor"), ({"n_fft": 15}, "n_fft"), ({"highest_hz": 0.0}, "highest_hz")]
)
def test_bad_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LongTermSpectrum(**settings)
