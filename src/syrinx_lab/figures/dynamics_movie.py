"""A clip as a movie: the phase plane beside the spectrogram and the map of bifurcations, slowed down."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
from matplotlib.animation import FFMpegWriter, FuncAnimation, PillowWriter
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..dynamics.clip_atlas import ClipAtlas
from .dynamics_planes import draw_map
from .panels import TICK_SIZE, draw_spectrogram
from .phase_portrait import draw_portrait
from .style import PALETTE, new_figure

FRAMES_A_SECOND = 12.0
_DPI = 80


def movie_suffix() -> str:
    """.mp4 where ffmpeg is installed, else .gif."""
    return ".mp4" if shutil.which("ffmpeg") else ".gif"


def write_movie(atlas: ClipAtlas, path: Path) -> Path:
    """Write a movie of a frame a moment, 12 a second, as .mp4 (with ffmpeg) or .gif by the path's suffix.

    Raises ValueError for a clip without moments.
    """
    if not len(atlas.times_s):
        raise ValueError(f"{atlas.name}: there is no moment to show, so no movie is made")
    figure, draw = _figure(atlas)
    animation = FuncAnimation(figure, draw, frames=len(atlas.times_s), repeat=False)  # type: ignore[arg-type]
    kind = FFMpegWriter if path.suffix == ".mp4" else PillowWriter
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp{path.suffix}")
    log = logging.getLogger("matplotlib.animation")
    before = log.level
    log.setLevel(logging.WARNING)  # it says which writer it takes, on the console of the command
    try:
        animation.save(temporary, writer=kind(fps=FRAMES_A_SECOND), dpi=_DPI)  # type: ignore[arg-type]
        temporary.replace(path)
    finally:
        log.setLevel(before)
        temporary.unlink(missing_ok=True)
    return path


def _as_picture(figure: Figure, left: Axes, moving: dict[Axes, Artist]) -> None:
    """Draw once, as one image, all that stays: every part of the axes but what moves in them."""
    for one in (left, *moving.values()):
        one.set_visible(False)
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    still = np.array(canvas.buffer_rgba())
    for axes, one in moving.items():
        axes.autoscale(False)
        for part in axes.get_children():
            part.set_visible(False)
        one.set_visible(True)
    left.set_visible(True)
    figure.figimage(still, zorder=-1)


def _figure(atlas: ClipAtlas) -> tuple[Figure, object]:
    """The figure, and what draws a moment into it."""
    figure = new_figure(9.0, 5.2)
    figure.set_layout_engine("none")
    left = figure.add_axes((0.07, 0.12, 0.43, 0.78))
    upper = figure.add_axes((0.58, 0.6, 0.4, 0.3))
    lower = figure.add_axes((0.58, 0.12, 0.4, 0.34))
    if atlas.sound is not None:
        draw_spectrogram(upper, atlas.sound.target, atlas.sound.sample_rate)
        upper.set_ylabel("bird (kHz)", fontsize=TICK_SIZE)
    else:
        upper.plot(atlas.times_s * 1e3, next(iter(atlas.gestures.values())).values, color=PALETTE["black"])
        upper.set_ylabel(next(iter(atlas.gestures)), fontsize=TICK_SIZE)
    upper.set_xlabel("time (ms)", fontsize=TICK_SIZE)
    now = upper.axvline(0.0, color=PALETTE["sky"], linewidth=1.5)
    draw_map(lower, atlas)
    (place,) = lower.plot([], [], "o", color=PALETTE["black"], markersize=7)
    _as_picture(figure, left, {upper: now, lower: place})

    def draw(moment: int) -> list[object]:
        left.clear()
        draw_portrait(left, atlas, moment)
        now.set_xdata([atlas.times_s[moment] * 1e3] * 2)
        if atlas.map is not None and np.isfinite(atlas.map.path[moment]).all():
            place.set_data(*atlas.map.path[moment][:, None])
        return [left, now, place]

    return figure, draw
