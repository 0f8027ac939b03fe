"""A clip in the planes of the theory: trace and determinant, the map of bifurcations, the phase plane at moments."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..dynamics.clip_atlas import Array, ClipAtlas, PhaseCurve
from .conditions import colour, marker
from .panels import LABEL_SIZE, TICK_SIZE
from .phase_portrait import draw_portrait
from .style import PALETTE, new_figure

TIME_CMAP = "viridis"
PORTRAITS = 3
CURVE_COLORS = ("vermillion", "blue", "purple", "green", "orange", "sky")


def planes_figure(atlas: ClipAtlas) -> Figure:
    """Trace and determinant of the fixed points (time as colour), the bifurcation map, responses; below, phase planes.

    The phase planes lie at equal steps of the time in which there is a cycle, or of the whole where there is none. Last
    the phase response of one cycle, where it is known.
    """
    figure = new_figure(12.0, 7.2)
    figure.set_layout_engine("none")  # places are known, and to find them takes as long as drawing
    top = figure.add_gridspec(1, 3, left=0.06, right=0.99, bottom=0.52, top=0.96, wspace=0.25)
    for column, draw in enumerate((draw_trace_determinant, draw_map, draw_responses)):
        draw(figure.add_subplot(top[0, column]), atlas)
    bottom = figure.add_gridspec(1, PORTRAITS + 1, left=0.06, right=0.99, bottom=0.07, top=0.4, wspace=0.3)
    for column, moment in enumerate(moments_shown(atlas)):
        draw_portrait(figure.add_subplot(bottom[0, column]), atlas, moment)
    if atlas.phase_curve is not None:
        draw_phase_curve(figure.add_subplot(bottom[0, PORTRAITS]), atlas.phase_curve)
    return figure


def moments_shown(atlas: ClipAtlas, most: int = PORTRAITS) -> list[int]:
    """The numbers of at most so many moments, see `planes_figure`."""
    sings = np.flatnonzero(atlas.where_it_sings())
    among = sings if len(sings) else np.arange(len(atlas.times_s))
    return [int(among[i]) for i in np.unique(np.linspace(0, len(among) - 1, min(most, len(among))).round().astype(int))]


def draw_trace_determinant(axes: Axes, atlas: ClipAtlas) -> None:
    """Every fixed point's path; the parabola det = trace^2 / 4 parts foci from nodes, det < 0 are saddles."""
    drawn = [(b.trace, b.determinant) for b in atlas.branches if np.isfinite(b.trace).any()]
    times = atlas.times_s * 1e3
    for trace, determinant in drawn:
        _coloured(axes, np.stack((trace, determinant), -1), times)
    axes.axhline(0.0, color=PALETTE["black"], linewidth=0.8)
    axes.axvline(0.0, color=PALETTE["black"], linewidth=0.8)
    if drawn:
        every = np.concatenate([np.stack(pair, -1) for pair in drawn])
        every = every[np.isfinite(every).all(1)]
        (t0, d0), (t1, d1) = plane_reach(every)
        axes.set_xlim(t0, t1)
        axes.set_ylim(d0, d1)
        trace = np.linspace(t0, t1, 200)
        axes.plot(trace, trace**2 / 4, color=PALETTE["black"], linewidth=0.8, linestyle="--")
    axes.set_xlabel("trace", fontsize=LABEL_SIZE)
    axes.set_ylabel("determinant", fontsize=LABEL_SIZE)
    axes.set_title("fixed points", fontsize=LABEL_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)


def draw_map(axes: Axes, atlas: ClipAtlas) -> None:
    """Curves of bifurcations over two drives, the gesture (time as colour), and where it crosses them."""
    axes.set_title("bifurcations", fontsize=LABEL_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
    if atlas.map is None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no curve was found", ha="center", va="center", fontsize=LABEL_SIZE)
        return
    kinds = list(dict.fromkeys(curve.kind for curve in atlas.map.curves))
    for curve in atlas.map.curves:
        color = PALETTE[CURVE_COLORS[kinds.index(curve.kind) % len(CURVE_COLORS)]]
        first = curve is next(one for one in atlas.map.curves if one.kind == curve.kind)
        axes.plot(*curve.points.T, color=color, linewidth=1.4, label=curve.kind if first else None)
    _coloured(axes, atlas.map.path, atlas.times_s * 1e3)
    for crossing in atlas.map.crossings:
        a, b = (float(np.interp(crossing.time_s, atlas.times_s, atlas.map.path[:, k])) for k in (0, 1))
        axes.plot(a, b, "D", color=PALETTE["black"], markerfacecolor="none", markersize=6)
        if crossing.event:
            axes.annotate(crossing.event, (a, b), fontsize=TICK_SIZE, xytext=(5, 4), textcoords="offset points")
    path = atlas.map.path[np.isfinite(atlas.map.path).all(1)]
    if len(path):
        (a0, b0), (a1, b1) = plane_reach(path, margin=0.35)
        axes.set_xlim(a0, a1)
        axes.set_ylim(b0, b1)
    x, y = (name if unit == "1" else f"{name} ({unit})" for name, unit in zip(atlas.map.names, atlas.map.units))
    axes.set_xlabel(x, fontsize=LABEL_SIZE)
    axes.set_ylabel(y, fontsize=LABEL_SIZE)
    if kinds:
        axes.legend(fontsize=TICK_SIZE - 1, loc="best")


def draw_responses(axes: Axes, atlas: ClipAtlas) -> None:
    """How far each perturbation drives the state astray, over when it comes; empty where nothing was perturbed."""
    several: dict[str, list[tuple[float, float]]] = {}
    for one in atlas.responses:
        if np.isfinite(one.size):
            several.setdefault(one.perturbation.words, []).append((one.perturbation.at_ms, one.size))
    if not several:
        axes.set_axis_off()
        return
    for number, (words, points) in enumerate(several.items(), start=1):
        style: dict[str, Any] = {"color": colour(number), "marker": marker(number), "markersize": 5}
        axes.plot(*np.array(sorted(points)).T, linewidth=0.9, alpha=0.8, label=words, **style)
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("the perturbation comes at (ms)", fontsize=LABEL_SIZE)
    axes.set_ylabel("largest distance, of the orbit", fontsize=LABEL_SIZE)
    axes.set_title("sensitivity", fontsize=LABEL_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
    axes.grid(visible=True, alpha=0.2)
    axes.legend(fontsize=TICK_SIZE - 1, loc="best")


def draw_phase_curve(axes: Axes, curve: PhaseCurve) -> None:
    """How far a push in x, and in v, sets the phase ahead, over the phase at which it comes."""
    axes.plot(curve.phase, curve.by_x, color=PALETTE["blue"], linewidth=1.2, label="push in x")
    axes.plot(curve.phase, curve.by_v, color=PALETTE["vermillion"], linewidth=1.2, linestyle="--", label="push in v")
    axes.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    axes.set_title(f"phase response, {curve.time_s * 1e3:.1f} ms", fontsize=LABEL_SIZE)
    axes.set_xlabel("phase (cycles since the largest x)", fontsize=TICK_SIZE)
    axes.set_ylabel("advance (cycles per unit)", fontsize=TICK_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
    axes.legend(fontsize=TICK_SIZE - 1, frameon=False)


def _coloured(axes: Axes, points: Array, values: Array) -> None:
    """A line through points (N, 2) whose colour follows the values (N,)."""
    pieces = np.stack((points[:-1], points[1:]), 1)
    there = np.isfinite(pieces).all((1, 2))
    lines = LineCollection(list(pieces[there]), cmap=TIME_CMAP, linewidths=1.8)
    lines.set_array(values[:-1][there])
    lines.set_clim(float(values.min()), float(values.max()))
    axes.add_collection(lines)
    axes.plot(*points.T, alpha=0.0)  # so that the axes know of them


def plane_reach(points: NDArray[np.float64], margin: float = 0.12) -> tuple[Array, Array]:
    """The corners of what points (N, 2) reach, without the outermost hundredth, with a margin."""
    low, high = np.quantile(points, 0.01, axis=0), np.quantile(points, 0.99, axis=0)
    room = np.maximum(margin * (high - low), 1e-6 + 0.02 * np.abs(high))
    return low - room, high + room
