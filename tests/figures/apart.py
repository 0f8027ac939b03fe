"""Nothing in a figure lies on top of something else."""

from __future__ import annotations

import itertools

from matplotlib.figure import Figure


def assert_apart(figure: Figure) -> None:
    """No panel, with its ticks, labels and title, overlaps another."""
    figure.canvas.draw()
    boxes = [axes.get_tightbbox() for axes in figure.axes if axes.axison]
    for one, other in itertools.combinations(boxes, 2):
        assert one is not None
        assert other is not None
        width, height = min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(width, height) < 1.0, (one, other)
