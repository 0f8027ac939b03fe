"""The fast backend: the whole rollout as one kernel, and its whole gradient, by hand, as another."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from .problem import InitialValueProblem

_KERNELS = {"cpu": "fused_cpu", "cuda": "fused_cuda"}


def runs_on(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether there is a kernel: for float32 and float64, on a CPU, and on CUDA where Triton is installed."""
    if dtype not in (torch.float32, torch.float64) or device.type not in _KERNELS:
        return False
    return device.type == "cpu" or find_spec("triton") is not None


def integrate(problem: InitialValueProblem) -> tuple[Tensor, Tensor]:
    """The trajectory by the device's kernels, Numba's on a CPU, Triton's on CUDA.

    Forward keeps the trajectory alone; backward computes the stages of each step again and returns the exact gradient
    of every drive and of the initial condition (first derivatives only).

    Raises ValueError when the tensors are not float32 or float64 on a CPU or on CUDA.
    """
    gamma = problem.drives.gamma
    device, dtype = gamma.device, gamma.dtype
    if not runs_on(device, dtype):
        raise ValueError(
            f"backend fused takes float32 or float64 on a CPU, or on CUDA with Triton, got {dtype} on {device}: "
            "choose backend=auto"
        )
    kernels = import_module(f".{_KERNELS[device.type]}", __package__)  # numba or triton, whichever is wanted
    return kernels.integrate(problem)
