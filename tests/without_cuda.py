"""A CUDA device that is not there: tensors without numbers know where they would lie and who would wait for them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

_BY_SIZE = ("aten.nonzero", "aten.masked_select", "aten._unique", "aten.equal", "aten.unique")


class Waits(TorchDispatchMode):
    """Notes every operation for which the host would wait for the device: a number that is read, a blocking copy."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = kwargs or {}, str(func)
        sources = [a for a in args if isinstance(a, Tensor)]
        on_device = any(t.device.type == "cuda" for t in sources)
        if name.startswith("aten._local_scalar_dense") and on_device:
            self._note(name)
            return 1.0
        if name.startswith(_BY_SIZE) and on_device:
            self._note(name)
        out = func(*args, **kwargs)
        if name.startswith(("aten._to_copy", "aten.copy_")):
            source, target = (sources[0], out) if "_to_copy" in name else (sources[1], sources[0])
            queued = kwargs.get("non_blocking") or (len(args) > 2 and args[2])
            if {source.device.type, target.device.type} == {"cpu", "cuda"} and not queued:
                self._note(f"{name} {source.device.type} to {target.device.type}")
        return out

    def _note(self, what: str) -> None:
        lines = [f for f in traceback.extract_stack() if "syrinx_lab" in f.filename]
        self.found.append(f"{what} in {lines[-1].filename.rpartition('/')[2]}:{lines[-1].lineno}" if lines else what)


@contextmanager
def made_up_cuda(monkeypatch: Any) -> Iterator[Waits]:
    """A device `cuda` for which nothing is computed; gives the waits that happen within."""
    monkeypatch.setattr(Tensor, "pin_memory", lambda self, *_: self)  # asks a driver, and there is none
    with FakeTensorMode(allow_non_fake_inputs=True), Waits() as waits:
        yield waits


def move(module: nn.Module) -> None:
    """Put every parameter and buffer of `module` on the made-up device."""
    for part in module.modules():
        for name, p in part._parameters.items():
            if p is not None:
                part._parameters[name] = nn.Parameter(torch.empty(p.shape, dtype=p.dtype, device="cuda"))
        for name, b in part._buffers.items():
            if b is not None:
                part._buffers[name] = torch.empty(b.shape, dtype=b.dtype, device="cuda")
