"""Horizon schedules and warm-ups against hand-computed tables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrinx_lab.training.schedules import (
    ConstHorizon,
    GeometricHorizon,
    LinearHorizon,
    PeriodsHorizon,
    Pow2Horizon,
    at_rate,
    check_plan,
)


def test_lengths_last_as_long_at_every_rate_and_double_where_they_did():
    assert [at_rate(n, 44_100) for n in (1, 600, 1500, 2048)] == [1, 600, 1500, 2048]
    # 512 * 48 / 44.1 = 557.3: 2048 becomes 4 * 557, not the nearest 2229
    assert [at_rate(n, 48_000) for n in (512, 1024, 1500, 2048)] == [557, 1114, 1632, 2228]
    assert [at_rate(n, 22_050) for n in (512, 600, 2048)] == [256, 300, 1024]
    assert [at_rate(512, rate) for rate in ("abc", 0, None, True, 22_050.5)] == [512] * 5  # type: ignore[arg-type]


def test_const_horizon_is_h_max_at_every_epoch():
    schedule = ConstHorizon(max=2048)
    assert [schedule(epoch, 5) for epoch in range(5)] == [2048] * 5
    assert schedule.max == 2048
    assert schedule.bucketed


def test_linear_horizon_runs_from_min_at_the_first_to_max_at_the_last_planned_epoch():
    schedule = LinearHorizon(min=512, max=2048)
    assert [schedule(epoch, 5) for epoch in range(5)] == [512, 896, 1280, 1664, 2048]
    assert schedule(7, 5) == 2048
    assert not schedule.bucketed


def test_geometric_horizon_multiplies_by_the_same_factor_each_epoch():
    schedule = GeometricHorizon(min=512, max=2048)
    assert [schedule(epoch, 5) for epoch in range(5)] == [512, 724, 1024, 1448, 2048]
    # 512 * 4^(1/3) = 812.7 and 512 * 4^(2/3) = 1290.2
    assert [schedule(epoch, 4) for epoch in range(4)] == [512, 813, 1290, 2048]
    assert schedule(99, 5) == 2048
    assert not schedule.bucketed


def test_pow2_horizon_gives_each_bucket_an_equal_share_of_the_planned_epochs():
    schedule = Pow2Horizon(min=512, max=2048)
    assert schedule.buckets == (512, 1024, 2048)
    assert [schedule(epoch, 6) for epoch in range(6)] == [512, 512, 1024, 1024, 2048, 2048]
    # 50 planned epochs: floor(3 e / 50) turns 1 at e = 17 and 2 at e = 34
    table = [schedule(epoch, 50) for epoch in range(50)]
    assert (table.index(1024), table.index(2048)) == (17, 34)
    assert schedule(60, 50) == 2048
    assert schedule.bucketed


def test_pow2_last_bucket_is_exactly_h_max():
    assert Pow2Horizon(min=512, max=3000).buckets == (512, 1024, 2048, 3000)
    assert Pow2Horizon(min=512, max=600).buckets == (512, 600)
    assert Pow2Horizon(min=512, max=512).buckets == (512,)


def test_periods_double_and_are_as_many_at_every_rate_and_pitch():
    schedule = PeriodsHorizon(6, 24, lowest_hz=500, sample_rate=44_100)
    # doubled as periods, then rounded: 4 * 529 would leave a bucket of one more sample
    assert schedule.buckets == (529, 1058, 2117)
    assert [schedule(epoch, 6) for epoch in range(6)] == [529, 529, 1058, 1058, 2117, 2117]
    assert (schedule.max, schedule(99, 6), schedule(0, 1), schedule.bucketed) == (2117, 2117, 2117, True)
    assert PeriodsHorizon(6, 24, lowest_hz=2000, sample_rate=44_100).buckets == (132, 265, 529)
    assert PeriodsHorizon(6, 24, lowest_hz=500, sample_rate=22_050).buckets == (265, 529, 1058)
    assert PeriodsHorizon(4, 10, lowest_hz=441, sample_rate=44_100).buckets == (400, 800, 1000)


@pytest.mark.parametrize("planned", [0, 1])
@pytest.mark.parametrize("kind", [LinearHorizon, GeometricHorizon, Pow2Horizon])
def test_a_run_of_one_planned_epoch_trains_at_h_max(kind, planned):
    assert kind(min=512, max=2048)(0, planned) == 2048


@settings(max_examples=60, deadline=None)
@given(
    low=st.integers(1, 5000),
    span=st.integers(0, 60000),
    planned=st.integers(2, 400),
    kind=st.sampled_from([LinearHorizon, GeometricHorizon, Pow2Horizon]),
)
def test_every_schedule_rises_from_min_to_max(low, span, planned, kind):
    schedule = kind(min=low, max=low + span)
    table = [schedule(epoch, planned) for epoch in range(planned)]
    assert table == sorted(table)
    assert table[0] == low
    if kind is not Pow2Horizon or planned >= len(schedule.buckets):
        assert table[-1] == low + span
    assert all(type(value) is int for value in table)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: LinearHorizon(min=2048, max=512), "min is 2048, above the max of 512"),
        (lambda: GeometricHorizon(min=0, max=512), "horizon of 0 samples"),
        (lambda: Pow2Horizon(min=512, max=2048.0), r"horizon of 2048\.0 samples"),  # type: ignore[arg-type]
        (lambda: PeriodsHorizon(9, 6, 500, 44_100), "min_periods is 9, above the max_periods of 6"),
        (lambda: PeriodsHorizon(0.1, 6, 9e9, 44_100), "no whole sample"),
        (lambda: PeriodsHorizon(6, 24, 0, 44_100), "lowest_hz is 0: use a number above 0"),
        (lambda: ConstHorizon(max=-3), "horizon of -3 samples"),
        (lambda: ConstHorizon(max=True), "horizon of True samples"),
    ],
)
def test_bad_numbers_are_refused_in_one_line(build, said):
    with pytest.raises(ValueError, match=said) as error:
        build()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("gives", [1200, 256.5, None, 0, -5, True])
def test_a_horizon_that_leaves_its_range_is_refused_for_all_planned_epochs(gives: object) -> None:
    class Late(ConstHorizon):
        def __call__(self, epoch: int, planned_epochs: int) -> int:
            return gives if epoch == 3 else 256  # type: ignore[return-value]

    check_plan(Late(600), 3)
    with pytest.raises(ValueError, match=f"^horizon of Late gave {gives} samples at epoch 3 of 9: give a whole number"):
        check_plan(Late(600), 9)


def test_a_horizon_that_raises_or_has_no_number_for_its_max_is_refused() -> None:
    class Broken(ConstHorizon):
        def __call__(self, epoch: int, planned_epochs: int) -> int:
            raise KeyError("no such epoch")

    with pytest.raises(ValueError, match=r"^horizon of Broken raised KeyError: 'no such epoch'"):
        check_plan(Broken(600), 1)
    with pytest.raises(ValueError, match=r"^horizon.max of Texts is '600': use a whole number"):
        check_plan(type("Texts", (), {"max": "600", "bucketed": True})(), 1)
