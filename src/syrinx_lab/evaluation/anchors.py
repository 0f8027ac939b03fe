"""The anchors: what the physical prior sings untrained, and how alike a bird's own renditions are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from ..controls.analyser import Analyser
from ..controls.analytic import AnalyticControls
from ..encoders import Encoder
from ..metrics.rendition import rendition_autonomy, rendition_tf_corr
from ..model import Ouroboros
from ..ode.syrinx.normal_form import DEGREE
from ..ode.syrinx.oscillator import Syrinx
from ..ode.tract import NoTract
from ..types import Controls, knot_count
from .clips import Clip
from .refinement import Refinement
from .scoring import Scoring
from .takes import mean_scores

HOP_S = 32 / 44100


class ZeroEncoder(Encoder):
    """Zeros, so that an oscillator is driven by what is heard alone.

    hop  samples between its knots
    """

    def __init__(self, hop: int) -> None:
        super().__init__(hop=hop, width=0, code_size=1, lookahead_ms=None, needs_analysis=False)

    def forward(self, x: Tensor, v: Tensor, analytic: AnalyticControls | None = None) -> Controls:
        """x, v (B, L) -> zeros at knots."""
        knots = knot_count(x.shape[1], self.hop)
        zero = x.new_zeros(len(x), knots)
        return Controls(zero, zero, zero[..., None], self.hop)

    def weights(self, code: Tensor) -> Tensor:
        """code (B, T, 1) -> zeros (B, T, P+1, P+1)."""
        return code.new_zeros(*code.shape[:2], DEGREE + 1, DEGREE + 1)


def analytic_model(
    sample_rate: int, recordings: Sequence[Tensor], syllables: Sequence[Tensor], pitch_hz: tuple[float, float] | None
) -> Ouroboros:
    """The normal form of the vocal organ under pitch and loudness read off a recording, without a tract.

    sample_rate            Hz
    recordings, syllables  of the training set, as `Analyser.calibrate` takes them
    pitch_hz               range of pitch in Hz; None: found in the syllables
    Raises ValueError when the syllables have no pitch.
    """
    analyser = Analyser(sample_rate=sample_rate, pitch_range_hz=pitch_hz)
    model = Ouroboros(
        ZeroEncoder(max(1, round(HOP_S * sample_rate))),
        Syrinx(sample_rate=sample_rate, species="custom"),
        NoTract(),
        analyser=analyser,
    )
    model.calibrate(recordings, syllables)
    return model


def analytic_anchor(model: Ouroboros, clips: Sequence[Clip], scoring: Scoring) -> dict[str, float | None]:
    """The mean scores, as sung, of the analytic model on the clips that a trained one is scored on; None: not defined.

    It is cold-started, whatever the trained one's start, and sings what it reads, whatever is refined of the
    trained one's.
    """
    takes = replace(scoring, start="cold", refinement=Refinement(0)).takes(model, clips)
    means = mean_scores(takes, "raw", scoring.known)
    return {name: None if math.isnan(value) else value for name, value in means.items()}


def rendition_anchor(pairs: Sequence[tuple[Clip, Clip]], sample_rate: int) -> dict[str, Any]:
    """The bird's own reproducibility: mean tf_corr and both autonomies over pairs of renditions; None without."""
    found: dict[str, list[float]] = {"tf_corr": [], "autonomy": [], "autonomy_published": []}
    for a, b in pairs:
        between = a.x, b.x, a.onset, b.onset
        scores = {"tf_corr": rendition_tf_corr(*between, sample_rate=sample_rate)}
        for name, value in (scores | rendition_autonomy(*between, sample_rate=sample_rate)).items():
            if not np.isnan(value):
                found[name].append(value)
    means = {name: float(np.mean(values)) if values else None for name, values in found.items()}
    return {**means, "pairs": len(found["tf_corr"])}
