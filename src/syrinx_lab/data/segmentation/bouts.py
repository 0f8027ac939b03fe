"""Which sounds are song: those of bouts that are long enough, full enough and voiced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """A sound in a recording.

    onset_s, offset_s  seconds
    confidence         0 to 1, that it stands above the noise
    structure          0 to 1, see `structure_of`
    """

    onset_s: float
    offset_s: float
    confidence: float
    structure: float


@dataclass(frozen=True)
class BoutRules:
    """What makes a song of a bout of sounds.

    gap_s    seconds of silence that end a bout
    sounds   at least so many voiced sounds, or
    sound_s  at least so many seconds of voiced sound
    voiced   share of the sounding time that is voiced, at least
    """

    gap_s: float = 0.5
    sounds: int = 3
    sound_s: float = 0.35
    voiced: float = 0.6


def bouts_of(sounds: Sequence[Sound], gap_s: float) -> list[list[Sound]]:
    """The sounds in order, cut where the silence between two lasts longer than `gap_s`."""
    bouts: list[list[Sound]] = []
    for sound in sounds:
        if bouts and sound.onset_s - bouts[-1][-1].offset_s <= gap_s:
            bouts[-1].append(sound)
        else:
            bouts.append([sound])
    return bouts


def is_song(bout: Sequence[Sound], duration_s: float, rules: BoutRules) -> bool:
    """Whether a bout of a recording of `duration_s` seconds is song.

    One that begins or ends with the recording may be the rest of a longer one: a single voiced sound will do.
    """
    sounding = sum(s.offset_s - s.onset_s for s in bout)
    voiced = [s for s in bout if s.structure >= 0.5]
    voiced_s = sum(s.offset_s - s.onset_s for s in voiced)
    if voiced_s < rules.voiced * sounding:
        return False
    cut = bout[0].onset_s <= rules.gap_s / 2 or duration_s - bout[-1].offset_s <= rules.gap_s / 2
    return bool(voiced) and (cut or len(voiced) >= rules.sounds or voiced_s >= rules.sound_s)
