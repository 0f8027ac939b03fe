"""The tree of rungs."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from syrinx_lab.figures.conditions import colour
from syrinx_lab.figures.culling_tree import Branch, ConditionTree, culling_tree_figure

TREE = ConditionTree(
    number=2,
    name="mse_accel",
    n_epochs=10,
    rungs=[4, 10],
    branches=[
        Branch(0, [(4, "#3  0.1")], 4, "culled", "culled after epoch 4"),
        Branch(1, [(4, "#1  0.5"), (10, "#1  0.6")], 10, "selected", "selected"),
        Branch(2, [], 2, "broken", "failed before epoch 4: " + "out of luck " * 20),
        Branch(3, [(4, "#2  0.4")], 7, "open", "running after epoch 7 of 10"),
    ],
    best=True,
)


def drawn() -> Axes:
    figure = culling_tree_figure([TREE])
    figure.canvas.draw()
    return figure.axes[0]


def heights(axes: Axes) -> dict[str, float]:
    """Seed -> where its branch lies; a larger number lies lower."""
    return {text.get_text(): text.xy[1] for text in axes.texts if text.get_text().startswith("seed")}


def branches(axes: Axes) -> dict[float, float]:
    """Height -> where the full line of the branch ends."""
    level = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_ydata()[0] == line.get_ydata()[1]]
    return {line.get_ydata()[0]: line.get_xdata()[1] for line in level if line.get_linestyle() == "-"}


def signs(axes: Axes, sign: str) -> list[tuple[float, float]]:
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == sign]


def test_branches_end_where_their_seeds_do_and_the_selected_lies_on_top() -> None:
    axes = drawn()
    at = heights(axes)
    assert sorted(at, key=lambda seed: at[seed]) == ["seed 1", "seed 3", "seed 0", "seed 2"]
    ends = branches(axes)
    assert [ends[at[f"seed {seed}"]] for seed in range(4)] == [4, 10, 2, 7]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_ends_have_their_signs_and_knots_their_ranks() -> None:
    axes = drawn()
    at = heights(axes)
    assert signs(axes, "*") == [(10, at["seed 1"])]
    assert signs(axes, "x") == [(4, at["seed 0"])]
    assert signs(axes, "X") == [(2, at["seed 2"])]
    assert sorted(signs(axes, "o")) == sorted([(4, at["seed 0"]), (4, at["seed 1"]), (10, at["seed 1"]), (4, at["seed 3"])])  # noqa: E501  # fmt: skip
    dotted = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert [tuple(line.get_xdata()) for line in dotted] == [(7, 10)], "only what may go on goes on in dots"
    texts = [text.get_text() for text in axes.texts]
    assert "#1  0.6" in texts
    assert "2  mse_accel   ★ selected of all" in texts
    assert {line.get_color() for line in dotted} == {colour(2)}


def test_a_long_reason_stays_within_the_figure() -> None:
    axes = drawn()
    (reason,) = (text for text in axes.texts if text.get_text().startswith("failed"))
    assert reason.get_text().endswith("…")
    assert reason.get_window_extent().x1 <= axes.figure.bbox.x1


def test_the_axis_names_the_rungs() -> None:
    assert list(drawn().get_xticks()) == [0, 4, 10]


def test_no_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="no seeds to draw"):
        culling_tree_figure([ConditionTree(1, "m", 10, [10], [])])
