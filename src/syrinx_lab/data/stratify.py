"""Recordings with counts of labels dealt into splits of given sizes: the arithmetic behind `split_recordings`."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.sparse import csr_array

from .progress import Progress
from .stratify_cost import SHORTLIST, TINY, label_costs
from .stratify_sparse import SparseProblem, unavoidable_alone

TRIALS = 64
KICKS = 3  # exchanges at random before each trial
LARGE = 2**18  # entries of a table beyond which only those that are not zero are kept
WORK = 2**20  # entries that the trials of a large table look at, about


def stratify(
    counts: csr_array,
    weights: np.ndarray,
    sizes: Sequence[int],
    lacking: Sequence[float],
    generator: np.random.Generator,
) -> np.ndarray:
    """Deal recordings into splits so that no split lacks a label where that can be helped, and shares are even.

    Minimised is, over splits k and labels l with c syllables where w = sizes[k] / R times all of them were due,

        sum_kl weights[l] (lacking[k] [c = 0] + 1e-6 max(0, |c - w| / (c + w) - 0.05))

    Recordings go one by one, those with the rarest label first, to the split that wants most of it yet. Exchanges of
    two recordings then lower the sum until none does. Should a label of the greatest weight still be lacking, a few
    random exchanges and a new descent follow, up to 64 times, and are kept where they are no worse. All chance comes
    from `generator`.

    The time grows with the number of entries that are not zero, but for up to 64 trials on tables of at most 2^18
    entries, which are searched in full.

    counts   (R, L) syllables of each label in each recording; every row and every column has one
    weights  (L,) above 0
    sizes    recordings of each split, in all R
    lacking  what each split pays for a label it lacks, the first most
    Returns (R,) the split of every recording.

    Sechidis, Tsoumakas and Vlahavas (2011), On the stratification of multi-label data, section 3 (iterative
    stratification), here on counts and with splits of fixed size.
    """
    recordings, labels = counts.shape
    holders = np.bincount(counts.indices, minlength=labels)
    assert holders.all()
    assert np.diff(counts.indptr).all()
    assert sum(sizes) == recordings
    wanted = np.outer(np.array(sizes) / recordings, counts.sum(axis=0))
    # the costs of the splits that go without, when a label's few holders are given to those that pay most
    without = np.append(np.cumsum(sorted(lacking))[::-1], 0.0)
    main = weights == weights.max()
    unavoidable = float(weights[main] @ without[np.minimum(holders[main], len(sizes))])
    problem: DenseProblem | SparseProblem
    if recordings * labels <= LARGE:
        problem, trials = DenseProblem(counts.toarray(), weights, wanted, lacking), TRIALS
    else:
        problem = SparseProblem(counts, weights, wanted, lacking)
        unavoidable += unavoidable_alone(counts[:, main], weights[main], sizes, lacking)
        trials = min(TRIALS, max(4, WORK // counts.nnz))
    best = problem.mend(_deal(counts, wanted, sizes, generator))
    least = problem.cost(best)
    for _ in range(trials):
        if problem.absences(best, main) <= unavoidable + TINY:
            break
        trial = best.copy()
        for one, other in generator.integers(recordings, size=(KICKS, 2)):
            trial[[one, other]] = trial[[other, one]]
        trial = problem.mend(trial)
        # as good will do: it leads on to other divisions
        if problem.cost(trial) < least + TINY:
            best, least = trial, problem.cost(trial)
    return best


def _deal(counts: csr_array, wanted: np.ndarray, sizes: Sequence[int], generator: np.random.Generator) -> np.ndarray:
    """Recordings dealt one by one, those with the rarest label first."""
    recordings, labels = counts.shape
    order = generator.permutation(recordings)
    holding: list[list[int]] = [[] for _ in range(labels)]  # recordings of each label, in that order
    for recording in order:
        for label in counts.indices[counts.indptr[recording] : counts.indptr[recording + 1]]:
            holding[label].append(recording)
    left = [len(found) for found in holding]
    queue = [(count, label) for label, count in enumerate(left)]
    heapq.heapify(queue)
    owner = np.full(recordings, -1)
    capacity, wanted = np.array(sizes), wanted.copy()
    progress, dealt = Progress("splitting recordings", recordings), 0
    while dealt < recordings:
        count, label = heapq.heappop(queue)
        if count != left[label] or count == 0:  # its recordings have gone with other labels since
            continue
        for recording in holding[label]:
            if owner[recording] >= 0:
                continue
            choice = [(wanted[k, label], room, -k) for k, room in enumerate(capacity) if room]
            split = -max(choice)[-1]
            owner[recording] = split
            capacity[split] -= 1
            row = slice(counts.indptr[recording], counts.indptr[recording + 1])
            wanted[split, counts.indices[row]] -= counts.data[row]
            for other in counts.indices[row]:
                left[other] -= 1
                heapq.heappush(queue, (left[other], int(other)))
            dealt += 1
        progress.update(dealt)
    progress.close()
    return owner


class DenseProblem:
    """Counts, weights and dues, and what a division costs under them."""

    def __init__(self, counts: np.ndarray, weights: np.ndarray, wanted: np.ndarray, lacking: Sequence[float]) -> None:
        self.counts = counts
        self.weights = weights
        self.wanted = wanted
        self.lacking = np.array(lacking)

    def held(self, owner: np.ndarray, split: int) -> np.ndarray:
        """(L,) syllables of each label in a split."""
        return self.counts[owner == split].sum(axis=0)

    def absences(self, owner: np.ndarray, labels: np.ndarray) -> float:
        """What the splits pay for those of `labels` that they lack."""
        absent = [(self.held(owner, k) == 0) & labels for k in range(len(self.lacking))]
        return float(self.lacking @ np.array(absent) @ self.weights)

    def cost(self, owner: np.ndarray) -> float:
        """What the splits pay in all."""
        return float(sum(self.split_cost(k, self.held(owner, k)) for k in range(len(self.lacking))))

    def split_cost(self, split: int, held: np.ndarray) -> np.ndarray:
        """(...) what a split pays when it holds (..., L) syllables."""
        return label_costs(held, self.wanted[split], self.lacking[split]) @ self.weights

    def pair_cost(
        self, split: int, other: int, held: np.ndarray, other_held: np.ndarray, moved: np.ndarray
    ) -> np.ndarray:
        """(...) what two splits pay once `split` has got (..., L) syllables from `other`."""
        return self.split_cost(split, held + moved) + self.split_cost(other, other_held - moved)

    def mend(self, owner: np.ndarray) -> np.ndarray:
        """Exchanges of two recordings, each of which lowers the cost, until none does."""
        owner = owner.copy()
        searching = True
        while searching:
            searching = False
            for split in range(len(self.lacking)):
                exchange = self.exchange(owner, split)
                if exchange:
                    giver, taker = exchange
                    owner[giver], owner[taker] = owner[taker], owner[giver]
                    searching = True
        return owner

    def exchange(self, owner: np.ndarray, split: int) -> tuple[int, int] | None:
        """A recording that a split should get and the one to give for it, None when nothing is gained."""
        for other in range(len(self.lacking)):
            if other == split:
                continue
            pay = partial(self.pair_cost, split, other, self.held(owner, split), self.held(owner, other))
            givers, takers = np.flatnonzero(owner == other), np.flatnonzero(owner == split)
            # alone, a move shows which recordings are worth trying; few recordings are all tried
            givers = givers[np.argsort(pay(self.counts[givers]), kind="stable")[:SHORTLIST]]
            takers = takers[np.argsort(pay(-self.counts[takers]), kind="stable")[:SHORTLIST]]
            costs = pay(self.counts[givers][:, None] - self.counts[takers])
            giver, taker = np.unravel_index(costs.argmin(), costs.shape)
            if costs[giver, taker] < pay(np.zeros(len(self.weights))) - TINY:
                return int(givers[giver]), int(takers[taker])
        return None
