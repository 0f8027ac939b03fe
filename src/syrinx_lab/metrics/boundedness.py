"""Whether a free-running oscillator stayed alive: it neither diverged, vanished nor sat on its clamp."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .audible import Signal, as_signal, is_audible, is_finite

NEAR_CLAMP = 0.99
CLAMPED_SHARE = 0.05


def bounded(
    output: ArrayLike,
    *,
    onset: int,
    offset: int,
    state_x: ArrayLike | None = None,
    state_v: ArrayLike | None = None,
    clamp_x: float | None = None,
    clamp_v: float | None = None,
) -> float:
    """1.0 for a run that neither diverges, vanishes nor sits on the clamp, else 0.0.

    diverges   a sample of the output, x or v is not finite (or larger than 1e50)
    vanishes   the standard deviation of the output, x or v within the syllable [onset, offset) is below 1e-9
    sits       |x| >= 0.99 X on more than 5 % of the samples, or |v| >= 0.99 V

    The soft clamp x -> X tanh(x / X) after every step holds a state within 1 % of X only when it is pushed outwards by
    more than 1.6 X a step, so this catches runaway states and not mild compression.

    output           (n,) audio
    onset, offset    samples of the clip, 0 <= onset < offset <= n
    state_x/state_v  (n,) the oscillator's state, dimensionless; None where it is not known
    clamp_x/clamp_v  X and V, the levels of the soft clamp; None where the state ran unclamped
    """
    given = [as_signal(signal) for signal in (output, state_x, state_v) if signal is not None]
    if not all(is_finite(signal) and is_audible(signal[onset:offset]) for signal in given):
        return 0.0
    for state, clamp in ((state_x, clamp_x), (state_v, clamp_v)):
        if state is not None and clamp is not None and _clamped_share(as_signal(state), clamp) > CLAMPED_SHARE:
            return 0.0
    return 1.0


def _clamped_share(state: Signal, clamp: float) -> float:
    """Share of samples within 1 % of the clamp level, or beyond it."""
    return float(np.mean(np.abs(state) >= NEAR_CLAMP * clamp))
