"""What can be known of Triton kernels without a GPU: what they compute in its interpreter, and how they compile."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import JITFunction, driver, interpreter


def interpreted(name: str, *kernels: str) -> ModuleType:
    """The module `name`, and those of its `kernels`, afresh, their kernels to be run on the CPU by NumPy.

    Triton decides when it decorates a kernel, so neither the environment nor the order of imports matters. What is
    imported by these names already stays as it is.
    """
    _mend()
    family = (name, *kernels)

    def members() -> list[str]:
        return [other for other in sys.modules if any(other == n or other.startswith(n + ".") for n in family)]

    kept = {other: sys.modules.pop(other) for other in members()}
    before = triton.knobs.runtime.interpret
    triton.knobs.runtime.interpret = True
    try:
        return import_module(name)
    finally:
        triton.knobs.runtime.interpret = before
        for other in members():
            del sys.modules[other]
        sys.modules.update(kept)


def _mend() -> None:
    """Two faults of the interpreter of Triton 3.6, mended once a process."""
    patch = interpreter._patch_lang_tensor
    if patch.__module__ == __name__:
        return

    def patch_with_index(tensor: Any, scope: Any) -> None:
        patch(tensor, scope)  # its own __index__ takes int() of an array of one element, which NumPy 2.4 refuses
        scope.set_attr(tensor, "__index__", lambda self: self.handle.data.item())

    patch_with_index.__module__ = __name__
    interpreter._patch_lang_tensor = patch_with_index
    # A function called from a kernel patches all of triton.language again, which is slow and changes nothing.
    interpreter.InterpretedFunction.__call__ = lambda self, *args, **kwargs: self.rewrite()(*args, **kwargs)


@contextmanager
def compiled_only(folder: Path, capability: int = 90) -> Iterator[list[Any]]:
    """Within, Triton's kernels are compiled for the arguments they are called with, and not run; yields them."""
    if triton.knobs.runtime.interpret:
        pytest.skip("TRITON_INTERPRET is set: nothing is compiled")
    kernels: list[Any] = []
    run = JITFunction.run

    def compile_only(self: Any, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
        kernels.append(run(self, *args, grid=grid, warmup=True, **kwargs))

    stub = SimpleNamespace(
        get_current_device=lambda: -capability,  # kernels are kept by device: no real one's
        get_current_stream=lambda device: 0,
        get_current_target=lambda: GPUTarget("cuda", capability, 32),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(triton.knobs.cache, "dir", str(folder))
        patch.setattr(driver, "_active", stub)
        patch.setattr(JITFunction, "run", compile_only)
        yield kernels


def spilled_bytes(kernel: Any, folder: Path) -> int:
    """How many bytes of a compiled kernel's numbers do not fit into registers; Triton's own assembler says so."""
    try:
        assembler = triton.knobs.nvidia.ptxas.path
    except RuntimeError:
        pytest.skip("Triton came without ptxas")
    (folder / "kernel.ptx").write_text(kernel.asm["ptx"])
    command = [assembler, "-v", f"-arch=sm_{kernel.metadata.target.arch}a", "kernel.ptx", "-o", "kernel.cubin"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr
    return sum(map(int, re.findall(r"(\d+) bytes spill", said)))
