"""What was found in one file, and kept so that it need not be found again."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..audio import read_audio
from ..audio_file import sound_info
from ..whole_file import write_whole
from .embedding import SIZE, embeddings
from .segmenter import Found, Segmentation, Segmenter
from .signal_to_noise import FAINT_SNR_DB, snr_of

_CLIPPED = 0.02  # of the samples


@dataclass(frozen=True, eq=False)
class FoundFile:
    """The segments of one recording.

    key          hash of the file's bytes and of all settings
    audio        hash of the file's bytes
    duration_s   seconds
    sample_rate  Hz, of the file
    result       what the segmenter found
    points       (syllables, 513) float16, see `embeddings`
    snr_db       song over the recording's own quiet, see `snr_db`; NaN where there is no song, or no quiet
    """

    key: str
    audio: str
    duration_s: float
    sample_rate: int
    result: Segmentation
    points: NDArray[np.float16]
    snr_db: float = float("nan")


@dataclass(frozen=True)
class Unreadable:
    """A file in which nothing can be found, and why."""

    reason: str


def find_in(
    path: Path, store: Path, segmenter: Segmenter, settings: str, channel: int | str
) -> tuple[FoundFile | Unreadable, bool]:
    """Segment one file, unless `store` holds what was found in the same bytes by the same settings.

    path      the recording
    store     where the result is kept: an npz archive, written whole or not at all
    settings  what identifies the segmenter with its parameters
    channel   which channel is read, see `read_audio`
    Returns what was found, and whether it was there already.
    """
    try:
        audio = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return Unreadable(f"cannot be read ({error.strerror or error})"), False
    key = hashlib.sha256(f"{audio} {settings} {channel}".encode()).hexdigest()
    known = load_found(store)
    if known is not None and known.key == key:
        return known, True
    info = sound_info(path)
    try:
        clip = read_audio(path, sample_rate=info.samplerate if info else 44_100, channel=channel)
    except ValueError as error:
        return Unreadable(str(error).removeprefix(f"{path}: ")), False
    result = segmenter.segment(clip.samples, clip.sample_rate)
    doubts = [*result.doubts, *clip.warnings]
    if info is not None and info.channels > 1 and channel != "mean" and not result.syllables:
        doubts.append(f"no song in channel {channel} of {info.channels}: data.channel= chooses another, or mean")
    if clip.clipped > _CLIPPED * len(clip.samples):
        doubts.append(f"clipped: {clip.clipped / len(clip.samples):.0%} of the samples lie in runs at full scale")
    ratio = snr_of(result, clip.samples, clip.sample_rate)
    if ratio < FAINT_SNR_DB:
        doubts.append(
            f"song stands {ratio:.0f} dB above its own quiet (SNR): below {FAINT_SNR_DB:.0f} dB faint syllables are "
            "missed, and boundaries lie in the noise"
        )
    result = Segmentation(result.syllables, result.others, tuple(doubts))
    points = embeddings(clip.samples, clip.sample_rate, [(s.onset_s, s.offset_s) for s in result.syllables])
    found = FoundFile(key, audio, clip.duration_s, clip.native_sample_rate, result, points.astype(np.float16), ratio)
    _save(store, found)
    return found, False


def load_found(store: Path) -> FoundFile | None:
    """What `find_in` kept; None where there is nothing, or nothing whole."""
    try:
        with np.load(store) as held:
            card = json.loads(str(held["card"]))
            rows = {name: [Found(*map(float, row)) for row in held[name]] for name in ("syllables", "others")}
            result = Segmentation(tuple(rows["syllables"]), tuple(rows["others"]), tuple(card["doubts"]))
            points = held["points"]
        return FoundFile(
            card["key"], card["audio"], card["duration_s"], card["sample_rate"], result, points, card["snr_db"]
        )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _save(store: Path, found: FoundFile) -> None:
    card = {name: getattr(found, name) for name in ("key", "audio", "duration_s", "sample_rate", "snr_db")}
    archive = io.BytesIO()
    np.savez_compressed(
        archive,
        card=json.dumps({**card, "doubts": found.result.doubts}),
        syllables=_rows(found.result.syllables),
        others=_rows(found.result.others),
        points=found.points.reshape(-1, SIZE),
    )
    write_whole(store, archive.getvalue())


def _rows(sounds: tuple[Found, ...]) -> NDArray[np.float64]:
    return np.array([(s.onset_s, s.offset_s, s.confidence) for s in sounds], np.float64).reshape(-1, 3)
