"""The sign of a condition beside its name: number, marker and colour, as the figures draw it."""

from __future__ import annotations

from markupsafe import Markup

from ..figures.conditions import colour, marker
from ..figures.style import PALETTE

# matplotlib's markers within -6..6
_SHAPES = {
    "o": "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0-5 0Z",
    "s": "M-4.5-4.5H4.5V4.5H-4.5Z",
    "^": "M0-5.5L5.5 4.5H-5.5Z",
    "D": "M0-6L6 0L0 6L-6 0Z",
    "v": "M0 5.5L-5.5-4.5H5.5Z",
    "P": "M-2-5.5H2V-2H5.5V2H2V5.5H-2V2H-5.5V-2H-2Z",
    "X": "M-5.5-2.8L-2.8-5.5L0-2.7L2.8-5.5L5.5-2.8L2.7 0L5.5 2.8L2.8 5.5L0 2.7L-2.8 5.5L-5.5 2.8L-2.7 0Z",
    "h": "M0-6L5.2-3V3L0 6L-5.2 3V-3Z",
}


def badge(number: int) -> Markup:
    """The marker of the condition with this number, and the number."""
    name = next(key for key, value in PALETTE.items() if value == colour(number))
    fill = f"var(--{name}, {colour(number)})"
    return Markup(
        '<svg class="badge" viewBox="-7 -7 14 14" aria-hidden="true"><path d="{}" fill="{}"/></svg>'
        '<span class="number">{}</span>'
    ).format(_SHAPES[marker(number)], fill, number)
