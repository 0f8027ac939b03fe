"""Sound that is read when it is looked at: the numbers of the whole file, within a bound of memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from folders import RATE, annotate, song
from torch.utils.data import DataLoader

from syrinx_lab.data.corpus import CorpusSettings, CorpusStorage, inspect_corpus, load_corpus
from syrinx_lab.data.dataset import SegmentDataset, acceleration_variance, collate
from syrinx_lab.data.recording import Recording
from syrinx_lab.data.sample_cache import SampleCache
from syrinx_lab.data.segments import cut_segments
from syrinx_lab.data.stored_samples import StoredSamples

SPANS = [(0, 1), (0, RATE), (17, 4001), (RATE - 3, RATE), (5, 5), (-9, RATE + 9)]


def folder_of_all_kinds(root: Path) -> Path:
    """Recordings that are read by segment, and some that are not: another rate, a lossy format."""
    rng = np.random.default_rng(3)
    wave = song(440, 1.0, RATE) + 1e-3 * rng.standard_normal(RATE)
    stereo = np.stack([wave, 0.5 * wave + 1e-3 * rng.standard_normal(RATE)], axis=1)
    for name, samples, rate, options in [
        ("a.wav", wave, RATE, {"subtype": "PCM_16"}),
        ("b.wav", 7.3 * wave, RATE, {"subtype": "FLOAT"}),  # beyond full scale
        ("c.flac", stereo, RATE, {"subtype": "PCM_24"}),
        ("d.wav", 0.1 * wave + 0.6, RATE, {"subtype": "PCM_16"}),  # a DC offset
        ("e.wav", song(440, 1.0, 2 * RATE), 2 * RATE, {"subtype": "PCM_16"}),
        ("f.ogg", wave, RATE, {}),
    ]:
        root.mkdir(exist_ok=True)
        soundfile.write(root / name, samples, rate, **options)
        (root / name).with_suffix(".txt").write_text("0.1 0.2 a\n0.3 0.5 b\n")
    return root


def pair(root: Path, cache_mb: float, **settings: object) -> list[tuple[Recording, Recording]]:
    """Every recording in memory, and as it is read."""
    chosen = CorpusSettings(**{"sample_rate": RATE, **settings})  # type: ignore[arg-type]
    held = load_corpus(str(root), chosen)
    read = load_corpus(str(root), chosen, CorpusStorage(cache_mb))
    assert held.recordings.keys() == read.recordings.keys()
    assert held.fingerprint() == read.fingerprint()
    return [(held.recordings[key], read.recordings[key]) for key in held.recordings]


@pytest.mark.parametrize(
    "settings",
    [{}, {"channel": "mean"}, {"highpass_hz": 300.0}, {"scale": "none"}, {"scale_per": "vocalisation", "scale": "rms"}],
)
@pytest.mark.parametrize("cache_mb", [1e-3, 0.1, 10.0])  # nothing, some three recordings, and all are held
def test_what_is_read_by_segment_is_what_the_whole_file_holds(
    tmp_path: Path, settings: dict[str, object], cache_mb: float
) -> None:
    for held, read in pair(folder_of_all_kinds(tmp_path / "song"), cache_mb, **settings):
        assert isinstance(read.samples, StoredSamples)
        assert isinstance(held.samples, np.ndarray)
        for start, stop in SPANS:
            assert np.array_equal(read.samples[start:stop], held.samples[start:stop]), (read.id, start, stop)
        assert np.array_equal(np.asarray(read.samples), held.samples)
        assert (len(read.samples), read.samples.shape) == (RATE, (RATE,))
        assert (read.syllables, read.gain, read.content_hash()) == (held.syllables, held.gain, held.content_hash())


def test_only_files_whose_segments_are_exact_are_read_by_segment(tmp_path: Path) -> None:
    read = [one.samples for _, one in pair(folder_of_all_kinds(tmp_path / "song"), 1e-3)]
    assert [one.source.seekable for one in read] == [True] * 4 + [False] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize("workers", [0, 2, 4])
def test_workers_that_read_by_segment_draw_what_one_process_draws_from_memory(tmp_path: Path, workers: int) -> None:
    pairs = pair(folder_of_all_kinds(tmp_path / "song"), 0.05)
    held, read = ({one[k].id: one[k] for one in pairs} for k in (0, 1))
    pools = cut_segments(held.values(), sample_rate=RATE)
    order = np.random.default_rng(0).permutation(len(pools.segments)).tolist()
    expected = collate([SegmentDataset(held, pools.segments)[k] for k in order])
    dataset = SegmentDataset(read, pools.segments)
    batches = list(
        DataLoader(dataset, batch_size=5, sampler=order, collate_fn=collate, num_workers=workers,
                   multiprocessing_context="fork" if workers else None)
    )  # fmt: skip
    for name in ("x", "dx", "d2x", "category", "onset"):
        assert torch.equal(torch.cat([getattr(batch, name) for batch in batches]), getattr(expected, name))
    assert acceleration_variance(read, pools.segments) == acceleration_variance(held, pools.segments)


def test_a_file_that_has_changed_since_is_refused_with_its_name(tmp_path: Path) -> None:
    annotate(tmp_path, "x.wav")
    corpus = load_corpus(str(tmp_path), CorpusSettings(sample_rate=RATE), CorpusStorage(1e-3))
    os.utime(tmp_path / "x.wav", ns=(0, 0))
    with pytest.raises(ValueError, match=r"x\.wav: changed since it was read"):
        _ = corpus.recordings["x"].samples[0:5]
    (tmp_path / "x.wav").unlink()
    with pytest.raises(ValueError, match=r"x\.wav: cannot be read any more"):
        _ = corpus.recordings["x"].samples[0:5]


def test_the_cache_keeps_to_its_bound_and_drops_what_was_used_longest_ago() -> None:
    cache, arrays = SampleCache(1.0), {k: np.full(50_000, k, np.float32) for k in "1234567"}
    for key, samples in arrays.items():
        cache.put(key, samples)
        cache.get("1")
        assert cache.bytes <= 2**20
    assert [key for key in arrays if cache.get(key) is not None] == ["1", "4", "5", "6", "7"]
    cache.divide(2)
    assert cache.bytes <= 2**19
    long = cache.put("long", np.arange(2**20, dtype=np.float32))
    assert isinstance(long, np.memmap)
    assert cache.bytes <= 2**19
    assert np.array_equal(cache.get("long"), np.arange(2**20, dtype=np.float32))  # type: ignore[arg-type]


def test_memory_does_not_grow_with_the_recordings(tmp_path: Path) -> None:
    for k in range(12):
        annotate(tmp_path, f"r{k:02d}.wav", amplitude=0.5 - k * 1e-3)
    storage = CorpusStorage(0.2)
    corpus, problems = inspect_corpus(str(tmp_path), CorpusSettings(sample_rate=RATE), storage)
    assert not problems
    assert len(corpus.recordings) == 12
    assert 0 < storage.cache.bytes <= 0.2 * 2**20 < 12 * RATE * 4
