"""What is taken from a bird's recordings before anything is learned: its range of pitch and its background."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from known_pitch import RATE, sing

from syrinx_lab.controls.analyser import Analyser
from syrinx_lab.controls.pitch_range import PitchRange
from syrinx_lab.controls.range_estimate import estimate_pitch_range

STACK = [0.3, *[1.0] * 9]
FLOOR = 1e-3


def note(low: float, high: float, harmonics: list[float], seconds: float = 0.1) -> torch.Tensor:
    """A sweep at root mean square 0.1 with edges of 5 ms, (L,)."""
    samples = round(seconds * RATE)
    x, _ = sing(np.geomspace(low, high, samples), harmonics, samples)
    ramp = (torch.arange(samples) / (0.005 * RATE)).clamp_max(1)
    return 0.1 * (x[0] / x.std() * ramp * ramp.flip(0)).float()


def recorded(syllable: torch.Tensor, seed: int, floor: float = FLOOR) -> torch.Tensor:
    """A syllable between 50 ms of silence, in white noise of root mean square `floor`."""
    x = torch.nn.functional.pad(syllable, (2205, 2205))
    return x + floor * torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))


def calibrated(syllables: list[torch.Tensor], floor: float = FLOOR, **settings: object) -> Analyser:
    analyser = Analyser(sample_rate=RATE, **settings)  # type: ignore[arg-type]
    whole = [recorded(x, k, floor) for k, x in enumerate(syllables)]
    analyser.calibrate(whole, [x[2205:-2205] for x in whole])
    return analyser


@pytest.mark.parametrize(
    ("low", "high", "harmonics"),
    [(180.0, 400.0, STACK), (450.0, 900.0, STACK), (1500.0, 5000.0, [1.0, 0.1]), (6000.0, 9000.0, [1.0])],
    ids=["crow", "finch", "whistles", "high whistles"],
)
def test_any_bird_s_range_is_found(low: float, high: float, harmonics: list[float]) -> None:
    middles = np.geomspace(1.05 * low, high / 1.05, 8)
    found = calibrated([note(m / 1.05, m * 1.05, harmonics) for m in middles]).range_hz.tolist()
    assert low * 2**-0.45 < found[0] < low
    assert high < found[1] < min(high * 2**0.45, 10_001.0)


def trill(seconds: float) -> list[torch.Tensor]:
    """Downward sweeps from about 6.5 to 2 kHz."""
    return [note(6500 * jitter, 2000 * jitter, [1.0, 0.05], seconds) for jitter in np.linspace(0.97, 1.03, 12)]


def test_a_second_look_gives_a_fast_sweep_its_ends() -> None:
    sweeps = trill(0.03)
    first = estimate_pitch_range([recorded(x, k)[2205:-2205] for k, x in enumerate(sweeps)], RATE)
    assert first.min_hz > 2000  # leaves out what the bird sings
    assert first.max_hz < 6500
    low, high = calibrated(sweeps).range_hz.tolist()
    assert 1500 < low < 1850
    assert 7100 < high < 8000


def test_trills_too_fast_for_long_frames_have_a_pitch() -> None:
    sweeps = trill(0.015)
    with pytest.raises(ValueError, match="no pitch"):
        estimate_pitch_range([recorded(x, k)[2205:-2205] for k, x in enumerate(sweeps)], RATE)
    low, high = calibrated(sweeps).range_hz.tolist()
    assert 1500 < low < 1900
    assert 7100 < high < 8000


def test_a_range_that_is_given_is_kept() -> None:
    assert calibrated([note(600, 700, STACK)], pitch_range_hz=(500.0, 1000.0)).range_hz.tolist() == [500.0, 1000.0]


def test_the_background_is_the_noise_floor_whatever_the_gain() -> None:
    syllables = [note(600, 700, STACK) for _ in range(6)]
    assert float(calibrated(syllables).background) == pytest.approx(FLOOR, rel=0.2)
    faint = calibrated([1e-3 * x for x in syllables], 1e-3 * FLOOR)
    assert float(faint.background) == pytest.approx(1e-3 * FLOOR, rel=0.2)


def test_silence_that_was_drawn_is_no_background() -> None:
    analyser = calibrated([note(600, 700, STACK) for _ in range(6)], 0.0)
    # 50 dB below the loudest, which is about the syllables' 0.1
    assert 20 * math.log10(float(analyser.background) / 0.1) == pytest.approx(-50, abs=1.5)


def test_no_pitch_names_what_to_set() -> None:
    noise = torch.randn(3, 22050, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"no pitch between 150 and 10000 Hz.*controls\.pitch_range_hz=\["):
        Analyser(sample_rate=RATE).calibrate(list(noise), list(noise))
    with pytest.raises(ValueError, match="no pitch between 500 and 900 Hz"):
        Analyser(sample_rate=RATE, widest_hz=(500.0, 900.0)).calibrate(list(noise), list(noise))
    given = Analyser(sample_rate=RATE, pitch_range_hz=(500.0, 5000.0))
    given.calibrate(list(noise), list(noise))
    assert float(given.background) > 0.5


def test_no_recordings_are_refused() -> None:
    with pytest.raises(ValueError, match="there is none that no other one overlaps"):
        Analyser(sample_rate=RATE).calibrate([], [])


def test_the_controls_are_those_of_the_range() -> None:
    analyser = calibrated([note(600, 700, STACK) for _ in range(3)])
    low, high = analyser.range_hz.tolist()
    x = recorded(note(640, 640, STACK), 9)[None]
    controls = analyser(x, 32)
    assert controls.hop == 32
    inside = controls.pitch_hz[0, 80:190]
    assert float(1200 * torch.log2(inside / 640).abs().max()) < 10
    assert PitchRange(low, high).min_hz <= float(controls.pitch_hz.min()) <= float(controls.pitch_hz.max()) <= high


def test_at_a_low_rate_pitch_is_looked_for_below_half_of_it() -> None:
    analyser = Analyser(sample_rate=16_000, widest_hz=(150.0, 10_000.0))
    assert (analyser.widest.min_hz, analyser.widest.max_hz) == (150.0, 7_600.0)
    assert analyser(torch.randn(1, 4000), 64).pitch_hz.max() <= 7_600.0
