"""All the sound that an audio file holds, whatever its header says, and what is odd about it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from .audio_header import SoundChunk, logged_sizes, sound_chunk
from .layout import broken_link

MOST_MISSING, MOST_MISSING_S = 0.01, 0.05
"""Sound is read although some is missing where that is at most this share of what the header promises, or this long."""

_BLOCKS = (65536, 2048, 64, 1)  # frames read at a time from a damaged file
_LOSSY = ("MP3", "OGG")  # the number of frames announced may be an estimate
_SEEKABLE = ("WAV", "WAVEX", "W64", "RF64", "AIFF", "AU", "FLAC")
_EXACT = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
_POINTER = b"version https://git-lfs"
_UNKNOWN = 2**47  # frames; what libsndfile announces for a stream of unknown length


@dataclass(frozen=True, eq=False)
class AudioContent:
    """What an audio file holds.

    frames       (n, channels) float32 as stored: integers of b bits divided by 2^(b-1)
    sample_rate  Hz
    subtype      sample format as libsndfile names it, such as PCM_16
    warnings     a line for all that is odd about the header
    seekable     whether frames [a, b) can be read by themselves and are the same numbers then
    """

    frames: np.ndarray
    sample_rate: int
    subtype: str
    warnings: tuple[str, ...]
    seekable: bool = False


def read_file(path: Path) -> AudioContent:
    """Read an audio file to its end.

    A header that promises nothing, or much less than follows, is passed over: all whole frames up to the end of the
    file are read, with a warning. Where sound is missing, up to 1 % of what the header promises or 50 ms, the rest is
    read with a warning; more is refused.

    Raises ValueError for a file that is missing, may not be read, is no audio, holds no sample, or is cut short.
    """
    _require_readable(path)
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: empty: the file has no bytes; record or copy it again")
    chunk = sound_chunk(path)
    warnings: list[str] = []
    source: bytes | BinaryIO = os.fsencode(path)
    if chunk is not None and _is_understated(chunk):
        source = io.BytesIO(chunk.mended(path.read_bytes()))
        warnings.append(
            f"the header promises {chunk.promised} bytes of sound and {chunk.held} follow, as when a recorder stops "
            "without closing its file; all were read"
        )
        chunk = None
    content, promised, log = _decoded(path, source)
    frames = content.frames
    if missing := _missing(chunk, log, promised, content):
        text, lost, whole = missing
        if lost > max(MOST_MISSING * whole, MOST_MISSING_S * content.sample_rate):
            raise ValueError(f"{path}: truncated: {text}; copy it again or leave it out")
        warnings.append(f"truncated: {text}; what is there was read")
    if len(frames) == 0:
        raise ValueError(f"{path}: empty: the file holds no samples; leave the recording out")
    return AudioContent(
        frames, content.sample_rate, content.subtype, tuple(warnings), content.seekable and not warnings
    )


def sound_info(path: Path) -> Any | None:
    """Channels, samplerate and what else libsndfile knows of a file by its header; None where it cannot be read."""
    try:
        return soundfile.info(os.fsencode(path))
    except (soundfile.LibsndfileError, OSError):
        return None


def _is_understated(chunk: SoundChunk) -> bool:
    """Whether more sound follows than the header promises, beyond what is allowed to be missing the other way."""
    if chunk.promised is None or chunk.frame is None or not chunk.trailing:
        return False
    more = chunk.held - chunk.promised
    return more >= chunk.frame and more > MOST_MISSING * chunk.promised


def _decoded(path: Path, source: bytes | BinaryIO) -> tuple[AudioContent, int, str]:
    """What libsndfile makes of a file, how many frames it announced, and its account of the header."""
    try:
        with soundfile.SoundFile(source) as file:
            promised, log = file.frames, file.extra_info
            rate, subtype, kind = file.samplerate, file.subtype, file.format
            try:
                frames = file.read(-1 if promised < _UNKNOWN else 1, dtype="float32", always_2d=True)
                broken = promised >= _UNKNOWN
            except (soundfile.LibsndfileError, MemoryError):
                frames, broken = np.zeros((0, file.channels), np.float32), True
        if broken:
            frames = _in_blocks(source)
    except soundfile.LibsndfileError as error:
        with path.open("rb") as file:
            if file.read(len(_POINTER)) == _POINTER:
                message = f"{path}: a pointer of Git LFS instead of the sound; fetch it with `git lfs pull`"
                raise ValueError(message) from error
        reason = error.error_string.rstrip(".") or "broken off or damaged"
        raise ValueError(f"{path}: cannot be read as audio ({reason}); copy or convert it again") from error
    if promised >= _UNKNOWN or (kind in _LOSSY and len(frames) >= 0.99 * promised):
        promised = len(frames)
    exact = kind in _SEEKABLE and subtype in _EXACT and not broken and promised == len(frames)
    return AudioContent(frames, rate, subtype, (), exact), promised, log


class _Forwards(soundfile.SoundFile):
    """After each read soundfile seeks to where it is, which fails at the end of a damaged file: not here."""

    def seekable(self) -> bool:
        return False


def _in_blocks(source: bytes | BinaryIO) -> np.ndarray:
    """The frames up to the first that cannot be decoded: a block that holds it is lost, so they grow smaller."""
    blocks: list[np.ndarray] = []
    for size in _BLOCKS:
        with _Forwards(source) as file:
            channels = file.channels
            try:
                for block in blocks:
                    file.read(len(block), dtype="float32")
                while len(block := file.read(size, dtype="float32", always_2d=True)):
                    blocks.append(block)
                break
            except soundfile.LibsndfileError:
                continue
    return np.concatenate([np.zeros((0, channels), np.float32), *blocks])


def _missing(
    chunk: SoundChunk | None, log: str, promised: int, content: AudioContent
) -> tuple[str, float, float] | None:
    """What is missing, in words, in frames, and of how many."""
    read = len(content.frames)
    if read < promised:
        return f"the header promises {promised} frames and {read} can be read", promised - read, promised
    sizes = logged_sizes(log) if chunk is None or chunk.promised is None else (chunk.promised, chunk.held)
    if sizes is None or sizes[0] <= sizes[1]:
        return None
    text = f"the header promises {sizes[0]} bytes of sound and the file holds {sizes[1]} ({read} frames)"
    size = sizes[1] / read if read else 1.0  # bytes of a frame
    return text, (sizes[0] - sizes[1]) / size, sizes[0] / size


def _require_readable(path: Path) -> None:
    """Raise where the file is no file, or may not be read."""
    if target := broken_link(path):
        raise ValueError(f"{path}: a link to {target}, which does not exist; restore it or remove the link")
    try:
        os.lstat(path)
        if not path.is_file():
            raise ValueError(f"{path}: this is {'a folder' if path.is_dir() else 'no regular file'}, not a recording")
        path.open("rb").close()
    except FileNotFoundError as error:
        raise ValueError(f"{path}: there is no such file") from error
    except PermissionError as error:
        advice = "permit it with chmod u+r, or ask its owner"
        raise ValueError(f"{path}: may not be read (permission denied): {advice}") from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be opened ({error.strerror}); copy it again") from error
