"""When a score has stopped rising."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Plateau:
    """A score that has not become better for some time.

    since        the epoch at which it last became better
    detected_at  the first evaluated epoch at which that had lasted long enough
    best         the score at `since`
    """

    since: int
    detected_at: int
    best: float


def find_plateau(
    scores: Iterable[tuple[int, float | None]],
    *,
    patience: int = 15,
    min_delta: float = 0.01,
    smaller_is_better: bool = False,
) -> Plateau | None:
    """The plateau on which the last of `scores` lies, None while the score still becomes better.

    scores             (epoch, value) by epoch; None, NaN and infinite values are no improvement
    patience           epochs without an improvement that make a plateau
    min_delta          a value counts as better when it exceeds the last that did by more than this; small steps that
                       add up to more count too
    smaller_is_better  of a loss

    An improvement ends the plateau, and a new one may follow. Raises ValueError for a patience below 1 or a negative
    min_delta.
    """
    if patience < 1 or min_delta < 0:
        raise ValueError(f"patience {patience} and min_delta {min_delta}: use 1 or more epochs, and 0 or more")
    sign = -1.0 if smaller_is_better else 1.0
    best, since, detected_at = -math.inf, None, None
    for epoch, value in scores:
        since = epoch if since is None else since
        if value is not None and math.isfinite(value) and sign * value > best + (min_delta if best > -math.inf else 0):
            best, since, detected_at = sign * value, epoch, None
        elif detected_at is None and epoch - since >= patience:
            detected_at = epoch
    if since is None or detected_at is None:
        return None
    return Plateau(since, detected_at, sign * best if best > -math.inf else math.nan)
