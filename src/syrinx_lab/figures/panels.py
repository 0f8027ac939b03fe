"""The two panels that the figures of a sound are made of: its waveform and its spectrogram, over milliseconds."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

from .style import PALETTE, SPECTROGRAM_CMAP, relative_spectrogram_db

TOP_HZ = 12_000.0
HUM_HZ = 350.0  # below it a room may hum louder than the bird sings
RANGE_DB = 50.0
HOP = 32  # samples: a syllable is short, coarser frames look like bricks
TICK_SIZE = 8
LABEL_SIZE = 9


def peak_magnitude(samples: ArrayLike, sample_rate: int) -> float:
    """The largest |S| of the spectrogram from 350 Hz to 12 kHz: the 0 dB that two sounds share to share their colours.

    samples (N,) finite audio; sample_rate in Hz. Silence gives a level so low that any sound beside it is bright.
    """
    _, frequencies, level = relative_spectrogram_db(samples, sample_rate, hop=HOP, reference=1.0, range_db=200.0)
    loudest = level[(frequencies >= HUM_HZ) & (frequencies <= TOP_HZ)].max()
    return float(10.0 ** (loudest / 20.0))


def draw_spectrogram(axes: Axes, samples: ArrayLike, sample_rate: int, *, reference: float | None = None) -> AxesImage:
    """Draw the spectrogram of `samples` into `axes`: ms against kHz up to 12 kHz, colours from -50 to 0 dB.

    samples      (N,) finite audio
    sample_rate  Hz
    reference    the |S| of 0 dB, see `relative_spectrogram_db`; None: the `peak_magnitude` of these samples
    Returns the image, for a colour bar.
    """
    reference = peak_magnitude(samples, sample_rate) if reference is None else reference
    times, frequencies, level = relative_spectrogram_db(
        samples, sample_rate, hop=HOP, reference=reference, range_db=RANGE_DB
    )
    shown = frequencies <= TOP_HZ
    frame, band = (times[1] - times[0]) / 2, frequencies[1] / 2
    image = axes.imshow(
        level[shown],
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=SPECTROGRAM_CMAP,
        vmin=-RANGE_DB,
        vmax=0.0,
        extent=(
            (times[0] - frame) * 1e3,
            (times[-1] + frame) * 1e3,
            (frequencies[0] - band) * 1e-3,
            (frequencies[shown][-1] + band) * 1e-3,
        ),
    )
    axes.set_xlim(0.0, len(np.asarray(samples)) / sample_rate * 1e3)
    axes.set_ylim(0.0, min(TOP_HZ, sample_rate / 2) * 1e-3)
    axes.tick_params(labelsize=TICK_SIZE)
    return image


def draw_waveform(axes: Axes, samples: ArrayLike, sample_rate: int, *, limit: float, color: str) -> None:
    """Draw the waveform of `samples` over ms, the amplitude axis from -`limit` to `limit`; NaN leaves a gap."""
    samples = np.asarray(samples)
    axes.plot(np.arange(len(samples)) / sample_rate * 1e3, samples, color=color, linewidth=0.6)
    axes.set_xlim(0.0, len(samples) / sample_rate * 1e3)
    axes.set_ylim(-limit, limit)
    axes.tick_params(labelsize=TICK_SIZE)


def mark_times(axes: Axes, *times_s: float | None, color: str = PALETTE["black"]) -> None:
    """A dashed vertical line at each of the times (s from the first sample) that is known."""
    for time in times_s:
        if time is not None:
            axes.axvline(time * 1e3, color=color, linestyle="--", linewidth=0.9)


def blank_from(axes: Axes, sample: int | None, sample_rate: int) -> None:
    """Cover a panel with grey from `sample` on, where there is nothing to show; None leaves it open."""
    if sample is not None:
        axes.axvspan(sample / sample_rate * 1e3, axes.get_xlim()[1], color="0.85", zorder=3)


def finite_part(samples: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], int | None]:
    """A sound up to the first sample that is not finite.

    Returns the samples with NaN from there on (for a waveform), with zeros from there on (for a spectrogram), and the
    index of that sample, None when all are finite.
    """
    samples = np.asarray(samples, dtype=np.float64)
    finite = np.isfinite(samples)
    if finite.all():
        return samples, samples, None
    first = int(np.argmin(finite))
    kept = np.arange(len(samples)) < first
    return np.where(kept, samples, np.nan), np.where(kept, samples, 0.0), first
