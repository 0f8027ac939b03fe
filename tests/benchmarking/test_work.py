"""The counts behind the floors, on numbers small enough to count by hand."""

from __future__ import annotations

import pytest

from syrinx_lab.benchmarking.floor import Rates, floor
from syrinx_lab.benchmarking.work import Work, drives_bytes, mamba_work, rollout_work


def test_drives_are_counted_at_audio_and_at_control_rate() -> None:
    assert drives_bytes(2, 5, 1) == 2 * 5 * (4 + 2) * 4
    assert drives_bytes(1, 9, 2, hop=4) == 3 * (9 + 2) * 4  # knots at samples 0, 4 and 8
    assert drives_bytes(1, 10, 2, hop=4) == 4 * (9 + 2) * 4  # sample 9 lies before a fourth knot
    assert drives_bytes(1, 9, 2, hop=4, itemsize=8) == 3 * (9 + 2) * 8


def test_a_forward_rollout_by_hand() -> None:
    """B = 2, H = 5, P = 1: 4 steps of 4 stages of 4 terms; x v has degree 2, so 1 + 1 + 1 dependent a stage, 1 more."""
    work = rollout_work(2, 5, 1, backward=False)
    assert work.multiply_adds == 2 * 4 * 4 * 4
    assert work.moved == work.resident == 240 + 2 * 2 * 5 * 4  # the drives and the trajectory
    assert work.chain == 4 * (4 * 3 + 1)


def test_a_rollout_with_its_gradient_by_hand() -> None:
    """P = 3: 16 terms; forward 4, derivatives 8, weights' gradient 4 times that. Degree 6 is three doublings deep."""
    work = rollout_work(1, 3, 3, backward=True)
    drives, states = 3 * 18 * 4, 2 * 3 * 4
    assert work.multiply_adds == 2 * 16 * 16
    assert work.moved == 3 * drives + 3 * states
    assert work.resident == 2 * drives + 2 * states
    assert work.chain == 2 * (4 * (3 + 1 + 1) + 1 + 2)


def test_control_rate_adds_arithmetic_and_saves_memory() -> None:
    slow, fast = (rollout_work(4, 2049, 15, hop, backward=True) for hop in (1, 32))
    assert fast.multiply_adds == 4 * 2048 * 20 * 256
    assert slow.multiply_adds == 4 * 2048 * 16 * 256
    assert drives_bytes(4, 2049, 15, 32) * 2049 == drives_bytes(4, 2049, 15) * 65


def test_a_mamba_by_hand() -> None:
    """d = 2, i = 6, N = 2, K = 4, R = 1: 24 in, 24 convolution, 30 x_proj, 6 dt_proj, 36 scan, 12 out."""
    forward = mamba_work(3, 10, 1, 2, 2, 4, 3, backward=False)
    assert forward.multiply_adds == 3 * 10 * (24 + 24 + 30 + 6 + 36 + 12)
    assert forward.moved == 2 * 3 * 10 * 2 * 4
    both = mamba_work(3, 10, 5, 2, 2, 4, 3, backward=True)
    assert both.multiply_adds == 15 * forward.multiply_adds
    assert both.moved == 2 * forward.moved


@pytest.mark.parametrize(
    ("work", "seconds", "bound"),
    [
        (Work(3000, 10, 10, 1), 3.0, "compute"),
        (Work(10, 800, 10, 1), 8.0, "memory"),
        (Work(10, 800, 500, 1), 16.0, "memory"),  # too much for the caches
        (Work(10, 10, 10, 50), 12.5, "chain"),
    ],
)
def test_the_floor_is_what_takes_longest(work: Work, seconds: float, bound: str) -> None:
    found = floor(work, Rates(multiply_adds=1000.0, bandwidths=((20, 100.0), (400, 50.0)), latency=0.25))
    assert (found.seconds, found.bound) == (seconds, bound)


def test_work_adds_up() -> None:
    assert Work(1, 2, 3, 4) + Work(10, 20, 30, 40) == Work(11, 22, 33, 44)
