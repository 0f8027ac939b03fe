"""What a split pays for a label of which it holds too few or too many syllables."""

from __future__ import annotations

import numpy as np

SHORTLIST = 32  # recordings of each split that an exchange looks at
UNEVEN = 1e-6  # what a label's wrong share costs beside its absence
TOLERANCE = 0.05
TINY = 1e-9


def label_costs(held: np.ndarray, due: np.ndarray, lacking: float) -> np.ndarray:
    """lacking [held = 0] + 1e-6 max(0, |held - due| / (held + due) - 0.05), elementwise.

    held, due  syllables, due above 0
    lacking    what the split pays for a label it lacks
    """
    uneven = np.maximum(np.abs(held - due) / (held + due) - TOLERANCE, 0)
    return lacking * (held == 0) + UNEVEN * uneven
