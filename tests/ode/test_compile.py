"""The backend of compiled steps, traced without generating code, and once truly compiled; and its ways out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import torch
from graph_problems import Problem, assert_agree, problems
from torch._dynamo.utils import counters

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import InitialValueProblem, choose_backend, cudagraph, eager, resolve_backend
from syrinx_lab.ode.rollout import compile as compiled

CLAMP = SoftClamp(0.5, 1.0)
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(cudagraph, "_refusals", {})
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="backend")  # else what cannot be compiled would be eager's
        yield


def graphs() -> int:
    return counters["stats"]["unique_graphs"]


@pytest.mark.parametrize(
    ("degree", "dtype", "batches", "clamp", "rate", "decay"),
    [
        (1, torch.float64, (5,), None, 0.15, 1.0),
        (3, torch.float64, (1, 5), CLAMP, 0.15, 0.9),
        (3, torch.float32, (5,), None, None, 0.9),
        (15, torch.float64, (5,), CLAMP, None, 0.9),
        (15, torch.float32, (5,), CLAMP, 0.15, 1.0),
    ],
)
def test_values_and_gradients_agree_with_eager(
    degree: int,
    dtype: torch.dtype,
    batches: tuple[int, ...],
    clamp: SoftClamp | None,
    rate: float | None,
    decay: float,
) -> None:
    for problem in problems(degree, dtype, batches):
        expected = problem.solve(eager.integrate, clamp, rate, decay)
        assert_agree(problem.solve(compiled.integrate, clamp, rate, decay), expected)


def test_one_graph_serves_every_horizon_and_rate_and_two_every_batch() -> None:
    clamp = SoftClamp(0.51, 1.0)  # a setting of this test alone
    assert compiled.runs_on(CPU)
    before = graphs()
    first = Problem(3, 5, 2, torch.float64)
    first.inputs = (*first.inputs[:3], *(y.detach() for y in first.inputs[3:]))  # a cold start
    first.solve(compiled.integrate, clamp, 0.1, 0.9)
    assert graphs() == before + 1
    before = graphs()
    for horizon, hop, rate in ((9, 1, 0.1), (2, 1, 0.2), (20, 4, 0.3)):
        Problem(3, horizon, 2, torch.float64, hop).solve(compiled.integrate, clamp, rate, 0.9)
    assert graphs() == before
    for batch in (4, 7):
        Problem(batch, 5, 2, torch.float64).solve(compiled.integrate, clamp, 0.1, 0.9)
    assert graphs() == before + 1


def test_many_settings_do_not_use_the_compiler_up() -> None:
    """torch gives up after eight graphs of one definition; the tenth setting must still be compiled."""
    problem = Problem(3, 3, 1, torch.float64)
    problem.inputs = tuple(y.detach() for y in problem.inputs)
    for number in range(10):
        before = graphs()
        clamp = SoftClamp(0.52, 1.0 + number)
        assert_agree(problem.solve(compiled.integrate, clamp), problem.solve(eager.integrate, clamp))
        assert graphs() == before + 1


@pytest.mark.parametrize("needed", [(), (2,), (3,), (0, 1, 2)])
def test_only_what_needs_a_gradient_gets_one(needed: tuple[int, ...]) -> None:
    problem = Problem(5, 6, 1, torch.float64)
    problem.inputs = tuple(y.detach().requires_grad_(n in needed) for n, y in enumerate(problem.inputs))
    found = problem.solve(compiled.integrate, CLAMP)
    assert found[0].requires_grad == bool(needed)
    assert_agree(found, problem.solve(eager.integrate, CLAMP))


def test_where_nothing_compiles_cudagraph_is_called_after_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = count()

    def broken(*arguments: Any) -> None:
        next(tries)
        raise RuntimeError("no compiler: give CXX\nand a page more")

    monkeypatch.setattr(compiled, "COMPILER", broken)
    called: list[int] = []

    def capture_less(problem: InitialValueProblem) -> Any:
        called.append(problem.horizon)
        return eager.integrate(problem)

    monkeypatch.setattr(cudagraph, "integrate", capture_less)
    problem = Problem(2, 6, 1, torch.float64)
    with pytest.warns(UserWarning, match="compile falls back to cudagraph on cpu: .*no compiler: give CXX") as caught:
        found = problem.solve(compiled.integrate, CLAMP)
    assert len(caught) == 1
    assert_agree(found, problem.solve(eager.integrate, CLAMP))
    problem.solve(compiled.integrate, CLAMP)
    assert called == [6, 6]
    assert next(tries) == 1, "tried once"
    with pytest.warns(UserWarning, match="cudagraph runs as eager"):
        choice = resolve_backend("compile", CPU)
    assert str(choice) == "eager (a Python loop, CPU, float32), in place of compile"
    assert not choice.graph


def test_what_is_reported_is_what_runs() -> None:
    assert str(resolve_backend("auto", CPU, torch.float64)) == "fused (Numba, CPU, float64)"
    assert str(resolve_backend("compile", CPU)) == "compile (one compiled step in a Python loop, CPU, float32)"
    assert str(resolve_backend("scan", CPU)) == "scan (a fold in Python, CPU, float32)"
    with pytest.warns(UserWarning, match="cudagraph runs as eager on cpu"):
        assert resolve_backend("cudagraph", CPU).name == "eager"
    graph = {name: resolve_backend(name, CPU).graph for name in ("eager", "compile", "cudagraph", "scan", "fused")}
    assert [name for name, is_graph in graph.items() if is_graph] == ["compile"]


@pytest.mark.parametrize(
    ("triton", "capability", "dtype", "expected"),
    [
        (True, (9, 0), torch.float32, "fused"),
        (True, (9, 0), torch.bfloat16, "compile"),
        (True, (6, 1), torch.bfloat16, "cudagraph"),
        (False, (9, 0), torch.float32, "cudagraph"),
    ],
)
def test_auto_on_cuda_goes_down_a_ladder(
    triton: bool, capability: tuple[int, int], dtype: torch.dtype, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("fused", "compiling"):
        monkeypatch.setattr(f"syrinx_lab.ode.rollout.{module}.find_spec", lambda name: name if triton else None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert choose_backend("auto", CUDA, dtype) == expected
    assert choose_backend("auto", torch.device("mps")) == "eager"
    assert choose_backend("auto", CPU, torch.bfloat16) == "eager"


@pytest.mark.slow
def test_generated_code_agrees_with_eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "COMPILER", "inductor")
    problem = Problem(5, 33, 3, torch.float64)
    found = problem.solve(compiled.integrate, CLAMP, 0.15, 0.9)
    assert compiled.runs_on(CPU), "g++ is there"
    assert_agree(found, problem.solve(eager.integrate, CLAMP, 0.15, 0.9))
