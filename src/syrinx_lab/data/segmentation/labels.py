"""Names for syllables without a teacher: clusters of their points, and names that stay when more days come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN

NOISE = "noise"  # the label of what fits no cluster
_COMPONENTS = 12
_MOST = 6_000  # points that are clustered; the others go to the nearest cluster
_NEIGHBOURS = 4
_LEAST = 6  # points of a cluster
_WIDEST = 2.0  # times the median reach of the known clusters: that of a new one
_REACH = 1.5  # times the distance within which 95 % of a cluster lie


@dataclass(frozen=True, eq=False)
class Names:
    """Clusters with their names, in the order in which they were named.

    names    (k,)
    centres  (k, 513) in the space of `embeddings`
    reach    (k,) distance from the centre, among the components, up to which a point belongs
    counts   (k,) points that made the centre
    born     (k,) how often clusters had been named before: what fits an older one is never taken by a younger
    within   (k,) in how many of the components distances from it are measured
    mean     (512,) of the spectrograms
    basis    (c, 512) orthonormal components in which distances are measured, beside the length
    """

    names: tuple[str, ...]
    centres: NDArray[np.float32]
    reach: NDArray[np.float32]
    counts: NDArray[np.int64]
    born: NDArray[np.int64]
    within: NDArray[np.int64]
    mean: NDArray[np.float32]
    basis: NDArray[np.float32]

    def projected(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (n, 513) among the components: (n, c + 1)."""
        return np.column_stack([(points[:, :-1] - self.mean) @ self.basis.T, points[:, -1]]).astype(np.float32)

    def labelled(self, points: NDArray[np.float32]) -> NDArray[np.int64]:
        """The cluster of every point (n, 513), of the oldest in reach the nearest; -1 where none is."""
        label = np.full(len(points), -1, np.int64)
        if not self.names or not len(points):
            return label
        here, centres = self.projected(points), self.projected(self.centres)
        for generation in np.unique(self.born):
            own = np.flatnonzero(self.born == generation)
            used = [*range(self.within[own[0]]), here.shape[1] - 1]
            distance = np.sqrt(np.maximum(_squared(here[:, used], centres[own][:, used]), 0))
            distance[distance > self.reach[own]] = np.inf
            nearest = np.argmin(distance, axis=1)
            fits = (label < 0) & np.isfinite(distance[np.arange(len(points)), nearest])
            label[fits] = own[nearest[fits]]
        return label


def first_names(points: NDArray[np.float32]) -> Names:
    """Cluster points (n, 513) for the first time, the commonest cluster first.

    HDBSCAN (Campello, Moulavi and Sander 2013) on the 12 principal components and the length; a cluster has at least
    max(6, sqrt(n) / 2) points. One cluster alone is found too.
    """
    mean = points[:, :-1].mean(axis=0) if len(points) else np.zeros(points.shape[1] - 1)
    nothing = np.zeros((0, points.shape[1]), np.float32)
    none = np.zeros(0, np.int64)
    empty = Names((), nothing, none.astype(np.float32), none, none, none, mean.astype(np.float32), nothing[:, :-1])
    return more_names(replace(empty, basis=_components(points[:, :-1] - mean, _COMPONENTS)), points)


def more_names(known: Names, points: NDArray[np.float32]) -> Names:
    """Name new clusters among those of the points (n, 513) that fit none of the known ones.

    Known clusters keep name, centre and reach, so that a label means the same on every day. A new cluster's centre
    adds a direction to the components where it lies outside them.
    """
    clusters = _clusters(known, points, np.flatnonzero(known.labelled(points) < 0))
    return _extended(known, points, clusters) if clusters else known


def labels_of(names: Names, points: NDArray[np.float32]) -> list[str]:
    """The label of every point (n, 513): the name of the nearest cluster in reach, or noise."""
    return [names.names[k] if k >= 0 else NOISE for k in names.labelled(points)]


def name_of(number: int) -> str:
    """a, b, ..., z, aa, ab, ...: the name of the cluster of a number from 0."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("a") + letter) + name
    return name


def _clusters(known: Names, points: NDArray[np.float32], left: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Members of each cluster among the points `left`, the largest first."""
    least = max(_LEAST, round(math.sqrt(len(points)) / 2))
    if len(left) < 2 * least:
        return []
    if len(left) > _MOST:
        left = left[np.linspace(0, len(left) - 1, _MOST).astype(np.int64)]
    spectra = points[left, :-1]
    basis = known.basis if not known.names else _components(spectra - spectra.mean(axis=0), _COMPONENTS)
    here: NDArray[np.float64] = np.column_stack([(spectra - known.mean) @ basis.T, points[left, -1]]).astype(np.float64)
    label = np.full(len(left), -1)
    for alone in (False, True):  # one cluster is a thing to ask for: HDBSCAN does not find it by itself
        search = HDBSCAN(min_cluster_size=least, min_samples=_NEIGHBOURS, copy=True, allow_single_cluster=alone)
        label = search.fit_predict(here)
        if label.max() >= 0:
            break
    members = [left[label == k] for k in range(label.max() + 1)]
    if known.names:  # what is wider than any syllable that is known is the rest, and no syllable
        widest = _WIDEST * float(np.median(known.reach))
        members = [m for m in members if _reach(known.projected(points[m])) <= widest]
    return sorted(members, key=lambda m: (-len(m), int(m[0])))


def _extended(known: Names, points: NDArray[np.float32], clusters: Sequence[NDArray[np.int64]]) -> Names:
    """The names with new clusters behind the old ones."""
    centres = np.stack([points[members].mean(axis=0) for members in clusters])
    basis = known.basis
    if known.names:
        outside: NDArray[np.floating] = centres[:, :-1] - known.mean
        outside = outside - (outside @ basis.T) @ basis
        basis = np.vstack([basis, _components(outside, len(centres))]).astype(np.float32)
    taken = len(known.names)
    wider = replace(
        known,
        names=(*known.names, *(name_of(taken + k) for k in range(len(clusters)))),
        centres=np.vstack([known.centres, centres]).astype(np.float32),
        counts=np.concatenate([known.counts, [len(members) for members in clusters]]),
        born=np.concatenate([known.born, [known.born.max() + 1 if taken else 0] * len(clusters)]),
        within=np.concatenate([known.within, [len(basis)] * len(clusters)]),
        basis=basis,
    )
    reach = [_reach(wider.projected(points[members])) for members in clusters]
    return replace(wider, reach=np.concatenate([known.reach, reach]).astype(np.float32))


def _reach(members: NDArray[np.float32]) -> float:
    """How far from its centre a point belongs to a cluster of these projected members."""
    distance = np.linalg.norm(members - members.mean(axis=0), axis=1)
    return _REACH * float(np.quantile(distance, 0.95))


def _components(centred: NDArray[np.floating], most: int) -> NDArray[np.float32]:
    """The principal components (c, d) of centred rows, at most so many, their signs fixed."""
    if not len(centred):
        return np.zeros((0, centred.shape[1]), np.float32)
    values, vectors = np.linalg.eigh(np.asarray(centred, np.float64).T @ centred)
    kept = [k for k in np.argsort(values)[::-1][:most] if values[k] > 1e-9 * max(float(values[-1]), 1e-12)]
    rows = vectors[:, kept].T
    signs = np.sign(rows[np.arange(len(rows)), np.argmax(np.abs(rows), axis=1)]) if len(rows) else np.zeros(0)
    return (rows * signs[:, None]).astype(np.float32)


def _squared(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T, np.float32)
