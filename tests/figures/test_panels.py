"""Waveform and spectrogram panels: the right thing at the right place of the axes."""

from __future__ import annotations

import numpy as np
import pytest

from syrinx_lab.figures.panels import (
    blank_from,
    draw_spectrogram,
    draw_waveform,
    finite_part,
    mark_times,
    peak_magnitude,
)
from syrinx_lab.figures.style import new_figure

RATE = 44_100
BIN = RATE / 512


def tone(hz: float, amplitude: float, samples: int = 8192) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(samples) / RATE)


def test_peak_of_a_tone_is_half_its_amplitude_and_hum_does_not_count() -> None:
    assert peak_magnitude(tone(40 * BIN, 0.3), RATE) == pytest.approx(0.15, rel=1e-6)
    # 86 Hz, outside the band even with the window's main lobe
    assert peak_magnitude(tone(40 * BIN, 0.3) + tone(BIN, 3.0), RATE) == pytest.approx(0.15, rel=0.02)
    assert peak_magnitude(np.zeros(4096), RATE) == pytest.approx(1e-10)


def test_a_chirp_lies_where_its_time_and_frequency_say() -> None:
    sound = np.zeros(RATE // 5)
    begin, end = RATE // 20, RATE // 10  # 50 to 100 ms
    sound[begin:end] = tone(5000.0, 0.5, end - begin)
    panel = new_figure(4, 3).subplots()
    image = draw_spectrogram(panel, sound, RATE)
    level = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    band = int(np.unravel_index(level.argmax(), level.shape)[0])
    khz = bottom + (band + 0.5) * (top - bottom) / level.shape[0]
    assert khz == pytest.approx(5.0, abs=BIN / 2e3)
    loud = np.flatnonzero(level[band] > -6.0)
    ms = left + (loud[[0, -1]] + 0.5) * (right - left) / level.shape[1]
    # the level falls by 6 dB where half the window is inside the tone
    np.testing.assert_allclose(ms, [50.0, 100.0], atol=1.0)
    assert level.max() == pytest.approx(0.0, abs=1e-9)
    assert level.min() == -50.0
    assert image.get_clim() == (-50.0, 0.0)
    assert panel.get_xlim() == pytest.approx((0.0, 200.0))
    assert panel.get_ylim() == pytest.approx((0.0, 12.0))


def test_the_frequency_axis_ends_at_the_nyquist_frequency_of_slow_recordings() -> None:
    panel = new_figure(4, 3).subplots()
    draw_spectrogram(panel, tone(1000.0, 0.1), 16_000)
    assert panel.get_ylim() == pytest.approx((0.0, 8.0))


def test_a_waveform_is_drawn_over_ms_on_the_given_scale() -> None:
    panel = new_figure(4, 3).subplots()
    draw_waveform(panel, np.array([0.0, 0.5, np.nan, -0.5]), 1000, limit=0.25, color="black")
    np.testing.assert_array_equal(panel.lines[0].get_xdata(), [0.0, 1.0, 2.0, 3.0])
    assert panel.get_ylim() == (-0.25, 0.25)
    assert panel.get_xlim() == (0.0, 4.0)


def test_marks_stand_at_their_ms_and_unknown_times_have_none() -> None:
    panel = new_figure(4, 3).subplots()
    mark_times(panel, 0.045, None, 0.2)
    assert [line.get_xdata()[0] for line in panel.lines] == pytest.approx([45.0, 200.0])


def test_a_sound_ends_at_its_first_sample_that_is_not_finite() -> None:
    sound = np.array([1.0, 2.0, np.inf, 3.0, np.nan])
    before = sound.copy()
    drawn, heard, first = finite_part(sound)
    np.testing.assert_array_equal(drawn, [1.0, 2.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(heard, [1.0, 2.0, 0.0, 0.0, 0.0])
    assert first == 2
    np.testing.assert_array_equal(sound, before)
    assert finite_part(np.ones(3))[2] is None
    panel = new_figure(4, 3).subplots()
    panel.set_xlim(0.0, 5.0)
    blank_from(panel, None, 1000)
    assert not panel.patches
    blank_from(panel, first, 1000)
    assert panel.patches[0].get_extents().transformed(panel.transData.inverted()).x0 == pytest.approx(2.0)
