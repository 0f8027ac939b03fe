"""What can be changed about a song before it is sung: pitch, tempo and loudness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..model import Ouroboros
from ..ode.parameters import Parameters
from ..types import knot_count
from .table import LEVEL, Columns, DriveTable, parameters_of

_MOST = {"pitch": 8.0, "tempo": 16.0, "loudness": 1e3}


@dataclass(frozen=True)
class Edit:
    """Factors on pitch, speed and loudness; 1 changes nothing.

    pitch     what the oscillator makes of it, see its `transposed`
    loudness  of the song and its breath where the oscillator's parameters hold it, see its `amplified`, and then not of
              the background; else of the whole output
    tempo     stretches the drives in time by 1 / tempo, on the straight lines between knots; pitch stays. What the
              oscillator does by itself, such as its ignition, takes as long as before

    Raises ValueError for a factor that is not a number between 1 / m and m: m = 8 (pitch), 16 (tempo), 1000 (loudness).
    """

    pitch: float = 1.0
    tempo: float = 1.0
    loudness: float = 1.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            factor = getattr(self, name)
            number = isinstance(factor, int | float) and not isinstance(factor, bool)
            if not number or not 1 / most <= factor <= most:
                raise ValueError(
                    f"edit.{name} is {factor}: use a factor from {1 / most:g} to {most:g}, 1 for no change"
                )

    def __bool__(self) -> bool:
        return (self.pitch, self.tempo, self.loudness) != (1, 1, 1)


def edited(table: DriveTable, edit: Edit, model: Ouroboros) -> DriveTable:
    """The table of a model with an `Edit` applied; of L samples, round(L / tempo) remain."""
    parts, samples = edited_parts(table.parts, edit, model), table.samples
    if edit.tempo != 1:
        samples = max(1, round(samples / edit.tempo))
        at = np.arange(knot_count(samples, table.hop)) * edit.tempo
        parts = {name: _between(values, at) for name, values in parts.items()}
    return DriveTable(parts, samples, table.hop, table.sample_rate)


def edited_parts(parts: Mapping[str, Columns], edit: Edit, model: Ouroboros) -> dict[str, Columns]:
    """The rows of a model's table with the factors on pitch and loudness applied; the speed stays."""
    parts = dict(parts)
    if edit.pitch != 1:
        parts |= _own_columns(model.oscillator.transposed(parameters_of(model, parts), edit.pitch))
    if edit.loudness != 1:
        amplified = model.oscillator.amplified(parameters_of(model, parts), edit.loudness)
        if amplified is not None:
            parts |= _own_columns(amplified)
        scaled = LEVEL if amplified is None else "envelope"
        parts |= {name: np.float32(edit.loudness) * parts[name] for name in (scaled,) if name in parts}
    return parts


def _own_columns(parameters: Parameters) -> dict[str, Columns]:
    return {name: values[0, :, None].numpy() for name, values in parameters.named().items()}


def _between(values: Columns, at: np.ndarray) -> Columns:
    """Rows at places between rows, on straight lines; the last row beyond the last."""
    at = np.minimum(at, len(values) - 1)
    first = np.minimum(at.astype(np.int64), max(len(values) - 2, 0))
    share = (at - first).astype(np.float32)[:, None]
    following = values[np.minimum(first + 1, len(values) - 1)]
    return values[first] + share * (following - values[first])
