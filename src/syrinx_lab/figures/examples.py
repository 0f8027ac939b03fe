"""Example spectrograms of a corpus: what the syllables of each label look like."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .style import SPECTROGRAM_CMAP, new_figure, spectrogram_db

WINDOW_S = 0.0116  # of the STFT: 512 samples at 44.1 kHz
TOP_HZ = 12_000.0
HUM_HZ = 350.0  # below it a room hums louder than many a syllable sings
RANGE_DB = 50.0
COLUMNS = 4


def examples_figure(clips: Sequence[tuple[str, NDArray[np.floating]]], sample_rate: int) -> Figure:
    """A grid of spectrograms in dB, each relative to its own maximum above 350 Hz, on common axes.

    clips        (title, samples (N,)) of each panel, in the order of reading; at least one, lengths may differ
    sample_rate  Hz, of all clips
    Frequencies go up to 12 kHz or the Nyquist frequency, colours down to -50 dB. Raises ValueError without clips.
    """
    if not clips:
        raise ValueError("no clips to draw: give examples_figure at least one (title, samples)")
    columns = min(COLUMNS, len(clips))
    rows = math.ceil(len(clips) / columns)
    n_fft = 2 ** round(math.log2(WINDOW_S * sample_rate))
    top_khz = min(TOP_HZ, sample_rate / 2.0) / 1e3
    longest_ms = max(len(samples) for _, samples in clips) / sample_rate * 1e3

    figure = new_figure(1.2 + 2.4 * columns, 0.6 + 1.9 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, (title, samples) in zip(axes.flat, clips):
        _, frequencies, absolute = spectrogram_db(
            samples, sample_rate, n_fft=n_fft, hop=n_fft // 8, reference=1.0, range_db=200.0
        )
        db = absolute - absolute[frequencies >= HUM_HZ].max()
        length_ms = max(len(samples), n_fft) / sample_rate * 1e3
        image = panel.imshow(
            db,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            extent=(0.0, length_ms, 0.0, frequencies[-1] / 1e3),
            cmap=SPECTROGRAM_CMAP,
            vmin=-RANGE_DB,
            vmax=0.0,
        )
        panel.set_title(textwrap.fill(title, 32, max_lines=2, placeholder="..."), fontsize=8)
        panel.set_facecolor("0.9")  # beyond the end of a clip
    for panel in axes.flat[len(clips) :]:
        panel.set_visible(False)
    for column in range(columns):
        # the last panel of this column that is drawn carries the labels of the time axis
        lowest = axes[(len(clips) - 1 - column) // columns, column]
        lowest.set_xlabel("time (ms)")
        lowest.tick_params(labelbottom=True)
    for panel in axes[:, 0]:
        panel.set_ylabel("frequency (kHz)")
    axes[0, 0].set_xlim(0.0, longest_ms)
    axes[0, 0].set_ylim(0.0, top_khz)
    figure.colorbar(image, ax=axes, label="level (dB re panel maximum)", shrink=0.8)
    return figure
