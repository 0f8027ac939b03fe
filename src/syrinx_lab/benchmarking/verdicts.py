"""What the lab promises of its speed, and what was measured: one line each, from the rows of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .curve_suite import BATCH as CURVE_BATCH
from .row import Row
from .synthesis_suite import SAMPLE_RATE
from .table import number

DEFAULT_DEGREE = 15
WEIGHABLE = 8 * 10**6  # bytes: memory is measured to about 1 MB
Bounds = tuple[float | None, float | None]  # at least, at most; None: nothing is asked
FREE: Bounds = (None, None)
ASKED: dict[str, Bounds] = {  # on two CPU cores
    "eager, P=3": (300.0, None),  # times faster than eager
    "eager, P=15": (120.0, None),
    "peak": (None, 1.5),  # memory over stored drives and gradients
    "control time": (None, 1 / 1.5),  # at a knot every 32 samples, over audio rate
    "control memory": (None, 0.1),
    "growth": (None, 1.2),  # over linear growth
    "synthesis": (50.0, None),  # times real time
    "encoder": (5.0, None),  # times faster than mambapy
    "step": (8.0, None),  # times faster than eager with mambapy
}
GROWTH_FROM, GROWTH_TO = 2048, 32768


@dataclass(frozen=True)
class Verdict:
    """One promise.

    what      is compared
    measured  a ratio
    asked     its bounds
    """

    what: str
    measured: float
    asked: Bounds = FREE

    @property
    def kept(self) -> bool:
        """Whether the measured ratio lies where it was asked to."""
        least, most = self.asked
        return (least is None or self.measured >= least) and (most is None or self.measured <= most)

    def __str__(self) -> str:
        words = zip(("at least", "at most"), self.asked)
        bounds = " and ".join(f"{word} {number(bound)}" for word, bound in words if bound is not None)
        verdict = f"asked: {bounds}: {'yes' if self.kept else 'NO'}" if bounds else "nothing asked"
        return f"{self.what:<76} {number(self.measured):>8}   {verdict}"


def verdicts(rows: Sequence[Row]) -> list[Verdict]:
    """Every promise that these rows can decide, in the order of the suites."""
    return [*_rollout(rows), *_growth(rows), *_synthesis(rows), *_against_reference(rows)]


def _rollout(rows: Sequence[Row]) -> Iterator[Verdict]:
    fast = [row for row in rows if row.suite == "rollout" and row.backend == "fused"]
    for row in fast:
        if row.ratio_to_eager is not None:
            asked = ASKED.get(f"eager, P={row.degree}", FREE)
            yield Verdict(f"{_sizes(row)}: fused, times faster than eager", row.ratio_to_eager, asked)
    for row in fast:
        if row.peak_bytes is not None and row.stored_bytes >= WEIGHABLE:
            what = f"{_sizes(row)}: peak memory over stored drives and gradients"
            yield Verdict(what, row.peak_bytes / row.stored_bytes, ASKED["peak"])
    audio = {(row.batch, row.horizon, row.degree): row for row in fast if row.hop == 1}
    for row in fast:
        whole = audio.get((row.batch, row.horizon, row.degree))
        if row.hop > 1 and row.degree == DEFAULT_DEGREE and whole is not None:
            what = f"{_sizes(row)}: time over that at audio rate"
            yield Verdict(what, row.median_s / whole.median_s, ASKED["control time"])
            if row.peak_bytes is not None and whole.peak_bytes is not None:
                what = f"{_sizes(row)}: memory over that at audio rate"
                yield Verdict(what, row.peak_bytes / whole.peak_bytes, ASKED["control memory"])


def _growth(rows: Sequence[Row]) -> Iterator[Verdict]:
    curve = {
        (row.degree, row.horizon): row
        for row in rows
        if row.suite == "curves" and row.hop == 1 and row.batch == CURVE_BATCH
    }
    for degree in (3, 15):
        short, long = curve.get((degree, GROWTH_FROM)), curve.get((degree, GROWTH_TO))
        if short is not None and long is not None:
            growth = long.median_s / short.median_s / (GROWTH_TO / GROWTH_FROM)
            what = f"rollout P={degree}: growth from H={GROWTH_FROM} to {GROWTH_TO} over linear growth"
            yield Verdict(what, growth, ASKED["growth"])


def _synthesis(rows: Sequence[Row]) -> Iterator[Verdict]:
    for row in rows:
        if row.suite == "synthesis":
            speed = row.horizon / SAMPLE_RATE / row.median_s
            what = f"synthesis P={row.degree} hop={row.hop} on one core: times real time at 44.1 kHz"
            yield Verdict(what, speed, ASKED["synthesis"])


def _against_reference(rows: Sequence[Row]) -> Iterator[Verdict]:
    for suite, what in (
        ("encoder", "encoder, forward+backward: times faster than mambapy"),
        ("step", "optimisation step: times faster than with eager and mambapy"),
    ):
        for row in rows:
            if row.suite == suite and row.backend == "auto" and row.ratio_to_eager is not None:
                yield Verdict(what, row.ratio_to_eager, ASKED[suite])


def _sizes(row: Row) -> str:
    hop = f" hop={row.hop}" if row.hop > 1 else ""
    return f"rollout P={row.degree} B={row.batch} H={row.horizon}{hop}"
