"""What an evaluation's logger gets: mean scores, a table of the vocalisations, their sounds and spectrograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..evaluation.takes import Take, logged_scores, score_rows
from ..metrics.facts import METRICS, Known
from .media import log_takes
from .media_logger import MediaLogger

TABLE = "vocalisations"
_PLACE = ("recording", "label", "start_s", "onset_s", "offset_s")


def evaluation_prefix(split: str) -> str:
    """What stands in front of the names of a split's evaluation, apart from the val/ of training."""
    return f"eval/{split}"


def scores_table(takes: Sequence[Take], sample_rate: int) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows: a vocalisation a row, where it lies (s of its recording) and its metrics, raw and rescaled."""
    rows = score_rows(takes, sample_rate)
    metrics = [(which, name) for which in ("raw", "rescaled") for name in (rows[0][which] if rows else ())]
    columns = [*_PLACE, *(f"{which}_{name}" for which, name in metrics)]
    cells = [[*(row[name] for name in _PLACE), *(row[which][name] for which, name in metrics)] for row in rows]
    return columns, cells


def log_split(
    logger: MediaLogger,
    split: str,
    takes: Sequence[Take],
    sample_rate: int,
    *,
    epoch: int,
    most_audio: int,
    known: Known = METRICS,
) -> None:
    """Send the evaluation of one split.

    Args:
        epoch: finished epochs of the model that sang.
        most_audio: vocalisations whose sound and spectrogram are sent.
        known: the metrics that were computed.
    """
    prefix = evaluation_prefix(split)
    logger.log_metrics(logged_scores(takes, prefix, known), step=epoch)
    if takes:
        logger.log_table(f"{prefix}/{TABLE}", *scores_table(takes, sample_rate), epoch=epoch)
    log_takes([logger], takes[:most_audio], sample_rate, epoch=epoch, prefix=prefix, rescaled=True)
