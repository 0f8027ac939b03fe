"""What the ear looks at: the same at every rate and gain, and what is missing is said to be."""

from __future__ import annotations

import math

import pytest
import torch

from syrinx_lab.ear.axis import BINS, BINS_PER_OCTAVE, FINE, LOWEST_HZ, bins_hz, octaves, place
from syrinx_lab.ear.features import CHANNELS, PERIOD_S, SPECTRA, hear, knots_of


def tone(hz: float, rate: int, seconds: float = 0.2, harmonics: int = 1) -> torch.Tensor:
    t = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    return sum(torch.sin(2 * math.pi * k * hz * t) / k for k in range(1, harmonics + 1)).float()[None]  # type: ignore


def test_a_pitch_has_its_place() -> None:
    assert float(octaves(place(torch.tensor(440.0)))) == pytest.approx(math.log2(440), abs=1e-6)
    assert float(place(torch.tensor(LOWEST_HZ))) == pytest.approx(0.5)  # between the two pitches of the first bin
    assert float(place(torch.tensor(2 * LOWEST_HZ))) == pytest.approx(0.5 + FINE * BINS_PER_OCTAVE)
    assert 12_000 < float(bins_hz()[-1]) < 12_500


@pytest.mark.parametrize(
    ("samples", "rate", "knots"), [(1, 44100, 1), (129, 44100, 2), (130, 44100, 3), (44100, 44100, 346)]
)
def test_knots_cover_the_recording(samples: int, rate: int, knots: int) -> None:
    assert knots_of(samples, rate) == knots


def test_a_tone_stands_where_its_frequency_is() -> None:
    for bin_ in (30, 77, 140):
        hz = float(bins_hz()[bin_])
        maps = hear(0.1 * tone(hz, 44100), 44100).maps[0, :, 30]
        assert maps.shape == (CHANNELS, BINS)
        for spectrum in range(2):
            assert abs(int(maps[spectrum].argmax()) - bin_) <= 1
        assert float(maps[SPECTRA, bin_]) == pytest.approx(1, abs=0.01)  # it repeats itself after 1 / hz
        half = bin_ + BINS_PER_OCTAVE
        if half < BINS:
            assert float(maps[SPECTRA, half]) == pytest.approx(-1, abs=0.05)  # and is opposite after half of that


def test_a_gain_comes_in_with_the_levels_alone() -> None:
    x = 0.1 * tone(900, 44100, harmonics=5) + 1e-3 * torch.randn(1, 8820, generator=torch.Generator().manual_seed(0))
    one, other = hear(x, 44100), hear(0.1 * x, 44100)
    within = slice(6, 60)  # at the ends a frame can be silent, and the floor is not
    torch.testing.assert_close(one.maps[:, :, within], other.maps[:, :, within], atol=0.1, rtol=0)
    fell = (one.levels - other.levels)[:, within]
    torch.testing.assert_close(fell, torch.full_like(fell, 20 / 15), atol=2e-3, rtol=0)


def test_maps_do_not_depend_on_the_rate() -> None:
    maps = {rate: hear(0.1 * tone(1200, rate, harmonics=6), rate).maps[0, :, 20:45] for rate in (44100, 48000, 96000)}
    for rate in (48000, 96000):
        near = (bins_hz() > 1000) & (bins_hz() < 8000)
        loud = near & (maps[44100][0].mean(0) > 1)
        assert int(loud.sum()) > 10
        assert float((maps[rate] - maps[44100])[:, :, loud].abs().mean()) < 0.1


def test_what_a_rate_cannot_hold_is_missing() -> None:
    maps = hear(tone(1200, 16000), 16000).maps
    missing = maps[0, -1, 0] > 0.5
    assert float(bins_hz()[missing].min()) == pytest.approx(0.48 * 16000, rel=0.03)
    assert bool(missing[-1])
    assert float(maps[0, :SPECTRA, :, missing].abs().max()) == 0
    cut = hear(tone(1200, 44100), 44100, top_hz=5000).maps[0, -1, 0] > 0.5
    assert float(bins_hz()[cut].min()) == pytest.approx(5000, rel=0.03)


def test_nothing_later_than_the_lookahead_is_looked_at() -> None:
    generator = torch.Generator().manual_seed(0)
    x = 0.1 * torch.randn(1, 13230, generator=generator)
    changed = x.clone()
    at = 6615
    changed[:, at:] = torch.randn(1, len(x[0]) - at, generator=generator)
    for lookahead_ms in (0.0, 4.2):
        one, other = (hear(y, 44100, lookahead_ms=lookahead_ms).maps for y in (x, changed))
        last = int((at / 44100 - 1e-3 * lookahead_ms) / PERIOD_S)
        assert torch.equal(one[:, :, :last], other[:, :, :last])
        assert not torch.allclose(one[:, :, last + 1], other[:, :, last + 1])
