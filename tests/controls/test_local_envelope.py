"""The envelope against closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.controls.envelope import local_envelope

RATE, HOP = 44_100, 32
T = torch.arange(8820, dtype=torch.float64) / RATE


def test_a_tone_has_its_effective_value_whatever_the_offset() -> None:
    tone = 0.3 * torch.sin(2 * torch.pi * 2000 * T)[None]
    for offset in (0.0, 5.0):
        e = local_envelope(tone + offset, RATE, HOP)[0]
        assert e.shape == (1 + -(-8819 // HOP),)
        torch.testing.assert_close(e, torch.full_like(e, 0.3 / math.sqrt(2)), rtol=0.02, atol=0)


def test_slow_hum_hardly_counts() -> None:
    hum = torch.sin(2 * torch.pi * 50 * T)[None]
    # what a window of 1 ms sees of it is about its slope times 1 ms
    assert local_envelope(hum, RATE, HOP).max() == pytest.approx(2 * math.pi * 50 * 1e-3, rel=0.1)


def test_a_burst_is_smeared_by_its_gaussian() -> None:
    at = 3200
    x = torch.zeros(1, 8820, dtype=torch.float64)
    x[0, at] = 1.0
    e = local_envelope(x, RATE, HOP, width_ms=2.0)[0]
    u = (torch.arange(len(e), dtype=e.dtype) * HOP - at) / (2e-3 * RATE)
    g = torch.exp(-0.5 * u**2) / (math.sqrt(2 * math.pi) * 2e-3 * RATE)
    near = u.abs() < 2.9
    torch.testing.assert_close(e[near] ** 2, (g - g**2)[near], rtol=5e-3, atol=0)
    assert (e[u.abs() > 3.1] == 0).all()
    later = local_envelope(x, RATE, HOP, width_ms=2.0, delay=5 * HOP)[0]
    torch.testing.assert_close(later[5:], e[:-5])


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="width_ms 0"):
        local_envelope(torch.zeros(1, 100), RATE, HOP, width_ms=0)
