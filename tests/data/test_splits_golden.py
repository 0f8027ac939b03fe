"""Splits of a given corpus and seed stay what they were: a trained model's test set must not move under it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from layouts import corpus_of
from reading_annotations import read_annotations

from syrinx_lab.data.corpus import Corpus
from syrinx_lab.data.splits import NAMES, SplitSettings, split_recordings


def digest(corpus: Corpus, seeds: range, **fractions: float) -> str:
    """12 hexadecimal digits of all the splits of these seeds."""
    hashed = hashlib.sha256()
    for seed in seeds:
        splits = split_recordings(corpus, SplitSettings(split_seed=seed, **fractions))
        hashed.update(repr([splits[name] for name in NAMES]).encode())
    return hashed.hexdigest()[:12]


def drawn(recordings: int, labels: int, most: int, skew: float, folders: int = 1, seed: int = 0) -> Corpus:
    """Recordings of 1 to `most` syllables whose labels follow a power law of exponent `skew`."""
    generator = np.random.default_rng([recordings, labels, most, folders, seed])
    shares = 1.0 / np.arange(1, labels + 1) ** skew
    rows = {}
    for k in range(recordings):
        row = generator.choice(labels, generator.integers(1, most + 1), p=shares / shares.sum())
        rows[f"day{k % folders}/r{k:04d}" if folders > 1 else f"r{k:04d}"] = [f"s{label:03d}" for label in row]
    return corpus_of(rows)


@pytest.mark.parametrize(
    ("corpus", "seeds", "fractions", "expected"),
    [
        (drawn(30, 5, 8, 1.0), range(4), {}, "35c6f26070a1"),
        (drawn(60, 8, 4, 1.5), range(3), {"val_fraction": 0.2, "test_fraction": 0.15}, "b3e91715a131"),
        (drawn(24, 6, 5, 0.5, folders=3), range(3), {}, "de7675ae7cd5"),
        (drawn(40, 60, 2, 0.0), range(2), {}, "1a76093bb59a"),  # nearly every label once
        (drawn(90, 30, 3, 2.0, folders=9), range(2), {"val_fraction": 0.3}, "b70e074c07de"),
        (drawn(400, 12, 6, 1.0), range(1), {}, "c56037934637"),
    ],
    ids=["few", "skewed", "days", "rare", "folders", "many"],
)
def test_splits_are_those_of_old(corpus: Corpus, seeds: range, fractions: dict[str, float], expected: str) -> None:
    assert digest(corpus, seeds, **fractions) == expected


def test_the_split_of_real_song_is_that_of_old(song_root: Path) -> None:
    rows = {
        f"audio/{path.stem}": [one.label for one in read_annotations(path)[""]]
        for path in sorted((song_root / "segments").glob("*.txt"))
    }
    assert digest(corpus_of(rows), range(3)) == "c0ce73df3d90"
