"""Rows as an aligned table for a terminal or a pipe, or in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .row import Row

HEADINGS = ("case", "backend", "median", "spread", "x eager", "peak MB", "stored", "floor", "x floor", "bound")
LEGEND = (
    "spread: interquartile range over the median. x eager: how many times faster than the reference (rollout: eager; "
    "encoder: mambapy; step: both) in this process. peak MB: most memory held, inputs and gradients included. stored: "
    "inputs and gradients alone, MB. floor: no run can be shorter on this machine, for the multiply-adds (compute), "
    "the bytes moved (memory) or the chain of dependent steps. x floor: median over it."
)
_LEFT = ("case", "backend", "bound")


def cells(row: Row) -> tuple[str, ...]:
    """What stands in the table for a row, in the order of HEADINGS."""
    return (
        row.case,
        row.backend,
        seconds(row.median_s),
        f"{100 * row.spread_s / row.median_s:.0f} %",
        number(row.ratio_to_eager),
        number(None if row.peak_bytes is None else row.peak_bytes / 1e6),
        number(row.stored_bytes / 1e6),
        seconds(row.floor_s),
        number(row.median_s / row.floor_s if row.floor_s > 0 else None),
        row.floor_bound,
    )


def as_text(rows: Sequence[Row]) -> str:
    """An aligned table a suite, each under the suite's name."""
    blocks = []
    for suite in dict.fromkeys(row.suite for row in rows):
        lines = [HEADINGS, *(cells(row) for row in rows if row.suite == suite)]
        widths = [max(map(len, column)) for column in zip(*lines)]
        blocks.append("\n".join([suite, *("  " + _aligned(line, widths) for line in lines)]))
    return "\n\n".join(blocks)


def as_markdown(rows: Iterable[Row]) -> str:
    """One Markdown table of all suites."""
    lines = [("suite", *HEADINGS), ("---", *("---" if name in _LEFT else "---:" for name in HEADINGS))]
    lines += [(row.suite, *cells(row)) for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds(value: float) -> str:
    """Three digits with a unit: 13.2 ms."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value / 1e-6)} us"


def number(value: float | None) -> str:
    """Three digits: 0.123, 1.23, 12.3, 123, 1,234; a dash for None."""
    if value is None:
        return "-"
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        text.ljust(width) if name in _LEFT else text.rjust(width) for name, text, width in zip(HEADINGS, line, widths)
    ).rstrip()
