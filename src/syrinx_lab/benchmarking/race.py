"""Contenders that do the same work, or work of the same kind, measured side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from .floor import Rates, floor
from .memory import peak_growth
from .row import Row
from .timing import Effort, measure
from .work import Work

SLOW = Effort(rounds=2, round_s=0.0, most=1, settle=False)  # for what takes seconds
ONCE = Effort(rounds=1, round_s=0.0, most=1, settle=False)


@dataclass(frozen=True)
class Bench:
    """What all suites share.

    device, dtype  of every tensor
    rates          of this machine, for the floors
    effort         of what is fast
    note           takes a line on what is left out and why
    objections     rollout backend -> why it does not run here; filled by `backends`
    """

    device: torch.device
    dtype: torch.dtype
    rates: Rates
    effort: Effort
    note: Callable[[str], None]
    objections: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """One implementation and one case.

    suite, case, backend          see `Row`
    run                           what is timed
    work                          what it must do at least
    inputs_bytes, stored_bytes    of the inputs alone; with their gradients, where there is a backward pass
    batch, horizon, degree, hop   see `Row`
    warm_up                       run first instead of `run`, for what is too slow to be run in vain
    effort                        how often it is timed; None: as the bench says
    reference                     whether the others of its case are compared with it
    weighed                       whether it is run once more to find its memory
    """

    suite: str
    case: str
    backend: str
    run: Callable[[], object]
    work: Work
    inputs_bytes: int
    stored_bytes: int
    batch: int
    horizon: int
    degree: int | None = None
    hop: int = 1
    warm_up: Callable[[], object] | None = None
    effort: Effort | None = None
    reference: bool = False
    weighed: bool = True
    measured_as: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured_as", f"{self.case} {self.backend}")


def race(contenders: Sequence[Contender], bench: Bench) -> list[Row]:
    """Warm up, weigh and time the contenders, interleaved; returns a row for each, in their order."""
    peaks: dict[str, int | None] = {}
    for contender in contenders:
        (contender.warm_up or contender.run)()
        peaks[contender.measured_as] = None
        if contender.weighed:
            growth = peak_growth(contender.run, bench.device)
            peaks[contender.measured_as] = None if growth is None else contender.inputs_bytes + growth
    timings = measure(
        {c.measured_as: c.run for c in contenders},
        {c.measured_as: c.effort or bench.effort for c in contenders},
        device=bench.device,
        warm_ups={c.measured_as: nothing for c in contenders},  # they are warm
    )
    references = {c.case: timings[c.measured_as].median for c in contenders if c.reference}
    rows = []
    for c in contenders:
        timing, lowest = timings[c.measured_as], floor(c.work, bench.rates)
        rows.append(
            Row(
                suite=c.suite,
                case=c.case,
                backend=c.backend,
                device=str(bench.device),
                median_s=timing.median,
                spread_s=timing.spread,
                ratio_to_eager=references[c.case] / timing.median if c.case in references else None,
                peak_bytes=peaks[c.measured_as],
                floor_s=lowest.seconds,
                floor_bound=lowest.bound,
                stored_bytes=c.stored_bytes,
                repeats=len(timing.samples),
                batch=c.batch,
                horizon=c.horizon,
                degree=c.degree,
                hop=c.hop,
                dtype=str(bench.dtype).removeprefix("torch."),
            )
        )
    return rows


def nothing() -> None:
    """The warm-up of what is warm already, or will be once it has been weighed."""
