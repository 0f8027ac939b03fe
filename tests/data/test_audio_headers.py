"""Files whose header lies: what is there is read to the sample, and what was odd is said."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from folders import load, tone, write_text

from syrinx_lab.data.audio import AudioClip, read_audio
from syrinx_lab.data.audio_header import sound_chunk
from syrinx_lab.data.corpus import CorpusSettings, inspect_corpus

RATE = 8000
SONG = np.random.default_rng(3).integers(-20000, 20000, (4001, 1)).astype(np.int16)
STEREO = np.random.default_rng(4).integers(-20000, 20000, (4001, 2)).astype(np.int16)
EXTENSIBLE = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, RATE, 2 * RATE, 2, 16, 22, 16, 4, 1,
                         bytes.fromhex("000000001000800000aa00389b71"))  # fmt: skip
PLAIN = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)


def chunk(name: bytes, content: bytes, length: int | None = None, pad: bool = True) -> bytes:
    size = len(content) if length is None else length
    return name + struct.pack("<I", size) + content + b"\0" * (pad and len(content) % 2)


def riff(*chunks: bytes, length: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return chunk(b"RIFF", body, length)


def read(path: Path, content: bytes | None = None, channel: int = 0) -> AudioClip:
    if content is not None:
        path.write_bytes(content)
    return read_audio(path, sample_rate=RATE, channel=channel)


def same(clip: AudioClip, expected: np.ndarray) -> bool:
    return np.array_equal(clip.samples * 32768, expected.astype(np.float32))


SOUND = SONG.tobytes()
WHOLE = SONG[:, 0]


@pytest.mark.parametrize(
    ("content", "expected", "warning"),
    [
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND)), WHOLE, ""),
        (riff(chunk(b"fmt ", EXTENSIBLE), chunk(b"data", SOUND)), WHOLE, ""),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, 0), length=0), WHOLE, "promises 0 bytes of sound and 8002"),
        (riff(chunk(b"fmt ", EXTENSIBLE), chunk(b"data", SOUND, 0)), WHOLE, "promises 0 bytes of sound and 8002"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND + b"\x07", 0, False))[:-1], WHOLE, "promises 0 bytes"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, 4000)), WHOLE, "promises 4000 bytes of sound and 8002"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, 8018)), WHOLE, "truncated: the header promises 8018 bytes"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND[:-1], 8002, False))[:-1], WHOLE[:-1], "promises 8002"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, 0xFFFFFFFF), length=0xFFFFFFFF), WHOLE, ""),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"LIST", b"abc"), chunk(b"data", SOUND)), WHOLE, ""),
        (riff(chunk(b"LIST", b"abc"), chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, 0)), WHOLE, "promises 0 bytes"),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND), chunk(b"LIST", b"abc")), WHOLE, ""),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND)) + b"TAG" + b"x" * 125, WHOLE, ""),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND)) + bytes(5000), WHOLE, ""),
        (riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND), length=1), WHOLE, ""),
    ],
    ids=["plain", "extensible", "unclosed", "unclosed extensible", "odd", "early", "16 too many", "a byte short",
         "streamed", "odd chunk", "odd chunk, unclosed", "chunk behind", "tag behind", "padding", "riff size"],
)  # fmt: skip
def test_a_wav_is_read_as_far_as_it_goes(tmp_path: Path, content: bytes, expected: np.ndarray, warning: str) -> None:
    clip = read(tmp_path / "x.wav", content)
    assert same(clip, expected)
    assert len(clip.warnings) == (warning != "")
    assert warning in "".join(clip.warnings)


def test_a_chunk_that_nobody_padded_is_no_riddle(tmp_path: Path) -> None:
    content = chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", PLAIN) + chunk(b"note", b"abc", pad=False), pad=False)
    content += chunk(b"data", SOUND, 0)
    (tmp_path / "x.wav").write_bytes(content)
    found = sound_chunk(tmp_path / "x.wav")
    assert found is not None
    assert (found.start, found.promised, found.held, found.frame) == (len(content) - 8002, 0, 8002, 2)


def cut_size(path: Path, place: int, kind: str, value: int) -> None:
    content = bytearray(path.read_bytes())
    struct.pack_into(kind, content, place, value)
    path.write_bytes(content)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64", "AIFF"])
def test_a_recorder_that_stopped_leaves_its_stereo_sound(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form[:3].lower() if form != 'AIFF' else 'aiff'}"
    soundfile.write(path, STEREO, RATE, format=form, subtype="PCM_16")
    whole = path.read_bytes()
    found = sound_chunk(path)
    assert found is not None
    assert (found.promised, found.frame) == (4001 * 4, 4)
    for place, kind, besides in found.sizes:
        assert struct.unpack_from(kind, whole, place)[0] in (4001 * 4 + besides, 4001), (
            "sizes are where they are written"
        )
        cut_size(path, place, kind, 0)
    for channel in (0, 1):
        clip = read(path, channel=channel)
        assert same(clip, STEREO[:, channel])
        assert "promises 0 bytes of sound" in clip.warnings[0]


def test_an_aiff_whose_frames_alone_were_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.aiff"
    soundfile.write(path, STEREO, RATE, subtype="PCM_16")
    cut_size(path, path.read_bytes().index(b"COMM") + 10, ">I", 0)
    clip = read(path, channel=1)
    assert same(clip, STEREO[:, 1])
    assert clip.warnings == ()  # what the other size says is whole


@pytest.mark.parametrize("form", ["WAV", "RF64", "W64", "AIFF", "AU", "FLAC"])
def test_a_little_may_be_missing_and_much_may_not(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"x.{form.lower()}"
    sound = np.concatenate([SONG] * 4)[:12_320]  # three of FLAC's blocks of 4,096 and 32 frames
    soundfile.write(path, sound, RATE, format=form, subtype="PCM_16")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20] if form != "FLAC" else whole[:-2])
    clip = read(path)
    kept = len(clip.samples)
    assert kept == (12_310 if form != "FLAC" else 12_288)
    assert same(clip, sound[:kept, 0])
    assert clip.warnings[0].startswith("truncated: ")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"truncated: the header promises .*; copy it again or leave it out"):
        read(path)


@pytest.mark.parametrize(
    ("frames", "missing", "much"), [(100_000, 990, False), (100_000, 1010, True), (4001, 399, False), (4001, 401, True)]
)
def test_a_hundredth_or_50_ms_is_a_little(tmp_path: Path, frames: int, missing: int, much: bool) -> None:
    sound = np.random.default_rng(5).integers(-20000, 20000, frames).astype(np.int16)
    held = sound[: frames - missing]
    (tmp_path / "x.wav").write_bytes(riff(chunk(b"fmt ", PLAIN), chunk(b"data", held.tobytes(), 2 * frames)))
    if much:
        with pytest.raises(ValueError, match=r"truncated: the header promises .*; copy it again or leave it out"):
            read(tmp_path / "x.wav")
    else:
        assert same(read(tmp_path / "x.wav"), held)


def test_a_header_may_promise_a_hundredth_less(tmp_path: Path) -> None:
    for promised, kept, warned in ((7930, 3965, 0), (7920, 4001, 1)):  # of 8002 bytes
        clip = read(tmp_path / "x.wav", riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND, promised)))
        assert same(clip, WHOLE[:kept])
        assert len(clip.warnings) == warned


def test_compressed_sound_has_no_frames_to_count(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", SONG, RATE, subtype="IMA_ADPCM")
    found = sound_chunk(tmp_path / "x.wav")
    assert found is not None
    assert found.frame is None
    clip = read(tmp_path / "x.wav")
    assert (clip.warnings, len(clip.samples) >= 4001) == ((), True)


def test_a_streamed_flac_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "x.flac"
    soundfile.write(path, SONG, RATE, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the 36 bits of total samples in STREAMINFO
    content[22:26] = bytes(4)
    clip = read(path, bytes(content))
    assert same(clip, WHOLE)
    assert clip.warnings == ()


def test_no_sound_at_all_is_said(tmp_path: Path) -> None:
    for content in (
        riff(chunk(b"fmt ", PLAIN), chunk(b"data", b"")),
        riff(chunk(b"fmt ", PLAIN), chunk(b"data", b""), chunk(b"LIST", b"abcd")),
        riff(chunk(b"fmt ", PLAIN), chunk(b"data", bytes(400), 0)),
    ):
        with pytest.raises(ValueError, match="empty: the file holds no samples; leave the recording out"):
            read(tmp_path / "x.wav", content)


def test_what_is_annotated_must_be_there(tmp_path: Path) -> None:
    content = riff(chunk(b"fmt ", PLAIN), chunk(b"data", SOUND[:-100], 8002))  # 50 frames of 4001
    (tmp_path / "x.wav").write_bytes(content)
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.4 0.4938 b\n")
    problems = inspect_corpus(tmp_path, CorpusSettings(sample_rate=RATE))[1]
    assert [p.severity for p in problems if "truncated" in p.message] == ["warning"]
    write_text(tmp_path / "x.txt", "0.1 0.2 a\n0.4 0.4999 b\n")
    with pytest.raises(ValueError, match=r"x\.txt, line 2: .*lies beyond the end of x\.wav"):
        load(tmp_path)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(440, 0.1, RATE), RATE)
    opened = Path.open

    def refuse(self: Path, *args, **kwargs):
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ValueError, match=r"x\.wav: may not be read \(permission denied\): permit it with chmod u\+r"):
        read(path)
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(ValueError, match="this is a folder, not a recording"):
        read(tmp_path / "folder.wav")
