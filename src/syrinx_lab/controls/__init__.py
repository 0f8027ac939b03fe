"""Analytic controls: pitch, voicing and envelope of a recording, computed from it on the fly and never learnt."""

from .analytic import AnalyticControls, analytic_controls
from .pitch_range import PitchRange
from .range_estimate import estimate_pitch_range

__all__ = ["AnalyticControls", "PitchRange", "analytic_controls", "estimate_pitch_range"]
