"""Tracts that begin as what recordings have over their sources."""

import math

import pytest
import torch

from syrinx_lab.ode.fir_bank import convolve
from syrinx_lab.ode.tract.measured import MeasuredFir, MeasuredMixture, missing_db

RATE = 44_100


def pairs() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """White noise, and the same through a resonance at 4 kHz and twice as loud."""
    generator = torch.Generator().manual_seed(3)
    sources = [torch.randn(8_000 + 500 * i, generator=generator) for i in range(6)]
    t = torch.arange(-100, 101) / RATE
    ring = torch.exp(-((t * 1500) ** 2)) * torch.cos(2 * math.pi * 4000 * t)
    ring[100] += 0.3 * ring.abs().sum()
    return sources, [2 * convolve(s[None], ring[None])[0, 0] for s in sources]


def band_level(x: torch.Tensor, low: float, high: float) -> float:
    power = torch.fft.rfft(x).abs().square()
    hz = torch.linspace(0, RATE / 2, len(power))
    return 10 * math.log10(float(power[(hz >= low) & (hz < high)].mean()))


@pytest.mark.parametrize("kind", [MeasuredFir, MeasuredMixture])
def test_the_source_gets_the_spectrum_of_the_recordings(kind):
    sources, recordings = pairs()
    tract = kind(sample_rate=RATE)
    before = tract.responses.clone()
    tract.measure_(sources, recordings)
    controls = torch.zeros(1, 2, tract.channels)
    with torch.no_grad():
        out = tract(sources[0][None], controls, len(sources[0]))[0]
    for low, high in ((1500, 2500), (3600, 4400), (6000, 9000)):
        off = band_level(out, low, high) - band_level(recordings[0], low, high)
        assert abs(off) < (1.5 if kind is MeasuredFir else 3.5), (low, high)
    assert kind is MeasuredMixture or not torch.equal(before, tract.responses)


def test_what_is_missing_is_flat_outside_and_bounded():
    sources, recordings = pairs()
    recordings[0] = recordings[0] + 300 * torch.sin(2 * math.pi * 5000 / RATE * torch.arange(len(recordings[0])))
    db = missing_db(sources, recordings, RATE, (1000.0, 8000.0), 129)
    hz = torch.linspace(0, RATE / 2, len(db))
    assert float(db.max() - db.min()) == pytest.approx(40.0, abs=1e-3)
    assert bool((db[(hz < 900) | (hz > 8100)] == db.min()).all())
    assert abs(float(hz[db.argmax()]) - 5000) < 400


def test_silence_is_measured_as_something_finite():
    tract = MeasuredFir(sample_rate=RATE, taps=65)
    tract.measure_([torch.zeros(4_000)], [torch.randn(4_000)])
    assert bool(torch.isfinite(tract.responses).all())
