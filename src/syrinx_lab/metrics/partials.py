"""The partials of a signal, frame by frame: what the metrics that listen for wrong notes look at."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import get_window

from .audible import Signal

WINDOW = 1024
HOP = 256
LOWEST_HZ = 400.0
HIGHEST_HZ = 12_000.0
LOUD_DB = 20.0
_HANN = get_window("hann", WINDOW)


def power_frames(x: Signal) -> NDArray[np.float64]:
    """|STFT|^2 of a signal less its mean: periodic Hann window of 1,024 samples, hop 256, zeros beyond the ends.

    x       (n,) finite audio
    result  (1 + n // 256, 513), frame m centred on sample 256 m
    """
    frames = sliding_window_view(np.pad(x - x.mean(), WINDOW // 2), WINDOW)[::HOP]
    spectra = np.fft.rfft(frames * _HANN, axis=1)
    power: NDArray[np.float64] = spectra.real**2 + spectra.imag**2
    return power


def frame_hz(sample_rate: float) -> NDArray[np.float64]:
    """The frequencies (513,) of the bins of `power_frames`, Hz."""
    return np.asarray(np.fft.rfftfreq(WINDOW, 1 / sample_rate), dtype=np.float64)


def in_band(sample_rate: float) -> NDArray[np.bool_]:
    """Which bins (513,) lie from 400 Hz to 12 kHz."""
    hz = frame_hz(sample_rate)
    return (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)


def loud_frames(power: NDArray[np.float64], sample_rate: float) -> NDArray[np.bool_]:
    """Which frames (F,) have, from 400 Hz to 12 kHz, an energy within 20 dB of the loudest frame's."""
    energy = power[:, in_band(sample_rate)].sum(1)
    return (energy > 0) & (energy >= energy.max(initial=0.0) * 10 ** (-LOUD_DB / 10))


def in_loud_frames(
    output: Signal, target: Signal, sample_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """`power_frames` of two signals in the frames that are loud in the target; None where it has nothing in the band.

    output, target  (n,) finite audio of one length
    result          (F, 513) each, F of `loud_frames`
    """
    assert output.size == target.size, f"output of {output.size} samples against a target of {target.size}"
    power = power_frames(target)
    loud = loud_frames(power, sample_rate)
    return (power_frames(output)[loud], power[loud]) if loud.any() else None


def strongest_partial(power: NDArray[np.float64], sample_rate: float) -> NDArray[np.float64]:
    """Frequency of the largest bin from 400 Hz to 12 kHz, refined by a parabola through the decibels beside it.

    power   (F, 513) of `power_frames`
    result  (F,) Hz, within 2 Hz of a lone sinusoid's; NaN where the band is empty
    """
    band = np.flatnonzero(in_band(sample_rate))
    peak = band[np.argmax(power[:, band], axis=1)]
    rows = np.arange(len(power))
    peak = np.clip(peak, 1, power.shape[1] - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, here, after = (np.log(power[rows, peak + d]) for d in (-1, 0, 1))
        shift = 0.5 * (before - after) / (before - 2 * here + after)
    shift = np.where(np.isfinite(shift), np.clip(shift, -0.5, 0.5), 0.0)
    hz = (peak + shift) * sample_rate / WINDOW
    return np.where(power[:, band].sum(1) > 0, hz, np.nan)


def lowest_strong_partial(power: NDArray[np.float64], sample_rate: float) -> NDArray[np.float64]:
    """Frequency of the lowest peak from 400 Hz to 12 kHz that is within 20 dB of the frame's strongest.

    power   (F, 513) of `power_frames`
    result  (F,) Hz, a bin's; NaN where the band is empty
    """
    band = in_band(sample_rate)
    strongest = power[:, band].max(axis=1, keepdims=True)
    before, after = np.roll(power, 1, axis=1), np.roll(power, -1, axis=1)
    is_peak = band & (power >= before) & (power > after) & (power >= strongest * 10 ** (-LOUD_DB / 10))
    is_peak &= power > 0
    hz = frame_hz(sample_rate)[np.argmax(is_peak, axis=1)]
    # a frame that only falls or rises over the band has no peak in it: its strongest bin stands for one
    return np.where(is_peak.any(1), hz, strongest_partial(power, sample_rate))
