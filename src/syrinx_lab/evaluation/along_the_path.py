"""What holds for a clip as a whole, along its driven path: exponents, memory, phase response, likeness of systems."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..dynamics.atlas import Remarks
from ..dynamics.clip_atlas import Array, ClipAtlas, Course, PhaseCurve
from ..dynamics.forgetting import forgetting
from ..dynamics.path import DrivenPath
from ..dynamics.path_exponents import path_exponents
from ..dynamics.phase_response import phase_response
from ..metrics.as_systems import compare_as_systems
from ..types import Drives
from .clips import Clip

_PER_S = "1/s"


def along_the_path(
    atlas: ClipAtlas, path: DrivenPath, drives: Drives, clip: Clip, *, ic_noise_rms: float, seed: int
) -> ClipAtlas:
    """The atlas with courses and numbers that the frozen moments do not show.

    path, drives  of the clip, the same drives
    clip          with its syllable's onset and offset
    ic_noise_rms  rms of x and v at the cold starts whose memory is measured
    seed          of their draws

    What the numbers do not allow is left out, with a remark.
    """
    remarks = Remarks()
    courses, measures = dict(atlas.courses), dict(atlas.measures)
    nothing: tuple[dict[str, float], dict[str, Course]] = ({}, {})
    x, v = atlas.state.T
    if np.isfinite(atlas.state).all():
        courses |= remarks.tried("exponents", lambda: _exponents(path, x, v, atlas.times_s), nothing[1])
        memory, course = remarks.tried(
            "memory", lambda: _memory(path, drives, clip, atlas, ic_noise_rms, seed), nothing
        )
        courses, measures = courses | course, measures | memory
    if atlas.sound is not None:
        measures |= remarks.tried("sound and model as systems", lambda: _as_systems(atlas, clip, seed), nothing[0])
    curve = remarks.tried("phase response", lambda: _phase_curve(path, atlas), None)
    return replace(
        atlas, courses=courses, measures=measures, phase_curve=curve, remarks=(*atlas.remarks, *remarks.lines)
    )


def _exponents(path: DrivenPath, x: Array, v: Array, seconds: Array) -> dict[str, Course]:
    found = path_exponents(path, x, v)
    rows = {"largest exponent": found.exponents[:, 0], "sum of both": found.area, "of RK4's step": found.integrator}
    return {
        name: Course(np.interp(seconds, found.seconds, values, left=np.nan, right=np.nan), _PER_S)
        for name, values in rows.items()
    }


def _memory(
    path: DrivenPath, drives: Drives, clip: Clip, atlas: ClipAtlas, rms: float, seed: int
) -> tuple[dict[str, float], dict[str, Course]]:
    rate = path.field.sample_rate
    found = forgetting(
        drives,
        step=path.field.step,
        sample_rate=rate,
        clamp=path.field.clamp,
        rms=rms,
        seed=seed,
        samples=len(clip.x),
        onset=clip.onset,
        offset=clip.offset,
    )
    spread = np.interp(atlas.times_s, np.arange(len(found.spread)) / rate, found.spread)
    numbers = {"memory_ms": found.memory_ms, "phase_locking": found.locked}
    return numbers, {"spread of cold starts": Course(spread, "of the orbit")}


def _as_systems(atlas: ClipAtlas, clip: Clip, seed: int) -> dict[str, float]:
    sound = atlas.sound
    assert sound is not None
    found = compare_as_systems(
        sound.output, sound.target, sample_rate=sound.sample_rate, onset=clip.onset, offset=clip.offset, seed=seed
    )
    return found.values()


def _phase_curve(path: DrivenPath, atlas: ClipAtlas) -> PhaseCurve | None:
    """Of the cycle in the middle of what is sung."""
    sings = np.flatnonzero(atlas.where_it_sings())
    if not len(sings):
        return None
    moment = int(sings[len(sings) // 2])
    field = path.at(atlas.times_s[moment : moment + 1])[0]
    largest = float(atlas.cycles.orbits[moment, 0, 0])
    found = phase_response(field, largest, 1 / (float(atlas.cycles.hz[moment]) * field.tau))
    return PhaseCurve(float(atlas.times_s[moment]), found.phase, *found.by_adjoint.T)
