"""Simulated song as batches for Lightning: drawn while it is needed, nothing is stored."""

from __future__ import annotations

from typing import Any

from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from ..simulation.aviary import Aviary
from ..simulation.simulated_song import SimulatedSong
from .epoch_draws import EpochDraws


class SimulatedBatches(Dataset[SimulatedSong]):
    """Batch number i: recordings i B to (i + 1) B - 1 of an aviary, of `seconds` s each."""

    def __init__(self, aviary: Aviary, batch_size: int, seconds: float) -> None:
        self.aviary, self.batch_size, self.seconds = aviary, batch_size, seconds

    def __getitem__(self, index: int) -> SimulatedSong:
        first = index * self.batch_size
        return self.aviary.draw(range(first, first + self.batch_size), self.seconds)


class AviaryData(LightningDataModule):
    """An epoch is the next `updates` batches: epoch e begins at batch e * updates, so that a resumed run goes on.

    aviary      of the training; nothing of it is drawn twice
    batch_size  recordings a batch
    seconds     s of each
    updates     batches an epoch
    Raises ValueError for sizes below 1, or recordings under 0.1 s.
    """

    def __init__(self, aviary: Aviary, *, batch_size: int, seconds: float, updates: int) -> None:
        super().__init__()
        if batch_size < 1 or updates < 1 or seconds < 0.1:
            raise ValueError(
                f"ear.batch_size is {batch_size}, ear.updates {updates} and ear.seconds {seconds}: use 1 or more, and "
                "0.1 s or more"
            )
        self.batches = SimulatedBatches(aviary, batch_size, seconds)
        self.updates = updates

    def train_dataloader(self) -> DataLoader:
        """The batches of the current epoch."""
        trainer = self.trainer

        def epoch() -> int:
            return 0 if trainer is None else trainer.current_epoch

        draws = EpochDraws(lambda e: range(e * self.updates, (e + 1) * self.updates), self.updates, epoch)
        return DataLoader(self.batches, batch_size=None, sampler=draws, collate_fn=_as_it_is)


def _as_it_is(song: Any) -> Any:
    return song
