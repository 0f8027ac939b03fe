"""Recordings with their syllables, in memory, at the lab's sample rate."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Syllable:
    """An annotated vocalisation: samples [onset, offset) of its recording.

    gain      to be applied to samples cut for this syllable; 1 unless each vocalisation is scaled by itself
    selected  whether its label was asked for; the others are kept because no segment may borrow their samples
    """

    label: str
    onset: int
    offset: int
    gain: float = 1.0
    selected: bool = True

    def __len__(self) -> int:
        return self.offset - self.onset


@dataclass(frozen=True, eq=False)
class Recording:
    """One channel of one audio file.

    id                  path below the root without its ending, behind the root's name when there are several roots
    path                the file
    samples             (n,) float32, scaled by `gain`
    sample_rate         Hz, of `samples`
    native_sample_rate  Hz, of the file
    syllables           all of them, in order of onset
    gain                what the samples were multiplied by after reading
    annotation          the file that annotates it, None when there is none
    channel             the channel that was read, from 0, or "mean"
    channels            channels in the file
    audio               hash of the samples before `gain`; "": of the samples as they are
    """

    id: str
    path: Path
    samples: np.ndarray
    sample_rate: int
    native_sample_rate: int
    syllables: tuple[Syllable, ...] = ()
    gain: float = 1.0
    annotation: Path | None = None
    channel: int | str = 0
    channels: int = 1
    audio: str = ""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def audio_hash(self) -> str:
        """What recordings of the same sound share, whatever their names, annotations and gains."""
        return self.audio or audio_hash(self.samples)

    def content_hash(self) -> str:
        """16 hexadecimal digits that change with any sample or syllable, and not with the name."""
        digest = hashlib.sha256(str(self.sample_rate).encode())
        digest.update(np.ascontiguousarray(self.samples, dtype="<f4").tobytes())
        digest.update(repr([astuple(syllable) for syllable in self.syllables]).encode())
        return digest.hexdigest()[:16]


def audio_hash(samples: np.ndarray) -> str:
    """64 hexadecimal digits of samples (n,): their SHA-256 as little-endian float32."""
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<f4").tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Corpus:
    """All recordings by id, in order of id, at one sample rate in Hz."""

    recordings: dict[str, Recording]
    sample_rate: int

    def labels(self) -> dict[str, int]:
        """How many syllables bear each label, asked for or not, in order of label."""
        counts = Counter(syllable.label for recording in self.recordings.values() for syllable in recording.syllables)
        return dict(sorted(counts.items()))

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any id, sample or syllable: the head of a SHA-256."""
        digest = hashlib.sha256(str(self.sample_rate).encode())
        for key in sorted(self.recordings):
            recording = self.recordings[key]
            digest.update(repr((key, len(recording.samples))).encode())
            digest.update(np.ascontiguousarray(recording.samples, dtype="<f4").tobytes())
            digest.update(repr([astuple(syllable) for syllable in recording.syllables]).encode())
        return digest.hexdigest()[:16]
