"""Each vocoder against what is known of the sound that it is given."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from made_clips import AMPLITUDES, LEAD, RATE, band_db, clip, level_db, songs, stack

from syrinx_lab.metrics.time_frequency import spectrogram_db, tf_corr
from syrinx_lab.rivals.bands import Bands
from syrinx_lab.rivals.harmonic_noise import HarmonicNoise
from syrinx_lab.rivals.mel_griffin_lim import MelGriffinLim, _unmixed
from syrinx_lab.rivals.noise_vocoder import NoiseVocoder
from syrinx_lab.rivals.random_phase import RandomPhase
from syrinx_lab.rivals.rival import Rival

VOCODERS = [
    (RandomPhase, 257 * RATE / 128),
    (MelGriffinLim, 80 * RATE / 256),
    (NoiseVocoder, 80 * RATE / 256),
    (HarmonicNoise, 80 * RATE / 256),
]


def fitted(kind: type[Rival], **settings: object) -> Rival:
    rival = kind(sample_rate=RATE, **settings)
    rival.fit(songs(clip(stack())))
    return rival


@pytest.mark.parametrize(("kind", "rate"), VOCODERS, ids=lambda value: getattr(value, "__name__", None))
def test_rate_length_and_seed(kind: type[Rival], rate: float) -> None:
    rival, one = fitted(kind), clip(stack())
    assert rival.numbers_per_second == pytest.approx(rate)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (rival.resynthesise(one, seed) for seed in (1, 1, 2))
    assert torch.equal(before[0], torch.get_rng_state()), "no global random state"
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    assert first.shape == one.x.shape
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(np.corrcoef(first, one.x)[0, 1]) < 0.5, "it was not given the waveform"
    assert level_db(first, one.x) == pytest.approx(0.0, abs=1.0)
    assert level_db(first[: LEAD - 700], one.x[LEAD:]) < -25, "the silence before the onset stays"
    assert tf_corr(first, one.x, sample_rate=RATE) > 0.75


def test_random_phases_keep_the_power_of_every_bin_of_a_steady_sound() -> None:
    generator = np.random.default_rng(0)
    t = np.arange(2 * RATE) / RATE
    x = 0.05 * generator.standard_normal(len(t)) + 0.1 * np.cos(2 * np.pi * 2000 * t)
    rival = RandomPhase(sample_rate=RATE)
    sung = rival.resynthesise(clip(x, 0, len(x)), 0)
    assert level_db(sung, x) == pytest.approx(0.0, abs=0.1)
    power = [(10 ** (spectrogram_db(y, sample_rate=RATE) / 10)).mean(0) for y in (sung, x)]
    # a Hann frame spreads a line over three bins once more
    off = np.abs(10 * np.log10(power[0] / power[1]))
    tone = int(np.argmax(power[1]))
    assert np.delete(off, range(tone - 3, tone + 4)).max() < 1.0
    assert off[tone] < 2.5


def test_a_hop_beyond_half_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match=r"hop is 300: use 1 to 256 samples, half of an even n_fft \(512\)"):
        RandomPhase(sample_rate=RATE, hop=300)


def test_mel_bands_come_back() -> None:
    rival, one = MelGriffinLim(sample_rate=RATE), clip(stack())
    given = rival.bands(torch.as_tensor(one.x, dtype=torch.float64))
    power = _unmixed(given, rival._bank)
    assert (power >= 0).all()
    loud = given > 1e-2 * given.max()
    torch.testing.assert_close((rival._bank.T @ power)[loud], given[loud], rtol=0.2, atol=0)
    sung = rival.bands(torch.as_tensor(rival.resynthesise(one, 0), dtype=torch.float64))
    loud = given > 1e-3 * given.max()
    off = 10 * (sung[loud] / given[loud]).log10().abs()
    assert off.median() < 1.0
    assert tf_corr(rival.resynthesise(one, 0), one.x, sample_rate=RATE) > 0.9
    assert level_db(rival.resynthesise(one, 0), one.x) == pytest.approx(0.0, abs=0.3)


def test_mel_bands_without_a_bin_are_refused() -> None:
    with pytest.raises(ValueError, match=r"n_mels is 400: \d+ bands hold no bin of n_fft 256; use fewer"):
        MelGriffinLim(sample_rate=RATE, n_mels=400, n_fft=256)


def test_bands_add_up_to_the_whole() -> None:
    bands = Bands(sample_rate=RATE, count=12, low_hz=200.0, high_hz=20_000.0, hop=64)
    hz = np.linspace(0, RATE / 2, 999)
    np.testing.assert_allclose((bands.gains(hz) ** 2).sum(0), 1.0, rtol=1e-12)
    x = np.random.default_rng(0).standard_normal(8192)
    assert (bands.split(x) ** 2).sum() == pytest.approx((x**2).sum(), rel=0.01)
    with pytest.raises(ValueError, match=r"12 bands from 0 to 20000 Hz: use at least 2, within 0 to 22050 Hz"):
        Bands(sample_rate=RATE, count=12, low_hz=0.0, high_hz=20_000.0, hop=64)


def test_the_envelope_of_a_tone_is_its_rms_in_its_band_alone() -> None:
    bands = Bands(sample_rate=RATE, count=12, low_hz=200.0, high_hz=20_000.0, hop=64)
    centre = 700 * (10 ** (bands.centres_mel[5] / 2595) - 1)
    level = bands.envelopes(0.1 * np.cos(2 * np.pi * centre * np.arange(RATE // 4) / RATE))[:, 20:-20]
    np.testing.assert_allclose(level[5], 0.1 / np.sqrt(2), rtol=0.02)
    assert np.delete(level, 5, axis=0).max() < 0.003


def test_the_noise_vocoder_keeps_the_energy_of_its_bands() -> None:
    generator = np.random.default_rng(1)
    white = generator.standard_normal(RATE)
    x = 0.02 * (white - 0.9 * np.concatenate([[0.0], white[:-1]]))  # 20 dB up from the lowest to the highest
    sung = NoiseVocoder(sample_rate=RATE).resynthesise(clip(x, 0, len(x)), 5)
    edges = [300, 1000, 2000, 4000, 8000, 16_000]
    found = [band_db(sung, *pair) - band_db(x, *pair) for pair in pairwise(edges)]
    assert np.abs(found).max() < 0.7, found
    assert abs(np.corrcoef(sung, x)[0, 1]) < 0.02


def test_amplitudes_of_harmonics_are_recovered_and_noise_is_what_they_leave() -> None:
    noise = 3e-3
    one = clip(stack(0.3, 700.0, 700.0, noise=noise))
    rival = HarmonicNoise(sample_rate=RATE, pitch_range_hz=(400.0, 1500.0))
    x = one.x.astype(np.float64)
    f0, voiced = rival._pitch(one.x)
    middle = slice(30, -30)
    assert voiced[middle].all()
    np.testing.assert_allclose(f0[middle], 700.0, rtol=2e-3)
    phase = rival._phase(f0, len(x))
    found = np.abs(rival.amplitudes(x, f0, phase))[middle]
    np.testing.assert_allclose(np.median(found, axis=0)[:6], AMPLITUDES, rtol=0.02)
    assert np.median(found, axis=0)[6:].max() < 2e-3, "there is no seventh"
    rival.fit(songs(one))
    sung = rival.resynthesise(one, 0)
    assert level_db(sung, one.x) == pytest.approx(0.0, abs=0.2)
    # above the sixth harmonic there is noise alone, and so there is in what is sung
    assert band_db(sung, 6000, 18_000) - band_db(x, 6000, 18_000) == pytest.approx(0.0, abs=1.0)
    for k in range(1, 7):
        near = 700 * k - 150, 700 * k + 150
        assert band_db(sung, *near) - band_db(x, *near) == pytest.approx(0.0, abs=0.5), k


def test_where_there_is_no_pitch_there_are_no_harmonics() -> None:
    rival = HarmonicNoise(sample_rate=RATE, pitch_range_hz=(400.0, 1500.0))
    x = 0.05 * np.random.default_rng(2).standard_normal(RATE // 4)
    one = clip(x, 0, len(x))
    rival.fit(songs(one))
    _, voiced = rival._pitch(one.x)
    assert voiced.mean() < 0.05
    assert level_db(rival.resynthesise(one, 0), x) == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("kind", [kind for kind, _ in VOCODERS], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_other_rates_and_very_short_clips(kind: type[Rival], rate: int) -> None:
    t = np.arange(rate // 4) / rate
    x = sum(0.1 / k * np.cos(2 * np.pi * k * 700 * t) for k in (1, 2, 3))
    one = clip(x, 0, len(x))
    rival = kind(sample_rate=rate, **({"n_fft": 2048} if kind is MelGriffinLim else {}))
    rival.fit(songs(one))
    assert level_db(rival.resynthesise(one, 0), x) == pytest.approx(0.0, abs=1.0)
    short = clip(x[:100], 0, 100)
    assert rival.resynthesise(short, 0).shape == (100,)
    assert np.isfinite(rival.resynthesise(short, 0)).all()
