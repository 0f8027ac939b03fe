"""The cold-start evaluation of val during training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lightning.pytorch import Callback, LightningModule, Trainer

from ..evaluation.clips import Take, mean_scores, perform_all
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
        takes = perform_all(
            module.model,
            trainer.datamodule.val_clips,  # type: ignore[attr-defined]
            ic_noise_rms=module.rollout.ic_noise_rms,
            seed=module.seed,
            start=module.eval_start,
        )
        module.log_dict(validation_metrics(takes), on_step=False, on_epoch=True, batch_size=1)
        module.evaluated_epochs.add(done)
        log_takes(trainer.loggers, takes[: self.max_audio], module.model.sample_rate, epoch=done)


def validation_metrics(takes: Sequence[Take]) -> dict[str, float]:
    """val/{metric} as sung and val/rescaled_{metric}, means over takes."""
    raw, scaled = mean_scores(takes, "raw"), mean_scores(takes, "rescaled")
    return {f"val/{name}": value for name, value in raw.items()} | {
        f"val/rescaled_{name}": value for name, value in scaled.items() if name != "accel_r2"
    }
