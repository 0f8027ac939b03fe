"""How many numbers a second a clip's drives hold: channels that vary, times knots a second."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.data.derivatives import derivatives
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.evaluation.clips import Clip
from syrinx_lab.evaluation.takes import perform, read_encoded
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture
from syrinx_lab.types import Vocalisation

RATE = 44_100


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A gliding note of 100 ms in faint noise."""
    n = np.arange(8000)
    gate = np.clip(np.minimum(n - 2000, 6400 - n) / 220, 0, 1)
    x = 0.3 * gate * np.sin(2 * np.pi * np.cumsum(900 + 0.05 * n) / RATE)
    x += 1e-3 * np.random.default_rng(0).standard_normal(8000)
    dx, d2x = derivatives(x)
    return Clip(Vocalisation("r", "a", 2000, 6400, 0, 8000), *(y.astype(np.float32) for y in (x, dx, d2x)))


def voice(clip: Clip, *, rich: bool, control_hop: int) -> Ouroboros:
    """The analytic gestures; when rich, a tract of two codes and a noise of one that follow the features."""
    torch.manual_seed(0)
    oscillator, encoder = Syrinx(sample_rate=RATE), FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    oscillator.initialise_(encoder.heads)
    model = Ouroboros(
        encoder,
        oscillator,
        FirMixture(sample_rate=RATE, filters=4, codes=2) if rich else NoTract(),
        FilteredNoise(sample_rate=RATE, bands=4, codes=1) if rich else None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=control_hop,
    )
    model.calibrate([torch.from_numpy(clip.x)], [])
    for head in (model.tract_net, model.noise_net):
        if head is not None:
            torch.nn.init.normal_(head.weight, std=0.2)
    return model.eval()


@pytest.mark.parametrize(
    ("rich", "hop", "channels"),
    # pitch, pressure and gain; with noise its envelope, two codes and one
    [(False, 32, 3), (True, 32, 7), (True, 224, 7)],
)
def test_channels_that_vary_times_knots_a_second(clip: Clip, rich: bool, hop: int, channels: int) -> None:
    model = voice(clip, rich=rich, control_hop=hop)
    encoded = read_encoded(model, clip)
    assert encoded.oscillator.named()["pitch_hz"].shape == (1, -(-7999 // hop) + 1)
    take = perform(model, clip, ic_noise_rms=1e-3, seed=0)
    assert take.raw_score.numbers_per_second == pytest.approx(channels * RATE / hop)
    assert take.raw_score.bounded_frac == 1.0


def test_slow_knots_are_those_of_the_fast_ones_low_passed(clip: Clip) -> None:
    """Knots 224 samples apart say what the song does between them: the gestures agree where they are smooth."""
    fast, slow = (voice(clip, rich=False, control_hop=hop) for hop in (32, 224))
    dense, sparse = (read_encoded(model, clip).oscillator for model in (fast, slow))
    within = slice(14, 26)  # of the syllable, away from its ends
    every_seventh = dense.pitch_hz[:, ::7][:, within]
    torch.testing.assert_close(sparse.pitch_hz[:, within], every_seventh, rtol=3e-3, atol=0)
    assert float(sparse.pressure[:, within].detach().min()) > 0.95
