"""What was tried and what came of it, as a report shows it: conditions, their seeds, and the rungs of each seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..metrics.facts import METRICS, Known
from .manifest import Manifest
from .rungs import Rung

Scores = Mapping[str, float | None]


@dataclass(frozen=True)
class RungResult:
    """How a seed came through a rung.

    epochs         that the rung trains to
    status         trained, diverged, failed or lost; `reason` why it did not come through
    rank           after the rung, from 1; None before it is decided
    raw, rescaled  means over val
    """

    epochs: int
    status: str
    rank: int | None = None
    raw: Scores = field(default_factory=dict)
    rescaled: Scores = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class SeedResult:
    """A seed of a condition.

    results      its rungs so far
    culled_at   epochs of the rung after which it was given up, None when it was not
    selected    whether it is the condition's model
    planned     epochs of its whole training
    run         its run's folder; None before that is there
    status      of the run as state.json has it, "not begun" without one
    config      of the run, empty without one; `fingerprint` of its recordings
    rows        of the run's history; `units` of its loss terms
    """

    seed: int
    results: tuple[RungResult, ...]
    culled_at: int | None
    selected: bool
    planned: int
    run: Path | None = None
    status: str = "not begun"
    config: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def last(self) -> RungResult | None:
        """The rung that it was scored at last."""
        return self.results[-1] if self.results else None

    @property
    def scores(self) -> Scores:
        """Its val scores as sung, of the last rung that has any."""
        return next((result.raw for result in reversed(self.results) if result.raw), {})

    @property
    def epoch(self) -> int:
        """The epochs that it has been trained."""
        return int(self.rows[-1]["epoch"]) if self.rows else 0

    @property
    def broken(self) -> str | None:
        """diverged, failed or lost; None as long as it came through."""
        last = self.last
        return last.status if last and last.status != "trained" else None

    @property
    def outcome(self) -> str:
        """What became of it, in words."""
        last = self.last
        if self.selected:
            return "selected"
        if self.broken and last:
            return f"{self.broken} by epoch {last.epochs}" + (f": {last.reason}" if last.reason else "")
        if self.culled_at is not None:
            return f"culled after epoch {self.culled_at}"
        if last and last.epochs >= self.planned:
            return "trained to the end" if last.rank is None else f"trained to the end, rank {last.rank}"
        if self.run is None:
            return "not begun"
        return f"{self.status} after epoch {self.epoch} of {self.planned}"


@dataclass(frozen=True)
class ConditionResult:
    """What came of one condition: one setting of what is compared, with all its seeds.

    number     from 1, as it is drawn and named throughout
    name       short, for a person
    overrides  what it is on a command line
    rungs      in order; empty where no seeds were culled
    folder     where the model that was selected has its audio/, whether or not that is there yet
    manifest   of the selected model, None before it was evaluated
    """

    number: int
    name: str
    overrides: tuple[str, ...]
    n_epochs: int
    rungs: tuple[Rung, ...]
    seeds: tuple[SeedResult, ...]
    folder: Path
    manifest: Manifest | None = None

    @property
    def selected(self) -> SeedResult | None:
        """The seed that was selected."""
        return next((seed for seed in self.seeds if seed.selected), None)

    def of_selected(self, split: str, variant: str) -> Scores:
        """The mean scores of the selected model on val or test, raw or rescaled; empty where there are none."""
        return {} if self.manifest is None else self.manifest.means(split, variant)


@dataclass(frozen=True)
class Study:
    """All that a report is made of.

    name       of the sweep or the runs
    is_sweep   whether seeds were culled and selected by rule
    compared   swept key -> its values, less the seeds
    seeds      of every condition, ascending
    metric     val score by which seeds are ranked
    known      the metrics of all its runs, see `metrics_of`
    winners    numbers of the conditions with the best models: one, or one for each set of clips, where conditions were
               scored on different ones; none before that is decided
    under_way  whether a process is at work in the sweep, or in one of the runs
    """

    name: str
    path: Path
    is_sweep: bool
    compared: Mapping[str, Sequence[str]]
    seeds: tuple[int, ...]
    metric: str
    conditions: tuple[ConditionResult, ...]
    winners: tuple[int, ...]
    under_way: bool
    known: Known = field(default_factory=lambda: METRICS)

    @property
    def best(self) -> int | None:
        """Number of the condition whose model was selected of all; None where there is none, or none yet."""
        return self.winners[0] if len(self.winners) == 1 else None


def short_name(overrides: Sequence[str]) -> str:
    """What a condition is called: the choices of groups, and of other keys the last part of the name with the value."""
    parts = []
    for override in overrides:
        key, _, value = override.lstrip("+").partition("=")
        parts.append(f"{key.rpartition('.')[2]}={value}" if "." in key else value)
    return ", ".join(parts) or "all seeds"
