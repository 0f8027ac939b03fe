"""Causal weights by hand, and what they do to the gradient of a rollout that is wrong early or late."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.losses.causal import causal_mean, causal_weights
from syrinx_lab.losses.envelope import Envelope
from syrinx_lab.losses.envelope_log import EnvelopeLog
from syrinx_lab.losses.mrstft import MultiResolutionStft
from syrinx_lab.runs.identity import run_key

TERMS = (MultiResolutionStft, Envelope, EnvelopeLog)
SAMPLES = 4096


def song(seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(1, SAMPLES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def wrong(first: int, last: int) -> torch.Tensor:
    """The song, three times as loud from sample `first` to `last`."""
    output = song()
    output[:, first:last] *= 3
    return output


def slope(loss, output: torch.Tensor, prediction) -> torch.Tensor:
    output = output.clone().requires_grad_()
    value = loss(prediction(output=output, target=song()))
    return torch.autograd.grad(value.sum(), output)[0][0]


def test_weights_by_hand_and_no_gradient_through_them() -> None:
    errors = torch.tensor([[1.0, 0.5, 0.0, 2.0], [0.0, 0.0, 3.0, 1.0]], requires_grad=True)
    weights = causal_weights(errors, 0.2, 5.0)
    torch.testing.assert_close(
        weights, torch.tensor([[0.0, -1.0, -1.5, -1.5], [0.0, 0.0, 0.0, -3.0]]).exp(), rtol=1e-6, atol=0
    )
    assert not weights.requires_grad
    (found,) = torch.autograd.grad(causal_mean(errors, 0.2, 5.0).sum(), errors)
    torch.testing.assert_close(found, weights / 4)


def test_one_eps_means_the_same_at_every_resolution() -> None:
    coarse, fine = causal_weights(torch.ones(1, 10), 0.3, 2.0), causal_weights(torch.ones(1, 20), 0.3, 1.0)
    torch.testing.assert_close(coarse, fine[:, ::2])
    assert coarse[0, 5].item() == pytest.approx(math.exp(-3))


@pytest.mark.parametrize("term", TERMS)
def test_an_error_that_comes_late_is_learned_from_its_first_samples(term, prediction) -> None:
    first = 3000
    plain, causal = (slope(term(causal=eps), wrong(first, SAMPLES), prediction) for eps in (0.0, 0.3))
    before, tail = slice(first - 300, first - 30), slice(first + 800, None)
    assert causal[before].norm() > 0.85 * plain[before].norm() > 0  # windows and envelopes look ahead
    assert causal[tail].norm() < 0.02 * plain[tail].norm()
    assert torch.equal(causal_weights(torch.tensor([[0.0, 0, 0, 5]]), 1.0, 1.0), torch.ones(1, 4))


@pytest.mark.parametrize("term", TERMS)
def test_an_early_error_silences_what_comes_after_it(term, prediction) -> None:
    output = wrong(0, 1500)
    output[:, 2500:] *= 2  # wrong as well, and not looked at until the beginning fits
    plain, causal = (slope(term(causal=eps), output, prediction) for eps in (0.0, 0.3))
    assert causal[2600:].norm() < 1e-3 * plain[2600:].norm()
    assert causal[:100].norm() > 0.2 * plain[:100].norm()


@pytest.mark.parametrize("term", TERMS)
def test_without_eps_the_loss_is_what_it_was(term, prediction) -> None:
    given = prediction(output=wrong(500, 3000), target=song())
    assert torch.equal(term(causal=0.0)(given), term()(given))
    torch.testing.assert_close(term(causal=1e-12)(given), term()(given), rtol=1e-8, atol=0)
    right = slope(term(causal=1.0), song(), prediction)
    assert right.count_nonzero() == 0
    for eps in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="causal"):
            term(causal=eps)


def test_runs_from_before_keep_their_names() -> None:
    def config(**more: float) -> dict:
        return {"loss": {"terms": {"spec": {"weight": 1.0, "loss": {"log_floor": 1e-3, **more}}}, **more}}

    assert run_key(config(causal=0.0)) == run_key(config()) != run_key(config(causal=0.1))
