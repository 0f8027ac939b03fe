"""The drives of a song of any length, read piece by piece."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.derivatives import derivatives
from ..model import Ouroboros
from ..types import knot_count
from .table import LEVEL, DriveTable, columns_of, layout

PIECE_S = 180.0
OVERLAP_S = 30.0


@torch.no_grad()
def read_table(
    model: Ouroboros,
    song: NDArray[np.float32],
    *,
    scale: float = 1.0,
    piece_s: float = PIECE_S,
    overlap_s: float = OVERLAP_S,
) -> DriveTable:
    """What the model sings from, read off a song.

    A song of up to `piece_s` is read whole, and the table is `Ouroboros.encode` of it. A longer one is read in pieces
    of so many seconds, each with `overlap_s` more of the song at either end: memory beside the table does not grow.

    song       (L,) samples in the unit that the model was trained in, five or more
    scale      what the recording was multiplied by to be in that unit; the table's level is 1 / scale
    Raises ValueError for a song that is too short.
    """
    hop, rate, samples = model.control_hop, model.sample_rate, len(song)
    rows = knot_count(samples, hop)
    parts = {name: np.empty((rows, part.size), np.float32) for name, part in layout(model).items()}
    parts[LEVEL][:] = 1 / scale
    piece, overlap = (max(1, round(seconds * rate / hop)) for seconds in (piece_s, overlap_s))
    if rows <= piece + overlap:  # a short rest is no piece of its own
        piece = rows
    for first in range(0, rows, piece):
        stop, low = min(first + piece, rows), max(first - overlap, 0)
        x = torch.from_numpy(song[low * hop : (stop - 1 + overlap) * hop + 1])[None]
        for name, values in columns_of(model.encode(x, derivatives(x)[0])).items():
            parts[name][first:stop] = values[first - low : stop - low]
    return DriveTable(parts, samples, hop, rate)
