"""Windows as training examples: derivatives right up to the edges, gains, batches, variance of the acceleration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from layouts import RATE, recording_of
from torch.utils.data import DataLoader

from syrinx_lab.data.dataset import SegmentDataset, acceleration_variance, collate, cut_window, syllable_gain
from syrinx_lab.data.derivatives import REACH, derivatives, inner_derivatives
from syrinx_lab.data.segments import cut_segments
from syrinx_lab.types import Category, Segment


def sine(name: str, size: int = 1000, gain: float = 1.0):
    samples = np.sin(0.3 * np.arange(size)).astype(np.float32)
    return recording_of(name, [("a", 200, 325, gain), ("b", 500, 640)], samples=samples)


def test_a_window_has_the_derivatives_of_the_whole_recording() -> None:
    recording = recording_of("r", [("a", 200, 325)])
    dx, d2x = derivatives(recording.samples.astype(np.float64))
    for start, stop in [(200, 250), (0, 50), (2, 9), (993, 1000), (997, 999), (0, 1000), (400, 401)]:
        window = cut_window(recording, start, stop)
        assert all(part.dtype == np.float32 for part in window)
        assert np.array_equal(window[0], recording.samples[start:stop])
        assert window[1] == pytest.approx(dx[start:stop], rel=1e-6, abs=1e-6)
        assert window[2] == pytest.approx(d2x[start:stop], rel=1e-6, abs=1e-6)


def test_derivatives_at_the_edges_of_a_window_are_those_of_the_sine() -> None:
    _, dx, d2x = cut_window(sine("r"), 300, 350)
    t = 0.3 * np.arange(300, 350)
    assert dx == pytest.approx(0.3 * np.cos(t), abs=3e-7)
    assert d2x == pytest.approx(-(0.3**2) * np.sin(t), abs=6e-7)


def test_slow_sounds_keep_their_acceleration() -> None:
    rate, f0 = 44_100, 100.0
    samples = (0.5 + 0.4 * np.sin(2 * np.pi * f0 / rate * np.arange(2000))).astype(np.float32)
    _, _, d2x = cut_window(recording_of("r", [], samples=samples), 500, 1500)
    exact = -0.4 * (2 * np.pi * f0 / rate) ** 2 * np.sin(2 * np.pi * f0 / rate * np.arange(500, 1500))
    # what rounding the samples to float32 costs, and no more: differences taken in float32 cost several times that
    assert np.sqrt(np.mean((d2x - exact) ** 2)) < 6e-8


def test_examples_carry_gain_category_and_onset() -> None:
    recording = sine("r", gain=4.0)
    pools = cut_segments([recording], sample_rate=RATE)
    dataset = SegmentDataset({"r": recording}, pools.segments)
    assert len(dataset) == len(pools.segments) == 8
    for example, segment in zip((dataset[k] for k in range(8)), pools.segments):
        expected = cut_window(recording, segment.start, segment.stop)
        gain = 4.0 if segment.label == "a" else 1.0
        for part, whole in zip(example[:3], expected):
            assert np.array_equal(part, np.float32(gain) * whole)
        assert example.category == segment.category
        assert example.onset == segment.onset - segment.start
    assert dataset[0].onset == 25
    assert syllable_gain(recording, 200) == 4.0
    with pytest.raises(ValueError, match="r: no syllable begins at sample 201"):
        syllable_gain(recording, 201)


def test_batches_do_not_depend_on_their_size_or_on_workers() -> None:
    recording = sine("r")
    pools = cut_segments([recording], sample_rate=RATE)
    dataset = SegmentDataset({"r": recording}, pools.segments)
    whole = collate([dataset[k] for k in range(8)])
    assert whole.x.shape == whole.dx.shape == whole.d2x.shape == (8, 50)
    assert whole.x.dtype == whole.d2x.dtype == torch.float32
    assert whole.category.dtype == whole.onset.dtype == torch.int64
    assert whole.category.tolist() == [s.category for s in pools.segments]
    for workers in (0, 1):
        batches = list(DataLoader(dataset, batch_size=3, collate_fn=collate, num_workers=workers))
        assert [len(batch) for batch in batches] == [3, 3, 2]
        for name in ("x", "dx", "d2x", "category", "onset"):
            assert torch.equal(torch.cat([getattr(batch, name) for batch in batches]), getattr(whole, name))


def test_windows_of_another_corpus_are_refused() -> None:
    with pytest.raises(ValueError, match="q: a window lies in a recording that was not read"):
        SegmentDataset({"r": sine("r")}, [Segment("q", "a", 0, 50, Category.MID, 200, 325)])
    with pytest.raises(ValueError, match=r"r: window \[990, 1040\) leaves its 1000 samples"):
        SegmentDataset({"r": sine("r")}, [Segment("r", "a", 990, 1040, Category.MID, 200, 325)])


def test_variance_of_the_acceleration_is_that_of_all_windows_together() -> None:
    recordings = {name: recording_of(name, [("a", 200, 325, gain)]) for name, gain in (("x", 1.0), ("y", 3.0))}
    # an offset in acceleration that differs from window to window, so that their means count too
    ramp = recordings["y"].samples + 2.0 * np.arange(1000, dtype=np.float32) ** 2
    recordings["y"] = recording_of("y", [("a", 200, 325, 3.0)], samples=ramp)
    pools = cut_segments(recordings.values(), sample_rate=RATE)
    dataset = SegmentDataset(recordings, pools.segments)
    together = np.concatenate([dataset[k].d2x.astype(np.float64) for k in range(len(dataset))])
    assert together.mean() > 1
    assert acceleration_variance(recordings, pools.segments) == pytest.approx(together.var(), rel=1e-5)
    assert acceleration_variance(recordings, pools.segments[::-1]) == pytest.approx(together.var(), rel=1e-5)
    with pytest.raises(ValueError, match="needs a training window"):
        acceleration_variance(recordings, [])


def test_variance_of_a_sine_has_its_closed_form() -> None:
    period = 50
    samples = (0.2 * np.sin(2 * np.pi / period * np.arange(1000))).astype(np.float32)
    recording = recording_of("r", [("a", 200, 400)], samples=samples)
    segments = [Segment("r", "a", start, start + period, Category.MID, 200, 400) for start in (210, 260, 310)]
    expected = 0.2**2 / 2 * (2 * np.pi / period) ** 4
    assert acceleration_variance({"r": recording}, segments) == pytest.approx(expected, rel=1e-5)


def test_a_window_costs_no_more_than_its_own_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recording_of("r", [("a", 10_000, 20_000)], size=40_000, rate=44_100)
    pools = cut_segments([recording], sample_rate=44_100)
    differenced: list[int] = []

    def counted(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        differenced.append(len(x))
        return inner_derivatives(x)

    monkeypatch.setattr("syrinx_lab.data.dataset.inner_derivatives", counted)
    batch = collate([SegmentDataset({"r": recording}, pools.segments)[k] for k in range(3)])
    assert batch.x.shape == (3, 2205)
    assert differenced == 3 * [2205 + 2 * REACH]


def test_window_edges_mirrored_are_those_of_the_window_alone() -> None:
    """As published: the stencil sees the window reflected at its ends, so the slope is exactly zero there."""
    samples = np.cumsum(np.random.default_rng(4).standard_normal(400)).astype(np.float32)
    recording = recording_of("r", [("a", 90, 300, 2.0)], samples=samples)
    x, dx, d2x = cut_window(recording, 100, 200, 0.5, mirrored=True)
    wanted_dx, wanted_d2x = derivatives(0.5 * samples[100:200].astype(np.float64))
    np.testing.assert_array_equal(x, 0.5 * samples[100:200])
    np.testing.assert_allclose(dx, wanted_dx, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(d2x, wanted_d2x, rtol=1e-6, atol=1e-6)
    assert dx[0] == dx[-1] == 0
    _, plain_dx, plain_d2x = cut_window(recording, 100, 200, 0.5)
    np.testing.assert_allclose(dx[4:-4], plain_dx[4:-4], rtol=1e-6, atol=1e-6)
    assert abs(plain_dx[0]) > 1e-3
    segment = Segment("r", "a", 100, 200, Category.MID, 90, 300)
    item = SegmentDataset({"r": recording}, [segment], mirrored=True)[0]
    np.testing.assert_allclose(item.d2x, 4 * d2x, rtol=1e-5, atol=1e-6)
    assert acceleration_variance({"r": recording}, [segment], mirrored=True) == pytest.approx(
        np.var(4 * wanted_d2x), rel=1e-9
    )
    assert acceleration_variance({"r": recording}, [segment]) == pytest.approx(
        np.var(4 * plain_d2x.astype(np.float64)), rel=1e-6
    )
