"""A folder of song without annotation, or of few long files, made into one that can be trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ..controls.syllables import find_syllables
from ..data.audio import write_wav
from ..data.corpus_settings import CorpusSettings
from ..data.layout import AudioFile, expand
from ..data.roots import choose_audio, find_audio, pair_roots
from ..runs.atomic import write_text_atomic
from .song_file import SongFile

MOST_S = 120.0
"""So much song is taken, spread over the files."""

FEWEST = 6
"""Recordings below which long ones are cut, so that train, val and test have some."""

_PIECE_S, _SHORTEST_PIECE_S, _PAUSE_S = 6.0, 1.5, 0.03
_LABEL = "song"


def found_songs(root: str | Sequence[str], reading: CorpusSettings, outputs: Path) -> tuple[Path, str] | None:
    """Recordings cut in pauses, each with a text file of the syllables that stand out of its background.

    None where the folder is annotated: it is read as it is. Else up to two minutes of song, spread over the files, are
    written to OUTPUTS/found_songs/NAME-XXXXXXXX at the rate of `reading`, in pieces of some 6 s, shorter where there is
    little; the folder and a line about it are returned. Its name depends on the sound alone.

    Raises ValueError with one line where there is no audio, where a file cannot be read, and where fewer than three
    pieces hold a syllable.
    """
    roots = expand(root)
    audio, problems = find_audio(roots, reading.audio_pattern)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ValueError(str(errors[0]))
    if any(source.usable for source in pair_roots(audio, roots, reading).sources.values()):
        return None
    wanted = choose_audio(audio, reading.audio_pattern)
    songs = [SongFile(file.path, reading.sample_rate, None) for file in _spread(wanted)]
    for song in songs:
        song.take_loudest_channel([(0, min(song.samples, 60 * song.sample_rate))])
    share = min(1.0, MOST_S / sum(song.seconds for song in songs))
    cut = [(song, _piece(song, share)) for song in songs]
    heard = sum(len(x) for _, x in cut) / reading.sample_rate
    length = min(_PIECE_S, max(_SHORTEST_PIECE_S, heard / (2 * FEWEST)))
    digest = hashlib.sha256(repr((length, reading.sample_rate)).encode())
    for _, x in cut:
        digest.update(x.tobytes())
    folder = outputs / "found_songs" / f"{roots[0].resolve().name}-{digest.hexdigest()[:8]}"
    pieces, syllables = 0, 0
    for song, x in cut:
        for start, stop, inside in _cut_in_pauses(x, reading, length):
            stem = f"{song.path.stem}-{start / reading.sample_rate:07.2f}"
            write_wav(folder / f"{stem}.wav", x[start:stop], reading.sample_rate)
            lines = [f"{on / reading.sample_rate:.6f} {off / reading.sample_rate:.6f} {_LABEL}\n" for on, off in inside]
            write_text_atomic(folder / f"{stem}.txt", "".join(lines))
            pieces, syllables = pieces + 1, syllables + len(inside)
    if pieces < 3:
        where = roots[0]
        raise ValueError(f"{where}: {syllables} syllables stand out of the background in {heard:.1f} s of it: add song")
    line = f"{syllables} syllables found in {heard:.0f} s of {len(songs)} files, not annotated: {folder}"
    return folder, line


def _spread(files: Sequence[AudioFile], most: int = 60) -> list[AudioFile]:
    """At most so many, evenly spread."""
    places = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
    return [files[place] for place in places]


def _piece(song: SongFile, share: float) -> np.ndarray:
    """The first part of a song, that share of it."""
    return song.read(0, max(1, round(share * song.samples)))


def _cut_in_pauses(
    x: np.ndarray, reading: CorpusSettings, length_s: float
) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """(start, stop, syllables from start on) of pieces of some `length_s` that begin and end in pauses."""
    rate = reading.sample_rate
    heard = _highpassed(x, reading)
    syllables = find_syllables(torch.from_numpy(heard), rate)
    pieces: list[tuple[int, int, list[tuple[int, int]]]] = []
    start, inside = 0, []
    for number, (on, off) in enumerate(syllables):
        inside.append((on - start, off - start))
        following = syllables[number + 1][0] if number + 1 < len(syllables) else None
        if following is None or (off - start >= length_s * rate and following - off >= _PAUSE_S * rate):
            stop = len(x) if following is None else (off + following) // 2
            pieces.append((start, stop, inside))
            start, inside = stop, []
    return pieces


def _highpassed(x: np.ndarray, reading: CorpusSettings) -> np.ndarray:
    from ..data.audio import highpassed

    if reading.highpass_hz is None:
        return x
    return highpassed(x, reading.highpass_hz, reading.sample_rate).astype(np.float32)
