"""A sampler gives as many windows as it counts, and none that is not there; else one line says what it gave."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from syrinx_lab.data.draws import check_sampler, epoch_draw
from syrinx_lab.types import Category

SIZES = {Category.ONSET: 3, Category.OFFSET: 3, Category.MID: 0}
POOLS = SimpleNamespace(segments=[None] * 6, sizes=lambda: SIZES)


class Fine:
    def counts(self, pools):
        return {Category.ONSET: 2, Category.OFFSET: 2, Category.MID: 0}

    def draw(self, pools, epoch, seed):
        return np.array([0, 1, 3, 5 if epoch < 2 else 6])

    def notes(self, pools):
        return ["four"]


def test_what_keeps_the_contract_is_handed_on() -> None:
    check_sampler(Fine(), POOLS, 1)
    assert epoch_draw(Fine(), POOLS, 1, 1) == [0, 1, 3, 5]
    with pytest.raises(ValueError, match="gave the position 6 for epoch 2: use 0 to 5"):
        epoch_draw(Fine(), POOLS, 2, 1)


@pytest.mark.parametrize(
    ("method", "gives", "said"),
    [
        ("draw", [-1] * 4, "gave the position -1 for epoch 0: use 0 to 5, the windows there are"),
        ("draw", [0, 1, 2, 11], "gave the position 11 for epoch 0: use 0 to 5"),
        ("draw", [0], "gave 1 windows for epoch 0: give 4, to which its counts add up"),
        ("draw", [[0], [1], [2], [3]], r"gave 4 windows for epoch 0 in shape \(4, 1\): give 4"),
        ("draw", [0.5, 1, 2, 3], "gave float64 for epoch 0: give whole numbers"),
        ("draw", None, "raised TypeError: 'NoneType' object is not iterable"),
        ("counts", {"onset": 4}, r"gave \{'onset': 4\}: give a dict from syrinx_lab.types.Category"),
        ("counts", [4], r"gave \[4\]: give a dict"),
        ("counts", {Category.ONSET: 2.5}, "gave 2.5 ONSET windows: give a whole number"),
        ("counts", {Category.ONSET: 2, Category.MID: 2}, "gave 2 MID windows, and the pools have none: give 0"),
        ("counts", dict.fromkeys(Category, 0), "gave no window: an epoch needs at least 1"),
        ("notes", "one line", "gave 'one line': give a sequence of lines"),
    ],
)
def test_what_does_not_is_refused(method: str, gives: object, said: str) -> None:
    sampler = type("Mine", (Fine,), {method: lambda self, *arguments: gives})()
    with pytest.raises(ValueError, match=f"^sampler.{method} of Mine {said}"):
        check_sampler(sampler, POOLS, 1)
