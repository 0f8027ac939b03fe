"""What happens in runs that are watched: checkpoints, plateaus, spikes, signs of life, and runs that have died."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .progress import Progress, in_words

SPIKE_Z, SPIKE_WINDOW = 6.0, 10
_FEWEST = 5  # epochs before which nothing is known of a loss's usual spread
_NORMAL = 1.4826  # the median absolute deviation times this is the standard deviation of normal numbers
_FLOOR = 0.01  # of the median: a loss that has not moved at all has no spread to measure by


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    kind   NEW_CHECKPOINT, PLATEAU, NAN_SPIKE, LOSS_SPIKE, HEARTBEAT or DEAD_RUN
    run    the run's name beside the others
    path   its folder
    epoch  finished epochs
    value  NEW_CHECKPOINT: None; PLATEAU: the best score; NAN_SPIKE: updates left out in the epoch;
           LOSS_SPIKE: the loss; HEARTBEAT: seconds an epoch, None as long as nobody knows;
           DEAD_RUN: seconds since the last sign of life
    text   in words
    time   when it was seen, seconds since 1970
    """

    kind: str
    run: str
    path: Path
    epoch: int
    value: float | None
    text: str
    time: float

    def as_line(self) -> str:
        """For a terminal: kind, run, epoch, the words, and the local time of day."""
        clock = datetime.fromtimestamp(self.time).strftime("%H:%M:%S")
        colon = "" if self.kind == "NEW_CHECKPOINT" else ":"  # there the file follows as a word of its own
        return f"{self.kind} {self.run} epoch {self.epoch}{colon} {self.text}  at {clock}"

    def as_json(self) -> dict[str, Any]:
        """For a file of JSON lines; the time in ISO 8601, UTC."""
        value = self.value if self.value is not None and math.isfinite(self.value) else None
        return {
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="seconds"),
            "event": self.kind,
            "run": self.run,
            "path": str(self.path),
            "epoch": self.epoch,
            "value": value,
            "text": self.text,
        }


def events_between(
    before: Sequence[Progress] | None,
    now: Sequence[Progress],
    names: Mapping[Path, str],
    *,
    at: float,
    spike_z: float = SPIKE_Z,
    spike_window: int = SPIKE_WINDOW,
) -> list[Event]:
    """What has happened between two looks, run by run.

    before        the runs as they stood, None at the first look: all but checkpoints that are there already is new
    names         of the runs, by folder
    at            when the second look was, seconds since 1970
    spike_z, spike_window  see `loss_spikes`
    """
    found: list[Event] = []
    known = {progress.run.path: progress for progress in before or ()}
    for progress in now:
        path, earlier = progress.run.path, known.get(progress.run.path)

        def event(
            kind: str, epoch: int, value: float | None, text: str, path: Path = path, name: str = names[path]
        ) -> None:
            found.append(Event(kind, name, path, epoch, value, text, at))

        seen = {epoch for epoch, _ in earlier.checkpoints} if earlier else set()
        for epoch, file in progress.checkpoints if before is not None else ():
            if epoch not in seen:
                event("NEW_CHECKPOINT", epoch, None, str(file))
        old_rows = [] if earlier is None else earlier.rows
        skipped = set(nan_spikes(old_rows))
        for epoch, count in nan_spikes(progress.rows):
            if (epoch, count) not in skipped:
                event("NAN_SPIKE", epoch, count, f"{count:.0f} updates left out: loss or gradient not finite")
        spikes = set(loss_spikes(old_rows, z=spike_z, window=spike_window))
        for spike in loss_spikes(progress.rows, z=spike_z, window=spike_window):
            if spike not in spikes:
                epoch, loss, score = spike
                text = f"loss/total {loss:.4g} is {score:.1f} deviations above its recent median"
                event("LOSS_SPIKE", epoch, loss, text)
        plateau = progress.plateau
        if plateau is not None and (earlier is None or earlier.plateau != plateau):
            text = f"{progress.metric} is no better than {plateau.best:.3f} since epoch {plateau.since}"
            event("PLATEAU", plateau.detected_at, plateau.best, text)
        if progress.silent_s is not None and (earlier is None or earlier.silent_s is None):
            text = f"no process trains it, and nothing was written for {in_words(progress.silent_s)}; start it again"
            event("DEAD_RUN", progress.epoch, progress.silent_s, text)
    return found


def heartbeats(now: Sequence[Progress], names: Mapping[Path, str], *, at: float) -> list[Event]:
    """A sign of life of every run that trains: epoch, seconds an epoch and the time until its target."""
    return [
        Event(
            "HEARTBEAT",
            names[p.run.path],
            p.run.path,
            p.epoch,
            p.epoch_s,
            f"of {p.target}, {'-' if p.epoch_s is None else f'{p.epoch_s:.3g}'} s/epoch, ETA {in_words(p.eta_s)}",
            at,
        )
        for p in now
        if p.under_way
    ]


def nan_spikes(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    """(epoch, updates left out) of the epochs in which loss or gradient was not finite, from rows of a history."""
    return [(int(row["epoch"]), float(row["loss/nan_skip"])) for row in rows if row.get("loss/nan_skip")]


def loss_spikes(
    rows: Sequence[Mapping[str, Any]], *, z: float = SPIKE_Z, window: int = SPIKE_WINDOW
) -> list[tuple[int, float, float]]:
    """(epoch, loss, score) of the epochs whose loss/total lies far above the `window` epochs before.

        score = (x - median) / max(1.4826 MAD, 0.01 |median|) > z

    over the finite values of those epochs, of which there must be five. Median and MAD (median absolute deviation) are
    moved neither by an earlier spike nor by the loss's fall.

    rows    of a history, by epoch
    z       robust standard deviations, above 0
    window  epochs, 5 or more
    Raises ValueError for numbers out of range. Hampel (1974), the influence curve and its role in robust estimation.
    """
    if z <= 0 or window < _FEWEST:
        raise ValueError(f"spike_z {z} and spike_window {window}: use more than 0, and {_FEWEST} or more epochs")
    return list(_spikes(rows, z, window))


def _spikes(rows: Sequence[Mapping[str, Any]], z: float, window: int) -> Iterator[tuple[int, float, float]]:
    values = [(int(row["epoch"]), row.get("loss/total")) for row in rows]
    finite = [(epoch, float(value)) for epoch, value in values if value is not None and math.isfinite(value)]
    for place, (epoch, value) in enumerate(finite):
        recent = [earlier for _, earlier in finite[max(0, place - window) : place]]
        if len(recent) < _FEWEST:
            continue
        middle = statistics.median(recent)
        spread = _NORMAL * statistics.median(abs(earlier - middle) for earlier in recent)
        score = (value - middle) / max(spread, _FLOOR * abs(middle), 1e-12)
        if score > z:
            yield epoch, value, score
