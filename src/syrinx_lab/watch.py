"""Follow runs while they train: `python -m syrinx_lab.watch run=outputs/... overlay=losses.png`."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, which take seconds
    from .cli import answer_early

    answer_early("watch")

import json
import math
import sys
import time
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from rich.live import Live

from .cli import entry_point
from .figures.smoothing import check_smooth
from .metrics.facts import headline, higher_is_better, merged
from .runs.events import Event, events_between, heartbeats, loss_spikes
from .runs.listing import columns_table, console, print_columns, shown, shown_score, table_width
from .runs.permission import refuse_unwritable
from .runs.progress import Progress, in_words, read_progress, refuse_unlogged
from .runs.watching import as_text, is_open_sweep, metrics_at, names_of, watched

Columns = dict[str, list[str]]
DEAD = 3  # exit status of a single look at runs of which one has died


def watch(cfg: DictConfig) -> None:
    """Show the runs of `run` as a table, again and again until none of them trains any more.

    What happens meanwhile is printed as events, see `runs.events`, and appended to `events` as JSON lines. A single
    look (`once`) ends with status 3 when a run has died.

    Raises:
        ValueError: no run there, or a number out of range.
    """
    chosen: dict[str, Any] = OmegaConf.to_container(cfg, resolve=True)  # type: ignore[assignment]
    paths = [chosen["run"]] if isinstance(chosen["run"], str) else list(chosen["run"])
    if chosen["metric"] is not None:
        higher_is_better(chosen["metric"], metrics_at(paths))  # whether or not a run has begun
    if chosen["every_s"] <= 0:
        raise ValueError(f"every_s is {chosen['every_s']}: use more than 0 s")
    live_shown = sys.stdout.isatty() and not chosen["once"]
    loss_spikes([], z=chosen["spike_z"], window=chosen["spike_window"])  # refuses numbers out of range
    if chosen["heartbeat_s"] <= 0:
        raise ValueError(f"heartbeat_s is {chosen['heartbeat_s']}: use more than 0 s")
    check_smooth(chosen["smooth"])
    if chosen["overlay"]:
        _check_overlay(chosen["overlay"])
    if chosen["events"] is not None:
        _append(chosen["events"], [])  # a file that cannot be written is found out now
    before: list[Progress] | None = None
    beat = -math.inf
    if not watched(paths):
        print(f"no run of {', '.join(paths)} has begun", flush=True)
    with Live(console=console(), auto_refresh=False) if live_shown else nullcontext() as live:
        while True:
            now, names = _look(paths, chosen)
            by_folder, at = {p.run.path: as_text(name) for p, name in zip(now, names)}, time.time()
            limits = {name: chosen[name] for name in ("spike_z", "spike_window")}
            events = events_between(before, now, by_folder, at=at, **limits)
            due = at - beat >= chosen["heartbeat_s"]
            if due:
                beat = at
                events += heartbeats(now, by_folder, at=at)
            if chosen["events"] is not None:
                _append(chosen["events"], events)
            lines = [event.as_line() for event in events if live is None or event.kind != "HEARTBEAT"]
            columns = fitting(table_columns(now, names), console().width, ranking(now))
            changed = _changed(before or (), now)
            if live is not None:
                for line in lines:
                    live.console.print(line, highlight=False, soft_wrap=True)
                live.update(columns_table(columns), refresh=True)
            else:
                if not before:
                    if now:
                        print_columns(columns)
                else:
                    _print_lines(now, names, changed)
                print("".join(f"{line}\n" for line in lines), end="", flush=True)
            if chosen["overlay"] and any(progress.rows for progress in changed):
                _draw(chosen["overlay"], now, [as_text(name) for name in names], chosen["smooth"])
            over = not any(progress.under_way for progress in now) and not any(map(is_open_sweep, paths))
            if chosen["once"] or over:
                break
            before = now
            time.sleep(chosen["every_s"])
    if chosen["overlay"] and any(progress.rows for progress in now):
        print(f"look at   {chosen['overlay']}")
    if chosen["once"] and any(progress.silent_s is not None for progress in now):
        sys.exit(DEAD)


def table_columns(now: Sequence[Progress], names: Sequence[dict[str, str]]) -> Columns:
    """The cells of the table, a row a run, by column."""
    keys = list(names[0]) if names else ["run"]
    columns: Columns = {key: [name[key] for name in names] for key in keys}
    columns["status"] = [progress.status for progress in now]
    columns["epoch"] = [f"{p.epoch}/{p.target}" for p in now]
    # a term without weight is 0 or absent: it says nothing
    terms = [t for t in dict.fromkeys(t for p in now for t in p.losses) if t != "nan_skip"]
    terms = [t for t in terms if any(p.losses.get(t) != 0 and t in p.losses for p in now)]
    for term in sorted(terms, key=lambda term: term != "total"):
        columns[term] = [shown(p.losses.get(term)) for p in now]
    shown_first = headline(merged(p.known for p in now))
    for score in dict.fromkeys([*shown_first, *(p.metric.removeprefix("val/") for p in now if _is_score(p.metric))]):
        name = f"val {score}" if score in terms else score  # a loss term may be called so
        columns[name] = [shown_score(p.scores.get(score)) for p in now]
    columns["H"] = [shown(p.horizon) for p in now]
    columns["ckpt"] = [str(p.checkpoints[-1][0]) if p.checkpoints else "-" for p in now]
    columns["skipped"] = [str(p.skipped) for p in now]
    columns["s/epoch"] = [shown(p.epoch_s) for p in now]
    columns["ETA"] = [in_words(p.eta_s) for p in now]
    return columns


def ranking(now: Sequence[Progress]) -> set[str]:
    """The columns of what the runs are ranked by, or watched for."""
    return {name for p in now for name in (p.metric.split("/", 1)[-1], f"val {p.metric.removeprefix('val/')}")}


def _is_score(metric: str) -> bool:
    return not metric.startswith("loss/")


def fitting(columns: Columns, room: int, ranked: Collection[str] = ()) -> Columns:
    """The columns less as many of those that can be spared as it takes to fit into `room` characters.

    ranked  columns that are always there
    """
    kept = dict(columns)
    names, (first, second, *_) = list(kept), headline()
    terms = names[names.index("total") + 1 : names.index(first)] if "total" in kept else []
    outside = [name for name in names[names.index(first) : names.index("H")] if name not in headline()]
    for name in ("s/epoch", "skipped", "H", *reversed(terms), second, *reversed(outside)):
        if table_width(kept) <= room:
            break
        if name in ranked:
            continue
        if name != "skipped" or set(kept[name]) <= {"0"}:  # what was left out is never left unsaid
            kept.pop(name)
    return kept


def _look(paths: Sequence[str], chosen: dict[str, Any]) -> tuple[list[Progress], list[dict[str, str]]]:
    """The runs as they stand and their names, in the order of the names, seed by seed."""
    settings = {name: chosen[name] for name in ("metric", "patience", "min_delta")}
    known = metrics_at(paths)  # where one run alone has a metric, the others have no value of it
    now = [read_progress(run, known=known, **settings) for run in watched(paths)]
    refuse_unlogged(chosen["metric"], now)
    names = names_of([progress.config for progress in now], [progress.run for progress in now])
    order = sorted(range(len(now)), key=lambda n: [_natural(value) for value in names[n].values()])
    return [now[n] for n in order], [names[n] for n in order]


def _natural(value: str) -> tuple[float, str]:
    """Sort key of a value in a name: numbers by size, text after them."""
    try:
        return float(value), ""
    except ValueError:
        return float("inf"), value


def _changed(before: Sequence[Progress], now: Sequence[Progress]) -> list[Progress]:
    """The runs that have come further, or have another status."""
    known = {p.run.path: (p.epoch, p.status) for p in before}
    return [p for p in now if known.get(p.run.path) != (p.epoch, p.status)]


def _print_lines(now: Sequence[Progress], names: Sequence[dict[str, str]], changed: Sequence[Progress]) -> None:
    """On a pipe: one line for each run that has changed."""
    for progress, name in zip(now, names):
        if progress in changed:
            columns = table_columns([progress], [{"run": as_text(name)}])
            cells = [f"{key} {cells[0]}" for key, cells in columns.items() if key not in ("run", "status")]
            print("  ".join([columns["run"][0], columns["status"][0], *cells]))


def _append(path: str, events: Sequence[Event]) -> None:
    """Append events to a file of JSON lines, in one write."""
    lines = "".join(json.dumps(event.as_json(), ensure_ascii=False, allow_nan=False) + "\n" for event in events)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(lines)
    except OSError as error:
        raise ValueError(f"events={path} cannot be written: {error.strerror}; give another file") from error


def _check_overlay(path: str) -> None:
    from .figures.style import check_picture  # matplotlib, for those who ask for a picture

    try:
        check_picture(path)
    except ValueError as error:
        raise ValueError(f"overlay={error}") from None
    refuse_unwritable(Path(path).parent, "give overlay=FILE")


def _draw(path: str, now: Sequence[Progress], names: Sequence[str], smooth: str | int) -> None:
    from .figures.overlay import overlay_panels  # matplotlib, for those who ask for a picture
    from .figures.style import save_figure

    rows = {name: p.rows for name, p in zip(names, now) if p.rows}
    units = {term: unit for p in now for term, unit in p.run.units().items()}
    known = merged(p.known for p in now)
    save_figure(overlay_panels(rows, smooth=smooth, units=units, known=known), Path(path))


def main() -> None:
    """The console entry."""
    entry_point(watch, config_name="watch", interrupted="no longer watched")


if __name__ == "__main__":
    main()
