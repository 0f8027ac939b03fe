"""Every backend of rollout and selective scan on a device, values and gradients, against the plain one on the CPU.

`python gpu_kernels.py cuda`; called by gpu.sh. On CUDA a backend that falls back to another one has failed.
"""

from __future__ import annotations

import sys
import warnings
from importlib.util import find_spec
from typing import Any

import torch
from gpu_results import TINY, Skip, check
from torch import Tensor

from syrinx_lab.encoders.selective_scan import BACKENDS as SCANS
from syrinx_lab.encoders.selective_scan import selective_scan
from syrinx_lab.ode.right_hand_side import SoftClamp
from syrinx_lab.ode.rollout import BACKENDS, InitialValueProblem, resolve_backend, rollout
from syrinx_lab.types import Drives

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
DEVICE = torch.device(sys.argv[1])
SHAPES = ((1, 1), (3, 32), (15, 1), (15, 32))  # degree, samples between knots
NAMES = ("x", "v", "d stiffness", "d gamma", "d weights", "d x0", "d v0")


def drawn(*shape: int, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    return shift + scale * torch.randn(shape, generator=GENERATOR, dtype=torch.float64)


def worst(found: list[Tensor], expected: list[Tensor]) -> dict[str, float]:
    """Largest difference of each result over the expected one's largest value."""
    pairs = zip(found, expected)
    return {name: float((a.cpu().double() - b).abs().max() / b.abs().max().clamp_min(1e-12)) for name, (a, b) in
            zip(NAMES, pairs)}  # fmt: skip


def agreed(found: list[Tensor], expected: list[Tensor], dtype: torch.dtype, **facts: Any) -> dict[str, Any]:
    differences = worst(found, expected)
    if not max(differences.values()) <= TOLERANCE[dtype]:
        raise AssertionError(f"differs by more than {TOLERANCE[dtype]}: {differences}")
    return {**facts, "largest_difference": max(differences.values())}


def rolled(inputs: list[Tensor], hop: int, horizon: int, backend: str) -> list[Tensor]:
    """x and v of a rollout, and the gradients of a sum that sees every sample."""
    stiffness, gamma, weights, x0, v0 = leaves = [y.detach().clone().requires_grad_() for y in inputs]
    drives = Drives(stiffness, gamma, weights, hop)
    run = rollout(
        InitialValueProblem(drives, (x0, v0), horizon, step=0.6, clamp=SoftClamp(0.5, 1.0), adjoint_decay=0.99), backend
    )
    slope = torch.linspace(0.5, 1.5, horizon, device=run.x.device, dtype=run.x.dtype)
    (run.x * slope + run.v * slope.flip(0)).sum().backward()
    return [run.x.detach(), run.v.detach(), *(y.grad for y in leaves)]  # type: ignore[misc]


def rollouts(degree: int, hop: int, dtype: torch.dtype, batch: int, horizon: int) -> None:
    knots = -(-(horizon - 1) // hop) + 1
    side = degree + 1
    inputs = [drawn(batch, knots, scale=0.02, shift=0.2), drawn(batch, knots, scale=0.05),
              drawn(batch, knots, side, side, scale=0.1), drawn(batch, scale=0.1), drawn(batch, scale=0.1)]  # fmt: skip
    inputs[2][..., 1, 0] = inputs[2][..., 0, 1] = 0.0
    expected = rolled(inputs, hop, horizon, "eager")
    moved = [y.to(DEVICE, dtype) for y in inputs]
    for backend in ("eager", "cudagraph") if TINY else BACKENDS:  # the others compile for a while

        def compare(backend: str = backend) -> dict[str, Any]:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                choice = resolve_backend(backend, DEVICE, dtype)
                found = rolled(moved, hop, horizon, backend)
            if choice.name != backend:
                why = "; ".join(str(one.message) for one in caught if "backend" in str(one.message))
                if DEVICE.type != "cuda":
                    raise Skip(f"runs as {choice.name} on {DEVICE.type}: {why}")
                raise AssertionError(f"fell back to {choice.name}: {why}")
            return agreed(found, expected, dtype, runs_as=str(choice))

        check(f"rollout {backend} P={degree} hop={hop} {str(dtype)[6:]} B={batch} H={horizon}", compare)


def scanned(inputs: list[Tensor], backend: str) -> list[Tensor]:
    u, delta, a, b, c, d = leaves = [y.detach().clone().requires_grad_() for y in inputs]
    y, state = selective_scan(u, delta.exp() * 0.1, -a.exp(), b, c, d, backend=backend)
    (y.sum() + state.square().sum()).backward()
    return [y.detach(), state.detach(), *(leaf.grad for leaf in leaves)]  # type: ignore[misc]


def scans(dtype: torch.dtype, batch: int, length: int, inner: int, states: int) -> None:
    inputs = [drawn(batch, length, inner), drawn(batch, length, inner), drawn(inner, states, scale=0.3),
              drawn(batch, length, states), drawn(batch, length, states), drawn(inner)]  # fmt: skip
    expected = scanned(inputs, "sequential")
    moved = [y.to(DEVICE, dtype) for y in inputs]
    for backend in ("sequential", "parallel", "triton") if TINY else SCANS:

        def compare(backend: str = backend) -> dict[str, Any]:
            if backend == "fused" and DEVICE.type != "cpu":
                raise Skip("runs on the CPU alone")
            if backend in ("cuda", "triton") and DEVICE.type != "cuda":
                raise Skip("needs a CUDA GPU")
            if backend == "cuda" and (find_spec("mamba_ssm") is None or dtype == torch.float64):
                raise Skip("mamba_ssm is not installed" if dtype != torch.float64 else "mamba_ssm has no float64")
            return agreed(scanned(moved, backend), expected, dtype)

        check(f"scan {backend} {str(dtype)[6:]} B={batch} L={length}", compare)


if __name__ == "__main__":
    GENERATOR = torch.Generator().manual_seed(0)
    for dtype in (torch.float32,) if TINY else (torch.float64, torch.float32):
        scans(dtype, 2, 17 if TINY else 257, 8, 4)
        # without a GPU compilers take a minute a case: one shape, which has all that a shape can have
        for degree, hop in ((1, 4),) if TINY else ((3, 32),) if DEVICE.type == "cpu" else SHAPES:
            rollouts(degree, hop, dtype, 2 if TINY else 5, 9 if TINY else 65)
