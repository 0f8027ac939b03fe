"""The rollout as a functional fold: torch's scan operator where it can be compiled, else the same fold in Python."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from functools import lru_cache

import torch
from torch import Tensor

from ..control_rate import at_audio_rate
from .advance import Advance
from .compiling import Compiler, code_is_generated_for, compile_apart, in_one_line
from .problem import InitialValueProblem
from .steering import Forcing

State = tuple[Tensor, Tensor]
Samples = tuple[Tensor, ...]  # time first: stiffness, gamma, weights, and what `_pulls` gives where there is any
Combine = Callable[[State, Samples], tuple[State, State]]


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory as fold(combine, ic, drives).

    On CUDA devices of capability 7 and more the fold is torch's scan operator under torch.compile, whose graph does
    not grow with the horizon; should that fail there, one warning is given and the fold is a Python loop.
    """
    ic, horizon, advance = problem.ic, problem.horizon, problem.advance
    if horizon == 1:
        return ic[0].unsqueeze(1), ic[1].unsqueeze(1)
    drives = at_audio_rate(problem.drives, horizon - 1)
    every = (drives.stiffness, drives.gamma, drives.weights, *_pulls(problem.forcing))
    samples = tuple(y[:, : horizon - 1].movedim(1, 0) for y in every)
    if compiles_on(ic[0].device):
        x, v = _compiled_fold(advance, drives.weights.shape[-1])(*_with_gradient(ic), _with_gradient(samples))
    else:
        x, v = _fold(_combine(advance), ic, samples)
    return torch.cat((ic[0].unsqueeze(0), x)).T, torch.cat((ic[1].unsqueeze(0), v)).T


@lru_cache(maxsize=16)
def compiles_on(device: torch.device) -> bool:
    """Whether the compiled fold runs on this device, by trying it once on a short one."""
    if device.type != "cuda" or not code_is_generated_for(device):
        return False
    half = torch.full((1,), 0.5, device=device, requires_grad=True)
    try:
        x, v = _compiled_fold(Advance(1.0, None), 2)(
            half, half.clone(), (half.expand(2, 1), half.expand(2, 1), half.expand(2, 1, 2, 2))
        )
        (x + v).sum().backward()
    except Exception as error:  # what a compiler throws is not one family
        warnings.warn(
            f"backend scan runs as a Python loop on {device}: torch cannot compile it ({in_one_line(error)})",
            stacklevel=2,
        )
        return False
    return True


def _pulls(forcing: Forcing | None) -> Samples:
    """The data and the rate as one (B, H, 3): torch 2.11's scan takes the zero gradients of two tensors for one."""
    if forcing is None:
        return ()
    return (torch.stack((forcing.x, forcing.v, torch.full_like(forcing.x, forcing.rate)), -1).detach(),)


def _combine(advance: Advance) -> Combine:
    """One step, as fold wants it: (state, samples) -> (next state, output)."""

    def combine(state: State, samples: Samples) -> tuple[State, State]:
        stiffness, gamma, weights, *pulls = samples
        forcing = pulls[0].unbind(-1) if pulls else ()
        following = advance(*state, stiffness, gamma, weights, *forcing)
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
def _compiled_fold(advance: Advance, side: int, compiler: Compiler = "inductor") -> Callable[..., State]:
    """`_fold` through torch's scan operator, compiled: (x, v, samples) -> outputs."""
    from torch._higher_order_ops.scan import scan

    logging.getLogger("torch._higher_order_ops.partitioner").setLevel(logging.WARNING)  # torch 2.11 prints its graphs

    one = _combine(advance)

    def combine(state: State, samples: Samples) -> tuple[State, State]:
        (x, v), _ = one(state, samples)
        return (x, v), (x.clone(), v.clone())  # the operator refuses outputs that share memory with the state

    def fold(x: Tensor, v: Tensor, samples: Samples) -> State:
        _, outputs = scan(combine, (x, v), samples)
        return outputs

    return compile_apart(fold, compiler)


def _with_gradient(every: Samples) -> Samples:
    """Tensors made to require a gradient: torch 2.11's scan drops what flows through a state that does not require
    one, and refuses samples that do not require one."""
    if not torch.is_grad_enabled():
        return every
    return tuple(y if y.requires_grad else y.detach().requires_grad_() for y in every)
