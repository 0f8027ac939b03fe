"""Target and output side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from apart import assert_apart
from matplotlib.figure import Figure

from syrinx_lab.figures.comparison import comparison_figure, grid_figure
from syrinx_lab.figures.style import save_figure

RATE = 44_100


def syllable(milliseconds: float = 100.0, seed: int = 0) -> np.ndarray:
    time = np.arange(round(milliseconds * 1e-3 * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(size=len(time)) * 1e-3
    gate = np.clip(np.sin(np.pi * time / time[-1]), 0.0, None)
    return 0.3 * gate * (np.sin(2 * np.pi * 700 * time) + 0.5 * np.sin(2 * np.pi * 2100 * time)) + noise


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def image(figure: Figure, panel: int) -> np.ndarray:
    return np.asarray(figure.axes[panel].images[0].get_array())


def test_a_louder_output_is_drawn_louder() -> None:
    target = syllable()
    figure = comparison_figure(target, 2 * target, RATE)
    difference = image(figure, 3) - image(figure, 2)
    loud = image(figure, 2) > -40
    np.testing.assert_allclose(difference[loud], 20 * np.log10(2), atol=1e-9)
    assert image(figure, 3).max() > 6.0
    limit = 1.1 * np.abs(target).max()
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim() == pytest.approx((-limit, limit))
    assert "rms +6.0 dB re target" in titles(figure)[1]
    assert f"peak {2 * np.abs(target).max():.3g} is off the axis" in titles(figure)[1]


def test_a_quieter_output_says_so_and_stays_on_the_axis() -> None:
    target = syllable()
    figure = comparison_figure(target, 0.1 * target, RATE)
    assert titles(figure)[:2] == ["target", "output, rms \N{MINUS SIGN}20.0 dB re target"]
    assert image(figure, 3).max() == pytest.approx(-20.0, abs=0.01)


def test_axes_bear_units_and_the_syllable_is_marked() -> None:
    target = syllable(100.0)
    figure = comparison_figure(
        target, target, RATE, onset_s=0.02, offset_s=0.08, title="e  a.wav", score_text="tf_corr 1.00"
    )
    assert figure.axes[0].get_ylabel() == "amplitude (full scale 1)"
    assert figure.axes[2].get_ylabel() == "frequency (kHz)"
    assert {axes.get_xlabel() for axes in figure.axes[2:4]} == {"time (ms)"}
    assert figure.axes[4].get_ylabel() == "dB re target's maximum"
    for axes in figure.axes[:4]:
        assert [line.get_xdata()[0] for line in axes.lines[-2:]] == pytest.approx([20.0, 80.0])
        assert axes.get_xlim() == pytest.approx((0.0, 100.0))
    assert figure.get_suptitle() == "e  a.wav\ntf_corr 1.00"
    assert_apart(figure)


def test_an_output_that_diverged_is_blank_from_there() -> None:
    target = syllable()
    output = target.copy()
    output[2205:] = np.nan
    figure = comparison_figure(target, output, RATE)
    assert "not finite from 50.0 ms" in titles(figure)[1]
    for panel in (1, 3):
        patch = figure.axes[panel].patches[0]
        edge = patch.get_extents().transformed(figure.axes[panel].transData.inverted()).x0
        assert edge == pytest.approx(50.0)
    assert not figure.axes[0].patches


def test_silence_is_named() -> None:
    target = syllable()
    assert "silent" in titles(comparison_figure(target, np.zeros_like(target), RATE))[1]
    figure = comparison_figure(np.zeros_like(target), target, RATE)
    assert "target silent" in titles(figure)[1]
    assert figure.axes[0].get_ylim() == (-1.0, 1.0)


def test_bad_sounds_are_one_line() -> None:
    target = syllable()
    with pytest.raises(ValueError, match=r"target \(4410,\) and output \(4409,\)"):
        comparison_figure(target, target[1:], RATE)
    broken = target.copy()
    broken[7] = np.nan
    with pytest.raises(ValueError, match="sample 7 of the target"):
        comparison_figure(broken, target, RATE)
    with pytest.raises(ValueError, match="no vocalisations"):
        grid_figure([], RATE)


@pytest.mark.parametrize(("count", "shape"), [(1, (2, 1)), (4, (2, 4)), (5, (4, 3)), (8, (4, 4)), (9, (6, 3))])
def test_a_page_has_full_bands_of_pairs_on_their_own_time_axes(count: int, shape: tuple[int, int]) -> None:
    items = []
    for number in range(count):
        target = syllable(80.0 + 20 * number, seed=number)
        items.append((f"{number:03d} e", target, 0.5 * target))
    figure = grid_figure(items, RATE)
    rows, columns = shape
    panels = np.array(figure.axes[: rows * columns], dtype=object).reshape(rows, columns)
    assert len(figure.axes) == rows * columns + 1  # and the colour bar
    for number in range(count):
        band, column = divmod(number, columns)
        above, below = panels[2 * band, column], panels[2 * band + 1, column]
        assert above.get_title() == f"{number:03d} e"
        assert below.get_title() == "rms \N{MINUS SIGN}6.0 dB re target"
        assert above.get_xlim() == below.get_xlim() == pytest.approx((0.0, 80.0 + 20 * number))
        drop = np.asarray(above.images[0].get_array()).max() - np.asarray(below.images[0].get_array()).max()
        assert drop == pytest.approx(20 * np.log10(2), abs=1e-9)
    assert sum(panel.axison for panel in panels.flat) == 2 * count
    if count in (1, 5):
        assert_apart(figure)


def test_arguments_are_left_alone() -> None:
    target, output = syllable(), syllable(seed=1).astype(np.float32)
    output[5] = np.nan
    before = target.copy(), output.copy()
    comparison_figure(target, output, RATE)
    grid_figure([("e", target, output)], RATE)
    np.testing.assert_array_equal(target, before[0])
    np.testing.assert_array_equal(output, before[1])


def test_real_song_stands_out_of_its_background(song_root: Path, tmp_path: Path) -> None:
    recording = sorted((song_root / "audio").glob("*.wav"))[0]
    onset, offset = (float(t) for t in (song_root / "segments" / f"{recording.stem}.txt").read_text().split()[:2])
    sound, rate = soundfile.read(recording)
    start = round((onset - 0.045) * rate)
    target = sound[start : round((offset + 0.025) * rate)]
    figure = comparison_figure(target, 0.5 * target, rate, onset_s=0.045, offset_s=0.045 + offset - onset)
    level = image(figure, 2)
    times = np.linspace(0.0, len(target) / rate, level.shape[1])
    song = level[5:, (times > 0.05) & (times < 0.045 + offset - onset)]
    silence = level[5:, times < 0.03]
    assert song.mean() - silence.mean() > 8.0
    assert save_figure(figure, tmp_path / "song.png").stat().st_size > 20_000


def test_target_raw_and_rescaled_stand_side_by_side_under_one_scale() -> None:
    target = 0.4 * np.sin(2 * np.pi * 3000 * np.arange(RATE // 10) / RATE)
    figure = comparison_figure(target, 0.01 * target, RATE, rescaled=target)
    panels = [axes for axes in figure.axes if axes.get_title() or axes.images]
    assert [axes.get_title() for axes in panels[:3]] == [
        "target",
        "output, rms \N{MINUS SIGN}40.0 dB re target",
        "rescaled, rms +0.0 dB re target",
    ]
    shown, soft, loud = (axes.images[0].get_array() for axes in panels[3:6])
    np.testing.assert_allclose(loud, shown)
    assert soft.max() == pytest.approx(shown.max() - 40.0, abs=0.1)
    assert figure.get_figwidth() == pytest.approx(1.5 * comparison_figure(target, target, RATE).get_figwidth())
