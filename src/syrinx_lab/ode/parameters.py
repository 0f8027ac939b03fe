"""The time courses that an oscillator is driven by, as a dataclass that knows its units and bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from torch import Tensor

from ..types import Drives


@dataclass(frozen=True)
class ParameterFacts:
    """What is known of a parameter before it has a value.

    unit       for an axis and for the reader of a table; "1" where it is dimensionless
    low, high  the smallest and the largest value that makes sense; what lies outside is refused in a table
    channels   whether it has several numbers a knot, (B, T, C), instead of one, (B, T)
    ratio      whether equal ratios of it are equal steps, as of a frequency or an amplitude: it is then thinned out and
               interpolated by its logarithm
    refine     step by which it is moved where a recording's own numbers are refined, as a share of that of the raw
               controls, in nepers for a ratio and in its unit otherwise; 0: it stays as it was read
    """

    unit: str
    low: float = -math.inf
    high: float = math.inf
    channels: bool = False
    ratio: bool = False
    refine: float = 0.0


def parameter(
    unit: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    channels: bool = False,
    optional: bool = False,
    ratio: bool = False,
    refine: float = 0.0,
) -> Any:
    """A field of a `Parameters` dataclass with its facts, see `ParameterFacts`; an optional one may be None."""
    facts = {"facts": ParameterFacts(unit, low, high, channels, ratio, refine)}
    return field(default=None, metadata=facts) if optional else field(metadata=facts)


@dataclass
class Parameters:
    """Base of the dataclasses that oscillators name their parameters in: one field a parameter, made by `parameter`.

    Every field is a tensor (B, T), or (B, T, C) with `channels`, at knots `hop` samples apart. The columns of a
    table of drives, their bounds and their units follow from the fields.
    """

    @classmethod
    def facts(cls) -> dict[str, ParameterFacts]:
        """Name -> facts of every field, in order; ValueError for a field that was not made by `parameter`."""
        for one in fields(cls):
            if "facts" not in one.metadata:
                raise ValueError(f"{cls.__name__}.{one.name} has no unit: declare it as parameter(unit=...)")
        return {one.name: one.metadata["facts"] for one in fields(cls)}

    def named(self) -> dict[str, Tensor]:
        """Name -> value of every field that is there, in order."""
        values = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in values if value is not None}

    def each(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same parameters with every one changed."""
        return replace(self, **{name: change(value) for name, value in self.named().items()})


@dataclass
class Radiation(Parameters):
    """What happens to the source of an oscillator on its way to the microphone; None: the model has no use for it.

    envelope  (B, T)     loudness of the recording, which bounds the noise
    tract     (B, T, C)  raw controls of the tract
    noise     (B, T, C)  raw controls of the noise
    sung_hz   (B, T)     pitch that is sung, for a tract that follows it; no number of its own, see `Oscillator.sung_hz`
    """

    envelope: Tensor | None = parameter("full scale", low=0.0, optional=True, ratio=True, refine=0.05)
    tract: Tensor | None = parameter("1", channels=True, optional=True, refine=1.0)
    noise: Tensor | None = parameter("1", channels=True, optional=True, refine=1.0)
    sung_hz: Tensor | None = parameter("Hz", low=0.0, optional=True, ratio=True)

    @classmethod
    def of(cls, drives: Drives) -> Self:
        """What of the drives is not the oscillator's."""
        return cls(**{one.name: getattr(drives, one.name) for one in fields(cls)})
