"""Timing by a clock that the test winds."""

from __future__ import annotations

import gc

import pytest
import torch

from syrinx_lab.benchmarking.timing import Effort, Timing, measure, threads

CPU = torch.device("cpu")


class World:
    """A clock, and tasks that take known times by it and note that they ran."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def task(self, name: str, *seconds: float):
        durations = iter(seconds)

        def run() -> None:
            self.log.append(name)
            self.now += next(durations, seconds[-1])

        return run

    def clock(self) -> float:
        return self.now


def test_rounds_interleave_and_the_warm_up_is_not_counted() -> None:
    world = World()
    runs = {"fast": world.task("fast", 100.0, 1.0), "slow": world.task("slow", 100.0, 6.0)}
    efforts = {"fast": Effort(3, 2.5, 10, settle=False), "slow": Effort(2, 0.0, 1, settle=False)}
    timings = measure(runs, efforts, device=CPU, clock=world.clock)
    assert world.log == [
        *("fast", "slow"),  # warm-ups
        *("fast", "fast", "fast", "slow"),
        *("fast", "fast", "fast", "slow"),
        *("fast", "fast", "fast"),  # slow has had its two rounds
    ]
    assert timings["fast"].samples == (1.0,) * 9
    assert timings["slow"].samples == (6.0, 6.0)


def test_a_round_ends_after_so_many_runs() -> None:
    world = World()
    timings = measure({"a": world.task("a", 0.001)}, {"a": Effort(2, 5.0, 4)}, device=CPU, clock=world.clock)
    assert len(timings["a"].samples) == 8


def test_it_settles_in_every_round_before_the_clock_starts() -> None:
    world = World()
    run = world.task("a", 50.0, 9.0, 1.0, 1.0, 9.0, 1.0, 1.0)  # the warm-up, then two rounds of three
    timings = measure({"a": run}, {"a": Effort(2, 2.0, 10)}, device=CPU, clock=world.clock)
    assert timings["a"].samples == (1.0,) * 4


def test_a_warm_up_of_ones_own_takes_the_place() -> None:
    world = World()
    measure(
        {"a": world.task("a", 1.0)},
        {"a": Effort(1, 0.0, 1, settle=False)},
        device=CPU,
        warm_ups={"a": world.task("short", 0.1)},
        clock=world.clock,
    )
    assert world.log == ["short", "a"]


def test_median_and_interquartile_range() -> None:
    assert Timing((5.0, 1.0, 4.0, 2.0, 30.0)).median == 4.0
    assert Timing((5.0, 1.0, 4.0, 2.0, 30.0)).spread == 3.0  # from 2 to 5
    assert Timing((7.0,)).spread == 0.0


def test_no_garbage_is_collected_while_the_clock_runs() -> None:
    states: list[bool] = []
    measure(
        {"a": lambda: states.append(gc.isenabled())},
        {"a": Effort(1, 0.0, 1, settle=False)},
        device=CPU,
        warm_ups={"a": int},
    )
    assert states == [False]
    assert gc.isenabled()


def test_threads_are_set_and_set_back() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("effort", [{"rounds": 0}, {"most": 0}])
def test_no_round_at_all_is_an_error(effort: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Effort(**effort)
