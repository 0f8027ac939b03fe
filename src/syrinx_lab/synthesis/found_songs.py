"""A folder of song without annotation, or of few long files, made into one that can be trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.audio import highpassed, write_wav
from ..data.corpus_settings import CorpusSettings
from ..data.groups import group_recordings
from ..data.layout import AudioFile, expand
from ..data.recording import Corpus, Recording
from ..data.roots import choose_audio, find_audio, pair_roots
from ..runs.atomic import write_text_atomic
from .song_file import SongFile
from .stretches_of_song import Samples, stretches_of_song

MOST_S = 120.0
"""So much is taken, of the parts that hold most song."""

LOOKED_AT_S = 360.0
"""So much is looked at, spread over the files."""

FEWEST = 6
"""Recordings below which long ones are cut, so that train, val and test have some."""

_LEAST = 3  # train, val and test
_PART_S = 12.0
_PIECE_S, _SHORTEST_PIECE_S, _PAUSE_S = 6.0, 1.5, 0.03
_LEAST_S = 0.2  # length of a piece, where there would else be too few
_LABEL = "song"


@dataclass(frozen=True, eq=False)
class _Part:
    """Of a song from sample `start` on: its samples, and the syllables [onset, offset) in them."""

    song: SongFile
    start: int
    samples: Samples
    syllables: list[tuple[int, int]]

    @property
    def sung(self) -> int:
        return sum(off - on for on, off in self.syllables)


def found_songs(
    root: str | Sequence[str], reading: CorpusSettings, outputs: Path, *, least: int = _LEAST, by_bird: bool = False
) -> tuple[Path, str] | None:
    """Recordings cut in pauses, each with a text file of the syllables that stand out of its background.

    None where the folder is annotated: it is read as it is. Else syllables are looked for as in `stretches_of_song`,
    in six minutes spread over the files. Of these the parts of 12 s that hold most song, two minutes in all, are
    written to OUTPUTS/found_songs/NAME-XXXXXXXX at the rate of `reading`, in pieces of some 6 s, shorter where there is
    little. The folder and a line about it are returned. Its name depends on the sound alone.

    least    pieces with syllables that are needed
    by_bird  write into a folder for every bird, see `group_recordings`, so that it is known whose song it is
    Raises ValueError with one line where there is no audio, where a file cannot be read, and where fewer pieces hold a
    syllable.
    """
    roots = expand(root)
    audio, problems = find_audio(roots, reading.audio_pattern)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ValueError(str(errors[0]))
    if any(source.usable for source in pair_roots(audio, roots, reading).sources.values()):
        return None
    files = _spread(choose_audio(audio, reading.audio_pattern))
    birds = _birds(files, roots, reading.sample_rate) if by_bird else {}
    songs = [SongFile(file.path, reading.sample_rate, None) for file in files]
    for song in songs:
        song.take_loudest_channel([(0, min(song.samples, 60 * song.sample_rate))])
    parts = _most_sung(_parts(songs, reading), reading.sample_rate)
    heard = sum(len(part.samples) for part in parts) / reading.sample_rate
    length = min(_PIECE_S, max(_SHORTEST_PIECE_S, heard / (2 * FEWEST)))
    cut = _cut_in_pauses(parts, length, reading.sample_rate)
    while len(cut) < least and length > _LEAST_S:
        length /= 2
        cut = _cut_in_pauses(parts, length, reading.sample_rate)
    syllables = sum(len(part.syllables) for part in parts)
    if len(cut) < least:
        raise ValueError(
            f"{roots[0]}: {syllables} syllables stand out of the background in {heard:.1f} s of it, in {len(cut)} "
            f"pieces with pauses between, {least} are needed: add song"
        )
    digest = hashlib.sha256(repr((length, reading.sample_rate, *birds.values())).encode())
    for part in parts:
        digest.update(part.samples.tobytes())
    folder = outputs / "found_songs" / f"{roots[0].resolve().name}-{digest.hexdigest()[:8]}"
    for part, start, stop, inside in cut:
        bird = birds.get(part.song.path, "")
        stem = f"{part.song.path.stem}-{(part.start + start) / reading.sample_rate:07.2f}"
        write_wav(folder / bird / f"{stem}.wav", part.samples[start:stop], reading.sample_rate)
        lines = [f"{on / reading.sample_rate:.6f} {off / reading.sample_rate:.6f} {_LABEL}\n" for on, off in inside]
        write_text_atomic(folder / bird / f"{stem}.txt", "".join(lines))
    line = f"{syllables} syllables found in {heard:.0f} s of {len(songs)} files, not annotated: {folder}"
    return folder, line


def _spread(files: Sequence[AudioFile], most: int = 60) -> list[AudioFile]:
    """At most so many, evenly spread."""
    places = np.unique(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int))
    return [files[place] for place in places]


def _birds(files: Sequence[AudioFile], roots: Sequence[Path], sample_rate: int) -> dict[Path, str]:
    """Whose song each file is."""
    nothing = np.empty(0, np.float32)
    empty = {one.id: Recording(one.id, one.path, nothing, sample_rate, sample_rate, ()) for one in files}
    groups = group_recordings(Corpus(empty, sample_rate), [str(root) for root in roots])
    return {one.path: groups[one.id].bird for one in files}


def _parts(songs: Sequence[SongFile], reading: CorpusSettings) -> list[_Part]:
    """What is looked at: whole songs where there is little, else parts spread over each, with what they hold."""
    rate = reading.sample_rate
    total = sum(song.seconds for song in songs)
    share, size = min(1.0, LOOKED_AT_S / total), round(_PART_S * rate)
    places: list[tuple[SongFile, int, int]] = []
    for song in songs:
        count = max(1, round(share * song.samples / size))
        if total <= MOST_S or song.samples <= size:
            places.append((song, 0, song.samples))
        else:
            starts = np.linspace(0, song.samples - size, count).astype(int)
            places += [(song, int(start), int(start) + size) for start in starts]
    read = [song.read(start, stop) for song, start, stop in places]
    cutoff = reading.highpass_hz
    heard = read if cutoff is None else [highpassed(x, cutoff, rate).astype(np.float32) for x in read]
    found = stretches_of_song(heard, rate)
    return [_Part(song, start, x, inside) for (song, start, _), x, inside in zip(places, read, found)]


def _most_sung(parts: Sequence[_Part], sample_rate: int) -> list[_Part]:
    """Those with the most song, as far as `MOST_S` reach, in their order."""
    kept: list[int] = []
    samples = 0
    for number in sorted(range(len(parts)), key=lambda number: -parts[number].sung):
        if samples < MOST_S * sample_rate:
            kept.append(number)
            samples += len(parts[number].samples)
    return [parts[number] for number in sorted(kept)]


def _cut_in_pauses(
    parts: Sequence[_Part], length_s: float, sample_rate: int
) -> list[tuple[_Part, int, int, list[tuple[int, int]]]]:
    """(part, start, stop, syllables from start on) of pieces of some `length_s` that begin and end in pauses."""
    pieces = []
    for part in parts:
        start, inside = 0, []
        for number, (on, off) in enumerate(part.syllables):
            inside.append((on - start, off - start))
            following = part.syllables[number + 1][0] if number + 1 < len(part.syllables) else None
            pause = following is not None and following - off >= _PAUSE_S * sample_rate
            if following is None or (off - start >= length_s * sample_rate and pause):
                stop = len(part.samples) if following is None else (off + following) // 2
                pieces.append((part, start, stop, inside))
                start, inside = stop, []
    return pieces
