"""Which seeds go on after a rung: a pure function of the records that the seeds left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..metrics.facts import METRICS, Known
from .job_record import STATUSES
from .rung_record import RungRecord
from .rungs import Rung
from .selection import rank
from .stored_record import StoredRecord, required


@dataclass(frozen=True)
class RankedSeed:
    """The place of a seed in a ranking.

    rank    from 1
    status  one of `STATUSES`; `reason` why it did not come through
    scores  the metric that ranks and bounded_frac, None where there is no model
    """

    rank: int
    seed: int
    status: str
    scores: Mapping[str, float | None]
    reason: str | None


@dataclass(frozen=True)
class Decision(StoredRecord):
    """What was decided after a rung.

    epochs        that the rung trains to
    metric        the val score that ranked
    ranking       every seed of the rung, from best to worst
    kept, culled  seeds, in the order of the ranking
    """

    kind: ClassVar[str] = "decision"
    schema: ClassVar[int] = 1
    remedy: ClassVar[str] = "remove it and repeat the command of the sweep: the rung is decided again"

    epochs: int
    metric: str
    ranking: tuple[RankedSeed, ...]
    kept: tuple[int, ...]
    culled: tuple[int, ...]

    @property
    def ranks(self) -> dict[int, int]:
        """Seed -> its rank."""
        return {entry.seed: entry.rank for entry in self.ranking}

    @classmethod
    def parse(cls, given: dict[str, Any], source: str | Path) -> dict[str, Any]:
        """With the ranking as what it is."""
        entries = (
            required(RankedSeed, one, f"{source}: a rank of a {cls.kind}", cls.remedy) for one in given["ranking"]
        )
        ranking = tuple(RankedSeed(**entry) for entry in entries)
        return given | {"ranking": ranking, "kept": tuple(given["kept"]), "culled": tuple(given["culled"])}


def decide(records: Sequence[RungRecord], rung: Rung, metric: str, known: Known = METRICS) -> Decision:
    """The decision after a rung.

    records  of the seeds
    rung     what they were trained to, and how many may go on
    metric   the score of val as sung that they are ranked by, see `selection.rank`
    known    the metrics there are, see `metrics_of`

    Those that did not come through rank last, in the order of `STATUSES` and by seed, and are never kept. Raises
    ValueError when the seeds were trained on different recordings.
    """
    trained = [record for record in records if record.came_through]
    fingerprints = sorted({str(record.data_fingerprint) for record in trained})
    if len(fingerprints) > 1:
        raise ValueError(
            f"the recordings changed while the sweep ran: data_fingerprint is {' and '.join(fingerprints)}; restore "
            "them, or choose another sweep_name"
        )
    rows = rank([{**record.raw, "seed": record.seed} for record in trained], metric, known)
    others = sorted(
        (record for record in records if not record.came_through),
        key=lambda record: (STATUSES.index(record.status), record.seed),
    )
    by_seed = {record.seed: record for record in records}
    ranking = tuple(
        RankedSeed(
            rank=place,
            seed=seed,
            status=by_seed[seed].status,
            scores={name: by_seed[seed].raw.get(name) for name in dict.fromkeys((metric, "bounded_frac"))},
            reason=by_seed[seed].reason,
        )
        for place, seed in enumerate([row["seed"] for row in rows] + [record.seed for record in others], start=1)
    )
    kept = tuple(row["seed"] for row in rows[: rung.keep])
    culled = tuple(entry.seed for entry in ranking if entry.seed not in kept)
    return Decision(rung.epochs, metric, ranking, kept, culled)
