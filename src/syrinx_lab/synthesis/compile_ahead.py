"""Kernels compiled by a second process while the first one still imports: no torch at import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_KERNEL = "viterbi_cpu._paths-*.nbi"
_WORK = f"from {__name__} import compile_kernels; compile_kernels()"
_LONGEST_S = 60.0


_started: list[subprocess.Popen[bytes]] = []


def compile_ahead() -> bool:
    """Start a process that compiles what reading drives needs, where it was never compiled here; whether one was.

    On two cores the two processes compile side by side, so that the first command of an installation sounds some 7 s
    earlier. `wait_for_kernels` is called before the kernels are used.
    """
    if any(True for _ in _compiled()):
        return False
    quiet = subprocess.DEVNULL
    _started.append(subprocess.Popen([sys.executable, "-c", _WORK], stdin=quiet, stdout=quiet, stderr=quiet))
    return True


def wait_for_kernels() -> None:
    """Wait for the other process, if any; whatever became of it, this one compiles what is missing."""
    while _started:
        process = _started.pop()
        try:
            process.wait(_LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()


def compile_kernels() -> None:
    """Compile the scan of a Mamba wider than `fused_block` takes, the path through pitch candidates, and one song's
    oscillator at control rate in float64; the first process meanwhile compiles those that it loads a model with.
    """
    import torch

    from ..controls.viterbi import cheapest_path
    from ..encoders.selective_scan import selective_scan
    from ..ode.rollout import InitialValueProblem, rollout
    from ..types import Drives

    selective_scan(*(torch.zeros(size) for size in ((1, 2, 4), (1, 2, 4), (4, 8), (1, 2, 8), (1, 2, 8), (4,))))
    cheapest_path(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), 1.0, 1.0, 1.0)
    rest = torch.zeros(1, 2, dtype=torch.float64)
    drives = Drives(rest, rest, torch.zeros(1, 2, 4, 4, dtype=torch.float64), 2)
    rollout(InitialValueProblem(drives, (rest[:, 0], rest[:, 0]), 2, step=0.1))


def _compiled() -> Iterator[Path]:
    """The kernel in the places where Numba and `simd.compiling.kept` keep it."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        yield from Path(given).glob(f"*/{_KERNEL}")
        return
    yield from (_PACKAGE / "controls" / "__pycache__").glob(_KERNEL)
    if hasattr(os, "getuid"):  # the place of `own_folder`
        yield from (Path(tempfile.gettempdir()) / f"syrinx_lab-{os.getuid()}" / "kernels").glob(f"*/{_KERNEL}")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    yield from (Path(cache) / "numba").glob(f"*/{_KERNEL}")
