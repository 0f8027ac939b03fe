"""Does what is sung pass for the syllable that it is to be, before a judge who knows the real ones?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .two_sample import BANDS, DYNAMIC_RANGE_DB, log_patches

TIMES = 12
_FRAMES_A_PATCH = 8
_REGULARISATION = 0.05


@dataclass(frozen=True)
class Recognition:
    """Shares of syllables that are named rightly; NaN where there is only one label.

    sung  among the sung clips;  real  among the held-out clips that they are to be;  ratio  the first over the second
    """

    sung: float
    real: float

    @property
    def ratio(self) -> float:
        """How much of the syllable's identity survives: 1 where sung clips are named as surely as real ones."""
        return self.sung / self.real if self.real > 0 else math.nan


class Recogniser:
    """A syllable classifier trained on real song, asked about sung clips and about the real ones they are to be.

    Logistic regression (L2, standardised) on `syllable_features`; it has seen no clip of `real`, nor any sung one.
    It is trained once, and asked once about the real clips, however many sets of sung ones there are.

    train, train_labels  syllables (n,) of the bird, silence cut away, and what they are
    real, labels         held-out syllables, cut alike, and what they are
    sample_rate          Hz
    """

    def __init__(
        self,
        train: Sequence[NDArray[Any]],
        train_labels: Sequence[str],
        real: Sequence[NDArray[Any]],
        labels: Sequence[str],
        *,
        sample_rate: float,
    ) -> None:
        self.real, self.labels, self.sample_rate = real, labels, sample_rate
        self._judge: Pipeline | None = None
        self._of_real = math.nan
        if len(set(train_labels)) >= 2 and len(real):
            self._judge = make_pipeline(StandardScaler(), LogisticRegression(C=_REGULARISATION, max_iter=2000))
            self._judge.fit(self._features(train, train), list(train_labels))
            self._of_real = self._right(real)

    def recognition(self, sung: Sequence[NDArray[Any]]) -> Recognition:
        """How many of the sung clips (n_i,), pairwise as long as the real ones, are named rightly.

        NaN where train has one label only, or nothing is held out.
        """
        return Recognition(math.nan if self._judge is None else self._right(sung), self._of_real)

    def _right(self, clips: Sequence[NDArray[Any]]) -> float:
        assert self._judge is not None
        names = self._judge.predict(self._features(clips, self.real))
        return float(np.mean([a == b for a, b in zip(names, self.labels)]))

    def _features(self, clips: Sequence[NDArray[Any]], references: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        several = [syllable_features(x, y, sample_rate=self.sample_rate) for x, y in zip(clips, references)]
        return np.stack(several)


def syllable_features(x: NDArray[Any], reference: NDArray[Any], *, sample_rate: float) -> NDArray[np.float32]:
    """A syllable as 12 log spectra of 40 bands at evenly spaced times, and the logarithm of its duration.

    x, reference  (n,) audio of one length; levels are relative to the reference's loudest value, see `log_patches`
    sample_rate   Hz
    result        (481,) dB, the last entry 20 ln(duration in s)
    """
    patches = log_patches(x, reference, sample_rate=sample_rate).reshape(-1, BANDS, _FRAMES_A_PATCH)
    spectra = patches[:, :, _FRAMES_A_PATCH // 2]
    at = np.linspace(0, len(spectra) - 1, TIMES)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(spectra) - 1)
    share = (at - low)[:, None]
    even = (1 - share) * spectra[low] + share * spectra[high]
    even = np.maximum(even, -DYNAMIC_RANGE_DB)
    return np.append(even.ravel(), 20 * math.log(len(x) / sample_rate)).astype(np.float32)
