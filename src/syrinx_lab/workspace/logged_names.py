"""The names that trainings and evaluations log, asked of the code that logs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..evaluation.takes import logged_scores
from ..metrics.facts import METRICS, MetricFacts
from ..training.evaluation_log import TABLE, evaluation_prefix
from ..training.media import AUDIO, SPECTROGRAM


@dataclass(frozen=True)
class LoggedNames:
    """What panels may refer to.

    losses      loss/total and loss/{term}; a term that is switched off is not logged
    curriculum  train/horizon, and train/lam_{term}: the weight of every term
    progress    train/lr, loss/nan_skip
    val         val/{metric} and val/rescaled_{metric}, during training
    scores      eval/{split}/{metric} and eval/{split}/rescaled_{metric}, of evaluations
    audio       names of sounds
    pictures    names of spectrograms
    tables      names of tables, a row a vocalisation
    """

    losses: tuple[str, ...]
    curriculum: tuple[str, ...]
    progress: tuple[str, ...]
    val: tuple[str, ...]
    scores: tuple[str, ...]
    audio: tuple[str, ...]
    pictures: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def numbers(self) -> frozenset[str]:
        """All that can be drawn over epochs or as bars."""
        return frozenset((*self.losses, *self.curriculum, *self.progress, *self.val, *self.scores))


def logged_names(
    terms: Iterable[str], splits: Iterable[str] = ("val", "test"), outside: Iterable[str] = ()
) -> LoggedNames:
    """The names of a lab whose objectives have `terms`, and which evaluates `splits`.

    outside  names of metrics from outside the lab; their facts are not asked for, so that their module is not needed
    """
    terms = tuple(terms)
    known = METRICS | {name: MetricFacts(name, "dimensionless", True) for name in outside}
    prefixes = [evaluation_prefix(split) for split in splits]
    return LoggedNames(
        losses=("loss/total", *(f"loss/{term}" for term in terms)),
        curriculum=("train/horizon", *(f"train/lam_{term}" for term in terms)),
        progress=("train/lr", "loss/nan_skip"),
        val=tuple(logged_scores([], "val", known)),
        scores=tuple(name for prefix in prefixes for name in logged_scores([], prefix, known)),
        audio=tuple(f"{prefix}/{AUDIO}" for prefix in ("val", *prefixes)),
        pictures=tuple(f"{prefix}/{SPECTROGRAM}" for prefix in ("val", *prefixes)),
        tables=tuple(f"{prefix}/{TABLE}" for prefix in prefixes),
    )
