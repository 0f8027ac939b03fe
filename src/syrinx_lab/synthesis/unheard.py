"""A song sung by a voice while it is read: from the file to the wav, with memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..data.wav_writer import WavWriter
from ..model import Ouroboros
from .at_song_rate import RateChange
from .edits import Edit, edited_parts
from .singing import sing
from .song_file import Samples, SongFile
from .streaming import FIRST_S, PIECE_S, StreamedTable
from .table import Columns, layout, parameters_of

HEAD_S = 120.0
"""So much of song and sound is kept, for the score and the picture."""

_MOST_CHUNK_S = 2.0
_NONE = Edit()


@dataclass
class Heard:
    """The beginning of a long sound, and how loud all of it is.

    head     (n,) the first 120 s at most
    samples  of all of it;   power: the sum of their squares
    """

    most: int
    head: Samples = field(default_factory=lambda: np.empty(0, np.float32))
    samples: int = 0
    power: float = 0.0

    def append(self, part: Samples) -> None:
        """Hear what follows."""
        if len(self.head) < self.most:
            self.head = np.concatenate((self.head, part[: self.most - len(self.head)]))
        self.samples += len(part)
        self.power += float(np.square(part, dtype=np.float64).sum())

    @property
    def rms(self) -> float:
        """Root mean square of all of it."""
        return float(np.sqrt(self.power / max(self.samples, 1)))


@dataclass(frozen=True)
class SungSong:
    """What was heard of the song and what was sung, at the model's rate, at the loudness of the recording.

    diverged_at  s, where the oscillator's sound was first no number, None for nowhere;   out_of_reach: a share of the
                 rows, and what they ask for that the oscillator cannot do
    """

    song: Heard
    sound: Heard
    diverged_at: float | None
    out_of_reach: tuple[float, str]


def sing_unheard(
    model: Ouroboros,
    song: SongFile,
    scale: float,
    out: Path,
    *,
    seed: int,
    ic_noise_rms: float,
    chunk_s: float,
    edit: Edit = _NONE,
    drives_out: Path | None = None,
    first_s: float = FIRST_S,
    piece_s: float = PIECE_S,
    began: Callable[[], object] = lambda: None,
) -> SungSong:
    """Read a song's drives piece by piece, sing them from one cold start and write the wav at the song's own rate.

    scale         by which the song comes to the model's unit, see `bird.calibrate_to`
    seed          of the cold start and of the noise;   ic_noise_rms: dimensionless, of x and v
    chunk_s       s, how much is sung at a time, 2 at most
    edit          factors on pitch and loudness; the speed is that of the recording
    drives_out    CSV of the drives; None: not written
    first_s, piece_s  s, how much is read at a time
    began         called once, when the first sound is in the file
    Raises ValueError with one line as `SongFile.read` and `WavWriter.append`.
    """
    assert edit.tempo == 1, "what changes the speed needs the whole table"
    head = round(HEAD_S * model.sample_rate)
    heard, sung = Heard(head), Heard(head)
    waiting: list[Mapping[str, Columns]] = []
    beyond: list[tuple[int, float, str]] = []

    def read(parts: Mapping[str, Columns]) -> None:
        beyond.append((len(next(iter(parts.values()))), *model.oscillator.out_of_reach(parameters_of(model, parts))))
        if drives_out is not None:
            waiting.append(parts)

    table = StreamedTable(
        model,
        song,
        scale,
        first_s=first_s,
        piece_s=piece_s,
        edited=lambda parts: edited_parts(parts, edit, model),
        heard=heard.append,
        read=read,
    )
    change = RateChange(model.sample_rate, song.native_rate, song.frames)
    chunk = max(1, round(min(chunk_s, _MOST_CHUNK_S) * model.sample_rate))
    diverged: float | None = None
    with ExitStack() as files:
        wav = files.enter_context(WavWriter(out, song.native_rate))
        about = {"samples": table.samples, "hop": table.hop, "sample_rate": table.sample_rate}
        drives = None
        for part in sing(model, table, seed=seed, ic_noise_rms=ic_noise_rms, chunk=chunk):
            bad = ~np.isfinite(part)
            if bad.any():
                diverged = (sung.samples + int(bad.argmax())) / model.sample_rate if diverged is None else diverged
                part = np.where(bad, np.float32(0), part)
            sung.append(part)
            wav.append(change.push(part))
            if sung.samples == len(part):
                began()
            if waiting and drives_out is not None:
                from .drive_csv import DriveFile  # pandas, which the first sound does not wait for

                drives = drives or files.enter_context(DriveFile(drives_out, layout(model), **about))
                while waiting:
                    drives.append(waiting.pop(0))
        wav.append(change.rest())
    rows = sum(count for count, _, _ in beyond)
    share = sum(count * part for count, part, _ in beyond) / max(rows, 1)
    what = max(beyond, key=lambda one: one[1])[2] if beyond else ""
    return SungSong(heard, sung, diverged, (share, what))
