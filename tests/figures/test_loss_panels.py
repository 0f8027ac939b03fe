"""Losses, scores and the horizon over the epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from apart import assert_apart
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from syrinx_lab.figures.losses import loss_panels
from syrinx_lab.metrics.facts import METRICS, MetricFacts


def history(epochs: int = 20, warmup: int = 5) -> list[dict[str, Any]]:
    rows = []
    for index in range(epochs):  # rows count finished epochs, the ramp counts from 0
        row: dict[str, Any] = {
            "epoch": index + 1,
            "step": 10 * (index + 1),
            "loss/total": 3.0 / (index + 1),
            "loss/spec": 2.0,
            "loss/accel": 10.0 ** -(index / 4),
            "loss/nan_skip": 0.0,
            "train/horizon": float(512 * 2 ** min(2, index * 3 // epochs)),
            "train/lam_spec": 0.5 * min(1.0, index / warmup),
            "train/lam_env": 0.0,
            "train/lr": 1e-3,
        }
        if (index + 1) % 5 == 0:
            row |= {"val/tf_corr": index / 40, "val/rescaled_tf_corr": index / 30, "val/f0_cents": 100.0 - index}
        rows.append(row)
    return rows


def panels(figure: Figure) -> dict[str, Axes]:
    return {axes.get_title(): axes for axes in figure.axes if axes.axison}


def uprights(axes: Axes, style: str) -> list[float]:
    return sorted(
        line.get_xdata()[0]
        for line in axes.lines
        if line.get_linestyle() == style and len(line.get_xdata()) == 2 and tuple(line.get_ydata()) == (0, 1)
    )


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_there_is_a_panel_for_each_part_with_its_unit() -> None:
    found = panels(loss_panels(history(), units={"spec": "dB", "accel": "dimensionless"}))
    assert list(found) == ["loss/total", "loss/accel", "loss/spec", "train/horizon", "val/tf_corr", "val/f0_cents"]
    assert {name: axes.get_ylabel() for name, axes in found.items()} == {
        "loss/total": "loss",
        "loss/spec": "loss (dB)",
        "loss/accel": "loss (dimensionless)",
        "train/horizon": "samples",
        "val/tf_corr": "correlation",
        "val/f0_cents": "cents",
    }
    assert {axes.get_xlabel() for axes in found.values()} == {"epoch"}
    np.testing.assert_allclose(found["loss/total"].lines[0].get_ydata(), 3.0 / np.arange(1, 21))
    np.testing.assert_array_equal(found["val/tf_corr"].lines[0].get_xdata(), [5, 10, 15, 20])
    np.testing.assert_allclose(found["val/tf_corr"].lines[1].get_ydata(), np.array([4, 9, 14, 19]) / 30)
    assert [text.get_text() for text in found["val/tf_corr"].get_legend().get_texts()] == ["as sung", "rescaled"]
    assert found["val/f0_cents"].get_legend() is None
    assert found["loss/accel"].get_yscale() == "log"
    assert found["loss/spec"].get_yscale() == "linear"


def test_the_warm_up_ends_between_its_last_epoch_and_the_first_full_one() -> None:
    # five epochs of ramp, 0.0 to 0.4; the sixth row has the full weight
    found = panels(loss_panels(history()))
    assert uprights(found["loss/total"], "--") == uprights(found["loss/spec"], "--") == [5.5]
    assert uprights(found["val/tf_corr"], "--") == [5.5]
    assert uprights(found["loss/accel"], "--") == []
    assert texts(found["loss/spec"]) == ["warm-up ends"]


@pytest.mark.parametrize("term", ["ltas", "of_a_stranger"])
def test_warm_ups_of_different_lengths_are_distinguished_whatever_the_term(term: str) -> None:
    rows = history()
    for index, row in enumerate(rows):
        row |= {f"loss/{term}": 1.0, f"train/lam_{term}": 0.1 * min(1.0, index / 10)}
    found = panels(loss_panels(rows))
    assert uprights(found["loss/total"], "--") == [5.5, 10.5]
    assert uprights(found[f"loss/{term}"], "--") == [10.5]
    assert uprights(found["loss/spec"], "--") == [5.5]
    assert sorted(texts(found["loss/total"])) == sorted([f"{term} warm-up ends", "spec warm-up ends"])


@pytest.mark.parametrize("epochs", [1, 4])
def test_no_line_stands_for_a_warm_up_that_has_not_ended(epochs: int) -> None:
    assert uprights(panels(loss_panels(history(epochs)))["loss/total"], "--") == []


def test_the_steps_of_the_horizon_are_marked_and_named() -> None:
    found = panels(loss_panels(history(21)))
    assert uprights(found["loss/total"], ":") == [7.5, 14.5]
    assert texts(found["train/horizon"]) == ["512", "1024", "2048"]
    sliding = history(21)
    for row in sliding:
        row["train/horizon"] = 500.0 + 10 * row["epoch"]
    found = panels(loss_panels(sliding))
    assert uprights(found["loss/total"], ":") == []
    assert texts(found["train/horizon"]) == []


def test_training_without_rollout_has_no_horizon_panel() -> None:
    rows = [{"epoch": 1, "loss/total": 1.0, "train/horizon": 0.0, "train/lam_spec": 0.0}]
    assert list(panels(loss_panels(rows))) == ["loss/total"]


def test_updates_left_out_are_shown_once_there_are_any() -> None:
    rows = history()
    rows[3]["loss/nan_skip"] = 2.0
    assert panels(loss_panels(rows))["loss/nan_skip"].get_ylabel() == "updates left out"


def test_what_is_no_number_leaves_a_gap_and_never_a_number_is_said() -> None:
    rows: list[dict[str, Any]] = [
        {"epoch": 1, "loss/total": 1.0, "val/f0_cents": None},
        {"epoch": 2, "loss/total": float("nan"), "val/f0_cents": float("nan")},
        {"epoch": 3, "loss/total": float("inf")},
        {"epoch": 4, "loss/total": 0.5, "val/f0_cents": None},
    ]
    found = panels(loss_panels(rows))
    np.testing.assert_array_equal(found["loss/total"].lines[0].get_ydata(), [1.0, np.nan, np.nan, 0.5])
    assert found["loss/total"].lines[0].get_marker() == "o"  # else a lone point could not be seen
    assert texts(found["val/f0_cents"]) == ["never a finite number"]


def test_dots_give_way_to_a_line_in_long_histories_unless_a_lone_point_would_vanish() -> None:
    rows = history(60)
    assert panels(loss_panels(rows))["loss/total"].lines[0].get_marker() == "None"
    rows[30]["loss/total"] = rows[32]["loss/total"] = None
    assert panels(loss_panels(rows))["loss/total"].lines[0].get_marker() == "o"


def test_one_epoch_is_one_dot_over_a_whole_number() -> None:
    figure = loss_panels(history(1))
    figure.canvas.draw()
    panel = panels(figure)["loss/total"]
    assert panel.lines[0].get_marker() == "o"
    low, high = panel.get_xlim()
    assert [tick for tick in panel.get_xticks() if low <= tick <= high] == [1.0]


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(ValueError, match="no history to draw"):
        loss_panels([])


def test_rows_of_several_kinds_and_no_logged_value_at_all_are_fine() -> None:
    rows = [{"epoch": 1, "kind": "train", "loss/total": 2.0}, {"epoch": 1, "kind": "val", "val/tf_corr": 0.5}]
    assert list(panels(loss_panels(rows))) == ["loss/total", "val/tf_corr"]
    loss_panels([{"epoch": 1}]).canvas.draw()


def test_panels_lie_apart() -> None:
    assert_apart(loss_panels(history()))


def test_a_headline_from_outside_stands_with_the_headlines() -> None:
    rows = [row | {"val/gap": 3.0, "val/aside": 1.0} if "val/tf_corr" in row else row for row in history()]
    outside = {"aside": MetricFacts("aside", "dB", False), "gap": MetricFacts("gap", "dB", False, headline=True)}
    found = [name for name in panels(loss_panels(rows, known=METRICS | outside)) if name.startswith("val/")]
    assert found == ["val/tf_corr", "val/gap", "val/f0_cents", "val/aside"]
