"""Branch-free exponentials that the compiler turns into vector instructions, for float32 and float64.

Numba calls the C library for `math.exp`, one number at a time; these few lines of arithmetic run on whole vectors.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

# No reassociation here: adding and taking away _SHIFT is what rounds to an integer.
_FAST: Any = {"fastmath": {"contract"}, "error_model": "numpy"}

_LOG2E32 = np.float32(1 / math.log(2))
_LN2_HI32 = np.float32(0.693359375)  # log 2 in two parts: the first has few bits, so that n * _LN2_HI is exact
_LN2_LO32 = np.float32(math.log(2) - 0.693359375)
_SHIFT32 = np.float32(1.5 * 2**23 + 127)  # its low bits, shifted, are the exponent field of a float32
# Further out, products become denormal numbers, on which processors are a hundred times slower.
_LOW32, _HIGH32 = np.float32(-69.0), np.float32(69.0)

_LOG2E64 = 1 / math.log(2)
_LN2_HI64 = float.fromhex("0x1.62e42fee00000p-1")
_LN2_LO64 = float.fromhex("0x1.a39ef35793c76p-33")
_SHIFT64 = 1.5 * 2**52 + 1023
_LOW64, _HIGH64 = -600.0, 600.0

_E32 = tuple(np.float32(1 / math.factorial(k)) for k in range(8))
_E64 = tuple(1 / math.factorial(k) for k in range(14))
_L32 = tuple(np.float32(2 / (2 * k + 1)) for k in range(8))
_L64 = tuple(2 / (2 * k + 1) for k in range(17))


def exp(x: Any) -> Any:
    """exp(x) of a scalar inside a compiled kernel, x clamped to +-69 (float32) or +-600 (float64); NaN stays NaN.

    2^n exp(r) with n = round(x / log 2) and the Taylor series of exp on |r| <= log(2) / 2: right to 2 last places.
    """
    raise NotImplementedError("exp runs inside compiled kernels")


@overload(exp, jit_options=_FAST)
def _exp(x: Any) -> Any:
    if x == types.float32:

        def exp32(x: Any) -> Any:
            x = _LOW32 if x < _LOW32 else x
            x = _HIGH32 if x > _HIGH32 else x
            k = np.float32(x * _LOG2E32 + _SHIFT32)
            n = k - _SHIFT32
            r = x - n * _LN2_HI32 - n * _LN2_LO32
            p = ((_E32[7] * r + _E32[6]) * r + _E32[5]) * r + _E32[4]
            p = (((p * r + _E32[3]) * r + _E32[2]) * r + _E32[1]) * r + _E32[0]
            return p * np.int32(k.view(np.int32) << 23).view(np.float32)

        return exp32

    def exp64(x: Any) -> Any:
        x = _LOW64 if x < _LOW64 else x
        x = _HIGH64 if x > _HIGH64 else x
        k = np.float64(x * _LOG2E64 + _SHIFT64)
        n = k - _SHIFT64
        r = x - n * _LN2_HI64 - n * _LN2_LO64
        p = ((_E64[13] * r + _E64[12]) * r + _E64[11]) * r + _E64[10]
        p = (((p * r + _E64[9]) * r + _E64[8]) * r + _E64[7]) * r + _E64[6]
        p = (((p * r + _E64[5]) * r + _E64[4]) * r + _E64[3]) * r + _E64[2]
        p = (p * r + _E64[1]) * r + _E64[0]
        return p * np.int64(k.view(np.int64) << 52).view(np.float64)

    return exp64


def log1p_unit(e: Any) -> Any:
    """log(1 + e) of a scalar 0 <= e <= 1 inside a compiled kernel: 2 artanh(e / (2 + e)) by its series."""
    raise NotImplementedError("log1p_unit runs inside compiled kernels")


@overload(log1p_unit, jit_options=_FAST)
def _log1p_unit(e: Any) -> Any:
    if e == types.float32:

        def log1p32(e: Any) -> Any:
            s = e / (e + np.float32(2))
            q = s * s
            p = ((_L32[7] * q + _L32[6]) * q + _L32[5]) * q + _L32[4]
            return ((((p * q + _L32[3]) * q + _L32[2]) * q + _L32[1]) * q + _L32[0]) * s

        return log1p32

    def log1p64(e: Any) -> Any:
        s = e / (e + 2.0)
        q = s * s
        p = ((_L64[16] * q + _L64[15]) * q + _L64[14]) * q + _L64[13]
        p = (((p * q + _L64[12]) * q + _L64[11]) * q + _L64[10]) * q + _L64[9]
        p = (((p * q + _L64[8]) * q + _L64[7]) * q + _L64[6]) * q + _L64[5]
        p = (((p * q + _L64[4]) * q + _L64[3]) * q + _L64[2]) * q + _L64[1]
        return (p * q + _L64[0]) * s

    return log1p64
