"""Runs over each other can be distinguished, and noise is averaged no more than it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from syrinx_lab.figures.losses import loss_panels
from syrinx_lab.figures.overlay import MOST_RUNS, overlay_panels
from syrinx_lab.figures.smoothing import check_smooth, smoothed, smoothing_window, window_of


def history(epochs: int = 20, level: float = 1.0, noise: float = 0.0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {
            "epoch": epoch,
            "loss/total": level + 1.0 - epoch / epochs + noise * rng.standard_normal(),
            "loss/nan_skip": 0.0,
            "train/horizon": 512.0,
            "val/tf_corr": 0.5 if epoch % 5 == 0 else None,
            "val/rescaled_tf_corr": 0.6,
        }
        for epoch in range(1, epochs + 1)
    ]


def test_every_run_has_a_curve_of_its_own_in_every_panel_and_a_name() -> None:
    runs = {f"seed={n}": history(level=float(n)) for n in range(10)}
    runs["seed=3"] = [{**row, "loss/env": 0.1} for row in runs["seed=3"]]
    figure = overlay_panels(runs)
    panels = {axes.get_title(): axes for axes in figure.axes if axes.axison}
    assert list(panels) == ["loss/total", "loss/env", "train/horizon", "val/tf_corr"]
    drawn = [line for line in panels["loss/total"].lines if len(line.get_xdata())]
    strokes = [(to_hex(line.get_color()), line.get_linestyle()) for line in drawn]
    assert len(set(strokes)) == len(strokes) == 10
    np.testing.assert_allclose(drawn[4].get_ydata(), [4.0 + 1.0 - e / 20 for e in range(1, 21)])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == list(runs)
    named = [(to_hex(handle.get_color()), handle.get_linestyle()) for handle in legend.get_lines()]
    assert named == strokes
    (env,) = [
        line for line in panels["loss/env"].lines if np.isfinite(line.get_ydata()).any() and len(line.get_xdata())
    ]
    assert (to_hex(env.get_color()), env.get_linestyle()) == strokes[3]


def test_more_runs_than_strokes_or_none_are_refused() -> None:
    overlay_panels({str(n): history(2) for n in range(MOST_RUNS)})
    with pytest.raises(ValueError, match="choose 28 or fewer"):
        overlay_panels({str(n): history(2) for n in range(MOST_RUNS + 1)})
    with pytest.raises(ValueError, match="no history to draw"):
        overlay_panels({"a": []})


def test_a_noisy_curve_is_smoothed_and_shown_as_it_is_behind() -> None:
    panel = overlay_panels({"a": history(200, noise=0.1)}).axes[0]
    raw, mean = panel.lines[:2]
    assert raw.get_alpha() == 0.25
    truth = 2.0 - np.arange(1, 201) / 200
    assert np.std(raw.get_ydata() - truth) > 0.08
    assert np.std(mean.get_ydata() - truth) < 0.03
    assert mean.get_color() == raw.get_color()


def test_the_window_is_the_least_that_quiets_the_noise() -> None:
    rng = np.random.default_rng(3)
    ramp = np.linspace(0.0, 1.0, 2000)
    assert smoothing_window(ramp) == 1
    assert smoothing_window(np.exp(-ramp * 5)) == 1
    # range 0.9 between the percentiles: (0.06 / 0.018)^2 = 11.1
    assert smoothing_window(ramp + 0.06 * rng.standard_normal(2000)) in (11, 13)
    assert smoothing_window(rng.standard_normal(100)) == 19
    assert smoothing_window(rng.standard_normal(10)) == 1
    assert smoothing_window(np.full(100, np.nan)) == smoothing_window(np.ones(100)) == 1


def test_means_are_centred_and_gaps_stay_gaps() -> None:
    np.testing.assert_allclose(smoothed([0.0, 3.0, 0.0, 3.0, 6.0], 3), [0.0, 1.0, 2.0, 3.0, 6.0])
    np.testing.assert_allclose(smoothed([1.0, np.nan, 5.0, 3.0, 1.0], 3), [1.0, np.nan, 4.0, 3.0, 1.0])
    line = np.arange(50.0)
    np.testing.assert_allclose(smoothed(line, 9), line)  # no lag


def test_a_window_in_epochs_whatever_the_values_stand_apart() -> None:
    noisy = np.random.default_rng(3).standard_normal(100)
    every, fifth = np.arange(100), np.arange(0, 500, 5)
    assert window_of(every, noisy, "auto") == smoothing_window(noisy) == 19
    assert [window_of(every, noisy, smooth) for smooth in (None, "none", 1, 2, 10, 11)] == [1, 1, 1, 3, 11, 11]
    assert [window_of(fifth, noisy, smooth) for smooth in (1, 5, 15, 20)] == [1, 1, 3, 5]
    for smooth in (0, -3, 2.5, "a lot", True):
        with pytest.raises(ValueError, match="use none, auto, or a number of epochs, 1 or more"):
            check_smooth(smooth)


def test_the_overlay_is_smoothed_as_asked() -> None:
    runs = {"a": history(200, noise=0.1)}
    truth = runs["a"]
    (raw,) = overlay_panels(runs, smooth="none").axes[0].lines[:1]
    np.testing.assert_allclose(raw.get_ydata(), [row["loss/total"] for row in truth])
    faint, mean = overlay_panels(runs, smooth=5).axes[0].lines[:2]
    np.testing.assert_allclose(mean.get_ydata()[100], np.mean([row["loss/total"] for row in truth[98:103]]))
    np.testing.assert_allclose(faint.get_ydata(), raw.get_ydata())


def ramped(epochs: int, length: int, term: str, step: int = 6) -> list[dict[str, Any]]:
    """The weight of `term` ramps over `length` epochs, the horizon doubles after `step`."""
    return [
        {
            **{"epoch": n, "loss/total": 1.0, f"loss/{term}": 1.0, "loss/tf": 1.0},
            **{f"train/lam_{term}": min(1.0, (n - 1) / length), "train/lam_accel": 1.0},
            "train/horizon": 512.0 if n <= step else 1024.0,
        }
        for n in range(1, epochs + 1)
    ]


def uprights(panel: Any, style: str) -> list[tuple[float, str]]:
    """Place and colour of the vertical lines of a stroke."""
    found = [line for line in panel.lines if len(line.get_xdata()) == 2 and line.get_linestyle() == style]
    return sorted((line.get_xdata()[0], to_hex(line.get_color())) for line in found if len(set(line.get_xdata())) == 1)


def test_ends_of_warm_ups_and_steps_of_the_horizon_stand_in_their_panels() -> None:
    grey = to_hex("0.5")
    # the fifth epoch is the first at full weight: the ramp ends halfway between it and the one before
    figure = overlay_panels({"a": ramped(12, 4, "ltas"), "b": ramped(12, 4, "ltas")})
    panels = {axes.get_title(): axes for axes in figure.axes if axes.axison}
    assert uprights(panels["loss/total"], "--") == uprights(panels["loss/ltas"], "--") == [(4.5, grey)]
    assert uprights(panels["loss/tf"], "--") == []
    assert all(uprights(panel, ":") == [(6.5, grey)] for panel in panels.values())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "warm-up ends", "horizon steps"]
    # where runs differ, each line has its run's colour
    figure = overlay_panels({"a": ramped(12, 4, "level"), "b": ramped(12, 8, "level", step=9)})
    panels = {axes.get_title(): axes for axes in figure.axes if axes.axison}
    colours = [to_hex(line.get_color()) for line in panels["loss/total"].lines[:2]]
    assert uprights(panels["loss/level"], "--") == [(4.5, colours[0]), (8.5, colours[1])]
    assert uprights(panels["train/horizon"], ":") == [(6.5, colours[0]), (9.5, colours[1])]


def test_a_panel_of_losses_shows_its_own_warm_up() -> None:
    rows = [
        {**a, **b, "train/lam_level": b["train/lam_level"]}
        for a, b in zip(ramped(12, 4, "ltas"), ramped(12, 7, "level"))
    ]
    panels = {axes.get_title(): axes for axes in loss_panels(rows).axes if axes.axison}
    places = {name: [at for at, _ in uprights(panel, "--")] for name, panel in panels.items()}
    assert places["loss/ltas"] == [4.5]
    assert places["loss/level"] == [7.5]
    assert places["loss/tf"] == []
    assert places["loss/total"] == [4.5, 7.5]


def test_noise_on_a_logarithmic_axis_is_judged_there() -> None:
    """A fall by eight e-folds, 30 % noise: plain for the eye in decades, nothing against the first epochs' range."""
    losses = np.exp(np.linspace(0.0, -8.0, 100) + 0.3 * np.random.default_rng(0).standard_normal(100))
    figure = overlay_panels({"run": [{"epoch": n, "loss/total": float(x)} for n, x in enumerate(losses, start=1)]})
    panel = figure.axes[0]
    assert panel.get_yscale() == "log"
    assert sum(len(line.get_xdata()) == 100 for line in panel.lines) == 2, "the values, and their mean"
