"""How long the oscillator remembers where it began: many starts under the same drives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import hilbert

from ..ode.right_hand_side import SoftClamp
from ..ode.rollout import InitialValueProblem, rollout
from ..types import Drives
from .field import Array

STARTS = 8
FORGOTTEN = 0.01
_LOUD = 0.1


@dataclass(frozen=True, eq=False)
class Forgetting:
    """What became of S starts over H samples.

    x, v       (S, H) states
    spread     (H,) rms distance of the starts from their mean, over the rms size of the orbit within the syllable
    coherence  (H,) |mean of exp(i phase)| over the starts: 1 where all turn in phase, about S^-1/2 where at random
    memory_ms  from the first sample to the last one at which the spread is above 0.01; NaN where it never falls for
               good, or there is no orbit to speak of
    locked     median coherence where the syllable is loud; NaN where nothing sounds
    """

    x: Array
    v: Array
    spread: Array
    coherence: Array
    memory_ms: float
    locked: float


def forgetting(
    drives: Drives,
    *,
    step: float,
    sample_rate: float,
    clamp: SoftClamp | None = None,
    starts: int = STARTS,
    rms: float = 1e-3,
    seed: int = 0,
    samples: int | None = None,
    onset: int = 0,
    offset: int | None = None,
) -> Forgetting:
    """Run the oscillator from several starts under one clip's drives and see how they come together.

    spread_t = sqrt(<|y_t - <y_t>|^2>) / size,   size = rms of y - <y>_time over the syllable, y = (x, v)

    On a frozen cycle a phase is never forgotten: what makes starts agree is the drives' own motion, which lights them
    all at one moment. `rms` as at a cold start asks whether noise is forgotten, an rms as large as the orbit whether
    anything is. Integrated in float64 by the rollout itself.

    drives         of a batch of one
    step           h = dt / tau
    sample_rate    Hz
    starts         S, 2 or more
    rms            of x and v at the start, dimensionless
    seed           of the draws
    samples        H; None: all that the drives cover
    onset, offset  samples of the syllable; by default the whole of it
    Raises ValueError for fewer than two starts or drives of another batch.
    """
    if starts < 2 or len(drives.gamma) != 1:
        raise ValueError(f"{starts} starts under drives of a batch of {len(drives.gamma)}: use 2 or more, and one item")
    count = drives.samples if samples is None else samples
    three = (y.detach().cpu().double() for y in (drives.stiffness, drives.gamma, drives.weights))
    stiffness, gamma, weights = (y.expand(starts, *y.shape[1:]).contiguous() for y in three)
    noise = torch.from_numpy(rms * np.random.default_rng(seed).standard_normal((2, starts)))
    with torch.no_grad():
        start = noise[0].clone(), noise[1].clone()
        path = rollout(InitialValueProblem(Drives(stiffness, gamma, weights, drives.hop), start, count, step, clamp))
    x, v = path.x.numpy(), path.v.numpy()
    sung = slice(onset, offset)
    spread, coherence = _apart(x, v, sung), np.full(count, math.nan)
    if not np.isfinite(spread).all():
        return Forgetting(x, v, spread, coherence, math.nan, math.nan)
    turning = hilbert(v - v.mean(1, keepdims=True), axis=1)
    size = np.abs(turning)
    coherence = np.abs((turning / np.maximum(size, 1e-300)).mean(0))
    level = size.mean(0)
    loud = np.zeros(count, bool)
    loud[sung] = level[sung] > _LOUD * level[sung].max()
    late = np.flatnonzero(spread > FORGOTTEN)
    last = int(late[-1]) if late.size else -1
    memory = math.nan if last == count - 1 else (last + 1) / sample_rate * 1e3
    return Forgetting(x, v, spread, coherence, memory, float(np.median(coherence[loud])) if loud.any() else math.nan)


def _apart(x: Array, v: Array, sung: slice) -> Array:
    """(H,) the spread; not finite where a start diverges or nothing moves."""
    with np.errstate(all="ignore"):
        variance = x.var(0) + v.var(0)
        size = (x[:, sung].var(1) + v[:, sung].var(1)).mean()
        return np.sqrt(variance / size)
