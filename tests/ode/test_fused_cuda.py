"""The Triton kernels of the rollout: in Triton's interpreter everywhere, on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import torch
from agreement import assert_agree
from torch import Tensor

from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import Forcing, InitialValueProblem, eager, rollout
from syrinx_lab.types import Drives

pytest.importorskip("triton")
from triton_without_gpu import compiled_only, interpreted, spilled_bytes

FUSED = "syrinx_lab.ode.rollout.fused_cuda"
KERNELS = "syrinx_lab.ode.rollout.triton_kernels"
CLAMP = SoftClamp(0.5, 1.0)
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
Inputs = tuple[Tensor, ...]  # stiffness, gamma, weights, x, v
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: run in the interpreter only")


class Engine(NamedTuple):
    """The backend under test and where its tensors lie."""

    fused: ModuleType
    device: str
    load: Any


@pytest.fixture(scope="module", params=["interpreter", pytest.param("cuda", marks=needs_gpu)])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "cuda":
        return Engine(import_module(FUSED), "cuda", import_module)
    return Engine(interpreted(FUSED, KERNELS), "cpu", lambda name: interpreted(name, KERNELS))


class Case(NamedTuple):
    degree: int
    batch: int
    horizon: int
    hop: int = 1
    clamp: SoftClamp | None = CLAMP
    rate: float = 0.0
    decay: float = 1.0
    spare: int = 2  # knots beyond the horizon


CASES = [
    Case(1, 1, 34, hop=32, clamp=None, decay=0.9, spare=0),
    Case(1, 5, 2, hop=4, rate=0.3),
    Case(3, 5, 1),
    Case(3, 1, 1, hop=4, spare=0, rate=0.3, decay=0.9),
    Case(3, 5, 6, hop=4, rate=0.2, decay=0.9),
    Case(3, 1, 33),
    Case(4, 2, 5, clamp=SoftClamp(0.2, 3.0), spare=0),
    Case(3, 2, 5, clamp=None, rate=1.0),
    Case(15, 5, 2, clamp=None),
    Case(15, 1, 4, hop=32, rate=0.2, decay=0.8),
]
FEWER = [
    Case(1, 5, 2, hop=4),
    Case(3, 5, 4, hop=2, rate=0.2, decay=0.9),
    Case(3, 1, 12, clamp=None),
    Case(15, 1, 4, hop=32, spare=0),
    Case(15, 2, 3),
]


def problem(case: Case, dtype: torch.dtype = torch.float64, device: str = "cpu") -> Inputs:
    """A lively but bounded oscillator: every monomial matters, none takes over."""
    generator = torch.Generator().manual_seed(1000 * case.degree + 10 * case.horizon + case.batch)
    knots = -(-(case.horizon - 1) // case.hop) + 1 + case.spare

    def draw(*shape: int) -> Tensor:
        return torch.randn(case.batch, *shape, generator=generator, dtype=torch.float64)

    power = torch.arange(case.degree + 1)
    weights = 0.05 * draw(knots, case.degree + 1, case.degree + 1) / (1.0 + power[:, None] + power)
    inputs = 0.8 + 0.1 * draw(knots), 0.1 * draw(knots), weights, 0.2 * draw(), 0.2 * draw()
    return tuple(y.to(device, dtype).requires_grad_() for y in inputs)


def forcing_of(case: Case, like: Tensor) -> Forcing | None:
    if case.rate == 0:
        return None
    time = torch.arange(case.horizon, device=like.device, dtype=like.dtype).expand(case.batch, -1)
    return Forcing(0.3 * torch.cos(0.5 * time), 0.3 * torch.sin(0.5 * time), case.rate)


def values_and_gradients(backend: ModuleType, inputs: Inputs, case: Case) -> list[Tensor]:
    stiffness, gamma, weights, x, v = inputs
    drives = Drives(stiffness, gamma, weights, case.hop)
    forcing = forcing_of(case, gamma)
    xs, vs = backend.integrate(InitialValueProblem(drives, (x, v), case.horizon, 0.6, case.clamp, forcing, case.decay))
    place = torch.arange(xs.numel(), device=xs.device, dtype=xs.dtype).reshape(xs.shape)
    loss = (xs * torch.cos(place)).sum() + (vs * torch.sin(0.7 * place)).sum()
    wanted = [y for y in inputs if y.requires_grad]
    grads = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [xs, vs] + [torch.zeros_like(y) if g is None else g for y, g in zip(wanted, grads)]


DOUBLE, SINGLE = ([pytest.param(case, id="-".join(map(str, case[:4]))) for case in cases] for cases in (CASES, FEWER))


@pytest.mark.parametrize("case", DOUBLE)
def test_values_and_gradients_are_those_of_eager(engine: Engine, case: Case) -> None:
    compare(engine, case, torch.float64)


@pytest.mark.parametrize("case", SINGLE)
def test_single_precision_agrees_too(engine: Engine, case: Case) -> None:
    compare(engine, case, torch.float32)


def compare(engine: Engine, case: Case, dtype: torch.dtype) -> None:
    inputs = problem(case, dtype, engine.device)
    expected = values_and_gradients(eager, inputs, case)
    found = values_and_gradients(engine.fused, inputs, case)
    assert_agree(found, expected, TOLERANCE[dtype])
    used = -(-(case.horizon - 1) // case.hop) + (case.hop > 1)
    assert all((grad[:, used:] == 0).all() for grad in found[2:5])


def test_the_adjoint_is_carried_from_scan_to_scan(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(2, 2, 11)
    inputs = problem(case, device=engine.device)
    monkeypatch.setattr(engine.fused, "_SCAN", 4)
    assert_agree(values_and_gradients(engine.fused, inputs, case), values_and_gradients(eager, inputs, case), 1e-9)


def layouts(inputs: Inputs) -> Iterator[tuple[str, Inputs]]:
    """The same numbers laid out otherwise in memory."""
    stiffness, gamma, weights, x, v = (y.detach() for y in inputs)
    padded = torch.nn.functional.pad(weights, (0, 0, 0, 0, 2, 3))
    yield "time slices", (stiffness, gamma, padded[:, 2:-3], x, v)
    yield "time first", (*(y.movedim(1, 0).contiguous().movedim(0, 1) for y in (stiffness, gamma, weights)), x, v)
    yield "matrix transposed", (stiffness, gamma, weights.mT.contiguous().mT, x, v)
    doubled = [y.repeat_interleave(2, -1)[..., ::2] for y in (stiffness, gamma, weights, x, v)]
    yield "every other element", tuple(doubled)


def test_any_layout_will_do(engine: Engine) -> None:
    case = Case(2, 2, 3)
    inputs = problem(case, device=engine.device)
    expected = values_and_gradients(eager, inputs, case)
    for name, laid_out in layouts(inputs):
        assert not all(y.is_contiguous() for y in laid_out), name
        laid_out = tuple(y.requires_grad_() for y in laid_out)
        assert_agree(values_and_gradients(engine.fused, laid_out, case), expected, 1e-9)


def test_drives_may_be_expanded(engine: Engine) -> None:
    case = Case(2, 2, 4)
    first = tuple(y[:, :1].detach().requires_grad_() for y in problem(case, device=engine.device)[:3])
    x, v = problem(case, device=engine.device)[3:]
    results = []
    for backend in (eager, engine.fused):
        stiffness, gamma, weights = first
        drives = Drives(stiffness.expand(2, 4), gamma.expand(2, 4), weights.expand(2, 4, 3, 3))
        xs, vs = backend.integrate(InitialValueProblem(drives, (x, v), 4, 0.5, CLAMP, None, 1.0))
        results.append([xs, vs, *torch.autograd.grad(xs.square().sum(), (*first, x, v))])
    assert_agree(results[1], results[0], 1e-9)


@pytest.mark.parametrize("needed", [(0,), (1,), (2,), (4,), (0, 2), (0, 1, 3, 4)])
def test_only_what_needs_a_gradient_gets_one(engine: Engine, needed: tuple[int, ...]) -> None:
    case = Case(2, 2, 3)
    inputs = tuple(y.detach().requires_grad_(n in needed) for n, y in enumerate(problem(case, device=engine.device)))
    found = values_and_gradients(engine.fused, inputs, case)
    assert_agree(found, values_and_gradients(eager, inputs, case), 1e-9)


def test_without_gradients_nothing_is_kept(engine: Engine) -> None:
    case = Case(2, 2, 3)
    stiffness, gamma, weights, x, v = (y.detach() for y in problem(case, device=engine.device))
    xs, vs = engine.fused.integrate(
        InitialValueProblem(Drives(stiffness, gamma, weights), (x, v), 3, 0.6, CLAMP, None, 1.0)
    )
    assert not xs.requires_grad
    assert xs.grad_fn is vs.grad_fn is None


def test_no_gradient_reaches_the_data_of_a_forcing(engine: Engine) -> None:
    case = Case(2, 1, 3, rate=0.5)
    stiffness, gamma, weights, x, v = problem(case, device=engine.device)
    data = torch.ones(1, 3, device=engine.device, dtype=torch.float64, requires_grad=True)
    drives = Drives(stiffness, gamma, weights)
    xs, _ = engine.fused.integrate(InitialValueProblem(drives, (x, v), 3, 0.6, CLAMP, Forcing(data, data, 0.5), 1.0))
    with pytest.raises(RuntimeError, match="to not have been used"):
        torch.autograd.grad(xs.sum(), data)


@pytest.mark.parametrize("case", [Case(2, 1, 3), Case(1, 2, 3, hop=2, clamp=None, rate=0.3)], ids=["clamped", "knots"])
def test_gradcheck(engine: Engine, case: Case) -> None:
    def run(stiffness: Tensor, gamma: Tensor, weights: Tensor, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        drives = Drives(stiffness, gamma, weights, case.hop)
        return engine.fused.integrate(
            InitialValueProblem(drives, (x, v), 3, 0.7, case.clamp, forcing_of(case, gamma), 1.0)
        )

    assert torch.autograd.gradcheck(
        run, problem(case, device=engine.device), fast_mode=True, check_undefined_grad=False
    )


def test_a_diverging_run_is_not_hidden(engine: Engine) -> None:
    case = Case(4, 2, 12)
    stiffness, gamma, weights, x, v = (y.detach() for y in problem(case, device=engine.device))
    weights[..., 3, 0] = -50.0
    for clamp in (None, CLAMP):
        x[1] = float("nan") if clamp else 5.0
        drives = Drives(stiffness, gamma, weights)
        found, expected = (
            b.integrate(InitialValueProblem(drives, (x, v), 12, 0.6, clamp, None, 1.0)) for b in (engine.fused, eager)
        )
        for a, b in zip(found, expected):
            assert torch.equal(a.isfinite(), b.isfinite())
        assert not found[0][1].isfinite().all()


def test_numbers_reach_double_precision_whole(engine: Engine) -> None:
    """A step of 1/3 that passed through single precision would be wrong by 1e-8 of itself, and so would v."""
    zeros = torch.zeros(1, 2, 2, 2, device=engine.device, dtype=torch.float64)
    nothing, start = Drives(zeros[..., 0, 0], zeros[..., 0, 0], zeros), (zeros[0, 0, 0, :1], zeros[0, 0, 0, :1] + 1)
    xs, _ = engine.fused.integrate(InitialValueProblem(nothing, start, 2, 1 / 3, None, None, 1.0))
    assert abs(xs[0, 1].item() - 1 / 3) < 1e-15


@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 5e-7), (torch.float64, 1e-15)])
def test_tanh(engine: Engine, dtype: torch.dtype, bound: float) -> None:
    """Relative errors; near zero, where the two formulas meet, and far out."""
    small = torch.logspace(-12, 1.5, 2040, dtype=torch.float64)
    special = torch.tensor([0.0, float("inf"), float("nan"), 0.5, 0.49999997, 22.0, 44.5, 1e30], dtype=torch.float64)
    z = torch.cat([small, -small, torch.linspace(-2, 2, 4096 - 8, dtype=torch.float64), special, -special])[:8192]
    z = torch.cat([z, z.new_zeros(8192 - len(z))]).to(engine.device, dtype)
    out = torch.empty_like(z)
    engine.load("triton_tanh").tanh_each[(1,)](z, out, COUNT=8192)
    exact = torch.tanh(z.double())
    assert torch.equal(out.isnan(), z.isnan())
    error = ((out.double() - exact) / exact.abs().clamp_min(1e-300)).nan_to_num().abs()
    assert error.max().item() < bound
    assert out.nan_to_num().abs().max().item() <= 1


@needs_gpu
def test_a_long_rollout_agrees_on_hardware() -> None:
    """Many items, 512 samples, degree 15: what the interpreter is too slow for; the CPU's kernels are the judge."""
    case = Case(15, 32, 512)
    inputs = problem(case, torch.float64)
    results = []
    for device in ("cpu", "cuda"):
        moved = tuple(y.detach().to(device).requires_grad_() for y in inputs)
        run = rollout(InitialValueProblem(Drives(*moved[:3]), moved[3:], 512, step=0.6, clamp=CLAMP), "fused")
        grads = torch.autograd.grad(run.x.square().sum() + run.v.sum(), moved)
        results.append([y.cpu() for y in (run.x, run.v, *grads)])
    assert_agree(results[1], results[0], 1e-9)


@pytest.mark.parametrize(
    ("degree", "dtype", "hop"),
    [(3, torch.float32, 32), (15, torch.float32, 1), (15, torch.float32, 32), (15, torch.float64, 32)],
)
def test_the_compiler_takes_the_kernels_and_keeps_them_in_registers(
    degree: int, dtype: torch.dtype, hop: int, tmp_path: Path
) -> None:
    """No GPU is needed to compile for one, here of compute capability 9.0."""
    case = Case(degree, 2, 65, hop=hop, rate=0.2, decay=0.9)
    with compiled_only(tmp_path) as kernels:
        values_and_gradients(import_module(FUSED), problem(case, dtype), case)
    names = [kernel.metadata.name for kernel in kernels]
    assert names == ["trajectory", "jacobians", "adjoint_states", "drive_gradients"]
    assert {name: spilled_bytes(kernel, tmp_path) for name, kernel in zip(names, kernels)} == dict.fromkeys(names, 0)
