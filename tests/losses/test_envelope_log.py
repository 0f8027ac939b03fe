"""The log envelope loss: the design's numbers, symmetry, bounds, gradients."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.losses.envelope_log import EnvelopeLog


def alternating(level: float, samples: int = 2048) -> torch.Tensor:
    """+level, -level, ...: its envelope is `level` at every sample."""
    return level * (1.0 - 2.0 * (torch.arange(samples, dtype=torch.float64) % 2))[None]


def test_the_designs_numbers_for_a_run_too_loud_and_one_too_quiet(prediction):
    # at an envelope of 3.9e-3: log(0.1093 / 0.0040) and log(0.0040 / 1.0273e-4)
    target = alternating(3.9e-3)
    loud = EnvelopeLog()(prediction(output=28 * target, target=target)).item()
    quiet = EnvelopeLog()(prediction(output=target / 1430, target=target)).item()
    assert round(loud, 2) == 3.31
    assert round(quiet, 2) == 3.66


def test_loss_of_a_gain_is_the_log_of_the_offset_ratio_per_item(prediction):
    levels = (0.5, 0.01, 1e-5)
    target = torch.cat([alternating(level) for level in levels])
    loss = EnvelopeLog()(prediction(output=0.1 * target, target=target))
    expected = [math.log((level + 1e-4) / (0.1 * level + 1e-4)) for level in levels]
    assert loss.tolist() == pytest.approx(expected, rel=1e-12)


def test_too_loud_and_too_quiet_by_the_same_factor_cost_the_same(prediction):
    loud, soft = alternating(0.5), alternating(0.05)
    up = EnvelopeLog()(prediction(output=loud, target=soft))
    down = EnvelopeLog()(prediction(output=soft, target=loud))
    torch.testing.assert_close(up, down, rtol=1e-12, atol=0)


def test_silence_costs_the_log_of_the_level_over_eps(prediction):
    silent = torch.zeros(1, 2048, dtype=torch.float64)
    loss = EnvelopeLog(eps=1e-3)(prediction(output=silent, target=alternating(0.1)))
    assert loss.item() == pytest.approx(math.log(101))


def test_gradient_flows_to_the_output_alone_and_is_finite_at_silence(prediction):
    output = torch.zeros(1, 2048, dtype=torch.float64, requires_grad=True)
    target = alternating(0.1).requires_grad_()
    EnvelopeLog()(prediction(output=output, target=target)).sum().backward()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())
    assert target.grad is None


def test_silence_beside_an_explosion_is_finite_in_float32(prediction):
    output = (1e6 * alternating(1.0)).float()
    output[:, :1024] = 0.0
    output.requires_grad_()
    loss = EnvelopeLog()(prediction(output=output, target=alternating(0.1).float()))
    assert math.log(1e7) / 2 < loss.item() < math.log(1e7)
    loss.sum().backward()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())


def test_gradcheck(prediction):
    generator = torch.Generator().manual_seed(0)
    output, target = torch.randn(2, 2, 30, dtype=torch.float64, generator=generator)
    loss = EnvelopeLog(env_ms=2.0, sample_rate=1000, eps=1e-2)
    output.requires_grad_()
    assert torch.autograd.gradcheck(lambda output: loss(prediction(output=output, target=target)), (output,))


@pytest.mark.parametrize("options", [{"env_ms": -1.0}, {"sample_rate": 0}, {"eps": 0.0}, {"eps": float("inf")}])
def test_bad_options_are_refused_by_name(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        EnvelopeLog(**options)
