"""The table of a comparison for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..metrics.facts import less_is_better
from .outcome import Comparison


def print_table(comparison: Comparison, console: Console | None = None) -> None:
    """Print a row a rival: numbers a second, every metric as resynthesised, and tf_corr at the target's rms."""
    names = comparison.metrics
    title = f"{comparison.title}: {len(comparison.targets)} clips of {comparison.split}"
    table = Table(title=title, title_justify="left")
    table.add_column("metric", no_wrap=True)
    for one in comparison.outcomes:
        table.add_column(one.name, justify="right")
    rates = [f"{one.numbers_per_second:,.0f}".replace(",", " ") for one in comparison.outcomes]
    table.add_row("numbers a second", *rates, end_section=True)
    for name in names:
        remark = " (less)" if less_is_better(name, comparison.known) else ""
        table.add_row(name + remark, *(_shown(one.raw.get(name)) for one in comparison.outcomes))
    for name in comparison.together:
        remark = " (0.5 is perfect)" if name.startswith("c2st") else ""
        table.add_row(name + remark, *(_shown(one.together[name]) for one in comparison.outcomes))
    table.add_row("rescaled tf_corr", *(_shown(one.rescaled.get("tf_corr")) for one in comparison.outcomes))
    (console or Console(width=32 + 15 * len(comparison.outcomes))).print(table)
    agreement = ", ".join(
        f"{name} {value:.3f}" for name, value in comparison.rendition.items() if name != "pairs" and value is not None
    )
    if agreement:
        print(f"two renditions of one syllable by the bird itself: {agreement} ({comparison.rendition['pairs']} pairs)")


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
