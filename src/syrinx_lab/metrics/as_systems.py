"""A sung clip and its target compared as dynamical systems: all measures of this kind at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .audible import Signal, as_signal, is_audible, level
from .correlation_dimension import correlation_dimension
from .delay_embedding import delay_embedding, dominant_period, suitable_delay
from .lyapunov_exponent import lyapunov_exponent
from .ordinal_patterns import ordinal_complexity, pattern_delay
from .spectrum_hellinger import spectrum_hellinger
from .state_space_divergence import mixture_divergence, state_space_divergence

Points = NDArray[np.float64]

DIMENSION = 3
MOST_POINTS = 3000
PERIODS_FOLLOWED = 12
_FEWEST = 200


@dataclass(frozen=True)
class SystemMeasures:
    """What one sound is like as a dynamical system; NaN where a measure is not defined for it.

    correlation_dimension   1 for a cycle, 2 for a torus, between for chaos, `DIMENSION` for noise
    lyapunov_per_s          largest Lyapunov exponent, 1/s
    permutation_entropy     0 to 1
    statistical_complexity  0 to 1
    """

    correlation_dimension: float
    lyapunov_per_s: float
    permutation_entropy: float
    statistical_complexity: float


@dataclass(frozen=True)
class SystemComparison:
    """Output and target as dynamical systems.

    dimension, delay_samples      of the delay embedding, chosen on the target
    period_samples                of the target's strongest frequency
    output_points, target_points  (n, dimension) of the embeddings, in standard deviations of the target
    d_stsp                        state-space divergence, binned, nats
    d_stsp_mixture                the same by mixtures of Gaussians, nats
    d_h                           Hellinger distance of the smoothed power spectra, 0 to 1
    output, target                what each is like
    """

    dimension: int
    delay_samples: int
    period_samples: float
    output_points: Points
    target_points: Points
    d_stsp: float
    d_stsp_mixture: float
    d_h: float
    output: SystemMeasures
    target: SystemMeasures

    def values(self) -> dict[str, float]:
        """All numbers by name, as a row of a table: d_stsp, ..., output_lyapunov_per_s, target_lyapunov_per_s, ..."""
        row = {name: float(getattr(self, name)) for name in ("d_stsp", "d_stsp_mixture", "d_h")}
        for side in ("output", "target"):
            measures = getattr(self, side)
            row |= {f"{side}_{one.name}": float(getattr(measures, one.name)) for one in fields(measures)}
        return row


def compare_as_systems(
    output: ArrayLike,
    target: ArrayLike,
    *,
    sample_rate: float,
    onset: int = 0,
    offset: int | None = None,
    seed: int = 0,
) -> SystemComparison:
    """Compare a sound with its target as dynamical systems, over the syllable.

    Both are embedded with the delay that suits the target and counted in its standard deviations, so that a wrong
    loudness shows. A syllable is short and its drives move: a dimension or an exponent of a whole one is that of a
    driven system, and is NaN where a path shows none. A positive exponent is no proof of chaos: stretches that are
    alike part where the drives of their moments differ. Costs about half a second for 200 ms at 44.1 kHz.

    output, target  (n,) audio of one length
    sample_rate     Hz
    onset, offset   samples of the clip; by default the whole of it
    seed            of the draws of the mixture
    result          NaN throughout where the target is silent, and of all that looks at the output where that one is
                    silent or not finite
    """
    out, ref = (as_signal(x)[onset:offset] for x in (output, target))
    assert out.size == ref.size, f"output of {out.size} samples against a target of {ref.size}"
    period = dominant_period(ref)
    delay = suitable_delay(ref)
    paths = [_embedded(x, ref, delay) for x in (out, ref)]
    both = all(len(path) for path in paths)
    return SystemComparison(
        DIMENSION,
        delay,
        period,
        paths[0],
        paths[1],
        state_space_divergence(*paths) if both else math.nan,
        mixture_divergence(*paths, seed=seed) if both else math.nan,
        spectrum_hellinger(out, ref, sample_rate=sample_rate),
        _measures(out, paths[0], period, sample_rate),
        _measures(ref, paths[1], period, sample_rate),
    )


def _embedded(x: Signal, target: Signal, delay: int) -> Points:
    """(n, m) points in standard deviations of the target; none where there is nothing to embed."""
    if not (is_audible(x) and is_audible(target)) or x.size < _FEWEST + (DIMENSION - 1) * delay:
        return np.empty((0, DIMENSION))
    return delay_embedding((x - target.mean()) / level(target), DIMENSION, delay)


def _measures(x: Signal, points: Points, period: float, sample_rate: float) -> SystemMeasures:
    if not len(points):
        return SystemMeasures(math.nan, math.nan, math.nan, math.nan)
    theiler = max(1, round(period))
    ordinal = ordinal_complexity(x, delay=pattern_delay(period))
    horizon = PERIODS_FOLLOWED * theiler
    exponent = lyapunov_exponent(
        points, interval_s=1 / sample_rate, theiler=theiler, horizon=horizon, skip=theiler, most=len(points)
    )
    dimension = correlation_dimension(points, theiler=theiler, most=MOST_POINTS)
    return SystemMeasures(dimension.dimension, exponent.per_s, ordinal.entropy, ordinal.complexity)
