"""The magnitude spectrogram against torch.stft: values, gradients, silence."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx_lab.losses.magnitudes import hann_window, stft_magnitudes


def slow_magnitudes(x: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    window = torch.hann_window(n_fft, dtype=x.dtype)
    spectrum = torch.stft(x, n_fft, hop, window=window, center=True, pad_mode="reflect", return_complex=True)
    return spectrum.abs().transpose(1, 2)


@settings(max_examples=15, deadline=None)
@given(
    batch=st.integers(1, 3),
    half=st.integers(8, 70),
    hop=st.integers(1, 40),
    extra=st.integers(1, 300),
    seed=st.integers(0, 99),
)
def test_values_and_gradients_are_those_of_torch_stft(batch, half, hop, extra, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, half + extra, dtype=torch.float64, generator=generator)
    fast, slow = x.clone().requires_grad_(), x.clone().requires_grad_()
    ours, theirs = stft_magnitudes(fast, 2 * half, hop), slow_magnitudes(slow, 2 * half, hop)
    assert ours.shape == (batch, 1 + x.shape[1] // hop, half + 1)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-6)
    # weights that vanish with the magnitude, where the two differ by the floor under the root
    ramp = torch.randn(ours.shape, dtype=torch.float64, generator=generator) * theirs.detach()
    (ours * ramp).sum().backward()
    (theirs * ramp).sum().backward()
    torch.testing.assert_close(fast.grad, slow.grad, rtol=1e-6, atol=1e-5)


def test_float32_stays_float32_and_close_to_float64():
    x = torch.randn(2, 600, generator=torch.Generator().manual_seed(0))
    single = stft_magnitudes(x, 256, 64)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), stft_magnitudes(x.double(), 256, 64), rtol=0, atol=2e-5)


def test_silence_has_magnitude_1e_minus_6_and_gradient_exactly_zero():
    x = torch.zeros(1, 512, requires_grad=True)
    magnitudes = stft_magnitudes(x, 128, 32)
    torch.testing.assert_close(magnitudes, torch.full_like(magnitudes, 1e-6))
    magnitudes.sum().backward()
    assert x.grad is not None
    assert x.grad.count_nonzero().item() == 0


def test_gradcheck():
    x = torch.randn(2, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: stft_magnitudes(x, 32, 5), (x,))


def test_second_derivatives_are_right_too():
    x = torch.randn(2, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(2), requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: stft_magnitudes(x, 32, 5), (x,))


def test_a_pulse_is_flat_over_all_bins_at_the_height_of_the_window():
    # x = delta at sample m0: frame t sees hann(m0 - t hop + n / 2) in every bin
    x = torch.zeros(1, 257, dtype=torch.float64)
    x[0, 128] = 1.0
    magnitudes = stft_magnitudes(x, 64, 16)[0]
    for frame in range(magnitudes.shape[0]):
        m = 128 - 16 * frame + 32
        height = 0.5 - 0.5 * math.cos(2 * math.pi * m / 64) if 0 <= m < 64 else 0.0
        torch.testing.assert_close(magnitudes[frame], torch.full((33,), height, dtype=torch.float64), rtol=0, atol=2e-6)


def test_the_window_is_made_once_and_serves_training_after_inference():
    hann_window.cache_clear()
    with torch.inference_mode():
        stft_magnitudes(torch.ones(1, 200), 64, 16)
    x = torch.ones(1, 200, requires_grad=True)
    stft_magnitudes(x, 64, 16).sum().backward()
    assert hann_window.cache_info().misses == 1
    assert hann_window.cache_info().hits == 1


def test_a_signal_too_short_to_reflect_is_a_programmer_error():
    with pytest.raises(AssertionError, match="32 samples cannot be reflected for windows of 64"):
        stft_magnitudes(torch.zeros(1, 32), 64, 16)
