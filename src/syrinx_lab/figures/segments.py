"""Stretches of recordings with the syllables that were found in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .panels import LABEL_SIZE, TICK_SIZE, draw_spectrogram
from .style import new_figure

Marked = tuple[str, NDArray[np.floating], int, Sequence[tuple[float, float, str]]]
"""Title, samples (N,), sample rate in Hz, and (onset s, offset s, label) of each syllable from the first sample on."""


def segments_figure(stretches: Sequence[Marked]) -> Figure:
    """Spectrograms below each other, syllables marked by bars above them with their labels.

    Raises ValueError without a stretch.
    """
    if not stretches:
        raise ValueError("no stretch to draw: give segments_figure at least one")
    figure = new_figure(12.0, 0.5 + 1.5 * len(stretches))
    axes = figure.subplots(len(stretches), 1, squeeze=False)[:, 0]
    for panel, (title, samples, sample_rate, syllables) in zip(axes, stretches):
        draw_spectrogram(panel, samples, sample_rate)
        panel.set_title(title, fontsize=TICK_SIZE, loc="left")
        panel.set_ylabel("kHz", fontsize=LABEL_SIZE)
        top = panel.get_ylim()[1]
        for onset, offset, label in syllables:
            panel.plot([1e3 * onset, 1e3 * offset], [0.97 * top] * 2, color="tab:cyan", linewidth=3)
            panel.axvline(1e3 * onset, color="tab:cyan", linewidth=0.6)
            panel.axvline(1e3 * offset, color="tab:cyan", linewidth=0.6, linestyle=":")
            panel.text(500 * (onset + offset), 0.84 * top, label, color="white", fontsize=TICK_SIZE, ha="center")
    axes[-1].set_xlabel("time (ms)", fontsize=LABEL_SIZE)
    return figure
