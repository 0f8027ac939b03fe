"""The background that is measured where nobody sings: its spectrum, its power, and song without pauses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from syrinx_lab.controls.background import background_response


def white(samples: int, seed: int = 0) -> Tensor:
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def coloured(samples: int, seed: int = 0) -> Tensor:
    """Noise with |H(f)|^2 = 1e-4 (1.64 + 1.6 cos 2 pi f): the difference of powers from 0 to the top is 32 dB."""
    e = white(samples + 1, seed)
    return 1e-2 * (0.8 * e[1:] + e[:-1])


def test_the_response_has_the_background_s_power_at_every_frequency() -> None:
    recording = coloured(44100)
    recording[15000:30000] += torch.sin(0.2 * torch.arange(15000.0))  # somebody sings
    response = background_response([recording])
    assert response.shape == (1023,)
    torch.testing.assert_close(response, response.flip(0), rtol=0, atol=1e-12)
    found = torch.fft.rfft(response, 4096).abs().square()
    wanted = 1e-4 * (1.64 + 1.6 * torch.cos(2 * torch.pi * torch.arange(2049) / 4096))
    level = (found / wanted)[:1900].unflatten(0, (19, 100)).mean(1)  # at the top there is what leaks
    assert float((level - 1).abs().max()) < 0.25
    assert float(response.square().sum()) == pytest.approx(1.64e-4, rel=0.05)


@pytest.mark.parametrize("frame", [254, 1022])
def test_frames_of_any_even_length(frame: int) -> None:
    response = background_response([coloured(44100)], frame)
    assert response.shape == (frame - 1,)
    assert float(response.square().sum()) == pytest.approx(1.64e-4, rel=0.1)


def test_few_quiet_frames_among_loud_ones_are_enough() -> None:
    recording = white(44100)
    recording[:4096] *= 1e-3
    assert float(background_response([recording]).square().sum()) == pytest.approx(1e-6, rel=0.1)


def test_song_without_a_pause_as_long_as_a_frame_is_not_taken_for_background() -> None:
    """Pauses of 512 samples between bursts of 512: every frame is half song."""
    loud = (torch.arange(44100) // 512) % 2 == 0
    recording = torch.where(loud, 1.0, 1e-2) * white(44100)
    assert float(background_response([recording]).square().sum()) == pytest.approx(1e-4, rel=0.5)


def test_silence_that_was_drawn_has_no_background() -> None:
    recording = white(8192)
    recording[:4096] = 0
    assert not bool(background_response([recording]).any())
    assert not bool(background_response([recording[:100]]).any())
    assert not bool(background_response([]).any())
