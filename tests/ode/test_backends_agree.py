"""Values and every gradient of the fast backends against the eager reference."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from agreement import assert_agree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import Forcing, InitialValueProblem, rollout
from syrinx_lab.types import Drives

CLAMP = SoftClamp(0.5, 1.0)
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
Inputs = tuple[Tensor, ...]  # stiffness, gamma, weights, x, v


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The widths of the compiled lanes follow the threads: keep them the same on every machine."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)


def problem(batch: int, steps: int, degree: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Inputs:
    """A lively but bounded oscillator: every monomial matters, none takes over."""
    generator = torch.Generator().manual_seed(1000 * degree + 10 * steps + batch + seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    power = torch.arange(degree + 1)
    weights = 0.05 * draw(batch, steps, degree + 1, degree + 1) / (1.0 + power[:, None] + power)
    inputs = 0.8 + 0.1 * draw(batch, steps), 0.1 * draw(batch, steps), weights, 0.2 * draw(batch), 0.2 * draw(batch)
    return tuple(y.to(dtype).requires_grad_() for y in inputs)


def values_and_gradients(
    inputs: Inputs,
    horizon: int,
    backend: str,
    clamp: SoftClamp | None,
    step: float = 0.6,
    hop: int = 1,
    **steering: Forcing | float | None,
) -> list[Tensor]:
    drives, start = Drives(*inputs[:3], hop), inputs[3:]
    run = rollout(InitialValueProblem(drives, start, horizon, step=step, clamp=clamp, **steering), backend)  # type: ignore[arg-type]
    place = torch.arange(run.x.numel(), dtype=run.x.dtype).reshape(run.x.shape)
    loss = (run.x * torch.cos(place)).sum() + (run.v * torch.sin(0.7 * place)).sum()
    wanted = [y for y in inputs if y.requires_grad]
    grads = torch.autograd.grad(loss, wanted, allow_unused=True) if wanted else []
    return [run.x, run.v] + [torch.zeros_like(y) if g is None else g for y, g in zip(wanted, grads)]


def data_to_pull_to(inputs: Inputs, horizon: int, rate: float) -> Forcing:
    generator = torch.Generator().manual_seed(horizon)
    x, v = (0.2 * torch.randn(len(inputs[3]), horizon, generator=generator, dtype=torch.float64) for _ in range(2))
    return Forcing(x.to(inputs[3].dtype), v.to(inputs[3].dtype), rate)


def knots(horizon: int, hop: int) -> int:
    """How many it takes, and one to spare."""
    return -(-(horizon - 1) // hop) + 2


def cases() -> Iterator[tuple[int, int]]:
    for batch in (1, 5):
        for horizon in (1, 2, 33):
            yield batch, horizon


@pytest.mark.parametrize("clamp", [None, CLAMP], ids=["free", "clamped"])
@pytest.mark.parametrize("degree", [1, 3, 15])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
def test_scan_and_fused_agree_with_eager(dtype: torch.dtype, degree: int, clamp: SoftClamp | None) -> None:
    for batch, horizon in cases():
        inputs = problem(batch, horizon + 2, degree, dtype)
        expected = values_and_gradients(inputs, horizon, "eager", clamp)
        assert (expected[4][:, horizon - 1 :] == 0).all()  # weights of steps beyond the horizon
        for backend in ("scan", "fused"):
            assert_agree(values_and_gradients(inputs, horizon, backend, clamp), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("clamp", [None, CLAMP], ids=["free", "clamped"])
@pytest.mark.parametrize("degree", [1, 3, 15])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
def test_they_agree_under_forcing_and_with_a_fading_adjoint(
    dtype: torch.dtype, degree: int, clamp: SoftClamp | None
) -> None:
    for batch, horizon in cases():
        inputs = problem(batch, horizon + 2, degree, dtype)
        steering = dict(forcing=data_to_pull_to(inputs, horizon, 0.15), adjoint_decay=0.9)
        expected = values_and_gradients(inputs, horizon, "eager", clamp, **steering)
        if horizon > 2:  # the steering does something
            free = values_and_gradients(inputs, horizon, "eager", clamp)
            assert all((a - b).abs().max() > 1e-3 * b.abs().max() for a, b in zip(free, expected))
        for backend in ("scan", "fused"):
            found = values_and_gradients(inputs, horizon, backend, clamp, **steering)
            assert_agree(found, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("clamp", [None, CLAMP], ids=["free", "clamped"])
@pytest.mark.parametrize("degree", [1, 3, 15])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["double", "single"])
def test_they_agree_at_control_rate(dtype: torch.dtype, degree: int, clamp: SoftClamp | None) -> None:
    for hop in (3, 8, 32):
        for batch, horizon in cases():
            inputs = problem(batch, knots(horizon, hop), degree, dtype)
            expected = values_and_gradients(inputs, horizon, "eager", clamp, hop=hop)
            unused = -(-(horizon - 1) // hop) + 1 if horizon > 1 else 0
            assert (expected[4][:, unused:] == 0).all()
            for backend in ("scan", "fused"):
                found = values_and_gradients(inputs, horizon, backend, clamp, hop=hop)
                assert_agree(found, expected, TOLERANCE[dtype])


def test_knots_are_as_good_as_the_samples_between_them() -> None:
    inputs = problem(5, 5, 15)
    run = rollout(InitialValueProblem(Drives(*inputs[:3], hop=8), inputs[3:], 33, step=0.6, clamp=CLAMP), "fused")
    place = torch.arange(33, dtype=torch.float64)
    below, share = (place // 8).long().clamp(max=3), place / 8 - (place // 8).clamp(max=3)
    dense = [
        y[:, below] + share.reshape(33, *(1,) * (y.dim() - 2)) * (y[:, below + 1] - y[:, below]) for y in inputs[:3]
    ]
    same = rollout(InitialValueProblem(Drives(*dense), inputs[3:], 33, step=0.6, clamp=CLAMP), "fused")
    wanted = inputs[:3]
    found = [run.x, run.v, *torch.autograd.grad(run.x.square().sum(), wanted)]
    assert_agree(found, [same.x, same.v, *torch.autograd.grad(same.x.square().sum(), wanted)], 1e-9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batch=st.sampled_from([1, 4, 5, 6, 7]),
    horizon=st.integers(1, 9),
    spare=st.integers(0, 3),
    degree=st.integers(1, 6),
    clamp=st.sampled_from([None, CLAMP, SoftClamp(0.2, 3.0)]),
    step=st.floats(0.05, 1.0),
    hop=st.integers(1, 7),
    rate=st.sampled_from([0.0, 0.3, 1.0]),
    decay=st.floats(0.5, 1.0),
)
def test_fused_agrees_on_drawn_shapes(
    batch: int,
    horizon: int,
    spare: int,
    degree: int,
    clamp: SoftClamp | None,
    step: float,
    hop: int,
    rate: float,
    decay: float,
) -> None:
    inputs = problem(batch, knots(horizon, hop) + spare, degree)
    steering = dict(forcing=data_to_pull_to(inputs, horizon, rate) if rate else None, adjoint_decay=decay)
    expected = values_and_gradients(inputs, horizon, "eager", clamp, step, hop, **steering)
    assert_agree(values_and_gradients(inputs, horizon, "fused", clamp, step, hop, **steering), expected, 1e-9)


@pytest.mark.parametrize("batch", [16, 19])
def test_fused_agrees_at_the_full_width_of_a_register(batch: int) -> None:
    inputs = problem(batch, 6, 3, torch.float32)
    for hop in (1, 5):
        expected = values_and_gradients(inputs, 6, "eager", CLAMP, hop=hop)
        assert_agree(values_and_gradients(inputs, 6, "fused", CLAMP, hop=hop), expected, 1e-4)


def layouts(inputs: Inputs) -> Iterator[tuple[str, Inputs]]:
    """The same numbers laid out otherwise in memory."""
    stiffness, gamma, weights, x, v = (y.detach() for y in inputs)

    def leaves(*tensors: Tensor) -> Inputs:
        return tuple(y.requires_grad_() for y in tensors)

    padded = torch.nn.functional.pad(weights, (0, 0, 0, 0, 2, 3))
    yield "time slices", leaves(stiffness, gamma, padded[:, 2:-3], x, v)
    yield "time first", leaves(*(y.movedim(1, 0).contiguous().movedim(0, 1) for y in (stiffness, gamma, weights)), x, v)
    yield "matrix transposed", leaves(stiffness, gamma, weights.mT.contiguous().mT, x, v)
    doubled = [y.repeat_interleave(2, -1)[..., ::2] for y in (stiffness, gamma, weights, x, v)]
    yield "every other element", leaves(*doubled)


@pytest.mark.parametrize("batch", [1, 5])
def test_fused_takes_any_layout(batch: int) -> None:
    inputs = problem(batch, 7, 3)
    expected = values_and_gradients(inputs, 6, "eager", CLAMP)
    for name, laid_out in layouts(inputs):
        assert not all(y.is_contiguous() for y in laid_out) or batch == 1, name
        assert_agree(values_and_gradients(laid_out, 6, "fused", CLAMP), expected, 1e-9)


def test_fused_takes_drives_that_were_expanded() -> None:
    stiffness, gamma, weights, x, v = problem(5, 1, 3)
    results = []
    for backend in ("eager", "fused"):
        drives = Drives(stiffness.expand(5, 8), gamma.expand(5, 8), weights.expand(5, 8, 4, 4))
        run = rollout(InitialValueProblem(drives, (x, v), 8, clamp=CLAMP), backend)
        grads = torch.autograd.grad(run.x.square().sum(), (stiffness, gamma, weights, x, v))
        results.append([run.x, run.v, *grads])
    assert_agree(results[1], results[0], 1e-9)


@pytest.mark.parametrize("needed", [(), (0,), (1,), (2,), (3,), (4,), (0, 2), (3, 4), (0, 1, 3, 4)])
@pytest.mark.parametrize("backend", ["scan", "fused"])
def test_only_what_needs_a_gradient_gets_one(backend: str, needed: tuple[int, ...]) -> None:
    inputs = tuple(y.detach().requires_grad_(n in needed) for n, y in enumerate(problem(5, 6, 3)))
    stiffness, gamma, weights, x, v = inputs
    run = rollout(InitialValueProblem(Drives(stiffness, gamma, weights), (x, v), 6, clamp=CLAMP), backend)
    assert run.x.requires_grad == run.v.requires_grad == bool(needed)
    found = values_and_gradients(inputs, 6, backend, CLAMP)
    assert_agree(found, values_and_gradients(inputs, 6, "eager", CLAMP), 1e-9)


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("clamp", [None, SoftClamp(0.4, 0.7)], ids=["free", "clamped"])
def test_fused_gradcheck(batch: int, clamp: SoftClamp | None) -> None:
    def run(stiffness: Tensor, gamma: Tensor, weights: Tensor, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        found = rollout(
            InitialValueProblem(Drives(stiffness, gamma, weights), (x, v), 4, step=0.7, clamp=clamp), "fused"
        )
        return found.x, found.v

    assert torch.autograd.gradcheck(run, problem(batch, 4, 2), fast_mode=batch > 1)


@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_fused_gradcheck_on_knots_and_under_forcing(rate: float) -> None:
    inputs = problem(4, 3, 2)
    forcing = data_to_pull_to(inputs, 6, rate)

    def run(stiffness: Tensor, gamma: Tensor, weights: Tensor, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        drives = Drives(stiffness, gamma, weights, hop=3)
        found = rollout(InitialValueProblem(drives, (x, v), 6, step=0.7, clamp=CLAMP, forcing=forcing), "fused")
        return found.x, found.v

    assert torch.autograd.gradcheck(run, inputs)


def test_inputs_are_left_as_they_were() -> None:
    for backend in ("eager", "scan", "fused"):
        inputs = problem(5, 6, 3)
        before = [y.detach().clone() for y in inputs]
        values_and_gradients(inputs, 6, backend, CLAMP)
        assert all(torch.equal(a, b) for a, b in zip(inputs, before))


def test_a_diverging_run_is_not_hidden() -> None:
    stiffness, gamma, weights, x, v = (y.detach() for y in problem(5, 40, 3))
    weights[..., 3, 0] = -50.0
    for clamp in (None, CLAMP):
        x[2] = float("nan") if clamp else 5.0
        runs = [
            rollout(InitialValueProblem(Drives(stiffness, gamma, weights), (x, v), 40, clamp=clamp), b)
            for b in ("eager", "fused")
        ]
        for a, b in zip((runs[0].x, runs[0].v), (runs[1].x, runs[1].v)):
            assert torch.equal(a.isfinite(), b.isfinite())
        assert not runs[1].x[2].isfinite().all()
