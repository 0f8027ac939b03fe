"""Numbers and values as a reader wants them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

MISSING = "\N{EN DASH}"


def shown_score(value: float | None) -> str:
    """A score to three decimals, to fewer where it is large; a dash for what is no number."""
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 3
    return f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def shown_range(values: Iterable[float | None]) -> str:
    """median [least, largest] of the values that are numbers."""
    found = sorted(value for value in values if value is not None and math.isfinite(value))
    if not found:
        return MISSING
    middle = shown_score(statistics.median(found))
    return middle if len(found) == 1 else f"{middle} [{shown_score(found[0])}, {shown_score(found[-1])}]"
