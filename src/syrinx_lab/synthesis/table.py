"""The drives of a whole song as a table: a row a knot, the numbers that a model sings from as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..encoded import Encoded
from ..model import Ouroboros
from ..ode.parameters import ParameterFacts, Parameters, Radiation
from ..types import knot_count

Columns = NDArray[np.float32]

LEVEL = "level"
CODE = "weight_code"


@dataclass(frozen=True)
class Part:
    """One parameter of a table.

    size   columns, numbered from 0 where `facts.channels`
    facts  unit and bounds
    """

    size: int
    facts: ParameterFacts


@dataclass(frozen=True)
class DriveTable:
    """What `Ouroboros.encode` gives for a whole song, and how loud the sound is made at the end.

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
        assert lengths == {knot_count(self.samples, self.hop)}, f"{lengths} rows for {self.samples} samples"

    @property
    def rows(self) -> int:
        """T = ceil((L - 1) / hop) + 1."""
        return knot_count(self.samples, self.hop)

    def between(self, first: int, stop: int) -> dict[str, Columns]:
        """The rows [first, stop) of every part; those beyond the end are left out."""
        return {name: values[first:stop] for name, values in self.parts.items()}


class Rows(Protocol):
    """A table, or one that is read while it is sung: the rows of a part are asked for in order."""

    @property
    def hop(self) -> int: ...

    @property
    def sample_rate(self) -> int: ...

    @property
    def samples(self) -> int: ...

    def between(self, first: int, stop: int) -> dict[str, Columns]:
        """The rows [first, stop) of every part; those beyond the end are left out."""


def layout(model: Ouroboros) -> dict[str, Part]:
    """The parts of a model's table: those of its oscillator, level and code, and those of what follows the oscillator.

    Raises ValueError where the oscillator calls a parameter by the name of another part.
    """
    own = {name: Part(1, facts) for name, facts in model.oscillator.parameters_type.facts().items()}
    others = {LEVEL: Part(1, ParameterFacts("unit of the recording per full scale"))}
    others[CODE] = Part(model.encoder.code_size, ParameterFacts("1", channels=True))
    sizes = {
        "envelope": int(model.noise_net is not None and not model.oscillator.gives_loudness),
        "tract": cast(int, model.tract.channels),
        "noise": cast(int, model.noise.channels),
        "sung_hz": 0,  # follows from the oscillator's parameters
    }
    others |= {name: Part(sizes[name], facts) for name, facts in Radiation.facts().items() if sizes[name]}
    if taken := sorted(set(own) & set(others)):
        raise ValueError(f"{model.oscillator.parameters_type.__name__}.{taken[0]} is the name of another column")
    return own | others


def column_names(parts: Mapping[str, Part]) -> list[str]:
    """pitch_hz, pressure, ..., weight_code_0, weight_code_1, ...: the columns of these parts."""
    return [
        name
        for key, part in parts.items()
        for name in ([f"{key}_{number}" for number in range(part.size)] if part.facts.channels else [key])
    ]


def columns_of(encoded: Encoded) -> dict[str, Columns]:
    """Name -> (T, n) of every part of a song (batch of one) but the level."""
    tensors = encoded.oscillator.named() | {CODE: encoded.weight_code} | encoded.radiation.named()
    return {name: (y[0] if y.ndim == 3 else y[0, :, None]).cpu().numpy() for name, y in tensors.items()}


def parameters_of(model: Ouroboros, parts: Mapping[str, Columns]) -> Parameters:
    """The oscillator's parameters (1, T) of a table's parts."""
    kind = model.oscillator.parameters_type
    return kind(**{name: _tensor(parts[name])[..., 0] for name in kind.facts()})


def encoded_of(model: Ouroboros, parts: Mapping[str, Columns], dtype: torch.dtype) -> Encoded:
    """What drives the oscillator, (1, T), of a table's parts; nothing of what follows it."""
    parameters = parameters_of(model, parts).each(lambda y: y.to(dtype))
    return Encoded(parameters, _tensor(parts[CODE]).to(dtype), Radiation())


def radiation_of(parts: Mapping[str, Columns]) -> Radiation:
    """Envelope (1, T) and raw controls (1, T, C) of a table's parts, where they are there."""
    facts = Radiation.facts()
    found = {name: _tensor(parts[name]) for name in facts if name in parts}
    return Radiation(**{name: y if facts[name].channels else y[..., 0] for name, y in found.items()})


def _tensor(values: Columns) -> Tensor:
    return torch.from_numpy(values)[None]
