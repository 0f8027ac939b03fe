"""Clusters get names that stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from songs import RATE, finch

from syrinx_lab.data.segmentation.embedding import SIZE, embeddings
from syrinx_lab.data.segmentation.labels import NOISE, first_names, labels_of, more_names, name_of
from syrinx_lab.data.segmentation.stored_names import read_names, write_names


def cloud(kind: int, count: int, seed: int) -> NDArray[np.float32]:
    """Points around the centre of a kind of syllable."""
    centre = np.random.default_rng(1_000 + kind).standard_normal(SIZE) / np.sqrt(SIZE) * 4
    return (centre + 0.02 * np.random.default_rng(seed).standard_normal((count, SIZE))).astype(np.float32)


def test_a_syllable_is_the_same_point_at_any_level_and_length_counts_once() -> None:
    t = np.arange(RATE // 5) / RATE
    rng = np.random.default_rng(0)
    sweep = np.sin(2 * np.pi * (2_000 * t + 5_000 * t**2)) * np.hanning(len(t))
    room = 1e-4 * rng.standard_normal(2 * RATE)
    loud, soft = room.copy(), room.copy()
    loud[RATE : RATE + len(t)] += 0.5 * sweep
    soft[RATE : RATE + len(t)] += 0.05 * sweep
    a, b = (embeddings(x.astype(np.float32), RATE, [(1.0, 1.2)])[0] for x in (loud, soft))
    assert a.shape == (SIZE,)
    assert np.linalg.norm(a - b) < 0.15
    assert a[-1] == pytest.approx(np.log(200) - 4.3)
    # time runs: the loudest band climbs
    strongest = a[:-1].reshape(16, 32)[3:13].argmax(axis=1)
    assert list(strongest) == sorted(strongest)
    assert strongest[-1] > strongest[0]


def test_the_finchs_labels_are_found_again() -> None:
    points, truth = [], []
    for k in range(4):
        samples, times, labels = finch(k)
        points.append(embeddings(samples, RATE, [(a, b) for a, b in times]))
        truth += labels
    joined = np.concatenate(points)
    found = labels_of(first_names(joined), joined)
    assert len({*zip(truth, found)}) == 5
    assert len(set(found)) == 5


def test_a_later_day_gets_the_old_names_and_new_syllables_new_ones(tmp_path: Path) -> None:
    first = np.concatenate([cloud(0, 40, 0), cloud(1, 30, 1), cloud(2, 20, 2)])
    names = first_names(first)
    assert names.names == ("a", "b", "c")
    assert labels_of(names, first) == ["a"] * 40 + ["b"] * 30 + ["c"] * 20
    assert labels_of(names, cloud(7, 1, 0)) == [NOISE]
    write_names(tmp_path / "names.npz", names, "seen")
    stored, seen = read_names(tmp_path / "names.npz")
    assert stored is not None
    assert seen == "seen"
    day = np.concatenate([cloud(2, 15, 3), cloud(3, 25, 4), cloud(0, 9, 5), cloud(9, 1, 6)])
    later = more_names(stored, day)
    assert later.names == ("a", "b", "c", "d")
    labels = labels_of(later, day)
    assert labels[:15] + labels[40:] == ["c"] * 15 + ["a"] * 9 + [NOISE]
    assert labels[15:40].count("d") >= 23
    assert set(labels[15:40]) <= {"d", NOISE}
    assert labels_of(later, first) == labels_of(names, first)
    np.testing.assert_array_equal(later.centres[:3], names.centres)


def test_one_kind_alone_is_a_cluster_and_nothing_is_none() -> None:
    points = cloud(4, 30, 0)
    assert set(labels_of(first_names(points), points)) == {"a"}
    nothing = np.zeros((0, SIZE), np.float32)
    assert labels_of(first_names(nothing), nothing) == []
    few = cloud(4, 2, 0)
    assert labels_of(first_names(few), few) == [NOISE, NOISE]


def test_names_of_clusters() -> None:
    assert [name_of(k) for k in (0, 25, 26, 27, 51, 52, 701, 702)] == ["a", "z", "aa", "ab", "az", "ba", "zz", "aaa"]


def test_broken_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "names.npz").write_bytes(b"PK broken")
    with pytest.raises(ValueError, match=r"names\.npz: the clusters cannot be read; restore the file"):
        read_names(tmp_path / "names.npz")
    assert read_names(tmp_path / "none.npz") == (None, "")
