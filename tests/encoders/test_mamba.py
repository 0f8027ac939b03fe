"""The Mamba stack against mambapy, the fused block against PyTorch operations, carried states, initialisation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mambapy.mamba import Mamba as PublicMamba
from mambapy.mamba import MambaConfig
from torch import Tensor, nn

from syrinx_lab.encoders.mamba import Mamba, MambaBlock, MambaState, ResidualBlock, RMSNorm
from syrinx_lab.encoders.selective_scan.kernels.lanes import CHUNK


def public_stack(d_model: int = 2, n_layers: int = 3, d_state: int = 4, expand: int = 10) -> PublicMamba:
    """mambapy's stack, with every parameter moved off its initial value."""
    torch.manual_seed(3)
    stack = PublicMamba(MambaConfig(d_model, n_layers, d_state=d_state, expand_factor=expand))
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return stack


def results(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The output and the gradients of a fixed mixture of it, by name."""
    x = x.clone().requires_grad_()
    module.zero_grad()
    y = module(x)
    mixture = torch.randn(y.shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64).to(y)
    (y * mixture).sum().backward()
    grads = {name: p.grad for name, p in [("x", x), *module.named_parameters()]}
    return {"y": y.detach()} | {name: grad.clone() for name, grad in grads.items() if grad is not None}


def assert_agree(found: dict[str, Tensor], wanted: dict[str, Tensor], tolerance: float) -> None:
    """Largest deviation of each tensor at most `tolerance` of the reference's largest value."""
    assert found.keys() == wanted.keys()
    for name, b in wanted.items():
        error = (found[name].double() - b.double()).abs().max() / b.double().abs().max()
        assert error <= tolerance, f"{name}: {float(error):.1e}"


@pytest.mark.parametrize("backend", ["auto", "parallel"])
def test_agrees_with_mambapy(backend: str) -> None:
    """Same weights, same numbers; mambapy computes A in float32, hence 1e-6 in float64. In float32, rounding alone."""
    public = public_stack()
    ours = Mamba(2, 3, d_state=4, expand=10, backend=backend)
    ours.load_state_dict(public.state_dict(), strict=True)
    public.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(2, CHUNK + 50, 2, generator=torch.Generator().manual_seed(1))
    exact = results(public.double(), x.double())
    assert_agree(results(ours.double(), x.double()), exact, 1e-6)
    found = results(ours.float(), x)
    assert all(value.dtype == torch.float32 for value in found.values())
    assert_agree({"y": found["y"]}, {"y": exact["y"]}, 1e-6)
    public_error = results(public.float(), x)
    for name, value in exact.items():
        scale = value.abs().max()
        error, theirs = ((r[name].double() - value).abs().max() / scale for r in (found, public_error))
        assert error <= max(1e-6, 3 * float(theirs)), f"{name}: ours {float(error):.1e}, mambapy {float(theirs):.1e}"


def test_block_and_norm_agree_with_mambapy() -> None:
    public = public_stack(d_model=3, n_layers=1, d_state=2, expand=2).double()
    x = torch.randn(1, 30, 3, dtype=torch.float64)
    block = MambaBlock(3, d_state=2, expand=2).double()
    block.load_state_dict(public.layers[0].mixer.state_dict(), strict=True)
    assert_agree(results(block, x), results(public.layers[0].mixer, x), 1e-6)
    norm = RMSNorm(3).double()
    norm.load_state_dict(public.layers[0].norm.state_dict(), strict=True)
    assert_agree(results(norm, 1e-3 * x), results(public.layers[0].norm, 1e-3 * x), 1e-12)


def test_parameters_bear_the_published_names_and_shapes() -> None:
    d, i, N, K, R = 40, 80, 16, 4, 3
    shapes = {name: tuple(p.shape) for name, p in MambaBlock(d).named_parameters()}
    assert shapes == {
        "A_log": (i, N),
        "D": (i,),
        "in_proj.weight": (2 * i, d),
        "conv1d.weight": (i, 1, K),
        "conv1d.bias": (i,),
        "x_proj.weight": (R + 2 * N, i),
        "dt_proj.weight": (i, R),
        "dt_proj.bias": (i,),
        "out_proj.weight": (d, i),
    }


def test_published_initialisation() -> None:
    torch.manual_seed(0)
    block = MambaBlock(256, d_state=8, expand=4)
    rates = -torch.exp(block.A_log)
    torch.testing.assert_close(rates, -torch.arange(1.0, 9.0).repeat(1024, 1), rtol=1e-6, atol=0)
    assert torch.equal(block.D, torch.ones(1024))
    weight = block.dt_proj.weight.detach()
    assert weight.shape == (1024, 16)
    assert 0.99 * 0.25 < weight.abs().max() <= 0.25
    assert abs(float(weight.mean())) < 0.01
    logs = torch.log10(torch.nn.functional.softplus(block.dt_proj.bias.detach()))
    assert logs.min() >= -3 - 1e-4
    assert logs.max() <= -1 + 1e-4
    assert abs(float(logs.mean()) + 2) < 0.06
    assert abs(float(logs.std()) - 2 / 12**0.5) < 0.03


CASES: Sequence[dict[str, int]] = (
    {"d_model": 2, "expand": 10, "d_state": 4, "d_conv": 4, "length": CHUNK + 37},
    {"d_model": 1, "expand": 1, "d_state": 1, "d_conv": 1, "length": 20},
    {"d_model": 5, "expand": 3, "d_state": 3, "d_conv": 6, "length": 4, "dt_rank": 2},
    {"d_model": 20, "expand": 1, "d_state": 2, "d_conv": 3, "length": 33},  # too wide to be fused whole
)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("module", [MambaBlock, ResidualBlock])
def test_fused_agrees_with_operations(case: dict[str, int], module: type[nn.Module]) -> None:
    sizes = {name: value for name, value in case.items() if name != "length"}
    torch.manual_seed(1)
    slow = module(**sizes, backend="sequential" if case["length"] < 100 else "parallel").double()
    with torch.no_grad():
        for parameter in slow.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    fast = module(**sizes, backend="fused").double()
    fast.load_state_dict(slow.state_dict())
    x = torch.randn(3, case["length"], case["d_model"], dtype=torch.float64)
    assert_agree(results(fast, x), results(slow, x), 1e-12)
    fast32 = module(**sizes, backend="fused")
    fast32.load_state_dict(slow.state_dict())
    assert_agree(results(fast32, x.float()), results(slow, x), 1e-5)


@settings(max_examples=10, deadline=None)
@given(
    cuts=st.lists(st.integers(1, CHUNK + 20), min_size=1, max_size=3),
    d_conv=st.integers(1, 5),
    backend=st.sampled_from(["fused", "parallel"]),
)
def test_pieces_with_carried_state_are_the_whole(cuts: list[int], d_conv: int, backend: str) -> None:
    """Also pieces shorter than the convolution; gradients go back over the cuts through tails and states."""
    torch.manual_seed(2)
    stack = Mamba(2, 2, d_state=2, d_conv=d_conv, expand=2, backend=backend).double()
    x = torch.randn(2, sum(cuts) + 2, 2, dtype=torch.float64, requires_grad=True)
    weights = [x, *stack.parameters()]
    whole, states = stack.advance(x)
    end = states[1].tail.square().sum() + states[1].scan.sum()
    pieces, carried = [], None
    for piece in x.split([1, *cuts, 1], dim=1):
        out, carried = stack.advance(piece, carried)
        pieces.append(out)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=1e-10, atol=1e-10)
    assert carried is not None
    for after, wanted_after in zip(carried, states):
        torch.testing.assert_close(tuple(after), tuple(wanted_after), rtol=1e-10, atol=1e-10)
    # only the last sample and the last states are looked at, so every earlier gradient has crossed a cut
    wanted = torch.autograd.grad(whole[:, -1].square().sum() + end, weights)
    end = carried[1].tail.square().sum() + carried[1].scan.sum()
    found = torch.autograd.grad(pieces[-1].square().sum() + end, weights)
    assert wanted[0][:, 0].abs().max() > 0
    for a, b in zip(found, wanted):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


def test_block_state_is_what_the_convolution_and_the_scan_remember() -> None:
    block = MambaBlock(2, d_state=3, d_conv=4, expand=2).double()
    x = torch.randn(1, 9, 2, dtype=torch.float64)
    _, state = block.advance(x)
    assert isinstance(state, MambaState)
    torch.testing.assert_close(state.tail, block.in_proj(x[:, -3:])[..., :4].mT, rtol=1e-12, atol=1e-14)
    _, slow = block.advance_by_operations(x)
    torch.testing.assert_close(state.scan, slow.scan, rtol=1e-11, atol=1e-14)


def test_causal() -> None:
    """What comes later changes nothing that came before, bit for bit."""
    torch.manual_seed(0)
    stack = Mamba(2, 2, d_state=4, expand=10)
    x = torch.randn(1, CHUNK + 100, 2)
    changed = torch.cat([x[:, : CHUNK + 50], torch.randn(1, 50, 2)], 1)
    with torch.no_grad():
        a, b = stack(x), stack(changed)
    assert torch.equal(a[:, : CHUNK + 50], b[:, : CHUNK + 50])
    assert not torch.allclose(a[:, CHUNK + 50 :], b[:, CHUNK + 50 :])


def test_checkpointing_changes_no_number() -> None:
    torch.manual_seed(0)
    plain = Mamba(2, 2, d_state=2, expand=2, backend="parallel").double()
    saving = Mamba(2, 2, d_state=2, expand=2, backend="parallel", checkpoint=True).double()
    saving.load_state_dict(plain.state_dict())
    x = torch.randn(1, 40, 2, dtype=torch.float64)
    kept: list[int] = []
    for stack in (plain, saving):
        sizes: list[int] = []

        def keep(t: Tensor, sizes: list[int] = sizes) -> Tensor:
            sizes.append(t.numel())
            return t

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
            stack(x.clone().requires_grad_())
        kept.append(sum(sizes))
    assert kept[1] < kept[0] / 5
    assert_agree(results(saving, x), results(plain, x), 1e-13)


def test_fused_needs_no_gradient_and_keeps_nothing_without() -> None:
    stack = Mamba(2, 1, d_state=2, expand=2)
    x = torch.randn(2, 50, 2)
    with torch.no_grad():
        quiet = stack(x)
    assert not quiet.requires_grad
    assert torch.equal(quiet, stack(x).detach())
    for parameter in stack.parameters():
        parameter.requires_grad_(False)
    assert not stack(x).requires_grad


def test_not_a_number_is_not_swallowed() -> None:
    x = torch.randn(2, 40, 2)
    x[0, 20, 1] = float("nan")
    y = Mamba(2, 2, d_state=4, expand=4)(x)
    assert torch.isnan(y[0, 20:]).all()
    assert torch.isfinite(y[0, :20]).all()
    assert torch.isfinite(y[1]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d_state": 0}, "d_state is 0: it must be at least 1"),
        ({"expand": -1}, "expand is -1"),
        ({"backend": "cpu"}, "unknown scan backend 'cpu'"),
    ],
)
def test_bad_sizes_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MambaBlock(2, **arguments)
    with pytest.raises(ValueError, match="n_layers is 0"):
        Mamba(2, 0)
