"""A corpus of which one part lies in folders and the other is made anew in every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ..data.corpus import Corpus, Recording
from ..data.corpus_settings import CorpusSettings
from ..data.splits import Splits


class DataSource(Protocol):
    """Something that can write a folder of song; `data.synthetic.SyntheticFinch` is one."""

    def write(self, root: str | Path) -> Path:
        """Write the folder unless it is there already."""


class Simulation(Protocol):
    """Something that has new recordings in every epoch; `simulation.recordings.SimulatedRecordings` is one."""

    def train(self, epoch: int, reading: CorpusSettings) -> dict[str, Recording]:
        """The recordings of an epoch, by id."""

    def held_out(self, split: str, reading: CorpusSettings) -> dict[str, Recording]:
        """Those of val or test, by id, always the same."""


class SimulatedCorpus:
    """Recordings of folders and of a simulation: val and test are simulated, and all else is trained on.

    simulation  what makes recordings
    reading     how folders are read, and at what level
    real        the recordings of folders, by id
    """

    def __init__(self, simulation: Simulation, reading: CorpusSettings, real: Mapping[str, Recording]) -> None:
        self.simulation, self.reading, self.real = simulation, reading, real
        self.scored = {split: simulation.held_out(split, reading) for split in ("val", "test")}
        self.first = simulation.train(0, reading)

    def corpus(self) -> Corpus:
        """What is there in the first epoch, in order of id."""
        found = {**self.real, **self.scored["val"], **self.scored["test"], **self.first}
        return Corpus(dict(sorted(found.items())), self.reading.sample_rate)

    def splits(self) -> Splits:
        """Its split."""
        val, test = (tuple(sorted(self.scored[split])) for split in ("val", "test"))
        return Splits(tuple(sorted({**self.real, **self.first})), val, test, {})

    def of_epoch(self, epoch: int) -> dict[str, Recording]:
        """The recordings of train in an epoch, by id."""
        return {**self.real, **(self.first if epoch == 0 else self.simulation.train(epoch, self.reading))}
