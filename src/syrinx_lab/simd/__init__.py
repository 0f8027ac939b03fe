"""What the Numba kernels of the rollout and of the encoder stand on: vectors of the processor as values, and a cache.

`lanes` has the vectors and their arithmetic, `functions` what they need beyond it; `rows` takes several vectors as one
value, `recurrence` runs a recurrence from lane to lane.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_HERE = Path(__file__).parent


def fingerprint(folder: Path) -> str:
    """The hash of all Python sources in a folder of kernels and in this one.

    Numba's cache on disk looks at the file of an entry point alone, not at what it calls: an entry point that holds
    this in its closure, which is part of the cache's key, is compiled again when any of them changes.
    """
    files = [*sorted(folder.glob("*.py")), *sorted(_HERE.glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
