"""Where an evaluation's clips begin: near silence, or in the recording's own state."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.scoring import checked_start
from syrinx_lab.evaluation.takes import cold_start, perform, read_drives
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.types import Vocalisation


def test_an_evaluation_can_start_in_the_recordings_state() -> None:
    """As published: x is the clip's first sample, v = tau x' its slope, and no noise is drawn."""
    torch.manual_seed(0)
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2),
        Polynomial(sample_rate=44100, degree=3, tau=1 / 22050),
        NoTract(),
    )
    samples = (0.2 * np.sin(0.05 * np.arange(500) + 0.7)).astype(np.float32)
    slope, bend = (part.astype(np.float32) for part in derivatives(samples.astype(np.float64)))
    slope[0] = 0.01
    clip = Clip(Vocalisation("r", "a", 200, 700, 100, 900), samples, slope, bend)
    assert (clip.onset, clip.offset) == (0, 500), "it begins and ends within the syllable"
    drives = read_drives(model, clip)
    _, _, trajectory = cold_start(model, clip, drives, ic_noise_rms=1e-3, seed=1, start="data")
    assert float(trajectory.x[0, 0]) == float(samples[0])
    assert float(trajectory.v[0, 0]) == pytest.approx(2 * 0.01), "tau is two samples"
    _, _, cold = cold_start(model, clip, drives, ic_noise_rms=1e-3, seed=1)
    assert abs(float(cold.x[0, 0])) < 1e-2
    take = perform(model, clip, ic_noise_rms=1e-3, seed=1, start="data")
    assert np.isfinite(take.raw_score.autonomy)


def test_a_start_that_is_none_or_that_the_model_does_not_have_is_refused() -> None:
    model = Ouroboros(
        SamplesEncoder(degree=3, n_layers=1, expand=2), Polynomial(sample_rate=44100, degree=3), NoTract()
    )
    assert checked_start("data", "eval.start", model) == "data"
    with pytest.raises(ValueError, match=r"eval\.start is 'warm': use cold"):
        checked_start("warm", "eval.start", model)
    hidden = SimpleNamespace(oscillator=SimpleNamespace(state_is_observed=False))
    assert checked_start("cold", "eval.start", hidden) == "cold"
    with pytest.raises(ValueError, match=r"rollout\.onset_start is data, but this oscillator's state"):
        checked_start("data", "rollout.onset_start", hidden)
