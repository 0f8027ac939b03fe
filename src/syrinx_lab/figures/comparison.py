"""What the oscillator sings beside what the bird sang: one vocalisation in detail, or many on a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from .panels import (
    LABEL_SIZE,
    TICK_SIZE,
    blank_from,
    draw_spectrogram,
    draw_waveform,
    finite_part,
    mark_times,
    peak_magnitude,
)
from .style import PALETTE, new_figure

COLUMNS = 4  # vocalisations side by side, at most
_COLORBAR_LABEL = "dB re target's maximum"


def comparison_figure(
    target: ArrayLike,
    output: ArrayLike,
    sample_rate: int,
    *,
    rescaled: ArrayLike | None = None,
    onset_s: float | None = None,
    offset_s: float | None = None,
    title: str | None = None,
    score_text: str | None = None,
    width_in: float = 9.0,
) -> Figure:
    """Waveform (top) and spectrogram (bottom) of the target (left), of the output, and of the output rescaled (right).

    All waveforms have the TARGET's amplitude axis and all spectrograms its 0 dB, so that a wrong loudness is seen; the
    output's rms in dB re the target's stands above it.

    target       (N,) audio, full scale 1
    output       (N,) audio; from the first sample that is not finite on it is left blank, and that is said
    sample_rate  Hz
    rescaled     (N,) the output at the target's rms, where a spectrum too soft or too loud to be seen shows; None: no
                 third column
    onset_s      of the syllable, seconds from the first sample; dashed line
    offset_s     likewise
    title        above all
    score_text   one line of scores under the title
    width_in     of a figure with two columns, inches; a third makes it half as wide again
    Raises ValueError when the lengths differ or the target is not finite.
    """
    columns = [("output", output)] + ([] if rescaled is None else [("rescaled", rescaled)])
    pairs = [(name, *_pair(target, sound)) for name, sound in columns]
    target = pairs[0][1]
    limit, reference = _amplitude_limit(target), peak_magnitude(target, sample_rate)
    narrow = width_in < 8.0
    height = 5.2 * width_in / 9.0 + (0.6 if narrow else 0.0)
    figure = new_figure(width_in * (1 + len(columns)) / 2, height)
    axes = figure.subplots(2, 1 + len(columns), sharex=True, sharey="row")
    draw_waveform(axes[0, 0], target, sample_rate, limit=limit, color=PALETTE["blue"])
    draw_spectrogram(axes[1, 0], target, sample_rate, reference=reference)
    axes[0, 0].set_title("target", fontsize=LABEL_SIZE + 1)
    for column, (name, _, sound) in enumerate(pairs, start=1):
        drawn, heard, broken = finite_part(sound)
        draw_waveform(axes[0, column], drawn, sample_rate, limit=limit, color=PALETTE["vermillion"])
        image = draw_spectrogram(axes[1, column], heard, sample_rate, reference=reference)
        peak = float(np.abs(heard).max())
        beyond = f",{chr(10) if narrow else ' '}peak {peak:.3g} is off the axis" if peak > limit else ""
        state = _state(target, heard, broken, sample_rate)
        axes[0, column].set_title(f"{name}, {state}{beyond}", fontsize=LABEL_SIZE + 1)
        for panel in axes[:, column]:
            blank_from(panel, broken, sample_rate)
    for upper, lower in axes.T:
        mark_times(upper, onset_s, offset_s)
        mark_times(lower, onset_s, offset_s, color="white")
        lower.set_xlabel("time (ms)", fontsize=LABEL_SIZE)
    axes[0, 0].set_ylabel("amplitude (full scale 1)", fontsize=LABEL_SIZE)
    axes[1, 0].set_ylabel("frequency (kHz)", fontsize=LABEL_SIZE)
    bar = figure.colorbar(image, ax=axes[1, :], pad=0.01, aspect=15)
    bar.set_label(_COLORBAR_LABEL, fontsize=LABEL_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE)
    heading = "\n".join(line for line in (title, score_text) if line)
    if heading:
        figure.suptitle(heading, fontsize=LABEL_SIZE + 1)
    return figure


def grid_figure(items: Sequence[tuple[str, ArrayLike, ArrayLike]], sample_rate: int) -> Figure:
    """Many vocalisations on one page: for each the target's spectrogram and, on the same time axis, the output's below.

    items        (label, target (N,), output (N,)) of each vocalisation; N may differ from one to the next
    sample_rate  Hz
    Colours as in `comparison_figure`, each pair by its own target. Raises ValueError as that does, and for no items.
    """
    if not items:
        raise ValueError("no vocalisations to draw: give at least one")
    bands = math.ceil(len(items) / COLUMNS)
    columns = math.ceil(len(items) / bands)  # full bands rather than a last one with a single item
    figure = new_figure(max(2.4 * columns + 0.8, 4.0), 2.9 * bands)
    axes = figure.subplots(2 * bands, columns, squeeze=False, sharey=True)
    for place, (label, target, output) in enumerate(items):
        target, output = _pair(target, output)
        _, heard, broken = finite_part(output)
        reference = peak_magnitude(target, sample_rate)
        band, column = divmod(place, columns)
        above, below = axes[2 * band, column], axes[2 * band + 1, column]
        draw_spectrogram(above, target, sample_rate, reference=reference)
        image = draw_spectrogram(below, heard, sample_rate, reference=reference)
        blank_from(below, broken, sample_rate)
        above.tick_params(labelbottom=False)
        above.set_title(label, fontsize=LABEL_SIZE)
        below.set_title(_state(target, heard, broken, sample_rate), fontsize=TICK_SIZE, pad=3)
        below.set_xlabel("time (ms)", fontsize=TICK_SIZE)
        if column == 0:
            above.set_ylabel("target\nfrequency (kHz)", fontsize=TICK_SIZE)
            below.set_ylabel("output\nfrequency (kHz)", fontsize=TICK_SIZE)
    for place in range(len(items), bands * columns):
        band, column = divmod(place, columns)
        axes[2 * band, column].set_axis_off()
        axes[2 * band + 1, column].set_axis_off()
    bar = figure.colorbar(image, ax=axes, pad=0.01, shrink=1 / bands, anchor=(0.0, 1.0), aspect=25, fraction=0.03)
    bar.set_label(_COLORBAR_LABEL, fontsize=TICK_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE)
    return figure


def _pair(target: ArrayLike, output: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Both sounds as arrays of one length, the target finite."""
    target, output = np.asarray(target, dtype=np.float64), np.asarray(output, dtype=np.float64)
    if target.shape != output.shape or target.ndim != 1:
        raise ValueError(f"target {target.shape} and output {output.shape} are not one channel of one length")
    if not np.isfinite(target).all():
        raise ValueError(f"sample {int(np.argmin(np.isfinite(target)))} of the target is not finite")
    return target, output


def _amplitude_limit(target: np.ndarray) -> float:
    """End of the amplitude axis: a little above the target's peak, full scale for silence."""
    return 1.1 * float(np.abs(target).max()) or 1.0


def _state(target: np.ndarray, heard: np.ndarray, broken: int | None, sample_rate: int) -> str:
    """The output's loudness in dB re the target's, or since when it is not finite."""
    if broken is not None:
        return f"not finite from {broken / sample_rate * 1e3:.1f} ms"
    loudness, aim = float(np.sqrt(np.mean(heard**2))), float(np.sqrt(np.mean(target**2)))
    if loudness == 0.0 or aim == 0.0:
        return "silent" if loudness == 0.0 else "target silent"
    return f"rms {20 * math.log10(loudness / aim):+.1f} dB re target".replace("-", "\N{MINUS SIGN}")
