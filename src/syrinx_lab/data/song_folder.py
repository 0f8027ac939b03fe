"""A folder of rendered song like any other folder of song, written whole or recognisably unfinished."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .audio import write_wav
from .lab_folders import SYNTHETIC

_FOLDERS = (("audio", ".wav"), ("segments", ".txt"), ("controls", ".npz"))
_OURS = re.compile(
    r"dataset\.json|syllables\.csv|audio/finch-\d+\.wav|segments/finch-\d+\.txt|controls/finch-\d+\.npz"
    r"|(.*/)?\.[^/]*"  # hidden files are the system's, or what a killed run left half-written
)


class SungSyllable(NamedTuple):
    """A syllable of a song: audible in samples [onset, offset)."""

    label: str
    onset: int
    offset: int


class Song(NamedTuple):
    """A rendered recording of N samples.

    samples    (N,) float32, audio
    syllables  in the order of time
    alpha      (N,) float32, air-sac pressure
    beta       (N,) float32, tension
    gain       (N,) float32, loudness: samples = 0.42 gain sing(alpha, beta) + noise
    """

    samples: NDArray[np.float32]
    syllables: tuple[SungSyllable, ...]
    alpha: NDArray[np.float32]
    beta: NDArray[np.float32]
    gain: NDArray[np.float32]


def write_song_folder(
    root: Path, spec: dict[str, Any], identity: str, n_recordings: int, sample_rate: int, render: Callable[[int], Song]
) -> Path:
    """Write `n_recordings` songs under `root`, unless a complete folder of that identity is there; returns `root`.

    audio/finch-000.wav     float32
    segments/finch-000.txt  `onset offset label`, seconds
    syllables.csv           files, onsets, offsets, labels: the same for all recordings
    controls/finch-000.npz  alpha, beta, gain (N,) float32 and sample_rate
    dataset.json            spec and identity, written last

    spec         what to note in dataset.json
    identity     equal for folders that are to hold the same
    sample_rate  Hz
    render       number of a recording, from 0 -> its song

    An incomplete folder, or one of another identity, is written anew. A root that holds files of another kind raises
    ValueError and is left as it is; OSError in one line when the disk is full or not writable.
    """
    names = [f"finch-{k:03d}" for k in range(n_recordings)]
    files = ["syllables.csv", *(f"{folder}/{name}{suffix}" for name in names for folder, suffix in _FOLDERS)]
    if _identity(root) == identity and all((root / file).is_file() for file in files):
        return root
    try:
        _clear(root, keep=files)
        _write_all(root, names, sample_rate, render)
        card = {"what": SYNTHETIC, "identity": identity, "spec": spec}
        _write(root / "dataset.json", (json.dumps(card, indent=2) + "\n").encode())
    except OSError as error:
        reason = f"{error.strerror or error}; free space or choose another folder"
        raise OSError(f"could not write the synthetic finch to {root}: {reason}") from error
    return root


def _write_all(root: Path, names: list[str], sample_rate: int, render: Callable[[int], Song]) -> None:
    """Everything but dataset.json."""
    rows = [("files", "onsets", "offsets", "labels")]
    for k, name in enumerate(names):
        song = render(k)
        lines = [(f"{s.onset / sample_rate:.6f}", f"{s.offset / sample_rate:.6f}", s.label) for s in song.syllables]
        rows += [(f"{name}.wav", *line) for line in lines]
        write_wav(root / "audio" / f"{name}.wav", song.samples, sample_rate)
        _write(root / "segments" / f"{name}.txt", "".join(" ".join(line) + "\n" for line in lines).encode())
        _write(root / "controls" / f"{name}.npz", _controls(song, sample_rate))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    _write(root / "syllables.csv", table.getvalue().encode())


def _identity(root: Path) -> str | None:
    """The identity of the complete dataset in `root`, None where there is none."""
    path = root / "dataset.json"
    if not path.is_file():
        return None
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        card = None
    if not (isinstance(card, dict) and card.get("what") == SYNTHETIC):
        raise _foreign(path)
    return card["identity"]


def _clear(root: Path, keep: list[str]) -> None:
    """Remove dataset.json, and then the files of another spec; refuse a folder that holds anything else.

    What is about to be written is kept until it is replaced: another process may be writing the same.
    """
    if root.exists() and not root.is_dir():
        raise ValueError(f"{root}: a file, not a folder; give the embedded data a folder of its own")
    files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if not path.is_dir()}
    for name, path in sorted(files.items()):
        if not _OURS.fullmatch(name):
            raise _foreign(path)
    (root / "dataset.json").unlink(missing_ok=True)
    for name, path in files.items():
        if name not in keep and not path.name.startswith("."):
            path.unlink(missing_ok=True)


def _foreign(path: Path) -> ValueError:
    return ValueError(
        f"{path}: not a file of a synthetic finch; data=folder reads recordings, data=synthetic needs an empty folder"
    )


def _controls(song: Song, sample_rate: int) -> bytes:
    """The true gestures as an npz archive."""
    archive = io.BytesIO()
    np.savez_compressed(archive, alpha=song.alpha, beta=song.beta, gain=song.gain, sample_rate=sample_rate)
    return archive.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
