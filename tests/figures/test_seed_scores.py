"""Scores of every seed, condition by condition."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from syrinx_lab.figures.conditions import colour, marker
from syrinx_lab.figures.seed_scores import ConditionScores, seed_scores_figure


def condition(number: int, values: list[float | None], **changes: object) -> ConditionScores:
    settings: dict[str, object] = {
        "name": f"condition {number}",
        "seeds": [{"tf_corr": value, "amp_pen": 1.0} for value in values],
        "to_end": [True] * len(values),
        "selected": 0,
        "raw": {"tf_corr": 0.7},
        "rescaled": {"tf_corr": 0.8},
    }
    return ConditionScores(number, **(settings | changes))  # type: ignore[arg-type]


def panel(figure: Figure, name: str) -> Axes:
    return next(axes for axes in figure.axes if axes.axison and axes.get_title().split(" ")[0] == name)


def points(axes: Axes, sign: str) -> list[tuple[float, float]]:
    """(x, row to the nearest) of the points with a marker."""
    return [
        (float(line.get_xdata()[0]), float(np.round(line.get_ydata()[0], 2)))
        for line in axes.lines
        if line.get_marker() == sign and len(line.get_xdata()) == 1
    ]


def uprights(axes: Axes) -> list[tuple[float, float]]:
    """(x, middle) of the medians."""
    return [
        (float(line.get_xdata()[0]), float(np.mean(line.get_ydata())))
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_xdata()[0] == line.get_xdata()[1] and line.get_linewidth() == 2.2
    ]


def spans(axes: Axes, width: float) -> list[tuple[float, float, float]]:
    return [
        (*map(float, line.get_xdata()), float(line.get_ydata()[0]))
        for line in axes.lines
        if len(line.get_xdata()) == 2 and line.get_linewidth() == width and line.get_ydata()[0] == line.get_ydata()[1]
    ]


def test_a_mode_is_a_row_with_its_seeds_their_median_and_their_range() -> None:
    axes = panel(seed_scores_figure([condition(1, [0.1, 0.5, 0.2]), condition(2, [0.3])]), "tf_corr")
    assert points(axes, marker(1)) == [(0.1, -0.13), (0.5, 0.0), (0.2, 0.13)]
    assert points(axes, marker(2)) == [(0.3, 1.0)]
    assert uprights(axes) == [(0.2, 0.0), (0.3, 1.0)]
    assert spans(axes, 1.2) == [(0.1, 0.5, 0.0), (0.3, 0.3, 1.0)]
    assert spans(axes, 6.0) == [], "three seeds have no quartiles"
    assert points(axes, "*") == [(0.7, 0.3), (0.8, 0.3), (0.7, 1.3), (0.8, 1.3)]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first condition stands above"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["1  condition 1", "2  condition 2"]


def test_quartiles_are_drawn_of_five_seeds() -> None:
    axes = panel(seed_scores_figure([condition(1, [0.0, 0.1, 0.2, 0.3, 1.0])]), "tf_corr")
    assert spans(axes, 6.0) == [(pytest.approx(0.1), pytest.approx(0.3), 0.0)]


def test_culled_seeds_are_hollow_and_the_selected_one_has_a_rim() -> None:
    axes = panel(seed_scores_figure([condition(1, [0.1, 0.5], to_end=[False, True], selected=1)]), "tf_corr")
    culled, chosen = (line for line in axes.lines if line.get_marker() == marker(1) and len(line.get_xdata()) == 1)
    assert (culled.get_markerfacecolor(), culled.get_markeredgecolor()) == ("none", colour(1))
    assert (chosen.get_markerfacecolor(), chosen.get_markeredgecolor()) == (colour(1), "#000000")


def test_what_is_no_number_is_counted_and_leaves_the_median_alone() -> None:
    axes = panel(seed_scores_figure([condition(1, [0.1, None, 0.2, float("nan"), 0.9])]), "tf_corr")
    assert uprights(axes) == [(0.2, 0.0)]
    assert [text.get_text() for text in axes.texts] == ["3/5"]


def test_less_is_better_is_said_and_shares_have_the_whole_axis() -> None:
    figure = seed_scores_figure([condition(1, [0.1], raw={"bounded_frac": 1.0}, rescaled={})])
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert titles == ["tf_corr", "bounded_frac", "amp_pen (less is better)"]
    low, high = panel(figure, "bounded_frac").get_xlim()
    assert low < 0 < 1 < high
    assert high < 1.2


def test_the_bird_itself_is_a_dotted_line() -> None:
    axes = panel(seed_scores_figure([condition(1, [0.1])], anchors={"tf_corr": 0.66}), "tf_corr")
    assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"] == [0.66]


def test_no_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="no scores to draw"):
        seed_scores_figure([condition(1, [], raw={}, rescaled={})])
