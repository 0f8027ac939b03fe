"""A few seconds of a long recording, and what a model sings in its place."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .panels import LABEL_SIZE, TICK_SIZE, draw_spectrogram, peak_magnitude
from .style import new_figure

SECONDS = 6.0


def song_figure(
    recording: NDArray[np.float32] | None,
    synthesis: NDArray[np.float32],
    sample_rate: int,
    *,
    tempo: float = 1.0,
    title: str = "",
    seconds: float = SECONDS,
) -> Figure:
    """The spectrogram of the recording above that of the synthesis, where there is most sound; one scale of colours.

    recording    (L,) finite audio, or None: then the synthesis alone
    synthesis    (L',) finite audio
    sample_rate  Hz
    tempo        speed of the synthesis over that of the recording: the panels show the same stretch of song
    seconds      of the recording that are shown; a shorter one is shown whole
    """
    sounds = [("synthesis", synthesis, tempo)]
    if recording is not None:
        sounds.insert(0, ("recording", recording, 1.0))
    name, first, speed = sounds[0]
    start, stop = (place * speed for place in _loudest(first, round(seconds * sample_rate / speed)))
    cuts = {name: sound[int(start / speed) : int(stop / speed)] for name, sound, speed in sounds}
    reference = peak_magnitude(cuts[name], sample_rate)
    figure = new_figure(11.0, 0.3 + 2.4 * len(sounds))
    for axes, (name, _, speed) in zip(figure.subplots(len(sounds), squeeze=False)[:, 0], sounds):
        image = draw_spectrogram(axes, cuts[name], sample_rate, reference=reference)
        axes.set_ylabel(f"{name}\nfrequency (kHz)", fontsize=LABEL_SIZE)
        offset = start / speed / sample_rate
        axes.xaxis.set_major_formatter(lambda ms, _, offset=offset: f"{offset + ms * 1e-3:.4g}")
    axes.set_xlabel("time (s)", fontsize=LABEL_SIZE)
    bar = figure.colorbar(image, ax=figure.axes)
    bar.set_label("dB re the loudest above", fontsize=TICK_SIZE)
    bar.ax.tick_params(labelsize=TICK_SIZE)
    figure.suptitle(title, fontsize=LABEL_SIZE)
    return figure


def _loudest(x: NDArray[np.float32], size: int) -> tuple[int, int]:
    """The stretch of `size` samples with most energy, in steps of a hundredth of it; all of a shorter sound."""
    if len(x) <= size:
        return 0, len(x)
    step = max(1, size // 100)
    energy = np.add.reduceat(np.square(x, dtype=np.float64), np.arange(0, len(x) - step + 1, step))
    wide = np.convolve(energy, np.ones(min(size // step, len(energy))), "valid")
    start = int(wide.argmax()) * step
    return start, min(start + size, len(x))
