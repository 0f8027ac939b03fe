"""Example spectrograms of a corpus: what the syllables of each label look like."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .panels import LABEL_SIZE, TICK_SIZE, draw_spectrogram
from .style import new_figure

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
    figure = new_figure(1.2 + 2.4 * columns, 0.6 + 1.9 * rows)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for panel, (title, samples) in zip(axes.flat, clips):
        image = draw_spectrogram(panel, samples, sample_rate)
        panel.set_title(textwrap.fill(title, 32, max_lines=2, placeholder="..."), fontsize=TICK_SIZE)
        panel.set_facecolor("0.9")  # beyond the end of a clip
    for panel in axes.flat[len(clips) :]:
        panel.set_visible(False)
    for column in range(columns):
        # the last panel of this column that is drawn carries the labels of the time axis
        lowest = axes[(len(clips) - 1 - column) // columns, column]
        lowest.set_xlabel("time (ms)", fontsize=LABEL_SIZE)
        lowest.tick_params(labelbottom=True)
    for panel in axes[:, 0]:
        panel.set_ylabel("frequency (kHz)", fontsize=LABEL_SIZE)
    axes[0, 0].set_xlim(0.0, max(len(samples) for _, samples in clips) / sample_rate * 1e3)
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label("level (dB re panel maximum)", fontsize=LABEL_SIZE)
    return figure
