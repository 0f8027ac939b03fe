"""The benchmark as a table on the console, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..runs.atomic import write_json_atomic, write_text_atomic
from .benchmark import SCORES, Row

_PERCENT = ("gross", "gross_1ms", "octave", "missed", "false", "voicing", "frames", "onsets_missed")
_SHOWN = (*_PERCENT[:7], "cents", "onset_ms", "pressure_r", "tension_r")


def markdown(rows: Sequence[Row]) -> str:
    """A table for people: of all sounds, then of kinds, in %, cents and ms."""
    lines = ["| dB | sounds | tracker | " + " | ".join(_SHOWN) + " |", "|---|---|---|" + "---|" * len(_SHOWN)]
    for row in rows:
        if row.band == "all":
            values = " | ".join(_shown(name, row.scores.get(name, math.nan)) for name in _SHOWN)
            lines.append(f"| {row.snr_db:g} | {row.kind} | {row.tracker} | {values} |")
    return "\n".join(lines) + "\n"


def write(rows: Sequence[Row], folder: Path, about: Mapping[str, Any]) -> list[Path]:
    """hearing.csv, hearing.json and hearing.md in a folder; about: what the sounds were, and how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["tracker", "snr_db", "kind", "band", "knots", *SCORES])
    for row in rows:
        scores = [_plain(row.scores.get(name, math.nan)) for name in SCORES]
        writer.writerow([row.tracker, row.snr_db, row.kind, row.band, row.knots, *scores])
    paths = [folder / f"hearing.{kind}" for kind in ("csv", "json", "md")]
    write_text_atomic(paths[0], text.getvalue())
    plain = [{**vars(row), "scores": {name: _plain(value) for name, value in row.scores.items()}} for row in rows]
    write_json_atomic(paths[1], {"about": dict(about), "rows": plain})
    write_text_atomic(paths[2], markdown(rows))
    return paths


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def _shown(name: str, value: float) -> str:
    if not math.isfinite(value):
        return ""
    return (
        f"{100 * value:.1f}"
        if name in _PERCENT
        else f"{value:.1f}"
        if name in ("cents", "onset_ms")
        else f"{value:.2f}"
    )
