"""Numba kernels under the fused backends: few passes over rows of samples, in vectors of the room `simd`.

`lanes` lays samples out in rows; `activations`, `convolution`, `products` and `channel` work on rows of one chunk;
`scan` and the two `block_` files are the entry points, which walk from chunk to chunk.

Every entry point carries SOURCES in its closure, which makes Numba's cache notice a change in any file of the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....simd import fingerprint
from ....simd.compiling import kept

SOURCES = fingerprint(Path(__file__).parent)

# error_model: no test for division by zero, which would forbid vectors. _nrt: no reference counts, which would cost
# two atomic additions for every view of a row; so kernels never allocate, all arrays come from the caller.
POINTWISE: dict[str, Any] = {"fastmath": {"contract", "nsz"}, "error_model": "numpy", "nogil": True, "_nrt": False}


def entry(function: Callable[..., None]) -> Any:
    """Compile a kernel that Python calls, and keep the result on disk where a folder allows it."""
    return kept(**POINTWISE)(function)
