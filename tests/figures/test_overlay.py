"""Runs over each other can be told apart, and noise is averaged no more than it must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from syrinx_lab.figures.overlay import MOST_RUNS, overlay_panels
from syrinx_lab.figures.smoothing import smoothed, smoothing_window


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
