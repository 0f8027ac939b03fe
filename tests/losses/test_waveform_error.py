"""The rollout against the recording, sample by sample."""

from __future__ import annotations

import math

import pytest
import torch
from test_long_term_spectrum import noise, pair

from syrinx_lab.losses.waveform_error import WaveformError


def test_silence_costs_one_and_the_recording_nothing() -> None:
    x = noise()
    loss = WaveformError(floor=1e-9)
    torch.testing.assert_close(loss(pair(torch.zeros_like(x), x)), torch.ones(len(x)).to(x))
    assert float(loss(pair(x, x)).max()) == 0
    torch.testing.assert_close(loss(pair(1.5 * x, x)), torch.full((len(x),), 0.25).to(x))


def test_the_first_sample_is_given_and_does_not_count() -> None:
    x = noise()
    other = x.clone()
    other[:, 0] += 1.0
    assert float(WaveformError()(pair(other, x)).max()) == 0


def test_gradients() -> None:
    x, target = noise(1, 16).requires_grad_(), noise(1, 16) * 2
    assert torch.autograd.gradcheck(lambda y: WaveformError()(pair(y, target)), x)


@pytest.mark.parametrize("floor", [0.0, -1.0, math.inf])
def test_a_bad_floor_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match="floor"):
        WaveformError(floor=floor)
