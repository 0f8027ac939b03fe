"""Sound and pictures for whichever logger a run has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ..evaluation.takes import Take
from ..figures.comparison import comparison_figure
from .wandb_run import WandbRun

# W&B's panels name what they show: so the vocalisations share a name, and their captions tell them apart
AUDIO, SPECTROGRAM = "audio", "spectrogram"


def log_takes(
    loggers: Sequence[Logger],
    takes: Sequence[Take],
    sample_rate: int,
    *,
    epoch: int,
    prefix: str = "val",
    rescaled: bool = False,
) -> None:
    """Send target, performance and their spectrograms of each take to the loggers that can hold them.

    Args:
        epoch: finished epochs.
        prefix: in front of the names: {prefix}/audio and {prefix}/spectrogram.
        rescaled: whether the performance at the target's RMS is sent too.
    """
    holding = [logger for logger in loggers if isinstance(logger, WandbRun | TensorBoardLogger)]
    if not holding or not takes:
        return
    names = [f"{index:03d}-{take.clip.vocalisation.label}" for index, take in enumerate(takes)]
    sounds = [_sounds(take, rescaled) for take in takes]
    pictures = [_picture(take, sample_rate) for take in takes]
    for logger in holding:
        if isinstance(logger, WandbRun):
            captioned = [(f"{name} {kind}", heard) for name, kinds in zip(names, sounds) for kind, heard in kinds]
            logger.log_sounds(f"{prefix}/{AUDIO}", captioned, sample_rate, epoch=epoch)
            logger.log_pictures(f"{prefix}/{SPECTROGRAM}", list(zip(names, pictures)), epoch=epoch)
            continue
        board = logger.experiment
        for name, kinds, picture in zip(names, sounds, pictures):
            for kind, heard in kinds:
                board.add_audio(f"{prefix}/{name}/{kind}", heard[None], epoch, sample_rate=sample_rate)
            board.add_image(f"{prefix}/{name}/spectrogram", picture, epoch, dataformats="HWC")


def _sounds(take: Take, rescaled: bool) -> list[tuple[str, np.ndarray]]:
    kinds = [("target", take.clip.x), ("raw", take.raw), *([("rescaled", take.rescaled)] if rescaled else [])]
    return [(kind, _playable(samples)) for kind, samples in kinds]


def _playable(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)


def _picture(take: Take, sample_rate: int) -> np.ndarray:
    onset_s = take.clip.onset / sample_rate
    figure = comparison_figure(take.clip.x, take.raw, sample_rate, rescaled=take.rescaled, onset_s=onset_s)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
