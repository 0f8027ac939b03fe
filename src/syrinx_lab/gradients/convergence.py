"""Which share of starts every method brings home, over how far away they were."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..runs.atomic import write_text_atomic
from .method import Method
from .mistuned import MistunedClips

HOME_CENTS = 50.0


@dataclass(frozen=True)
class Recovery:
    """One start of one method: the clip's pitch in Hz, the error at the start and what was left of it, cents."""

    method: str
    clip: int
    pitch_hz: float
    start_cents: float
    end_cents: float

    @property
    def home(self) -> bool:
        """Whether it ended within 50 cents."""
        return abs(self.end_cents) < HOME_CENTS


def recoveries(
    name: str, method: Method, clips: MistunedClips, starts: Sequence[float], generator: torch.Generator
) -> list[Recovery]:
    """Every clip from every start (cents), all at once."""
    cents = torch.tensor(starts, dtype=torch.float32).repeat(len(clips.target))
    left = method.recover(clips.repeated(len(starts)), cents, generator)
    rows = []
    for number, (start, end) in enumerate(zip(cents.tolist(), left.tolist())):
        clip = number // len(starts)
        rows.append(Recovery(name, clip, float(clips.pitch_hz[clip]), start, end))
    return rows


def shares(rows: Sequence[Recovery]) -> dict[str, dict[float, float]]:
    """Method -> error at the start (cents, with its sign) -> share of the clips that came home."""
    found: dict[str, dict[float, list[bool]]] = {}
    for row in rows:
        found.setdefault(row.method, {}).setdefault(row.start_cents, []).append(row.home)
    return {name: {at: sum(those) / len(those) for at, those in by.items()} for name, by in found.items()}


def within(rows: Sequence[Recovery], cents: float) -> dict[str, float]:
    """Method -> share of all starts of at most so many cents that came home."""
    found: dict[str, list[bool]] = {}
    for row in rows:
        if abs(row.start_cents) <= cents + 1e-6:
            found.setdefault(row.method, []).append(row.home)
    return {name: sum(those) / len(those) for name, those in found.items()}


def write_recoveries(rows: Sequence[Recovery], path: Path) -> Path:
    """A CSV, one line a start."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["method", "clip", "pitch_hz", "start_cents", "end_cents", "home"])
    for row in rows:
        numbers = (f"{row.pitch_hz:.1f}", f"{row.start_cents:g}", f"{row.end_cents:.1f}")
        writer.writerow([row.method, row.clip, *numbers, int(row.home)])
    write_text_atomic(path, text.getvalue())
    return path
