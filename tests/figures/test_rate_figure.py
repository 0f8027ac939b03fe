"""Fidelity over rate: every setting is there, the line joins the best, and rivals stand at their rates."""

from __future__ import annotations

import pytest

from syrinx_lab.figures.rate import rate_figure

CURVES = {"tf_corr": [(1000.0, 0.8), (4000.0, 0.85), (4000.0, 0.7), (16_000.0, 0.84)], "spec_corr": [(1000.0, 0.9)]}


def test_points_the_best_line_and_rivals() -> None:
    figure = rate_figure(
        CURVES, {"mel": {"tf_corr": [(13_781.0, 0.887), (980.0, 0.7)]}, "world": {"pitch_pen": [(1.0, 1.0)]}}
    )
    first, second = figure.axes
    (every,) = first.collections
    assert sorted(map(tuple, every.get_offsets().tolist())) == sorted(CURVES["tf_corr"])
    best, rival = first.get_lines()
    assert rival.get_xydata().tolist() == [[980.0, 0.7], [13_781.0, 0.887]]
    assert best.get_xydata().tolist() == [[1000.0, 0.8], [4000.0, 0.85]]
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["drives as read, thinned out", "mel"]
    assert first.get_xscale() == "log"
    assert (first.get_ylabel(), second.get_ylabel()) == ("tf_corr (correlation)", "spec_corr (correlation)")
    assert len(second.collections) == 1


def test_nothing_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        rate_figure({"tf_corr": []})
