"""The backend of replayed steps, with a capture that runs on any device, and what becomes of one that fails."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from graph_problems import Problem, assert_agree, problems

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import InitialValueProblem, cudagraph, eager, rollout
from syrinx_lab.types import Drives

CLAMP = SoftClamp(0.5, 1.0)


class Recorder:
    """A capture that keeps the function itself: it runs it three times first, as CUDA does, and counts replays."""

    def __init__(self) -> None:
        self.captures, self.replays = 0, 0

    def __call__(self, function: Callable[[], None], device: torch.device) -> Callable[[], None]:
        self.captures += 1
        for _ in range(3):
            function()

        def replay() -> None:
            self.replays += 1
            function()

        return replay


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No graphs and no refusals of other tests, and a window that the problems outrun."""
    monkeypatch.setattr(cudagraph, "_refusals", {})
    monkeypatch.setattr(cudagraph, "_WINDOW", 8)
    cudagraph._graphs.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # else a step that cannot be captured would be eager's
        yield
    cudagraph._graphs.cache_clear()


@pytest.mark.parametrize("clamp", [None, CLAMP], ids=["free", "clamped"])
@pytest.mark.parametrize("degree", [1, 3, 15])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
def test_values_and_gradients_agree_with_eager(dtype: torch.dtype, degree: int, clamp: SoftClamp | None) -> None:
    replayed = partial(cudagraph.integrate, capture=Recorder())
    for problem in problems(degree, dtype):
        for steering in ((None, 1.0), (0.15, 0.9)):
            assert_agree(problem.solve(replayed, clamp, *steering), problem.solve(eager.integrate, clamp, *steering))


def test_the_published_window_is_moved_along() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cudagraph, "_WINDOW", 64)
        problem = Problem(2, 150, 3, torch.float64)
        replayed = partial(cudagraph.integrate, capture=Recorder())
        assert_agree(problem.solve(replayed, CLAMP, 0.05, 0.95), problem.solve(eager.integrate, CLAMP, 0.05, 0.95))


def test_two_captures_serve_every_horizon_hop_and_rate_with_a_replay_a_step() -> None:
    capture = Recorder()
    replayed = partial(cudagraph.integrate, capture=capture)
    for count, (horizon, hop, rate) in enumerate(((20, 1, 0.1), (61, 1, 0.3), (33, 4, 0.3)), 1):
        before = capture.replays
        problem = Problem(3, horizon, 2, torch.float64, hop)
        assert_agree(problem.solve(replayed, CLAMP, rate), problem.solve(eager.integrate, CLAMP, rate))
        assert capture.captures == 2, f"rollout {count}"
        assert capture.replays - before == 2 * (horizon - 1)
    Problem(4, 20, 2, torch.float64).solve(replayed, CLAMP, 0.1)
    assert capture.captures == 4, "another batch, another memory"


def test_without_gradients_only_the_step_is_captured() -> None:
    capture = Recorder()
    problem = Problem(3, 17, 2, torch.float64)  # two whole windows: the next capture begins at the end of one
    with torch.no_grad():
        stiffness, gamma, weights, *start = problem.inputs
        drives = Drives(stiffness, gamma, weights)
        x, _ = cudagraph.integrate(InitialValueProblem(drives, tuple(start), 17, 0.6, CLAMP, None, 1.0), capture)
    assert capture.captures == 1
    assert not x.requires_grad
    assert_agree(problem.solve(partial(cudagraph.integrate, capture=capture), CLAMP)[:1], [x])
    assert capture.captures == 2


@pytest.mark.parametrize("needed", [(), (0,), (1,), (2,), (3,), (4,), (0, 2), (3, 4)])
def test_only_what_needs_a_gradient_gets_one(needed: tuple[int, ...]) -> None:
    problem = Problem(5, 10, 2, torch.float64)
    problem.inputs = tuple(y.detach().requires_grad_(n in needed) for n, y in enumerate(problem.inputs))
    found = problem.solve(partial(cudagraph.integrate, capture=Recorder()), CLAMP)
    assert found[0].requires_grad == bool(needed)
    assert_agree(found, problem.solve(eager.integrate, CLAMP))


def test_rollouts_may_be_differentiated_in_any_order() -> None:
    """The graphs' memory is shared: nothing of a rollout may stay in it."""
    capture = Recorder()
    first, second = Problem(3, 12, 2, torch.float64), Problem(3, 20, 2, torch.float64)
    expected = [p.solve(eager.integrate, None) for p in (first, second)]

    def run(problem: Problem) -> torch.Tensor:
        stiffness, gamma, weights, *start = problem.inputs
        drives = Drives(stiffness, gamma, weights)
        x, v = cudagraph.integrate(
            InitialValueProblem(drives, tuple(start), problem.horizon, 0.6, None, None, 1.0), capture
        )
        place = torch.arange(x.numel(), dtype=x.dtype).reshape(x.shape)
        return (x * torch.cos(place)).sum() + (v * torch.sin(0.7 * place)).sum()

    losses = [run(first), run(second)]
    for loss, problem, wanted in zip(losses, (first, second), expected):
        assert_agree(list(torch.autograd.grad(loss, problem.inputs)), wanted[2:])


def test_a_capture_that_fails_is_reported_once_and_eager_computes() -> None:
    problem = Problem(5, 12, 3, torch.float64)
    with pytest.warns(UserWarning, match="runs as eager on cpu: .*CUDA graphs need a CUDA device") as caught:
        found = problem.solve(cudagraph.integrate, CLAMP, 0.1, 0.9)
    assert len(caught) == 1
    for a, b in zip(found, problem.solve(eager.integrate, CLAMP, 0.1, 0.9)):
        assert torch.equal(a, b)
    problem.solve(cudagraph.integrate, None)  # another setting, and no second warning
    stiffness, gamma, weights, *start = problem.inputs
    rollout(InitialValueProblem(Drives(stiffness, gamma, weights), tuple(start), 12), "cudagraph")
    assert not cudagraph.runs_on(torch.device("cpu"))


def test_a_driver_that_fails_in_the_adjoint_is_survived_too() -> None:
    calls = []

    def capture(function: Callable[[], None], device: torch.device) -> Callable[[], None]:
        calls.append(function)
        if len(calls) == 2:
            raise RuntimeError("operation not permitted when stream is capturing\nat line 3")
        return function

    problem = Problem(2, 12, 2, torch.float64)
    with pytest.warns(UserWarning, match=r"\(operation not permitted when stream is capturing at line 3\)$"):
        found = problem.solve(partial(cudagraph.integrate, capture=capture), CLAMP)
    assert_agree(found, problem.solve(eager.integrate, CLAMP))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_true_capture_agrees_with_eager() -> None:
    for degree in (1, 3, 15):
        problem = Problem(5, 33, degree, torch.float64)
        expected = problem.solve(eager.integrate, CLAMP, 0.15, 0.9)
        problem.inputs = tuple(y.detach().cuda().requires_grad_() for y in problem.inputs)
        problem.data = tuple(y.cuda() for y in problem.data)
        found = problem.solve(cudagraph.integrate, CLAMP, 0.15, 0.9)
        assert_agree([y.cpu() for y in found], expected)
