"""The anchor above: how alike two renditions of one syllable by the bird itself are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..metrics.rendition import rendition_autonomy, rendition_tf_corr
from .clips import Clip


def rendition_anchor(pairs: Sequence[tuple[Clip, Clip]], sample_rate: int) -> dict[str, Any]:
    """The bird's own reproducibility: mean tf_corr and both autonomies over pairs of renditions; None without."""
    found: dict[str, list[float]] = {"tf_corr": [], "autonomy": [], "autonomy_published": []}
    for a, b in pairs:
        between = a.x, b.x, a.onset, b.onset
        scores = {"tf_corr": rendition_tf_corr(*between, sample_rate=sample_rate)}
        for name, value in (scores | rendition_autonomy(*between, sample_rate=sample_rate)).items():
            if not np.isnan(value):
                found[name].append(value)
    means = {name: float(np.mean(values)) if values else None for name, values in found.items()}
    return {**means, "pairs": len(found["tf_corr"])}
