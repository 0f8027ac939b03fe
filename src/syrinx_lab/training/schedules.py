"""Curricula as pure functions of the epoch and the PLANNED epochs of the whole run.

The planned epochs are those of the configuration, never those of the rung that happens to run, so that culling a
run and resuming it leave every schedule where it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol

from ..contracts import answering, named


def at_rate(samples: int, sample_rate: int) -> int:
    """How many samples at `sample_rate` last as long as `samples` do at 44.1 kHz.

        N = round(samples round(512 sample_rate / 44100) / 512)

    The inner rounding keeps the ratios of multiples of 512, so that lengths that double still do: 512 and 2048 become
    557 and 2228 at 48 kHz.

    sample_rate  Hz; `samples` are left as they are where it is no rate, which the check of the configuration refuses
    """
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int) or sample_rate < 1:
        return samples
    return round(samples * round(512 * sample_rate / 44_100) / 512)


class HorizonSchedule(Protocol):
    """What every schedule below offers: H(epoch), its largest value, and whether H takes few distinct values."""

    @property
    def max(self) -> int: ...

    @property
    def bucketed(self) -> bool: ...

    def __call__(self, epoch: int, planned_epochs: int) -> int: ...


@dataclass(frozen=True)
class ConstHorizon:
    """H(e) = H_max at every epoch.

    max: H_max, samples. Raises ValueError when it is not a positive integer.
    """

    max: int

    def __post_init__(self) -> None:
        _check_range("ConstHorizon", self.max, self.max)

    @property
    def bucketed(self) -> bool:
        """True: H takes one value."""
        return True

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        """H in samples; `epoch` counts from 0."""
        assert epoch >= 0, f"epoch {epoch} is negative"
        return self.max


@dataclass(frozen=True)
class LinearHorizon:
    """H(e) = H_min + t (H_max - H_min), t = e / (E - 1), rounded to samples; E <= 1 gives H_max.

    min, max: H_min and H_max, samples. Raises ValueError unless 1 <= min <= max, both integers.
    """

    min: int
    max: int

    def __post_init__(self) -> None:
        _check_range("LinearHorizon", self.min, self.max)

    @property
    def bucketed(self) -> bool:
        """False: H takes about as many values as there are epochs."""
        return False

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        """H in samples; `epoch` e counts from 0, `planned_epochs` is E; past the plan H stays at H_max."""
        return round(self.min + _progress(epoch, planned_epochs) * (self.max - self.min))


@dataclass(frozen=True)
class GeometricHorizon:
    """H(e) = H_min (H_max / H_min)^t, t = e / (E - 1), rounded to samples; E <= 1 gives H_max.

    min, max: H_min and H_max, samples. Raises ValueError unless 1 <= min <= max, both integers.
    """

    min: int
    max: int

    def __post_init__(self) -> None:
        _check_range("GeometricHorizon", self.min, self.max)

    @property
    def bucketed(self) -> bool:
        """False: H takes about as many values as there are epochs."""
        return False

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        """H in samples; `epoch` e counts from 0, `planned_epochs` is E; past the plan H stays at H_max."""
        return round(self.min * (self.max / self.min) ** _progress(epoch, planned_epochs))


@dataclass(frozen=True)
class Pow2Horizon:
    """H(e) = bucket[min(floor(e n / E), n - 1)], the n buckets doubling from H_min, the last exactly H_max.

    With min 512 and max 2048 the buckets are 512, 1024, 2048, each for a third of the planned epochs E; with max 3000
    they are 512, 1024, 2048, 3000. E <= 1 gives H_max. Few distinct lengths suit backends that compile or capture
    one graph a length.

    min, max: H_min and H_max, samples. Raises ValueError unless 1 <= min <= max, both integers.
    """

    min: int
    max: int

    def __post_init__(self) -> None:
        _check_range("Pow2Horizon", self.min, self.max)

    @property
    def bucketed(self) -> bool:
        """True: H takes one value a bucket."""
        return True

    @property
    def buckets(self) -> tuple[int, ...]:
        """The distinct values of H in samples, rising."""
        lengths = [self.min]
        while lengths[-1] < self.max:
            lengths.append(min(2 * lengths[-1], self.max))
        return tuple(lengths)

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        """H in samples; `epoch` e counts from 0, `planned_epochs` is E; past the plan H stays at H_max."""
        return _bucket(self.buckets, epoch, planned_epochs)


@dataclass(frozen=True)
class PeriodsHorizon:
    """H(e) = round(p(e) sample_rate / lowest_hz): as many periods of the bird, whatever its pitch and the sample rate.

    p(e) doubles from p_min, each for an equal share of the planned epochs E, the last exactly p_max, as `Pow2Horizon`
    does: with 6 to 24 periods of 500 Hz at 44.1 kHz the buckets are 529, 1058 and 2117 samples. How far an error in
    pitch has moved the phase at the end of a rollout is counted in periods, not in samples.

    min_periods, max_periods  p_min and p_max, periods
    lowest_hz                 pitch whose periods are counted, Hz: a low one of the bird
    sample_rate               Hz

    Raises ValueError for a number out of range, and where p_min periods are not a whole sample.
    """

    min_periods: float
    max_periods: float
    lowest_hz: float
    sample_rate: float

    def __post_init__(self) -> None:
        for name in ("min_periods", "max_periods", "lowest_hz", "sample_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} is {getattr(self, name)}: use a number above 0")
        if self.min_periods > self.max_periods:
            raise ValueError(
                f"min_periods is {self.min_periods}, above the max_periods of {self.max_periods}: swap them, or raise "
                "max_periods"
            )
        if self._samples(self.min_periods) < 1:
            raise ValueError(f"min_periods is {self.min_periods}, no whole sample of {self.lowest_hz} Hz: raise it")

    @property
    def max(self) -> int:
        """H of the last bucket, samples."""
        return self._samples(self.max_periods)

    @property
    def bucketed(self) -> bool:
        """True: H takes one value a bucket."""
        return True

    @property
    def buckets(self) -> tuple[int, ...]:
        """The distinct values of H in samples, rising."""
        periods = [self.min_periods]
        while periods[-1] < self.max_periods:
            periods.append(min(2 * periods[-1], self.max_periods))
        return tuple(self._samples(one) for one in periods)

    def __call__(self, epoch: int, planned_epochs: int) -> int:
        """H in samples; `epoch` e counts from 0, `planned_epochs` is E; past the plan H stays at its largest."""
        return _bucket(self.buckets, epoch, planned_epochs)

    def _samples(self, periods: float) -> int:
        return round(periods * self.sample_rate / self.lowest_hz)


def check_plan(horizon: HorizonSchedule, planned_epochs: int) -> None:
    """Ask a horizon for all planned epochs: each must be a whole number of samples from 1 to its `max`.

    Raises ValueError with one line on the first epoch, counted from 0, at which it is not.
    """
    longest = horizon.max
    if not _whole(longest) or longest < 1:
        raise ValueError(f"horizon.max of {named(horizon)} is {longest!r}: use a whole number of samples, 1 or more")
    for epoch in range(planned_epochs):
        with answering("horizon", horizon):
            samples = horizon(epoch, planned_epochs)
        if not _whole(samples) or not 1 <= samples <= longest:
            raise ValueError(
                f"horizon of {named(horizon)} gave {samples!r} samples at epoch {epoch} of {planned_epochs}: give a "
                f"whole number from 1 to its max, {longest}"
            )


def _bucket(lengths: tuple[int, ...], epoch: int, planned_epochs: int) -> int:
    """The bucket of an epoch, each for an equal share of the planned ones; a run of one epoch has the last."""
    assert epoch >= 0, f"epoch {epoch} is negative"
    return lengths[-1 if planned_epochs <= 1 else min(epoch * len(lengths) // planned_epochs, len(lengths) - 1)]


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _progress(epoch: int, planned_epochs: int) -> float:
    """The share t of the planned epochs gone, 0 at the first epoch and 1 at the last and after."""
    assert epoch >= 0, f"epoch {epoch} is negative"
    return 1.0 if planned_epochs <= 1 else min(epoch / (planned_epochs - 1), 1.0)


def _check_range(name: str, low: int, high: int) -> None:
    """Raise ValueError unless 1 <= low <= high, both integers."""
    for value in (low, high):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name}: a horizon of {value!r} samples: give a positive integer")
    if low > high:
        raise ValueError(f"min is {low}, above the max of {high}: swap them, or raise max")
