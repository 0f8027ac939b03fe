"""How much of the output the oscillator itself sings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .audible import as_signal, is_audible, is_finite

LEAST = -1.0


def oscillator_share(output: ArrayLike, without_oscillator: ArrayLike) -> float:
    """Share of the output's energy that is gone when the oscillator's state is forced to zero.

    share = 1 - sum without^2 / sum output^2, not below -1

    1 when the oscillator carries everything, 0 when noise or a filter earns the output without it, negative when they
    are louder alone. It never is NaN: the share is 0 for an output that is silent (standard deviation below 1e-9) or
    not finite, since there the oscillator sings nothing, and -1 where only `without_oscillator` is not finite.

    output              (n,) audio of the whole model
    without_oscillator  (n,) audio of the same model, drives and noise with x = v = 0 throughout, at the same scale
    """
    out, rest = as_signal(output), as_signal(without_oscillator)
    if not is_audible(out):
        return 0.0
    if not is_finite(rest):
        return LEAST
    return float(max(LEAST, 1.0 - np.sum(rest**2) / np.sum(out**2)))
