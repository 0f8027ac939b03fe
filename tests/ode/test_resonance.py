"""Damped rotations against the recursion written out, over blocks and in both precisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.ode.resonance import resonate


def problem(samples: int, resonances: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """A source (2, H) and exponents (2, N, H) that move fast, one ringing long, one short."""
    generator = torch.Generator().manual_seed(samples)
    source = torch.randn(2, samples, generator=generator, dtype=torch.float64)
    decay = -torch.rand(2, resonances, samples, generator=generator, dtype=torch.float64).square() * 2 - 0.01
    decay[:, 0] = decay[:, 0] / 100  # one that rings over many blocks
    turn = torch.pi * torch.rand(2, resonances, samples, generator=generator, dtype=torch.float64)
    return source, torch.complex(decay, turn)


def written_out(source: torch.Tensor, exponent: torch.Tensor) -> np.ndarray:
    rho, found = np.exp(exponent.numpy()), np.zeros(exponent.shape, dtype=complex)
    state = np.zeros(exponent.shape[:2], dtype=complex)
    for t in range(source.shape[1]):
        state = rho[..., t] * state + source[:, None, t].numpy()
        found[..., t] = state
    return found


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 64, 500])
def test_is_the_recursion(samples: int) -> None:
    source, exponent = problem(samples)
    expected = written_out(source, exponent)
    np.testing.assert_allclose(resonate(source, exponent).numpy(), expected, rtol=0, atol=1e-12)
    single = resonate(source.float(), exponent.to(torch.complex64))
    assert single.dtype == torch.complex64
    np.testing.assert_allclose(single.numpy(), expected, rtol=0, atol=1e-5 * abs(expected).max())


def test_rings_as_long_as_its_bandwidth_says() -> None:
    source = torch.zeros(1, 4001)
    source[0, 0] = 1
    exponent = torch.full((1, 1, 4001), complex(-np.pi * 80 / 44100, 2.0), dtype=torch.complex64)
    ringing = resonate(source, exponent)[0, 0]
    assert abs(ringing[4000]).item() == pytest.approx(np.exp(-np.pi * 80 * 4000 / 44100), rel=1e-4)
    assert torch.angle(ringing[40]).item() == pytest.approx(np.angle(np.exp(80j)), abs=1e-4)


def test_resonate_gradcheck() -> None:
    source, exponent = problem(70, 1)
    assert torch.autograd.gradcheck(resonate, (source[:1].requires_grad_(), exponent[:1].requires_grad_()))
