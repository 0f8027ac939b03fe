"""Which seeds go on after a rung: a pure function of the records that the seeds left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.facts import METRICS, Known
from .rungs import Rung
from .selection import rank

# how a job can end, from best to worst: only the first can be kept
STATUSES = ("trained", "diverged", "failed", "lost")

Record = Mapping[str, Any]


def decide(records: Sequence[Record], rung: Rung, metric: str, known: Known = METRICS) -> dict[str, Any]:
    """The decision after a rung.

    records  one mapping a seed: `seed`, `status` (one of `STATUSES`), `reason`, and where it is "trained" the means
             over val under val.raw
    rung     what they were trained to, and how many may go on
    metric   the score of val.raw that they are ranked by, see `selection.rank`
    known    the metrics there are, see `metrics_of`

    Returns `epochs`, `metric`, `ranking` (a mapping a seed from best to worst: `rank` from 1, `seed`, `status`, the
    metric, `bounded_frac`, `reason`), `kept` and `culled` (seeds in the order of the ranking). Those that did not come
    through rank last, in the order of `STATUSES` and by seed, and are never kept. Raises ValueError when the seeds were
    trained on different recordings.
    """
    trained = [record for record in records if record["status"] == "trained"]
    fingerprints = sorted({str(record["data_fingerprint"]) for record in trained})
    if len(fingerprints) > 1:
        raise ValueError(
            f"the recordings changed while the sweep ran: data_fingerprint is {' and '.join(fingerprints)}; restore "
            "them, or choose another sweep_name"
        )
    rows = rank([{**record["val"]["raw"], "seed": record["seed"]} for record in trained], metric, known)
    others = sorted(
        (record for record in records if record["status"] != "trained"),
        key=lambda record: (STATUSES.index(record["status"]), record["seed"]),
    )
    by_seed = {record["seed"]: record for record in records}
    ranking = []
    for place, seed in enumerate([row["seed"] for row in rows] + [record["seed"] for record in others], start=1):
        record = by_seed[seed]
        raw = (record.get("val") or {}).get("raw", {})
        scores = {name: raw.get(name) for name in dict.fromkeys((metric, "bounded_frac"))}
        ranking.append(
            {"rank": place, "seed": seed, "status": record["status"], **scores, "reason": record.get("reason")}
        )
    kept = [row["seed"] for row in rows[: rung.keep]]
    return {
        "epochs": rung.epochs,
        "metric": metric,
        "ranking": ranking,
        "kept": kept,
        "culled": [row["seed"] for row in ranking if row["seed"] not in kept],
    }
