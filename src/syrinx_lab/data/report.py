"""A corpus report as tables and lines, on a terminal or in a pipe."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..types import Category
from .annotation_problem import printable
from .examples import examples
from .summary import CorpusReport, channels_line, summarise

__all__ = ["CorpusReport", "examples", "print_report", "render_report", "summarise"]

PIPE_WIDTH = 100
_MOST_RECORDINGS = 40
_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def print_report(report: CorpusReport, console: Console | None = None) -> None:
    """Print a report: in colour as wide as the terminal, or without colour codes and 100 columns wide in a pipe.

    Lines of text, and so the problems with their files, are never broken.
    """
    if console is None:
        console = Console()
        if not console.is_terminal:
            console = Console(width=PIPE_WIDTH, no_color=True)
    for part in render_report(report):
        console.print(part, soft_wrap=isinstance(part, Text))


def render_report(report: CorpusReport) -> list[Table | Text]:
    """The report in the order of reading: what was found, recordings, labels and windows, faults, problems."""
    parts: list[Table | Text] = [Text("\n".join(_overview(report)))]
    if report.recordings:
        parts.append(_recordings(report))
    if report.labels:
        parts.append(_labels(report))
    parts += [Text("\n".join(_windows(report)))] if report.context is not None else []
    parts += [Text("\n".join(f"training: {line}" for line in report.training))] if report.training else []
    parts.append(Text("\n".join(_faults(report))))
    parts += [
        Text.assemble((problem.severity, _STYLES[problem.severity]), f": {problem}") for problem in report.problems
    ]
    return parts


def _overview(report: CorpusReport) -> Iterator[str]:
    """What was found, a line each."""
    if not report.recordings:
        yield "no recordings"
        return
    durations = [recording.duration_s for recording in report.recordings]
    yield (
        f"{_count(len(durations), 'recording')}, {sum(durations):.1f} s in all, {min(durations):.2f} to "
        f"{max(durations):.2f} s each; {_count(report.syllables, 'syllable')} of {_count(len(report.labels), 'label')}"
    )
    rates = ", ".join(f"{rate} Hz ({count})" for rate, count in report.native_sample_rates().items())
    yield f"sample rates of the files: {rates}; read at {report.sample_rate} Hz"
    yield channels_line(report.recordings)
    contrasts = [r.contrast_db for r in report.recordings if not math.isnan(r.contrast_db)]
    if contrasts:
        yield f"syllables stand {np.median(contrasts):.1f} dB above the silences (RMS, median over recordings)"
    if taken := [r.removed for r in report.recordings if r.removed is not None]:
        song, rest = np.nanmedian(np.array(taken, dtype=float), axis=0)
        yield f"denoising took {song:.2f} dB from the syllables and {rest:.1f} dB from the rest (medians)"
    if gaps := report.gaps:
        share = 100.0 * gaps.cold_starts / report.syllables
        span = f"{gaps.shortest_ms:.1f} to {gaps.longest_ms:.1f} ms, median {gaps.median_ms:.1f} ms"
        yield f"silences between syllables: {span}"
        yield f"{share:.0f} % of the syllables follow {gaps.lead_in} samples of silence, enough for a full cold start"
    yield f"fingerprint {report.fingerprint}"


def _recordings(report: CorpusReport) -> Table:
    table = _table("recordings", ["recording"], ["file Hz", "seconds", "syllables", "contrast dB"])
    for row in report.recordings[:_MOST_RECORDINGS]:
        contrast = "-" if math.isnan(row.contrast_db) else f"{row.contrast_db:.1f}"
        cells = (str(row.native_sample_rate), f"{row.duration_s:.2f}", str(row.syllables), contrast)
        table.add_row(Text(row.id, overflow="fold"), *cells)
    if (left := len(report.recordings) - _MOST_RECORDINGS) > 0:
        table.add_row(f"... and {left} more")
    return table


def _labels(report: CorpusReport) -> Table:
    """Lengths in ms, and in the columns ONSET, OFFSET and MID how many windows were cut."""
    pools = list(Category) if report.context is not None else []
    everything = all(row.selected for row in report.labels)
    chosen = [] if everything else ["chosen"]
    numbers = ["syllables", "mean ms", "min ms", "max ms", *(category.name for category in pools)]
    table = _table("labels and windows" if pools else "labels", ["label", *chosen], numbers)
    for row in report.labels:
        marks = [] if everything else ["yes" if row.selected else "no"]
        lengths = (f"{length:.1f}" for length in (row.mean_ms, row.shortest_ms, row.longest_ms))
        windows = (str(row.windows[category]) if row.selected else "-" for category in pools)
        table.add_row(Text(row.label, overflow="fold"), *marks, str(row.count), *lengths, *windows)
    table.add_section()
    sums = (str(sum(row.windows[category] for row in report.labels)) for category in pools)
    table.add_row("all", *([] if everything else [""]), str(report.syllables), "", "", "", *sums)
    return table


def _windows(report: CorpusReport) -> Iterator[str]:
    """How long the windows are, and which were left out."""
    assert report.context is not None
    yield f"windows of {report.context} samples, {report.context / report.sample_rate * 1e3:.1f} ms"
    if report.shortened:
        yield f"{report.shortened} of them with less silence than asked for, because a neighbour is near"
    for (category, reason), count in report.dropped.items():
        yield f"{count} {category.name} left out: {reason}"
    yield from report.notes


def _faults(report: CorpusReport) -> Iterator[str]:
    """Clipped, silent and non-finite recordings, and how many problems follow."""
    for name, paths in report.faults.items():
        yield f"{name} recordings: {len(paths) or 'none'}" + "".join(f"\n  {printable(path)}" for path in paths)
    counts = [(severity, sum(p.severity == severity for p in report.problems)) for severity in _STYLES]
    counted = ", ".join(_count(count, severity) for severity, count in counts if count)
    fine = "nothing is wrong with the files" + (", and training would take them" if report.training else "")
    yield f"{counted}:" if counted else fine


def _table(title: str, names: list[str], numbers: list[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
