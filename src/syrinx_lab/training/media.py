"""Sound and pictures for whichever logger a run has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ..evaluation.takes import Take
from ..figures.comparison import comparison_figure
from .media_logger import MediaLogger

# W&B's panels name what they show: so the vocalisations share a name, and their captions distinguish them
AUDIO, SPECTROGRAM = "audio", "spectrogram"


def log_takes(
    loggers: Sequence[MediaLogger],
    takes: Sequence[Take],
    sample_rate: int,
    *,
    epoch: int,
    prefix: str = "val",
    rescaled: bool = False,
) -> None:
    """Send target, performance and their spectrograms of each take to the loggers that take them.

    The captions are "000-a target", "000-a raw" and "000-a rescaled" for sounds, "000-a" for spectrograms.

    Args:
        epoch: finished epochs.
        prefix: in front of the names: {prefix}/audio and {prefix}/spectrogram.
        rescaled: whether the performance at the target's RMS is sent too.
    """
    if not loggers or not takes:
        return
    names = [f"{index:03d}-{take.clip.vocalisation.label}" for index, take in enumerate(takes)]
    if hearing := [logger for logger in loggers if logger.takes("log_sounds")]:
        sounds = [
            (f"{name} {kind}", heard) for name, take in zip(names, takes) for kind, heard in _sounds(take, rescaled)
        ]
        for logger in hearing:
            logger.log_sounds(f"{prefix}/{AUDIO}", sounds, sample_rate, epoch=epoch)
    if seeing := [logger for logger in loggers if logger.takes("log_pictures")]:
        pictures = [(name, _picture(take, sample_rate)) for name, take in zip(names, takes)]
        for logger in seeing:
            logger.log_pictures(f"{prefix}/{SPECTROGRAM}", pictures, epoch=epoch)


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
