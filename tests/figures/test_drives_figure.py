"""The drives over time under the sound."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from syrinx_lab.figures.drives import MOST_WEIGHTS, drives_figure

RATE = 44_100
LENGTH = 4410


def drives(steps: int = LENGTH, degree: int = 3) -> dict[str, np.ndarray]:
    time = np.linspace(0.0, 1.0, steps)
    weights = np.zeros((steps, degree + 1, degree + 1))
    weights[:, 0, 0] = 100.0
    weights[:, 2, 1] = 0.5
    weights[:, 3, 0] = -0.7 * time  # rms 0.40
    weights[:, 0, 2] = np.where(time > 0.9, 0.9, 0.0)  # the highest peak, rms 0.28
    weights[:, 1, 1] = 0.1
    return {"frequency_hz": 600.0 + 100 * time, "gamma": 0.02 - 0.1 * time, "weights": weights}


def sound() -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 3000 * np.arange(LENGTH) / RATE)


def names(figure: Figure) -> list[str]:
    return [axes.get_ylabel().split("\n")[0] for axes in figure.axes]


def test_panels_stand_in_order_over_one_time_axis() -> None:
    figure = drives_figure(sound(), RATE, **drives(), output=sound(), onset_s=0.01)
    assert names(figure) == ["target", "output", "omega / 2πτ", "gamma", "$w_{00}$", "$w_{ij}$", "dB re target"]
    panels = figure.axes[:-1]
    assert all(panel.get_xlim() == pytest.approx((0.0, 100.0)) for panel in panels)
    assert panels[-1].get_xlabel() == "time (ms)"
    assert all(10.0 in [line.get_xdata()[0] for line in panel.lines] for panel in panels)


def test_curves_are_the_drives_over_ms() -> None:
    given = drives()
    figure = drives_figure(sound(), RATE, **given)
    _, frequency, gamma, constant, weights, _ = figure.axes
    np.testing.assert_allclose(frequency.lines[-1].get_xdata(), np.arange(LENGTH) / RATE * 1e3)
    np.testing.assert_array_equal(frequency.lines[-1].get_ydata(), given["frequency_hz"])
    np.testing.assert_array_equal(gamma.lines[-1].get_ydata(), given["gamma"])
    np.testing.assert_array_equal(constant.lines[-1].get_ydata(), given["weights"][:, 0, 0])
    np.testing.assert_array_equal(weights.lines[1].get_ydata(), given["weights"][:, 2, 1])


@pytest.mark.parametrize(
    ("most", "expected"), [(3, [(2, 1), (3, 0), (0, 2)]), (MOST_WEIGHTS, [(2, 1), (3, 0), (0, 2), (1, 1)])]
)
def test_the_largest_weights_by_rms_are_named_and_zeros_are_not(
    monkeypatch: pytest.MonkeyPatch, most: int, expected: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr("syrinx_lab.figures.drives.MOST_WEIGHTS", most)
    panel = drives_figure(sound(), RATE, **drives()).axes[-2]
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels == [f"(i, j) = ({i}, {j})" for i, j in expected]
    looks = [(line.get_color(), line.get_linestyle()) for line in panel.lines if line.get_label().startswith("(i")]
    assert len(set(looks)) == len(expected)


def test_a_model_without_constant_or_weights_has_no_panel_for_them() -> None:
    given = drives()
    given["weights"] = np.zeros_like(given["weights"])
    assert names(drives_figure(sound(), RATE, **given)) == ["target", "omega / 2πτ", "gamma", "dB re target"]


def test_control_rate_drives_lie_under_their_samples() -> None:
    figure = drives_figure(sound(), RATE, **drives(steps=LENGTH // 10), hop=10)
    np.testing.assert_allclose(figure.axes[1].lines[-1].get_xdata(), np.arange(0, LENGTH, 10) / RATE * 1e3)


def test_a_diverged_output_is_grey_from_there_on() -> None:
    output = sound()
    output[2205:] = np.inf
    panel = drives_figure(sound(), RATE, **drives(), output=output).axes[1]
    edge = panel.patches[0].get_extents().transformed(panel.transData.inverted()).x0
    assert edge == pytest.approx(50.0)


def test_drives_of_different_lengths_are_refused() -> None:
    given = drives()
    given["gamma"] = given["gamma"][1:]
    with pytest.raises(ValueError, match=r"frequency \(4410,\), gamma \(4409,\)"):
        drives_figure(sound(), RATE, **given)


def test_the_colour_bar_keeps_to_the_spectrograms() -> None:
    figure = drives_figure(sound(), RATE, **drives(), output=sound())
    figure.canvas.draw()
    above, below, bar = figure.axes[0], figure.axes[1], figure.axes[-1]
    assert bar.get_position().x0 - above.get_position().x1 < 0.03  # nothing has pushed it away
    assert bar.get_position().y0 == pytest.approx(below.get_position().y0, abs=0.01)
    assert {round(axes.get_position().x1, 6) for axes in figure.axes[:-1]} == {round(above.get_position().x1, 6)}
