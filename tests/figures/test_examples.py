"""The example figure and what all figures share: levels, axes and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from syrinx_lab.figures.examples import examples_figure
from syrinx_lab.figures.style import PALETTE, new_figure, relative_spectrogram_db, save_figure

RATE = 44_100


def tone(hz: float, amplitude: float, n_samples: int = RATE // 10) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(n_samples) / RATE)


def test_a_sine_of_amplitude_a_has_the_level_a_half_at_its_frequency() -> None:
    bin_hz = RATE / 512
    times, frequencies, db = relative_spectrogram_db(tone(40 * bin_hz, 0.3), RATE, reference=0.15)
    inside = (times > 0.01) & (times < 0.09)
    assert db.shape == (257, len(times))
    assert frequencies[np.argmax(db[:, inside], axis=0)] == pytest.approx(40 * bin_hz)
    np.testing.assert_allclose(db[40, inside], 0.0, atol=1e-6)
    np.testing.assert_allclose(db[[39, 41]][:, inside], -20 * np.log10(2), atol=1e-6)  # of the Hann window
    assert times[1] - times[0] == pytest.approx(128 / RATE)


def test_levels_are_clipped_at_the_range_and_relative_to_the_maximum() -> None:
    quiet_then_loud = np.concatenate([tone(2_000, 1e-4), tone(2_000, 0.2)])
    _, _, db = relative_spectrogram_db(quiet_then_loud, RATE, range_db=50.0)
    assert db.max() == pytest.approx(0.0)
    assert db.min() == pytest.approx(-50.0)
    np.testing.assert_allclose(db[:, :30], -50.0)  # 66 dB below
    _, _, deeper = relative_spectrogram_db(quiet_then_loud, RATE, range_db=80.0)
    assert deeper[:, 5:30].max() == pytest.approx(-66.0, abs=0.1)


def test_a_click_appears_at_its_time() -> None:
    samples = np.zeros(RATE // 10)
    samples[3_000] = 1.0
    times, _, db = relative_spectrogram_db(samples, RATE, n_fft=256, hop=32)
    assert times[np.argmax(db.sum(axis=0))] == pytest.approx(3_000 / RATE, abs=32 / RATE)


def test_short_and_silent_clips_are_dark_and_bad_ones_refused() -> None:
    _, _, db = relative_spectrogram_db(np.zeros(100), RATE)
    np.testing.assert_array_equal(db, -50.0)
    samples = np.zeros(1_000)
    samples[77] = np.inf
    with pytest.raises(ValueError, match="sample 77 is not finite"):
        relative_spectrogram_db(samples, RATE)
    with pytest.raises(ValueError, match=r"\(2, 5\)"):
        relative_spectrogram_db(np.zeros((2, 5)), RATE)


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_every_clip_has_its_panel_on_common_axes(count: int) -> None:
    clips = [(f"label {k}", tone(1_000 + 500 * k, 0.1, 2_000 + 500 * k)) for k in range(count)]
    figure = examples_figure(clips, RATE)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == [title for title, _ in clips]
    longest_ms = (2_000 + 500 * (count - 1)) / RATE * 1e3
    for k, axes in enumerate(panels):
        assert axes.get_xlim() == pytest.approx((0.0, longest_ms))
        assert axes.get_ylim() == pytest.approx((0.0, 12.0))
        (image,) = axes.images
        level = np.asarray(image.get_array())
        bottom, top = image.get_extent()[2:]
        row = np.argmax(level.mean(axis=1))
        assert bottom + (row + 0.5) * (top - bottom) / len(level) == pytest.approx(1.0 + 0.5 * k, abs=0.05)
        assert image.get_clim() == (-50.0, 0.0)
    columns = min(count, 4)
    assert [axes.get_xlabel() for axes in panels[-columns:]] == ["time (ms)"] * columns
    assert [axes.get_ylabel() for axes in panels[::4]] == ["frequency (kHz)"] * len(panels[::4])
    assert sum("dB" in axes.get_ylabel() for axes in figure.axes) == 1


def test_low_sample_rates_end_at_the_nyquist_frequency() -> None:
    figure = examples_figure([("x", np.random.default_rng(0).normal(size=2_000))], 16_000)
    assert figure.axes[0].get_ylim() == pytest.approx((0.0, 8.0))


def test_no_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="no clips"):
        examples_figure([], RATE)


def test_a_saved_figure_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = new_figure(2, 1)
    figure.subplots().plot([0, 1], [0, 1], color=PALETTE["blue"])
    path = save_figure(figure, tmp_path / "new folder" / "line.png", dpi=100)
    assert path.read_bytes().startswith(b"\x89PNG")
    width, height = (int.from_bytes(path.read_bytes()[k : k + 4], "big") for k in (16, 20))
    assert (width, height) == (200, 100)
    before = path.read_bytes()

    def full(self: Figure, name: Path, **options: object) -> None:
        Path(name).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(OSError, match="No space"):
        save_figure(figure, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["line.png"]


def test_letters_that_the_font_lacks_are_no_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    figure = new_figure(2.0, 1.0)
    figure.text(0.5, 0.5, "\u65e5\u672c")
    assert save_figure(figure, tmp_path / "name.png").is_file()
    assert [str(one.message) for one in recwarn if "Glyph" in str(one.message)] == []
