"""Splitting large, mostly empty tables: as good as the dense search, in time that grows with what is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from syrinx_lab.data import stratify as dense
from syrinx_lab.data.splits import LACKING
from syrinx_lab.data.stratify import stratify
from syrinx_lab.data.stratify_sparse import SparseProblem, unavoidable_alone


def table(recordings: int, labels: int, most: int, seed: int = 0) -> csr_array:
    """Recordings of 1 to `most` syllables; labels <= 0: every syllable has a label of its own."""
    generator = np.random.default_rng(seed)
    rows = np.repeat(np.arange(recordings), generator.integers(1, most + 1, recordings))
    columns = np.arange(len(rows)) if labels <= 0 else generator.integers(0, labels, len(rows))
    _, columns = np.unique(columns, return_inverse=True)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(recordings, columns.max() + 1))


def sizes_of(recordings: int) -> tuple[int, int, int]:
    return recordings - 2 * (recordings // 10), recordings // 10, recordings // 10


@pytest.mark.parametrize("labels", [5, 40, 0])
def test_the_sparse_search_ends_as_low_as_the_dense_one(labels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = table(60, labels, 4)
    sizes, costs = sizes_of(60), {}
    for name, large in (("dense", 2**18), ("sparse", 0)):
        monkeypatch.setattr(dense, "LARGE", large)
        owner = stratify(counts, np.ones(counts.shape[1]), sizes, LACKING, np.random.default_rng(1))
        assert np.bincount(owner).tolist() == list(sizes)
        wanted = np.outer(np.array(sizes) / 60, counts.sum(axis=0))
        costs[name] = dense.DenseProblem(counts.toarray(), np.ones(counts.shape[1]), wanted, LACKING).cost(owner)
    assert costs["sparse"] < 1.03 * costs["dense"]


def test_costs_and_absences_are_those_of_the_dense_table() -> None:
    counts, sizes = table(50, 30, 5), sizes_of(50)
    wanted = np.outer(np.array(sizes) / 50, counts.sum(axis=0))
    weights = np.random.default_rng(0).random(counts.shape[1])
    owner = np.random.default_rng(1).permutation(np.repeat([0, 1, 2], sizes))
    full, thin = (
        P(c, weights, wanted, LACKING) for P, c in ((dense.DenseProblem, counts.toarray()), (SparseProblem, counts))
    )
    assert thin.cost(owner) == pytest.approx(full.cost(owner), rel=1e-12)
    some = weights > 0.5
    assert thin.absences(owner, some) == pytest.approx(full.absences(owner, some), rel=1e-12)


def test_no_division_costs_less_than_the_bound_and_the_best_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, sizes = table(40, 0, 3), sizes_of(40)
    monkeypatch.setattr(dense, "LARGE", 0)
    owner = stratify(counts, np.ones(counts.shape[1]), sizes, LACKING, np.random.default_rng(0))
    outside = np.diff(counts.indptr)[owner > 0].sum()
    # a label of one recording is absent from two splits: 1 + 1 where train has it, 2 + 1 where another one has
    extra = unavoidable_alone(counts, np.ones(counts.shape[1]), sizes, LACKING)
    assert outside == extra == np.sort(np.diff(counts.indptr))[:8].sum()


def test_the_work_grows_with_the_table_and_not_with_its_square(monkeypatch: pytest.MonkeyPatch) -> None:
    problems: list[SparseProblem] = []

    class Counted(SparseProblem):
        def __init__(self, *args) -> None:
            super().__init__(*args)
            problems.append(self)

    monkeypatch.setattr(dense, "SparseProblem", Counted)
    for recordings in (600, 2400):
        counts = table(recordings, 0, 5)
        stratify(counts, np.ones(counts.shape[1]), sizes_of(recordings), LACKING, np.random.default_rng(0))
    few, many = problems
    assert many.looked_at < 8 * few.looked_at  # 16 times as much would be quadratic
