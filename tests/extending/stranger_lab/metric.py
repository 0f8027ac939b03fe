"""A metric of which less is better: how far the loudest sample of the output is from the target's."""

from __future__ import annotations

import math

import numpy as np

from syrinx_lab.metrics.metric import Metric
from syrinx_lab.metrics.sung_clip import SungClip


class PeakError(Metric):
    """|20 log10(max |output| / max |target|)|, dB; 200 where the output is silent."""

    unit = "dB"
    higher_is_better = False
    low = 0.0
    high = 200.0

    def score(self, clip: SungClip) -> float:
        output, target = (float(np.abs(y).max()) for y in (clip.output, clip.target))
        return min(200.0, abs(20 * math.log10(max(output, 1e-12) / target)))
