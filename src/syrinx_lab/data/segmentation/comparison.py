"""How segments agree with those that a person made: onsets and offsets, and what the labels have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

TOLERANCES_MS = (10.0, 5.0)


@dataclass(frozen=True)
class BoundaryScore:
    """Onsets, or offsets, against those of a person.

    tolerance_ms  how far apart two that agree may be
    precision     share of those found that agree with one of the person's
    recall        share of the person's that were found
    error_ms      median distance of those that agree
    bias_ms       median of found minus the person's, of those that agree: a habit of the person, or of the segmenter
    """

    tolerance_ms: float
    precision: float
    recall: float
    error_ms: float
    bias_ms: float

    @property
    def f1(self) -> float:
        """2 P R / (P + R)."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total > 0 else 0.0


@dataclass(frozen=True)
class LabelScore:
    """Labels against those of a person, over the syllables that overlap with one of the person's.

    purity  share of the syllables in the majority of their cluster, what is called noise left out
    ami     adjusted mutual information (Vinh, Epps and Bailey 2010): 0 for chance, 1 for the same partition
    noise   share that is called noise
    """

    purity: float
    ami: float
    noise: float


def matched(theirs: NDArray[np.float64], ours: NDArray[np.float64], tolerance: float) -> list[tuple[int, int]]:
    """Pairs (i, j) of times no more than `tolerance` apart, each used once, in order; both sorted, (n,) and (m,)."""
    pairs, i, j = [], 0, 0
    while i < len(theirs) and j < len(ours):
        distance = ours[j] - theirs[i]
        if abs(distance) <= tolerance + 1e-9:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif distance < 0:
            j += 1
        else:
            i += 1
    return pairs


def boundary_score(
    theirs: Sequence[NDArray[np.float64]],
    ours: Sequence[NDArray[np.float64]],
    tolerance_ms: float,
    less_ms: float = 0.0,
) -> BoundaryScore:
    """Score times in seconds, an array a recording, against those of a person.

    less_ms  taken from ours before: the bias, where its share is to be known
    """
    ours = [times - less_ms * 1e-3 for times in ours]
    distances = [
        ours[k][j] - theirs[k][i]
        for k in range(len(theirs))
        for i, j in matched(theirs[k], ours[k], tolerance_ms * 1e-3)
    ]
    found, asked = sum(map(len, ours)), sum(map(len, theirs))
    hits = len(distances)
    error, bias = (np.median(np.abs(distances)), np.median(distances)) if hits else (np.nan, np.nan)
    return BoundaryScore(
        tolerance_ms, hits / found if found else 0.0, hits / asked if asked else 0.0, 1e3 * error, 1e3 * bias
    )


def syllables_found(theirs: NDArray[np.floating], ours: NDArray[np.floating]) -> int:
    """How many intervals (n, 2) share more than half of their union with one of ours (m, 2): with one alone, then."""
    if not len(theirs) or not len(ours):
        return 0
    shared = np.minimum(theirs[:, None, 1], ours[:, 1]) - np.maximum(theirs[:, None, 0], ours[:, 0])
    union = np.maximum(theirs[:, None, 1], ours[:, 1]) - np.minimum(theirs[:, None, 0], ours[:, 0])
    return int(np.sum(shared > 0.5 * union))


def label_score(theirs: Sequence[str], ours: Sequence[str], noise: str) -> LabelScore:
    """Compare the labels of syllables, both (n,)."""
    if not len(theirs):
        return LabelScore(np.nan, np.nan, np.nan)
    a, b = np.array(theirs), np.array(ours)
    fits = b != noise
    most = [np.unique(a[b == name], return_counts=True)[1].max() for name in np.unique(b[fits])]
    purity = float(sum(most) / fits.sum()) if fits.any() else float("nan")
    return LabelScore(purity, float(adjusted_mutual_info_score(a, b)), float(np.mean(~fits)))


def overlapping(theirs: NDArray[np.float64], ours: NDArray[np.float64]) -> list[tuple[int, int]]:
    """For each of our intervals (m, 2) that overlaps with one of theirs (n, 2): (theirs, ours), the longest overlap."""
    pairs = []
    for j, (onset, offset) in enumerate(ours):
        shared = np.minimum(theirs[:, 1], offset) - np.maximum(theirs[:, 0], onset)
        if len(shared) and shared.max() > 0:
            pairs.append((int(np.argmax(shared)), j))
    return pairs
