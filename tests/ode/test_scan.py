"""The compiled form of the scan backend, on the CPU through a compiler that generates no code."""

from __future__ import annotations

import pytest
import torch
from graph_problems import Problem, assert_agree
from torch._dynamo.utils import counters

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import eager, scan

CLAMP = SoftClamp(0.5, 1.0)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a device where torch compiles its operator."""
    monkeypatch.setattr(scan, "compiles_on", lambda device: True)
    compiled = scan._compiled_fold
    monkeypatch.setattr(scan, "_compiled_fold", lambda advance, side: compiled(advance, side, "aot_eager"))


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize(
    ("needed", "rate", "decay"),
    [
        ((0, 1, 2, 3, 4), None, 1.0),
        ((0, 1, 2), 0.15, 0.9),  # torch 2.11 drops what flows through a state that needs no gradient of its own
        ((2, 3), 0.15, 1.0),  # and refuses samples that need none
        ((0, 1, 2, 3, 4), None, 0.9),
    ],
)
def test_torchs_scan_operator_computes_the_same(needed: tuple[int, ...], rate: float | None, decay: float) -> None:
    problem = Problem(3, 6, 3, torch.float64)
    problem.inputs = tuple(y.detach().requires_grad_(n in needed) for n, y in enumerate(problem.inputs))
    expected = problem.solve(eager.integrate, CLAMP, rate, decay)
    assert len(expected) == 2 + len(needed)
    assert_agree(problem.solve(scan.integrate, CLAMP, rate, decay), expected)


@pytest.mark.slow
@pytest.mark.usefixtures("operator")
def test_the_operator_is_compiled_for_two_horizons_and_serves_all_and_every_rate() -> None:
    found = []
    for horizon, hop, rate in ((6, 1, 0.1), (7, 1, 0.1), (19, 1, 0.2), (10, 4, 0.3)):
        before = counters["stats"]["unique_graphs"]
        problem = Problem(3, horizon, 1, torch.float64, hop)
        expected = problem.solve(eager.integrate, None, rate, 0.95)
        assert_agree(problem.solve(scan.integrate, None, rate, 0.95), expected)
        found.append(counters["stats"]["unique_graphs"] - before)
    assert found == [1, 1, 0, 0]


@pytest.mark.parametrize("steering", [(None, 1.0), (0.15, 0.9)])
def test_devices_that_cannot_compile_use_the_python_fold(steering: tuple[float | None, float]) -> None:
    assert not scan.compiles_on(torch.device("cpu"))
    for hop in (1, 4):
        problem = Problem(5, 33, 3, torch.float64, hop)
        assert_agree(problem.solve(scan.integrate, CLAMP, *steering), problem.solve(eager.integrate, CLAMP, *steering))
