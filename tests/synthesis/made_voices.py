"""Small models and songs to synthesise with."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.encoders.frames import FramesEncoder
from syrinx_lab.encoders.samples import SamplesEncoder
from syrinx_lab.model import Ouroboros
from syrinx_lab.ode.noise.filtered import FilteredNoise
from syrinx_lab.ode.polynomial import Polynomial
from syrinx_lab.ode.syrinx.oscillator import Syrinx
from syrinx_lab.ode.tract import NoTract
from syrinx_lab.ode.tract.fir_mixture import FirMixture

RATE = 44100


def song(seconds: float = 0.6) -> np.ndarray:
    """Harmonic syllables of 0.12 s at 700 to 1100 Hz over a faint background."""
    t = np.arange(round(seconds * RATE)) / RATE
    hz = 700 + 400 * (t / 0.2 % 1)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    x = sum(np.sin(k * phase) / k for k in (1, 2, 3)) * 0.1 * np.sin(np.pi * np.clip(t % 0.2 - 0.05, 0, 0.12) / 0.12)
    return (x + 1e-4 * np.random.default_rng(0).standard_normal(len(t))).astype(np.float32)


def syrinx_voice(tract: nn.Module | None = None, noise: bool = True, analytic: bool = False) -> Ouroboros:
    """A model with the physical prior whose heads are no longer zero, those of its drives only if not `analytic`."""
    torch.manual_seed(0)
    syrinx = Syrinx(sample_rate=RATE)
    encoder = FramesEncoder(3, True, RATE, d_model=8, n_layers=1)
    if analytic:
        syrinx.initialise_(encoder.heads)
    model = Ouroboros(
        encoder,
        syrinx,
        FirMixture(sample_rate=RATE, filters=4) if tract is None else tract,
        FilteredNoise(sample_rate=RATE, bands=4) if noise else None,
        Analyser(sample_rate=RATE, pitch_range_hz=(300.0, 3000.0)),
        control_hop=32,
        highpass_hz=300.0,
    )
    model.calibrate([torch.from_numpy(song())], [])
    for head in (model.tract_net, model.noise_net):
        if head is not None:
            nn.init.normal_(head.weight, std=0.2)
    return model.eval()


def polynomial_voice(control_hop: int = 1) -> Ouroboros:
    """A polynomial model without a prior, at audio rate or not: a van der Pol oscillator nudged by its encoder."""
    torch.manual_seed(0)
    encoder = SamplesEncoder(degree=3, n_layers=1, expand=2)
    with torch.no_grad():
        encoder.omega_net.weight *= 0.1
        encoder.omega_net.bias.fill_(0.1)
        encoder.gamma_net.weight *= 0.01
        encoder.gamma_net.bias.fill_(-0.01)
        encoder.weights_net.weight *= 0.01
        encoder.weights_net.bias.zero_()
        encoder.weights_net.bias[2 * 4 + 1] = 0.2  # x^2 v
    return Ouroboros(encoder, Polynomial(sample_rate=RATE, degree=3), NoTract(), control_hop=control_hop).eval()
