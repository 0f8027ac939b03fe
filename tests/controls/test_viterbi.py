"""The cheapest path against the enumeration of all paths."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from syrinx_lab.controls.viterbi import cheapest_path, cheapest_path_anywhere

COSTS = (0.5, 0.7, 0.3)  # unvoiced, jump, switch


def total(path: tuple[int, ...], cost: torch.Tensor, octaves: torch.Tensor) -> float:
    unvoiced, jump, switch = COSTS
    count = cost.shape[1]
    value = sum(unvoiced if k == count else float(cost[t, k]) for t, k in enumerate(path))
    for t in range(1, len(path)):
        a, b = path[t - 1], path[t]
        if a < count and b < count:
            value += jump * abs(float(octaves[t, b] - octaves[t - 1, a]))
        elif a != b:
            value += switch
    return value


def problem(batch: int, knots: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(4)
    cost = torch.rand(batch, knots, count, generator=generator, dtype=torch.float64)
    cost[torch.rand(cost.shape, generator=generator) < 0.2] = math.inf
    return cost, 3 * torch.rand(batch, knots, count, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("solve", [cheapest_path, cheapest_path_anywhere])
def test_no_path_is_cheaper(solve) -> None:
    cost, octaves = problem(12, 5, 2)
    found = solve(cost, octaves, *COSTS)
    online = solve(cost, octaves, *COSTS, online=True)
    for b in range(12):
        for knots in range(1, 6):
            every = itertools.product(range(3), repeat=knots)
            best = min(every, key=lambda path: total(path, cost[b], octaves[b]))
            assert int(online[b, knots - 1]) == best[-1]
        assert tuple(found[b].tolist()) == best
    assert set(found.flatten().tolist()) == {0, 1, 2}


@pytest.mark.parametrize("online", [False, True])
def test_the_compiled_path_is_that_of_torch(online: bool) -> None:
    cost, octaves = problem(4, 300, 8)
    a, b = (solve(cost, octaves, *COSTS, online) for solve in (cheapest_path, cheapest_path_anywhere))
    assert torch.equal(a, b)
