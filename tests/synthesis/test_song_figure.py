"""The picture of a song shows the same loud stretch of both sounds."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.figures.songs import song_figure

RATE = 8000


def burst(seconds: float, at: float, lasting: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * 1000 * t) * ((t >= at) & (t < at + lasting))).astype(np.float32)


@pytest.mark.parametrize("tempo", [1.0, 0.5])
def test_both_panels_show_the_loudest_seconds(tempo: float) -> None:
    figure = song_figure(burst(10, 7, 1), burst(10 / tempo, 7 / tempo, 1 / tempo), RATE, tempo=tempo, seconds=2.0)
    above, below = figure.axes[:2]
    figure.draw_without_rendering()
    for axes, lasting in ((above, 2.0), (below, 2.0 / tempo)):
        assert axes.get_xlim() == pytest.approx((0, lasting * 1e3), rel=0.01)
        level = axes.images[0].get_array()
        loud = (level[round(1000 / RATE * 512)] > -10).mean()
        assert loud == pytest.approx(0.5, abs=0.05)
    first = float(above.get_xticklabels()[0].get_text())
    assert 6.0 <= first <= 7.0
    assert [axes.get_ylabel().split("\n")[0] for axes in (above, below)] == ["recording", "synthesis"]


def test_a_synthesis_without_a_recording_stands_alone() -> None:
    figure = song_figure(None, burst(1, 0.2, 0.5), RATE)
    assert [axes.get_ylabel().split("\n")[0] for axes in figure.axes[:-1]] == ["synthesis"]
