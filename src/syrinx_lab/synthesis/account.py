"""What is to be said of a synthesis: how long, how loud, how like the recording."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..model import Ouroboros
from .likeness import rms, tf_corr_chunked
from .song import Song
from .table import DriveTable, parameters_of
from .unheard import SungSong

Samples = NDArray[np.float32]


def finite(sound: Samples, sample_rate: int) -> tuple[Samples, list[str]]:
    """The sound with zeros for what is no number, and a line that says where that began, if anywhere."""
    bad = ~np.isfinite(sound)
    if not bad.any():
        return sound, []
    line = f"warning   the oscillator diverged at {int(bad.argmax()) / sample_rate:.3f} s: silence instead"
    return np.where(bad, np.float32(0), sound), [line]


def out_of_reach(table: DriveTable, model: Ouroboros) -> list[str]:
    """A line when some of the song asks for what the oscillator cannot do, such as a pitch beyond its own."""
    return reach_lines(*model.oscillator.out_of_reach(parameters_of(model, table.parts)))


def reach_lines(share: float, what: str) -> list[str]:
    """The line on a share of the song that asks for what the oscillator cannot do."""
    return [f"warning   {share:.1%} of the song has {what}"] if share else []


def unheard_lines(sung: SungSong, sample_rate: int, *, alike: bool) -> list[str]:
    """As `compared`, of a song that was sung while it was read: tf_corr over the part that was kept."""
    song, sound = sung.song, sung.sound
    lines = []
    if sung.diverged_at is not None:
        lines.append(f"warning   the oscillator diverged at {sung.diverged_at:.3f} s: silence instead")
    relative = f"{20 * math.log10(sound.rms / song.rms):+.2f} dB re the recording" if sound.rms > 0 else "silent"
    lines += [f"duration  {sound.samples / sample_rate:.3f} s", f"rms       {sound.rms:.4g}, {relative}"]
    both = min(len(sound.head), len(song.head))
    if alike:
        value = tf_corr_chunked(sound.head[:both], song.head[:both], sample_rate=sample_rate)
        first = "" if both == sound.samples else "the first "
        lines.append(f"tf_corr   {value:.4f} over {first}{both / sample_rate:.3f} s")
    return lines


def compared(sound: Samples, song: Song | None, sample_rate: int, *, alike: bool) -> list[str]:
    """Duration and RMS beside those of the recording; tf_corr over what both last, where they ought to be alike."""
    seconds, level = len(sound) / sample_rate, rms(sound)
    if song is None:
        return [f"duration  {seconds:.3f} s", f"rms       {level:.4g}"]
    recording = song.as_recorded()
    relative = f"{20 * math.log10(level / rms(recording)):+.2f} dB re the recording" if level > 0 else "silent"
    lines = [
        f"duration  {seconds:.3f} s, the recording {len(recording) / sample_rate:.3f} s",
        f"rms       {level:.4g}, {relative}",
    ]
    both = min(len(sound), len(recording))
    if alike:
        value = tf_corr_chunked(sound[:both], recording[:both], sample_rate=sample_rate)
        lines.append(f"tf_corr   {value:.4f} over {both / sample_rate:.3f} s")
    return lines
