"""What drives the oscillator, under the sound that it was read from."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from .panels import (
    LABEL_SIZE,
    TICK_SIZE,
    blank_from,
    draw_spectrogram,
    finite_part,
    mark_times,
    peak_magnitude,
)
from .style import PALETTE, new_figure

_WEIGHT_COLORS = ("blue", "vermillion", "green", "orange", "purple", "sky")
_WEIGHT_STYLES = ("-", "--", "-.", ":")
MOST_WEIGHTS = 5
_SOUND_HEIGHT, _DRIVE_HEIGHT = 1.6, 1.1  # inches


def drives_figure(
    target: ArrayLike,
    sample_rate: int,
    *,
    frequency_hz: ArrayLike,
    gamma: ArrayLike,
    weights: ArrayLike,
    output: ArrayLike | None = None,
    hop: int = 1,
    onset_s: float | None = None,
    offset_s: float | None = None,
) -> Figure:
    """The drives over time under the spectrogram of the target and, where there is one, of the output.

    From the top: the spectrograms (0 dB is the target's maximum), the frequency omega / (2 pi tau), the damping gamma,
    the constant w_00 unless it is zero throughout, and the five other weights of largest root mean square over time.

    target        (N,) audio, finite
    sample_rate   Hz
    frequency_hz  (T,) omega / (2 pi tau), Hz
    gamma         (T,) dimensionless; below zero it feeds the oscillation
    weights       (T, P+1, P+1) dimensionless, [:, i, j] multiplies x^i v^j
    output        (N,) audio, grey from the first sample that is not finite on
    hop           samples from one control step to the next
    onset_s       of the syllable, seconds from the first sample; dashed line
    offset_s      likewise
    Raises ValueError when the drives differ in length.
    """
    frequency, damping, weights = np.asarray(frequency_hz), np.asarray(gamma), np.asarray(weights)
    steps = len(frequency)
    if damping.shape != (steps,) or weights.ndim != 3 or len(weights) != steps:
        raise ValueError(
            f"drives of different lengths: frequency {frequency.shape}, gamma {damping.shape}, weights {weights.shape}"
        )
    sounds = [("target", target)] + ([] if output is None else [("output", output)])
    constant = bool(np.any(weights[:, 0, 0] != 0.0))
    curves = _largest_weights(weights, MOST_WEIGHTS)
    heights = [_SOUND_HEIGHT] * len(sounds) + [_DRIVE_HEIGHT] * (2 + constant) + [1.4 * _DRIVE_HEIGHT] * bool(curves)
    figure = new_figure(9.0, sum(heights) + 0.7)
    column = figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
    axes = list(column[:, 0])
    times = np.arange(steps) * hop / sample_rate * 1e3

    reference = peak_magnitude(target, sample_rate)
    for name, sound in sounds:
        panel = axes.pop(0)
        _, heard, broken = finite_part(sound)
        image = draw_spectrogram(panel, heard, sample_rate, reference=reference)
        mark_times(panel, onset_s, offset_s, color="white")
        blank_from(panel, broken, sample_rate)
        panel.set_ylabel(f"{name}\nfrequency (kHz)", fontsize=LABEL_SIZE)
    bar = figure.colorbar(image, ax=column[: len(sounds), 0], pad=0.01, aspect=12 * len(sounds))
    bar.set_label("dB re target", fontsize=LABEL_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE)

    _draw(axes.pop(0), times, frequency, "omega / 2πτ\n(Hz)", PALETTE["black"])
    _draw(axes.pop(0), times, damping, "gamma\n(dimensionless)", PALETTE["black"], zero=True)
    if constant:
        _draw(axes.pop(0), times, weights[:, 0, 0], "$w_{00}$\n(dimensionless)", PALETTE["black"], zero=True)
    if curves:
        panel = axes.pop(0)
        for number, (i, j) in enumerate(curves):
            color = PALETTE[_WEIGHT_COLORS[number % len(_WEIGHT_COLORS)]]
            style = _WEIGHT_STYLES[number % len(_WEIGHT_STYLES)]
            label = f"(i, j) = ({i}, {j})"
            _draw(
                panel, times, weights[:, i, j], "$w_{ij}$\n(dimensionless)", color, style=style, label=label, zero=True
            )
        # in a row above the panel: beside it, it would push the colour bar away
        legend = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": len(curves), "frameon": False}
        panel.legend(fontsize=TICK_SIZE, borderaxespad=0.1, handlelength=2.5, **legend)
    for panel in column[len(sounds) :, 0]:
        mark_times(panel, onset_s, offset_s)
    figure.align_ylabels(column[:, 0])
    column[-1, 0].set_xlabel("time (ms)", fontsize=LABEL_SIZE)
    return figure


def _largest_weights(weights: NDArray[np.floating], count: int) -> list[tuple[int, int]]:
    """The (i, j) of the `count` weights of largest rms that are not zero throughout, w_00 left out."""
    power = np.nanmean(np.square(weights, dtype=np.float64), axis=0)
    power[0, 0] = 0.0
    order = np.argsort(-power, axis=None, kind="stable")[:count]
    places = [np.unravel_index(flat, power.shape) for flat in order if power.flat[flat] > 0.0]
    return [(int(i), int(j)) for i, j in places]


def _draw(
    panel: Axes,
    times: NDArray[np.floating],
    values: NDArray[np.floating],
    name: str,
    color: str,
    *,
    style: str = "-",
    label: str | None = None,
    zero: bool = False,
) -> None:
    """One drive over ms in its panel, with the zero line where the sign matters."""
    if zero:
        panel.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    panel.plot(times, values, color=color, linestyle=style, linewidth=1.0, label=label)
    panel.set_ylabel(name, fontsize=TICK_SIZE)
    panel.tick_params(labelsize=TICK_SIZE)
