"""The rule by which models are ranked."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from syrinx_lab.runs.selection import best, rank


def row(seed: int, tf_corr: float | None, bounded_frac: float | None = 1.0, **more: Any) -> dict[str, Any]:
    return {"seed": seed, "tf_corr": tf_corr, "bounded_frac": bounded_frac, **more}


NAN = float("nan")
# from best to worst
RANKED = [
    row(7, 0.8, 0.9),
    row(3, 0.5, 1.0),
    row(1, 0.5, 0.95, epoch=20),  # less often bounded than the one above
    row(2, 0.5, 0.95, epoch=5),  # a higher seed
    row(2, 0.5, 0.95, epoch=10),  # a later epoch
    row(4, -5.0, 1.0),
    row(5, None, 1.0),  # no number, yet bounded
    row(6, NAN, 0.95),
    row(0, 0.99, 0.89),  # the highest number of all, diverged
    row(8, 0.3, 0.5),
    row(8, 0.3, 0.0),
    row(9, 0.1, None),
    row(9, NAN, 0.8),
]


def test_the_order_is_that_of_the_rule_whatever_the_order_of_the_input() -> None:
    for trial in range(50):
        shuffled = RANKED.copy()
        random.Random(trial).shuffle(shuffled)
        assert rank(shuffled) == RANKED
        assert best(shuffled) is RANKED[0]


def test_every_pair_is_ordered_as_the_whole() -> None:
    for first, second in itertools.combinations(RANKED, 2):
        assert rank([second, first]) == [first, second]


def test_autonomy_ranks_where_it_is_chosen() -> None:
    rows = [row(1, 0.9, autonomy=-1.0), row(2, 0.1, autonomy=0.5)]
    assert best(rows, "autonomy")["seed"] == 2
    assert best(rows)["seed"] == 1


def test_an_infinite_number_is_no_number() -> None:
    assert best([row(1, float("inf")), row(2, -0.9)])["seed"] == 2


def test_a_share_averaged_in_float32_is_still_nine_of_ten() -> None:
    assert best([row(1, 0.2, 0.8999999762), row(2, 0.9, 0.88)])["seed"] == 1


def test_bad_input_is_one_line() -> None:
    with pytest.raises(ValueError, match="candidate 1 has no score tf_korr"):
        rank([{**row(1, 0.1), "tf_korr": 1}, row(2, 0.1)], "tf_korr")
    with pytest.raises(ValueError, match="less of it is better"):
        rank([row(1, 0.1, onset_error_ms=3.0)], "onset_error_ms")
    with pytest.raises(ValueError, match="nothing to select from"):
        best([])
