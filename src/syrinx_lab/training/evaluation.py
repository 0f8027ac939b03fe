"""The cold-start evaluation of val during training."""

from __future__ import annotations

from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer

from ..evaluation.scoring import Scoring
from ..evaluation.takes import logged_scores
from .callbacks import CallbackFactory
from .media import log_takes
from .media_logger import MediaLogger
from .module import OuroborosModule


class ColdStartEvaluation(Callback):
    """Every `eval_every` epochs, let the model sing the held-out vocalisations of val from near silence.

    Logs val/{metric} as sung, val/rescaled_{metric} after rescaling to the target's RMS, and the sound and spectrogram
    of the first `max_audio` vocalisations.

    Args:
        scoring: how clips are sung.
        eval_every: epochs between evaluations; 0 evaluates only after the last epoch.
        max_audio: vocalisations whose sound and picture go to the loggers.

    Raises:
        ValueError: negative numbers.
    """

    def __init__(self, scoring: Scoring, eval_every: int = 5, max_audio: int = 2) -> None:
        _check_counts(eval_every, max_audio)
        self.scoring = scoring
        self.eval_every = eval_every
        self.max_audio = max_audio

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Evaluate when this epoch is due or the last one."""
        done = trainer.current_epoch + 1
        due = self.eval_every > 0 and done % self.eval_every == 0
        if not due and done != trainer.max_epochs:
            return
        module = cast(OuroborosModule, pl_module)
        takes = self.scoring.takes(module.model, trainer.datamodule.val_clips)  # type: ignore[attr-defined]
        scores = logged_scores(takes, "val", self.scoring.known)
        module.log_dict(scores, on_step=False, on_epoch=True, batch_size=1)
        loggers = cast(list[MediaLogger], trainer.loggers)  # `checked` lets no others start
        log_takes(loggers, takes[: self.max_audio], module.model.sample_rate, epoch=done)


def cold_start_evaluation(eval_every: int = 5, max_audio: int = 2) -> CallbackFactory:
    """A `ColdStartEvaluation` for whatever run it accompanies; arguments and errors as there."""
    _check_counts(eval_every, max_audio)
    return lambda run: ColdStartEvaluation(run.scoring, eval_every, max_audio)


def _check_counts(eval_every: int, max_audio: int) -> None:
    if eval_every < 0 or max_audio < 0:
        raise ValueError(f"eval_every {eval_every} and max_audio {max_audio} must not be negative")
