"""A callback that is made for a run: it notes every epoch in the run's folder."""

from __future__ import annotations

from lightning.pytorch import Callback, LightningModule, Trainer

from syrinx_lab.training.callbacks import RunContext


class Notes(Callback):
    """Appends the word and the number of every epoch, counted from 0, to notes.txt."""

    def __init__(self, context: RunContext, word: str) -> None:
        self.path, self.word = context.directory / "notes.txt", word

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        with self.path.open("a") as file:
            print(self.word, trainer.current_epoch, file=file)
