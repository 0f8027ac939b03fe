"""Which backend computes a rollout: by name, by device, and after every fallback."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from . import cudagraph, fused, scan
from .compile import runs_on as compiles_on
from .compiling import code_is_generated_for

BACKENDS = ("eager", "compile", "cudagraph", "scan", "fused")


@dataclass(frozen=True)
class ResolvedBackend:
    """What computes the rollouts of a run.

    asked   the backend of the configuration, auto included
    name    the backend that runs
    how     what it runs as, in a few words
    device  CPU, CUDA, ...
    dtype   float32, ...
    graph   whether it replays or compiles graphs
    """

    asked: str
    name: str
    how: str
    device: str
    dtype: str
    graph: bool

    def __str__(self) -> str:
        instead = "" if self.asked in ("auto", self.name) else f", in place of {self.asked}"
        return f"{self.name} ({self.how}, {self.device}, {self.dtype}){instead}"


def choose_backend(backend: str, device: torch.device, dtype: torch.dtype = torch.float32) -> str:
    """The backend that is called: the named one, or for auto the fastest that works on this device.

    auto is fused for float32 and float64 on a CPU, and on CUDA where Triton is installed. Other tensors on CUDA get
    compile where torch generates code (Triton, capability 7): a step is then a few kernels where cudagraph replays
    some hundred; elsewhere on CUDA cudagraph, which asks for nothing but the driver. All else is eager. Raises
    ValueError for an unknown name.
    """
    if backend == "auto":
        if fused.runs_on(device, dtype):
            return "fused"
        if device.type == "cuda":
            return "compile" if code_is_generated_for(device) else "cudagraph"
        return "eager"
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r} is unknown: choose auto, {', '.join(BACKENDS)}")
    return backend


def resolve_backend(backend: str, device: torch.device, dtype: torch.dtype = torch.float32) -> ResolvedBackend:
    """The backend that runs on this device when every fallback has been taken; tries compilers and captures once.

    Raises ValueError for an unknown name.
    """
    name = choose_backend(backend, device, dtype)
    if name == "compile" and not compiles_on(device):
        name = "cudagraph"
    if name == "cudagraph" and not cudagraph.runs_on(device):
        name = "eager"
    operator = name == "scan" and scan.compiles_on(device)
    how = {
        "eager": "a Python loop",
        "compile": "one compiled step in a Python loop",
        "cudagraph": "one captured step, replayed",
        "scan": "torch's scan operator, compiled" if operator else "a fold in Python",
        "fused": "Numba" if device.type == "cpu" else "Triton",
    }[name]
    graph = operator or name in ("compile", "cudagraph")
    return ResolvedBackend(backend, name, how, device.type.upper(), str(dtype).removeprefix("torch."), graph)
