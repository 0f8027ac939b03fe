"""A plateau is detected at the epoch at which it is one, and no earlier."""

from __future__ import annotations

import math

import pytest

from syrinx_lab.runs.plateau import Plateau, find_plateau


def rising_until(epoch: int, last: int = 60, every: int = 5) -> list[tuple[int, float | None]]:
    return [(e, 0.02 * min(e, epoch)) for e in range(every, last + 1, every)]


@pytest.mark.parametrize(("patience", "detected_at"), [(15, 45), (16, 50), (30, 60), (31, None)])
def test_it_is_detected_after_so_many_epochs_without_improvement(patience: int, detected_at: int | None) -> None:
    found = find_plateau(rising_until(30), patience=patience)
    assert found == (
        None if detected_at is None else Plateau(since=30, detected_at=detected_at, best=pytest.approx(0.6))
    )


def test_small_steps_count_once_they_add_up() -> None:
    creeping = [(e, 0.004 * e) for e in range(1, 41)]
    assert find_plateau(creeping, patience=3, min_delta=0.01) is None  # 0.012 every third epoch
    assert find_plateau(creeping[:-1], patience=2, min_delta=0.01) == Plateau(since=37, detected_at=39, best=0.148)


def test_an_improvement_ends_it_and_another_may_follow() -> None:
    scores = [(e, 0.1) for e in range(1, 11)] + [(11, 0.5)]
    assert find_plateau(scores, patience=5) is None
    scores += [(e, 0.5) for e in range(12, 20)]
    assert find_plateau(scores, patience=5) == Plateau(since=11, detected_at=16, best=0.5)


def test_what_is_no_number_is_no_improvement() -> None:
    scores = [(1, None), (2, 0.3), (3, math.nan), (4, math.inf), (5, None), (6, 0.3)]
    assert find_plateau(scores, patience=4) == Plateau(since=2, detected_at=6, best=0.3)
    found = find_plateau([(e, None) for e in range(1, 9)], patience=4)
    assert found is not None
    assert (found.since, found.detected_at) == (1, 5)
    assert math.isnan(found.best)
    assert find_plateau([]) is None


def test_of_a_loss_less_is_better() -> None:
    # better than the last better one by 0.05: 1, 1/2, 1/3, 1/4, 1/6, 1/9, 1/17
    falling = [(e, 1.0 / e) for e in range(1, 31)]
    assert find_plateau(falling, patience=5, min_delta=0.05, smaller_is_better=True) == Plateau(17, 22, 1 / 17)
    found = find_plateau(falling, patience=5, min_delta=0.05)
    assert found is not None
    assert found.since == 1


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="patience 0"):
        find_plateau([], patience=0)
    with pytest.raises(ValueError, match="min_delta -1"):
        find_plateau([], min_delta=-1)
