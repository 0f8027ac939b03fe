"""The Lyapunov exponents of a model, from the derivatives of its map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .systems.flow import Array


def lyapunov_spectrum(
    jacobian: Callable[[Array], Array], states: Array, interval: float, *, most: int | None = None
) -> Array:
    """Exponents per unit of time along a path of states, the largest first, by QR.

    J_t Q_{t-1} = Q_t R_t,   lambda_i = 1 / (T dt) sum_t ln |R_t,ii|

    jacobian  of the map at a state (M,), (M, M)
    states    (T, M) of a free run; the first tenth turns Q and does not count
    interval  dt, unit of time
    most      how many exponents; None: all M
    Returns (most,), NaN where the states are not finite.

    Source: Benettin, Galgani, Giorgilli and Strelcyn (1980), Meccanica 15, 9.
    """
    size = states.shape[1]
    count = size if most is None else min(most, size)
    if not np.isfinite(states).all():
        return np.full(count, np.nan)
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(size, count)))[0]
    settling, total = len(states) // 10, np.zeros(count)
    for t, state in enumerate(states):
        q, r = np.linalg.qr(jacobian(state) @ q)
        if t >= settling:
            total += np.log(np.maximum(np.abs(np.diag(r)), 1e-300))
    return np.asarray(np.sort(total / ((len(states) - settling) * interval))[::-1])
