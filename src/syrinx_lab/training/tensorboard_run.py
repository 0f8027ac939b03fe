"""TensorBoard event files as a logger of the lab."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import TensorBoardLogger

from .media_logger import Captioned, LoggedRun, MediaLogger


class TensorBoardRun(MediaLogger, TensorBoardLogger):
    """Event files below directory/tensorboard, those of an evaluation in a folder of its own there.

    Sounds and pictures have a tag each, NAME/CAPTION; a table is a text of Markdown.

    Args:
        directory: the run's folder.
        described: what is followed; where it is not resumed, it takes the place of what lies there.
    """

    def __init__(self, directory: str | Path, described: LoggedRun) -> None:
        own = "" if described.job_type == "train" else described.id
        super().__init__(save_dir=directory, name="tensorboard", version=own)
        if not described.resumed:
            for earlier in Path(self.log_dir).glob("events.out.tfevents.*"):
                earlier.unlink(missing_ok=True)

    def logged_epochs(self) -> set[int]:
        """Read off the event files."""
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        if not Path(self.log_dir).is_dir():
            return set()
        events = EventAccumulator(self.log_dir, size_guidance={"scalars": 0}).Reload()
        logged = events.Scalars("epoch") if "epoch" in events.Tags()["scalars"] else ()
        return {int(event.value) + 1 for event in logged}

    def log_sounds(self, name: str, sounds: Captioned, sample_rate: int, *, epoch: int) -> None:
        """A tag a sound."""
        for caption, samples in sounds:
            self.experiment.add_audio(f"{name}/{caption}", samples[None], epoch, sample_rate=sample_rate)

    def log_pictures(self, name: str, pictures: Captioned, *, epoch: int) -> None:
        """A tag a picture."""
        for caption, pixels in pictures:
            self.experiment.add_image(f"{name}/{caption}", pixels, epoch, dataformats="HWC")

    def log_table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, epoch: int) -> None:
        """A text."""
        lines = [columns, ["---"] * len(columns), *rows]
        self.experiment.add_text(name, "\n".join(_markdown(line) for line in lines), epoch)


def _markdown(cells: Sequence[Any]) -> str:
    shown = [f"{cell:.4g}" if isinstance(cell, float) else str(cell).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(shown)} |"
