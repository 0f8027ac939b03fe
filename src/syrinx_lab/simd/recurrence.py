# mypy: disable-error-code="call-arg, var-annotated"
"""Lanes that are consecutive stretches of one recurrence: what enters each, without a walk from lane to lane."""

from __future__ import annotations

from numba.extending import intrinsic

from .lanes import call, constant, shuffle
from .rows import join, split


@intrinsic
def entering_upward(typingctx, span, leaves, start, one):
    """What enters every lane where lane 0 comes first in time: `start`, then what lane 0 makes of it, and so on.

    A lane makes span h + leaves of the h that enters it; `start` holds one number in all lanes. Several rows of the
    width `one` are several recurrences. The stretches double until all reach back to the start.

    Source: Hillis and Steele, Data parallel algorithms, Communications of the ACM 29 (1986), 1170-1183.
    """
    return span(span, leaves, start, one), _by_rows(True, one)


@intrinsic
def entering_downward(typingctx, span, leaves, start, one):
    """`entering_upward` where the last lane comes first in time."""
    return span(span, leaves, start, one), _by_rows(False, one)


def _by_rows(upward: bool, one):
    def codegen(context, builder, signature, args):
        rows = zip(*(split(builder, value, len(one)) for value in args[:3]))
        return join(builder, [_row(builder, upward, *row) for row in rows])

    return codegen


def _row(builder, upward: bool, span, leaves, start):
    """A stretch (a, b), h -> a h + b, after a stretch (c, d) is the stretch (a c, a d + b)."""
    width = span.type.count
    reach = 1
    while reach < width:
        span_before = _moved(builder, span, constant(span.type, 1.0), reach, upward)
        leaves_before = _moved(builder, leaves, constant(span.type, 0.0), reach, upward)
        leaves, span = call(builder, "fmuladd", span, leaves_before, leaves), builder.fmul(span, span_before)
        reach *= 2
    return _moved(builder, call(builder, "fmuladd", span, start, leaves), start, 1, upward)


def _moved(builder, value, vacant, by: int, upward: bool):
    """Every lane `by` lanes further up or down, and `vacant` where none came from."""
    width = value.type.count
    if upward:
        return shuffle(builder, vacant, value, list(range(width - by, 2 * width - by)))
    return shuffle(builder, value, vacant, list(range(by, width + by)))
