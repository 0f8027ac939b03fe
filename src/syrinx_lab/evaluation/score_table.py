"""The scores of a manifest as a table for the terminal."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table

from ..metrics.facts import metrics_of
from ..runs.manifest import Manifest


def print_scores(manifest: Manifest) -> None:
    """Print the scores of a manifest: a row a metric, val and test, raw and rescaled."""
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
    for name in metrics_of(manifest.config):
        cells = [scores[split][which].get(name) for split, which in columns]
        table.add_row(name, *("-" if v is None or np.isnan(v) else f"{v:.3f}" for v in cells))
    Console(width=100).print(table)
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
        print(f"the physical prior, untrained: tf_corr {analytic['tf_corr']:.3f}, autonomy {analytic['autonomy']:.3f}")
    for line in manifest.flags:
        print(f"warning   {line}")
