"""Reading recordings of any format that libsndfile knows, scaling them, and writing wav files."""

from __future__ import annotations

import io
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.io import wavfile
from scipy.signal import butter, sosfiltfilt

from .audio_file import read_file
from .blocks import BLOCK, blocks
from .resampling import resample_to

_CLIP_LEVEL, _CLIP_RUN = 0.98, 3


@dataclass(frozen=True, eq=False)
class AudioClip:
    """One channel of a recording at the lab's sample rate, with what is known of the file.

    samples             (n,) float32
    sample_rate         Hz, of `samples`
    native_sample_rate  Hz, of the file
    native_frames       samples a channel in the file
    channels            channels in the file
    subtype             sample format of the file as libsndfile names it, such as PCM_16
    peak                max |x| of the file's chosen channel, before any division
    divisor             what the samples were divided by to lie in [-1, 1]: 1, or a power of two for louder float files
    clipped             samples that lie in runs of three or more at full scale
    offset              mean that was taken from the samples, of full scale; 0 where it does not exceed their deviation
    warnings            a line for all that is odd about the file
    native              (n, channels) float32, all channels as stored, for comparing them
    seekable            whether samples [a, b) depend on frames [a, b) of the file alone, which can be read alone
    """

    samples: np.ndarray
    sample_rate: int
    native_sample_rate: int
    native_frames: int
    channels: int
    subtype: str
    peak: float
    divisor: float
    clipped: int
    offset: float
    warnings: tuple[str, ...]
    native: np.ndarray
    seekable: bool = False

    @property
    def duration_s(self) -> float:
        """Length of the file in seconds."""
        return self.native_frames / self.native_sample_rate


def read_audio(
    path: str | os.PathLike[str],
    *,
    sample_rate: int,
    channel: int | str = 0,
    highpass_hz: float | None = None,
) -> AudioClip:
    """Read one channel of an audio file as float32 in [-1, 1] at `sample_rate`.

    Integer PCM of b bits is divided by 2^(b-1). Float samples are taken as they are, or, when they leave [-1, 1],
    divided by the smallest power of two that brings them inside. Resampling (see `resampling`) may overshoot full scale
    slightly on clipped recordings. A DC offset larger than the standard deviation is taken out (see `large_offset`).
    Headers that promise too much or too little are treated as `read_file` says.

    path         a file of any format that libsndfile reads
    sample_rate  Hz, of the result
    channel      index of the channel from 0, or "mean" for the mean of all
    highpass_hz  cut-off of a zero-phase Butterworth high-pass (order 4, run both ways: -6 dB there), None for none

    Raises ValueError for a file that is missing, unreadable, truncated, empty or silent (constant), for a channel that
    it does not have, and for NaN or infinite samples.
    """
    path = Path(path)
    check_reading(sample_rate, channel, highpass_hz)
    content = read_file(path)
    frames, native_rate = content.frames, content.sample_rate
    native = _choose_channel(path, frames, channel)
    _require_finite(path, native, native_rate)
    if native.min() == native.max():
        raise ValueError(f"{path}: {_silence(frames, native)}")
    peak = max(float(native.max()), -float(native.min()))  # of half an hour every copy is 0.3 GB
    divisor = 2.0 ** math.ceil(math.log2(peak)) if peak > 1 else 1.0
    native = native / np.float32(divisor) if divisor > 1 else native
    clipped, offset = _count_clipped(native), large_offset(native)
    native = native - np.float32(offset) if offset else native
    samples = resample_to(native, native_rate, sample_rate)
    if highpass_hz is not None:
        samples = highpassed(samples, highpass_hz, sample_rate)
    return AudioClip(
        samples=np.ascontiguousarray(samples, dtype=np.float32),
        sample_rate=sample_rate,
        native_sample_rate=native_rate,
        native_frames=len(native),
        channels=frames.shape[1],
        subtype=content.subtype,
        peak=peak,
        divisor=divisor,
        clipped=clipped,
        offset=offset,
        warnings=content.warnings,
        native=frames,
        seekable=content.seekable and native_rate == sample_rate and highpass_hz is None,
    )


def highpassed(samples: np.ndarray, highpass_hz: float, sample_rate: int) -> np.ndarray:
    """Samples (n,) through a Butterworth high-pass of order 4, run both ways: -6 dB at highpass_hz Hz; float64."""
    sections = butter(4, highpass_hz, "highpass", fs=sample_rate, output="sos")
    edge = min(len(samples) - 1, int(3 * sample_rate / highpass_hz))
    return np.asarray(sosfiltfilt(sections, samples.astype(np.float64), padlen=edge))


def check_reading(sample_rate: int, channel: int | str, highpass_hz: float | None) -> None:
    """Raise ValueError for arguments of `read_audio` that make no sense whatever the file holds."""
    if sample_rate <= 0:
        raise ValueError(f"data.sample_rate is {sample_rate}: give Hz above 0")
    if channel != "mean" and not isinstance(channel, int):
        raise ValueError(f"data.channel is {channel!r}: give a number from 0, or mean")
    if highpass_hz is not None and not 0 < highpass_hz < sample_rate / 2:
        limit = f"{sample_rate / 2:g}, half of data.sample_rate"
        raise ValueError(f"data.highpass_hz is {highpass_hz:g}: give Hz above 0 and below {limit}, or null for none")


def large_offset(samples: np.ndarray) -> float:
    """The mean of samples (n,) where it exceeds their standard deviation, else 0.

    So large an offset is the recorder's: the level of a sound measured with it is that of the offset, and a gain
    made from it is many times too small. Smaller ones belong to ordinary recordings and are left in.
    """
    mean = float(samples.mean(dtype=np.float64))
    squares = sum(float(np.sum(np.square(block - mean, dtype=np.float64))) for block in blocks(samples))
    return mean if abs(mean) > math.sqrt(squares / len(samples)) else 0.0


def scale_factor(samples: np.ndarray, target: float, measure: str) -> float:
    """The gain g that brings samples to a peak or an RMS of `target`.

    peak: g = target / max |x|;  rms: g = target / sqrt(mean x^2);  none: g = 1.

    samples  (n,) one vocalisation, or all the vocalisations of a recording joined
    measure  "peak", "rms" or "none"

    Raises ValueError when the measure is unknown, or zero because every sample is.
    """
    if measure == "none":
        return 1.0
    if measure == "peak":
        level = float(np.abs(samples).max())
    elif measure == "rms":
        level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    else:
        raise ValueError(f"data.scale is {measure!r}: give peak, rms or none")
    if level == 0:
        raise ValueError(f"all {len(samples)} samples are zero, so they cannot be scaled to {target:g}")
    return target / level


def write_wav(path: str | os.PathLike[str], samples: np.ndarray, sample_rate: int) -> None:
    """Write samples (n,) or (n, channels) as a 32-bit float wav, unscaled, making the folder where it is missing.

    The bytes depend on the arguments alone (libsndfile would add the time of day). A file appears whole or not.
    """
    path = Path(path)
    encoded = io.BytesIO()
    wavfile.write(encoded, sample_rate, np.asarray(samples, dtype=np.float32))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(encoded.getbuffer())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _choose_channel(path: Path, frames: np.ndarray, channel: int | str) -> np.ndarray:
    channels = frames.shape[1]
    if channel == "mean":
        return frames.mean(axis=1)
    assert isinstance(channel, int)
    if not 0 <= channel < channels:
        has = "1 channel: 0" if channels == 1 else f"{channels} channels: 0 to {channels - 1}"
        raise ValueError(f"{path}: there is no channel {channel}, the file has {has}, or mean for all of them")
    return np.ascontiguousarray(frames[:, channel])


def _require_finite(path: Path, samples: np.ndarray, rate: int) -> None:
    bad = np.concatenate([k * BLOCK + np.flatnonzero(~np.isfinite(block)) for k, block in enumerate(blocks(samples))])
    if len(bad):
        first = int(bad[0])
        raise ValueError(
            f"{path}: sample {first} ({first / rate:.4f} s) is {samples[first]}, one of {len(bad)} that are no finite "
            f"number; repair the file or leave it out"
        )


def _silence(frames: np.ndarray, samples: np.ndarray) -> str:
    """What is to be said of constant samples; another channel may well hold the song."""
    alive = [index for index in range(frames.shape[1]) if np.ptp(frames[:, index]) > 0]
    advice = f"another channel is not: set data.channel={alive[0]}" if alive else "leave the recording out"
    return f"silent: all {len(samples)} samples are {samples[0]:g}; {advice}"


def _count_clipped(samples: np.ndarray) -> int:
    """Samples in runs of at least _CLIP_RUN on the recording's own extremes, when those are near full scale."""
    low, high = samples.min(), samples.max()
    if high < _CLIP_LEVEL and low > -_CLIP_LEVEL:
        return 0
    flat = ((samples == high) & (high >= _CLIP_LEVEL)) | ((samples == low) & (low <= -_CLIP_LEVEL))
    edges = np.flatnonzero(np.diff(flat, prepend=False, append=False))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _CLIP_RUN].sum())
