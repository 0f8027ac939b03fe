"""What the units of an encoder do to the sound when each is stimulated: louder, brighter, and in which context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .conditions import colour, marker
from .panels import LABEL_SIZE, TICK_SIZE
from .style import PALETTE, new_figure

NAMED = 12


def unit_responses_figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Left a point a unit and context, change of brightness over change of level; right its amplitude by label.

    A unit that always lies in one direction turns the same knob everywhere; one that is strong for one label alone
    prefers it.

    rows  `unit`, `label`, `level_db`, `brightness_cents` and `amplitude` of each
    Raises ValueError when there is none with finite numbers.
    """
    kept = [row for row in rows if np.isfinite([row["level_db"], row["brightness_cents"], row["amplitude"]]).all()]
    if not kept:
        raise ValueError("no unit was stimulated: nothing to draw")
    labels = list(dict.fromkeys(str(row["label"]) for row in kept))
    units = list(dict.fromkeys(str(row["unit"]) for row in kept))
    sizes = {unit: [float(row["amplitude"]) for row in kept if str(row["unit"]) == unit] for unit in units}
    strongest = sorted(units, key=lambda unit: -max(sizes[unit]))[:NAMED]
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2)
    for number, label in enumerate(labels, start=1):
        own = [row for row in kept if str(row["label"]) == label]
        style: dict[str, Any] = {
            "color": colour(number),
            "marker": marker(number),
            "linestyle": "none",
            "markersize": 5,
        }
        level, pitch = ([float(row[name]) for row in own] for name in ("level_db", "brightness_cents"))
        left.plot(level, pitch, alpha=0.7, label=label, **style)
        named = [row for row in own if str(row["unit"]) in strongest]
        right.plot(
            [float(row["amplitude"]) for row in named], [strongest.index(str(row["unit"])) for row in named], **style
        )
    for unit in strongest:
        row = max((row for row in kept if str(row["unit"]) == unit), key=lambda one: float(one["amplitude"]))
        place = float(row["level_db"]), float(row["brightness_cents"])
        left.annotate(unit, place, fontsize=TICK_SIZE - 1, xytext=(4, 3), textcoords="offset points")
    left.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    left.axvline(0.0, color="0.7", linewidth=0.8, zorder=0)
    left.set_xlabel("change of level (dB)", fontsize=LABEL_SIZE)
    left.set_ylabel("change of brightness (cents)", fontsize=LABEL_SIZE)
    left.legend(fontsize=TICK_SIZE, title="label", title_fontsize=TICK_SIZE)
    right.set_yticks(range(len(strongest)), strongest)
    right.invert_yaxis()
    right.grid(visible=True, axis="y", color=PALETTE["black"], alpha=0.15)
    right.set_xlabel("amplitude of the response (dB, or tenths of a semitone)", fontsize=LABEL_SIZE)
    right.set_ylabel("unit", fontsize=LABEL_SIZE)
    for axes in (left, right):
        axes.tick_params(labelsize=TICK_SIZE)
    return figure
