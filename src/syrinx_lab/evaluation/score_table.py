"""The scores of a manifest as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ..metrics.facts import by_importance, headline, metrics_of
from ..runs.manifest import Manifest


def print_scores(manifest: Manifest) -> None:
    """Print the scores of a manifest: a row a metric, val and test, raw with its 95 % interval, and rescaled."""
    scores = manifest.scores
    counts = ", ".join(f"{scores[split]['count']} of {split}" for split in scores)
    epoch = manifest.epoch
    model = f"after epoch {epoch}" if epoch >= 0 else f"of {manifest.checkpoint}"
    title = f"cold-start scores {model}, vocalisations: {counts}"
    table = Table(title=title, title_justify="left")
    table.add_column("metric")
    columns = [(split, which) for split in scores for which in ("raw", "rescaled")]
    for split, which in columns:
        table.add_column(f"{split} {which}", justify="right")
    for name in by_importance(metrics_of(manifest.config)):
        table.add_row(name, *(_cell(scores[split], which, name) for split, which in columns))
    Console(width=110).print(table)
    for split in scores:
        _print_groups(manifest, split)
    for split in scores:
        _print_sets(split, scores[split]["sets"])
    anchor = manifest.anchors["rendition"]
    if anchor["tf_corr"] is not None:
        print(
            "two renditions of one syllable by the bird itself: "
            + ", ".join(
                f"{name} {value:.3f}" for name, value in anchor.items() if name != "pairs" and value is not None
            )
            + f" ({anchor['pairs']} pairs)"
        )
    analytic = manifest.anchors["analytic"]
    if analytic is not None:
        print(
            "for comparison, the lab's vocal organ, untrained, on the same clips: "
            f"tf_corr {analytic['tf_corr']:.3f}, autonomy {analytic['autonomy']:.3f}"
        )
    for line in manifest.flags:
        print(f"warning   {line}")


def _cell(scores: Mapping[str, Any], which: str, name: str) -> str:
    """A mean, and beside it as sung its interval."""
    value = scores[which].get(name)
    if value is None or np.isnan(value):
        return "-"
    digits = 0 if abs(value) >= 1000 else 3
    interval = scores["intervals"][which].get(name) if which == "raw" else None
    beside = "" if interval is None else f" [{interval[0]:.{min(digits, 2)}f}, {interval[1]:.{min(digits, 2)}f}]"
    return f"{value:.{digits}f}{beside}"


def _print_groups(manifest: Manifest, split: str) -> None:
    """A table a kind of group that differs among the clips: a row a bird or day, the metrics that stand for all."""
    names = headline(metrics_of(manifest.config))
    for kind, groups in manifest.scores[split].get("per_group", {}).items():
        table = Table(title=f"{split}, by {kind}", title_justify="left")
        table.add_column(kind)
        for head in ("clips", *names):
            table.add_column(head, justify="right")
        for name, means in groups.items():
            values = (means["raw"].get(metric) for metric in names)
            cells = ("-" if value is None or np.isnan(value) else f"{value:.3f}" for value in values)
            table.add_row(name, str(means["count"]), *cells)
        Console(width=110).print(table)


def _print_sets(split: str, sets: Mapping[str, Any] | None) -> None:
    """The scores of all clips together, in two lines."""
    if sets is None:
        return
    apart, bird, named = sets["c2st"], sets["c2st_bird"], sets["recognition"]
    if apart["patches"] is not None:
        print(
            f"distinguished from the bird's on {split} (0.5: not at all, 1: always): patches {apart['patches']:.2f}, "
            f"clips {apart['clips']:.2f}"
            + (
                f"; the bird's own from each other {bird['patches']:.2f}, {bird['clips']:.2f}"
                if bird["patches"] is not None
                else ""
            )
        )
    if named["ratio"] is not None:
        print(
            f"named as the right syllable: {named['sung']:.2f} of what was sung, {named['real']:.2f} of the bird's own"
        )
