"""What is wrong with a clip that a model sings, in a line each: it diverges, is silent, or off its scale."""

from __future__ import annotations

import numpy as np

from ..dynamics.clip_atlas import Array, ClipAtlas
from ..metrics.audible import is_audible
from ..ode.right_hand_side import SoftClamp

_SILENT_DB, _LOUD_DB = -40.0, 20.0  # of the bird's rms within the syllable
_BEYOND = 0.95  # of a bound of the clamp
_LASTING = 0.05  # of the syllable


def what_is_wrong(atlas: ClipAtlas, syllable: slice, clamp: SoftClamp | None) -> list[str]:
    """Lines on an atlas with sound whose pictures are not those of a singing oscillator; none where all is well.

    syllable  samples of it
    clamp     of the state; None: the state is not bounded
    """
    sound, state = atlas.sound, atlas.state
    assert sound is not None
    if not np.isfinite(sound.output).all() or not np.isfinite(state).all():
        first = int(np.argmin(np.isfinite(state).all(1))) / sound.sample_rate * 1e3
        return [f"the model diverges: its state is no longer finite from {first:.1f} ms on"]
    lines = [] if clamp is None else _on_the_clamp(state[syllable], clamp)
    if not is_audible(sound.output[syllable]):
        return ["the model is silent on this clip", *lines]
    above = _decibels(sound.output[syllable], sound.target[syllable])
    if above < _SILENT_DB:
        lines = [f"the model is as good as silent on this clip: {-above:.0f} dB below the bird", *lines]
    elif above > _LOUD_DB:
        lines = [f"the model is off its scale on this clip: {above:.0f} dB above the bird", *lines]
    elif np.isfinite(sound.hz).any() and not atlas.where_it_sings().any():
        lines = ["there is sound, but no frozen moment has a cycle: it is noise, or an oscillation that dies away"]
    return lines


def _on_the_clamp(state: Array, clamp: SoftClamp) -> list[str]:
    """Whether the state (n, 2) lies at the bounds for more than a twentieth of the time."""
    beyond = (np.abs(state) > _BEYOND * np.array([clamp.x, clamp.v])).max(1)
    share = float(beyond.mean()) if len(state) else 0.0
    if share <= _LASTING:
        return []
    where = f"|x| {clamp.x:g} or |v| {clamp.v:g}"
    return [f"the state lies on its clamp, {where}, in {100 * share:.0f} % of the syllable: it is off its scale"]


def _decibels(output: Array, target: Array) -> float:
    over, under = float(output.std()), float(target.std())
    return 20 * float(np.log10(over / under)) if over > 0 and under > 0 else 0.0
