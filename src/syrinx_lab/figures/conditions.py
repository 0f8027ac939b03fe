"""How compared conditions are distinguished in every figure: by colour, by marker, by stroke, and by their number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .panels import TICK_SIZE
from .style import PALETTE

# yellow is hardly seen on white, and black is the ink of what is common to all
COLOURS = tuple(PALETTE[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky"))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
STROKES = ("-", "--", "-.", ":")
_LONGEST = 34  # characters of a name beside a row
_APART, _LOWEST, _HIGHEST = 0.075, 0.05, 0.94  # of a panel's height: between two numbers, and where they may stand


def colour(number: int) -> str:
    """Of the condition with this number, from 1."""
    return COLOURS[(number - 1) % len(COLOURS)]


def marker(number: int) -> str:
    """Of the condition with this number; with its colour it is its own as long as there are 24 or fewer."""
    return MARKERS[(number - 1) % len(MARKERS)]


def stroke(number: int) -> str:
    """Of the condition with this number."""
    return STROKES[(number - 1) % len(STROKES)]


def row_name(number: int, name: str) -> str:
    """What stands beside a condition's row: its number and its name, cut where that is long."""
    return f"{number}  {name if len(name) <= _LONGEST else name[: _LONGEST - 1] + '…'}"


def number_ends(panel: Axes, ends: Sequence[tuple[int, float, float]]) -> None:
    """Write each condition's number beside the end of its curve; those that end together are moved apart vertically.

    ends  (number, x, y) of each condition, in the units of the data; ends without a finite y are left out
    """
    panel.get_ylim()  # brings the limits up to date
    to_share = panel.transScale + panel.transLimits
    columns: dict[float, list[tuple[float, int]]] = {}
    for number, x, y in ends:
        if np.isfinite(y):
            columns.setdefault(x, []).append((float(to_share.transform((x, y))[1]), number))
    for x, column in columns.items():
        column.sort()
        for place, (_, number) in zip(_apart([share for share, _ in column]), column):
            panel.annotate(
                str(number),
                (x, place),
                (4, 0),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                va="center",
                fontsize=TICK_SIZE - 1,
                fontweight="bold",
                color=colour(number),
            )


def _apart(wanted: Sequence[float]) -> list[float]:
    """Rising heights close to those that are wanted, within the panel and not on top of each other."""
    apart = min(_APART, (_HIGHEST - _LOWEST) / max(len(wanted), 1))
    places: list[float] = []
    for height in wanted:
        places.append(max(height, places[-1] + apart) if places else max(height, _LOWEST))
    ceiling = _HIGHEST
    for k in reversed(range(len(places))):
        places[k] = min(places[k], ceiling)
        ceiling = places[k] - apart
    return places
