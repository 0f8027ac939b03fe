"""A table of drives whose controls of tract and noise were refined against its song."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..evaluation.refinement import Refinement
from ..model import Ouroboros
from .singing import CHUNK, sources_of
from .table import DriveTable, parameters_of, radiation_of

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
    """The table with other raw controls of tract and noise, under which it sounds more like the song; see `Refinement`.

    Pieces of 1.5 s are refined one after the other, each with as much around it as its sound depends on; memory does
    not depend on the song's length but for the source.

    target        (L,) the song as the model reads it, full scale
    seed          of the cold start and of the noise
    ic_noise_rms  dimensionless, of x and v
    """
    assert len(target) == table.samples, f"a song of {len(target)} samples, and drives of {table.samples}"
    found = {name: table.parts[name].copy() for name in ("tract", "noise") if name in table.parts}
    if not refinement.steps or not found:
        return table
    hop, factor = table.hop, model.knot_hop // model.control_hop
    source = torch.cat(list(sources_of(model, table, CHUNK, seed, ic_noise_rms)), 1)
    goal = torch.from_numpy(np.asarray(target, np.float32))[None]
    generator = torch.Generator().manual_seed(seed)
    piece, margin = (
        factor * math.ceil(samples / hop / factor) for samples in (PIECE_S * table.sample_rate, model.effective_support)
    )
    for first in range(0, table.rows - 1, piece):
        low, high = max(first - margin, 0), min(first + piece + margin, table.rows - 1)
        inside = slice(low * hop, min(high * hop, table.samples - 1) + 1)
        rows = {name: values[low : high + 1] for name, values in (table.parts | found).items()}
        radiation = model.radiation(parameters_of(model, rows), radiation_of(rows))
        better = refinement.refined(model, source[:, inside], radiation, goal[:, inside], generator)
        for name in found:
            last = first + piece if first + piece < table.rows - 1 else table.rows
            found[name][first:last] = getattr(better, name)[0, first - low : last - low].numpy()
    return replace(table, parts=table.parts | found)
