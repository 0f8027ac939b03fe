"""The phase plane of frozen drives: nullclines, fixed points, cycle, and the way that the driven state takes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ..dynamics.clip_atlas import ClipAtlas
from .dynamics_over_time import STABILITY, stability
from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE

MARKER = {"stable": "o", "unstable": "o", "saddle": "X"}


def draw_portrait(axes: Axes, atlas: ClipAtlas, moment: int) -> None:
    """Draw the phase plane of the drives at a moment (its number) into `axes`."""
    x0, x1, v0, v1 = atlas.window()
    axes.axhline(0.0, color=PALETTE["sky"], linewidth=0.9)
    for line in atlas.nullclines[moment]:
        axes.plot(line[:, 0], line[:, 1], color=PALETTE["orange"], linewidth=0.9)
    orbit = atlas.cycles.orbits[moment] if atlas.cycles.orbits.size else np.empty((0, 2))
    if np.isfinite(orbit).all() and len(orbit):
        closed = np.concatenate((orbit, orbit[:1]))
        axes.plot(closed[:, 0], closed[:, 1], color=PALETTE["green"], linewidth=1.6)
    for branch in atlas.branches:
        kind = stability(branch)[moment]
        if kind:
            face = STABILITY[kind] if kind != "unstable" else "none"
            axes.plot(branch.x[moment], 0.0, MARKER[kind], color=STABILITY[kind], markerfacecolor=face, markersize=5)
    end = round(atlas.times_s[moment] * atlas.state_rate)
    trail = atlas.state[max(0, end - round(atlas.trail_s * atlas.state_rate)) : end + 1]
    if len(trail):
        axes.plot(trail[:, 0], trail[:, 1], color=PALETTE["black"], linewidth=0.7, alpha=0.7)
        axes.plot(*trail[-1], ".", color=PALETTE["black"], markersize=6)
    axes.set_xlim(x0, x1)
    axes.set_ylim(v0, v1)
    axes.set_title(f"{atlas.times_s[moment] * 1e3:.1f} ms", fontsize=LABEL_SIZE)
    axes.set_xlabel("x", fontsize=TICK_SIZE)
    axes.set_ylabel("v", fontsize=TICK_SIZE)
    axes.tick_params(labelsize=TICK_SIZE)
