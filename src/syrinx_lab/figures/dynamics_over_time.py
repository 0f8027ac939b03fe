"""A clip as a dynamical system over time: sound, gestures, fixed points, cycle, multiplier, distance, exponents."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..dynamics.clip_atlas import Branch, ClipAtlas, Course
from .panels import LABEL_SIZE, TICK_SIZE, blank_from, draw_spectrogram, finite_part, mark_times, peak_magnitude
from .style import PALETTE, new_figure

MOST_GESTURES = 6
_STILL = 1e-4
_SOUND, _ROW = 1.5, 0.95  # inches
STABILITY = {"stable": PALETTE["blue"], "unstable": PALETTE["vermillion"], "saddle": PALETTE["purple"]}


def over_time_figure(atlas: ClipAtlas) -> Figure:
    """Panels over a common time in ms, from the top:

    spectrogram of the bird with the pitch that is sung (white) and the pitch of the cycle (green), spectrogram of the
    model, each gesture, the fixed points by their stability within the reach of the cycle, the Floquet multiplier, the
    distance to the nearest bifurcation, and the further courses. Dashed: onset and offset of the syllable; dotted: a
    bifurcation is crossed. What is not known has no panel.
    """
    draws = list(_panels(atlas).items())
    heights = [_SOUND if name.startswith("sound") else _ROW for name, _ in draws]
    whole = sum(heights) + 0.6
    figure = new_figure(9.0, whole)
    figure.set_layout_engine("none")  # places are known, and to find them takes as long as drawing
    places = {"left": 0.125, "right": 0.985, "bottom": 0.45 / whole, "top": 1 - 0.12 / whole, "hspace": 0.25}
    ratios: dict[str, Any] = {"height_ratios": heights, **places}
    column = figure.subplots(len(draws), 1, sharex=True, squeeze=False, gridspec_kw=ratios)[:, 0]
    for axes, (name, draw) in zip(column, draws):
        draw(axes)
        axes.tick_params(labelsize=TICK_SIZE)
        if not name.startswith("sound"):
            axes.grid(visible=True, axis="x", alpha=0.2)
        if atlas.sound is not None:
            color = "white" if name.startswith("sound") else PALETTE["black"]
            mark_times(axes, atlas.sound.onset_s, atlas.sound.offset_s, color=color)
        for crossing in () if atlas.map is None or name.startswith("sound") else atlas.map.crossings:
            axes.axvline(crossing.time_s * 1e3, color=PALETTE["orange"], linestyle=":", linewidth=1.0)
    column[-1].set_xlabel("time (ms)", fontsize=LABEL_SIZE)
    times = atlas.times_s * 1e3
    if atlas.sound is None and len(times) > 1:
        column[-1].set_xlim(times[0], times[-1])
    for axes in column:
        axes.yaxis.set_label_coords(-0.085, 0.5)
    return figure


def gestures_shown(gestures: Mapping[str, Course], most: int = MOST_GESTURES) -> dict[str, Course]:
    """At most so many of the gestures, in their order: those that move, relative to their size, the most.

    One that moves by less than a ten-thousandth of its size is left out, unless none moves.
    """

    def moves(course: Course) -> float:
        finite = course.values[np.isfinite(course.values)]
        return float(np.ptp(finite) / (np.abs(finite).max() + 1e-12)) if len(finite) else -1.0

    moving = [name for name, course in gestures.items() if moves(course) > _STILL]
    kept = sorted(moving or gestures, key=lambda name: -moves(gestures[name]))[:most]
    return {name: course for name, course in gestures.items() if name in kept}


def stability(branch: Branch) -> list[str]:
    """Of a fixed point at every moment: stable, unstable or saddle; empty where it does not exist."""
    return [
        "" if np.isnan(t + d) else "saddle" if d < 0 else "stable" if t < 0 else "unstable"
        for t, d in zip(branch.trace, branch.determinant)
    ]


def _panels(atlas: ClipAtlas) -> dict[str, Callable[[Axes], None]]:
    """Name -> what draws the panel, from the top."""
    panels: dict[str, Callable[[Axes], None]] = {}
    if atlas.sound is not None:
        panels |= {"sound bird": lambda axes: _bird(axes, atlas), "sound model": lambda axes: _model(axes, atlas)}
    for number, (name, course) in enumerate(gestures_shown(atlas.gestures).items()):
        panels[f"gesture {name}"] = _drawing(atlas, {name: course}, name, PALETTE["black"], dashed=number % 2 == 1)
    panels["fixed points"] = lambda axes: _fixed_points(axes, atlas)
    if atlas.where_it_sings().any():
        panels["floquet"] = lambda axes: _floquet(axes, atlas)
    if atlas.map is not None and np.isfinite(atlas.map.distance_db).any():
        distance = Course(atlas.map.distance_db, "dB of pressure")
        panels["distance"] = _drawing(atlas, {"distance": distance}, "to the nearest\nbifurcation", PALETTE["orange"])
    by_unit: dict[str, dict[str, Course]] = {}
    for name, course in atlas.courses.items():
        by_unit.setdefault(course.unit, {})[name] = course
    for unit, several in by_unit.items():
        label = next(iter(several)) if len(several) == 1 else "rates" if unit == "1/s" else "courses"
        panels[f"courses {unit}"] = _drawing(atlas, several, label, None)
    return panels


def _drawing(
    atlas: ClipAtlas, courses: Mapping[str, Course], label: str, color: str | None, *, dashed: bool = False
) -> Callable[[Axes], None]:
    """What draws courses of one unit into a panel."""

    def draw(axes: Axes) -> None:
        for name, course in courses.items():
            line = {"color": color} if color else {}
            axes.plot(atlas.times_s * 1e3, course.values, linewidth=1.1, label=name, **line)  # type: ignore[arg-type]
        unit = next(iter(courses.values())).unit
        shown = label.replace("_", " ") if unit != "1" else label
        lines = [shown, *textwrap.wrap(f"({unit})", 16)] if unit != "1" else [shown]
        axes.set_ylabel("\n".join(lines), fontsize=TICK_SIZE)
        if len(courses) > 1:
            axes.legend(fontsize=TICK_SIZE - 1, ncols=len(courses), loc="best", frameon=False)
        low, high = axes.get_ylim()
        if low < 0 < high:
            axes.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)

    return draw


def _bird(axes: Axes, atlas: ClipAtlas) -> None:
    sound = atlas.sound
    assert sound is not None
    draw_spectrogram(axes, sound.target, sound.sample_rate)
    times = atlas.times_s * 1e3
    axes.plot(times, sound.target_hz * 1e-3, ".", color="white", markersize=2.5, label="sung by the bird")
    axes.plot(times, atlas.cycles.hz * 1e-3, ".", color="#40e0a0", markersize=2.5, label="of the cycle")
    axes.set_ylabel("bird\n(kHz)", fontsize=TICK_SIZE)
    legend = axes.legend(fontsize=TICK_SIZE - 1, loc="upper right", markerscale=3, facecolor="0.2", framealpha=0.6)
    for text in legend.get_texts():
        text.set_color("white")


def _model(axes: Axes, atlas: ClipAtlas) -> None:
    sound = atlas.sound
    assert sound is not None
    _, heard, broken = finite_part(sound.output)
    draw_spectrogram(axes, heard, sound.sample_rate, reference=peak_magnitude(sound.target, sound.sample_rate))
    axes.plot(atlas.times_s * 1e3, sound.hz * 1e-3, ".", color="white", markersize=2.5)
    blank_from(axes, broken, sound.sample_rate)
    axes.set_ylabel("model\n(kHz)", fontsize=TICK_SIZE)


def _fixed_points(axes: Axes, atlas: ClipAtlas) -> None:
    """Every branch by its stability, and between two grey lines what the cycle sweeps over."""
    times = atlas.times_s * 1e3
    orbits = atlas.cycles.orbits
    if orbits.size and np.isfinite(orbits).any():
        least, largest = (_quiet(pick, orbits[..., 0]) for pick in (np.min, np.max))
        axes.fill_between(times, least, largest, color=PALETTE["sky"], alpha=0.25, linewidth=0, label="cycle")
    shown: set[str] = set()
    for branch in atlas.branches:
        kinds = np.asarray(stability(branch))
        for name, color in STABILITY.items():
            there = kinds == name
            if there.any():
                label = None if name in shown else name
                axes.plot(times, np.where(there, branch.x, np.nan), ".", markersize=2.5, color=color, label=label)
                shown.add(name)
    low, high = axes.get_ylim()
    reach = max(float(np.abs(atlas.state[:, 0]).max()) if len(atlas.state) else 0.0, 1e-3)
    if np.isfinite(reach):
        axes.set_ylim(max(low, -3 * reach), min(high, 3 * reach))
    axes.set_ylabel("fixed points\n(x)", fontsize=TICK_SIZE)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=TICK_SIZE - 1, ncols=4, loc="best", frameon=False, markerscale=3)


def _floquet(axes: Axes, atlas: ClipAtlas) -> None:
    size = np.maximum(atlas.cycles.multiplier, 1e-300)  # 0 has no logarithm
    axes.plot(atlas.times_s * 1e3, size, ".", markersize=2.5, color=PALETTE["green"])
    axes.axhline(1.0, color="0.7", linewidth=0.8, zorder=0)
    if np.nanmin(size) < 0.05 * np.nanmax(size):
        axes.set_yscale("log")
    axes.set_ylabel("Floquet\nmultiplier", fontsize=TICK_SIZE)


def _quiet(pick: Callable[..., np.ndarray], values: np.ndarray) -> np.ndarray:
    """The least or the largest of every row, NaN for a row without numbers."""
    return np.where(np.isfinite(values).all(1), pick(np.nan_to_num(values), axis=1), np.nan)
