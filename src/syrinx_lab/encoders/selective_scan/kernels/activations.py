# mypy: disable-error-code="call-arg, var-annotated"
"""The nonlinear functions of a block on lanes."""

from __future__ import annotations

from typing import Any

from numba import njit

from ....simd.functions import exp, log1p_unit
from ....simd.lanes import choose, magnitude
from . import POINTWISE


@njit(**POINTWISE)
def sigmoid(x: Any, one: Any) -> Any:
    """1 / (1 + exp(-x)); `one` is 1 in every lane."""
    return one / (one + exp((one - one) - x))


@njit(**POINTWISE)
def softplus(x: Any, one: Any) -> tuple[Any, Any]:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), and its derivative; `one` is 1 in every lane."""
    zero = one - one
    e = exp(zero - magnitude(x))
    return log1p_unit(e) + choose(x, zero, x), choose(x, e, one) / (one + e)
