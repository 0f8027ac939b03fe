"""Small folders of song on disk, for the tests that read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from syrinx_lab.data.annotations import Annotation
from syrinx_lab.data.corpus import Corpus, CorpusSettings, load_corpus

RATE = 8000  # Hz, low so that tests are quick
TEXT = "0.1 0.2 a\n0.3 0.5 b\n"
AB = [("a", 800, 1600), ("b", 2400, 4000)]  # the same in samples
HEADER = "files,onsets,offsets,labels\n"


def tone(hz: float, seconds: float, rate: int, amplitude: float = 0.5) -> np.ndarray:
    """(seconds * rate,) float64 sine that begins at phase 0."""
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def song(hz: float, seconds: float, rate: int, amplitude: float = 0.5) -> np.ndarray:
    """A tone that is 26 dB fainter where TEXT says that nobody sings."""
    wave = tone(hz, seconds, rate, amplitude)
    time = np.arange(len(wave)) / rate
    return np.where(((time >= 0.1) & (time < 0.2)) | ((time >= 0.3) & (time < 0.5)), wave, 0.05 * wave)


def write_tone(path: Path, seconds: float = 1.0, rate: int = RATE, amplitude: float = 0.5, **options: str) -> Path:
    """Write a 440 Hz tone, louder where TEXT has syllables, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, song(440, seconds, rate, amplitude), rate, **options)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a UTF-8 text file, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def annotate(root: Path, audio: str, text: str = TEXT, annotation: str | None = None, **options: float) -> None:
    """Write one second of tone and its annotation, beside it unless `annotation` says where."""
    write_tone(root / audio, **options)  # type: ignore[arg-type]
    write_text(root / (annotation or str(Path(audio).with_suffix(".txt"))), text)


def load(root: Path | list[str], **options: object) -> Corpus:
    return load_corpus(root, CorpusSettings(**{"sample_rate": RATE, **options}))  # type: ignore[arg-type]


def spans(corpus: Corpus, name: str) -> list[tuple[str, int, int]]:
    return [(s.label, s.onset, s.offset) for s in corpus.recordings[name].syllables]


def times(found: dict[str, tuple[Annotation, ...]], name: str = "") -> list[tuple[float, float, str]]:
    return [(one.onset_s, one.offset_s, one.label) for one in found[name]]
