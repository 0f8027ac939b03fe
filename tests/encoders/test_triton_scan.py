"""The Triton kernels of the selective scan: in Triton's interpreter everywhere, on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import Tensor

from syrinx_lab.encoders.selective_scan import selective_scan
from syrinx_lab.encoders.selective_scan.sequential import sequential_scan

pytest.importorskip("triton")
from triton_without_gpu import compiled_only, interpreted, spilled_bytes

triton_scan = import_module("syrinx_lab.encoders.selective_scan.triton_scan")  # the function bears its name too
KERNELS = "syrinx_lab.encoders.selective_scan.triton_kernels"
NAMES = ("y", "last", "u", "delta", "A", "B", "C", "D", "state")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: run in the interpreter only")
Scan = Callable[..., tuple[Tensor, Tensor]]


@pytest.fixture(scope="module", params=["interpreter", pytest.param("cuda", marks=needs_gpu)])
def engine(request: pytest.FixtureRequest) -> tuple[Scan, str]:
    """The scan under test and the device of its tensors."""
    name = "cuda" if request.param == "cuda" else "cpu"
    kernels = import_module(KERNELS) if name == "cuda" else interpreted(KERNELS)

    def scan(*tensors: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return triton_scan.scan(kernels, *tensors, state)

    return scan, name


def problem(
    batch: int, length: int, inner: int, count: int, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> list[Tensor]:
    """u, delta, A, B, C, D and a first state: steps and rates as a trained model has them, from 1e-3 to about 1."""
    generator = torch.Generator().manual_seed(length + 100 * inner + count)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    delta = torch.exp(1.5 * draw(batch, length, inner) - 2)
    rates = -torch.exp(0.7 * draw(inner, count))
    B, C = draw(batch, length, count), draw(batch, length, count)
    tensors = [draw(batch, length, inner), delta, rates, B, C, draw(inner), draw(batch, inner, count)]
    return [t.to(device, dtype).requires_grad_() for t in tensors]


def values_and_gradients(scan: Scan, tensors: list[Tensor], with_state: bool = True) -> list[Tensor]:
    *inputs, state = tensors
    y, last = scan(*inputs, state=state if with_state else None)
    place = torch.arange(y.numel(), device=y.device, dtype=y.dtype).reshape(y.shape)
    loss = (y * torch.cos(place)).sum() + (last * torch.sin(1 + last.detach())).sum()
    wanted = [t for t in (tensors if with_state else inputs) if t.requires_grad]
    return [y, last, *torch.autograd.grad(loss, wanted)]


def assert_agree(found: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    assert len(found) == len(expected)
    for name, a, b in zip(NAMES, found, expected):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert (a - b).abs().max().item() <= tolerance * b.abs().max().item(), name


@pytest.mark.parametrize("with_state", [False, True], ids=["from zero", "from a state"])
@pytest.mark.parametrize(
    ("batch", "length", "inner", "count"),
    [(1, 1, 1, 1), (2, 15, 3, 4), (1, 16, 5, 2), (2, 33, 4, 3), (1, 70, 6, 1)],
)
def test_values_and_gradients_are_those_of_the_definition(
    engine: tuple[Scan, str],
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
    length: int,
    inner: int,
    count: int,
    with_state: bool,
) -> None:
    """One chunk and several, whole and begun; fewer chunks than are scanned at once, and more."""
    scan, device = engine
    monkeypatch.setattr(triton_scan, "_BLOCK", 16)
    monkeypatch.setattr(triton_scan, "_SCAN", 4)
    monkeypatch.setattr(triton_scan, "_COLUMNS", 4)
    tensors = problem(batch, length, inner, count, device=device)
    expected = values_and_gradients(sequential_scan, tensors, with_state)
    assert_agree(values_and_gradients(scan, tensors, with_state), expected, 1e-9)


def test_single_precision(engine: tuple[Scan, str]) -> None:
    scan, device = engine
    tensors = problem(2, 40, 5, 4, torch.float32, device)
    assert_agree(values_and_gradients(scan, tensors), values_and_gradients(sequential_scan, tensors), 1e-4)


def test_steps_so_long_that_all_is_forgotten(engine: tuple[Scan, str]) -> None:
    """exp(delta A) underflows to zero: a kernel that divided by it would give NaN."""
    scan, device = engine
    u, delta, A, B, C, D, state = (t.detach() for t in problem(1, 20, 2, 2, device=device))
    delta[:, 5:9] = 3000.0
    tensors = [t.requires_grad_() for t in (u, delta, A, B, C, D, state)]
    found, expected = values_and_gradients(scan, tensors), values_and_gradients(sequential_scan, tensors)
    assert all(t.isfinite().all() for t in found)
    assert_agree(found, expected, 1e-9)


def test_strided_inputs_are_taken_and_left_as_they_were(engine: tuple[Scan, str]) -> None:
    scan, device = engine
    tensors = problem(2, 18, 3, 2, device=device)
    strided = [t.detach().transpose(0, -1).contiguous().transpose(0, -1).requires_grad_() for t in tensors]
    before = [t.detach().clone() for t in strided]
    assert_agree(values_and_gradients(scan, strided), values_and_gradients(sequential_scan, tensors), 1e-9)
    assert all(torch.equal(a, b) for a, b in zip(strided, before))


def test_two_pieces_with_the_state_carried_are_one(engine: tuple[Scan, str]) -> None:
    scan, device = engine
    u, delta, A, B, C, D, state = (t.detach() for t in problem(1, 30, 3, 2, device=device))
    whole, end = scan(u, delta, A, B, C, D, state=state)
    first, middle = scan(u[:, :11], delta[:, :11], A, B[:, :11], C[:, :11], D, state=state)
    second, last = scan(u[:, 11:], delta[:, 11:], A, B[:, 11:], C[:, 11:], D, state=middle)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(last, end, rtol=1e-12, atol=1e-12)


def test_gradcheck(engine: tuple[Scan, str], monkeypatch: pytest.MonkeyPatch) -> None:
    scan, device = engine
    monkeypatch.setattr(triton_scan, "_SHORTEST", 4)
    monkeypatch.setattr(triton_scan, "_BLOCK", 16)

    def run(*tensors: Tensor) -> tuple[Tensor, Tensor]:
        return scan(*tensors[:-1], state=tensors[-1])

    tensors = problem(1, 6, 2, 2, device=device)
    assert torch.autograd.gradcheck(run, tensors, fast_mode=True, check_undefined_grad=False)


def test_off_cuda_it_says_so() -> None:
    tensors = problem(1, 4, 2, 2)
    with pytest.raises(ValueError, match="backend 'triton' runs on cuda in float32 or float64 where triton is inst"):
        selective_scan(*tensors[:6], backend="triton")


@needs_gpu
def test_a_long_recording_on_hardware() -> None:
    """What the interpreter is too slow for, and that auto runs it in double precision."""
    tensors = problem(8, 8192, 20, 4)
    moved = [t.detach().cuda().requires_grad_() for t in tensors]
    y, _ = selective_scan(*moved[:6], state=moved[6])
    assert "_TritonScan" in type(y.grad_fn).__name__
    found = [t.cpu() for t in values_and_gradients(triton_scan.triton_scan, moved)]

    def reference(*inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return selective_scan(*inputs, state=state, backend="parallel")

    assert_agree(found, values_and_gradients(reference, tensors), 1e-9)


@pytest.mark.parametrize(("count", "dtype"), [(4, torch.float32), (16, torch.float32), (4, torch.float64)])
def test_the_compiler_takes_the_kernels_and_keeps_them_in_registers(
    count: int, dtype: torch.dtype, tmp_path: Path
) -> None:
    """No GPU is needed to compile for one, here of compute capability 9.0."""
    kernels = import_module(KERNELS)

    def scan(*tensors: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return triton_scan.scan(kernels, *tensors, state)

    with compiled_only(tmp_path) as compiled:
        values_and_gradients(scan, problem(1, 100, 20, count, dtype))
    names = [kernel.metadata.name for kernel in compiled]
    assert names == ["summaries", "carries", "outputs", "summaries", "carries", "gradients"]
    assert {name: spilled_bytes(kernel, tmp_path) for name, kernel in zip(names, compiled)} == dict.fromkeys(names, 0)
