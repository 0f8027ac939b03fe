"""`cheapest_path` compiled for the CPU, where a loop of small torch operations would take most of the time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..simd.compiling import kept


def cheapest_path_cpu(
    cost: Tensor, octaves: Tensor, unvoiced_cost: float, jump_cost: float, switch_cost: float, online: bool
) -> Tensor:
    """`cheapest_path` for tensors on the CPU, in float64."""
    costs, heights = (y.detach().to(torch.float64).contiguous().numpy() for y in (cost, octaves))
    return torch.from_numpy(_paths(costs, heights, unvoiced_cost, jump_cost, switch_cost, online))


@kept(nogil=True)
def _paths(
    cost: NDArray[np.float64],
    octaves: NDArray[np.float64],
    unvoiced_cost: float,
    jump_cost: float,
    switch_cost: float,
    online: bool,
) -> NDArray[np.int64]:
    """One path a row, (B, T)."""
    batch, knots, count = cost.shape
    path = np.empty((batch, knots), np.int64)
    origin = np.empty((knots, count + 1), np.int16)
    total, before = np.empty(count + 1), np.empty(count + 1)
    for b in range(batch):
        for k in range(count):  # no slices here and below: Numba would compile their checks for seconds
            before[k] = cost[b, 0, k]
        before[count] = unvoiced_cost
        path[b, 0] = np.argmin(before)
        for t in range(1, knots):
            for to in range(count + 1):
                total[to] = np.inf
                origin[t, to] = count
                if to < count and cost[b, t, to] == np.inf:
                    continue
                best, best_from = np.inf, count
                for k in range(count + 1):
                    if to < count and k < count:
                        step = jump_cost * abs(octaves[b, t, to] - octaves[b, t - 1, k])
                    elif to == k:
                        step = 0.0
                    else:
                        step = switch_cost
                    if before[k] + step < best:
                        best, best_from = before[k] + step, k
                origin[t, to] = best_from
                total[to] = best + (cost[b, t, to] if to < count else unvoiced_cost)
            path[b, t] = np.argmin(total)
            for k in range(count + 1):
                before[k] = total[k]
        if not online:
            for t in range(knots - 1, 0, -1):
                path[b, t - 1] = origin[t, path[b, t]]
    return path
