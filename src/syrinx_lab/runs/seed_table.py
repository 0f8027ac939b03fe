"""seed_cv.csv: a row a seed and rung, made of nothing but the records and decisions that lie on the disk."""

from __future__ import annotations

import csv
import io
from typing import Any

from .plan import SweepPlan
from .rung_record import RungRecord
from .sweep_folder import SweepFolder

FIRST = ("condition", "seed", "epochs", "status", "rank", "culled_at")
LAST = ("model_epoch", "run", "checkpoint", "wall_s", "reason")


def seed_rows(plan: SweepPlan, folder: SweepFolder) -> list[dict[str, Any]]:
    """One mapping a record, in the order of conditions, rungs and seeds.

    condition  its label, empty where nothing but seeds is compared
    epochs       that the rung trains to
    status       trained, diverged, failed or lost
    rank         after that rung, from 1; None before it is decided
    culled_at    epochs of the rung after which the seed was given up, in every row of the seed; None when it was not
    val/NAME, val/rescaled_NAME     means over val of the seed's model at that rung
    model_epoch, run, checkpoint    of that model; the run's folder lies in outputs/, the checkpoint in it
    wall_s       s that its training took so far
    reason       why it did not come through
    """
    rows: list[dict[str, Any]] = []
    for condition in plan.conditions:
        culled: dict[int, int] = {}
        own: list[dict[str, Any]] = []
        for rung in condition.rungs:
            decision = folder.decision(condition, rung.epochs)
            ranks = {} if decision is None else decision.ranks
            # after the last rung nobody goes on: who stood there was compared, not culled
            if decision is not None and rung is not condition.rungs[-1]:
                culled |= dict.fromkeys(decision.culled, rung.epochs)
            for seed in plan.seeds:
                record = folder.rung_record(condition, seed, rung.epochs)
                if record is not None:
                    own.append(_row(condition.label, seed, rung.epochs, record, ranks.get(seed)))
        rows += [{**row, "culled_at": culled.get(row["seed"])} for row in own]
    return rows


def table_text(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV with a header; None is an empty cell."""
    scores = sorted({name for row in rows for name in row if name.startswith("val/")})
    text = io.StringIO()
    writer = csv.DictWriter(text, [*FIRST, *scores, *LAST], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(label: str, seed: int, epochs: int, record: RungRecord, rank: int | None) -> dict[str, Any]:
    scores = {f"val/{name}": value for name, value in record.raw.items()}
    scores |= {f"val/rescaled_{name}": value for name, value in record.rescaled.items()}
    first = {"condition": label, "seed": seed, "epochs": epochs, "status": record.status, "rank": rank}
    model = record.score
    last = {
        "model_epoch": None if model is None else model.model_epoch,
        "run": record.run,
        "checkpoint": None if model is None else model.checkpoint,
        "wall_s": None if model is None else model.wall_s,
        "reason": record.reason,
    }
    return first | scores | last
