"""The synthetic finch: what it sings, and what it says it sings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from syrinx_lab.data import synthetic
from syrinx_lab.data.gestures import GESTURES
from syrinx_lab.data.synthetic import Song, SyntheticFinch, render_song
from syrinx_lab.data.vocal_organ import labial_velocity, sing

SMALL = SyntheticFinch(n_recordings=2, motifs_per_recording=1, seed=3)


@pytest.fixture(scope="module")
def song() -> Song:
    return render_song(SyntheticFinch(), np.random.default_rng([0, 0]))


def envelope(samples: np.ndarray, width: int = 44) -> np.ndarray:
    return np.sqrt(np.convolve(samples.astype(float) ** 2, np.ones(width) / width, "same"))


def silence(song: Song, margin: int = 441) -> np.ndarray:
    """Which samples are more than 10 ms from every syllable."""
    quiet = np.ones(len(song.samples), dtype=bool)
    for _, onset, offset in song.syllables:
        quiet[max(onset - margin, 0) : offset + margin] = False
    return quiet


def pitch_hz(frame: np.ndarray, lowest_hz: float, highest_hz: float) -> float:
    """f0 of a frame: the shortest lag at which the autocorrelation, less its window's, nearly reaches its maximum."""
    window = np.hanning(len(frame))
    power, window_power = (
        np.abs(np.fft.rfft(signal, 2 * len(frame))) ** 2 for signal in ((frame - frame.mean()) * window, window)
    )
    lags = np.arange(8 * len(frame)) / 8
    correlation = np.fft.irfft(power, 16 * len(frame))[: len(lags)]
    correlation /= np.interp(lags, np.arange(len(frame)), np.fft.irfft(window_power)[: len(frame)])
    searched = slice(round(8 * 44_100 / highest_hz), round(8 * 44_100 / lowest_hz))
    middle = correlation[searched]
    peaks = (middle >= correlation[searched.start - 1 : searched.stop - 1]) & (
        middle >= correlation[searched.start + 1 : searched.stop + 1]
    )
    return 44_100 / lags[searched][np.flatnonzero(peaks & (middle > 0.9 * middle.max()))[0]]


def test_song_has_a_realistic_level_and_noise_floor(song: Song) -> None:
    assert 0.3 < np.abs(song.samples).max() < 0.55
    floor = np.sqrt(np.mean(song.samples[silence(song)].astype(float) ** 2))
    assert 20 * np.log10(floor / 0.4) == pytest.approx(-50, abs=0.3)
    for label, onset, offset in song.syllables:
        level = np.sqrt(np.mean(song.samples[onset:offset].astype(float) ** 2))
        assert 33 < 20 * np.log10(level / floor) < 48, label
    assert abs(song.samples.mean()) < 1e-4


def test_annotations_lie_where_the_noisy_envelope_leaves_the_floor(song: Song) -> None:
    level = envelope(song.samples)
    loud = level > 10 * np.sqrt(np.mean(song.samples[silence(song)].astype(float) ** 2))
    for label, onset, offset in song.syllables:
        around = slice(onset - 880, offset + 880)
        first, *_, last = around.start + np.flatnonzero(loud[around])
        assert abs(first - onset) < 44, label
        assert abs(last - offset) < 44, label


def test_silences_leave_room_for_cold_starts() -> None:
    leads = []
    for k in range(6):
        sung = render_song(SyntheticFinch(), np.random.default_rng([0, k])).syllables
        leads += [after.onset - before.offset for before, after in pairwise(sung)]
    assert min(leads) > 0.025 * 44_100
    assert 0.7 < np.mean(np.array(leads) > 2_000) < 0.95
    assert np.mean(np.array(leads) < 0.045 * 44_100) > 0.1


def test_the_pitch_follows_the_tension(song: Song) -> None:
    """f0 of the tones, by autocorrelation, against the limit cycle at the alpha and beta of that instant."""
    width = 220
    errors = []
    for label, onset, offset in song.syllables:
        if label == "b":
            continue
        for middle in range(onset + 300, offset - 300, 150):
            alpha, beta = float(song.alpha[middle]), float(song.beta[middle])
            glide = abs(float(song.beta[middle + width // 2] - song.beta[middle - width // 2]))
            if not (alpha > 0.1 and beta > 0.08 and glide < 0.06):
                continue
            pressure = np.full(2_000, alpha)
            pressure[:200] -= 0.02  # a nudge off the fixed point
            velocity, factor = labial_velocity(pressure, np.full(2_000, beta), 44_100)
            half = velocity[len(velocity) // 2 :]
            below = np.flatnonzero((half[:-1] < 0) & (half[1:] >= 0))
            cycle = 44_100 * factor * (len(below) - 1) / (below[-1] - below[0])
            frame = song.samples[middle - width : middle + width].astype(float)
            errors.append(pitch_hz(frame, 0.7 * cycle, 1.4 * cycle) / cycle - 1)
    assert len(errors) > 30
    assert np.abs(errors).max() < 0.06
    assert abs(np.mean(errors)) < 0.01


def test_syllables_are_what_their_comments_say(song: Song) -> None:
    """Pitches in kHz at a fifth, half and four fifths of the first motif's syllables."""
    pitches = {}
    for label, onset, offset in song.syllables[:5]:
        middles = [round(onset + share * (offset - onset)) for share in (0.2, 0.5, 0.8)]
        span = (450, 800) if label == "b" else (900, 4_000)
        pitches[label] = [pitch_hz(song.samples[m - 200 : m + 200].astype(float), *span) / 1e3 for m in middles]
    assert pitches["a"][0] > 1.1 * pitches["a"][1] > 1.3 * pitches["a"][2]
    np.testing.assert_allclose(pitches["b"], 0.62, atol=0.1)
    assert np.ptp(pitches["b"]) < 0.01
    assert pitches["c"][1] > 1.2 * max(pitches["c"][0], pitches["c"][2])
    assert pitches["d"][2] > 1.1 * pitches["d"][1] > 1.3 * pitches["d"][0]
    assert pitches["e"][0] > 3.0 > 1.3 > pitches["e"][2]


def test_the_controls_are_the_truth(song: Song) -> None:
    """The written gestures give the audio back, down to the noise floor."""
    noise = song.samples - 0.42 * song.gain * sing(song.alpha, song.beta, 44_100)
    assert 20 * np.log10(noise.std() / 0.4) == pytest.approx(-50, abs=0.3)
    assert np.abs(noise).max() < 6 * noise.std()
    assert song.alpha[silence(song)].max() < 0.0
    assert all(song.alpha[onset:offset].max() > 0.15 for _, onset, offset in song.syllables)


def test_syllables_begin_and_end_without_clicks() -> None:
    song = render_song(replace(SyntheticFinch(), noise_db=-100.0), np.random.default_rng(5))
    bend = np.abs(np.diff(song.samples.astype(float), 2))
    for label, onset, offset in song.syllables:
        interior = bend[onset + 220 : offset - 220].max()
        for border in (onset, offset):
            outside = bend[border - 220 : border - 44] if border == onset else bend[border + 44 : border + 220]
            assert bend[border - 220 : border + 220].max() < 1.2 * interior, label
            assert outside.max() < 0.1 * interior, label


def test_renditions_vary_as_much_as_the_spec_says() -> None:
    spec = SyntheticFinch(motif="a", motifs_per_recording=100, duration_jitter=0.08, loudness_jitter_db=2.0)
    song = render_song(spec, np.random.default_rng(1))
    lengths = np.array([offset - onset for _, onset, offset in song.syllables])
    levels = np.array([song.gain[(onset + offset) // 2] for _, onset, offset in song.syllables])
    assert np.log(lengths).std() == pytest.approx(0.08, rel=0.15)
    assert (20 * np.log10(levels)).std() == pytest.approx(2.0, rel=0.15)
    pitches = [
        pitch_hz(song.samples[(a + b) // 2 - 200 : (a + b) // 2 + 200].astype(float), 2_000, 4_000)
        for _, a, b in song.syllables
    ]
    assert np.log(pitches).std() == pytest.approx(0.015, rel=0.3)


def test_equal_seeds_sing_equally_and_others_do_not() -> None:
    one, two, other = (render_song(SMALL, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for first, second in zip(one, two):
        np.testing.assert_array_equal(first, second)
    assert [s.onset for s in one.syllables] != [s.onset for s in other.syllables]


def test_the_rendering_is_pinned_to_its_version() -> None:
    """Raise RENDERING_VERSION with these numbers: datasets on disk are recognised by it."""
    song = render_song(SMALL, np.random.default_rng(0))
    assert synthetic.RENDERING_VERSION == 1
    assert len(song.samples) == 50282
    assert [s.onset for s in song.syllables] == pytest.approx([9868, 16152, 24135, 29098, 34966], abs=1)
    assert song.samples.std() == pytest.approx(0.095889, rel=1e-4)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"motif": "abx"}, "'abx'.*a, b, c, d, e"),
        ({"motif": ""}, "at least one"),
        ({"n_recordings": 0}, "n_recordings"),
        ({"sample_rate": 8_000}, "16,000"),
        ({"noise_db": float("nan")}, "noise_db"),
        ({"noise_db": -20.0}, "-40 dB"),
        ({"pitch_jitter": -0.1}, "pitch_jitter"),
        ({"loudness_jitter_db": 7.0}, "loudness_jitter_db"),
    ],
)
def test_a_spec_out_of_range_is_refused_in_one_line(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        SyntheticFinch(**setting)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_every_change_of_the_spec_changes_its_identity() -> None:
    changes: dict[str, Any] = {
        "n_recordings": 3,
        "motifs_per_recording": 2,
        "sample_rate": 22_050,
        "seed": 1,
        "motif": "ab",
        "duration_jitter": 0.01,
        "pitch_jitter": 0.01,
        "loudness_jitter_db": 0.5,
        "noise_db": -55.0,
    }
    assert set(changes) == set(vars(SyntheticFinch()))
    identities = {replace(SyntheticFinch(), **{name: value}).identity for name, value in changes.items()}
    assert len(identities | {SyntheticFinch().identity}) == len(changes) + 1


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 96_000])
def test_other_sample_rates_sing_the_same_song(sample_rate: int) -> None:
    song = render_song(SyntheticFinch(sample_rate=sample_rate, motifs_per_recording=1), np.random.default_rng(0))
    usual = render_song(SyntheticFinch(motifs_per_recording=1), np.random.default_rng(0))
    for one, other in zip(song.syllables, usual.syllables, strict=True):
        assert one.label == other.label
        assert one.onset / sample_rate == pytest.approx(other.onset / 44_100, abs=1e-3)
        assert one.offset / sample_rate == pytest.approx(other.offset / 44_100, abs=1e-3)
    assert {s.label for s in song.syllables} == set(GESTURES)
