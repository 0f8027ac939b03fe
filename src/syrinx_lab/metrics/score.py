"""The cold-start metrics of one vocalisation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Score:
    """The cold-start metrics of one vocalisation; the mean of each over vocalisations bears the same name.

    `bounded_frac` and `ignition_rate` are 0 or 1 here. NaN means "not defined for this clip" and is left out of means.

    outside  those of metrics from outside the lab, by name
    """

    autonomy: float
    spec_corr: float
    amp_pen: float
    pitch_pen: float
    tf_corr: float
    bounded_frac: float
    f0_cents: float
    env_corr: float
    onset_error_ms: float
    ignition_rate: float
    oscillator_share: float
    autonomy_published: float
    tf_corr_syllable: float = math.nan
    wrong_partial: float = math.nan
    leak_db: float = math.nan
    lsd_db: float = math.nan
    mcd_db: float = math.nan
    octave_errors: float = math.nan
    numbers_per_second: float = math.nan
    accel_r2: float = math.nan
    outside: Mapping[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, float]:
        """Every metric by name, the lab's own first."""
        own = {one.name: float(getattr(self, one.name)) for one in fields(self) if one.name != "outside"}
        return own | dict(self.outside)
