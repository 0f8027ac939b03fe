"""The cheapest path through the candidates of a recording."""

from __future__ import annotations

import torch
from torch import Tensor

from .viterbi_cpu import cheapest_path_cpu

_IMPOSSIBLE = 1e6


def cheapest_path(
    cost: Tensor, octaves: Tensor, unvoiced_cost: float, jump_cost: float, switch_cost: float, online: bool = False
) -> Tensor:
    """Which candidate every knot has, when jumps and changes of voicing cost something.

    total = sum_t local_t + sum_t step_t;  local = cost of the candidate, or unvoiced_cost
    step = jump_cost |difference in octaves| between voiced knots, switch_cost between voiced and unvoiced, else 0

    cost           (B, T, K) of every candidate; infinite: there is none
    octaves        (B, T, K) log2 of its pitch
    unvoiced_cost  of a knot without a pitch, finite
    online         decide every knot from the knots up to it alone: the last step of the cheapest path that ends there
    Returns (B, T) int64: 0 to K - 1, or K where unvoiced.

    Source: Viterbi (1967), IEEE Trans. Inf. Theory 13; costs as in Boersma (1993), eq. 26, but of a jump's whole size.
    """
    if cost.device.type == "cpu":
        return cheapest_path_cpu(cost, octaves, unvoiced_cost, jump_cost, switch_cost, online)
    return cheapest_path_anywhere(cost, octaves, unvoiced_cost, jump_cost, switch_cost, online)


def cheapest_path_anywhere(
    cost: Tensor, octaves: Tensor, unvoiced_cost: float, jump_cost: float, switch_cost: float, online: bool = False
) -> Tensor:
    """`cheapest_path` in torch operations, on any device: a loop over the knots."""
    batch, knots, count = cost.shape
    local = torch.cat((cost.clamp_max(_IMPOSSIBLE), cost.new_full((batch, knots, 1), unvoiced_cost)), -1)
    step = cost.new_full((batch, knots, count + 1, count + 1), switch_cost)  # [..., to, from]
    step[..., count, count] = 0
    before = octaves.roll(1, 1)
    step[..., :count, :count] = jump_cost * (octaves[..., :, None] - before[..., None, :]).abs()
    total, origins, ends = local[:, 0], [], [local[:, 0].argmin(-1)]
    for t in range(1, knots):
        best, origin = (total[:, None, :] + step[:, t]).min(-1)
        total = best + local[:, t]
        origins.append(origin)
        ends.append(total.argmin(-1))
    if online:
        return torch.stack(ends, 1)
    path = [ends[-1]]
    for origin in reversed(origins):
        path.append(origin.gather(-1, path[-1][:, None])[:, 0])
    return torch.stack(path[::-1], 1)
