"""One clip of the bird, and what each of several rivals makes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from .panels import LABEL_SIZE, TICK_SIZE, blank_from, draw_spectrogram, finite_part, mark_times, peak_magnitude
from .style import new_figure


def rivals_figure(
    target: ArrayLike,
    outputs: Mapping[str, ArrayLike],
    sample_rate: int,
    *,
    onset_s: float | None = None,
    offset_s: float | None = None,
    columns: int = 5,
    width_in: float = 12.0,
) -> Figure:
    """Spectrograms on the axes and the 0 dB of the target, which comes first.

    target             (N,) audio, full scale 1
    outputs            name -> (N,) audio; from the first sample that is not finite on it is left blank
    sample_rate        Hz
    onset_s, offset_s  of the syllable, seconds from the first sample; dashed lines
    columns            side by side, at most
    width_in           inches
    """
    shown = {"bird": target, **outputs}
    rows = math.ceil(len(shown) / columns)
    columns = math.ceil(len(shown) / rows)
    figure = new_figure(width_in, 1.9 * rows + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    reference = peak_magnitude(target, sample_rate)
    for place, (name, samples) in enumerate(shown.items()):
        panel = axes[divmod(place, columns)]
        _, heard, broken = finite_part(samples)
        image = draw_spectrogram(panel, heard, sample_rate, reference=reference)
        blank_from(panel, broken, sample_rate)
        mark_times(panel, onset_s, offset_s, color="white")
        panel.set_title(name, fontsize=LABEL_SIZE)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    for panel in axes[-1]:
        panel.set_xlabel("time (ms)", fontsize=TICK_SIZE)
    for panel in axes[:, 0]:
        panel.set_ylabel("frequency (kHz)", fontsize=TICK_SIZE)
    bar = figure.colorbar(image, ax=axes, pad=0.01, aspect=30, fraction=0.02)
    bar.set_label("dB re bird's maximum", fontsize=TICK_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE)
    return figure
