"""What a voice must know of a bird that it has never heard, taken from the song itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from ..birds import UNKNOWN
from ..data.roots import locate
from ..model import Ouroboros
from ..ode.noise import Noise
from .song_file import SongFile
from .stretches_of_song import stretches_of_song

LISTEN_S = 60.0
"""So much of a song is looked at."""

_PIECES = 12
_MOST_PEAKS = 0.9
_FAINT = 1e-9
_BELOW_DB = 20.0
_PAUSE_DB = 6.0


@dataclass(frozen=True)
class Bird:
    """What was found.

    scale      by which the song comes to the level of the voice's training
    syllables  that stood out of the background, of what was looked at
    range_hz   of the pitch;   found: whether it was found in the song, else it is the voice's own
    """

    scale: float
    syllables: int
    range_hz: tuple[float, float]
    found: bool

    def line(self) -> str:
        """It in a line, for a person."""
        low, high = self.range_hz
        whose = "" if self.found else ", the voice's own: no pitch was found in the song"
        return f"{self.syllables} syllables; pitch {low:.0f} to {high:.0f} Hz{whose}; level x {self.scale:.3g}"


def bird_of_song(
    song: Path, roots: Sequence[Path], groups: Mapping[str, Mapping[str, str]], names: Sequence[str]
) -> str:
    """Which of the birds that a model knows sings a file; `unknown` for none of them.

    What the training held the recording for, where it lies among its own; else the innermost folder that bears one of
    the names; else the name that the file's begins with.

    roots   of the run's recordings;   groups: of those, by id, as its split stores them
    names   of the birds
    """
    place = locate(song, roots)
    if place is not None and (bird := groups.get(place[1], {}).get("bird")) in names:
        return str(bird)
    folders = [part for part in reversed(song.resolve().parent.parts) if part in names]
    begun = sorted((one for one in names if re.match(re.escape(one) + r"(?![A-Za-z0-9])", song.name)), key=len)
    return next(iter([*folders, *reversed(begun)]), UNKNOWN)


def listened(song: SongFile) -> list[tuple[int, int]]:
    """The pieces [start, stop) of a song that are looked at: all of a short one, else twelve spread over it."""
    length = round(LISTEN_S * song.sample_rate)
    if song.samples <= length:
        return [(0, song.samples)]
    size = length // _PIECES
    starts = np.linspace(0, song.samples - size, _PIECES).astype(int)
    return [(int(start), int(start) + size) for start in starts]


@torch.no_grad()
def calibrate_to(model: Ouroboros, song: SongFile, scale_to: float, scale: float | None = None) -> Bird:
    """Give a model the pitch range and the background of a song, and find the song's level; needs no labels.

    The level is that of the syllables that stand out, see `stretches_of_song`: the 90 % quantile of their peaks becomes
    `scale_to`, so that a bang does not count. Where nothing stands out (song without a pause, noise, a
    clip of 50 ms) the whole counts, and the background is held 20 dB below it, or else song without a pause would be
    taken for background and the voice be silent.

    scale_to  peak of syllables in the voice's training, full scale = 1
    scale     the factor itself, where it is given
    Raises ValueError with one line for a song that is silent throughout.
    """
    heard = [song.read(*piece) for piece in listened(song)]
    pieces = [torch.from_numpy(x) for x in heard]
    found = stretches_of_song(heard, song.sample_rate)
    syllables = [x[on:off] for x, inside in zip(pieces, found) for on, off in inside]
    apart = stands_out(pieces, found)
    sung = syllables if apart else [x for x in pieces if len(x)]
    peaks = torch.tensor([float(x.abs().max()) for x in sung])
    level = float(torch.quantile(peaks, _MOST_PEAKS, interpolation="lower")) if len(peaks) else 0.0
    if level < _FAINT:
        raise ValueError(f"{song.path}: silent: there is nothing to sing; check the recorder, or give another file")
    factor = scale_to / level if scale is None else scale
    recordings, own = [factor * x for x in pieces], [factor * x for x in sung]
    analyser, known = model.analyser, True
    if analyser is None:
        return Bird(factor, len(syllables), (0.0, 0.0), False)
    before = analyser.pitch_range()
    try:
        model.calibrate(recordings, own)
    except ValueError:
        known = False
        analyser.range_hz.copy_(torch.tensor([before.min_hz, before.max_hz]))
        analyser.calibrate_background(recordings)
        cast(Noise, model.noise).calibrate(recordings)
    if not apart:
        quietest = 10 ** (-_BELOW_DB / 20) * factor * float(torch.cat(sung).std(correction=0))
        analyser.background.clamp_(max=quietest)
    held = analyser.pitch_range()
    return Bird(factor, len(syllables), (held.min_hz, held.max_hz), known)


def stands_out(pieces: Sequence[Tensor], found: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """Whether there are syllables [on, off), and half of what is left of the pieces is 6 dB softer than they are."""
    inside, outside = [], []
    for piece, syllables in zip(pieces, found):
        sung = torch.zeros(len(piece), dtype=torch.bool)
        for on, off in syllables:
            sung[on:off] = True
        inside.append(piece[sung])
        outside.append(piece[~sung])
    syllable, pause = torch.cat(inside), torch.cat(outside)
    if not len(syllable) or not len(pause):
        return False
    return float(pause.abs().median()) < 10 ** (-_PAUSE_DB / 20) * float(syllable.abs().median())
