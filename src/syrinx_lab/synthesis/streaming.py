"""The drives of a song of any length, read while it is sung: nothing is kept of what was sung already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import numpy as np
import torch

from ..data.derivatives import derivatives
from ..model import Ouroboros
from ..types import knot_count
from .song_file import Samples, SongFile
from .table import LEVEL, Columns, columns_of, layout

FIRST_S, PIECE_S, OVERLAP_S = 10.0, 40.0, 5.0
_HELD = 2  # pieces in memory: a chunk that is sung may lie across their border


class StreamedTable:
    """What `DriveTable` offers of a song that is read piece by piece, in the order in which it is sung.

    The first piece is short, so that there is sound soon. Every piece is read with `overlap_s` around it.

    model    reads the drives, in evaluation mode
    song     the file
    scale    by which the song comes to the model's unit; the table's level is 1 / scale
    edited   changes the parts of a piece, row by row
    heard    is given the samples of every piece, unscaled, once, in order
    read     is given the rows of every piece, once, in order
    """

    def __init__(
        self,
        model: Ouroboros,
        song: SongFile,
        scale: float,
        *,
        first_s: float = FIRST_S,
        piece_s: float = PIECE_S,
        overlap_s: float = OVERLAP_S,
        edited: Callable[[Mapping[str, Columns]], Mapping[str, Columns]] = lambda parts: parts,
        heard: Callable[[Samples], object] = lambda samples: None,
        read: Callable[[Mapping[str, Columns]], object] = lambda parts: None,
    ) -> None:
        self.hop, self.sample_rate, self.samples = model.control_hop, model.sample_rate, song.samples
        self._model, self._song, self._scale = model, song, scale
        self._edited, self._heard, self._read = edited, heard, read
        rows = knot_count(self.samples, self.hop)
        first, size, self._overlap = (
            max(1, round(seconds * self.sample_rate / self.hop)) for seconds in (first_s, piece_s, overlap_s)
        )
        borders = [0, *range(first, rows, size), rows]
        if len(borders) > 2 and rows - borders[-2] <= self._overlap:  # a short rest is no piece of its own
            del borders[-2]
        self._borders, self.rows = borders, rows
        self._pieces: OrderedDict[int, Mapping[str, Columns]] = OrderedDict()
        self._next = 0

    def between(self, first: int, stop: int) -> dict[str, Columns]:
        """The rows [first, stop) of every part; those beyond the end are left out. Rows are asked for in order."""
        stop = min(stop, self.rows)
        while self._next < len(self._borders) - 1 and self._borders[self._next] < stop:
            self._load(self._next)
            self._next += 1
        wanted = [n for n in self._pieces if self._borders[n] < stop and self._borders[n + 1] > first]
        assert wanted, "no such rows"
        assert self._borders[wanted[0]] <= first, "rows that were sung are gone"
        names = self._pieces[wanted[0]]
        return {name: np.concatenate([self._cut(n, name, first, stop) for n in wanted]) for name in names}

    def _cut(self, number: int, name: str, first: int, stop: int) -> Columns:
        begin = self._borders[number]
        return self._pieces[number][name][max(first - begin, 0) : stop - begin]

    @torch.no_grad()
    def _load(self, number: int) -> None:
        first, stop = self._borders[number], self._borders[number + 1]
        low = max(first - self._overlap, 0)
        samples = self._song.read(low * self.hop, (stop - 1 + self._overlap) * self.hop + 1)
        x = torch.from_numpy(samples * np.float32(self._scale))[None]
        found = columns_of(self._model.encode(x, derivatives(x)[0]))
        parts: dict[str, Columns] = {name: values[first - low : stop - low] for name, values in found.items()}
        parts[LEVEL] = np.full((stop - first, 1), 1 / self._scale, np.float32)
        parts = {name: parts[name] for name in layout(self._model)}
        end = (stop - low) * self.hop if stop < self.rows else len(samples)
        self._heard(samples[(first - low) * self.hop : end])
        edited = self._edited(parts)
        self._read(edited)
        self._pieces[number] = edited
        while len(self._pieces) > _HELD:
            self._pieces.popitem(last=False)
