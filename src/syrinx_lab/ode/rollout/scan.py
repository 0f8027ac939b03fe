"""The rollout as a functional fold: torch's scan operator where it can be compiled, else the same fold in Python."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ...types import Drives
from ..oscillator import SoftClamp
from .rk4 import rk4_step

State = tuple[Tensor, Tensor]
Samples = tuple[Tensor, Tensor, Tensor]  # stiffness, gamma and weights, time first
Combine = Callable[[State, Samples], tuple[State, State]]

_TRITON_CAPABILITY = (7, 0)  # the oldest CUDA devices that torch.compile generates code for


def integrate(
    drives: Drives, ic: tuple[Tensor, Tensor], horizon: int, step: float, clamp: SoftClamp | None
) -> tuple[Tensor, Tensor]:
    """The trajectory as fold(combine, ic, drives); arguments and result as in `rollout`.

    On CUDA devices of capability 7 and more the fold is torch's scan operator under torch.compile, whose graph does
    not grow with the horizon; should that fail there, one warning is given and the fold is a Python loop.
    """
    if horizon == 1:
        return ic[0].unsqueeze(1), ic[1].unsqueeze(1)
    every = (drives.stiffness, drives.gamma, drives.weights)
    stiffness, gamma, weights = (drive[:, : horizon - 1].movedim(1, 0) for drive in every)
    samples = stiffness, gamma, weights
    if _operator_works(ic[0].device):
        x, v = _compiled_fold(step, clamp)(*_with_gradient(ic), samples)
    else:
        x, v = _fold(_combine(step, clamp), ic, samples)
    return torch.cat((ic[0].unsqueeze(0), x)).T, torch.cat((ic[1].unsqueeze(0), v)).T


@lru_cache(maxsize=16)
def _operator_works(device: torch.device) -> bool:
    """Whether the compiled fold runs on this device, by trying it once on a short one."""
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < _TRITON_CAPABILITY:
        return False
    half = torch.full((1,), 0.5, device=device, requires_grad=True)
    try:
        x, v = _compiled_fold(1.0, None)(
            half, half.clone(), (half.expand(2, 1), half.expand(2, 1), half.expand(2, 1, 2, 2))
        )
        (x + v).sum().backward()
    except Exception as error:  # what a compiler throws is not one family
        reason = str(error).strip().split("\n")[0]
        warnings.warn(
            f"backend scan runs as a Python loop on {device}: torch cannot compile it ({reason})", stacklevel=2
        )
        return False
    return True


def _combine(step: float, clamp: SoftClamp | None) -> Combine:
    """One step, as fold wants it: (state, samples) -> (next state, output)."""

    def combine(state: State, samples: Samples) -> tuple[State, State]:
        following = rk4_step(*state, *samples, step, clamp)
        return following, following

    return combine


def _fold(combine: Combine, state: State, samples: Samples) -> State:
    """Carry the state through the samples and stack the outputs along time."""
    outputs = []
    for sample in zip(*(drive.unbind() for drive in samples)):
        state, output = combine(state, sample)
        outputs.append(output)
    x, v = zip(*outputs)
    return torch.stack(x), torch.stack(v)


@lru_cache(maxsize=16)
def _compiled_fold(step: float, clamp: SoftClamp | None, compiler: str = "inductor") -> Callable[..., State]:
    """`_fold` through torch's scan operator, compiled: (x, v, samples) -> outputs."""
    from torch._higher_order_ops.scan import scan

    logging.getLogger("torch._higher_order_ops.partitioner").setLevel(logging.WARNING)  # torch 2.11 prints its graphs

    def combine(state: State, samples: Samples) -> tuple[State, State]:
        x, v = rk4_step(*state, *samples, step, clamp)
        return (x, v), (x.clone(), v.clone())  # the operator refuses outputs that share memory with the state

    def fold(x: Tensor, v: Tensor, samples: Samples) -> State:
        _, outputs = scan(combine, (x, v), samples)
        return outputs

    return torch.compile(fold, backend=compiler, fullgraph=True)


def _with_gradient(ic: State) -> State:
    """The state, made to require a gradient: else torch 2.11's scan drops the gradient that flows through the state."""
    x, v = (y if y.requires_grad or not torch.is_grad_enabled() else y.detach().requires_grad_() for y in ic)
    return x, v
