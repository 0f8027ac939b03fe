"""Fidelity over rate: a panel a score, a point a setting of the drives, and others at theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from ..metrics.facts import METRICS, Known, unit
from .style import PALETTE, new_figure

Points = Sequence[tuple[float, float]]


def rate_figure(
    curves: Mapping[str, Points],
    rivals: Mapping[str, Mapping[str, Points]] | None = None,
    *,
    known: Known = METRICS,
) -> Figure:
    """Every score over numbers a second, on a logarithmic axis; a line joins the best for each number.

    curves  metric -> (numbers a second, mean score) of every setting; larger scores are better
    rivals  name -> metric -> (numbers a second, mean score), at one rate or several, which a line joins
    Raises ValueError when there is no point.
    """
    if not any(curves.values()):
        raise ValueError("no setting was scored: nothing to draw")
    figure = new_figure(4.5 * len(curves), 3.6)
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    colours = [PALETTE[name] for name in ("vermillion", "green", "purple", "orange", "sky", "yellow", "black")]
    styles = [(marker, colour) for marker in "Dsv" for colour in colours]
    for panel, (metric, points) in zip(panels, curves.items()):
        panel.scatter(*zip(*points), s=14, color=PALETTE["blue"], alpha=0.4, linewidths=0)
        best: list[tuple[float, float]] = []
        for point in sorted(points):
            if not best or point[1] > best[-1][1]:
                best.append(point)
        panel.plot(*zip(*best), color=PALETTE["blue"], marker="o", markersize=4, label="drives as read, thinned out")
        for (name, scores), (marker, colour) in zip((rivals or {}).items(), styles):
            if metric in scores:
                panel.plot(*zip(*sorted(scores[metric])), marker=marker, markersize=5, lw=0.8, color=colour, label=name)
        panel.set_xscale("log")
        panel.set_xlabel("numbers a second")
        panel.set_ylabel(f"{metric} ({unit(metric, known)})")
        panel.grid(visible=True, alpha=0.25)
    panels[-1].legend(*panels[0].get_legend_handles_labels(), fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return figure
