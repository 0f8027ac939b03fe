"""Recordings with their syllables at the lab's sample rate."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Protocol

import numpy as np

from .in_order import in_order
from .stored_samples import StoredSamples


@dataclass(frozen=True, slots=True)
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


_values = attrgetter(*(field.name for field in fields(Syllable)))


@dataclass(frozen=True, eq=False)
class Recording:
    """One channel of one audio file.

    id                  path below the root without its ending, behind the root's name when there are several roots
    path                the file
    samples             (n,) float32, scaled by `gain`: an array, or what is read from the file when it is looked at
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
    samples: np.ndarray | StoredSamples
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
        return self.audio or audio_hash(np.asarray(self.samples))

    def content_hash(self) -> str:
        """16 hexadecimal digits that change with any sample or syllable, and not with the name."""
        known = self.samples.known if isinstance(self.samples, StoredSamples) else None
        if known is not None and known.syllables == self.syllables:
            return known.content
        return content_hash(np.asarray(self.samples), self.sample_rate, self.syllables)


def content_hash(samples: np.ndarray, sample_rate: int, syllables: Sequence[Syllable]) -> str:
    """16 hexadecimal digits that change with any of samples (n,), rate in Hz and syllables."""
    digest = hashlib.sha256(str(sample_rate).encode())
    digest.update(np.ascontiguousarray(samples, dtype="<f4").data)
    digest.update(repr([_values(syllable) for syllable in syllables]).encode())
    return digest.hexdigest()[:16]


def audio_hash(samples: np.ndarray) -> str:
    """64 hexadecimal digits of samples (n,): their SHA-256 as little-endian float32."""
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<f4").data).hexdigest()


class FingerprintMemory(Protocol):
    """Where fingerprints are looked up by a digest of what the recordings hold; `CorpusIndex` is one."""

    def fingerprint(self, key: str) -> str | None:
        """The fingerprint that was remembered under a digest."""

    def remember_fingerprint(self, key: str, value: str) -> None:
        """Remember it."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """All recordings by id, in order of id, at one sample rate in Hz, and where their fingerprint is remembered."""

    recordings: dict[str, Recording]
    sample_rate: int
    memory: FingerprintMemory | None = None

    def labels(self) -> dict[str, int]:
        """How many syllables bear each label, asked for or not, in order of label."""
        counts = Counter(syllable.label for recording in self.recordings.values() for syllable in recording.syllables)
        return dict(sorted(counts.items()))

    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any id, sample or syllable: the head of a SHA-256.

        Raises ValueError when a file has changed since it was read.
        """
        if self.memory is None:
            return self._fingerprint()
        hashes = [(key, len(one.samples), one.content_hash()) for key, one in sorted(self.recordings.items())]
        digest = hashlib.sha256(repr((self.sample_rate, hashes)).encode()).hexdigest()
        if (found := self.memory.fingerprint(digest)) is None:
            found = self._fingerprint()
            self.memory.remember_fingerprint(digest, found)
        return found

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(str(self.sample_rate).encode())
        ordered = [self.recordings[key] for key in sorted(self.recordings)]
        for one, samples in zip(ordered, in_order(lambda one: np.asarray(one.samples, "<f4"), ordered)):
            digest.update(repr((one.id, len(samples))).encode())
            digest.update(np.ascontiguousarray(samples).data)
            digest.update(repr([_values(syllable) for syllable in one.syllables]).encode())
        return digest.hexdigest()[:16]
