"""Curves of several seeds of several conditions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from syrinx_lab.figures.conditions import colour
from syrinx_lab.figures.learning_curves import ConditionCurves, learning_curves_figure, median_of


def rows(epochs: int, loss: float, *, spec: bool = True, warmup: int = 3) -> list[dict[str, Any]]:
    made = []
    for epoch in range(1, epochs + 1):
        row: dict[str, Any] = {"epoch": epoch, "loss/total": loss, "loss/tf": 0.5, "loss/nan_skip": 0.0}
        if spec:
            row |= {"train/horizon": 512.0 if epoch <= 4 else 1024.0, "loss/spec": 1.0}
            row |= {"train/lam_spec": min(1.0, (epoch - 1) / warmup), "train/lam_env": 0.0}
        else:
            row |= {"train/horizon": 0.0, "train/lam_spec": 0.0}
        made.append(row | ({"val/tf_corr": 0.1 * loss} if epoch % 2 == 0 else {}))
    return made


def panels(figure: Figure) -> dict[str, Axes]:
    return {axes.get_title(): axes for axes in figure.axes if axes.axison}


def thick(axes: Axes) -> list[Any]:
    return [line for line in axes.lines if line.get_linewidth() == 1.7]


def uprights(axes: Axes, style: str) -> list[tuple[float, Any]]:
    return [
        (float(line.get_xdata()[0]), line.get_color())
        for line in axes.lines
        if line.get_linestyle() == style and len(line.get_xdata()) == 2 and tuple(line.get_ydata()) == (0, 1)
    ]


SPECTRAL = ConditionCurves(1, "spectral", [rows(10, 3.0), rows(10, 1.0), rows(4, 9.0)], {"spec": 3, "env": 5}, [4])
ACCELERATION = ConditionCurves(2, "acceleration", [rows(10, 0.5, spec=False)], {"spec": 3}, [4])


def test_the_median_is_interrupted_where_seeds_were_culled() -> None:
    found = panels(learning_curves_figure([SPECTRAL, ACCELERATION]))
    assert list(found) == ["loss/total", "loss/spec", "loss/tf", "train/horizon", "val/tf_corr"]
    first, after, other = thick(found["loss/total"])
    np.testing.assert_array_equal(first.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(first.get_ydata(), [3.0] * 4)  # of 3, 1 and 9
    np.testing.assert_array_equal(after.get_xdata(), np.arange(5, 11))
    np.testing.assert_array_equal(after.get_ydata(), [2.0] * 6)  # of 3 and 1
    assert (first.get_color(), other.get_color()) == (colour(1), colour(2))
    assert first.get_linestyle() != other.get_linestyle()
    assert first.get_marker() != other.get_marker()
    thin = [line for line in found["loss/total"].lines if line.get_linewidth() == 0.8]
    assert [line.get_ydata()[0] for line in thin] == [3.0, 1.0, 9.0, 0.5]
    assert {text.get_text() for text in found["loss/total"].texts} == {"1", "2"}
    assert {text.get_text() for text in found["loss/spec"].texts} == {"1"}


def test_what_is_not_rolled_out_has_no_horizon() -> None:
    found = panels(learning_curves_figure([SPECTRAL, ACCELERATION]))
    assert {line.get_color() for line in thick(found["train/horizon"])} == {colour(1)}
    assert "train/horizon" not in panels(learning_curves_figure([ACCELERATION]))


def test_the_end_of_a_warm_up_the_steps_of_the_horizon_and_the_rungs_are_marked() -> None:
    found = panels(learning_curves_figure([SPECTRAL, ACCELERATION]))
    # epochs 1 to 3 are the ramp; env has no weight and the other condition no spec: neither has an end to mark
    assert uprights(found["loss/total"], "--") == uprights(found["loss/spec"], "--") == [(3.5, "0.5")]
    assert uprights(found["loss/tf"], "--") == []
    assert uprights(found["val/tf_corr"], ":") == [(4.5, "0.5")]
    triangles = [line.get_xdata()[0] for line in found["val/tf_corr"].lines if line.get_marker() == "^" and
                 len(line.get_xdata()) == 1]  # fmt: skip
    assert triangles == [4.0]


def test_marks_that_differ_between_modes_have_the_colour_of_their_condition() -> None:
    slower = ConditionCurves(2, "slow", [rows(10, 2.0, warmup=6)], {"spec": 6})
    found = panels(learning_curves_figure([SPECTRAL, slower]))
    assert uprights(found["loss/spec"], "--") == [(3.5, colour(1)), (6.5, colour(2))]


def test_a_median_leaves_out_what_is_no_number() -> None:
    one = (np.array([1.0, 2.0, 3.0]), np.array([1.0, np.nan, 5.0]))
    other = (np.array([1.0, 2.0, 3.0]), np.array([3.0, np.nan, np.nan]))
    ((series, count),) = median_of([one, other])
    assert count == 2
    np.testing.assert_array_equal(series[1], [2.0, np.nan, 5.0])


def test_numbers_at_the_ends_do_not_overlap() -> None:
    figure = learning_curves_figure(
        [ConditionCurves(n, f"m{n}", [rows(6, 5.0 if n == 8 else 1.0)]) for n in range(1, 9)]
    )
    figure.canvas.draw()
    axes = panels(figure)["loss/total"]
    boxes = sorted((text.get_window_extent() for text in axes.texts), key=lambda box: box.y0)
    assert len(boxes) == 8
    assert all(lower.y1 <= upper.y0 + 3.0 for lower, upper in itertools.pairwise(boxes))
    frame = axes.get_window_extent()
    assert frame.y0 - 5 <= boxes[0].y0
    assert boxes[-1].y1 <= frame.y1 + 5


def test_no_history_is_refused() -> None:
    with pytest.raises(ValueError, match="no history to draw"):
        learning_curves_figure([ConditionCurves(1, "m", [[], []])])
