"""Suite `encoder`: a Mamba stack of the published encoder and its gradient, beside mambapy's with the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ..encoders.mamba import Mamba
from .public_mamba import MISSING, public_twin
from .race import SLOW, Bench, Contender, race
from .row import Row
from .work import mamba_work

SUITE = "encoder"
BATCH, LENGTH = 8, 8_820  # 0.1 s at 44.1 kHz, seen backwards and then forwards
D_MODEL, N_LAYERS, D_STATE, D_CONV, EXPAND = 2, 3, 4, 4, 10
REFERENCE = "mambapy"
_SHORT = 64  # samples: enough to warm operations up


def encoder_rows(bench: Bench, *, batch: int = BATCH, length: int = LENGTH) -> Iterator[Row]:
    """The stack as it runs by default (auto), by torch operations alone (parallel), and mambapy's."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(batch, length, D_MODEL, generator=generator).to(bench.device, bench.dtype)
    returning = torch.randn(x.shape, generator=generator).to(x)
    stacks: dict[str, nn.Module] = {}
    for backend in ("auto", "parallel"):
        stack = Mamba(D_MODEL, N_LAYERS, D_STATE, D_CONV, EXPAND, backend=backend).to(x)
        if stacks:
            stack.load_state_dict(stacks["auto"].state_dict())
        stacks[backend] = stack
    ours = stacks["auto"]
    assert isinstance(ours, Mamba)
    try:
        stacks[REFERENCE] = public_twin(ours)
    except ImportError:
        bench.note(MISSING)
    parameters = sum(p.nbytes for p in ours.parameters())
    contenders = [
        Contender(
            suite=SUITE,
            case=f"B={batch} L={length} fwd+bwd",
            backend=name,
            run=forward_backward(stack, x, returning),
            work=mamba_work(batch, length, N_LAYERS, D_MODEL, D_STATE, D_CONV, EXPAND, backward=True),
            inputs_bytes=x.nbytes + parameters,
            stored_bytes=2 * (x.nbytes + parameters),
            batch=batch,
            horizon=length,
            warm_up=None if name == "auto" else forward_backward(stack, x[:, :_SHORT], returning[:, :_SHORT]),
            effort=None if name == "auto" else SLOW,
            reference=name == REFERENCE,
        )
        for name, stack in stacks.items()
    ]
    yield from race(contenders, bench)


def forward_backward(stack: nn.Module, x: Tensor, returning: Tensor) -> Callable[[], tuple[Tensor, ...]]:
    """What is timed: the output, and the gradients of the input and of every parameter."""
    leaf = x.detach().requires_grad_()
    wanted = [leaf, *stack.parameters()]
    return lambda: torch.autograd.grad(stack(leaf), wanted, returning)
