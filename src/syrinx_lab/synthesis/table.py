"""The drives of a whole song as a table: a row a knot, the numbers that a model sings from as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..model import Ouroboros

Columns = NDArray[np.float32]

CHANNELS = ("code", "tract", "noise")
"""Parts of any number of columns, numbered from 0; every other part is one column."""


@dataclass(frozen=True)
class DriveTable:
    """What `Ouroboros.read` gives for a whole song, and how loud the sound is made at the end.

    parts        name -> (T, n) float32; `level` is the unit of the recording per unit of the model
    samples      L, of the song
    hop          samples from row to row; the last row may lie beyond the song's end
    sample_rate  Hz
    """

    parts: dict[str, Columns]
    samples: int
    hop: int
    sample_rate: int

    def __post_init__(self) -> None:
        lengths = {len(values) for values in self.parts.values()}
        assert lengths == {knots(self.samples, self.hop)}, f"{lengths} rows for {self.samples} samples"

    @property
    def rows(self) -> int:
        """T = ceil((L - 1) / hop) + 1."""
        return knots(self.samples, self.hop)


def knots(samples: int, hop: int) -> int:
    """How many knots it takes to interpolate so many samples."""
    return -(-(samples - 1) // hop) + 1


def layout(model: Ouroboros) -> dict[str, int]:
    """The parts of a model's table and how many columns each has."""
    own = ("stiffness",) if model.prior is None else ("pitch_hz", "pressure", "gain")
    sizes = dict.fromkeys((*own, "level", "gamma"), 1)
    if model.analyser is not None:
        sizes["envelope"] = 1
    sizes["code"] = cast(nn.Linear, model.encoder.weights_net).in_features
    for name, part, net in (("tract", model.tract, model.tract_net), ("noise", model.noise, model.noise_net)):
        if net is not None:
            assert part is not None
            sizes[name] = cast(int, part.channels)
    return sizes


def column_names(sizes: dict[str, int]) -> list[str]:
    """pitch_hz, pressure, ..., code_0, code_1, ...: the columns of parts of these sizes."""
    return [name for part, size in sizes.items() for name in _names(part, size)]


def _names(part: str, size: int) -> list[str]:
    return [f"{part}_{number}" for number in range(size)] if part in CHANNELS else [part]
