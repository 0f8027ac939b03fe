"""A table of drives that was refined against its song."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..encoded import FAINTEST, smooth_curve
from ..evaluation.refinement import Refinement, counting_knots
from ..model import Ouroboros
from ..ode.parameters import Radiation
from .excitation import white_noise
from .singing import CHUNK, carried, first_state
from .table import CODE, LEVEL, Columns, DriveTable, columns_of, encoded_of, radiation_of

PIECE_S = 1.5


def refined_table(
    model: Ouroboros,
    table: DriveTable,
    target: NDArray[np.float32],
    refinement: Refinement,
    *,
    seed: int,
    ic_noise_rms: float,
) -> DriveTable:
    """The table with other numbers, under which it sounds more like the song; see `Refinement`.

    Pieces of 1.5 s are refined one after the other, each with as much around it as its sound depends on, from the state
    in which the pieces before it leave the oscillator and under the noise that `sing` draws there; memory does not
    depend on the song's length.

    target        (L,) the song as the model reads it, full scale
    seed          of the cold start and of the noise
    ic_noise_rms  dimensionless, of x and v
    """
    assert len(target) == table.samples, f"a song of {len(target)} samples, and drives of {table.samples}"
    if not refinement.steps:
        return table
    hop, factor = table.hop, model.knot_hop // model.control_hop
    exact = copy.deepcopy(model).double()
    goal = torch.from_numpy(np.asarray(target, np.float32))[None]
    piece, margin = (
        factor * math.ceil(samples / hop / factor) for samples in (PIECE_S * table.sample_rate, model.effective_support)
    )
    parts = {name: values.copy() for name, values in table.parts.items()}
    found = replace(table, parts=parts)
    state, place = first_state(seed, ic_noise_rms), 0
    for first in range(0, table.rows - 1, piece):
        low, high = max(first - margin, 0), min(first + piece + margin, table.rows - 1)
        state, place = carried(exact, found, state, place, low * hop, CHUNK), low * hop
        stop = min(high * hop, table.samples - 1) + 1
        rows = {name: values[low : high + 1] for name, values in parts.items()}
        encoded = replace(encoded_of(model, rows, torch.float32), radiation=radiation_of(rows))
        start = (state[0].float(), state[1].float())
        excitation = None if model.noise_net is None else white_noise(seed, place, stop)
        better = columns_of(refinement.refined(model, encoded, start, excitation, goal[:, place:stop]))
        last = first + piece if first + piece < table.rows - 1 else table.rows
        for name in set(better) - {CODE}:
            parts[name][first:last] = better[name][first - low : last - low]
    facts = model.oscillator.parameters_type.facts() | Radiation.facts()
    for name in parts.keys() - {CODE, LEVEL}:
        if facts[name].refine:
            parts[name] = _through_knots(parts[name], factor, facts[name].ratio)
    return found


def _through_knots(rows: Columns, factor: int, ratio: bool) -> Columns:
    """The rows (T, n) as the curve through their knots that count: where pieces meet, each knew but its own."""
    if factor == 1:
        return rows
    y = torch.from_numpy(rows)[None]
    linear = y.clamp_min(FAINTEST).log() if ratio else y
    curve = smooth_curve(counting_knots(linear, factor), factor, len(rows))
    return np.asarray((curve.exp() if ratio else curve)[0].numpy())
