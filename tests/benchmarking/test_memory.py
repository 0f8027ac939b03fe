"""The memory of a run is seen, and nothing but that."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from syrinx_lab.benchmarking.memory import peak_growth

CPU = torch.device("cpu")
MB = 10**6


@pytest.mark.skipif(sys.platform != "linux", reason="the mark is Linux's")
def test_what_was_freed_again_is_seen() -> None:
    def run() -> None:
        np.ones(50 * MB, np.float32)  # freed at once

    growth = peak_growth(run, CPU)
    if growth is None:
        pytest.skip("this system does not let a process lower its high-water mark")
    assert 199 * MB <= growth <= 215 * MB


@pytest.mark.skipif(sys.platform != "linux", reason="the mark is Linux's")
def test_what_was_held_before_is_not() -> None:
    held = np.ones(50 * MB, np.float32)
    np.ones(100 * MB, np.float32)  # an earlier peak, of another function
    growth = peak_growth(lambda: held.sum(), CPU)
    if growth is None:
        pytest.skip("this system does not let a process lower its high-water mark")
    assert growth <= 15 * MB


def test_where_nothing_can_be_known_it_still_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syrinx_lab.benchmarking.memory._lower_high_water_mark", lambda: False)
    ran: list[int] = []
    assert peak_growth(lambda: ran.append(1), CPU) is None
    assert ran == [1]
