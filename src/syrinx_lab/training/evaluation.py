"""The cold-start evaluation of val during training."""

from __future__ import annotations

from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer

from ..evaluation.takes import logged_scores
from .media import log_takes
from .module import OuroborosModule


class ColdStartEvaluation(Callback):
    """Every `eval_every` epochs, let the model sing the held-out vocalisations of val from near silence.

    Logs val/{metric} as sung, val/rescaled_{metric} after rescaling to the target's RMS, and the sound and spectrogram
    of the first `max_audio` vocalisations.

    Args:
        eval_every: epochs between evaluations; 0 evaluates only after the last epoch.
        max_audio: vocalisations whose sound and picture go to the loggers.

    Raises:
        ValueError: negative numbers.
    """

    def __init__(self, eval_every: int = 5, max_audio: int = 2) -> None:
        if eval_every < 0 or max_audio < 0:
            raise ValueError(f"eval_every {eval_every} and max_audio {max_audio} must not be negative")
        self.eval_every = eval_every
        self.max_audio = max_audio

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Evaluate when this epoch is due or the last one."""
        done = trainer.current_epoch + 1
        due = self.eval_every > 0 and done % self.eval_every == 0
        if not due and done != trainer.max_epochs:
            return
        module = cast(OuroborosModule, pl_module)
        scoring, clips = module.scoring, trainer.datamodule.val_clips  # type: ignore[attr-defined]
        takes = scoring.takes(module.model, clips)
        module.log_dict(logged_scores(takes, "val", scoring.known), on_step=False, on_epoch=True, batch_size=1)
        module.evaluated_epochs.add(done)
        log_takes(trainer.loggers, takes[: self.max_audio], module.model.sample_rate, epoch=done)
