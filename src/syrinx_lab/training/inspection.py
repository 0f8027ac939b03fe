"""What a folder holds, all that is wrong with it, and whether training would take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data.annotation_problem import Problem
from ..data.corpus import Corpus, inspect_corpus
from ..data.segments import Pools, cut_segments
from .datamodule import SongDataModule


@dataclass(frozen=True)
class Inspection:
    """The corpus, its problems, the windows of all recordings (None where none fits), and what training would use."""

    corpus: Corpus
    problems: list[Problem]
    pools: Pools | None
    training: tuple[str, ...]


def inspect_data(datamodule: SongDataModule, horizon: int | None) -> Inspection:
    """Read a folder and prepare it as training does; a refusal of `SongDataModule.prepare` is one more problem.

    horizon  samples of the longest rollout; None: the objective needs none
    """
    datamodule.provide()
    if datamodule.simulated is None:
        corpus, problems = inspect_corpus(datamodule.root, datamodule.reading, datamodule.storage)
    else:  # what it makes has no faults, and a fault of the folders beside it is raised
        datamodule.read()
        corpus, problems = Corpus(datamodule.recordings, datamodule.sample_rate), []
    try:
        pools = cut_segments(corpus.recordings.values(), datamodule.cutting, sample_rate=datamodule.sample_rate)
    except ValueError:
        pools = None
    training: tuple[str, ...] = ()
    if not any(problem.severity == "error" for problem in problems):
        datamodule.corpus = corpus
        try:
            datamodule.prepare(horizon)
            training = tuple(datamodule.describe())
        except ValueError as error:
            root = datamodule.root if isinstance(datamodule.root, str) else next(iter(datamodule.root), "aviary")
            problems.append(Problem(Path(root), None, f"training would refuse this: {error}"))
    return Inspection(corpus, problems, pools, training)
