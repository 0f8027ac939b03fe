"""Reading, resampling, scaling and writing audio."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import tone, write_tone

from syrinx_lab.data.audio import read_audio, scale_factor, write_wav
from syrinx_lab.data.resampling import resample_by_polyphase, resample_to


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("x.wav", "PCM_U8", 2**-7),
        ("x.wav", "PCM_16", 2**-15),
        ("x.wav", "PCM_24", 2**-23),
        ("x.wav", "PCM_32", 2**-24),
        ("x.wav", "FLOAT", 2**-25),
        ("x.wav", "DOUBLE", 2**-25),
        ("x.aiff", "PCM_16", 2**-15),
        ("x.flac", "PCM_16", 2**-15),
        ("x.flac", "PCM_24", 2**-23),
        ("x.ogg", "VORBIS", 0.02),
        ("x.mp3", "MPEG_LAYER_III", 0.02),
    ],
)
def test_every_sample_format_reads_to_its_own_precision(
    tmp_path: Path, name: str, subtype: str, tolerance: float
) -> None:
    wave = tone(440, 0.5, 44100)
    soundfile.write(tmp_path / name, wave, 44100, subtype=subtype)
    clip = read_audio(tmp_path / name, sample_rate=44100)
    assert clip.samples.dtype == np.float32
    assert (clip.native_sample_rate, clip.channels, clip.subtype) == (44100, 1, subtype)
    inside = slice(2000, 20000)  # lossy codecs ring at the ends
    assert np.abs(clip.samples[: len(wave)] - wave)[inside].max() <= tolerance


def test_sixteen_bit_integers_are_divided_by_two_to_the_fifteen(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.array([0, 16384, -32768, 32767, 1], dtype=np.int16), 44100)
    samples = read_audio(tmp_path / "x.wav", sample_rate=44100).samples
    assert samples.tolist() == [0.0, 0.5, -1.0, 32767 / 32768, 1 / 32768]


@pytest.mark.parametrize(("loudest", "divisor"), [(1.0, 1), (1.5, 2), (20000.0, 32768)])
def test_float_files_beyond_full_scale_are_divided_by_a_power_of_two(
    tmp_path: Path, loudest: float, divisor: int
) -> None:
    soundfile.write(tmp_path / "x.wav", np.array([0.25, -loudest]), 44100, subtype="FLOAT")
    clip = read_audio(tmp_path / "x.wav", sample_rate=44100)
    assert (clip.divisor, clip.peak) == (divisor, loudest)
    assert clip.samples.tolist() == [0.25 / divisor, -loudest / divisor]


@pytest.mark.parametrize("rate", [22050, 24414, 32000, 48000, 96000])
@pytest.mark.parametrize("hz", [100.0, 3000.0, 9000.0])
def test_resampling_keeps_frequency_amplitude_and_phase(tmp_path: Path, rate: int, hz: float) -> None:
    soundfile.write(tmp_path / "x.wav", tone(hz, 0.5, rate, 0.7), rate, subtype="FLOAT")
    clip = read_audio(tmp_path / "x.wav", sample_rate=44100)
    assert len(clip.samples) == 22050
    inside = slice(1000, -1000)
    np.testing.assert_allclose(clip.samples[inside], tone(hz, 0.5, 44100, 0.7)[inside], atol=1e-4)


def test_resampling_removes_what_the_new_rate_cannot_hold() -> None:
    wave = tone(25000, 0.5, 96000, 1.0).astype(np.float32)  # would fold to 19.1 kHz
    assert np.abs(resample_to(wave, 96000, 44100)[2000:-2000]).max() < 1e-5


def test_both_resamplers_are_the_same_filter() -> None:
    noise = np.random.default_rng(0).standard_normal(9600).astype(np.float32)
    np.testing.assert_allclose(resample_by_polyphase(noise, 147, 160), resample_to(noise, 48000, 44100), atol=2e-4)


def test_highpass_removes_hum_and_leaves_song_in_place(tmp_path: Path) -> None:
    hum, song = tone(60, 1, 44100, 0.4), tone(2000, 1, 44100, 0.4)
    soundfile.write(tmp_path / "x.wav", hum + song, 44100, subtype="FLOAT")
    clip = read_audio(tmp_path / "x.wav", sample_rate=44100, highpass_hz=300)
    inside = slice(4410, -4410)
    # order 4, both ways: |H|^2 = 1 / (1 + (fc / f)^8) = 2.6e-6 at 60 Hz, and no phase shift at 2 kHz
    np.testing.assert_allclose(clip.samples[inside], song[inside], atol=1e-4)


def test_highpass_is_at_half_amplitude_at_its_cutoff(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", tone(300, 1, 44100, 0.4), 44100, subtype="FLOAT")
    clip = read_audio(tmp_path / "x.wav", sample_rate=44100, highpass_hz=300)
    assert np.abs(clip.samples[4410:-4410]).max() == pytest.approx(0.2, rel=1e-3)


def test_channels_are_chosen_or_averaged(tmp_path: Path) -> None:
    left, right = tone(440, 0.1, 44100, 0.2), tone(1000, 0.1, 44100, 0.6)
    soundfile.write(tmp_path / "x.wav", np.stack([left, right], 1), 44100, subtype="FLOAT")
    for channel, expected in ((0, left), (1, right), ("mean", (left + right) / 2)):
        clip = read_audio(tmp_path / "x.wav", sample_rate=44100, channel=channel)
        np.testing.assert_allclose(clip.samples, expected, atol=1e-7)
        assert clip.channels == 2
    with pytest.raises(ValueError, match=r"x\.wav: there is no channel 2, the file has 2 channels: 0 to 1"):
        read_audio(tmp_path / "x.wav", sample_rate=44100, channel=2)


def test_a_silent_channel_points_to_the_one_that_is_not(tmp_path: Path) -> None:
    wave = tone(440, 0.1, 44100)
    soundfile.write(tmp_path / "x.wav", np.stack([0 * wave, wave], 1), 44100)
    with pytest.raises(
        ValueError, match=r"silent: all 4410 samples are 0; another channel is not: set data.channel=1$"
    ):
        read_audio(tmp_path / "x.wav", sample_rate=44100)
    soundfile.write(tmp_path / "dc.wav", np.full(100, 0.25), 44100)
    with pytest.raises(ValueError, match=r"dc\.wav: silent: all 100 samples are 0\.25; leave"):
        read_audio(tmp_path / "dc.wav", sample_rate=44100)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_a_wav_cut_short_is_refused_with_its_sizes(tmp_path: Path, form: str) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(440, 0.5, 44100), 44100, subtype="PCM_16", format=form)
    whole = path.read_bytes()
    header = len(whole) - 2 * 22050
    path.write_bytes(whole[: header + 20000])
    with pytest.raises(
        ValueError, match=r"x\.wav: truncated: the header promises 44100 bytes of sound and the file holds 20000"
    ):
        read_audio(path, sample_rate=44100)
    path.write_bytes(whole[:-1])  # a single byte
    clip = read_audio(path, sample_rate=44100)
    assert clip.warnings[0].startswith("truncated: the header promises 44100 bytes of sound and the file holds 44099")
    assert len(clip.samples) == 22049


def test_a_streamed_wav_with_a_placeholder_for_its_size_is_whole(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.wav")
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(read_audio(path, sample_rate=8000).samples) == 8000


@pytest.mark.parametrize("name", ["x.aiff", "x.au", "x.flac", "x.w64", "x.mp3"])
def test_other_formats_cut_short_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(0).standard_normal(44100) / 10, 44100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf"{name}: (truncated|cannot be read as audio)"):
        read_audio(path, sample_rate=44100)


def test_files_without_sound_are_refused(tmp_path: Path) -> None:
    (tmp_path / "zero.wav").touch()
    soundfile.write(tmp_path / "header.wav", np.zeros(0), 44100)
    (tmp_path / "words.wav").write_text("not a wav at all")
    for name, reason in (("zero", "empty"), ("header", "empty"), ("words", "cannot be read"), ("none", "no such file")):
        with pytest.raises(ValueError, match=rf"{name}\.wav: .*{reason}") as caught:
            read_audio(tmp_path / f"{name}.wav", sample_rate=44100)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("value", "word"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_samples_that_are_no_numbers_are_found_with_their_time(tmp_path: Path, value: float, word: str) -> None:
    wave = tone(440, 1, 8000)
    wave[[2000, 3000]] = value
    soundfile.write(tmp_path / "x.wav", wave, 8000, subtype="FLOAT")
    with pytest.raises(ValueError, match=rf"x\.wav: sample 2000 \(0\.2500 s\) is {word}, one of 2 "):
        read_audio(tmp_path / "x.wav", sample_rate=44100)


def test_clipping_counts_runs_at_full_scale_only(tmp_path: Path) -> None:
    wave = tone(440, 1, 44100, 0.9)
    wave[1000:1005], wave[2000:2002], wave[3000:3003] = 1.0, 1.0, -1.0  # runs of 5, 2 and 3
    soundfile.write(tmp_path / "x.wav", wave, 44100, subtype="PCM_16")
    assert read_audio(tmp_path / "x.wav", sample_rate=22050).clipped == 8
    soundfile.write(tmp_path / "y.wav", np.clip(wave, -0.5, 0.5), 44100)  # flat, but far from full scale
    assert read_audio(tmp_path / "y.wav", sample_rate=22050).clipped == 0


@pytest.mark.parametrize(
    "options", [{"sample_rate": 0}, {"channel": "left"}, {"highpass_hz": 0}, {"highpass_hz": 22050}]
)
def test_arguments_that_make_no_sense_are_refused(tmp_path: Path, options: dict) -> None:
    path = write_tone(tmp_path / "x.wav")
    with pytest.raises(ValueError, match=next(iter(options))):
        read_audio(path, **{"sample_rate": 44100, **options})


def test_scale_factor_follows_its_equations() -> None:
    wave = np.array([0.1, -0.2, 0.2, -0.1], dtype=np.float32)
    assert scale_factor(wave, 0.4, "peak") == pytest.approx(2.0)
    assert scale_factor(wave, 0.4, "rms") == pytest.approx(0.4 / np.sqrt(0.025))
    assert scale_factor(wave, 0.4, "none") == 1.0
    with pytest.raises(ValueError, match="all 3 samples are zero"):
        scale_factor(np.zeros(3, dtype=np.float32), 0.4, "peak")
    with pytest.raises(ValueError, match=r"data\.scale is 'max': give peak, rms or none"):
        scale_factor(wave, 0.4, "max")


def test_written_wavs_are_float_exact_and_reproducible(tmp_path: Path) -> None:
    wave = (3 * np.random.default_rng(0).standard_normal(1000)).astype(np.float32)  # beyond 1: nothing is scaled
    write_wav(tmp_path / "deep" / "x.wav", wave, 44100)
    samples, rate = soundfile.read(tmp_path / "deep" / "x.wav", dtype="float32")
    assert rate == 44100
    np.testing.assert_array_equal(samples, wave)
    assert soundfile.info(tmp_path / "deep" / "x.wav").subtype == "FLOAT"
    first = (tmp_path / "deep" / "x.wav").read_bytes()
    write_wav(tmp_path / "deep" / "x.wav", wave, 44100)
    assert (tmp_path / "deep" / "x.wav").read_bytes() == first
    assert b"PEAK" not in first  # the chunk in which libsndfile writes the time of day
    assert os.listdir(tmp_path / "deep") == ["x.wav"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "x.wav", np.ones(10), 44100)
    before = (tmp_path / "x.wav").read_bytes()

    def full(self: Path, content: object) -> int:
        with self.open("wb") as file:
            file.write(b"RIFF")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_wav(tmp_path / "x.wav", np.zeros(10), 44100)
    assert (tmp_path / "x.wav").read_bytes() == before
    assert os.listdir(tmp_path) == ["x.wav"]
