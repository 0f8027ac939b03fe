"""A recording as the model heard its training songs: rate, channel, filter and level."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.annotation_problem import printable
from ..data.audio import read_audio, scale_factor
from ..data.contrast import louder_channel
from ..data.corpus import Recording, inspect_corpus
from ..data.corpus_settings import CorpusSettings
from ..data.denoising import denoised
from ..data.layout import expand
from ..data.reading import audio_warnings
from ..data.roots import locate


@dataclass(frozen=True, eq=False)
class Song:
    """One channel of a recording at the model's sample rate.

    samples    (L,) float32, scaled
    scale      what they were multiplied by; 1 / scale brings a sound back to the loudness of the recording
    annotated  whether the level was measured within annotated syllables, as in training, or over the whole recording
    channel    the channel that was read, from 0, or "mean"; channels: how many the file has
    warnings   a line for all that is odd about the file, its channels and its annotation
    """

    samples: NDArray[np.float32]
    scale: float
    annotated: bool
    channel: int | str = 0
    channels: int = 1
    warnings: tuple[str, ...] = ()

    def as_recorded(self) -> NDArray[np.float32]:
        """(L,) the samples at the loudness of the recording."""
        return self.samples / np.float32(self.scale)


def read_song(
    path: str | Path, root: str | Sequence[str], settings: CorpusSettings, scale: float | None = None
) -> Song:
    """Read a recording of any length with the settings of a training run.

    A recording that lies below the run's roots gets the scale that it had there, from its annotated syllables; another
    one, or one without annotation, is brought to the same level as a whole. With `scale_per` vocalisation all of a
    recording's syllables share one scale here, for the song is one sound.

    path      the file
    root      folder or folders of the run's recordings
    settings  how the run read them
    scale     the factor itself, or None
    Raises ValueError with one line for a file that is missing or cannot be read, a song shorter than five samples, and
    a scale that is not positive.
    """
    (path,) = expand(path)
    if scale is not None and not 0 < scale < np.inf:
        raise ValueError(f"scale is {scale}: use a factor above 0, or null for the one of training")
    known, warnings = _recording(path, expand(root), settings)
    channel = settings.channel if known is None else known.channel  # which its annotation may name
    clip = read_audio(path, sample_rate=settings.sample_rate, channel=channel, highpass_hz=settings.highpass_hz)
    samples = clip.samples
    if settings.denoising is not None:
        sung_spans = () if known is None else tuple((one.onset, one.offset) for one in known.syllables)
        samples = denoised(samples, settings.sample_rate, sung_spans, settings.denoising)
    if known is None:
        louder = louder_channel(clip.native, channel)
        warnings = (*audio_warnings(clip), *([louder] if louder else []))
    if len(samples) < 5:
        raise ValueError(f"{path}: {len(samples)} samples are no song")
    syllables = None if scale is not None or known is None else _within_syllables(known)
    if scale is None:
        sung = samples if syllables is None else samples[syllables]
        scale = scale_factor(sung, settings.scale_to, settings.scale)
    scaled = samples * np.float32(scale)
    return Song(scaled, float(scale), syllables is not None, channel, clip.channels, warnings)


def _within_syllables(recording: Recording) -> NDArray[np.bool_]:
    """Which samples of a recording lie within annotated syllables."""
    inside = np.zeros(len(recording.samples), bool)
    for syllable in recording.syllables:
        inside[syllable.onset : syllable.offset] = True
    return inside


def _recording(path: Path, roots: Sequence[Path], settings: CorpusSettings) -> tuple[Recording | None, tuple[str, ...]]:
    """The recording with its annotated syllables, and its warnings; None where the run's roots do not know the file."""
    place = locate(path, roots)
    if place is None:
        return None, ()
    lenient = replace(settings, label=None, faulty="skip", unannotated="skip")
    alone = replace(lenient, audio_pattern=glob.escape(place[0].as_posix()), scale="none", scale_per="recording")
    corpus, problems = inspect_corpus([str(root) for root in roots], alone)
    recording = corpus.recordings.get(place[1])
    if recording is None or not recording.syllables:
        return None, ()
    return recording, tuple(problem.message for problem in problems if problem.severity == "warning")


def song_name(path: str | Path, root: str | Sequence[str]) -> str:
    """What files about a song are called, distinct for songs of one name: the recording's id, as day1/song.

    A file that lies below no root is called by its name and six hexadecimal digits of its folder.
    """
    (path,) = expand(path)
    place = locate(path, expand(root))
    if place is not None:
        return place[1]
    folder = hashlib.sha256(os.fsencode(os.path.realpath(path.parent))).hexdigest()[:6]
    return printable(f"{path.stem}-{folder}")
