"""Sound and pictures for whichever logger a run has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ..figures.comparison import comparison_figure
from .clips import Take


def log_takes(loggers: Sequence[Logger], takes: Sequence[Take], sample_rate: int, *, epoch: int) -> None:
    """Send target, performance and their spectrograms of each take to the loggers that can hold them."""
    for logger in loggers:
        for index, take in enumerate(takes):
            name = f"val/{index:03d}-{take.clip.vocalisation.label}"
            if hasattr(logger, "log_audio") and hasattr(logger, "log_image"):
                sounds = [_playable(take.clip.x), _playable(take.raw)]
                rates = [sample_rate, sample_rate]
                logger.log_audio(f"{name}/audio", sounds, sample_rate=rates, caption=["target", "raw"])
                logger.log_image(f"{name}/spectrogram", [_picture(take, sample_rate)], caption=[f"epoch {epoch}"])
            elif isinstance(logger, TensorBoardLogger):
                board = logger.experiment
                board.add_audio(f"{name}/target", _playable(take.clip.x)[None], epoch, sample_rate=sample_rate)
                board.add_audio(f"{name}/raw", _playable(take.raw)[None], epoch, sample_rate=sample_rate)
                board.add_image(f"{name}/spectrogram", _picture(take, sample_rate), epoch, dataformats="HWC")


def _playable(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)


def _picture(take: Take, sample_rate: int) -> np.ndarray:
    figure = comparison_figure(take.clip.x, take.raw, sample_rate, onset_s=take.clip.onset / sample_rate)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
