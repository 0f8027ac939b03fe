"""The exchanges of `stratify` for tables that are large and mostly empty: thousands of recordings, labels of their own.

What an exchange changes is the sum over the labels of two recordings, so nothing else is looked at. The rule is that of
the dense table; of one shortlist, all exchanges that touch no label in common are made at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from .progress import Progress
from .stratify_cost import SHORTLIST, TINY, label_costs


class SparseProblem:
    """Counts (R, L), weights (L,) and dues (K, L), and what a division costs under them."""

    def __init__(self, counts: csr_array, weights: np.ndarray, wanted: np.ndarray, lacking: Sequence[float]) -> None:
        self.counts = counts
        self.rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        self.columns, self.values = counts.indices, counts.data
        self.weights = weights
        self.wanted = wanted
        self.lacking = np.array(lacking)
        self.looked_at = 0  # entries of the table, over all shortlists

    def held(self, owner: np.ndarray) -> np.ndarray:
        """(K, L) syllables of each label in each split."""
        splits, labels = self.wanted.shape
        place = owner[self.rows] * labels + self.columns
        return np.bincount(place, self.values, splits * labels).reshape(splits, labels)

    def absences(self, owner: np.ndarray, labels: np.ndarray) -> float:
        """What the splits pay for those of `labels` that they lack."""
        return float(self.lacking @ ((self.held(owner) == 0) & labels) @ self.weights)

    def cost(self, owner: np.ndarray) -> float:
        """What the splits pay in all."""
        held = self.held(owner)
        return float(sum(self._costs(k, held[k], slice(None)).sum() for k in range(len(self.lacking))))

    def mend(self, owner: np.ndarray) -> np.ndarray:
        """Exchanges of two recordings, each of which lowers the cost, until none does."""
        owner, held = owner.copy(), self.held(owner)
        progress, made = Progress("evening out the splits, exchanges"), 0
        searching = True
        while searching:
            searching = False
            for split in range(len(self.lacking)):
                exchanged = self._exchange(owner, held, split)
                made += exchanged
                searching |= exchanged > 0
                progress.update(made)
        progress.close()
        return owner

    def _exchange(self, owner: np.ndarray, held: np.ndarray, split: int) -> int:
        """Make the best exchanges between a split and the first other one that gives any; how many."""
        for other in range(len(self.lacking)):
            if other == split:
                continue
            givers = self._shortlist(owner, held, other, split)
            takers = self._shortlist(owner, held, split, other)
            touched: set[int] = set()
            made = 0
            for giver, taker in self._gainful(held, givers, takers, split, other):
                labels = {*self._labels(giver).tolist(), *self._labels(taker).tolist()}
                if touched.isdisjoint(labels):
                    touched |= labels
                    owner[giver], owner[taker] = split, other
                    for recording, gets, gives in ((giver, split, other), (taker, other, split)):
                        held[gets, self._labels(recording)] += self._values(recording)
                        held[gives, self._labels(recording)] -= self._values(recording)
                    made += 1
            if made:
                return made
        return 0

    def _shortlist(self, owner: np.ndarray, held: np.ndarray, source: int, target: int) -> np.ndarray:
        """The recordings of one split that, alone, would best go into another."""
        inside = owner[self.rows] == source
        self.looked_at += len(self.rows)
        rows, columns, values = self.rows[inside], self.columns[inside], self.values[inside]
        change = (
            self._costs(target, held[target, columns] + values, columns)
            - self._costs(target, held[target, columns], columns)
            + self._costs(source, held[source, columns] - values, columns)
            - self._costs(source, held[source, columns], columns)
        )
        gain = np.bincount(rows, change, len(owner))
        found = np.flatnonzero(owner == source)
        if len(found) > SHORTLIST:
            found = found[np.argpartition(gain[found], SHORTLIST - 1)[:SHORTLIST]]
        return found[np.lexsort((found, gain[found]))]

    def _gainful(
        self, held: np.ndarray, givers: np.ndarray, takers: np.ndarray, split: int, other: int
    ) -> list[tuple[int, int]]:
        """The exchanges of a shortlist that lower the cost, the best first."""
        labels = np.unique(np.concatenate([self._labels(recording) for recording in (*givers, *takers)]))
        given = self.counts[givers][:, labels].toarray()
        taken = self.counts[takers][:, labels].toarray()
        moved = given[:, None] - taken
        self.looked_at += moved.size
        here, there = held[split, labels], held[other, labels]
        change = (
            self._costs(split, here + moved, labels).sum(-1)
            + self._costs(other, there - moved, labels).sum(-1)
            - self._costs(split, here, labels).sum()
            - self._costs(other, there, labels).sum()
        )
        best = np.argsort(change, axis=None, kind="stable")
        pairs = [np.unravel_index(k, change.shape) for k in best[: np.count_nonzero(change < -TINY)]]
        return [(int(givers[giver]), int(takers[taker])) for giver, taker in pairs]

    def _labels(self, recording: int) -> np.ndarray:
        return self.columns[self.counts.indptr[recording] : self.counts.indptr[recording + 1]]

    def _values(self, recording: int) -> np.ndarray:
        return self.values[self.counts.indptr[recording] : self.counts.indptr[recording + 1]]

    def _costs(self, split: int, held: np.ndarray, labels: np.ndarray | slice) -> np.ndarray:
        """(...) what a split pays for each label of which it holds so many syllables."""
        return label_costs(held, self.wanted[split, labels], self.lacking[split]) * self.weights[labels]


def unavoidable_alone(counts: csr_array, weights: np.ndarray, sizes: Sequence[int], lacking: Sequence[float]) -> float:
    """The least that labels of a single recording cost beyond their absence from the cheaper splits.

    R - sizes[0] recordings lie outside the first split, which pays most for what it lacks; each takes the labels that
    it alone has with it. At best they are those with the fewest such labels.
    """
    alone = np.bincount(counts.indices, minlength=counts.shape[1]) == 1
    own = counts.astype(bool).astype(float) @ (alone * weights)
    outside = counts.shape[0] - sizes[0]
    return float(np.sort(own)[:outside].sum() * min(lacking[0] - one for one in lacking[1:]))
