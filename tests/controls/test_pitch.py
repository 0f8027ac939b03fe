"""The pitch of sounds whose pitch is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_pitch import RATE, cents, sing
from scipy.signal import butter, sosfilt

from syrinx_lab.controls import AnalyticControls, PitchRange, analytic_controls
from syrinx_lab.controls.frames import AnalysisFrames

HOP = 32
WIDE = PitchRange(300, 10_000)
FULL = [1 / k for k in range(1, 25)]
MISSING = [0.0, 0.0, 0.0, *[1.0] * 8]  # harmonics 4 to 11
FORMANT = [float(np.exp(-0.5 * (k - 6.5) ** 2)) for k in range(1, 20)]
INSIDE = slice(10, -10)  # knots whose frame lies mostly within a clip of 50 ms


def controls(x: torch.Tensor, pitch_range: PitchRange = WIDE, **more: float) -> AnalyticControls:
    return analytic_controls(x, RATE, HOP, pitch_range, **more)


@pytest.mark.parametrize("hz", [400, 613.3, 900, 1500])
@pytest.mark.parametrize("harmonics", [FULL, MISSING, FORMANT], ids=["full", "missing fundamental", "formant"])
@pytest.mark.parametrize("pitch_range", [WIDE, PitchRange(350, 1800)], ids=["wide", "narrow"])
def test_stacks(hz: float, harmonics: list[float], pitch_range: PitchRange) -> None:
    x, f0 = sing(hz, harmonics)
    found = controls(x, pitch_range)
    error = cents(found.pitch_hz[0], f0, HOP)
    assert error[INSIDE].max() < 1.5
    assert error.max() < 15  # the ends too: half a frame is enough
    assert found.voiced.min() > 0.9
    assert found.periodicity.min() > 0.9


@pytest.mark.parametrize("hz", [1000, 2500, 4321, 6077, 7661, 8800, 9900])
def test_whistles(hz: float) -> None:
    x, f0 = sing(hz, [1.0, 0.05])
    found = controls(x)
    assert cents(found.pitch_hz[0], f0, HOP)[INSIDE].max() < 0.5
    assert found.periodicity.min() > 0.99


@pytest.mark.parametrize("rate", [16_000, 22_050, 96_000])
def test_other_sample_rates(rate: int) -> None:
    for hz, harmonics in ((500.0, FULL), (6800.0, [1.0])):
        x, f0 = sing(hz, harmonics, rate // 20, rate)
        found = analytic_controls(x, rate, 32, PitchRange(400, 7000))
        assert np.median(cents(found.pitch_hz[0], f0, 32)) < 2.0
        assert found.voiced.min() > 0.9


@pytest.mark.parametrize(
    ("low", "hz_per_s", "harmonics"),
    [(3000, 1e4, [1, 0.2]), (3000, 1e5, [1, 0.2]), (7000, -1e5, [1]), (500, 5e3, FULL), (500, 2e4, FULL)],
)
def test_sweeps(low: float, hz_per_s: float, harmonics: list[float]) -> None:
    x, f0 = sing(low + hz_per_s * np.arange(2205) / RATE, harmonics)
    found = controls(x)
    error = cents(found.pitch_hz[0], f0, HOP)
    assert error.mean() < 30
    assert error[INSIDE].mean() < 10
    assert (found.voiced > 0.5).all()


@pytest.mark.parametrize("db", [0, 6, 20])
def test_a_stack_in_noise(db: float) -> None:
    x, f0 = sing(600, FULL)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)) * x.std() * 10 ** (-db / 20)
    found = controls(x + noise)
    assert cents(found.pitch_hz[0], f0, HOP).mean() < {0: 15, 6: 4, 20: 1}[db]
    # r of a tone in white noise is S / (S + N), white noise beyond the band not counting
    assert found.periodicity.mean() == pytest.approx({0: 0.64, 6: 0.87, 20: 0.99}[db], abs=0.05)


def test_voicing_on_its_threshold_does_not_flicker_whatever_the_hop() -> None:
    x, _ = sing(600, FULL, 17_640)
    x = x + 10 ** (1.2 / 20) * x.std() * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    shares = []
    for hop in (8, 32, 128):
        voiced = analytic_controls(x, RATE, hop, WIDE).voiced[0] > 0
        assert (voiced[1:] != voiced[:-1]).sum() <= 4
        shares.append(voiced.float().mean().item())
    assert 0.3 < shares[0] < 0.7
    assert shares == pytest.approx([shares[0]] * 3, abs=0.05)


def test_clipping_hum_and_offset_do_not_move_the_pitch() -> None:
    x, f0 = sing(600, FULL)
    hum = torch.sin(2 * torch.pi * 100 * torch.arange(2205) / RATE)
    for bad in (x.clamp(-0.5, 0.5), x + 0.5, 0.3 * x + hum, x * (1 + 0.9 * hum)):
        found = controls(bad, PitchRange(400, 2000))
        assert (found.voiced[0, INSIDE] > 0.5).all()
        assert cents(found.pitch_hz[0], f0, HOP)[INSIDE].max() < 5


@pytest.mark.parametrize("band", [None, (500, 8000), (1000, 6000), (2000, 5000)])
def test_noise_has_no_pitch(band: tuple[int, int] | None) -> None:
    noise = np.random.default_rng(0).standard_normal((4, 22050))
    if band is not None:
        noise = sosfilt(butter(2, band, "bandpass", fs=RATE, output="sos"), noise)
    t = np.arange(22050) / RATE
    for loudness in (1.0, 1 + 0.9 * np.sin(2 * np.pi * 40 * t), np.exp(-0.5 * ((t - 0.25) / 0.005) ** 2)):
        found = controls(torch.tensor(noise * loudness, dtype=torch.float32))
        assert (found.voiced > 0).float().mean() < 0.02


def test_silence_has_no_pitch_and_the_middle_of_the_range() -> None:
    found = controls(torch.zeros(2, 2205), PitchRange(500, 2000))
    assert (found.voiced == 0).all()
    assert (found.periodicity == 0).all()
    assert (found.envelope == 0).all()
    torch.testing.assert_close(found.pitch_hz, torch.full_like(found.pitch_hz, 1000.0))


def test_a_note_in_silence_is_voiced_where_it_sounds() -> None:
    note, _ = sing(700, FULL, 4410)
    x = torch.cat((torch.zeros(1, 4410), note, torch.zeros(1, 4410)), 1)
    x = x + 1e-4 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    found = controls(x)
    at = np.flatnonzero(found.voiced[0] > 0) * HOP
    assert abs(at[0] - 4410) < 0.004 * RATE  # a frame's standard deviation is 3.3 ms
    assert abs(at[-1] - 8820) < 0.004 * RATE
    assert len(at) == (at[-1] - at[0]) // HOP + 1
    assert (cents(found.pitch_hz[0], np.full(x.shape[1], 700.0), HOP) < 25).all()  # held through the silence


@pytest.mark.parametrize(("db", "periodicity"), [(-30, 0.99), (-50, 0.5), (-70, 0.01)])
def test_what_lies_50_db_below_the_loudest_is_half_as_periodic(db: float, periodicity: float) -> None:
    note, _ = sing(2000, [1.0], 4410)
    faint = 10 ** (db / 20) * sing(1500, [1.0], 4410)[0]
    found = controls(torch.cat((note, torch.zeros(1, 4410), faint), 1))
    assert found.periodicity[0, 300:400].numpy() == pytest.approx(periodicity, abs=0.02)
    assert controls(faint).periodicity[0, 10:-10].min() > 0.99  # nothing louder beside it


def test_no_octave_jumps_in_a_swelling_stack() -> None:
    # the second harmonic, then the fundamental, then a formant at the seventh carries the sound
    t = np.arange(8820) / RATE
    f0 = 620 + 60 * np.sin(2 * np.pi * 8 * t)
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    centre = 2 + np.abs(np.linspace(-6, 6, 8820))
    x = sum(np.exp(-0.5 * ((k - centre) / 1.2) ** 2) * np.sin(k * phase + k) for k in range(1, 15))
    x = x + 0.1 * x.std() * np.random.default_rng(3).standard_normal(8820)
    found = controls(torch.tensor(x, dtype=torch.float32)[None])
    assert (found.voiced > 0).all()
    assert cents(found.pitch_hz[0], f0, HOP).max() < 100
    assert np.abs(np.diff(np.log2(found.pitch_hz[0].numpy()))).max() < 0.05


def test_a_range_out_of_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="lower max_hz below 8000"):
        AnalysisFrames(16_000, 32, PitchRange(300, 9000))
    with pytest.raises(ValueError, match="0 < min_hz < max_hz"):
        PitchRange(900, 900)
    with pytest.raises(ValueError, match="hop 0"):
        AnalysisFrames(RATE, 0, WIDE)
    with pytest.raises(ValueError, match="lookahead_ms -1"):
        AnalysisFrames(RATE, 32, WIDE, -1)
