"""No rate of this machine is better than processors of our time can be; how busy it is is not asked."""

from __future__ import annotations

import torch

from syrinx_lab.benchmarking.machine import describe, describe_rates, measure_rates
from syrinx_lab.benchmarking.timing import threads

CPU = torch.device("cpu")


def test_rates_are_those_of_a_processor() -> None:
    rates = measure_rates(CPU, torch.float32)
    assert 0 < rates.multiply_adds < 1e14
    assert rates.latency > 0.5e-9, "a dependent multiply-add takes some cycles: it was not optimised away"
    assert rates.multiply_adds * rates.latency > 4, "many chains overlap, one does not"
    sizes, bandwidths = zip(*rates.bandwidths)
    assert sizes == tuple(sorted(sizes))
    assert bandwidths == tuple(sorted(bandwidths, reverse=True))
    assert 0 < bandwidths[-1] < 1e13
    assert max(map(len, describe_rates(rates).splitlines())) <= 120


def test_the_machine_is_described_in_a_line() -> None:
    with threads(1):
        line = describe(CPU, torch.float64)
    assert "1 threads" in line
    assert f"torch {torch.__version__}" in line
    assert line.endswith("float64")
