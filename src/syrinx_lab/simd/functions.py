"""What the kernels need of lanes beyond arithmetic: tanh, exp and a logarithm, and freedom from subnormal numbers."""

from __future__ import annotations

import math
import platform

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .lanes import call, constant

_X86 = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x8040  # bits of the SSE control word: results flushed to zero, operands taken as zero


@intrinsic
def tanh(typingctx, z):
    """tanh z in every lane, to three units in the last place; NaN stays NaN.

    With q = expm1(2 |z|), tanh |z| = q / (q + 2). The reduction 2 |z| = n ln 2 + r with |r| <= ln 2 / 2 gives
    q = 2^n expm1(r) + (2^n - 1), and Taylor's series gives expm1(r).

    Source: Cody and Waite, Software Manual for the Elementary Functions (1980), chapter 6, for the reduction.
    """
    single = z.dtype == types.float32
    bits, mantissa, terms, saturation = (32, 23, 7, 20.0) if single else (64, 52, 13, 44.0)
    bias = 2 ** (bits - mantissa - 2) - 1
    shifter = 1.5 * 2.0**mantissa  # adding it rounds to an integer n and leaves n in the lowest bits of the sum
    ln2_high = math.floor(math.log(2) * 2 ** (mantissa - 8)) / 2 ** (mantissa - 8)  # n ln2_high is exact
    ln2_low = math.log(2) - ln2_high if single else 5.497923018708371e-14  # ln 2 has more digits than a double

    def codegen(context, builder, signature, args):
        vector = args[0].type
        integers = ir.VectorType(ir.IntType(bits), vector.count)

        def c(number: float) -> ir.Constant:
            return constant(vector, number)

        y = call(builder, "fabs", args[0])
        y = builder.fadd(y, y)
        y = builder.select(builder.fcmp_ordered(">", y, c(saturation)), c(saturation), y)  # false for NaN
        shifted = call(builder, "fmuladd", y, c(1 / math.log(2)), c(shifter))
        n = builder.fsub(shifted, c(shifter))
        r = call(builder, "fmuladd", n, c(-ln2_high), y)
        r = call(builder, "fmuladd", n, c(-ln2_low), r)
        series = c(1 / math.factorial(terms))
        for k in range(terms - 1, 1, -1):
            series = call(builder, "fmuladd", series, r, c(1 / math.factorial(k)))
        expm1 = call(builder, "fmuladd", builder.fmul(series, r), r, r)
        exponent = builder.shl(builder.bitcast(shifted, integers), constant(integers, mantissa))
        power = builder.bitcast(builder.add(exponent, constant(integers, bias << mantissa)), vector)  # 2^n
        q = call(builder, "fmuladd", power, expm1, builder.fsub(power, c(1.0)))
        return call(builder, "copysign", builder.fdiv(q, builder.fadd(q, c(2.0))), args[0])

    return z(z), codegen


@intrinsic
def exp(typingctx, x):
    """exp x in every lane, x clamped to +-69 (float32) or +-600 (float64); NaN stays NaN.

    2^n exp(r) with n = round(x / ln 2) and the series of exp on |r| <= ln 2 / 2: right to two units in the last place.
    Further out, products of results would be subnormal numbers, with which processors compute many times more slowly.
    """
    single = x.dtype == types.float32
    bits, mantissa, degree, reach = (32, 23, 6, 69.0) if single else (64, 52, 12, 600.0)
    shifter = (
        1.5 * 2.0**mantissa + 2 ** (bits - mantissa - 2) - 1
    )  # the sum's lowest bits are the exponent field of 2^n
    ln2_high = math.floor(math.log(2) * 2 ** (mantissa - 8)) / 2 ** (mantissa - 8)  # n ln2_high is exact
    ln2_low = math.log(2) - ln2_high if single else 5.497923018708371e-14  # ln 2 has more digits than a double
    series = _exp_series(degree)

    def codegen(context, builder, signature, args):
        vector = args[0].type
        integers = ir.VectorType(ir.IntType(bits), vector.count)

        def c(number: float) -> ir.Constant:
            return constant(vector, number)

        y = args[0]
        y = builder.select(builder.fcmp_ordered("<", y, c(-reach)), c(-reach), y)  # false for NaN
        y = builder.select(builder.fcmp_ordered(">", y, c(reach)), c(reach), y)
        shifted = call(builder, "fmuladd", y, c(1 / math.log(2)), c(shifter))
        n = builder.fsub(shifted, c(shifter))
        r = call(builder, "fmuladd", n, c(-ln2_high), y)
        r = call(builder, "fmuladd", n, c(-ln2_low), r)
        value = c(series[-1])
        for coefficient in series[-2::-1]:
            value = call(builder, "fmuladd", value, r, c(coefficient))
        exponent = builder.shl(builder.bitcast(shifted, integers), constant(integers, mantissa))
        return builder.fmul(value, builder.bitcast(exponent, vector))

    return x(x), codegen


def _exp_series(degree: int) -> list[float]:
    """Taylor's series of exp of one degree more, which must be odd, the last term spread over the others."""
    reach = math.log(2) / 2
    chebyshev = np.polynomial.chebyshev.cheb2poly([0.0] * (degree + 1) + [1.0])
    last = 1 / math.factorial(degree + 1)
    ratios = [float(t / chebyshev[-1]) * reach ** (degree + 1 - k) for k, t in enumerate(chebyshev)]
    return [1 / math.factorial(k) - last * ratios[k] for k in range(degree + 1)]


@intrinsic
def log1p_unit(typingctx, e):
    """log(1 + e) in lanes 0 <= e <= 1, to four units in the last place.

    In float32 e times a polynomial through Chebyshev's points; in float64, where it would have to be long, the series
    of 2 artanh(e / (2 + e)).
    """
    single = e.dtype == types.float32
    series = _log1p_series(9) if single else [2 / (2 * k + 1) for k in range(17)]

    def codegen(context, builder, signature, args):
        value = constant(args[0].type, series[-1])
        if single:
            factor = variable = args[0]
        else:
            factor = builder.fdiv(args[0], builder.fadd(args[0], constant(args[0].type, 2.0)))
            variable = builder.fmul(factor, factor)
        for coefficient in series[-2::-1]:
            value = call(builder, "fmuladd", value, variable, constant(args[0].type, coefficient))
        return builder.fmul(value, factor)

    return e(e), codegen


def _log1p_series(degree: int) -> list[float]:
    """The coefficients of a polynomial near log(1 + e) / e on 0 <= e <= 1."""

    fit = np.polynomial.Chebyshev.interpolate(lambda e: np.log1p(e) / e, degree, domain=[0, 1])
    return [float(c) for c in fit.convert(kind=np.polynomial.Polynomial).coef]


@intrinsic
def flush_subnormals(typingctx):
    """From here on this thread takes subnormal numbers as zero; returns the mode for `restore_mode`.

    High powers of a quiet state are subnormal, and x86 computes with those many times more slowly.
    """

    def codegen(context, builder, signature, args):
        if not _X86:
            return ir.IntType(32)(0)
        word, pointer = _control_word(builder)
        _sse(builder, "stmxcsr", pointer)
        mode = builder.load(word)
        builder.store(builder.or_(mode, mode.type(_FLUSH)), word)
        _sse(builder, "ldmxcsr", pointer)
        return mode

    return types.uint32(), codegen


@intrinsic
def restore_mode(typingctx, mode):
    """Undo `flush_subnormals`."""

    def codegen(context, builder, signature, args):
        if _X86:
            word, pointer = _control_word(builder)
            builder.store(args[0], word)
            _sse(builder, "ldmxcsr", pointer)
        return context.get_dummy_value()

    return types.void(types.uint32), codegen


def _control_word(builder):
    """Memory for the SSE control word, and its address as the instructions want it."""
    word = cgutils.alloca_once(builder, ir.IntType(32))
    return word, builder.bitcast(word, ir.IntType(8).as_pointer())


def _sse(builder, instruction: str, pointer) -> None:
    kind = ir.FunctionType(ir.VoidType(), [pointer.type])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{instruction}")
    builder.call(function, [pointer])
