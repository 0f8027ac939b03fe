"""A model of the lab among the rivals: the drives that it reads off a clip, sung from a cold start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from ..evaluation.anchors import analytic_model
from ..evaluation.clips import Clip, Samples
from ..evaluation.refinement import Refinement
from ..evaluation.takes import cold_start, read_encoded, refined
from ..model import Ouroboros
from .rival import Rival, Songs


class SungModel(Rival):
    """An oscillator under the drives that a model reads off the clip; its state starts as noise.

    model         in evaluation mode
    sample_rate   Hz
    ic_noise_rms  rms of x and v at the start, dimensionless
    refinement    of what was read off a clip, as the run's own evaluation has it; None: none
    """

    about = "drives, and one oscillator"
    kind: ClassVar[str] = "run"

    def __init__(
        self,
        model: Ouroboros | None,
        *,
        sample_rate: int,
        ic_noise_rms: float,
        refinement: Refinement | None = None,
    ) -> None:
        super().__init__(sample_rate=sample_rate)
        self._model = model
        self.ic_noise_rms = ic_noise_rms
        self.refinement = Refinement(0) if refinement is None else refinement
        self._rate = 0.0

    @property
    def model(self) -> Ouroboros:
        """The model; the untrained one is there once it was fitted."""
        assert self._model is not None, "fit() makes the model"
        return self._model

    @torch.no_grad()
    def fit(self, songs: Songs) -> None:
        """Count the numbers of the drives of val."""
        rates = (self.model.numbers_per_second(read_encoded(self.model, clip)) for clip in songs.val)
        self._rate = max(rates, default=0.0)

    @torch.no_grad()
    def resynthesise(self, clip: Clip, seed: int) -> Samples:
        """What the model radiates over the clip."""
        start: dict[str, Any] = {"ic_noise_rms": self.ic_noise_rms, "seed": seed}
        numbers = refined(self.model, clip, read_encoded(self.model, clip), self.refinement, **start)
        return cold_start(self.model, clip, self.model.decode(numbers), **start)[0]

    @property
    def numbers_per_second(self) -> float:
        """Channels of the drives that vary times knots a second, the most of any clip of val."""
        return self._rate


class AnalyticPrior(SungModel):
    """The physical prior without anything learned: pitch and loudness read off the clip, no tract and no noise.

    sample_rate     Hz
    ic_noise_rms    rms of x and v at the start, dimensionless
    pitch_range_hz  (lowest, highest) pitch, Hz; None: found in the syllables of train
    """

    about = "pitch and loudness; the vocal organ's normal form, nothing learned"
    kind: ClassVar[str] = "prior"

    def __init__(
        self, *, sample_rate: int, ic_noise_rms: float = 1e-3, pitch_range_hz: Sequence[float] | None = None
    ) -> None:
        super().__init__(None, sample_rate=sample_rate, ic_noise_rms=ic_noise_rms)
        self.pitch_range_hz = None if pitch_range_hz is None else (float(pitch_range_hz[0]), float(pitch_range_hz[1]))

    def fit(self, songs: Songs) -> None:
        """Find the range of pitch and the background in train."""
        found = analytic_model(self.sample_rate, songs.recordings, songs.syllables, self.pitch_range_hz)
        self._model = found.eval()
        super().fit(songs)
