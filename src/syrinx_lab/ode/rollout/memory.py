"""Memory for large gradients that is used again, for fresh pages cost more than the arithmetic that fills them."""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

_LINE = 64  # bytes of a cache line, and of the widest vector register
_KEPT = 2  # blocks that wait to be used again; the longest unused one goes first
free_blocks: deque[np.ndarray] = deque(maxlen=_KEPT)


def uninitialised(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A contiguous CPU tensor of arbitrary contents that begins on a cache line.

    Its memory comes from numpy, which asks the system for huge pages, and is kept for the next tensor of about the
    same size once this one and all its views are gone: a training step that asks for as much as the one before gets
    the pages it had. At most two blocks wait in this way.
    """
    wanted = math.prod(shape) * dtype.itemsize
    block = _take(wanted + _LINE)
    start = -block.ctypes.data % _LINE
    view = block[start : start + wanted]
    weakref.finalize(view, free_blocks.append, block).atexit = False  # the tensor holds this very view
    return torch.from_numpy(view).view(dtype).view(tuple(shape))


def release() -> None:
    """Give the blocks that wait back to the system."""
    free_blocks.clear()


def _take(wanted: int) -> np.ndarray:
    """A waiting block that is large enough and not twice too large, else a new one."""
    for _ in range(len(free_blocks)):
        try:
            block = free_blocks.popleft()
        except IndexError:  # another thread was faster
            break
        if wanted <= block.nbytes <= 2 * wanted:
            return block
        free_blocks.append(block)
    return np.empty(wanted, np.uint8)
