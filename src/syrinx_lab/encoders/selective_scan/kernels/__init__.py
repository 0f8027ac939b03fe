"""Numba kernels under the fused backends: plain loops over rows of samples, one file a level.

Numba recompiles a cached kernel when its own file changes, not when a file that it calls does; so every entry point
carries SOURCES, the fingerprint of this folder, in its closure, which is part of the cache's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

SOURCES = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


def entry(function: Callable[..., None]) -> Any:
    """Compile a kernel that Python calls: it frees the interpreter while it runs and is cached where a folder allows it."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written to
        return njit(nogil=True)(function)
