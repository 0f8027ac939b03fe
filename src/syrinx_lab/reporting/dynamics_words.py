"""What the dynamics of a clip say, in words: how it begins and ends, its pitch, and what is not the oscillator's."""

from __future__ import annotations

import math

import numpy as np

from ..dynamics.clip_atlas import ClipAtlas, Sound
from ..dynamics.response import Response

READING = (
    "The drives are frozen at each moment, and the equation that they leave is asked what it does for ever after. The "
    "driven state follows, but late: an ignition takes time, and what is drawn as a cycle is what it would reach "
    "if the drives stood still.",
    "Phase plane: on a nullcline the state moves straight up or down (x does not change, light blue) or straight "
    "across (v does not change, orange); where they meet is a fixed point. Filled: it attracts. Hollow: it repels. "
    "Purple: a saddle, which attracts along one line and repels along another. Green: a cycle, dashed where it is "
    "not the one that is sung.",
    "Trace and determinant of the Jacobian at a fixed point, in rescaled time: left of the upright it attracts, above "
    "the dashed parabola the state turns about it. A path that passes the upright above zero is a Hopf bifurcation, "
    "one that passes the level line a saddle-node.",
    "The Floquet multiplier is what remains of a small departure from the cycle after one period. Near 0 the cycle "
    "pulls it back at once, near 1 the sound keeps what was before, beyond 1 the cycle repels.",
    "The distance is 20 log10 of the ratio of the first drive of the map (pressure, of the vocal organ) to its value "
    "at the nearest bifurcation, in dB; positive where the drive is larger than there. Whether it sings then depends "
    "on that bifurcation, which moments.csv names: beyond a saddle-node at which nothing ignites it rests.",
    "The pitch of the cycle is that of the frozen equation; the pitch that is sung is read off the sound. Where the "
    "two part, the drives move too fast for a cycle to form, the integrator's step counts, or the tract stresses "
    "another partial.",
)


def clip_words(atlas: ClipAtlas) -> list[str]:
    """Lines for a person on one clip or system."""
    lines = [*_beginning_and_end(atlas), *_cycle(atlas), *_pitch(atlas)]
    if atlas.sound is not None:
        lines += not_the_oscillators(atlas.sound)
    return lines + _sensitivity(atlas)


def _sensitivity(atlas: ClipAtlas) -> list[str]:
    """Of each perturbation that was tried at several moments, when it does the most."""
    end_ms = math.inf if atlas.sound is None else atlas.sound.offset_s * 1e3
    finite = [one for one in atlas.responses if math.isfinite(one.size)]
    lines = []
    for words in dict.fromkeys(one.perturbation.words for one in finite):
        own = sorted((one for one in finite if one.perturbation.words == words), key=lambda one: one.size)
        if len(own) > 1:
            least, most = own[0], own[-1]
            lines.append(
                f"{words} does the most at {most.perturbation.at_ms:.0f} ms (distance {most.size:.2g} of the orbit, "
                f"{_forgotten(most, end_ms)}), the least at {least.perturbation.at_ms:.0f} ms ({least.size:.2g})."
            )
    return [line[0].upper() + line[1:] for line in lines]


def _forgotten(one: Response, end_ms: float) -> str:
    """How long a response lasts, which is not known of one that outlasts the note."""
    if one.perturbation.end_ms >= end_ms:
        return "pushed until the note's end"
    if not math.isfinite(one.recovery_ms):
        return "not forgotten"
    if one.perturbation.end_ms + one.recovery_ms >= end_ms:
        return "not forgotten before the note's end"
    return f"forgotten after {one.recovery_ms:.0f} ms"


def pitch_error_cents(atlas: ClipAtlas) -> float:
    """The median of |1200 log2(sung by the model / of the cycle)| over moments that have both; NaN without one."""
    if atlas.sound is None:
        return math.nan
    both = np.isfinite(atlas.sound.hz) & np.isfinite(atlas.cycles.hz)
    if not both.any():
        return math.nan
    return float(np.median(1200 * np.abs(np.log2(atlas.sound.hz[both] / atlas.cycles.hz[both]))))


def not_the_oscillators(sound: Sound) -> list[str]:
    """Which part of the sound the oscillator does not make; nothing to say where it makes all of it."""
    share = sound.shares
    lines = []
    oscillator = share.get("oscillator", 1.0)
    if not np.isfinite(sound.output).all():
        return ["The output is not finite: nothing can be said of its parts."]
    if not np.any(sound.output):
        return ["The model is silent: there is no sound of which the oscillator could have a part."]
    if "noise" in share:
        verdict = (
            "most of the sound is not the oscillator's: pictures of its equation say little about this clip"
            if oscillator < 0.5
            else "the oscillator carries it"
        )
        lines.append(
            f"With the oscillator at rest {100 * (1 - oscillator):.1f} % of the output's energy remain, breath and "
            f"background noise ({verdict})."
        )
    if "tract_shape_db" in share:
        lines.append(
            f"The tract changes the spectrum of what the oscillator sends into it by {share['tract_shape_db']:.1f} dB "
            f"(rms over frequency, level apart) and its level by {share['tract_level_db']:+.1f} dB: which partials are "
            "strong is then the tract's, when they sound and at what pitch the oscillator's."
        )
    return lines or ["All of the sound is the oscillator's: there is neither noise nor a tract."]


def _beginning_and_end(atlas: ClipAtlas) -> list[str]:
    if atlas.map is None:
        return []
    lines = []
    for event, verb, truth in (("onset", "ignites", "onset_s"), ("offset", "dies", "offset_s")):
        at = None if atlas.sound is None else getattr(atlas.sound, truth)
        crossing = next((one for one in atlas.map.crossings if one.event == event), None)
        if crossing is not None:
            beside = "" if at is None else f", {(crossing.time_s - at) * 1e3:+.1f} ms from the {event} of the syllable"
            lines.append(f"It {verb} through a {crossing.kind} at {crossing.time_s * 1e3:.1f} ms{beside}.")
        elif at is not None and _sings_beyond(atlas, event, at):
            edge = "from the first sample on" if event == "onset" else "to the last sample"
            lines.append(f"It sings {edge}: its {event}, if there is one, lies outside the clip.")
        elif at is not None:
            why = f"the drives do not explain why the sound {_ends(event)}"
            lines.append(f"No bifurcation is crossed near the {event}: {why}.")
    return lines


def _sings_beyond(atlas: ClipAtlas, event: str, at: float) -> bool:
    """Whether there is a cycle at every moment from the clip's edge to the syllable's onset or offset."""
    times = atlas.times_s
    outside = times <= max(at, times[0]) if event == "onset" else times >= min(at, times[-1])
    return bool(atlas.where_it_sings()[outside].all())


def _ends(event: str) -> str:
    return "begins" if event == "onset" else "ends"


def _cycle(atlas: ClipAtlas) -> list[str]:
    sings = atlas.where_it_sings()
    if not sings.any():
        reasons = [reason for reason in atlas.cycles.reasons if reason]
        why = max(set(reasons), key=reasons.count) if reasons else "no orbit returns"
        return [f"No moment has an attracting cycle that is reached from rest: the oscillator does not sing ({why})."]
    hz, multiplier = atlas.cycles.hz[sings], atlas.cycles.multiplier[sings]
    return [
        f"An attracting cycle exists in {100 * sings.mean():.0f} % of the moments, at {hz.min():.4g} to {hz.max():.4g} "
        f"Hz; the median Floquet multiplier is {np.median(multiplier):.2g}."
    ]


def _pitch(atlas: ClipAtlas) -> list[str]:
    cents = pitch_error_cents(atlas)
    if not math.isfinite(cents):
        return []
    return [f"The pitch that is sung lies {cents:.0f} cents from that of the cycle (median over voiced moments)."]
