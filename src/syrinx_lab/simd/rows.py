# mypy: disable-error-code="call-arg, var-annotated"
"""Several rows of an array in one value: the lanes of row 0, then those of row 1, and so on.

A recurrence waits for its last step, so one row alone leaves the processor idle. A value that holds four rows is four
registers which go through the same code side by side. `one` stands for the width of a row, as `like` does for that of
the whole value; `stride` is the number of elements from a row to the next.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .lanes import Lanes, call, place, read, shuffle, write


@intrinsic
def load_rows(typingctx, array, offset, stride, one, like):
    """Consecutive elements from `offset` on, from offset + stride on, ..."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        vector = context.get_value_type(Lanes(array.dtype, len(one)))
        parts = [
            read(builder, vector, place(context, builder, array, args[0], args[1], args[2], row))
            for row in range(len(like) // len(one))
        ]
        return join(builder, parts)

    return lanes(array, types.intp, types.intp, one, like), codegen


@intrinsic
def store_rows(typingctx, array, offset, stride, one, value):
    """The inverse of `load_rows`."""

    def codegen(context, builder, signature, args):
        for row, part in enumerate(split(builder, args[4], len(one))):
            write(builder, part, place(context, builder, array, args[0], args[1], args[2], row))
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, one, value), codegen


@intrinsic
def each(typingctx, array, offset, stride, one, like):
    """Row r holds the one element offset + r stride in all its lanes."""
    lanes = Lanes(array.dtype, len(like))

    def codegen(context, builder, signature, args):
        single = ir.Constant(ir.VectorType(context.get_value_type(array.dtype), 1), ir.Undefined)
        parts = []
        for row in range(len(like) // len(one)):
            element = builder.load(place(context, builder, array, args[0], args[1], args[2], row))
            held = builder.insert_element(single, element, ir.IntType(32)(0))
            parts.append(shuffle(builder, held, held, [0] * len(one)))
        return join(builder, parts)

    return lanes(array, types.intp, types.intp, one, like), codegen


@intrinsic
def repeat(typingctx, value, like):
    """The same row again and again."""
    lanes = Lanes(value.dtype, len(like))

    def codegen(context, builder, signature, args):
        return join(builder, [args[0]] * (len(like) // value.width))

    return lanes(value, like), codegen


@intrinsic
def add_products(typingctx, a, b, row):
    """The row plus the sum over the rows r of a_r b_r."""

    def codegen(context, builder, signature, args):
        total = args[2]
        for left, right in zip(split(builder, args[0], row.width), split(builder, args[1], row.width)):
            total = call(builder, "fmuladd", left, right, total)
        return total

    return row(a, b, row), codegen


@intrinsic
def add_totals(typingctx, array, offset, stride, one, value):
    """array[offset + r stride] += the sum over the lanes of row r, for every row."""

    def codegen(context, builder, signature, args):
        for row, part in enumerate(split(builder, args[4], len(one))):
            while part.type.count > 1:
                part = builder.fadd(*split(builder, part, part.type.count // 2))
            total = builder.extract_element(part, ir.IntType(32)(0))
            pointer = place(context, builder, array, args[0], args[1], args[2], row)
            if total.type != pointer.type.pointee:
                total = builder.fpext(total, pointer.type.pointee)
            builder.store(builder.fadd(builder.load(pointer), total), pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, one, value), codegen


def join(builder, parts: list):
    """One vector of all elements, in order; the number of parts is a power of two."""
    while len(parts) > 1:
        order = list(range(2 * parts[0].type.count))
        parts = [shuffle(builder, parts[p], parts[p + 1], order) for p in range(0, len(parts), 2)]
    return parts[0]


def split(builder, value, width: int) -> list:
    """The inverse of `_join`."""
    starts = range(0, value.type.count, width)
    return [shuffle(builder, value, value, list(range(start, start + width))) for start in starts]
