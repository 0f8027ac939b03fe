"""The simulated aviary: its truth agrees with its sound, and every draw is a function of seed and index."""

import numpy as np
import pytest
import torch

from syrinx_lab.simulation.aviary import Aviary

RATE, HOP = 44_100, 64


@pytest.fixture(scope="module")
def clear():
    """Recordings without room, damage and strangers."""
    return Aviary(damage=False, snr_db=(30.0, 40.0), peak_db=(3.0, 3.0)).draw(range(0, 80, 4), 1.0)


@pytest.fixture(scope="module")
def recorded():
    """Recordings with all that can happen to them."""
    return Aviary().draw(range(0, 48, 4), 1.0)


def spectral_peak(x, hz):
    """The strongest frequency within a third of an octave of hz, and its share of the strongest of all."""
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)), 32 * len(x)))
    at = np.fft.rfftfreq(32 * len(x), 1 / RATE)
    near = np.where(abs(np.log2(np.maximum(at, 1) / hz)) < 1 / 6, spectrum, 0)
    return at[near.argmax()], near.max() / spectrum.max()


def test_a_steady_voice_has_its_spectral_peak_at_the_pitch(clear):
    cents = []
    for k in range(len(clear.audio)):
        hz, voiced = clear.pitch_hz[k, 0].numpy(), clear.voiced[k].numpy()
        for t in range(12, len(hz) - 12, 6):
            around = slice(t - 8, t + 9)
            alone = voiced[0, around].all() and not voiced[1, around].any()
            if alone and hz[around].max() / hz[around].min() < 1.006 and hz[t] > 900:
                x = clear.clean[k, t * HOP - 512 : t * HOP + 512].numpy()
                peak, share = spectral_peak(x, hz[t])
                if share > 0.2 and clear.gain[k, 0, t] > 5 * clear.breath[k, t]:
                    cents.append(1200 * np.log2(peak / hz[t]))
    assert len(cents) > 80
    assert np.quantile(np.abs(cents), 0.99) < 4
    assert abs(np.median(cents)) < 0.3


def test_the_gains_are_those_of_the_sound(clear):
    for k in range(len(clear.audio)):
        power = clear.gain[k, 0].square() + clear.gain[k, 1].square() + clear.breath[k].square()
        total = power[1:-1].mean() * HOP
        assert float(total / (clear.clean[k].square().mean() * HOP)) == pytest.approx(1.0, abs=0.06)


def test_onsets_lie_where_the_sound_begins(clear):
    found = 0
    for k in range(len(clear.audio)):
        x = clear.clean[k].numpy()
        assert all(b > a for a, b in zip(clear.onsets[k], clear.offsets[k]))
        before = [0.0, *clear.offsets[k][:-1]]
        for start, stop, last in zip(clear.onsets[k], clear.offsets[k], before):
            if start < 0.01 or start - last < 0.015 or stop - start < 0.01:
                continue
            loudest = abs(x[round(start * RATE) : round(stop * RATE)]).max()
            earlier = abs(x[round((start - 0.008) * RATE) : round((start - 0.002) * RATE)]).max()
            after = abs(x[round(start * RATE) : round((start + 0.002) * RATE)]).max()
            assert earlier < 0.13 * loudest
            assert after > 0.03 * loudest
            found += 1
    assert found > 40


def test_the_background_and_the_ratio_are_those_of_the_recording(clear):
    for k in range(len(clear.audio)):
        rest = clear.audio[k] - clear.clean[k]
        assert float(rest.square().mean().sqrt()) == pytest.approx(float(clear.background[k]), rel=1e-3)
        spans = [clear.clean[k, round(a * RATE) : round(b * RATE)] for a, b in zip(clear.onsets[k], clear.offsets[k])]
        loud = torch.cat(spans).square().mean().sqrt()
        assert float(20 * torch.log10(loud / clear.background[k])) == pytest.approx(float(clear.snr_db[k]), abs=0.01)


def test_a_draw_depends_on_seed_and_index_alone(recorded):
    one = Aviary().draw([8], 1.0)
    torch.testing.assert_close(one.audio[0], recorded.audio[2], rtol=1e-4, atol=1e-6 * float(one.audio.abs().max()))
    assert torch.equal(one.voiced[0], recorded.voiced[2])
    assert torch.equal(one.audio, Aviary().draw([8], 1.0).audio)
    assert not torch.allclose(one.audio, Aviary(seed=1).draw([8], 1.0).audio, atol=1e-3)
    assert one.onsets[0] == recorded.onsets[2]


def test_nothing_above_half_the_recorders_rate(recorded):
    coarse = [k for k, rate in enumerate(recorded.rate_hz.tolist()) if rate <= 24_000]
    assert coarse
    for k in coarse:
        power = torch.fft.rfft(recorded.clean[k] * torch.hann_window(RATE)).abs().square()
        hz = torch.fft.rfftfreq(RATE, 1 / RATE)
        assert power[hz > 0.51 * recorded.rate_hz[k]].sum() < 1e-6 * power.sum()


def test_levels_and_truth_are_in_range(recorded):
    assert bool(recorded.audio.isfinite().all())
    peaks = 20 * torch.log10(recorded.audio.abs().amax(1))
    assert bool((peaks < 0.1).all())
    assert peaks.max() - peaks.min() > 30
    assert bool(((recorded.pressure >= 0) & (recorded.pressure <= 1)).all())
    sung = recorded.pitch_hz[recorded.voiced]
    assert 100 < sung.min() < sung.max() < 11_000
    both = recorded.voiced.all(1)
    assert bool((recorded.pitch_hz[:, 0] < recorded.pitch_hz[:, 1])[both].all())
    assert recorded.pitch_hz.shape == (12, 2, -(-(RATE - 1) // HOP) + 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pitch_hz": (100.0, 2000.0)}, "pitch_hz"),
        ({"sample_rate": 4000}, "sample_rate"),
        ({"snr_db": (10.0, 0.0)}, "snr_db"),
        ({"hop": 0}, "hop"),
    ],
)
def test_what_is_out_of_range_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        Aviary(**settings)


def test_a_window_too_short_is_refused():
    with pytest.raises(ValueError, match=r"0\.05 s"):
        Aviary().draw([0], 0.01)


def test_windows_too_short_for_gusts_are_finite():
    short = Aviary(seed=1234, songs_per_bird=1).draw(range(8), 0.2)
    assert bool(torch.isfinite(short.audio).all())
    assert bool((short.audio.abs().amax(1) > 0).all())
