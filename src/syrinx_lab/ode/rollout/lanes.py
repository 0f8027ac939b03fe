"""Numba arithmetic on lanes: W numbers, one for each item of a tile of the batch, held in one vector register.

LLVM does not reliably vectorise a loop over items that contains a recurrence over time, so the kernels say what they
want: every value below is an LLVM vector, and whatever the processor's width, LLVM cuts the vectors to fit. The width
is a compile-time constant: it is the length of the tuple `like` that the functions take (its contents do not matter).
Arrays must be C-contiguous; offsets and strides count elements of the flattened array.
"""

from __future__ import annotations

import math
import operator
import platform

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


_X86 = platform.machine().lower() in ("x86_64", "amd64")


class Lanes(types.Type):
    """The Numba type of `width` numbers of type `dtype` in one register."""

    def __init__(self, dtype: types.Float, width: int) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(name=f"Lanes({dtype}, {width})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes: Lanes) -> None:
        scalar = manager.lookup(lanes.dtype).get_value_type()
        super().__init__(manager, lanes, ir.VectorType(scalar, lanes.width))


def _vector(context, lanes: Lanes) -> ir.VectorType:
    return context.get_value_type(lanes)


def _constant(vector: ir.VectorType, number: float | int) -> ir.Constant:
    return ir.Constant(vector, [number] * vector.count)


def _pointer(context, builder, array_type, array, offset):
    """The address of element `offset` of the flattened array."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    return builder.gep(data, [offset])


def _call(builder, name: str, vector: ir.VectorType, *values):
    """A call of LLVM's intrinsic `name` on vectors."""
    suffix = f"v{vector.count}f{32 if isinstance(vector.element, ir.FloatType) else 64}"
    kind = ir.FunctionType(vector, [vector] * len(values))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.{suffix}"), values)


def _size(scalar) -> int:
    return 4 if isinstance(scalar, ir.FloatType) else 8


def _read(builder, vector: ir.VectorType, pointer):
    """An unaligned vector load."""
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=_size(vector.element))


@intrinsic
def load(typingctx, array, offset, like):
    """`like`-many consecutive elements of the array, from `offset` on."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        return _read(builder, _vector(context, lanes), _pointer(context, builder, array, args[0], args[1]))

    return lanes(array, types.intp, like), codegen


@intrinsic
def store(typingctx, array, offset, value):
    """Write the lanes to consecutive elements of the array, from `offset` on."""

    def codegen(context, builder, signature, args):
        pointer = _pointer(context, builder, array, args[0], args[1])
        builder.store(args[2], builder.bitcast(pointer, args[2].type.as_pointer()), align=_size(args[2].type.element))
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


@intrinsic
def gather(typingctx, array, offset, stride, like):
    """The elements offset, offset + stride, ... of the array, one a lane."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        vector = _vector(context, lanes)
        value = ir.Constant(vector, ir.Undefined)
        for lane in range(lanes.width):
            place = builder.add(args[1], builder.mul(args[2], args[2].type(lane)))
            element = builder.load(_pointer(context, builder, array, args[0], place))
            value = builder.insert_element(value, element, ir.IntType(32)(lane))
        return value

    return lanes(array, types.intp, types.intp, like), codegen


@intrinsic
def scatter(typingctx, array, offset, stride, value):
    """Write the lanes to the elements offset, offset + stride, ... of the array."""

    def codegen(context, builder, signature, args):
        for lane in range(value.width):
            place = builder.add(args[1], builder.mul(args[2], args[2].type(lane)))
            element = builder.extract_element(args[3], ir.IntType(32)(lane))
            builder.store(element, _pointer(context, builder, array, args[0], place))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, value), codegen


@intrinsic
def transpose(typingctx, source, source_offset, source_stride, target, target_offset, target_stride, like):
    """Copy the square block source[offset + r stride + c] to target[offset + c stride + r], r and c below the width."""
    lanes = Lanes(source.dtype, len(like))

    def codegen(context, builder, signature, args):
        vector, width = _vector(context, lanes), lanes.width
        rows = []
        for r in range(width):
            place = builder.add(args[1], builder.mul(args[2], args[2].type(r)))
            rows.append(_read(builder, vector, _pointer(context, builder, source, args[0], place)))
        half = 1
        while half < width:  # swap the off-diagonal blocks of size 1, 2, 4, ...
            low = [c if not c & half else c - half + width for c in range(width)]
            high = [c + half if not c & half else c + width for c in range(width)]
            for r in range(width):
                if not r & half:
                    pair = rows[r], rows[r + half]
                    for row, mask in ((r, low), (r + half, high)):
                        order = ir.Constant(ir.VectorType(ir.IntType(32), width), mask)
                        rows[row] = builder.shuffle_vector(*pair, order)
            half *= 2
        for r in range(width):
            place = builder.add(args[4], builder.mul(args[5], args[5].type(r)))
            pointer = _pointer(context, builder, target, args[3], place)
            builder.store(rows[r], builder.bitcast(pointer, vector.as_pointer()), align=_size(vector.element))
        return context.get_dummy_value()

    i = types.intp
    return types.void(source, i, i, target, i, i, like), codegen


@intrinsic
def splat(typingctx, number, like):
    """The same number in every lane."""
    lanes = Lanes(number, len(like))

    def codegen(context, builder, signature, args):
        vector = _vector(context, lanes)
        value = builder.insert_element(ir.Constant(vector, ir.Undefined), args[0], ir.IntType(32)(0))
        first = _constant(ir.VectorType(ir.IntType(32), lanes.width), 0)
        return builder.shuffle_vector(value, ir.Constant(vector, ir.Undefined), first)

    return lanes(number, like), codegen


@intrinsic
def spread(typingctx, value, like):
    """The number of a single lane in every lane."""
    lanes = Lanes(value.dtype, len(like))

    def codegen(context, builder, signature, args):
        first = _constant(ir.VectorType(ir.IntType(32), lanes.width), 0)
        return builder.shuffle_vector(args[0], args[0], first)

    return lanes(value, like), codegen


@intrinsic
def horner(typingctx, coefficients, q):
    """sum_j coefficients[j] q^j over the lanes j, for the single lane q."""

    def codegen(context, builder, signature, args):
        vector = args[1].type
        terms = [builder.shuffle_vector(args[0], args[0], ir.Constant(ir.VectorType(ir.IntType(32), 1), [j])) for j in range(coefficients.width)]
        value = terms.pop()
        while terms:
            value = _call(builder, "fmuladd", vector, value, args[1], terms.pop())
        return value

    return q(coefficients, q), codegen


@intrinsic
def fma(typingctx, a, b, c):
    """a b + c in every lane, fused where the processor can."""

    def codegen(context, builder, signature, args):
        return _call(builder, "fmuladd", args[0].type, *args)

    return a(a, a, a), codegen


def _define_operator(symbol, instruction: str) -> None:
    """Give Lanes one of Python's arithmetic operators."""

    @intrinsic
    def apply(typingctx, a, b):
        def codegen(context, builder, signature, args):
            return getattr(builder, instruction)(*args)

        return a(a, a), codegen

    @overload(symbol)
    def implement(a, b):
        if isinstance(a, Lanes) and a == b:
            return lambda a, b: apply(a, b)
        return None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define_operator(_symbol, _instruction)


@intrinsic
def flush_subnormals(typingctx):
    """Let this thread's subnormal results become zero, and return the mode that `restore_mode` takes back.

    High powers of a quiet state are subnormal, and x86 computes with those a hundred times more slowly.
    """

    def codegen(context, builder, signature, args):
        if not _X86:
            return ir.IntType(32)(0)
        mode = _control_word(builder, "stmxcsr")
        _control_word(builder, "ldmxcsr", builder.or_(mode, mode.type(0x8040)))  # flush to zero, denormals are zero
        return mode

    return types.int32(), codegen


@intrinsic
def restore_mode(typingctx, mode):
    """Undo `flush_subnormals`."""

    def codegen(context, builder, signature, args):
        if _X86:
            _control_word(builder, "ldmxcsr", args[0])
        return context.get_dummy_value()

    return types.void(types.int32), codegen


def _control_word(builder, instruction: str, value=None):
    """Store the SSE control word to memory and return it, or load it from `value`."""
    word = cgutils.alloca_once(builder, ir.IntType(32))
    if value is not None:
        builder.store(value, word)
    pointer = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{instruction}")
    builder.call(function, [builder.bitcast(word, pointer)])
    return builder.load(word)


@intrinsic
def tanh(typingctx, z):
    """tanh z in every lane, to two units in the last place; NaN stays NaN.

    With q = expm1(2 |z|), tanh |z| = q / (q + 2). Cody and Waite's reduction, 2 |z| = n ln 2 + r with |r| <= ln 2 / 2,
    gives q = 2^n expm1(r) + (2^n - 1), and Taylor's series gives expm1(r).
    """
    single = z.dtype == types.float32
    bits, terms, mantissa, limit = (32, 8, 23, 20.0) if single else (64, 14, 52, 44.0)
    # Adding 1.5 * 2^mantissa rounds to an integer n and leaves n in the lowest bits of the sum.
    shifter = 1.5 * 2.0**mantissa
    ln2_high = 0.693145751953125 if single else 0.6931471803691238  # few enough digits that n ln2_high is exact
    ln2_low = math.log(2.0) - ln2_high if single else 1.9082149292705877e-10
    one = np.array(1, np.float32 if single else np.float64).view(np.int32 if single else np.int64)

    def codegen(context, builder, signature, args):
        vector = args[0].type
        integers = ir.VectorType(ir.IntType(bits), vector.count)

        def c(number):
            return _constant(vector, number)

        def mul_add(a, b, d):
            return _call(builder, "fmuladd", vector, a, b, d)

        y = _call(builder, "fabs", vector, args[0])
        y = builder.fadd(y, y)
        y = builder.select(builder.fcmp_ordered(">", y, c(limit)), c(limit), y)  # false for NaN
        shifted = mul_add(y, c(1 / math.log(2.0)), c(shifter))
        n = builder.fsub(shifted, c(shifter))
        r = mul_add(n, c(-ln2_low), mul_add(n, c(-ln2_high), y))
        series = c(1 / math.factorial(terms))
        for k in range(terms - 1, 1, -1):
            series = mul_add(series, r, c(1 / math.factorial(k)))
        expm1 = mul_add(builder.fmul(series, r), r, r)
        exponent = builder.shl(builder.bitcast(shifted, integers), _constant(integers, mantissa))
        power = builder.bitcast(builder.add(exponent, _constant(integers, int(one))), vector)  # 2^n
        q = mul_add(power, expm1, builder.fsub(power, c(1.0)))
        return _call(builder, "copysign", vector, builder.fdiv(q, builder.fadd(q, c(2.0))), args[0])

    return z(z), codegen
