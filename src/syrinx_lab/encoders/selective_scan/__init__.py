"""The selective scan of Mamba: one file a backend, and `selective_scan`, which chooses among them."""

from __future__ import annotations

import torch
from torch import Tensor

from .cuda import cuda_kernels_usable, cuda_scan
from .fused import fused_scan
from .parallel import parallel_scan
from .sequential import sequential_scan
from .triton_scan import triton_scan, triton_usable

__all__ = ["BACKENDS", "check_backend", "selective_scan"]

BACKENDS = ("auto", "fused", "parallel", "sequential", "cuda", "triton")
_SCANS = {
    "fused": fused_scan,
    "parallel": parallel_scan,
    "sequential": sequential_scan,
    "cuda": cuda_scan,
    "triton": triton_scan,
}


def check_backend(backend: str) -> None:
    """Raise ValueError unless `backend` is one of BACKENDS."""
    if backend not in BACKENDS:
        raise ValueError(f"unknown scan backend {backend!r}: choose one of {', '.join(BACKENDS)}")


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    *,
    state: Tensor | None = None,
    backend: str = "auto",
) -> tuple[Tensor, Tensor]:
    """Scan a linear recurrence whose coefficients depend on the input (the selective state space model).

    h_t = exp(delta_t A) h_{t-1} + delta_t u_t B_t,   y_t = sum_n h_t[n] C_t[n] + D u_t

    u        (B, L, i)  input
    delta    (B, L, i)  step sizes, after their softplus: not negative
    A        (i, N)     rates, negative
    B, C     (B, L, N)  what enters the states and what is read from them
    D        (i,)       skip from u to y
    state    (B, i, N)  h before the first step, zeros when None
    backend  auto: mamba_ssm's kernels on CUDA where installed (not in float64); else, in float32 or float64, triton on
             CUDA and fused on a CPU; else parallel

    Returns y (B, L, i) and the last state (B, i, N); gradients reach every argument through both. Backends give the
    same numbers. Raises ValueError for an unknown backend or one that cannot run here. Gu and Dao 2023, section 3.
    """
    check_backend(backend)
    if backend == "auto":
        backend = _fastest(u)
    return _SCANS[backend](u, delta, A, B, C, D, state)


def _fastest(u: Tensor) -> str:
    if cuda_kernels_usable(u):
        return "cuda"
    if triton_usable(u):
        return "triton"
    return "fused" if u.device.type == "cpu" and u.dtype in (torch.float32, torch.float64) else "parallel"
