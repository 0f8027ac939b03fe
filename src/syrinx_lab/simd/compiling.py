"""Numba kernels whose machine code is kept on disk: beside the sources, else wherever this user can write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from ..homeless import own_folder


def kept(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """A decorator that compiles as `numba.njit(**options)` does and keeps the result.

    Numba keeps it in NUMBA_CACHE_DIR, beside the source, or in the user's cache, and refuses a function when it can
    write to none of them: a read-only installation and a user without a home. Then `own_folder` serves, and where there
    is none, the kernel is compiled in every process.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # no place to keep it
            folder = own_folder()
            if folder is None:
                return numba.njit(**options)(function)
        numba.config.CACHE_DIR = str(folder / "kernels")  # type: ignore[attr-defined]  # read at the next decoration
        return numba.njit(cache=True, **options)(function)

    return decorate
