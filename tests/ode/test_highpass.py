"""The zero-phase high-pass is that of the recordings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfiltfilt

from syrinx_lab.ode.highpass import highpass_reach, zero_phase_highpass

RATE = 44100


@pytest.mark.parametrize("cutoff", [150.0, 300.0, 2000.0])
@pytest.mark.parametrize("length", [8192, 8191])
def test_it_is_what_recordings_are_read_through(cutoff: float, length: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, length))
    x[:, :2500] = x[:, -2500:] = 0  # silence at the ends, of which the two assume different things
    theirs = sosfiltfilt(butter(4, cutoff, "highpass", fs=RATE, output="sos"), x, padlen=0)
    ours = zero_phase_highpass(torch.from_numpy(x), cutoff, RATE)
    np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-4)


def test_half_the_power_of_each_way_is_gone_at_the_cutoff() -> None:
    t = torch.arange(RATE) / RATE
    tones = torch.stack([torch.sin(2 * torch.pi * hz * t) for hz in (75.0, 300.0, 3000.0)]).double()
    level = zero_phase_highpass(tones, 300.0, RATE)[:, 4000:-4000].square().mean(1).sqrt() * 2**0.5
    assert level[1:].tolist() == pytest.approx([0.5, 1.0], rel=2e-2)
    assert float(level[0]) < 3e-5  # 1 / (1 + 4^8), and what the ends leave


def test_beyond_its_reach_a_sample_does_not_matter() -> None:
    reach = highpass_reach(300.0, RATE)
    pulse = torch.zeros(1, 4 * reach, dtype=torch.float64)
    pulse[0, 2 * reach] = 1
    response = zero_phase_highpass(pulse, 300.0, RATE)[0]
    assert float(response[: reach - 1].abs().max()) < 1e-6
    assert float(response[reach + reach // 3 :].abs().max()) > 1e-3
    torch.testing.assert_close(response, response.flip(0).roll(1), atol=1e-9, rtol=0)


def test_gradients() -> None:
    x = torch.randn(1, 40, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: zero_phase_highpass(y, 4000.0, RATE), x)
