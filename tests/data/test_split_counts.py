"""What a split holds, counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from syrinx_lab.data.corpus import Corpus, CorpusSettings, Recording, Syllable
from syrinx_lab.data.segments import WindowSettings, cut_segments
from syrinx_lab.data.split_counts import split_counts
from syrinx_lab.data.splits import Splits
from syrinx_lab.runs.manifest import build_manifest
from syrinx_lab.runs.run_facts import counts_in_words
from syrinx_lab.training.datamodule import SongDataModule

RATE = 10_000


def recording(name: str, syllables: int) -> Recording:
    # 0.2 s of syllable, 0.1 s of silence; every third is of a label that was not selected
    samples = np.random.default_rng(0).standard_normal(RATE * 2).astype(np.float32)
    sung = tuple(Syllable("a", 1000 + 3000 * n, 3000 + 3000 * n, selected=n != 2) for n in range(syllables))
    return Recording(name, Path(f"{name}.wav"), samples, RATE, RATE, sung)


SONGS = {one.id: one for one in (recording("r1", 3), recording("r2", 2), recording("r3", 2), recording("r4", 1))}
SPLITS = Splits(("r1", "r2"), ("r3",), ("r4",), {})
COUNTS = {
    "train": {"recordings": 2, "vocalisations": 4, "windows": {"onset": 4, "offset": 4, "mid": 4}},
    "val": {"recordings": 1, "vocalisations": 2, "scored": 1},
    "test": {"recordings": 1, "vocalisations": 1, "scored": 1},
}
WORDS = {
    "train": "2 recordings, 4 vocalisations, windows 4 onset, 4 offset, 4 mid",
    "val": "1 recordings, 2 vocalisations, 1 scored",
    "test": "1 recordings, 1 vocalisations, 1 scored",
}


def test_recordings_vocalisations_windows_and_what_is_scored() -> None:
    pools = cut_segments([SONGS["r1"], SONGS["r2"]], WindowSettings(context_s=0.06), sample_rate=RATE)
    sizes = {category.name.lower(): count for category, count in pools.sizes().items()}
    found = split_counts(SPLITS, Corpus(SONGS, RATE), pools, {"val": [None], "test": [None]})
    assert found == {**COUNTS, "train": {**COUNTS["train"], "windows": sizes}}
    assert sizes["onset"] == sizes["offset"] == 4
    assert "windows" not in split_counts(SPLITS, Corpus(SONGS, RATE), None, {})["train"]


def test_the_record_of_a_run_and_its_manifest_hold_them() -> None:
    data = SongDataModule(root=".", sampler=None, seed=0, reading=CorpusSettings(sample_rate=RATE))
    data.corpus, data.splits = Corpus(SONGS, RATE), SPLITS
    data.groups, data.pools, data.vocalisations = {}, None, {"val": [None], "test": [None]}
    assert data.split_record()["counts"]["val"] == COUNTS["val"]
    manifest = build_manifest(
        config={}, key="k", data_fingerprint="f", seed=0, epoch=1, checkpoint="c", vocalisations={}, counts=COUNTS,
        rendition={}, analytic=None, provenance={"created_at": "", "versions": {}, "git": None},
    )  # fmt: skip
    assert manifest.counts == COUNTS
    assert counts_in_words(manifest.counts) == WORDS
    assert counts_in_words(None) == {}
