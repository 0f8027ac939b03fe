# mypy: disable-error-code="call-arg, var-annotated"
"""Numba arithmetic on lanes: W numbers, one for each item of a tile of the batch, held in one vector register.

LLVM does not reliably vectorise a loop over items around a recurrence in time, so the kernels say what they want: every
value below is an LLVM vector, which LLVM cuts to fit whatever registers the processor has. The width W is a constant of
the compiled code: it is the length of the tuple of integers `like`, whose contents do not matter. Arrays must be
C-contiguous; offsets and strides count elements of the flattened array.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


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


def constant(vector: ir.VectorType, number: float) -> ir.Constant:
    """The LLVM constant with the same number in every element of a vector type."""
    return ir.Constant(vector, [number] * vector.count)


def call(builder, name: str, *values):
    """Call LLVM's intrinsic `name` on vectors of one type, which is also the type of the result."""
    vector = values[0].type
    suffix = f"v{vector.count}f{8 * _size(vector)}"
    kind = ir.FunctionType(vector, [vector] * len(values))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.{suffix}"), values)


def _size(vector: ir.VectorType) -> int:
    """Bytes of one element."""
    return 4 if isinstance(vector.element, ir.FloatType) else 8


def shuffle(builder, a, b, order: list[int]):
    """The elements of a and b, numbered on from a to b, in the given order."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order))


def place(context, builder, array_type, array, offset, stride=None, steps: int = 0):
    """The address of element offset + steps * stride of the flattened array."""
    if steps:
        offset = builder.add(offset, builder.mul(stride, stride.type(steps)))
    return builder.gep(cgutils.create_struct_proxy(array_type)(context, builder, array).data, [offset])


def read(builder, vector: ir.VectorType, pointer):
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=_size(vector))


def write(builder, value, pointer) -> None:
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=_size(value.type))


@intrinsic
def load(typingctx, array, offset, like):
    """Consecutive elements of the array, from `offset` on."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        return read(builder, context.get_value_type(lanes), place(context, builder, array, args[0], args[1]))

    return lanes(array, types.intp, like), codegen


@intrinsic
def store(typingctx, array, offset, value):
    """Write the lanes to consecutive elements of the array, from `offset` on."""

    def codegen(context, builder, signature, args):
        write(builder, args[2], place(context, builder, array, args[0], args[1]))
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


@intrinsic
def gather(typingctx, array, offset, stride, like):
    """The elements offset, offset + stride, ... of the array."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        value = ir.Constant(context.get_value_type(lanes), ir.Undefined)
        for lane in range(lanes.width):
            element = builder.load(place(context, builder, array, args[0], args[1], args[2], lane))
            value = builder.insert_element(value, element, ir.IntType(32)(lane))
        return value

    return lanes(array, types.intp, types.intp, like), codegen


@intrinsic
def scatter(typingctx, array, offset, stride, value):
    """Write the lanes to the elements offset, offset + stride, ... of the array."""

    def codegen(context, builder, signature, args):
        for lane in range(value.width):
            element = builder.extract_element(args[3], ir.IntType(32)(lane))
            builder.store(element, place(context, builder, array, args[0], args[1], args[2], lane))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, value), codegen


@intrinsic
def transpose(typingctx, source, source_offset, source_stride, target, target_offset, target_stride, like):
    """Copy source[source_offset + r source_stride + c] to target[target_offset + c target_stride + r], r and c < W."""
    lanes = Lanes(source.dtype, len(like))

    def codegen(context, builder, signature, args):
        vector, width = context.get_value_type(lanes), lanes.width
        rows = [
            read(builder, vector, place(context, builder, source, args[0], args[1], args[2], r)) for r in range(width)
        ]
        half = 1
        while half < width:  # swap the off-diagonal blocks of size 1, 2, 4, ... of every diagonal block twice as large
            first = [c + width - half if c & half else c for c in range(width)]
            second = [c + width if c & half else c + half for c in range(width)]
            for r in range(width):
                if not r & half:
                    a, b = rows[r], rows[r + half]
                    rows[r], rows[r + half] = shuffle(builder, a, b, first), shuffle(builder, a, b, second)
            half *= 2
        for r, row in enumerate(rows):
            write(builder, row, place(context, builder, target, args[3], args[4], args[5], r))
        return context.get_dummy_value()

    i = types.intp
    return types.void(source, i, i, target, i, i, like), codegen


@intrinsic
def splat(typingctx, number, like):
    """A number, or the only lane of Lanes of width one, in every lane."""
    dtype = number.dtype if isinstance(number, Lanes) else number
    lanes = Lanes(dtype, len(like))

    def codegen(context, builder, signature, args):
        single = args[0]
        if not isinstance(number, Lanes):
            single = builder.insert_element(
                ir.Constant(ir.VectorType(single.type, 1), ir.Undefined), single, ir.IntType(32)(0)
            )
        return shuffle(builder, single, single, [0] * lanes.width)

    return lanes(number, like), codegen


@intrinsic
def fma(typingctx, a, b, c):
    """a b + c, fused where the processor can."""

    def codegen(context, builder, signature, args):
        return call(builder, "fmuladd", *args)

    return a(a, a, a), codegen


@intrinsic
def magnitude(typingctx, a):
    """|a|."""

    def codegen(context, builder, signature, args):
        return call(builder, "fabs", args[0])

    return a(a), codegen


@intrinsic
def sqrt(typingctx, a):
    """The square root of a."""

    def codegen(context, builder, signature, args):
        return call(builder, "sqrt", args[0])

    return a(a), codegen


@intrinsic
def choose(typingctx, sign, negative, other):
    """The lanes of `negative` where `sign` < 0, those of `other` elsewhere, NaN included."""

    def codegen(context, builder, signature, args):
        zero = constant(args[0].type, 0.0)
        return builder.select(builder.fcmp_ordered("<", args[0], zero), args[1], args[2])

    return other(sign, negative, other), codegen


@intrinsic
def horner(typingctx, coefficients, q):
    """sum_j coefficients[j] q^j over the lanes j of the coefficients, for q of width one."""

    def codegen(context, builder, signature, args):
        terms = [shuffle(builder, args[0], args[0], [j]) for j in range(coefficients.width)]
        value = terms.pop()
        while terms:
            value = call(builder, "fmuladd", value, args[1], terms.pop())
        return value

    return q(coefficients, q), codegen


def _define_operator(symbol: Callable, instruction: str) -> None:
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


_define_operator(operator.add, "fadd")
_define_operator(operator.sub, "fsub")
_define_operator(operator.mul, "fmul")
_define_operator(operator.truediv, "fdiv")
