"""What is measured before training: the encoder first, then the tract with what is sung so."""

import torch
from torch import nn

from syrinx_lab.ear.encoder import EarEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.syrinx.cycle import CyclePolynomial
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.training.measured_start import measure

RATE = 44_100


class Watched(NoTract):
    """A tract that keeps what it is given."""

    def measure_(self, sources, recordings):
        self.given = sources, recordings


def model_with(tract: nn.Module) -> Ouroboros:
    torch.manual_seed(0)
    encoder = EarEncoder(degree=3, keep_const=True, sample_rate=RATE)
    oscillator = CyclePolynomial(sample_rate=RATE)
    oscillator.initialise_(encoder.heads)
    return Ouroboros(encoder, oscillator, tract).eval()


def test_encoder_then_tract():
    t = torch.arange(RATE // 4) / RATE
    sings = (t > 0.05) & (t < 0.2)
    song = 0.2 * torch.sin(2 * torch.pi * 1500 * t) * sings + 1e-3 * torch.randn(len(t))
    model = model_with(Watched())
    measure(model, lambda: ([song], [song[sings]] * 70))
    sources, heard = model.tract.given
    assert abs(float(model.encoder.threshold_db.detach()) + 52) < 4, "the noise has -60 dB, and 8 are added"
    assert len(sources) == len(heard) == 60
    assert all(len(s) == len(h) for s, h in zip(sources, heard))
    loudness = sources[0][2_205:].square().mean().sqrt() / heard[0].square().mean().sqrt()
    assert 0.8 < float(loudness) < 1.25, "the source was sung with the threshold that was measured"


def test_nothing_is_read_where_nothing_is_measured():
    model = model_with(NoTract())
    model.encoder.measure_ = None

    def never():
        raise AssertionError("read")

    measure(model, never)
