"""The table of a comparison for the terminal, and for a page of documentation."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..metrics.facts import METRICS, less_is_better
from .outcome import Comparison

WIDEST = 9  # rivals that stand side by side in a terminal
_DIGITS = {"dB": 1, "cents": 0, "ms": 1}
_COLUMNS = (
    *("tf_corr", "tf_corr_syllable", "spec_corr", "env_corr", "amp_pen", "wrong_partial", "leak_db", "lsd_db"),
    *("mcd_db", "f0_cents", "octave_errors", "onset_error_ms"),
)


def as_markdown(comparison: Comparison) -> str:
    """A row a rival, the best tf_corr first: numbers a second, metrics as resynthesised, scores of all clips together.

    tf_corr has its 95 % interval. A dash: not defined.
    """
    names = [name for name in _COLUMNS if name in comparison.metrics]
    names += [name for name in comparison.metrics if comparison.known[name] not in METRICS.values()]
    lines = [["", "numbers a second", *names, *comparison.together]]
    lines.append(["---"] * len(lines[0]))
    for one in comparison.outcomes:
        cells = [_shown(one.raw.get(name), _DIGITS.get(comparison.known[name].unit, 3)) for name in names]
        if (bounds := one.intervals.get("tf_corr")) is not None and "tf_corr" in names:
            cells[names.index("tf_corr")] += f", {bounds[0]:.3f} to {bounds[1]:.3f}"
        rate = f"{one.numbers_per_second:,.0f}"
        lines.append([f"`{one.name}`", rate, *cells, *(_shown(one.together[name], 2) for name in comparison.together)])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def print_table(comparison: Comparison, console: Console | None = None) -> None:
    """Print numbers a second, every metric as resynthesised, and tf_corr at the target's rms, a column a rival.

    With more than nine rivals it is `as_markdown`.
    """
    if len(comparison.outcomes) > WIDEST:
        print(as_markdown(comparison), end="")
    else:
        _print_columns(comparison, console)
    agreement = ", ".join(
        f"{name} {value:.3f}" for name, value in comparison.rendition.items() if name != "pairs" and value is not None
    )
    if agreement:
        print(f"two renditions of one syllable by the bird itself: {agreement} ({comparison.rendition['pairs']} pairs)")


def _print_columns(comparison: Comparison, console: Console | None) -> None:
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


def _shown(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
