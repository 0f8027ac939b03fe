"""What perturbations of a clip's performance do, and the units of the encoder that reads it."""

from __future__ import annotations

from dataclasses import replace

from ..dynamics.atlas import Remarks
from ..dynamics.clip_atlas import ClipAtlas
from ..dynamics.response import Response
from ..model import Ouroboros
from .clips import Clip
from .encoder_dynamics import encoder_dynamics
from .performance import Performance
from .perturbing import battery, perturb
from .unit_responses import along_directions, unit_responses

_UNITS = 12


def with_responses(atlas: ClipAtlas, model: Ouroboros, clip: Clip, *, ic_noise_rms: float, seed: int) -> ClipAtlas:
    """The atlas with the responses to the battery of perturbations and to the units that move the clip the most.

    Units are pushed one at a time, and together along the directions in which the sound changes most, the eigenvectors
    of J' J. Besides, what the layers of the encoder remember, and how far back its controls look.

    ic_noise_rms  rms of x and v at the cold start
    seed          of its noise and of the breath

    A performance that does not move is left unperturbed; that, and what the numbers do not allow, leaves a remark.
    """
    remarks = Remarks()
    none: tuple[Response, ...] = ()
    encoder = remarks.tried("the encoder", lambda: encoder_dynamics(model, clip), None)
    if encoder is not None:
        layers, reaches = (tuple(one.row() for one in several) for several in (encoder.layers, encoder.reach))
        atlas = replace(atlas, layers=layers, reaches=reaches)
    performance = Performance.of(model, clip, ic_noise_rms=ic_noise_rms, seed=seed)
    if performance.silent:
        still = "the oscillator does not swing within the syllable: nothing is perturbed"
        return replace(atlas, remarks=(*atlas.remarks, *remarks.lines, still))
    responses = remarks.tried("perturbations", lambda: tuple(perturb(performance, battery(performance))), none)
    units = remarks.tried("units", lambda: unit_responses(performance, most=_UNITS), None)
    if units is not None:
        along = remarks.tried("directions", lambda: tuple(perturb(performance, along_directions(units))), none)
        responses = (*responses, *along)
        atlas = replace(atlas, units=(*units.rows(), *units.direction_rows(along)))
    return replace(atlas, responses=responses, remarks=(*atlas.remarks, *remarks.lines))
