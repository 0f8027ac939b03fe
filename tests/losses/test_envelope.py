"""The envelope and its linear loss: closed forms, the design's numbers, gradients."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.losses.envelope import Envelope, GaussianEnvelope


def alternating(level: float, samples: int = 2048) -> torch.Tensor:
    """+level, -level, ...: its envelope is `level` at every sample."""
    return level * (1.0 - 2.0 * (torch.arange(samples, dtype=torch.float64) % 2))[None]


def test_envelope_of_constant_loudness_is_that_loudness_up_to_the_ends():
    envelope = GaussianEnvelope()(alternating(0.3))
    torch.testing.assert_close(envelope, torch.full_like(envelope, 0.3), rtol=1e-12, atol=0)


def test_envelope_of_an_onset_is_the_gaussian_integral_of_width_env_ms():
    # loud from sample 1000 on: e(n) = Phi((n - 999.5) / sigma), sigma = 2 ms at 44.1 kHz = 88.2 samples, cut at 3 sigma
    x = alternating(1.0)
    x[:, :1000] = 0.0
    envelope = GaussianEnvelope(env_ms=2.0, sample_rate=44100)(x)[0]
    for n in (900, 960, 1000, 1050, 1100):
        phi = 0.5 * (1 + math.erf((n - 999.5) / 88.2 / math.sqrt(2)))
        assert envelope[n].item() == pytest.approx(phi, abs=2e-3)
    assert envelope[1000 - 266].item() == pytest.approx(0.0, abs=1e-12)
    assert envelope[1000 + 266].item() == pytest.approx(1.0, abs=1e-12)


def test_linear_loss_of_a_gain_is_its_distance_from_one(prediction):
    target = torch.cat([alternating(0.2), alternating(0.02)])
    for gain in (0.0, 0.25, 3.0):
        loss = Envelope()(prediction(output=gain * target, target=target))
        expected = [abs(gain - 1) * level / (level + 1e-6) for level in (0.2, 0.02)]
        assert loss.tolist() == pytest.approx(expected, rel=1e-12)


def test_linear_loss_hardly_minds_silence_beside_loudness(prediction):
    target = alternating(3.9e-3)
    loud = Envelope()(prediction(output=28 * target, target=target)).item()
    quiet = Envelope()(prediction(output=target / 1430, target=target)).item()
    assert round(loud) == 27
    assert round(quiet, 3) == 0.999


def test_a_silent_target_gives_a_finite_loss(prediction):
    silent = torch.zeros(1, 2048, dtype=torch.float64)
    assert Envelope()(prediction(output=alternating(1e-3), target=silent)).item() == pytest.approx(1e3)
    assert Envelope()(prediction(output=silent, target=silent)).item() == 0.0


def test_gradient_flows_to_the_output_alone_and_is_finite_at_silence(prediction):
    output = torch.zeros(1, 2048, dtype=torch.float64, requires_grad=True)
    target = alternating(0.1).requires_grad_()
    Envelope()(prediction(output=output, target=target)).sum().backward()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())
    assert target.grad is None


def test_gradcheck(prediction):
    generator = torch.Generator().manual_seed(0)
    output, target = torch.randn(2, 2, 30, dtype=torch.float64, generator=generator)
    loss = Envelope(env_ms=2.0, sample_rate=1000)
    output.requires_grad_()
    assert torch.autograd.gradcheck(lambda output: loss(prediction(output=output, target=target)), (output,))


@pytest.mark.parametrize("options", [{"env_ms": 0.0}, {"env_ms": float("nan")}, {"sample_rate": -1}])
def test_bad_options_are_refused_by_name(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Envelope(**options)
