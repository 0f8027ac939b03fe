"""Every backend of the selective scan against the recurrence itself: values, all gradients, carried states."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from syrinx_lab.encoders.selective_scan import cuda, selective_scan
from syrinx_lab.encoders.selective_scan.cuda import cuda_scan
from syrinx_lab.encoders.selective_scan.kernels.lanes import CHUNK

NAMES = ("u", "delta", "A", "B", "C", "D", "state")


def problem(
    batch: int, length: int, inner: int, states: int, dtype: torch.dtype = torch.float64, seed: int = 0
) -> list[Tensor]:
    """u, delta, A, B, C, D, state of a well-conditioned scan, all asking for gradients."""
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    tensors = [
        normal(batch, length, inner),
        torch.nn.functional.softplus(normal(batch, length, inner) - 1),
        -torch.exp(normal(inner, states) * 0.5),
        normal(batch, length, states),
        normal(batch, length, states),
        normal(inner),
        normal(batch, inner, states),
    ]
    return [t.to(dtype).requires_grad_() for t in tensors]


def run(tensors: list[Tensor], backend: str, with_state: bool = True) -> tuple[list[Tensor], list[Tensor]]:
    """Results (y, last state) and the gradients of a fixed mixture of both."""
    state = tensors[6] if with_state else None
    y, last = selective_scan(*tensors[:6], state=state, backend=backend)
    g = torch.Generator().manual_seed(99)
    loss = (y * torch.randn(y.shape, generator=g, dtype=torch.float64)).sum()
    loss = loss + (last * torch.randn(last.shape, generator=g, dtype=torch.float64)).sum()
    return [y, last], list(torch.autograd.grad(loss, tensors[: 7 if with_state else 6]))


def assert_agree(found: list[Tensor], wanted: list[Tensor], tolerance: float) -> None:
    """Largest deviation of each tensor at most `tolerance` of the reference's largest value."""
    for name, a, b in zip(("y", "last", *NAMES), found, wanted):
        assert a.shape == b.shape, name
        error = (a.double() - b.double()).abs().max() / b.abs().max().double().clamp_min(1e-12)
        assert error <= tolerance, f"{name}: {float(error):.1e}"


def test_sequential_is_the_geometric_series() -> None:
    """A constant step and a unit impulse: h_t = delta a^t with a = exp(delta A), summed over two states."""
    steps, delta = 50, 0.3
    rates = torch.tensor([[-0.5, -2.0]], dtype=torch.float64)
    u = torch.zeros(1, steps, 1, dtype=torch.float64)
    u[0, 0, 0] = 2.0
    ones = torch.ones(1, steps, 2, dtype=torch.float64)
    y, last = selective_scan(
        u, torch.full_like(u, delta), rates, ones, ones * 3, torch.tensor([0.25]).double(), backend="sequential"
    )
    t = torch.arange(steps)
    h = 2 * delta * torch.exp(delta * rates * t[:, None])
    expected = 3 * h.sum(1)
    expected[0] += 0.25 * 2
    torch.testing.assert_close(y[0, :, 0], expected, rtol=1e-13, atol=0)
    torch.testing.assert_close(last[0, 0], h[-1], rtol=1e-13, atol=0)


@pytest.mark.parametrize("backend", ["parallel", "fused"])
@pytest.mark.parametrize("length", [1, 16, 17, CHUNK, CHUNK + 1])
def test_backends_agree_in_float64(backend: str, length: int) -> None:
    tensors = problem(2, length, 3, 4, seed=length)
    values, gradients = run(tensors, backend)
    wanted, wanted_gradients = run(tensors, "sequential")
    assert_agree(values + gradients, wanted + wanted_gradients, 1e-12)


@pytest.mark.parametrize("backend", ["parallel", "fused"])
def test_backends_agree_in_float32(backend: str) -> None:
    tensors = problem(2, 600, 5, 4, torch.float32)
    exact = [t.detach().double().requires_grad_() for t in tensors]
    values, gradients = run(tensors, backend)
    assert all(t.dtype == torch.float32 for t in values + gradients)
    wanted, wanted_gradients = run(exact, "sequential")
    assert_agree(values + gradients, wanted + wanted_gradients, 3e-6)


@settings(max_examples=15, deadline=None)
@given(
    batch=st.integers(1, 3),
    length=st.integers(1, 70),
    inner=st.integers(1, 5),
    states=st.integers(1, 6),
    with_state=st.booleans(),
    backend=st.sampled_from(["parallel", "fused"]),
)
def test_backends_agree_in_any_shape(
    batch: int, length: int, inner: int, states: int, with_state: bool, backend: str
) -> None:
    tensors = problem(batch, length, inner, states, seed=length)
    values, gradients = run(tensors, backend, with_state)
    wanted, wanted_gradients = run(tensors, "sequential", with_state)
    assert_agree(values + gradients, wanted + wanted_gradients, 1e-11)


@pytest.mark.parametrize("backend", ["parallel", "fused"])
def test_gradcheck(backend: str) -> None:
    tensors = problem(1, 19, 2, 3)

    def scan(*args: Tensor) -> tuple[Tensor, Tensor]:
        return selective_scan(*args[:6], state=args[6], backend=backend)

    assert torch.autograd.gradcheck(scan, tensors, fast_mode=True)
    if backend == "parallel":
        assert torch.autograd.gradgradcheck(scan, problem(1, 18, 1, 2), fast_mode=True)


@pytest.mark.parametrize("backend", ["parallel", "fused"])
def test_strong_decay_neither_overflows_nor_leaks(backend: str) -> None:
    """exp(sum of delta A) leaves float32 after a few steps here; what is remembered is the last input alone."""
    length = 3000
    u, _, _, B, C, D, _ = problem(1, length, 2, 2, torch.float32)
    delta = torch.full((1, length, 2), 40.0)
    A = torch.tensor([[-1.0, -3.0], [-2.0, -16.0]])
    y, last = selective_scan(u, delta, A, B, C, D, backend=backend)
    expected = 40 * u * (B * C).sum(-1, keepdim=True) + D * u
    torch.testing.assert_close(y, expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(last, 40 * u[:, -1, :, None] * B[:, -1, None], rtol=1e-6, atol=0)
    assert all(torch.isfinite(g).all() for g in torch.autograd.grad(y.sum(), (u, B, C, D)))


@pytest.mark.parametrize("backend", ["parallel", "fused", "sequential"])
def test_two_pieces_are_the_whole(backend: str) -> None:
    """The state carries values forward and gradients back over the cut."""
    tensors = problem(2, 90, 3, 2)
    u, delta, A, B, C, D, state = tensors
    whole, whole_last = selective_scan(*tensors[:6], state=state, backend=backend)
    first, middle = selective_scan(u[:, :33], delta[:, :33], A, B[:, :33], C[:, :33], D, state=state, backend=backend)
    second, last = selective_scan(u[:, 33:], delta[:, 33:], A, B[:, 33:], C[:, 33:], D, state=middle, backend=backend)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(last, whole_last, rtol=1e-12, atol=1e-12)
    wanted = torch.autograd.grad(whole[:, 33:].square().sum() + whole_last.sum(), tensors)
    found = torch.autograd.grad(second.square().sum() + last.sum(), tensors)
    for name, a, b in zip(NAMES, found, wanted):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10, msg=name)
    assert wanted[0][:, :33].abs().max() > 0.1


def test_fused_takes_strided_inputs_and_leaves_all_as_they_were() -> None:
    u, delta, A, B, C, D, state = (t.detach() for t in problem(2, 40, 3, 2))
    u2, delta2, A2, B2, C2 = (t.transpose(0, -1).contiguous().transpose(0, -1) for t in (u, delta, A, B, C))
    u2.requires_grad_()
    given = (u2, delta2, A2, B2, C2, D, state)
    before = [t.clone() for t in given]
    y, last = selective_scan(u2, delta2, A2, B2, C2, D, state=state, backend="fused")
    wanted, wanted_last = selective_scan(u, delta, A, B, C, D, state=state, backend="sequential")
    torch.testing.assert_close(y, wanted, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(last, wanted_last, rtol=1e-12, atol=1e-12)
    (y[..., ::2].sum() + last.mT.sum()).backward()  # gradients that come in strided
    assert all(torch.equal(a, b) for a, b in zip(given, before))


def test_fused_is_the_same_on_one_thread_and_on_two() -> None:
    tensors = problem(1, 300, 4, 2, torch.float32)
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2):
            torch.set_num_threads(count)
            values, gradients = run(tensors, "fused")
            results.append(values + [gradients[k] for k in (0, 1, 2, 5, 6)])
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(*results))


def stand_in(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor) -> Tensor:
    """mamba_ssm's selective_scan_fn for the arguments used here: (B, i, L) and (B, N, L), from zero, y alone."""
    assert u.is_contiguous()
    assert B.is_contiguous()
    y, _ = selective_scan(u.mT, delta.mT, A, B.mT, C.mT, D, backend="sequential")
    return y.mT


@pytest.mark.parametrize("with_state", [False, True])
def test_cuda_bookkeeping_with_a_stand_in_kernel(monkeypatch: pytest.MonkeyPatch, with_state: bool) -> None:
    """First and last states travel as samples before and after the recording, exactly and with their gradients."""
    monkeypatch.setattr(cuda, "selective_scan_fn", stand_in)
    tensors = problem(2, 21, 3, 4)
    values, gradients = run(tensors, "cuda", with_state)
    wanted, wanted_gradients = run(tensors, "sequential", with_state)
    assert_agree(values + gradients, wanted + wanted_gradients, 1e-12)


def test_cuda_state_survives_rates_of_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "selective_scan_fn", stand_in)
    u, delta, _, B, C, D, state = problem(1, 5, 2, 16)
    A = -torch.logspace(-6, 3, 16, dtype=torch.float64).repeat(2, 1)
    found = cuda_scan(u, delta, A, B, C, D, state)
    wanted = selective_scan(u, delta, A, B, C, D, state=state, backend="sequential")
    assert_agree(list(found), list(wanted), 1e-12)


def test_what_cannot_run_says_so_in_one_line() -> None:
    tensors = problem(1, 4, 2, 2)
    with pytest.raises(ValueError, match=r"unknown scan backend 'magic': choose one of auto, fused"):
        selective_scan(*tensors[:6], backend="magic")
    with pytest.raises(ValueError, match=r"backend 'fused' runs on cpu in float32 or float64, not on cpu in torch.bf"):
        selective_scan(*(t.bfloat16() for t in tensors[:6]), backend="fused")
    if cuda.selective_scan_fn is None:
        with pytest.raises(ValueError, match="needs the package mamba-ssm"):
            selective_scan(*tensors[:6], backend="cuda")


def test_auto_is_fused_where_it_runs_and_parallel_elsewhere() -> None:
    tensors = problem(1, 40, 2, 2)
    y, _ = selective_scan(*tensors[:6])
    assert "_FusedScan" in type(y.grad_fn).__name__
    short = [t.detach().bfloat16() for t in tensors]
    y, _ = selective_scan(*short[:6])
    exact, _ = selective_scan(*(t.double() for t in short[:6]), backend="sequential")
    assert y.dtype == torch.bfloat16
    assert (y.double() - exact).abs().max() < 0.05 * exact.abs().max()
